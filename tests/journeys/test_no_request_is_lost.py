"""Ten deployments and five rollbacks under load lose no request, no stream and no websocket."""

import asyncio
import os
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosedError, ConnectionClosedOK
from world import App, World, assert_settled

RATE = 280
KEPT_ALIVE, FRESH, SLOW, STREAMS = 6, 6, 3, 2
DEPLOYMENTS, ROLLBACKS = 10, 5
GOING_AWAY = 1001


@dataclass
class Load:
    """Everybody who asks, and what came of it."""

    port: int
    counts: dict[str, int] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)
    ended: bool = False
    slowest: float = 0.0

    def count(self, kind: str, began: float) -> None:
        """One good answer."""
        self.counts[kind] = self.counts.get(kind, 0) + 1
        if kind in ("kept alive", "fresh"):
            self.slowest = max(self.slowest, time.monotonic() - began)

    async def guarded(self, kind: str, ask: Callable[[], Awaitable[None]]) -> None:
        """Ask again and again; whatever goes wrong is a failure."""
        while not self.ended:
            try:
                await ask()
            except (OSError, EOFError, ValueError, AssertionError, ConnectionClosedError) as error:
                self.failures.append(f"{kind}: {type(error).__name__}: {error}")

    async def kept_alive(self) -> None:
        """Requests on one connection, until the server says in an answer that it is closed, or closes it idle."""
        pace = (KEPT_ALIVE + FRESH) / RATE
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            while not self.ended:
                began = time.monotonic()
                if reader.at_eof():
                    return
                writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
                head = await whole(reader)
                self.count("kept alive", began)
                if b"connection: close" in head.lower():
                    return
                await asyncio.sleep(max(0.0, began + pace - time.monotonic()))
        finally:
            writer.close()

    async def fresh(self) -> None:
        """One request on a new connection."""
        began = time.monotonic()
        await self._once("/", "fresh")
        await asyncio.sleep(max(0.0, began + (KEPT_ALIVE + FRESH) / RATE - time.monotonic()))

    async def slow(self) -> None:
        """One request that takes 1.5 s."""
        await self._once("/slow", "slow")

    async def stream(self) -> None:
        """One chunked answer, to its last chunk."""
        began = time.monotonic()
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            writer.write(b"GET /stream HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            text = await reader.read(-1)
            assert text.startswith(b"HTTP/1.1 200"), text[:80]
            assert text.count(b"data: ") == 10, text[-200:]
            assert text.endswith(b"0\r\n\r\n"), text[-80:]
            self.count("streams", began)
        finally:
            writer.close()

    async def websocket(self) -> None:
        """One session, used all the time, until the server ends it in order (1001)."""
        async with connect(f"ws://127.0.0.1:{self.port}/ws", max_queue=None) as session:
            with suppress(ConnectionClosedOK):
                await self._echoes(session)
            if session.close_code is not None:
                assert session.close_code == GOING_AWAY, session.close_code
                self.count("websocket sessions", time.monotonic())

    async def _echoes(self, session: ClientConnection) -> None:
        while not self.ended:
            word = os.urandom(8).hex()
            await session.send(word)
            assert await session.recv() == word
            self.count("websocket echoes", time.monotonic())
            await asyncio.sleep(0.02)

    async def _once(self, path: str, kind: str) -> None:
        began = time.monotonic()
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            writer.write(b"GET %b HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n" % path.encode())
            await whole(reader)
            self.count(kind, began)
        finally:
            writer.close()


async def whole(reader: asyncio.StreamReader) -> bytes:
    """The head of a good answer, read to the end of its body."""
    async with asyncio.timeout(10):
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200"), head[:80]
        fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:-2])
        await reader.readexactly(int(fields[b"content-length"]))
        return head


async def command(world: World, *words: str) -> None:
    """Run a command that must end well, while the load goes on."""
    process = world.start(*words)
    said, wrong = await asyncio.to_thread(process.communicate)
    assert process.returncode == 0, f"{words}\n{said}\n{wrong}"


async def carried_out(app: App, load: Load) -> None:
    """Ten deployments, each of another source, and five rollbacks."""
    fast = ("--watch", "0", "--drain", "2")
    for number in range(DEPLOYMENTS):
        app.write(version=str(number + 2))
        await command(app.world, "deploy", str(app.folder), *fast)
        if number % 2:
            await command(app.world, "rollback", app.name, *fast)
    load.ended = True


@pytest.mark.serial
@pytest.mark.timeout(150)
async def test_deployments_and_rollbacks_lose_no_request(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    app = world.app("shop", "busy_app.py")
    app.deploy()
    load, began = Load(app.port), time.monotonic()
    asked = [
        *(load.guarded("kept alive", load.kept_alive) for _ in range(KEPT_ALIVE)),
        *(load.guarded("fresh", load.fresh) for _ in range(FRESH)),
        *(load.guarded("slow", load.slow) for _ in range(SLOW)),
        *(load.guarded("stream", load.stream) for _ in range(STREAMS)),
        load.guarded("websocket", load.websocket),
    ]
    try:
        await asyncio.gather(carried_out(app, load), *asked)
    finally:
        load.ended = True
    seconds = time.monotonic() - began
    short = load.counts["kept alive"] + load.counts["fresh"]
    with capsys.disabled():
        print(
            f"\n{DEPLOYMENTS} deployments, {ROLLBACKS} rollbacks in {seconds:.0f} s: {short / seconds:.0f} short"
            f" requests a second, slowest {load.slowest * 1000:.0f} ms; {load.counts}; {len(load.failures)} failed"
        )
    assert load.failures == []
    assert short / seconds >= 200
    assert load.counts["websocket sessions"] >= DEPLOYMENTS + ROLLBACKS
    assert load.counts["streams"] > 10
    assert load.counts["slow"] > 10
    assert assert_settled(app) == 1 + DEPLOYMENTS + ROLLBACKS
