"""Apps are marked, and one key acts on all of them."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import worlds
from worlds import drawn, opened, until

from webduh_console.clock import now
from webduh_console.commands import api
from webduh_console.commands.context import Context
from webduh_console.commands.language import run_line
from webduh_console.console.app import ConsoleApp
from webduh_console.console.screens.deployment import DeploymentScreen
from webduh_console.console.screens.dialogs import ConfirmScreen
from webduh_console.console.screens.home import HomeScreen
from webduh_console.console.screens.plan import PlanScreen

NAMES = ("alpha", "beta", "gamma")


@pytest.fixture
def three(tmp_path: Path) -> Iterator[Context]:
    """Three sites that are served from this machine."""
    ctx = worlds.context(tmp_path / "home")
    for name in NAMES:
        folder = tmp_path / name
        folder.mkdir()
        (folder / "index.html").write_text("one")
        (folder / "webduh.yaml").write_text("deploy: {watch: 0, drain: 0}\n")
        plan = api.plan(ctx, str(folder))
        api.adopt(ctx, plan)
        assert list(api.apply(ctx, plan))[-1].outcome == "done"  # type: ignore[union-attr]
    api.observe(ctx)
    yield ctx
    run_line(ctx, "target stop local")
    ctx.close()


def releases(ctx: Context) -> dict[str, int]:
    """The release that serves of each app."""
    rows = api.observe(ctx)
    return {row.key.app: row.actual.release.number for row in rows if row.actual.release is not None}


def home(app: ConsoleApp) -> HomeScreen:
    assert isinstance(app.screen, HomeScreen)
    return app.screen


async def test_marked_apps_are_deployed_and_rolled_back_together(three: Context, tmp_path: Path) -> None:
    app = ConsoleApp(three, clock=now, every=0.5)
    async with opened(app, (140, 40)) as pilot:
        await until(pilot, lambda: home(app).apps.count() == 3)
        await pilot.press("space", "space")
        assert "2 marked" in drawn(app)
        assert drawn(app).count("✓● serving") == 2
        for name in NAMES:
            (tmp_path / name / "index.html").write_text("two")
        await pilot.press("d")
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen) and "Deploy 2 apps?" in drawn(app))
        assert "alpha, beta." in drawn(app)
        await pilot.press("y")
        await until(pilot, lambda: releases(three) == {"alpha": 2, "beta": 2, "gamma": 1})
        await until(pilot, lambda: not app.deployments.running())
        assert home(app).marked() == []
        assert [live.over for live in app.deployments.all.values()] == [True, True]
        await pilot.press("home", "space", "space", "space", "r")
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen) and "Roll back 3 apps?" in drawn(app))
        await pilot.press("y")
        await until(pilot, lambda: releases(three) == {"alpha": 3, "beta": 3, "gamma": 1})
        await until(pilot, lambda: any("gamma" in one.message for one in app._notifications))
        await until(pilot, lambda: not app.deployments.running())
        assert isinstance(app.screen, HomeScreen)
        assert not any(isinstance(screen, DeploymentScreen) for screen in app.screen_stack)


async def test_one_mark_is_no_crowd_and_escape_takes_marks_back(three: Context) -> None:
    app = ConsoleApp(three, clock=now, every=0)
    async with opened(app, (140, 40)) as pilot:
        await pilot.press("space", "escape")
        assert home(app).marked() == []
        await pilot.press("home", "space", "d")
        await until(pilot, lambda: isinstance(app.screen, PlanScreen))


async def test_saying_no_leaves_the_marks_and_changes_nothing(three: Context) -> None:
    app = ConsoleApp(three, clock=now, every=0)
    async with opened(app, (140, 40)) as pilot:
        await pilot.press("space", "space", "d")
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
        await pilot.press("n")
        await until(pilot, lambda: isinstance(app.screen, HomeScreen))
        assert [key.app for key in home(app).marked()] == ["alpha", "beta"]
        assert app.deployments.all == {}
