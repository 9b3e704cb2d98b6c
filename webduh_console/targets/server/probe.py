"""Asks an instance on a server whether it is well, through SSH at its own address, and says in words why it is not."""

import ipaddress
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from webduh_console.errors import UnhealthyError
from webduh_console.model.release import Health
from webduh_console.targets import probing
from webduh_console.targets.probing import Answer as Answer
from webduh_console.targets.probing import never as never
from webduh_console.targets.server.containers import Container
from webduh_console.targets.server.wire import DuplexConnection
from webduh_console.transport.machine import Machine

TIMEOUT = 10.0
_LISTENING = "0A"
_DOCKERS_RESOLVER = "127.0.0.11"
_READ = """\
for file in tcp tcp6; do
    [ ! -r "/proc/$1/net/$file" ] || cat "/proc/$1/net/$file"
done
"""
_SOCKET = re.compile(r"\s*\d+: ([0-9A-F]{8}|[0-9A-F]{32}):([0-9A-F]{4}) [0-9A-F]+:[0-9A-F]{4} ([0-9A-F]{2}) ")


class Listener(NamedTuple):
    """A TCP socket that takes connections."""

    address: str
    port: int

    @property
    def loopback(self) -> bool:
        """Whether only its own container reaches it."""
        return ipaddress.ip_address(self.address).is_loopback

    def __str__(self) -> str:
        return f"[{self.address}]:{self.port}" if ":" in self.address else f"{self.address}:{self.port}"


def ask(
    machine: Machine,
    address: str,
    port: int,
    path: str,
    host: str = "",
    headers: Mapping[str, str] | None = None,
    timeout: float = TIMEOUT,
) -> Answer:
    """One GET request to an address as the server sees it.

    `host` is what the Host header says, `localhost` if empty; a `*` in it stands for any name. TargetError when the
    server itself cannot be reached.
    """
    name = host.replace("*", "webduh", 1) or "localhost"
    connection = DuplexConnection(lambda: machine.connect(address, port, timeout), name, timeout)
    return probing.exchange(connection, port, path, headers or {}, timeout)


def ask_container(machine: Machine, container: Container, port: int, health: Health, host: str = "") -> Answer:
    """Ask an instance for its health."""
    if not container.address:
        return Answer(reason="it has no address yet")
    timeout = max(1.0, min(TIMEOUT, health.timeout))
    return ask(machine, container.address, port, health.path, host, timeout=timeout)


def listeners(machine: Machine, pid: int) -> tuple[Listener, ...]:
    """Where the network of a process on the server takes connections; none when the process is gone."""
    return parse_listeners(machine.sh(_READ, str(pid)).text) if pid > 0 else ()


def parse_listeners(text: str) -> tuple[Listener, ...]:
    """The listening sockets in the text of /proc/PID/net/tcp and tcp6 (proc(5)), without the resolver Docker adds."""
    return tuple(sorted({found for found in _listening(text) if found.address != _DOCKERS_RESOLVER}))


def _listening(text: str) -> Iterator[Listener]:
    for line in text.splitlines():
        match = _SOCKET.match(line)
        if match and match[3] == _LISTENING:
            yield Listener(_address(match[1]), int(match[2], 16))


def _address(digits: str) -> str:
    """The kernel prints each four bytes of an address as a number of the machine's own, little-endian byte order."""
    raw = b"".join(bytes.fromhex(digits[at : at + 8])[::-1] for at in range(0, len(digits), 8))
    address = ipaddress.ip_address(raw)
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return str(mapped or address)


def misplaced(found: Sequence[Listener], port: int) -> str:
    """How an instance listens where nobody reaches it; empty when `port` is open to others, or nothing listens yet."""
    own = [each for each in found if each.port == port]
    if not found or any(not each.loopback for each in own):
        return ""
    if _inside(found, port):
        return f"it listens on {' and '.join(map(str, own or found))} only"
    ports = sorted({each.port for each in found if not each.loopback})
    return f"it listens on port {' and '.join(map(str, ports))}, not on {port}"


def _inside(found: Sequence[Listener], port: int) -> bool:
    """Whether only its own container reaches what listens on a port, or on any if nothing listens on that."""
    return all(each.loopback for each in [each for each in found if each.port == port] or found)


def elsewhere(name: str, found: Sequence[Listener], port: int, last: Sequence[str]) -> UnhealthyError:
    """The error of an instance that listens where nobody reaches it."""
    inside = _inside(found, port)
    right = any(each.port == port for each in found)
    advice = ["Let it listen on 0.0.0.0, which it is given as HOST."] if inside else []
    if not right:
        advice.append(
            "Let it read PORT from its environment, put ${PORT} into its start command, or say `port:` in webduh.yaml."
        )
    why = f"Requests come from outside of its container, on port {port}."
    if inside:
        why += " In there, 127.0.0.1 is the container alone."
    return UnhealthyError(
        f"{name} cannot be reached on port {port}: {misplaced(found, port)}.",
        why="\n".join([*([f"{why} Its last lines:"] if last else [why]), *last]),
        hint=" ".join(advice),
    )


def ended(container: Container | None, name: str, seconds: float, last: Sequence[str]) -> UnhealthyError:
    """The error of an instance that ended, was started again after it ended, or is gone."""
    gone = "is gone: Docker does not know it any more"
    if container is None:
        return probing.ended(name, None, False, seconds, last, gone)
    if container.running and container.restarts:
        again = f"ended and was started again ({container.restarts} times)"
        return probing.ended(name, None, container.oom, seconds, last, again)
    return probing.ended(name, container.exit, container.oom, seconds, last, f"is {container.status}")
