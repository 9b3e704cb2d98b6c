import os
import socket
import sys

import psutil
import pytest
from loopback import free_port
from supervisor_house import Browser, House

from webduh_console.errors import TargetError
from webduh_console.targets.local.supervisor.ports import Ports


def test_a_port_without_a_release_says_so_and_when_to_come_back(house: House) -> None:
    port = house.supervisor.open("app", free_port()).port
    with Browser(port) as browser:
        for method in ("GET", "HEAD"):
            status, headers, _ = browser.get("/", method=method)
            assert (status, headers["retry-after"]) == (503, "5")
        browser.send(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello")
        assert browser.answer()[0] == 503
        assert browser.get("/")[0] == 503
    [route] = house.supervisor.routes()
    assert (route.slug, route.port, route.release, route.instances, route.requests) == ("app", port, None, (), 4)


@pytest.mark.skipif(not socket.has_ipv6, reason="this machine has no IPv6")
def test_both_addresses_of_localhost_are_served(house: House) -> None:
    house.app("a")
    with Browser(house.serve("a"), "::1") as browser:
        assert browser.get("/")[2] == b"a"


def test_a_taken_port_names_its_holder(house: House) -> None:
    with socket.create_server(("127.0.0.1", 0)) as stranger:
        port = stranger.getsockname()[1]
        with pytest.raises(TargetError) as caught:
            house.supervisor.open("app", port)
    name = psutil.Process().name()
    assert caught.value.what == f"Port {port} is taken, app cannot have it."
    assert caught.value.why == f"{name} (process {os.getpid()}) listens on it."
    assert house.supervisor.routes() == []


def test_a_port_that_another_app_has_names_that_app(house: House) -> None:
    port = house.supervisor.open("one", free_port()).port
    with pytest.raises(TargetError) as caught:
        house.supervisor.open("two", port)
    assert caught.value.why == "one has it."


@pytest.mark.parametrize("port", [-1, 0, 70000])
def test_what_is_no_port_is_refused(house: House, port: int) -> None:
    with pytest.raises(TargetError, match="no port"):
        house.supervisor.open("app", port)


def test_opening_again_changes_nothing_and_another_port_moves_the_app(house: House) -> None:
    house.site("a", {"index.html": "a"})
    port = house.serve("a")
    assert house.supervisor.open("app", port).release == 1
    moved = house.supervisor.open("app", free_port())
    with Browser(moved.port) as browser:
        assert browser.get("/")[2] == b"a"
    with pytest.raises(ConnectionRefusedError):
        Browser(port)


def test_a_closed_port_is_free_again(house: House) -> None:
    house.site("a", {"index.html": "a"})
    port = house.serve("a")
    with Browser(port) as browser:
        browser.get("/")
        house.supervisor.close("app")
        house.supervisor.close("app")
        assert browser.stream.read() == b""
    socket.create_server(("127.0.0.1", port)).close()
    with pytest.raises(TargetError, match="no open port"):
        house.supervisor.route("app", 1, ("a",), "")


def test_routing_to_what_does_not_run_changes_nothing(house: House) -> None:
    house.site("a", {"index.html": "a"})
    house.serve("a")
    with pytest.raises(TargetError, match="no instance b"):
        house.supervisor.route("app", 2, ("a", "b"), "")
    assert house.supervisor.routes()[0].instances == ("a",)


@pytest.mark.skipif(sys.platform != "linux", reason="ports are claimed for the whole machine on Linux only")
def test_two_supervisors_that_walk_the_same_ports_never_hand_out_the_same() -> None:
    one, other = Ports(first=24000), Ports(first=24000)
    handed_out = [ports.take() for _ in range(20) for ports in (one, other)]
    assert len(set(handed_out)) == 40
    one.give(handed_out[0])
    assert Ports(first=handed_out[0]).take() == handed_out[0]
    for port in handed_out:
        one.give(port)
        other.give(port)
