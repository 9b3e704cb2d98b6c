"""The networks on a server: Traefik's own, and one a project, each with a /24 of ours that is free there.

The names' order matters: a container's gateway is in the network whose name sorts first, so Traefik's own sorts before
all others, and joining a project's network loses no request. Docker's own address pools end at 30 networks; hence ours.
"""

import re
from collections.abc import Iterable, Iterator
from ipaddress import IPv4Network
from itertools import islice
from typing import Literal

import msgspec

from webduh_console.errors import PassingError, TargetError
from webduh_console.model.events import Event, Output
from webduh_console.targets.server.files import RootFolder
from webduh_console.targets.server.refusals import away
from webduh_console.targets.server.traefik import CONTAINER

EDGE = "webduh-0-edge"
POOLS = tuple(IPv4Network(pool) for pool in ("10.210.0.0/16", "172.30.0.0/16", "192.168.192.0/18"))
_OFFERED = 16
_ADDRESS = re.compile(r"(?<![0-9.])(?:[0-9]{1,3}\.){3}[0-9]{1,3}(?:/[0-9]{1,2})?(?![0-9.])")

# Words: network. Says whether it is there and joined, then every subnet and route that is in use.
_LOOK = """
docker network inspect "$1" >/dev/null 2>&1 && echo there
docker inspect -f '{{range $name, $_ := .NetworkSettings.Networks}}joined {{$name}}{{println}}{{end}}' "$2" 2>/dev/null
ids=$(docker network ls -q --no-trunc) || exit 1
[ -z "$ids" ] || docker network inspect -f '{{range .IPAM.Config}}taken {{.Subnet}}{{println}}{{end}}' $ids
if command -v ip >/dev/null 2>&1; then ip -4 route show table all; else cat /proc/net/route; fi | sed 's/^/route /'
"""

# Words: folder of the lock, network, container that joins (or empty), subnets to try. Two who come at once must make
# one network, and Docker lets two be made of one name.
_MAKE = """
umask 007
if command -v flock >/dev/null 2>&1; then exec 9>"$1/.networks.lock" && flock 9 || exit 1; fi
name=$2; container=$3; shift 3
if ! docker network inspect "$name" >/dev/null 2>&1; then
  said='no subnet is free'
  for subnet; do
    if said=$(docker network create --subnet "$subnet" --label webduh=network "$name" 2>&1 >/dev/null); then
      echo "made $subnet"; said=; break
    fi
  done
  [ -z "$said" ] || { echo "$said" >&2; exit 1; }
fi
[ -z "$container" ] || {
  said=$(docker network connect "$name" "$container" 2>&1) && echo joined || case $said in
    *'already exists in network'*) ;;
    *) echo "$said" >&2; exit 1 ;;
  esac
}
"""

_DROP = """
docker network inspect "$1" >/dev/null 2>&1 || exit 0
docker network disconnect "$1" "$2" >/dev/null 2>&1
docker network rm "$1" >/dev/null
"""


class Ensured(msgspec.Struct, frozen=True):
    """What was done to have a network; `subnet` is empty when it was there."""

    name: str
    network: Literal["made", "there"]
    subnet: str = ""
    joined: bool = False


class Seen(msgspec.Struct, frozen=True):
    """What there is: whether the network is `there`, which ones Traefik has `joined`, which subnets are taken."""

    there: bool
    joined: frozenset[str]
    taken: tuple[IPv4Network, ...]


def project_network(project: str) -> str:
    """The network of a project; it sorts after Traefik's own."""
    return f"webduh-p-{project}"


def free_subnets(taken: Iterable[IPv4Network], pools: Iterable[IPv4Network] = POOLS) -> Iterator[IPv4Network]:
    """Every /24 of the pools that overlaps nothing taken, in their order."""
    used = tuple(taken)
    for pool in pools:
        for subnet in pool.subnets(new_prefix=24):
            if not any(subnet.overlaps(other) for other in used):
                yield subnet


def seen(text: str) -> Seen:
    """Read what `_LOOK` wrote. Default routes and what is no IPv4 network is passed over."""
    there, joined, taken = False, set(), []
    for line in text.splitlines():
        word, _, rest = line.partition(" ")
        if word == "there":
            there = True
        elif word == "joined":
            joined.add(rest.strip())
        elif word in {"taken", "route"}:
            network = _hexadecimal(rest) if "\t" in rest else _dotted(rest)
            if network and network.prefixlen:
                taken.append(network)
    return Seen(there, frozenset(joined), tuple(dict.fromkeys(taken)))


def ensure(folder: RootFolder, name: str, join: bool = True) -> Ensured:
    """Have a network, and Traefik in it if `join`; nothing happens when it is so. Safe when several do it at once.

    TargetError when Docker refuses, or no subnet is free.
    """
    machine, sudo = folder.machine, folder.sudo
    answer = machine.sh(_LOOK, name, CONTAINER, root=sudo)
    if answer.code:
        raise _refused(machine.name, name, answer.err)
    before = seen(answer.text)
    if before.there and (not join or name in before.joined):
        return Ensured(name, "there")
    offered = [] if before.there else [str(subnet) for subnet in islice(free_subnets(before.taken), _OFFERED)]
    done = machine.sh(_MAKE, folder.layout.root, name, CONTAINER if join else "", *offered, root=sudo)
    if done.code:
        raise _refused(machine.name, name, done.err)
    words = done.text.split()
    subnet = words[1] if words[:1] == ["made"] else ""
    return Ensured(name, "made" if subnet else "there", subnet, "joined" in words)


def ensure_project(folder: RootFolder, project: str) -> Iterator[Event]:
    """Have a project's network with Traefik in it, and say what was done."""
    done = ensure(folder, project_network(project))
    if done.network == "made":
        yield Output(text=f"network {done.name} is made, with {done.subnet}")
    if done.joined:
        yield Output(text=f"{CONTAINER} has joined {done.name}")


def drop(folder: RootFolder, name: str) -> bool:
    """Let Traefik leave a network and remove it; False when something else is still in it. Gone already is fine."""
    return folder.machine.sh(_DROP, name, CONTAINER, root=folder.sudo).code == 0


def _dotted(text: str) -> IPv4Network | None:
    """The first IPv4 network in a line of `ip route`, or what Docker calls a subnet."""
    found = _ADDRESS.search(text.partition(" via ")[0].partition(" dev ")[0])
    try:
        return IPv4Network(found[0], strict=False) if found else None
    except ValueError:
        return None


def _hexadecimal(text: str) -> IPv4Network | None:
    """The network of a line of /proc/net/route: destination and mask are little-endian hexadecimal."""
    fields = text.split()
    try:
        address, mask = (int.from_bytes(bytes.fromhex(fields[number]), "little") for number in (1, 7))
        return IPv4Network((address, mask.bit_count()), strict=False)
    except (IndexError, ValueError):
        return None


def _refused(place: str, name: str, why: str) -> TargetError:
    return (PassingError if away(why) else TargetError)(
        f"The network {name} on {place} cannot be made ready.",
        why=f"{why.strip().rstrip('.') or 'Docker did not say why'}.",
        kept="What serves was not touched.",
        hint=f"`webduh server check {place}` names what is wrong there.",
    )
