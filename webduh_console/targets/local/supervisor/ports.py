"""Ports of this machine: free ones for instances, and who holds one that is taken."""

import os
import socket
from contextlib import suppress

from webduh_console.errors import TargetError

_FIRST, _LAST = 20000, 31999


class Ports:
    """Hands out free ports, each once until it is given back, below the range the kernel takes its own from."""

    def __init__(self) -> None:
        self._taken: set[int] = set()
        # Anywhere, so that two supervisors that start at once do not race for the same.
        self._next = _FIRST + int.from_bytes(os.urandom(4), "big") % (_LAST - _FIRST + 1)

    def take(self) -> int:
        """A port on which nobody listens on any address; TargetError when all are taken."""
        for _ in range(_LAST - _FIRST + 1):
            port = self._next
            self._next = port + 1 if port < _LAST else _FIRST
            if port not in self._taken and _bindable(port):
                self._taken.add(port)
                return port
        raise TargetError(f"There is no free port from {_FIRST} to {_LAST}.", hint="Stop something that listens there.")

    def give(self, port: int) -> None:
        """Give a port back."""
        self._taken.discard(port)


def loopback() -> tuple[str, ...]:
    """The loopback addresses this machine has: a browser's `localhost` may be either."""
    with suppress(OSError), socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as probe:
        probe.bind(("::1", 0))
        return ("127.0.0.1", "::1")
    return ("127.0.0.1",)


def holder(port: int) -> str:
    """Who listens on a port, in words; empty when that is not to be seen."""
    import psutil

    try:
        found = psutil.net_connections("tcp")
    except psutil.Error:
        return ""
    for one in found:
        if one.status == psutil.CONN_LISTEN and one.laddr and one.laddr.port == port and one.pid:
            with suppress(psutil.Error):
                return f"{psutil.Process(one.pid).name()} (process {one.pid})"
            return f"process {one.pid}"
    return ""


def _bindable(port: int) -> bool:
    """Whether a socket for all addresses of both families could be bound to it."""
    family = socket.AF_INET6 if socket.has_dualstack_ipv6() else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        if family == socket.AF_INET6:
            probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        try:
            probe.bind(("", port))
        except OSError:
            return False
    return True
