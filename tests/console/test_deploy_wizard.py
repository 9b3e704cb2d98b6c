"""The way through the deploy wizard by keys, over the real local target."""

from pathlib import Path

import pytest
import worlds
from wizard_at_work import CONFIG, KEY, deployed, looked_at, planned, settled, wizard
from worlds import drawn, opened, until

from webduh_console.cli.script import run_script
from webduh_console.clock import now
from webduh_console.commands.context import Context
from webduh_console.commands.draft import Draft
from webduh_console.commands.language import run_line
from webduh_console.console.app import ConsoleApp
from webduh_console.console.screens.home import HomeScreen
from webduh_console.console.widgets.bars import ActionBar
from webduh_console.console.wizard.screen import WizardScreen
from webduh_console.model.release import Variable


async def test_the_current_folder_is_deployed_by_four_keys(real: Context, guestbook: Path) -> None:
    app = ConsoleApp(real, clock=now, every=0.5)
    async with opened(app, (140, 40)) as pilot:
        await pilot.press("n")
        await until(pilot, lambda: "the current folder" in drawn(app))
        await pilot.press("enter")
        await until(pilot, lambda: "● chosen" in drawn(app))
        assert "python" in drawn(app)
        await pilot.press("enter")
        await planned(pilot)
        await pilot.press("enter")
        assert await deployed(pilot) == ("done", 1)
        await pilot.press("escape")
        assert isinstance(app.screen, HomeScreen)
    assert (guestbook / "webduh.yaml").read_text("utf-8") == CONFIG


async def test_the_footer_offers_what_can_be_done_on_each_tab(empty: Context, guestbook: Path) -> None:
    app = worlds.console(empty)

    def offered() -> set[str]:
        of_the_wizard = {"plan_it", "add_here", "set_domain", "as_detected", "copy_script"}
        return {action.name for action, _ in app.screen.query_one(ActionBar).offered()} & of_the_wizard

    async with opened(app, (140, 40)) as pilot:
        await pilot.press("2")
        assert offered() == set()
        await until(pilot, lambda: "the current folder" in drawn(app))
        await pilot.press("enter")
        await until(pilot, lambda: "● chosen" in drawn(app))
        assert offered() == {"plan_it", "copy_script"}
        await pilot.press("3")
        assert offered() == {"plan_it", "copy_script", "add_here"}
        await pilot.press(*["down"] * 8, "enter", *"/up", "enter")
        await settled(pilot)
        assert offered() == {"plan_it", "copy_script", "add_here", "as_detected"}
        await pilot.press("up")
        assert "as_detected" not in offered()
        await pilot.press("6")
        assert offered() == {"plan_it", "copy_script", "add_here", "set_domain"}


async def test_the_copied_script_does_the_same(
    real: Context, guestbook: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = ConsoleApp(real, clock=now, every=0)
    async with looked_at(app, guestbook) as pilot:
        draft = wizard(app).draft.changed(("health",), "/up").with_variable("GREETING", Variable("it's ${HERE}"))
        wizard(app).change(draft.with_variable("API_KEY", Variable("s3cret-value", True)))
        await settled(pilot)
        await pilot.press("y")
        copied = app.clipboard
    script = tmp_path / "same.webduh"
    script.write_text(copied, "utf-8")
    monkeypatch.setenv("API_KEY", "s3cret-value")
    monkeypatch.setenv("WEBDUH_HOME", str(tmp_path / "another"))
    assert run_script(str(script), {}, None) == 0
    there = Context.open()
    release = there.target("local").record(KEY, "local").read(1)
    run_line(there, "target stop local")
    there.close()
    assert {name: release.variables[name].value for name in ("API_KEY", "GREETING")} == {
        "API_KEY": "s3cret-value",
        "GREETING": "it's ${HERE}",
    }
    assert release.spec.health.path == "/up"
    assert (guestbook / "webduh.yaml").read_text("utf-8") == f"{CONFIG}health: /up\n"


async def test_what_was_set_for_a_deployment_that_does_not_come_is_forgotten(real: Context, guestbook: Path) -> None:
    app = ConsoleApp(real, clock=now, every=0)
    async with looked_at(app, guestbook) as pilot:
        wizard(app).change(wizard(app).draft.with_variable("GREETING", Variable("hi")))
        await pilot.press("p")
        await planned(pilot)
        assert real.state.pending.names(KEY) == ("GREETING",)
        await pilot.press("escape", "escape", "escape")
        await until(pilot, lambda: isinstance(app.screen, HomeScreen))
        await until(pilot, lambda: real.state.pending.names(KEY) == ())
        assert real.state.apps.all() == []


@pytest.mark.parametrize("size", [(20, 5), (40, 10), (80, 24), (160, 48)])
async def test_every_tab_survives_every_size(empty: Context, guestbook: Path, size: tuple[int, int]) -> None:
    app = worlds.console(empty)
    async with opened(app, size) as pilot:
        app.push_screen(WizardScreen(Draft(str(guestbook))))
        await until(pilot, lambda: isinstance(app.screen, WizardScreen) and app.screen.looked)
        for key in ("3", "4", "5", "6", "left_square_bracket", "question_mark", "escape", "y", "escape", "1"):
            await pilot.press(key)
            assert max(map(len, drawn(app).splitlines()), default=0) <= size[0]


async def test_read_only_has_no_wizard(tmp_path: Path) -> None:
    ctx = worlds.full(tmp_path / "home", "read_only: true\n")
    app = worlds.console(ctx)
    async with opened(app) as pilot:
        await pilot.press("n")
        assert isinstance(app.screen, HomeScreen)
    ctx.close()
