"""What is wrong now is counted in home's targets, named in words, and said with what to do where it is."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
import worlds
from worlds import BLOG, drawn, opened, until

from webduh_console.commands.api import Heard
from webduh_console.commands.context import Context
from webduh_console.console.app import ConsoleApp
from webduh_console.console.screens.app_screen import AppScreen
from webduh_console.console.screens.home import HomeScreen
from webduh_console.console.screens.target_screen import Answer, TargetScreen
from webduh_console.console.watching import Checked, Told
from webduh_console.model.release import Actual
from webduh_console.targets.server.vitals import Share


@pytest.fixture
def troubled(tmp_path: Path) -> Iterator[Context]:
    """A server on which an app restarts again and again, and a deployment of it was interrupted."""
    ctx = worlds.with_servers(worlds.full(tmp_path / "home"))
    (seen,) = [one.actual for one in ctx.state.memory.recall() if one.actual.key == BLOG]
    restarting = msgspec.structs.replace(seen.instances[0], state="crashing", restarts=12)
    actual = Actual(BLOG, seen.release, (restarting,), seen.url, "degraded", "web does not stay up")
    ctx.state.memory.remember("fra-1", [actual], worlds.ago(minutes=2))
    broken = worlds.deployment(BLOG, 8, worlds.ago(minutes=1), "interrupted")
    broken = msgspec.structs.replace(broken, target="fra-1")
    ctx.state.history.begin(broken)
    ctx.state.history.finish(broken)
    yield ctx
    ctx.close()


def heard() -> list[Heard]:
    """The targets; the disk of fra-1 is nearly full, and it has been busy for minutes."""
    local, fra, nyc = worlds.heard()
    assert fra.vitals is not None
    gb = 2**30
    vitals = msgspec.structs.replace(fra.vitals, disk=Share(int(37.3 * gb), 40 * gb), load_5=5.2, cores=2)
    return [local, msgspec.structs.replace(fra, vitals=vitals), nyc]


async def told(pilot: worlds.Pilot[object], app: ConsoleApp) -> None:
    """The console, once all targets have said how they are."""
    for one in heard():
        app.post_message(Told(one))
    await until(pilot, lambda: len(app.board.answered) == 2 and app.board.rows.get(BLOG))


async def test_home_counts_them_and_names_the_worst(troubled: Context) -> None:
    app = worlds.console(troubled)
    async with opened(app, (200, 48)) as pilot:
        await told(pilot, app)
        await until(pilot, lambda: "● up !4" in drawn(app))
        assert "Targets  1 of 3 silent · 4 alerts" in drawn(app)
        await pilot.resize_terminal(80, 24)
        await until(pilot, lambda: "1 of 3 silent · 4 alerts" in drawn(app))
        await until(pilot, lambda: "● up !4        fra-1      1  0.21  2.6G   93%  ! blog: web restarts" in drawn(app))


async def test_the_selected_target_says_all_of_them_with_what_to_do(troubled: Context) -> None:
    app = worlds.console(troubled)
    async with opened(app, (200, 60)) as pilot:
        await told(pilot, app)
        screen = app.screen
        assert isinstance(screen, HomeScreen)
        screen.targets.focus()
        await pilot.press("down")
        await until(pilot, lambda: "disk 93 % full" in drawn(app))
        shown = drawn(app)
        for words in (
            "✗ blog: web restarts again and again, 12 times",
            "! blog: deploy v8 was interrupted",
            "! load 5.2 over five minutes on 2 cores",
            "do  `webduh server show fra-1 disk` says what",
        ):
            assert words in shown


async def test_the_targets_overview_says_them_above_its_checks(troubled: Context) -> None:
    app = worlds.console(troubled)
    async with opened(app, (140, 60)) as pilot:
        await told(pilot, app)
        app.open_target("fra-1")
        await until(pilot, lambda: isinstance(app.screen, TargetScreen) and app.screen.query("#needed"))
        await until(pilot, lambda: "Checks  4 alerts" in drawn(app))
        assert "! 4: blog: web restarts again and again, 12 times so far" in drawn(app)
        app.screen.post_message(Answer("checks", worlds.facts()))
        await until(pilot, lambda: "Checks  4 alerts · 2 of 11 to mend" in drawn(app))
        shown = drawn(app)
        assert shown.index("! load 5.2") < shown.index("✗ clock")
        assert "fix  Start a time service there" in shown
        await until(pilot, lambda: "! 5: " in drawn(app))  # the clock is one, too; the disk already was
        await pilot.press("escape")
        await until(pilot, lambda: "5 alerts" in drawn(app))


async def test_a_target_that_was_checked_aside_has_its_checks_as_soon_as_it_is_opened(troubled: Context) -> None:
    app = worlds.console(troubled)
    async with opened(app, (140, 60)) as pilot:
        await told(pilot, app)
        app.post_message(Checked("fra-1", worlds.facts()))
        await until(pilot, lambda: "5 alerts" in drawn(app))
        app.open_target("fra-1", "checks")
        await until(pilot, lambda: "Checks  2 of 11 to mend" in drawn(app))


async def test_an_app_says_its_own(troubled: Context) -> None:
    app = worlds.console(troubled)
    async with opened(app, (200, 50)) as pilot:
        await told(pilot, app)
        app.open_app(BLOG)
        await until(pilot, lambda: isinstance(app.screen, AppScreen))
        await until(pilot, lambda: "! web restarts again and again, 12 times so far" in drawn(app))
        await until(pilot, lambda: "do  `webduh logs blog --process web` says why" in drawn(app))
        assert "! deploy v8 was interrupted" in drawn(app)


async def test_of_a_server_that_is_silent_its_figures_are_no_alert(troubled: Context) -> None:
    app = worlds.console(troubled)
    async with opened(app, (140, 40)) as pilot:
        await told(pilot, app)
        app.post_message(Checked("nyc-1", worlds.facts()))
        _, fra, nyc = heard()
        app.post_message(Told(msgspec.structs.replace(fra, row=msgspec.structs.replace(nyc.row, name="fra-1"))))
        await until(pilot, lambda: "2 of 3 silent · 1 alert" in drawn(app))  # the deployment's
