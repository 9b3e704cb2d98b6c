"""The listener of an app: takes its requests and leads each to the release that is live when its head is complete."""

import asyncio
import contextlib
import time
from typing import NamedTuple

import h11

from webduh_console.targets.local.supervisor import http
from webduh_console.targets.local.supervisor.backend import Backend
from webduh_console.targets.local.supervisor.exchange import Exchange, NotTakenError
from webduh_console.targets.local.supervisor.http import Header, Stream
from webduh_console.targets.local.supervisor.wire import Wire

BACKLOG = 1024
IDLE_LIMIT = 75.0
_LINGER_LIMIT = 1.0
_HALF_CLOSED_LIMIT = 10.0


class Live(NamedTuple):
    """Where requests go now, and the token that has the release named in the answer."""

    release: int
    backends: tuple[Backend, ...]
    probe: bytes = b""


class Front:
    """One app's port. `live` is replaced as a whole; a request that has begun goes on where it is."""

    def __init__(self, live: Live | None = None) -> None:
        self.live = live
        self.port = 0
        self.requests = self.errors = 0
        self._servers: list[asyncio.Server] = []
        self._idle: dict[Wire, float] = {}
        self._dying: dict[Wire, tuple[int, float]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._turn = 0

    async def bind(self, port: int, hosts: tuple[str, ...]) -> None:
        """Listen on a port of the given addresses; OSError when one of them is taken, and then on none."""
        loop = asyncio.get_running_loop()
        servers: list[asyncio.Server] = []
        try:
            for host in hosts:
                server = await loop.create_server(lambda: Wire(self._opened), host, port, backlog=BACKLOG)
                servers.append(server)
        except OSError:
            for server in servers:
                server.close()
            raise
        self.unbind()
        self._servers, self.port = servers, port

    def unbind(self) -> None:
        """Take no more connections, and end those that carry nothing."""
        for server in self._servers:
            server.close()
        self._servers = []
        self.trim(0.0)

    async def close(self) -> None:
        """Take no more connections and cut those that are left."""
        self.unbind()
        for task in tuple(self._tasks):
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    def trim(self, older: float = IDLE_LIMIT) -> None:
        """Close the connections on which no request has come for more than `older` seconds, and those of the dead."""
        now = time.monotonic()
        for wire in [wire for wire, since in self._idle.items() if since <= now - older]:
            wire.close()
        for wire, (sent, since) in tuple(self._dying.items()):
            if wire.sent > sent:
                self._dying[wire] = (wire.sent, now)
            elif since < now - _HALF_CLOSED_LIMIT:
                wire.abort()

    def _opened(self, wire: Wire) -> None:
        task = asyncio.get_running_loop().create_task(self._serve(wire))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        wire.lost = task.cancel

    async def _serve(self, wire: Wire) -> None:
        """Answer the requests of one connection until either side ends it."""
        wire.ended = lambda: self._half_closed(wire)
        client = Stream(wire, h11.SERVER)
        peer = wire.transport.get_extra_info("peername")[0]
        try:
            while await self._next(client, peer):
                pass
        except (ConnectionResetError, asyncio.CancelledError):
            wire.abort()
        finally:
            self._idle.pop(wire, None)
            self._dying.pop(wire, None)
            wire.close()

    def _half_closed(self, wire: Wire) -> None:
        """The client sends no more. It may still read, or be gone: that shows when nothing is sent to it for long."""
        self._dying[wire] = (wire.sent, time.monotonic())

    async def _next(self, client: Stream, peer: str) -> bool:
        """Answer the next request; whether another may follow on this connection."""
        self._idle[client.wire] = time.monotonic()
        try:
            request = await client.next()
        except h11.RemoteProtocolError as error:
            return await self._refuse(client, error.error_status_hint, f"Bad request: {error}.")
        finally:
            self._idle.pop(client.wire, None)
        if not isinstance(request, h11.Request):
            return False
        self.requests += 1
        if http.size(request) > http.HEAD_LIMIT:
            return await self._refuse(client, 431, "The request's head is too large.")
        if request.method == b"CONNECT":
            return await self._refuse(client, 501, "This is no tunnel.")
        status = await self._answer(client, request, peer)
        self.errors += status >= 500
        return await self._cycle(client)

    async def _answer(self, client: Stream, request: h11.Request, peer: str) -> int:
        """Have a request answered by the live release, by another instance when one does not take it; the status."""
        tried: set[str] = set()
        if not http.has_body(request):
            client.http.next_event()
        while True:
            live = self.live
            backend = self._pick(live, tried)
            exchange = Exchange(client, request, peer, _marks(request, live))
            if live is None:
                exchange.page(503, "Nothing is deployed here yet.", (b"Retry-After", b"5"))
                return 503
            if backend is None:
                exchange.page(502, "The app does not answer.")
                return 502
            with backend.carrying(client.wire):
                try:
                    await exchange.run(backend)
                except NotTakenError:
                    tried.add(backend.name)
                    backend.errors += 1
                    continue
                except ConnectionResetError:
                    backend.errors += exchange.failed
                    raise
                backend.served += 1
                backend.errors += exchange.status >= 500
                return exchange.status

    def _pick(self, live: Live | None, tried: set[str]) -> Backend | None:
        """The next instance in turn that is up and was not tried."""
        able = [backend for backend in live.backends if backend.up and backend.name not in tried] if live else []
        self._turn += not tried
        return able[self._turn % len(able)] if able else None

    async def _cycle(self, client: Stream) -> bool:
        """Make ready for the next request of the connection; False when it must end."""
        state = client.http
        with contextlib.suppress(h11.RemoteProtocolError):
            while state.their_state is h11.SEND_BODY and isinstance(state.next_event(), h11.Data):
                pass
        if state.our_state is h11.DONE and state.their_state is h11.DONE and self._servers:
            state.start_next_cycle()
            return True
        if state.their_state in (h11.SEND_BODY, h11.ERROR):
            await _linger(client.wire)
        return False

    async def _refuse(self, client: Stream, status: int, text: str) -> bool:
        self.errors += status >= 500
        if client.http.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            client.send(*http.page(status, text, (b"Connection", b"close")), h11.EndOfMessage())
            await _linger(client.wire)
        return False


def _marks(request: h11.Request, live: Live | None) -> list[Header]:
    """The header that names the release, for who knows the probe's token."""
    asked = http.value(request.headers, http.PROBE)
    if live is None or not live.probe or asked != live.probe:
        return []
    return [(b"X-Webduh-Release", b"%d" % live.release)]


async def _linger(wire: Wire) -> None:
    """Let the peer read the answer before the connection ends, though it still sends what nobody reads."""
    wire.end()
    with contextlib.suppress(TimeoutError, ConnectionResetError):
        async with asyncio.timeout(_LINGER_LIMIT):
            while await wire.read():
                pass
