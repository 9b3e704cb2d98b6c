"""The apps: opened at once on what is remembered, and worked with by keys alone."""

from pathlib import Path

import pytest
import worlds
from worlds import drawn, opened, until

from webduh_console.commands.context import Context
from webduh_console.console.deployments import Live
from webduh_console.console.screens.app_screen import AppScreen
from webduh_console.console.screens.deployment import DeploymentScreen
from webduh_console.console.screens.dialogs import ErrorScreen, HelpScreen
from webduh_console.console.screens.home import HomeScreen
from webduh_console.console.screens.result import ListingScreen, TextScreen
from webduh_console.console.widgets.bars import ActionBar
from webduh_console.console.widgets.command_bar import BarInput
from webduh_console.console.wizard.screen import WizardScreen
from webduh_console.console.wizard.source_pane import SourcePane, folders
from webduh_console.model.target import CancelToken


async def test_it_opens_on_what_is_remembered_and_says_how_old_that_is(full: Context) -> None:
    app = worlds.console(full)
    async with opened(app, (160, 48)):
        text = " ".join(drawn(app).split())
        assert "● serving guestbook production v12 localhost:20011 local 0.15 125M" in text
        assert "✗ down shop/mailer preview-42 v2" in text
        assert "◌ as of 3 min ago" in text


async def test_the_footer_offers_what_can_be_done_here(full: Context) -> None:
    app = worlds.console(full)
    async with opened(app, (160, 48)) as pilot:
        offered = [action.name for action, _ in app.screen.query_one(ActionBar).offered()]
        assert offered == [
            "choose", "deploy", "deploy_folder", "logs", "rollback", "open_address", "mark_app",
            "deployments", "targets", "sort", "update", "filter", "command", "jump", "help", "leave",
        ]  # fmt: skip
        await pilot.press("down", "down", "down")
        await pilot.pause()
        assert "open_address" not in [action.name for action, _ in app.screen.query_one(ActionBar).offered()]


@pytest.mark.parametrize("size", [(20, 5), (40, 10), (80, 24), (100, 30), (160, 48), (300, 80)])
async def test_every_screen_survives_every_size(released: Context, size: tuple[int, int]) -> None:
    app = worlds.console(released)
    async with opened(app, size) as pilot:
        for keys in (
            ["question_mark"],
            ["escape"],
            ["enter"],
            ["2"],
            ["3"],
            ["4"],
            ["5"],
            ["escape"],
            ["colon"],
            ["escape"],
        ):
            await pilot.press(*keys)
            await pilot.pause()
            assert max(map(len, drawn(app).splitlines()), default=0) <= size[0]


async def test_a_filter_narrows_the_apps_and_escape_drops_it(full: Context) -> None:
    app = worlds.console(full)
    async with opened(app) as pilot:
        home = app.screen
        assert isinstance(home, HomeScreen)
        await pilot.press("slash", *"shop", "enter")
        assert [row.key for row in home.apps.rows] == ["shop/mailer/preview-42", "shop/storefront/production"]
        assert home.focused is home.apps
        await pilot.press("escape")
        assert home.apps.count() == 5


async def test_sorting_puts_the_worst_first_and_can_be_turned(full: Context) -> None:
    app = worlds.console(full)
    async with opened(app) as pilot:
        home = app.screen
        assert isinstance(home, HomeScreen)
        await pilot.press("s")
        assert [row.key.split("/")[1] for row in home.apps.rows][:2] == ["mailer", "storefront"]
        await pilot.press("S")
        assert [row.key.split("/")[1] for row in home.apps.rows][-2:] == ["storefront", "mailer"]


async def test_the_cursor_stays_on_its_app_when_rows_change_places(full: Context) -> None:
    app = worlds.console(full)
    async with opened(app) as pilot:
        home = app.screen
        assert isinstance(home, HomeScreen)
        await pilot.press("down", "down", "down", "down")
        key = home.apps.key
        await pilot.press("s")
        assert home.apps.key == key == "shop/storefront/production"


async def test_enter_opens_the_app_and_escape_comes_back(full: Context) -> None:
    app = worlds.console(full)
    async with opened(app) as pilot:
        await pilot.press("down", "enter")
        assert isinstance(app.screen, AppScreen)
        assert app.screen.key == worlds.GUESTBOOK
        await pilot.press("escape")
        assert isinstance(app.screen, HomeScreen)


async def test_a_past_deployment_is_opened_from_the_list(full: Context) -> None:
    identity = full.state.history.list(limit=1)[0].id
    for event in worlds.events(identity, "failed"):
        full.state.history.keep(event)
    full.state.history.flush()
    app = worlds.console(full)
    async with opened(app) as pilot:
        await pilot.press("v", "enter")
        await until(pilot, lambda: isinstance(app.screen, DeploymentScreen))
        assert "The new release of guestbook did not become healthy." in drawn(app)


async def test_what_runs_is_seen_with_its_step(full: Context) -> None:
    app = worlds.console(full)
    live = Live("01JNHRUN", worlds.GUESTBOOK, "deploy", "local", CancelToken())
    for event in worlds.events("01JNHRUN", "healthy"):
        live.arrive(event)
    live.take()
    app.deployments.adopt(live)
    async with opened(app, (160, 48)):
        text = drawn(app)
        assert "▶ 1 deploying" in text
        assert "healthy 6/11" in text


