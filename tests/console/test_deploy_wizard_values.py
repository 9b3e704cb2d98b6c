"""What is typed in the deploy wizard: settings, variables, names and domains."""

import shlex
from pathlib import Path

import worlds
from source_tree import written
from textual.widgets import Input
from wizard_at_work import CONFIG, KEY, deployed, looked_at, planned, settled, wizard
from worlds import drawn, until

from webduh_console.clock import now
from webduh_console.commands.context import Context
from webduh_console.commands.language import run_line
from webduh_console.console.app import ConsoleApp
from webduh_console.console.screens.dialogs import ErrorScreen
from webduh_console.console.widgets.table import Table
from webduh_console.console.wizard.finishing import ScriptScreen, WriteScreen
from webduh_console.console.wizard.screen import WizardScreen
from webduh_console.model.release import Variable


async def test_what_is_typed_is_shown_as_a_difference_written_and_deployed(real: Context, guestbook: Path) -> None:
    app = ConsoleApp(real, clock=now, every=0.5)
    async with looked_at(app, guestbook) as pilot:
        await pilot.press("3", *["down"] * 8, "enter", *"/up", "enter")
        await settled(pilot)
        assert "+health: /up" in drawn(app)
        assert (guestbook / "webduh.yaml").read_text("utf-8") == CONFIG
        await pilot.press("p")
        assert isinstance(app.screen, WriteScreen)
        await pilot.press("n")
        assert (guestbook / "webduh.yaml").read_text("utf-8") == CONFIG
        await pilot.press("p", "y")
        await planned(pilot)
        assert (guestbook / "webduh.yaml").read_text("utf-8") == f"{CONFIG}health: /up\n"
        await pilot.press("escape")
        assert wizard(app).draft.changes == {("health",): "/up"}
        await pilot.press("p")
        await planned(pilot)
        await pilot.press("enter")
        assert await deployed(pilot) == ("done", 1)


async def test_a_process_is_added_beside_those_that_there_are(empty: Context, guestbook: Path) -> None:
    app = worlds.console(empty)
    async with looked_at(app, guestbook) as pilot:
        await pilot.press("3", "a", *"web ./other", "enter")
        assert "there is a process web already" in drawn(app)
        await pilot.press(*["backspace"] * 11, *"worker ./work --all", "enter")
        await settled(pilot)
        looked = wizard(app).looked
        assert looked is not None
        assert looked.proposed.difference[-2:] == ("+processes:", "+  worker: ./work --all")
        assert looked.build.processes[-1].command == ("sh", "-c", "./work --all")


async def test_a_file_that_somebody_else_changed_meanwhile_is_left_to_them(empty: Context, guestbook: Path) -> None:
    app = worlds.console(empty)
    async with looked_at(app, guestbook) as pilot:
        wizard(app).change(wizard(app).draft.changed(("health",), "/up"))
        await settled(pilot)
        (guestbook / "webduh.yaml").write_text("name: other\n", "utf-8")
        await pilot.press("p", "y")
        await until(pilot, lambda: isinstance(app.screen, ErrorScreen))
        assert "webduh.yaml was changed meanwhile." in drawn(app)
    assert (guestbook / "webduh.yaml").read_text("utf-8") == "name: other\n"


async def test_what_it_needs_is_asked_for_before_the_plan(empty: Context, tmp_path: Path) -> None:
    files = {
        "Gemfile": 'source "https://rubygems.org"\ngem "rails", "8.0.0"\ngem "puma"\n',
        "config/application.rb": "class Application < Rails::Application\nend\n",
        "config.ru": "run Rails.application\n",
        "bin/rails": "#!/usr/bin/env ruby\n",
    }
    written(tmp_path / "shop", files)
    app = worlds.console(empty)
    async with looked_at(app, tmp_path / "shop") as pilot:
        await pilot.press("enter")
        assert wizard(app).tab == "variables"
        assert "It needs variables that have no value yet" in drawn(app)
        line = next(line for line in drawn(app).splitlines() if "SECRET_KEY_BASE" in line)
        assert "✗ needed" in line
        await pilot.press("enter", *"0123456789abcdef", "enter")
        looked = wizard(app).looked
        assert looked is not None
        assert looked.missing(wizard(app).draft) == []
        assert wizard(app).draft.variables == {"SECRET_KEY_BASE": Variable("0123456789abcdef", True)}
        assert "0123456789abcdef" not in drawn(app)


