"""Where requests to one instance go: its connections, what is in flight on it, and how they ended."""

import asyncio
import errno
import time
from collections.abc import Iterator
from contextlib import contextmanager

import h11

from webduh_console.targets.local.supervisor.http import Stream
from webduh_console.targets.local.supervisor.site import Site
from webduh_console.targets.local.supervisor.wire import Wire

HOSTS = ("127.0.0.1", "::1")
IDLE_LIMIT = 4.0
_IDLE_MOST = 64
_CONNECT_LIMIT = 15.0


class Upstream(Stream):
    """A connection to an instance; `reused` once it has carried a request before."""

    def __init__(self, wire: Wire) -> None:
        super().__init__(wire, h11.CLIENT)
        self.reused = False
        self.since = 0.0


class Backend:
    """The forwarding side of one instance: a port of this machine, or a site of files."""

    def __init__(self, name: str, port: int, site: Site | None = None) -> None:
        self.name, self.port, self.site = name, port, site
        self.host = HOSTS[0]
        self.up = True
        self.routed = False
        self.in_flight = self.served = self.errors = 0
        self._known = False
        self._idle: list[Upstream] = []
        self._carrying: set[Wire] = set()
        self._waiting: list[asyncio.Future[None]] = []

    @contextmanager
    def carrying(self, client: Wire) -> Iterator[None]:
        """Count one request or upgraded connection of `client` as in flight."""
        self.in_flight += 1
        self._carrying.add(client)
        try:
            yield
        finally:
            self.in_flight -= 1
            self._carrying.discard(client)
            if not self.in_flight:
                for waiting in self._waiting:
                    if not waiting.done():
                        waiting.set_result(None)

    async def drained(self, seconds: float) -> bool:
        """Wait until nothing is in flight, at most `seconds`; whether that is so."""
        if self.in_flight and seconds > 0:
            waiting = asyncio.get_running_loop().create_future()
            self._waiting.append(waiting)
            await asyncio.wait((waiting,), timeout=seconds)
            self._waiting.remove(waiting)
        return not self.in_flight

    async def connect(self, fresh: bool = False) -> Upstream:
        """A connection, a kept one unless it must be fresh; OSError when the instance does not take one."""
        while self._idle and not fresh:
            kept = self._idle.pop()
            kept.wire.ended = None
            if kept.wire.quiet:
                return kept
            kept.wire.close()
        hosts = (self.host,) if self._known else tuple(sorted(HOSTS, key=lambda host: host != self.host))
        refusal: OSError | None = None
        for host in hosts:
            try:
                wire = await self._connect(host)
            except OSError as error:
                refusal = refusal or error
                continue
            self.host, self._known = host, True
            return Upstream(wire)
        self._known = False
        raise refusal or OSError(errno.ECONNREFUSED, "Connection refused")

    def keep(self, upstream: Upstream) -> None:
        """Take a connection back after an exchange that ended well; it is kept only while the instance is routed."""
        if not self.routed or len(self._idle) >= _IDLE_MOST or not upstream.wire.quiet:
            upstream.wire.close()
            return
        upstream.reused = True
        upstream.since = time.monotonic()
        upstream.wire.ended = lambda: self._forget(upstream)
        self._idle.append(upstream)

    def trim(self, older: float = 0.0) -> None:
        """Close the connections that were idle for more than `older` seconds."""
        limit = time.monotonic() - older
        kept = []
        for upstream in self._idle:
            if upstream.since > limit:
                kept.append(upstream)
            else:
                upstream.wire.ended = None
                upstream.wire.close()
        self._idle = kept

    def cut(self) -> None:
        """Close everything, also what is in flight: the instance is gone."""
        self.trim()
        for wire in tuple(self._carrying):
            wire.abort()

    def renew(self) -> None:
        """Forget what was known of the process: a new one takes its place."""
        self.trim()
        self._known = False

    async def _connect(self, host: str) -> Wire:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(_CONNECT_LIMIT):
                _, wire = await loop.create_connection(Wire, host, self.port)
        except TimeoutError as error:
            raise OSError(errno.ETIMEDOUT, "Connection timed out") from error
        return wire

    def _forget(self, upstream: Upstream) -> None:
        if upstream in self._idle:
            self._idle.remove(upstream)
        upstream.wire.close()
