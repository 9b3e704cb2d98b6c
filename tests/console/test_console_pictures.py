"""Pictures of every screen, at the smallest size that must work and at the one that must be beautiful."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import rooms_world
import worlds
from textual.pilot import Pilot
from textual.widgets import Input
from worlds import until, with_figures

from webduh_console.commands.context import Context
from webduh_console.console.app import ConsoleApp
from webduh_console.console.deployments import Live
from webduh_console.console.logs.entries import Entry
from webduh_console.console.screens.metrics import MetricsPane
from webduh_console.console.screens.target_screen import Answer
from webduh_console.console.screens.target_tabs import KEYS
from webduh_console.console.themes import theme_files
from webduh_console.console.watching import Told
from webduh_console.console.widgets.log_pane import LogPane
from webduh_console.model.inventory import KINDS
from webduh_console.model.target import CancelToken

SMALL, MIDDLE, LARGE = (80, 24), (120, 36), (160, 48)
SIZES = pytest.mark.parametrize("size", [SMALL, MIDDLE, LARGE], ids=["80x24", "120x36", "160x48"])
Picture = Callable[..., bool]


async def still(pilot: Pilot[Any]) -> None:
    """Everything asked for is here, and no cursor blinks."""
    await pilot.app.workers.wait_for_complete()
    for field in pilot.app.screen.query(Input):
        field.cursor_blink = False
    await pilot.pause()


def with_deployment(ctx: Context, upto: str) -> ConsoleApp:
    """A console that shows a deployment that has come as far as a step."""
    app = worlds.console(ctx)
    live = Live("01JNHRUN", worlds.GUESTBOOK, "deploy", "local", CancelToken())
    for event in worlds.events("01JNHRUN", upto):
        live.arrive(event)
    live.take()
    app.deployments.adopt(live)
    app.call_later(app.show_deployment, live)
    return app


@SIZES
def test_the_apps(full: Context, snap_compare: Picture, size: tuple[int, int]) -> None:
    assert snap_compare(worlds.console(full), terminal_size=size, press=["down"], run_before=still)


@pytest.mark.parametrize("theme", [name for name in theme_files() if name != "night"])
def test_the_apps_in_another_theme(theme: str, tmp_path: Path, snap_compare: Picture) -> None:
    ctx = worlds.full(tmp_path / "home", f"times: utc\ntheme: {theme}\n")
    assert snap_compare(worlds.console(ctx), terminal_size=LARGE, run_before=still)
    ctx.close()


@SIZES
def test_an_empty_console(empty: Context, snap_compare: Picture, size: tuple[int, int]) -> None:
    assert snap_compare(worlds.console(empty), terminal_size=size, run_before=still)


@SIZES
@pytest.mark.parametrize("tab", ["overview", "releases", "deployments", "variables", "parts"])
def test_an_app(released: Context, snap_compare: Picture, size: tuple[int, int], tab: str) -> None:
    app = worlds.console(released)
    app.call_later(app.open_app, worlds.GUESTBOOK, tab)
    assert snap_compare(app, terminal_size=size, run_before=still)


@SIZES
def test_an_apps_logs(released: Context, snap_compare: Picture, size: tuple[int, int]) -> None:
    app = worlds.console(released)
    app.call_later(app.open_app, worlds.GUESTBOOK, "logs")

    async def written(pilot: Pilot[Any]) -> None:
        await still(pilot)
        start = worlds.ago(minutes=5).timestamp()
        lines = [
            Entry(start + n, "stdout", "web", f'10.0.0.{n % 9} "GET /notes/{n}" 200 {n * 7 % 90} ms') for n in range(80)
        ]
        lines[70] = Entry(start + 70, "stderr", "worker", "WARN: queue is behind by 12 jobs \u65e5\u672c")
        pilot.app.screen.query_one(LogPane).add(lines)
        await pilot.press("t")

    assert snap_compare(app, terminal_size=size, run_before=written)


@SIZES
def test_an_apps_metrics(released: Context, snap_compare: Picture, size: tuple[int, int]) -> None:
    app = worlds.console(with_figures(released))
    app.call_later(app.open_app, worlds.GUESTBOOK, "metrics")

    async def looked(pilot: Pilot[Any]) -> None:
        await until(pilot, lambda: app.screen.query(MetricsPane))
        pane = app.screen.query_one(MetricsPane)
        await until(pilot, lambda: pane.figures)
        await pilot.press("z", "H")
        await still(pilot)

    assert snap_compare(app, terminal_size=size, run_before=looked)


@SIZES
@pytest.mark.parametrize("upto", ["build", "failed", "reverting", "end"])
def test_a_deployment(full: Context, snap_compare: Picture, size: tuple[int, int], upto: str) -> None:
    assert snap_compare(with_deployment(full, upto), terminal_size=size, run_before=still)


@SIZES
@pytest.mark.parametrize("name", ["targets", "server", *KINDS, "checks"])
def test_servers(full: Context, snap_compare: Picture, size: tuple[int, int], name: str) -> None:
    app = worlds.console(worlds.with_servers(full))

    async def answered(pilot: Pilot[Any]) -> None:
        for heard in worlds.heard():
            app.post_message(Told(heard))
        await until(pilot, lambda: app.board.silent() and app.board.rows[worlds.BLOG].at)
        await pilot.press("t", "down")
        if name == "server":
            await pilot.press("enter")
            app.screen.post_message(Answer("containers", rooms_world.room("containers", *worlds.containers())))
            app.screen.post_message(Answer("checks", worlds.facts()))
        elif name != "targets":
            await pilot.press("enter", KEYS[name])
            for kind, rows in rooms_world.rooms().items():
                app.screen.post_message(Answer(kind, rooms_world.room(kind, *rows)))
            app.screen.post_message(Answer("checks", worlds.facts()))
        await still(pilot)

    assert snap_compare(app, terminal_size=size, run_before=answered)


@SIZES
def test_all_keys(full: Context, snap_compare: Picture, size: tuple[int, int]) -> None:
    assert snap_compare(worlds.console(full), terminal_size=size, press=["question_mark"], run_before=still)


@SIZES
def test_the_command_line(full: Context, snap_compare: Picture, size: tuple[int, int]) -> None:
    async def typed(pilot: Pilot[Any]) -> None:
        await pilot.press("colon", *"de")
        await still(pilot)

    assert snap_compare(worlds.console(full), terminal_size=size, run_before=typed)