async def test_variables_are_typed_in_place_and_a_secret_is_nowhere_seen(real: Context, guestbook: Path) -> None:
    app = ConsoleApp(real, clock=now, every=0.5)
    async with looked_at(app, guestbook) as pilot:
        await pilot.press("5", "a", *"API_KEY", "tab", "tab", "space", "shift+tab", *"s3cret-value")
        assert "s3cret-value" not in drawn(app)
        await pilot.press("enter")
        assert "s3cret-value" not in drawn(app)
        assert wizard(app).draft.variables == {"API_KEY": Variable("s3cret-value", True)}
        await until(pilot, lambda: "GREETING" in drawn(app))
        table = wizard(app).query_one("#needs", Table)
        assert table.go_to("API_KEY")
        await pilot.press("enter", *"an0ther-value")
        assert wizard(app).query_one("CommandBar Input", Input).password
        assert "an0ther-value" not in drawn(app)
        await pilot.press("enter")
        table.go_to("GREETING")
        await pilot.press("enter", *"good day", "enter", "y")
        assert isinstance(app.screen, ScriptScreen)
        assert "an0ther-value" not in "".join(app.screen.script)
        await pilot.press("escape", "p")
        await planned(pilot)
        await pilot.press("enter")
        assert await deployed(pilot) == ("done", 1)
    release = real.target("local").record(KEY, "local").read(1)
    kept = {name: release.variables[name] for name in ("API_KEY", "GREETING")}
    assert {name: (one.value, one.secret) for name, one in kept.items()} == {
        "API_KEY": ("an0ther-value", True),
        "GREETING": ("good day", False),
    }
    assert "an0ther-value" not in repr(real.state.history.events(release.deployment))


async def test_a_name_that_is_taken_is_said_and_can_be_typed_again(empty: Context, guestbook: Path) -> None:
    written(guestbook.parent / "other", {"index.html": "x"})
    run_line(empty, f"app add {shlex.quote(str(guestbook.parent / 'other'))} --name taken")
    app = worlds.console(empty)
    async with looked_at(app, guestbook) as pilot:
        await pilot.press("3", "enter", *["backspace"] * 9, *"taken", "enter")
        await settled(pilot)
        assert "There is another app named taken." in drawn(app)
        await pilot.press("p")
        assert isinstance(app.screen, WizardScreen)
        await pilot.press("enter", *["backspace"] * 9, *"Own", "enter")
        assert "a-z, 0-9 and single hyphens" in drawn(app)
        await pilot.press(*["backspace"] * 3, *"own", "enter")
        await settled(pilot)
        looked = wizard(app).looked
        assert looked is not None
        assert (looked.problem, wizard(app).error, looked.app) == (None, None, "own")


async def test_a_domain_that_leads_elsewhere_is_refused_and_a_target_is_chosen(full: Context, tmp_path: Path) -> None:
    worlds.with_servers(full)
    written(tmp_path / "site", {"index.html": "x"})
    app = worlds.console(full)
    async with looked_at(app, tmp_path / "site") as pilot:
        wizard(app).taken = {"blog.example.com": "blog"}
        await pilot.press("6", "down", "enter", "d", *"blog.example.com", "enter")
        assert "leads to blog already" in drawn(app)
        await pilot.press("x", "enter")
        assert (wizard(app).draft.on, wizard(app).draft.domains) == ("fra-1", ("blog.example.comx",))
        await pilot.press("a")
        assert wizard(app).query_one("CommandBar Input", Input).value == "target add "
