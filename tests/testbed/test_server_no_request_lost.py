"""Deployments, rollbacks and new projects under load lose no request, counted from outside the server."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from server import Server
from server_world import ServedApp, ServerWorld, assert_settled, rented_world

RATE = 240
FRESH, KEPT_ALIVE, SLOW = 8, 8, 6
DEPLOYMENTS, ROLLBACKS, PROJECTS = 20, 5, 5
FAST = ("--watch", "0", "--drain", "5")


@dataclass
class Load:
    """Everybody who asks from outside, and what came of it."""

    app: ServedApp
    counts: dict[str, int] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)
    ended: bool = False
    slowest: float = 0.0

    def visitors(self) -> list[Awaitable[None]]:
        """All of them, at work until `ended`."""
        kinds = {self.fresh: FRESH, self.kept_alive: KEPT_ALIVE, self.slow: SLOW}
        return [self._guarded(ask) for ask, count in kinds.items() for _ in range(count)]

    async def _guarded(self, ask: Callable[[], Awaitable[None]]) -> None:
        while not self.ended:
            try:
                await ask()
            except (OSError, EOFError, ValueError, AssertionError) as error:
                self.failures.append(f"{time.strftime('%X')} {ask.__name__}: {type(error).__name__}: {error}")

    async def fresh(self) -> None:
        """One request on a new connection."""
        began = time.monotonic()
        reader, writer = await self._open()
        try:
            await self._ask(reader, writer, "/", "fresh")
        finally:
            writer.close()
        await self._pace(began)

    async def kept_alive(self) -> None:
        """Requests on one connection, until the server closes it."""
        reader, writer = await self._open()
        try:
            while not self.ended and not reader.at_eof():
                began = time.monotonic()
                await self._ask(reader, writer, "/", "kept alive")
                await self._pace(began)
        finally:
            writer.close()

    async def slow(self) -> None:
        """One request that takes 1.5 s."""
        reader, writer = await self._open()
        try:
            await self._ask(reader, writer, "/slow", "slow")
        finally:
            writer.close()

    async def _open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        server = self.app.world.server
        return await asyncio.open_connection(server.host, server.http)

    async def _ask(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, path: str, kind: str) -> None:
        """One request, and its good answer read to the end."""
        began = time.monotonic()
        writer.write(f"GET {path} HTTP/1.1\r\nHost: {self.app.host}\r\n\r\n".encode())
        async with asyncio.timeout(20):
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200"), head[:80]
            fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:-2])
            await reader.readexactly(int(fields[b"content-length"]))
        self.counts[kind] = self.counts.get(kind, 0) + 1
        if kind != "slow":
            self.slowest = max(self.slowest, time.monotonic() - began)

    async def _pace(self, began: float) -> None:
        await asyncio.sleep(max(0.0, began + (FRESH + KEPT_ALIVE) / RATE - time.monotonic()))


async def command(world: ServerWorld, *words: str) -> None:
    """Run a command that must end well, while the load goes on."""
    process = world.start(*words)
    said, wrong = await asyncio.to_thread(process.communicate)
    assert process.returncode == 0, f"{words}\n{said}\n{wrong}"


async def deployed_and_taken_back(app: ServedApp) -> None:
    """Twenty deployments, each of another source; five rollbacks among them."""
    for number in range(DEPLOYMENTS):
        app.next_version()
        await command(app.world, "deploy", str(app.folder), *FAST)
        if number % 4 == 1:
            await command(app.world, "rollback", app.name, *FAST)


async def new_projects(world: ServerWorld) -> None:
    """Five first deployments, whose networks Traefik joins."""
    for number in range(PROJECTS):
        app = world.app(f"new-{number}", project=f"project-{number}")
        await command(world, "deploy", str(app.folder), *FAST)


async def carried_out(app: ServedApp, load: Load) -> None:
    """Everything that is done under load; the new projects at the same time as the rest."""
    try:
        await asyncio.gather(deployed_and_taken_back(app), new_projects(app.world))
    finally:
        load.ended = True


@pytest.mark.serial
@pytest.mark.timeout(300, func_only=True)
async def test_deployments_rollbacks_and_new_projects_lose_no_request(
    servers: list[Server], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with rented_world(servers, tmp_path / "user") as world:
        app = world.ready().app("busy")
        app.deploy()
        load, began = Load(app), time.monotonic()
        await asyncio.gather(carried_out(app, load), *load.visitors())
        seconds = time.monotonic() - began
        short = load.counts["fresh"] + load.counts["kept alive"]
        with capsys.disabled():
            print(
                f"\n{DEPLOYMENTS} deployments, {ROLLBACKS} rollbacks, {PROJECTS} new projects in {seconds:.0f} s:"
                f" {short / seconds:.0f} short requests a second, slowest {load.slowest * 1000:.0f} ms;"
                f" {load.counts}; {len(load.failures)} failed"
            )
        assert load.failures == []
        assert short / seconds >= 200
        assert load.counts["slow"] > 100
        assert assert_settled(app) == 1 + DEPLOYMENTS + ROLLBACKS
        joined = set(world.standing().names("network"))
        assert {f"webduh-p-project-{number}" for number in range(PROJECTS)} < joined
