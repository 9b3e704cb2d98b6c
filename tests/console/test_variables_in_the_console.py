"""Variables are added, edited and taken away in place; a secret is shown to nobody who did not ask."""

from pathlib import Path

import pytest
import worlds
from textual.pilot import Pilot
from textual.widgets import Checkbox, Input
from worlds import GUESTBOOK, drawn, opened, until

from webduh_console.commands.context import Context
from webduh_console.console.app import ConsoleApp
from webduh_console.console.screens.app_screen import AppScreen
from webduh_console.console.screens.dialogs import ConfirmScreen
from webduh_console.console.screens.variables import RevealScreen, VariableScreen, VariablesPane
from webduh_console.console.widgets.bars import ActionBar
from webduh_console.model.release import Variable


def pane(app: ConsoleApp) -> VariablesPane:
    """The variables on the screen."""
    return app.screen.query_one(VariablesPane)


def pending(ctx: Context) -> dict[str, Variable | None]:
    """What waits for the next deployment."""
    return {change.name: change.variable for change in ctx.state.pending.list(GUESTBOOK)}


async def shown(app: ConsoleApp, pilot: Pilot[int], name: str = "") -> None:
    """Open the variables of the app, with the cursor on one."""
    app.open_app(GUESTBOOK, "variables")
    await until(pilot, lambda: bool(app.screen.query(VariablesPane)) and pane(app).count() == 4)
    if name:
        assert pane(app).go_to(name)


async def test_a_variable_is_added(released: Context) -> None:
    app = worlds.console(released)
    async with opened(app, (120, 36)) as pilot:
        await shown(app, pilot)
        await pilot.press("a", *"COLOUR", "enter", *"light blue", "enter")
        await until(pilot, lambda: pane(app).count() == 5)
        assert pending(released)["COLOUR"] == Variable("light blue")
        assert "light blue" in drawn(app)


async def test_what_is_typed_as_a_secret_is_seen_nowhere(released: Context) -> None:
    app = worlds.console(released)
    async with opened(app, (120, 36)) as pilot:
        await shown(app, pilot)
        await pilot.press("a", *"TOKEN", "enter", "tab", "space", "shift+tab", *"hunter22")
        await until(pilot, lambda: app.screen.query_one("#value", Input).value == "hunter22")
        assert app.screen.query_one(Checkbox).value
        assert "hunter22" not in drawn(app)
        await pilot.press("enter")
        await until(pilot, lambda: pane(app).count() == 5)
        assert pending(released)["TOKEN"] == Variable("hunter22", secret=True)
        assert "hunter22" not in drawn(app)


async def test_a_value_is_edited_and_the_change_forgotten_again(released: Context) -> None:
    app = worlds.console(released)
    async with opened(app, (120, 36)) as pilot:
        await shown(app, pilot, "LANG")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, VariableScreen))
        assert app.screen.query_one("#value", Input).value == "en"
        await pilot.press("backspace", "backspace", *"de", "enter")
        await until(pilot, lambda: pending(released).get("LANG") == Variable("de"))
        await until(pilot, lambda: "de " in drawn(app) and "changed, at the next deployment" in drawn(app))
        await pilot.press("z")
        await until(pilot, lambda: "LANG" not in pending(released))


async def test_one_is_taken_away_with_the_next_deployment(released: Context) -> None:
    app = worlds.console(released)
    async with opened(app, (120, 36)) as pilot:
        await shown(app, pilot, "LANG")
        await pilot.press("delete")
        await until(pilot, lambda: pending(released).get("LANG", Variable("")) is None)
        await until(pilot, lambda: "taken away, at the next deployment" in drawn(app))


async def test_the_old_value_of_a_secret_is_not_in_the_field_and_nothing_typed_leaves_it(released: Context) -> None:
    app = worlds.console(released)
    async with opened(app, (120, 36)) as pilot:
        await shown(app, pilot, "SECRET_KEY")
        await pilot.press("e")
        await until(pilot, lambda: isinstance(app.screen, VariableScreen))
        field = app.screen.query_one("#value", Input)
        assert (field.value, field.password) == ("", True)
        await pilot.press("enter")
        await until(pilot, lambda: "the secret stays as it is" in drawn(app))
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, AppScreen))
        assert "SECRET_KEY" not in pending(released)


async def test_a_secret_is_shown_after_a_question_and_gone_with_the_dialog(released: Context) -> None:
    app = worlds.console(released)
    async with opened(app, (120, 36)) as pilot:
        await shown(app, pilot, "SECRET_KEY")
        await pilot.press("p")
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
        assert "not to be seen" not in drawn(app)
        await pilot.press("n")
        await until(pilot, lambda: isinstance(app.screen, AppScreen))
        await pilot.press("p", "y")
        await until(pilot, lambda: isinstance(app.screen, RevealScreen) and "not to be seen" in drawn(app))
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, AppScreen))
        assert "not to be seen" not in drawn(app)


@pytest.mark.parametrize(("name", "says"), [("1A", "cannot be a variable's name"), ("PORT", "given by the target")])
async def test_a_name_that_cannot_be_is_said_and_what_was_typed_stays(released: Context, name: str, says: str) -> None:
    app = worlds.console(released)
    async with opened(app, (120, 36)) as pilot:
        await shown(app, pilot)
        await pilot.press("a", *name, "enter", "x", "enter")
        await until(pilot, lambda: says in drawn(app))
        assert isinstance(app.screen, VariableScreen)
        assert app.screen.query_one("#value", Input).value == "x"


async def test_only_what_there_is_something_for_is_offered(released: Context) -> None:
    app = worlds.console(released)
    async with opened(app, (160, 48)) as pilot:
        await shown(app, pilot, "LANG")
        await pilot.pause()
        names = [action.name for action, _ in app.screen.query_one(ActionBar).offered()]
        assert {"add_variable", "edit_variable", "take_variable_away"} <= set(names)
        assert not {"reveal", "leave_variable"} & set(names)


async def test_in_read_only_mode_nothing_is_changed_from_here(tmp_path: Path) -> None:
    ctx = worlds.with_releases(worlds.full(tmp_path, "read_only: true\n"))
    app = worlds.console(ctx)
    before = pending(ctx)
    async with opened(app, (120, 36)) as pilot:
        await shown(app, pilot, "LANG")
        await pilot.press("a", "e", "delete", "enter")
        await pilot.pause()
        assert isinstance(app.screen, AppScreen)
        assert pending(ctx) == before
    ctx.close()
