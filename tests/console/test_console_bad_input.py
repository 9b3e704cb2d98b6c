"""What the console lives through: huge and odd names, tiny windows, clocks that jump, a state that is locked."""

import sqlite3
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
import worlds
from rooms_world import room
from textual.pilot import Pilot
from worlds import GUESTBOOK, drawn, opened, until, with_figures

from webduh_console.commands.api import Heard, TargetRow
from webduh_console.commands.context import Context
from webduh_console.console.app import ConsoleApp
from webduh_console.console.deployments import Live
from webduh_console.console.screens.home import HomeScreen
from webduh_console.console.screens.target_screen import Answer, TargetScreen
from webduh_console.console.watching import Told
from webduh_console.model.inventory import ContainerRow
from webduh_console.model.target import CancelToken
from webduh_console.state.targets import TargetEntry

ODD = (
    "x" * 200,
    "\u65e5\u672c\u8a9e" * 40,
    "e\u0301" * 100,
    "\U0001f469\u200d\U0001f4bb" * 30,
    "\x1b[2J\x1b]0;stolen\x07name",
    "\u202egnp.exe",
    "[bold red]markup[/] $accent",
    "",
)


async def on_the_server(pilot: Pilot[Any], app: ConsoleApp, containers: list[ContainerRow]) -> TargetScreen:
    """A server with these containers."""
    for one in worlds.heard():
        app.post_message(Told(one))
    app.open_target("fra-1")
    await until(pilot, lambda: isinstance(app.screen, TargetScreen))
    screen = app.screen
    assert isinstance(screen, TargetScreen)
    await until(pilot, lambda: screen.query("#containers, #running"))
    screen.post_message(Answer("containers", room("containers", *containers)))
    await until(pilot, lambda: screen.running.count() == len(containers))
    return screen


@pytest.mark.parametrize(
    "name", ODD, ids=["long", "wide", "combining", "joined", "escapes", "reversed", "markup", "none"]
)
@pytest.mark.parametrize("size", [(80, 24), (160, 48)])
async def test_a_container_may_have_any_name(full: Context, name: str, size: tuple[int, int]) -> None:
    app = worlds.console(worlds.with_servers(full))
    async with opened(app, size) as pilot:
        await on_the_server(
            pilot, app, [ContainerRow(name, "running", name, "", name, server="fra-1"), *worlds.containers()]
        )
        await pilot.press("down", "up")
        await pilot.pause()
        lines = app.screen._compositor.render_strips()
        assert {strip.cell_length for strip in lines} == {size[0]}
        text = drawn(app)
        assert "\x1b" not in text
        assert "\u202e" not in text
        assert "webduh-traef" in text


def shown(app: ConsoleApp, what: str) -> None:
    """Go to a screen."""
    if what == "deployment":
        live = Live("01JNHRUN", GUESTBOOK, "deploy", "local", CancelToken())
        for event in worlds.events(live.id, "failed"):
            live.arrive(event)
        live.take()
        app.show_deployment(app.deployments.adopt(live))
    elif what == "target":
        app.open_target("fra-1")
    elif what != "home":
        app.open_app(GUESTBOOK, what)


SCREENS = (
    "home", "deployment", "target", "overview", "releases", "deployments", "logs", "variables", "parts", "metrics",
)  # fmt: skip


@pytest.mark.parametrize("what", SCREENS)
async def test_a_window_of_twenty_by_five_and_back(released: Context, what: str) -> None:
    app = worlds.console(worlds.with_servers(with_figures(released)))
    async with opened(app, (120, 36)) as pilot:
        shown(app, what)
        await app.workers.wait_for_complete()
        await pilot.pause()
        before = drawn(app)
        for size in ((20, 5), (5, 2), (400, 3), (3, 90), (20, 5)):
            await pilot.resize_terminal(*size)
            await pilot.press("down", "up", "question_mark", "escape")
            await pilot.pause()
        await pilot.resize_terminal(120, 36)
        await until(pilot, lambda: drawn(app).splitlines()[0] == before.splitlines()[0])


@pytest.mark.parametrize("jump", [timedelta(days=-1), timedelta(days=400), timedelta(seconds=-90)])
async def test_a_clock_that_jumps(full: Context, jump: timedelta) -> None:
    off = [timedelta(0)]
    app = worlds.console(worlds.with_servers(full), clock=lambda: worlds.frozen() + off[0])
    async with opened(app, (160, 48)) as pilot:
        for one in worlds.heard():
            app.post_message(Told(one))
        await until(pilot, lambda: len(app.board.answered) == 2)
        off[0] = jump
        for one in worlds.heard():
            app.post_message(Told(one))
        await until(pilot, lambda: max(app.board.answered.values()) == worlds.frozen() + jump)
        app.open_app(GUESTBOOK)
        await app.workers.wait_for_complete()
        await pilot.press("7")
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert " -" not in [word[:2] for word in drawn(app).split("  ")]
        off[0] = timedelta(0)
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, HomeScreen))


async def test_a_state_that_another_console_keeps_locked_is_named_and_used_again(full: Context) -> None:
    full.state.targets.add(TargetEntry("lost", "server", "ssh://deploy@127.0.0.1:9", "", worlds.ago(days=1)))
    app = ConsoleApp(full, clock=datetime_now(), every=0.2)
    async with opened(app, (120, 36)) as pilot:
        await until(pilot, lambda: "lost" in app.board.targets)
        other = sqlite3.connect(full.home.data / "state.db", isolation_level=None)
        try:
            other.execute("BEGIN EXCLUSIVE")
            lost = TargetRow("lost", "server", "up", "", 0, 0.0, 0)
            app.post_message(Told(Heard(lost, worlds.heard()[1].vitals)))  # there is something to be kept
            app.watching.recorder._written = 0.0  # the next look writes
            await until(pilot, lambda: app.board.error is not None, 60)
            assert "locked" in str(app.board.error.why if app.board.error else "")
            await pilot.press("down", "question_mark", "escape")
            assert isinstance(app.screen, HomeScreen)
        finally:
            other.execute("ROLLBACK")
            other.close()
        await until(pilot, lambda: app.board.error is None, 60)


def datetime_now() -> Callable[[], datetime]:
    """The real clock."""
    from webduh_console.clock import now

    return now
