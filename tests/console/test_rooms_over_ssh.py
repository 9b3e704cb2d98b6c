"""Rooms that ask a machine over real SSH, and commands that run on it: an sshd of the test's own on this machine."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Event
from typing import Any

import pytest
import worlds
from own_sshd import OwnSshd, Relay, needed
from textual.pilot import Pilot
from worlds import drawn, opened, until

from webduh_console.clock import now
from webduh_console.commands import executing
from webduh_console.commands.context import Context
from webduh_console.commands.language import run_line
from webduh_console.commands.results import Done, Listing, Text
from webduh_console.console.app import ConsoleApp
from webduh_console.console.screens.exec_screen import ExecScreen
from webduh_console.console.screens.target_screen import TargetScreen
from webduh_console.console.widgets.live_log import LiveLog
from webduh_console.errors import TargetError
from webduh_console.model.inventory import ProcessRow


@pytest.fixture(scope="module")
def sshd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnSshd]:
    needed()
    own = OwnSshd(tmp_path_factory.mktemp("sshd")).start()
    yield own
    own.close()


@pytest.fixture
def relay(sshd: OwnSshd) -> Iterator[Relay]:
    own = Relay(sshd.port)
    yield own
    own.close()


@pytest.fixture
def ctx(tmp_path: Path, sshd: OwnSshd, relay: Relay) -> Iterator[Context]:
    """A home that knows this machine as the servers `one` and `two`, the second behind the relay, and both as `all`."""
    made = worlds.context(tmp_path / "home")
    for name, port in (("one", sshd.port), ("two", relay.port)):
        run_line(made, f"target add {name} ssh://root@127.0.0.1:{port} --identity {sshd.key} --accept-host-key new")
    run_line(made, "target add both --server one --server two")
    yield made
    relay.cut()
    made.close()


@pytest.fixture
def sleeper() -> Iterator[int]:
    """A process that has a secret in its words."""
    started = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(90)", "--password=hunter22", "marked"])
    yield started.pid
    started.kill()
    started.wait()


def console(ctx: Context, at: str) -> ConsoleApp:
    return ConsoleApp(ctx, clock=now, every=0.5, at=at)


async def screen_of(pilot: Pilot[Any], app: ConsoleApp) -> TargetScreen:
    await until(pilot, lambda: isinstance(app.screen, TargetScreen) and app.screen.query("#processes"))
    assert isinstance(app.screen, TargetScreen)
    return app.screen


@pytest.mark.timeout(240)
async def test_the_processes_of_a_server_are_shown_live_and_without_secrets(ctx: Context, sleeper: int) -> None:
    app = console(ctx, "one:processes")
    async with opened(app, (200, 50)) as pilot:
        room = (await screen_of(pilot, app)).room("processes")
        await until(pilot, lambda: f"one/{sleeper}" in room.by_key)
        row = room.by_key[f"one/{sleeper}"]
        assert isinstance(row, ProcessRow)
        assert row.command.split()[-2:] == ["--password=•••", "marked"]
        assert row.cpu is not None
        os.kill(sleeper, 9)
        await until(
            pilot, lambda: "zombie" in str(room.by_key.get(f"one/{sleeper}")) or f"one/{sleeper}" not in room.by_key
        )
        await pilot.press("8")
        await until(pilot, lambda: "! The use of the disk cannot be read" in drawn(app) or "Docker" in drawn(app))


@pytest.mark.timeout(240)
async def test_a_server_that_falls_silent_is_marked_and_comes_back_by_itself(ctx: Context, sshd: OwnSshd) -> None:
    app = console(ctx, "one:processes")
    async with opened(app, (160, 40)) as pilot:
        room = (await screen_of(pilot, app)).room("processes")
        await until(pilot, room.count)
        sshd.stop()
        try:
            await until(pilot, lambda: room.error and "as of" in drawn(app), 60)
            assert room.count()
        finally:
            sshd.start()
        await until(pilot, lambda: not room.error and "as of" not in drawn(app), 60)


async def test_several_servers_are_shown_together(ctx: Context) -> None:
    app = console(ctx, "both:processes")
    async with opened(app, (160, 40)) as pilot:
        room = (await screen_of(pilot, app)).room("processes")
        await until(pilot, lambda: {row.server for row in room.by_key.values()} == {"one", "two"})


async def test_a_command_runs_on_several_servers_and_each_answer_has_its_pane(ctx: Context) -> None:
    app = console(ctx, "both")
    async with opened(app, (160, 40)) as pilot:
        await screen_of(pilot, app)
        await pilot.press("x", "ctrl+u", *"one,two: echo hello-$((40+2)); exit 3", "enter")
        await until(pilot, lambda: isinstance(app.screen, ExecScreen))
        screen = app.screen
        assert isinstance(screen, ExecScreen)
        await until(pilot, lambda: len(screen.ends) == 2 and drawn(app).count("hello-42") == 2)
        assert screen.ends == {"one": "exited with 3", "two": "exited with 3"}
        await until(pilot, lambda: drawn(app).count("! exited with 3") == 2)
        await pilot.press("x")
        await until(pilot, lambda: "$ one,two: echo hello" in drawn(app))
        await pilot.press("ctrl+u", *"one: true", "enter")
        await until(pilot, lambda: isinstance(app.screen, ExecScreen) and app.screen.ends == {"one": "done"})
        assert len(app.screen.query(LiveLog)) == 1
        await until(pilot, lambda: "✓ done" in drawn(app))


async def test_leaving_ends_the_command_where_it_runs(ctx: Context, tmp_path: Path) -> None:
    mark = tmp_path / "pid"
    app = console(ctx, "one")
    async with opened(app, (120, 30)) as pilot:
        await screen_of(pilot, app)
        app.push_screen(ExecScreen(["one"], f"echo $$ >{mark}; echo begun; exec sleep 600"))
        await until(pilot, lambda: "begun" in drawn(app))
        pid = int(mark.read_text())
        await pilot.press("escape")
        await until(pilot, lambda: not Path(f"/proc/{pid}").exists())


def test_what_ran_is_written_down_without_its_secrets(ctx: Context) -> None:
    lines = executing.lines(ctx, "one", "echo out; API_KEY=hunter22 sh -c 'echo err >&2'", Event())
    assert sorted(line.text for line in lines) == ["done", "err", "out"]
    (act,) = [act for act in ctx.state.acts.all() if act.act == "exec"]
    assert act.what.startswith("sh -c echo out; API_KEY=••• sh -c")


def test_the_same_is_told_without_a_console(ctx: Context, sleeper: int) -> None:
    listing = run_line(ctx, "server show both processes")
    assert isinstance(listing, Listing)
    assert [column.title for column in listing.columns][:3] == ["SERVER", "PID", "USER"]
    found = [row for row in listing.data if row["pid"] == sleeper]
    assert [row["server"] for row in found] == ["one", "two"]
    assert listing.code == 0
    (alone,) = [row for row in run_line(ctx, "server show one processes").data if row["pid"] == sleeper]
    assert alone["command"].endswith("--password=••• marked")


def test_a_silent_server_is_told_of_and_makes_the_listing_a_failure(ctx: Context, relay: Relay) -> None:
    told: list[str] = []
    ctx.told = lambda event: told.append(getattr(event, "text", ""))
    relay.close()
    listing = run_line(ctx, "server show both processes")
    assert {row["server"] for row in listing.data} == {"one"}
    assert (listing.code, [text.split(":")[0] for text in told]) == (1, ["two"])


def test_a_server_without_docker_says_so(ctx: Context) -> None:
    with pytest.raises(TargetError):
        run_line(ctx, "server show one volumes")


def test_a_command_line_still_runs_on_many(ctx: Context) -> None:
    answer = run_line(ctx, "server exec both,one -- echo hello")
    assert isinstance(answer, Text)
    assert (answer.text, answer.code) == ("one: hello\ntwo: hello", 0)
    dry = run_line(ctx, "server exec both --dry-run -- reboot")
    assert isinstance(dry, Done)
    assert dry.data["servers"] == ["one", "two"]
