"""The deploy wizard by keys, over the real local target."""

import shlex
import socket
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import worlds
from git_house import GitHouse
from source_tree import written
from textual.pilot import Pilot
from textual.widgets import Input
from worlds import drawn, opened, until

from webduh_console.cli.script import run_script
from webduh_console.clock import now
from webduh_console.commands.context import Context
from webduh_console.commands.draft import Draft
from webduh_console.commands.language import run_line
from webduh_console.console.app import ConsoleApp
from webduh_console.console.screens.deployment import DeploymentScreen
from webduh_console.console.screens.dialogs import ConfirmScreen, ErrorScreen
from webduh_console.console.screens.home import HomeScreen
from webduh_console.console.screens.plan import PlanScreen
from webduh_console.console.widgets.bars import ActionBar
from webduh_console.console.widgets.table import Table
from webduh_console.console.wizard.finishing import ScriptScreen, WriteScreen
from webduh_console.console.wizard.screen import WizardScreen
from webduh_console.console.wizard.source_pane import SourcePane, source_of
from webduh_console.model.names import AppKey
from webduh_console.model.release import Variable

KEY = AppKey("default", "guestbook", "production")
SERVER = """\
import http.server, os
class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers(); self.wfile.write(os.environ.get("GREETING", "hello").encode())
http.server.HTTPServer(("127.0.0.1", int(os.environ["PORT"])), Page).serve_forever()
"""
CONFIG = f"""\
# as it was written by hand
name: guestbook
framework: python
install: []
build: []
start: [{sys.executable}, app.py]   # this Python
deploy: {{watch: 0, drain: 0}}
"""