async def test_help_lists_every_action_of_the_footer(full: Context) -> None:
    app = worlds.console(full)
    async with opened(app, (120, 60)) as pilot:
        offered = {action.help for action, _ in app.screen.query_one(ActionBar).offered()}
        await pilot.press("question_mark")
        assert isinstance(app.screen, HelpScreen)
        listed = {action.help for _, actions in app.screen.groups() for action in actions}
        assert offered <= listed
        await pilot.press("escape")
        assert isinstance(app.screen, HomeScreen)


async def test_an_empty_console_teaches_its_first_steps_and_their_keys_do_them(empty: Context, tmp_path: Path) -> None:
    app = worlds.console(empty)
    async with opened(app, (80, 24)) as pilot:
        text = drawn(app)
        assert [line.strip() for line in text.splitlines() if line.strip().startswith("webduh ")] == [
            "webduh demo",
            "webduh deploy PATH",
            "webduh target add NAME ssh://…",
        ]
        await pilot.press("4")
        assert isinstance(app.screen, TextScreen)
        await pilot.press("escape", "2")
        assert isinstance(app.screen, WizardScreen)
        await pilot.press("escape")
        assert isinstance(app.screen, HomeScreen)
        await pilot.press("3")
        assert app.screen.query_one(BarInput).value == "target add "


async def test_a_folders_path_is_completed(empty: Context, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("site", "shop", ".hidden"):
        (tmp_path / "projects" / name).mkdir(parents=True)
    (tmp_path / "projects" / "file").touch()
    monkeypatch.chdir(tmp_path)
    assert folders("projects/") == ["projects/shop/", "projects/site/"]
    assert folders("projects/.") == ["projects/.hidden/"]
    assert folders("nowhere/x") == []
    app = worlds.console(empty)
    async with opened(app) as pilot:
        await pilot.press("2", *"proj")
        pane = app.screen.query_one(SourcePane)
        await until(pilot, lambda: pane.paths == ["projects/"])
        await pilot.press("tab")
        await until(pilot, lambda: pane.paths == ["projects/shop/", "projects/site/"])
        await pilot.press("down", "tab")
        await until(pilot, lambda: pane.text == "projects/site/")
        await pilot.press("enter")
        await until(pilot, lambda: "The folder site is empty." in drawn(app))


async def test_read_only_neither_offers_nor_does_what_changes_something(tmp_path: Path) -> None:
    ctx = worlds.full(tmp_path / "home", "read_only: true\n")
    app = worlds.console(ctx)
    async with opened(app) as pilot:
        offered = {action.name for action, _ in app.screen.query_one(ActionBar).offered()}
        assert not offered & {"deploy", "rollback", "deploy_folder"}
        assert "read-only" in drawn(app)
        await pilot.press("d")
        assert isinstance(app.screen, HomeScreen)
        await pilot.press("colon", *"deploy guestbook", "enter")
        await until(pilot, lambda: isinstance(app.screen, ErrorScreen))
        assert "the console is read-only" in drawn(app)
    ctx.close()


async def test_a_users_key_does_what_it_should_and_a_wrong_line_is_named(tmp_path: Path) -> None:
    ctx = worlds.full(tmp_path / "home")
    (ctx.home.config / "keys.yaml").write_text("logs: L\nnonsense: x\n", "utf-8")
    app = worlds.console(ctx)
    async with opened(app) as pilot:
        assert [
            (action.name, sign) for action, sign in app.screen.query_one(ActionBar).offered() if action.name == "logs"
        ] == [("logs", "L")]
        assert [one.message for one in app._notifications] == ["keys.yaml: there is no action nonsense."]
        await pilot.press("L")
        await pilot.pause()
        assert isinstance(app.screen, AppScreen)
        assert app.screen.tab == "logs"
    ctx.close()


async def test_a_command_that_reads_shows_a_table_and_a_wrong_one_says_why(full: Context) -> None:
    app = worlds.console(full)
    async with opened(app) as pilot:
        await pilot.press("colon", *"deployments", "enter")
        await until(pilot, lambda: isinstance(app.screen, ListingScreen))
        await pilot.press("escape", "colon", *"staus", "enter")
        await until(pilot, lambda: isinstance(app.screen, ErrorScreen))
        assert "Did you mean status?" in drawn(app)


async def test_commands_are_completed_and_remembered(full: Context) -> None:
    app = worlds.console(full)
    async with opened(app) as pilot:
        await pilot.press("colon", *"stat")
        await until(pilot, lambda: "status" in drawn(app))
        await pilot.press("tab")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, ListingScreen))
        await pilot.press("escape", "colon", "up")
        await pilot.pause()
        assert ": status" in drawn(app)


async def test_an_action_can_be_typed_by_its_name(full: Context) -> None:
    app = worlds.console(full)
    async with opened(app) as pilot:
        await pilot.press("colon", *"next-theme", "enter")
        await until(pilot, lambda: app.theme == "paper")


async def test_leaving_is_one_key_when_nothing_runs(full: Context) -> None:
    app = worlds.console(full)
    async with opened(app) as pilot:
        await pilot.press("q")
        await pilot.pause()
    assert app.return_value == 0
