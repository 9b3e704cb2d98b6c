"""Which subnets are free on a server, by what it says about its routes and Docker's networks."""

from ipaddress import IPv4Network
from itertools import islice, pairwise

import pytest

from webduh_console.targets.server.networks import EDGE, POOLS, free_subnets, project_network, seen
from webduh_console.targets.server.traefik import CONTAINER

LOOKED = """there
joined webduh-0-edge
joined webduh-p-shop

taken 172.17.0.0/16
taken 10.210.0.0/24
taken fd00:1::/64
taken
route default via 10.213.0.1 dev eth0
route 10.213.0.0/24 dev eth0 proto kernel scope link src 10.213.0.11
route 192.168.192.0/20 via 10.213.0.9 dev wg0 table 51820
route unreachable 198.51.100.0/24 dev lo
route local 127.0.0.1 dev lo table local proto kernel scope host src 127.0.0.1
route broadcast 10.213.0.255 dev eth0 table local proto kernel scope link src 10.213.0.11
route 0.0.0.0/0 dev tun0
route nonsense
"""
BUSYBOX = """route Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
route eth0\t00000000\t0100D50A\t0003\t0\t0\t0\t00000000\t0\t0\t0
route eth0\t0000D50A\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0
route tun0\t000010AC\t00000000\t0001\t0\t0\t0\t0000F0FF\t0\t0\t0
route broken\tzz
"""


def networks(*texts: str) -> tuple[IPv4Network, ...]:
    return tuple(map(IPv4Network, texts))


def test_every_subnet_in_use_is_seen_whoever_uses_it() -> None:
    found = seen(LOOKED)
    assert (found.there, found.joined) == (True, frozenset({"webduh-0-edge", "webduh-p-shop"}))
    assert found.taken == networks(
        "172.17.0.0/16",
        "10.210.0.0/24",
        "10.213.0.0/24",
        "192.168.192.0/20",
        "198.51.100.0/24",
        "127.0.0.1/32",
        "10.213.0.255/32",
    )


def test_routes_are_also_read_where_there_is_no_ip() -> None:
    found = seen(BUSYBOX)
    assert (found.there, found.taken) == (False, networks("10.213.0.0/24", "172.16.0.0/12"))


@pytest.mark.parametrize("text", ["", "\n\n", "there?", "route", "taken", "route 999.1.1.1/24", "taken 10.0.0.0/99"])
def test_what_says_nothing_is_passed_over(text: str) -> None:
    found = seen(text)
    assert (found.there, found.joined, found.taken) == (False, frozenset(), ())


@pytest.mark.parametrize(
    ("taken", "first"),
    [
        ((), "10.210.0.0/24"),
        (("10.210.0.0/24",), "10.210.1.0/24"),
        (("10.210.0.0/25",), "10.210.1.0/24"),
        (("10.210.0.77/32", "10.210.1.0/24"), "10.210.2.0/24"),
        (("10.210.0.0/17",), "10.210.128.0/24"),
        (("10.0.0.0/8",), "172.30.0.0/24"),
        (("10.0.0.0/8", "172.16.0.0/12"), "192.168.192.0/24"),
        (("127.0.0.0/8", "192.168.0.0/16"), "10.210.0.0/24"),
    ],
)
def test_the_first_free_subnet_overlaps_nothing_in_use(taken: tuple[str, ...], first: str) -> None:
    assert next(free_subnets(networks(*taken))) == IPv4Network(first)


def test_three_hundred_networks_find_room_and_none_overlaps() -> None:
    found = list(islice(free_subnets(()), 300))
    assert len(set(found)) == 300
    assert not any(a.overlaps(b) for a, b in pairwise(found))
    assert all(any(subnet.subnet_of(pool) for pool in POOLS) for subnet in found)


def test_when_everything_is_taken_none_is_offered() -> None:
    assert list(free_subnets(networks("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"))) == []


@pytest.mark.parametrize("project", ["a", "0", "zz", "default"])
def test_traefiks_own_network_sorts_before_every_projects(project: str) -> None:
    assert sorted([project_network(project), EDGE]) == [EDGE, project_network(project)]
    assert project_network(project).startswith("webduh-p-")
    assert CONTAINER == "webduh-traefik"
