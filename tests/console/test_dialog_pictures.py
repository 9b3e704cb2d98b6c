"""Pictures of what opens over a screen, or out of it: plan, questions, errors, texts, lists, one line of a log."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import worlds
from test_console_pictures import SIZES, Picture, still
from textual.pilot import Pilot
from worlds import BLOG, GUESTBOOK, drawn, until

from webduh_console.commands.context import Context
from webduh_console.console.app import ConsoleApp
from webduh_console.console.logs.entries import Entry, made
from webduh_console.console.screens.app_screen import AppScreen
from webduh_console.console.screens.dialogs import ConfirmScreen
from webduh_console.console.screens.plan import PlanScreen
from webduh_console.console.screens.result import ListingScreen, TextScreen
from webduh_console.console.screens.variables import VariableScreen
from webduh_console.console.widgets.log_pane import LogPane
from webduh_console.errors import UnhealthyError

Scene = Callable[[Pilot[Any], ConsoleApp], Awaitable[None]]
NOW = worlds.frozen().timestamp()


async def plan(pilot: Pilot[Any], app: ConsoleApp) -> None:
    """What a deployment would change."""
    plan = worlds.plan_of(worlds.release(GUESTBOOK, 13, worlds.frozen()))
    screen = PlanScreen("Deploy guestbook", lambda answers: plan)
    app.push_screen(screen)
    await until(pilot, lambda: screen.plan is not None)


async def error(pilot: Pilot[Any], app: ConsoleApp) -> None:
    """What failed, why, what was kept, what to do."""
    app.show_error(
        UnhealthyError(
            "guestbook--web--1 exited with 1 after 0.4 s.",
            why="Traceback (most recent call last):\n  File \"app.py\", line 3\nKeyError: 'DATABASE_URL'",
            kept="Release 12 serves on; the new instances were removed.",
            hint="Set it with `webduh env set guestbook DATABASE_URL=…`, then deploy again.",
        )
    )


async def question(pilot: Pilot[Any], app: ConsoleApp) -> None:
    """A question before something is done."""
    says = [
        "These are named by no release, and go:\n- webduh/default--blog--production:0606060606060606",
        "Volumes stay.",
    ]
    app.push_screen(ConfirmScreen("Prune fra-1?", says))


async def jump(pilot: Pilot[Any], app: ConsoleApp) -> None:
    """To anything by a few letters."""
    await pilot.press("ctrl+k", *"blo")


async def listing(pilot: Pilot[Any], app: ConsoleApp) -> None:
    """What a command answers."""
    await pilot.press("colon", *"env ls guestbook", "enter")
    await until(pilot, lambda: isinstance(app.screen, ListingScreen))


async def difference(pilot: Pilot[Any], app: ConsoleApp) -> None:
    """Two releases compared."""
    app.open_app(GUESTBOOK, "releases")
    await until(pilot, lambda: isinstance(app.screen, AppScreen) and len(app.screen.releases) > 1)
    await pilot.press("x")
    await until(pilot, lambda: isinstance(app.screen, TextScreen))


async def line(pilot: Pilot[Any], app: ConsoleApp) -> None:
    """One line of a log with its fields."""
    app.open_app(GUESTBOOK, "logs")
    await until(pilot, lambda: app.screen.query(LogPane))
    text = '{"level": 50, "msg": "payment failed", "order": 1142, "customer": {"name": "Ada", "country": "GB"}}'
    app.screen.query_one(LogPane).add([made(NOW, "stdout", "web", text)])
    await pilot.press("enter")


async def sources(pilot: Pilot[Any], app: ConsoleApp) -> None:
    """Whose lines are shown."""
    app.open_app(GUESTBOOK, "logs")
    await until(pilot, lambda: app.screen.query(LogPane))
    names = ("web", "worker", "tidy")
    app.screen.query_one(LogPane).add([Entry(NOW + n, "stdout", names[n % 3], f"line {n}") for n in range(20)])
    await pilot.press("v")


async def variable(pilot: Pilot[Any], app: ConsoleApp) -> None:
    """A variable is added."""
    app.open_app(GUESTBOOK, "variables")
    await until(pilot, lambda: "GREETING" in drawn(app))
    await pilot.press("a")
    await until(pilot, lambda: isinstance(app.screen, VariableScreen))


async def history(pilot: Pilot[Any], app: ConsoleApp) -> None:
    """The figures of a server, of which none are kept."""
    app.open_target("fra-1", "metrics")
    await until(pilot, lambda: "no figures yet" in drawn(app))


async def command_in_an_app(pilot: Pilot[Any], app: ConsoleApp) -> None:
    """A command is asked for."""
    app.open_app(BLOG)
    await until(pilot, lambda: "! run" in drawn(app) or "Release" in drawn(app))
    await pilot.press("exclamation_mark", *"python manage.py")


SCENES: tuple[Scene, ...] = (
    plan, error, question, jump, listing, difference, line, sources, variable, history, command_in_an_app,
)  # fmt: skip


@SIZES
@pytest.mark.parametrize("scene", SCENES, ids=[scene.__name__ for scene in SCENES])
def test_what_opens(released: Context, snap_compare: Picture, size: tuple[int, int], scene: Scene) -> None:
    app = worlds.console(worlds.with_servers(released))

    async def opened(pilot: Pilot[Any]) -> None:
        await pilot.pause()
        await scene(pilot, app)
        await still(pilot)

    assert snap_compare(app, terminal_size=size, run_before=opened)
