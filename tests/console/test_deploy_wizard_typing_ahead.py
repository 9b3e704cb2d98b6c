"""Keys that are typed faster than the console follows do what they do when they are typed slowly."""

import socket
from pathlib import Path

import pytest
import worlds
from git_house import GitHouse
from source_tree import written
from textual.events import Key
from textual.keys import _character_to_key
from textual.widgets import Input
from wizard_at_work import deployed, looked_at, planned, settled, wizard
from worlds import drawn, opened, until

from webduh_console.clock import now
from webduh_console.commands.context import Context
from webduh_console.console.app import ConsoleApp
from webduh_console.console.screens.plan import PlanScreen
from webduh_console.console.screens.result import ListingScreen
from webduh_console.console.wizard.finishing import WriteScreen
from webduh_console.console.wizard.screen import WizardScreen
from webduh_console.console.wizard.source_pane import SourcePane


def burst(app: ConsoleApp, *keys: str) -> None:
    """Keys as a terminal sends them that has kept them: all at once."""
    for key in keys:
        name = _character_to_key(key) if len(key) == 1 else key
        app.post_message(Key(name, key if len(key) == 1 else None))


async def test_a_path_and_enter_typed_at_once_come_to_the_plan(real: Context, guestbook: Path) -> None:
    app = ConsoleApp(real, clock=now, every=0)
    async with opened(app, (140, 40)) as pilot:
        burst(app, "n", *str(guestbook), "enter", "enter")
        await planned(pilot)
        await pilot.press("enter")
        assert await deployed(pilot) == ("done", 1)


async def test_the_current_folder_is_chosen_by_enter_before_its_list_is_there(empty: Context, guestbook: Path) -> None:
    app = worlds.console(empty)
    async with opened(app, (140, 40)) as pilot:
        burst(app, "n", "enter", "3", *["down"] * 8, "enter", *"/up", "enter")
        await until(pilot, lambda: isinstance(app.screen, WizardScreen) and app.screen.draft.changes)
        await settled(pilot)
        assert (wizard(app).draft.source, wizard(app).draft.changes) == (str(guestbook), {("health",): "/up"})


async def test_what_is_typed_right_after_enter_is_no_part_of_the_path(empty: Context, guestbook: Path) -> None:
    app = worlds.console(empty)
    async with opened(app, (140, 40)) as pilot:
        await pilot.press("n", *str(guestbook))
        burst(app, "enter", "3")
        await until(pilot, lambda: wizard(app).looked)
        await until(pilot, lambda: wizard(app).tab == "settings")
        assert wizard(app).draft.source == str(guestbook)
        await pilot.press("1")
        await until(pilot, lambda: app.focused is not None and app.focused.id == "source")
        await pilot.press("x")
        await until(pilot, lambda: wizard(app).query_one(SourcePane).text == f"{guestbook}x")


async def test_the_footer_of_the_source_says_what_its_keys_do(empty: Context) -> None:
    app = worlds.console(empty)
    async with opened(app, (80, 24)) as pilot:
        await pilot.press("n")
        await until(pilot, lambda: "⏎ look at it  tab complete  ↓ next folder  esc back" in drawn(app))


async def test_a_folder_is_completed_by_a_tab_that_was_typed_ahead(empty: Context, tmp_path: Path) -> None:
    written(tmp_path / "sites", {"blog/index.html": "x"})
    app = worlds.console(empty)
    async with opened(app, (140, 40)) as pilot:
        burst(app, "n", *f"{tmp_path}/si", "tab", *"bl", "tab", "enter", "6")
        await until(pilot, lambda: isinstance(app.screen, WizardScreen) and app.screen.looked)
        await until(pilot, lambda: wizard(app).tab == "target")
        assert wizard(app).draft.source == str(tmp_path / "sites" / "blog")


async def test_keys_wait_for_a_repository_and_esc_forgets_them(empty: Context) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/shop.git"
        app = worlds.console(empty)
        async with opened(app, (140, 40)) as pilot:
            burst(app, "n", *url, "enter", "3", "p", "5")
            await until(pilot, lambda: "esc stops it" in drawn(app))
            await pilot.press("d", "escape")
            await until(pilot, lambda: "It was not looked at." in drawn(app))
            assert wizard(app).tab == "source"
            await pilot.press("x")
            await until(pilot, lambda: wizard(app).query_one(SourcePane).text == f"{url}x")


async def test_the_plan_of_a_repository_is_asked_for_while_it_is_fetched(real: Context, tmp_path: Path) -> None:
    house = GitHouse(tmp_path / "git")
    house.commit({"index.html": "<p>hello\n"})
    app = ConsoleApp(real, clock=now, every=0)
    async with opened(app, (140, 40)) as pilot:
        burst(app, "n", *house.url, "enter", "p")
        await planned(pilot)


async def test_nothing_is_agreed_to_by_a_key_that_was_typed_before_the_question(real: Context, guestbook: Path) -> None:
    app = ConsoleApp(real, clock=now, every=0)
    async with looked_at(app, guestbook) as pilot:
        before = (guestbook / "webduh.yaml").read_text("utf-8")
        wizard(app).change(wizard(app).draft.changed(("health",), "/up"))
        burst(app, "p", "enter", "enter", "enter")
        await until(pilot, lambda: isinstance(app.screen, WriteScreen))
        await pilot.pause(0.1)
        assert isinstance(app.screen, WriteScreen)
        assert (guestbook / "webduh.yaml").read_text("utf-8") == before
        await pilot.press("y")
        burst(app, "enter", "enter", "enter")
        await planned(pilot)
        assert isinstance(app.screen, PlanScreen)


@pytest.mark.parametrize("text", ["quit", "dry"])
async def test_what_is_typed_into_a_wizard_that_opens_does_nothing_below_it(full: Context, text: str) -> None:
    app = worlds.console(full)
    async with opened(app, (140, 40)) as pilot:
        burst(app, "n", *text)
        await until(pilot, lambda: isinstance(app.screen, WizardScreen))
        await until(pilot, lambda: [field.value for field in app.screen.query("#source").results(Input)] == [text])


async def test_a_single_key_waits_for_the_screen_that_opens(full: Context) -> None:
    app = worlds.console(full)
    async with opened(app, (140, 40)) as pilot:
        app.action_jump()
        burst(app, "x")
        await until(pilot, lambda: [field.value for field in app.screen.query(Input)] == ["x"])


async def test_a_command_is_typed_before_its_line_is_there(full: Context) -> None:
    app = worlds.console(full)
    async with opened(app, (140, 40)) as pilot:
        burst(app, "colon", *"app ls", "enter")
        await until(pilot, lambda: "storefront" in drawn(app) and isinstance(app.screen, ListingScreen))
