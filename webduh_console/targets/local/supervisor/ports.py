"""Ports of this machine: free ones for instances, and who holds one that is taken."""

import os
import socket
import sys
from contextlib import suppress

from webduh_console.errors import TargetError

_FIRST, _LAST = 20000, 31999


class Ports:
    """Hands out free ports, each once until it is given back, below the range the kernel takes its own from.

    A port is found free some time before the instance listens there. In between, another home's supervisor would find
    it free as well: on Linux each port handed out is therefore claimed for all supervisors of the machine. The walk
    begins anywhere, unless `first` says where.
    """

    def __init__(self, first: int | None = None) -> None:
        self._claims: dict[int, socket.socket | None] = {}
        self._next = first or _FIRST + int.from_bytes(os.urandom(4), "big") % (_LAST - _FIRST + 1)

    def take(self) -> int:
        """A port on which nobody listens on any address; TargetError when all are taken."""
        for _ in range(_LAST - _FIRST + 1):
            port = self._next
            self._next = port + 1 if port < _LAST else _FIRST
            if port not in self._claims and self._claim(port):
                return port
        raise TargetError(f"There is no free port from {_FIRST} to {_LAST}.", hint="Stop something that listens there.")

    def give(self, port: int) -> None:
        """Give a port back."""
        claim = self._claims.pop(port, None)
        if claim is not None:
            claim.close()

    def _claim(self, port: int) -> bool:
        """Claim a port, if it is free and nobody has claimed it."""
        claim = None
        if sys.platform == "linux":
            claim = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            try:
                # An abstract name: there is one of it in a network namespace, as of a port, and it ends with its owner.
                claim.bind(f"\0webduh/port/{port}")
            except OSError:
                claim.close()
                return False
        if not _bindable(port):
            if claim is not None:
                claim.close()
            return False
        self._claims[port] = claim
        return True


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