@pytest.fixture
def guestbook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with an app."""
    written(tmp_path / "guestbook", {"app.py": SERVER, "webduh.yaml": CONFIG})
    monkeypatch.chdir(tmp_path / "guestbook")
    return tmp_path / "guestbook"


@pytest.fixture
def real(tmp_path: Path) -> Iterator[Context]:
    """An empty home whose local target is stopped at the end."""
    ctx = worlds.context(tmp_path / "home")
    yield ctx
    run_line(ctx, "target stop local")
    ctx.close()


@asynccontextmanager
async def looked_at(app: ConsoleApp, folder: Path | str, **more: Any) -> AsyncIterator[Pilot[Any]]:
    """A console whose wizard has looked at a source."""
    async with opened(app, (140, 40)) as pilot:
        app.push_screen(WizardScreen(Draft(str(folder)), **more))
        await until(pilot, lambda: isinstance(app.screen, WizardScreen) and app.screen.turn and not app.screen.cancel)
        yield pilot


def wizard(app: ConsoleApp) -> WizardScreen:
    """The wizard that is shown."""
    assert isinstance(app.screen, WizardScreen)
    return app.screen


async def settled(pilot: Pilot[Any]) -> None:
    """Everything that was begun is done."""
    app = pilot.app
    await until(pilot, lambda: not isinstance(app.screen, WizardScreen) or app.screen.cancel is None)
    await pilot.pause()


async def planned(pilot: Pilot[Any]) -> PlanScreen:
    """The plan, once it is there."""
    app = pilot.app
    await until(pilot, lambda: isinstance(app.screen, PlanScreen) and (app.screen.plan or app.screen.error))
    assert isinstance(app.screen, PlanScreen)
    assert app.screen.error is None, app.screen.error
    return app.screen


async def deployed(pilot: Pilot[Any]) -> tuple[str, int | None]:
    """How the deployment ended that is shown."""
    app = pilot.app
    await until(pilot, lambda: isinstance(app.screen, DeploymentScreen) and app.screen.live.over)
    assert isinstance(app.screen, DeploymentScreen)
    finished = app.screen.live.timeline.finished
    assert finished is not None
    return finished.outcome, finished.release


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


async def test_a_repository_is_typed_with_its_branch_and_offers_what_are_options(
    empty: Context, tmp_path: Path
) -> None:
    house = GitHouse(tmp_path / "git")
    house.commit({"README": "x"})
    house.commit({"site/index.html": "x"}, branch="next")
    app = worlds.console(empty)
    async with opened(app, (140, 40)) as pilot:
        await pilot.press("2", *house.url, "tab", *"next", "tab", *"site", "enter")
        await until(pilot, lambda: "● chosen" in drawn(app))
        screen = wizard(app)
        assert (screen.draft.ref, screen.draft.path) == ("next", "site")
        await pilot.press("3", "end", "enter")
        await until(pilot, lambda: "A repository is not written to from here" in drawn(app))
        await pilot.press("home", "enter", *["backspace"] * 4, *"pages", "enter")
        await settled(pilot)
        assert screen.script() == [f"deploy {house.url} --ref next --path site --name pages"]


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


async def test_of_two_that_are_equally_strong_one_is_chosen(empty: Context, tmp_path: Path) -> None:
    files = {
        "requirements.txt": "flask",
        "app.py": "from flask import Flask\napp = Flask(__name__)\n",
        "package.json": '{"dependencies": {"express": "5"}}',
        "package-lock.json": "",
        "server.js": "",
    }
    written(tmp_path / "both", files)
    app = worlds.console(empty)
    async with looked_at(app, tmp_path / "both") as pilot:
        screen = wizard(app)
        assert screen.looked is not None
        assert screen.looked.match is None
        assert "both could be node or python." in drawn(app)
        await pilot.press("enter")
        await settled(pilot)
        assert screen.looked.match is not None
        assert screen.looked.problem is None


async def test_a_repository_is_deployed_and_its_tree_goes_away(real: Context, tmp_path: Path) -> None:
    house = GitHouse(tmp_path / "git")
    house.commit({"index.html": "<p>hello\n"})
    app = ConsoleApp(real, clock=now, every=0.5)
    async with opened(app, (140, 40)) as pilot:
        await pilot.press("n", *house.url, "enter")
        await until(pilot, lambda: "● chosen" in drawn(app))
        await pilot.press("enter")
        await planned(pilot)
        await pilot.press("enter")
        assert await deployed(pilot) == ("done", 1)
    assert real.checkouts == {}
    assert [(entry.name, entry.url) for entry in real.state.apps.all()] == [("shop", house.url)]


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


async def test_what_was_set_for_a_deployment_that_does_not_come_is_forgotten(real: Context, guestbook: Path) -> None:
    app = ConsoleApp(real, clock=now, every=0)
    async with looked_at(app, guestbook) as pilot:
        wizard(app).change(wizard(app).draft.with_variable("GREETING", Variable("hi")))
        await pilot.press("p")
        await planned(pilot)
        assert real.state.pending.names(KEY) == ("GREETING",)
        await pilot.press("escape", "escape", "escape")
        assert isinstance(app.screen, ConfirmScreen)
        await pilot.press("y")
        await until(pilot, lambda: isinstance(app.screen, HomeScreen))
        await until(pilot, lambda: real.state.pending.names(KEY) == ())
        assert real.state.apps.all() == []


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


async def test_another_candidate_is_chosen_and_the_first_can_be_taken_back(empty: Context, tmp_path: Path) -> None:
    folder = tmp_path / "both"
    written(folder, {"Dockerfile": "FROM scratch\n", "index.html": "<p>hello", "package.json": '{"name": "both"}'})
    app = worlds.console(empty)
    async with looked_at(app, folder) as pilot:
        screen = wizard(app)
        assert screen.looked is not None
        assert screen.looked.match is not None
        assert screen.looked.match.framework == "dockerfile"
        others = [one.framework for one in screen.looked.alternatives]
        assert "static" in others
        await pilot.press(*["down"] * (others.index("static") + 1), "enter")
        await settled(pilot)
        assert screen.looked.match.framework == "static"
        assert screen.looked.proposed.difference[-1] == "+framework: static"
        await pilot.press("3", "down", "down", "delete")
        await settled(pilot)
        assert screen.looked.match.framework == "dockerfile"


@pytest.mark.parametrize("of_repository", [False, True])
async def test_an_app_of_several_is_chosen_from_a_list(empty: Context, tmp_path: Path, of_repository: bool) -> None:
    files = {"package.json": '{"workspaces": ["apps/*"]}'}
    for name in ("api", "web"):
        text = f'{{"name": "{name}", "scripts": {{"start": "node ."}}, "dependencies": {{"express": "4"}}}}'
        files |= {f"apps/{name}/package.json": text, f"apps/{name}/index.js": ""}
    if of_repository:
        house = GitHouse(tmp_path / "git")
        house.commit(files)
    else:
        written(tmp_path / "mono", files)
    app = worlds.console(empty)
    async with looked_at(app, house.url if of_repository else tmp_path / "mono") as pilot:
        assert wizard(app).tab == "source"
        assert "is a workspace with several apps" in drawn(app)
        await pilot.press("down", "enter")
        await settled(pilot)
        assert "● chosen" in drawn(app)
        looked = wizard(app).looked
        assert looked is not None
        assert looked.app == "web"


async def test_a_folder_nobody_knows_says_what_to_do_and_its_start_can_be_typed(empty: Context, tmp_path: Path) -> None:
    written(tmp_path / "odd", {"notes.abc": "x"})
    app = worlds.console(empty)
    async with looked_at(app, tmp_path / "odd") as pilot:
        assert "It is not clear what odd is made with." in drawn(app)
        assert "here 3" in drawn(app)
        await pilot.press("p")
        assert isinstance(app.screen, WizardScreen)
        await pilot.press("3", *["down"] * 5, "enter", *"./serve", "enter")
        await settled(pilot)
        looked = wizard(app).looked
        assert looked is not None
        assert (looked.problem, looked.build.start) == (None, ("sh", "-c", "./serve"))


@pytest.mark.parametrize(
    ("name", "says"),
    [("nowhere", "does not exist"), ("file", "is not a folder"), ("hollow", "is empty"), ("nul\0", "does not exist")],
)
async def test_a_bad_folder_is_named_and_another_can_be_typed(
    empty: Context, tmp_path: Path, name: str, says: str
) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "hollow").mkdir()
    app = worlds.console(empty)
    async with looked_at(app, f"{tmp_path}/{name}") as pilot:
        assert says in " ".join(drawn(app).split())
        await pilot.press("escape", "escape")
        assert isinstance(app.screen, WizardScreen | ConfirmScreen | HomeScreen)


async def test_a_repository_that_does_not_answer_is_given_up(empty: Context) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/shop.git"
        app = worlds.console(empty)
        async with looked_at(app, url, patience=0.3) as pilot:
            assert "does not answer" in drawn(app)
            wizard(app).patience = 60.0
            await pilot.press("enter")
            await until(pilot, lambda: "esc stops it" in drawn(app))
            await pilot.press("escape")
            assert "It was not looked at." in drawn(app)
            assert isinstance(app.screen, WizardScreen)


async def test_escape_goes_back_and_asks_only_if_something_was_typed(empty: Context, guestbook: Path) -> None:
    app = worlds.console(empty)
    async with opened(app, (120, 36)) as pilot:
        await pilot.press("2", "escape")
        assert isinstance(app.screen, HomeScreen)
        await pilot.press("2", *"x", "escape")
        assert isinstance(app.screen, ConfirmScreen)
        await pilot.press("escape")
        assert wizard(app).query_one(SourcePane).text == "x"
        await pilot.press("backspace", "enter")
        await until(pilot, lambda: "● chosen" in drawn(app))
        await pilot.press("3", "escape")
        assert wizard(app).tab == "source"
        await pilot.press("escape")
        assert isinstance(app.screen, HomeScreen)


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


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ("https://example.com/a.git", "https://example.com/a.git"),
        ("git@host:a/b", "git@host:a/b"),
        (" /srv/a/ ", "/srv/a"),
    ],
)
def test_a_typed_text_is_a_folder_or_a_repository(text: str, source: str) -> None:
    assert source_of(text) == source
