"""What was typed in the deploy wizard is never lost: it is there again, or it is asked for."""

import shlex
from pathlib import Path
from typing import Any

import worlds
from source_tree import written
from textual.pilot import Pilot
from textual.widgets import Input
from wizard_at_work import deployed, looked_at, planned, settled, wizard
from worlds import drawn, opened, until

from webduh_console.clock import now
from webduh_console.commands.context import Context
from webduh_console.commands.draft import Draft
from webduh_console.commands.language import run_line
from webduh_console.console.app import ConsoleApp
from webduh_console.console.screens.dialogs import ConfirmScreen
from webduh_console.console.screens.home import HomeScreen
from webduh_console.console.screens.jump import JumpScreen
from webduh_console.console.screens.variables import VariableScreen
from webduh_console.console.widgets.table import Table
from webduh_console.console.wizard.screen import WizardScreen
from webduh_console.console.wizard.source_pane import SourcePane
from webduh_console.model.release import Variable


async def test_what_is_half_typed_stands_there_again_but_a_secret(empty: Context, guestbook: Path) -> None:
    app = worlds.console(empty)
    async with looked_at(app, guestbook) as pilot:
        await pilot.press("6", "d", *"guest.exa", "escape")
        assert wizard(app).draft.domains == ()
        await pilot.press("d", *"mple.com", "enter")
        assert wizard(app).draft.domains == ("guest.example.com",)
        wizard(app).change(wizard(app).draft.with_variable("API_KEY", Variable("s3cret-value", True)))
        await pilot.press("5")
        assert wizard(app).query_one("#needs", Table).go_to("API_KEY")
        await pilot.press("enter", *"half", "escape", "enter")
        assert wizard(app).query_one("CommandBar Input", Input).value == ""
        await pilot.press("enter")
        assert wizard(app).draft.variables["API_KEY"] == Variable("s3cret-value", True)


async def test_escape_leaves_at_once_and_a_half_typed_source_is_there_again(empty: Context, guestbook: Path) -> None:
    app = worlds.console(empty)
    async with opened(app, (120, 36)) as pilot:
        await pilot.press("2", "escape")
        assert isinstance(app.screen, HomeScreen)
        await pilot.press("2", *"/srv/x", "escape")
        assert isinstance(app.screen, HomeScreen)
        await pilot.press("2")
        assert wizard(app).query_one(SourcePane).text == "/srv/x"
        await pilot.press("g")  # what was left is marked, and another text takes its place
        assert wizard(app).query_one(SourcePane).text == "g"
        await pilot.press("backspace", "enter")
        await until(pilot, lambda: "● chosen" in drawn(app))
        await pilot.press("3", "escape")
        assert wizard(app).tab == "source"
        await pilot.press("escape")
        assert isinstance(app.screen, HomeScreen)


async def changed_and_left(pilot: Pilot[Any], guestbook: Path) -> None:
    """A wizard in which a setting, a variable and a domain were typed, left by going somewhere else."""
    await pilot.press("n", *str(guestbook), "enter")
    await until(pilot, lambda: "● chosen" in drawn(pilot.app))
    await pilot.press("3", *["down"] * 8, "enter", *"/up", "enter")
    await settled(pilot)
    await pilot.press("5", "a", *"GREETING", "enter", *"good day", "enter", "6", "d", *"guest.exa", "escape")
    await pilot.press("ctrl+k", *"guestbook", "enter")
    await until(pilot, lambda: not isinstance(pilot.app.screen, WizardScreen | JumpScreen))


async def test_a_draft_that_was_left_for_another_place_is_there_again(empty: Context, guestbook: Path) -> None:
    run_line(empty, f"app add {shlex.quote(str(guestbook))}")
    app = worlds.console(empty)
    async with opened(app, (140, 40)) as pilot:
        await changed_and_left(pilot, guestbook)
        assert not isinstance(app.screen, WizardScreen)
        await pilot.press("escape", "n")
        await until(pilot, lambda: "begun, not deployed" in drawn(app))
        await pilot.press("down", "enter")
        await until(pilot, lambda: "What was typed for it before is here again" in drawn(app))
        draft = wizard(app).draft
        assert (draft.changes, draft.variables) == ({("health",): "/up"}, {"GREETING": Variable("good day")})
        await pilot.press("6", "d", *"mple.com", "enter")
        assert wizard(app).draft.domains == ("guest.example.com",)
        await pilot.press("ctrl+n")
        assert isinstance(app.screen, ConfirmScreen)
        await pilot.press("y")
        await settled(pilot)
        assert wizard(app).draft == Draft(str(guestbook))
        await pilot.press("escape", "escape", "n")
        await until(pilot, lambda: "the current folder" in drawn(app))
        assert "begun, not deployed" not in drawn(app)


async def test_another_source_does_not_take_the_first_ones_draft_away(
    empty: Context, guestbook: Path, tmp_path: Path
) -> None:
    written(tmp_path / "site", {"index.html": "x"})
    app = worlds.console(empty)
    async with looked_at(app, guestbook) as pilot:
        wizard(app).change(wizard(app).draft.with_variable("GREETING", Variable("hi")))
        await pilot.press("1", "ctrl+u", *str(tmp_path / "site"), "enter")
        await until(pilot, lambda: "What was typed for" in drawn(app))
        assert wizard(app).draft == Draft(str(tmp_path / "site"))
        await pilot.press("1", "ctrl+u", *str(guestbook), "enter")
        await until(pilot, lambda: "is here again" in drawn(app))
        assert wizard(app).draft == Draft(str(guestbook), variables={"GREETING": Variable("hi")})


async def test_what_was_deployed_is_no_draft_any_more(real: Context, guestbook: Path) -> None:
    app = ConsoleApp(real, clock=now, every=0)
    async with looked_at(app, guestbook) as pilot:
        wizard(app).change(wizard(app).draft.with_variable("GREETING", Variable("hi")))
        assert [one.draft.source for one in app.drafts.all()] == [str(guestbook)]
        await pilot.press("p")
        await planned(pilot)
        await pilot.press("enter")
        assert await deployed(pilot) == ("done", 1)
        assert app.drafts.all() == []


async def test_a_variable_that_is_half_typed_is_there_again_and_a_secret_is_asked_about(
    empty: Context, guestbook: Path
) -> None:
    app = worlds.console(empty)
    async with looked_at(app, guestbook) as pilot:
        await pilot.press("5", "a", *"GREETING", "enter", *"good", "escape")
        assert isinstance(app.screen, WizardScreen)
        await pilot.press("a", "enter", *" day", "enter")
        assert wizard(app).draft.variables == {"GREETING": Variable("good day")}
        await pilot.press("a", *"API_KEY", "enter", *"s3cret-value", "tab", "space", "escape")
        assert isinstance(app.screen, ConfirmScreen)
        await pilot.press("n")
        assert isinstance(app.screen, VariableScreen)
        assert app.screen.query_one("#value", Input).value == "s3cret-value"
        await pilot.press("escape", "y", "a")
        assert [app.screen.query_one(f"#{name}", Input).value for name in ("name", "value")] == ["API_KEY", ""]
        await pilot.press("escape")
        assert wizard(app).half == {"a new variable": "API_KEY="}
