"""What the deploy wizard is given to deploy: folders, repositories, and what is neither."""

import socket
from pathlib import Path

import pytest
import worlds
from git_house import GitHouse
from source_tree import written
from wizard_at_work import deployed, looked_at, planned, settled, wizard
from worlds import drawn, opened, until

from webduh_console.clock import now
from webduh_console.commands.context import Context
from webduh_console.console.app import ConsoleApp
from webduh_console.console.crash import log_file
from webduh_console.console.screens.dialogs import ConfirmScreen
from webduh_console.console.screens.home import HomeScreen
from webduh_console.console.screens.plan import PlanScreen
from webduh_console.console.wizard.screen import WizardScreen
from webduh_console.console.wizard.source_pane import source_of
from webduh_console.transport.files import locked


async def test_a_repository_is_typed_with_its_branch_its_folder_and_a_name(empty: Context, tmp_path: Path) -> None:
    house = GitHouse(tmp_path / "git")
    house.commit({"README": "x"})
    house.commit({"site/index.html": "x"}, branch="next")
    app = worlds.console(empty)
    async with opened(app, (140, 40)) as pilot:
        await pilot.press("2", *house.url, "tab", *"next", "tab", *"site", "enter")
        await until(pilot, lambda: "● chosen" in drawn(app))
        screen = wizard(app)
        assert (screen.draft.ref, screen.draft.path) == ("next", "site")
        await pilot.press("3", "enter", *["backspace"] * 4, *"pages", "enter")
        await settled(pilot)
        assert screen.script() == [f"deploy {house.url} --ref next --path site --name pages"]


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


async def test_a_defect_while_it_is_looked_at_ends_the_looking_and_another_try_is_offered(empty: Context) -> None:
    def breaks() -> None:
        raise ZeroDivisionError("a defect")

    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/shop.git"
        app = worlds.console(empty)
        async with opened(app, (140, 40)) as pilot:
            await pilot.press("n", *url, "enter")
            await until(pilot, lambda: "esc stops it" in drawn(app))
            screen = wizard(app)
            screen.run_worker(breaks, thread=True, exclusive=True, group="look", exit_on_error=False)
            await until(pilot, lambda: "was not read: something unexpected went wrong." in drawn(app))
            await until(pilot, lambda: "ZeroDivisionError: a defect" in drawn(app))
            await until(pilot, lambda: "Enter tries again." in drawn(app) and "esc stops it" not in drawn(app))
            assert (screen.tab, screen.cancel) == ("source", None)
            await pilot.press("enter")
            await until(pilot, lambda: "esc stops it" in drawn(app))
    assert "ZeroDivisionError: a defect" in log_file(empty.home).read_text("utf-8")


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


async def test_esc_in_the_plan_stops_the_fetch_and_takes_what_was_fetched_away(real: Context, tmp_path: Path) -> None:
    house = GitHouse(tmp_path / "git")
    house.commit({"index.html": "<p>hello\n"})
    trees = real.home.cache / "git" / "trees"
    app = ConsoleApp(real, clock=now, every=0)
    async with looked_at(app, house.url) as pilot:
        await pilot.press("p")
        await planned(pilot)
        assert len(list(trees.iterdir())) == 1
        await pilot.press("escape")
        await until(pilot, lambda: real.checkouts == {} and not list(trees.iterdir()))
        with locked(next(real.home.cache.glob("git/*.git")).with_suffix(".lock")):  # the fetch waits for it
            await pilot.press("p")
            await until(pilot, lambda: isinstance(app.screen, PlanScreen))
            await pilot.press("escape")
        await app.workers.wait_for_complete()
        assert (real.checkouts, list(trees.iterdir())) == ({}, [])


async def test_a_repository_that_falls_silent_while_it_is_planned_is_left_at_once(
    real: Context, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = GitHouse(tmp_path / "git")
    house.commit({"index.html": "<p>hello\n"})
    app = ConsoleApp(real, clock=now, every=0)
    async with looked_at(app, house.url) as pilot:
        begun, slow = tmp_path / "begun", tmp_path / "slow" / "git"
        slow.parent.mkdir()
        slow.write_text(f"#!/bin/sh\necho $$ > {begun}.part; mv {begun}.part {begun}\nexec sleep 600\n", "utf-8")
        slow.chmod(0o755)
        monkeypatch.setenv("PATH", str(slow.parent), prepend=":")
        await pilot.press("p")
        await until(pilot, begun.exists)
        process = Path("/proc") / begun.read_text("utf-8").strip()
        assert process.exists()
        await pilot.press("escape")
        assert isinstance(app.screen, WizardScreen)
        await until(pilot, lambda: not process.exists())
        await app.workers.wait_for_complete()
        assert real.checkouts == {}
