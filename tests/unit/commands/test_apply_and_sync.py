import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from git_house import GitHouse
from shop_at_home import FAST, KEY, Line

from webduh_console.cli.face import first_failure
from webduh_console.commands.context import Context
from webduh_console.commands.language import run_line
from webduh_console.commands.results import Done, Lists, Stream, Text
from webduh_console.config.home import Home
from webduh_console.errors import ConfigError, NotFoundError, QuestionError, UsageError
from webduh_console.model.events import Finished
from webduh_console.model.names import AppKey

QUICK = json.dumps({"deploy": {"watch": 0, "drain": 0}, "static": "."})


@pytest.fixture
def market(tmp_path: Path) -> Path:
    """A project of two apps, the first of which waits for the second."""
    folder = tmp_path / "market"
    for name in ("one", "two"):
        (folder / name).mkdir(parents=True)
        (folder / name / "index.html").write_text(name)
        (folder / name / "webduh.yaml").write_text(QUICK)
    write(folder, {"one": {"path": "one", "after": ["two"]}, "two": "two"})
    return folder


def write(folder: Path, apps: dict[str, Any]) -> None:
    (folder / "webduh-project.yaml").write_text(json.dumps({"name": "market", "apps": apps}))


@pytest.fixture
def done(ctx: Context) -> Callable[[str], list[str]]:
    """Runs a command that answers lines, and each line to its end, up to the first that fails; what was run."""

    def run(text: str) -> list[str]:
        ran: list[str] = []

        def one(line: str) -> int:
            ran.append(line)
            result = run_line(ctx, line)
            if not isinstance(result, Stream):
                return 0
            last = list(result.events)[-1]
            assert isinstance(last, Finished)
            return int(last.outcome != "done")

        result = run_line(ctx, text)
        assert isinstance(result, Lists), result
        first_failure(result, one)
        return ran

    return run


def served(ctx: Context) -> dict[str, str]:
    target = ctx.target("local")
    found = target.observe(target.keys())
    return {str(key): actual.health for key, actual in found.items() if actual.release}


def test_a_project_is_made_in_its_order_and_a_second_time_changes_nothing(
    ctx: Context, line: Line, done: Callable[[str], list[str]], market: Path
) -> None:
    with pytest.raises(UsageError, match="this would deploy"):
        line("apply market --exit-code")
    planned = line("apply market --dry-run --exit-code")
    assert isinstance(planned, Text)
    assert planned.code == 3
    assert [(app["app"], app["deploy"]) for app in planned.data["apps"]] == [("two", True), ("one", True)]
    assert served(ctx) == {}
    ran = done("apply market")
    assert [words.split()[7] for words in ran] == ["two", "one"]
    assert served(ctx) == {"market/one": "serving", "market/two": "serving"}
    again = line("apply market")
    assert isinstance(again, Done)
    assert again.text == "Nothing to change: market is as its file says."
    assert line("apply market --dry-run --exit-code").code == 0
    (market / "one" / "index.html").write_text("new")
    assert len(done("apply market/webduh-project.yaml")) == 1


def test_an_app_of_a_project_may_come_from_a_repository(
    ctx: Context, line: Line, done: Callable[[str], list[str]], market: Path, tmp_path: Path
) -> None:
    house = GitHouse(tmp_path / "git")
    house.commit({"apps/till/index.html": "old", "apps/till/webduh.yaml": QUICK}, branch="v2")
    write(market, {"two": "two", "till": {"path": house.url, "ref": "v2", "folder": "apps/till"}})
    done("apply market")
    assert served(ctx) == {"market/two": "serving", "market/till": "serving"}
    assert isinstance(line("apply market"), Done)
    house.commit({"apps/till/index.html": "new"}, branch="v2")
    (ran,) = done("apply market")
    assert ran.startswith(f"deploy {house.url} ")
    assert line("releases till").data[0]["source"]["path"] == "apps/till"


def test_a_failure_stops_the_rest(ctx: Context, done: Callable[[str], list[str]], market: Path) -> None:
    failing = {"health": {"path": "/none", "timeout": 1, "interval": 0.05}, "deploy": {"watch": 0}, "static": "."}
    (market / "two" / "webduh.yaml").write_text(json.dumps(failing))
    assert len(done("apply market")) == 1
    assert served(ctx) == {}


def test_apps_that_the_file_no_longer_names_are_removed_when_that_is_asked(
    ctx: Context, line: Line, done: Callable[[str], list[str]], market: Path, served: str
) -> None:
    done("apply market")
    write(market, {"two": "two"})
    assert isinstance(line("apply market"), Done)
    planned = line("apply market --prune --dry-run --exit-code")
    assert (planned.code, planned.data["remove"]) == (3, ["one"])
    with pytest.raises(QuestionError):
        line("apply market --prune")
    done("apply market --prune --yes")
    target = ctx.target("local")
    names = {key for key, seen in target.observe(target.keys()).items() if seen.release}
    assert names == {AppKey("market", "two", "production"), KEY}
    assert [row["reason"] for row in line("status market/one").data] == ["it was removed"]


def test_a_folder_with_its_own_file_is_made_too(
    ctx: Context, line: Line, done: Callable[[str], list[str]], market: Path
) -> None:
    assert len(done("apply market/one -e staging")) == 1
    assert served(ctx) == {"one (staging)": "serving"}
    assert isinstance(line("apply market/one -e staging"), Done)


@pytest.mark.parametrize(
    ("text", "kind", "says"),
    [
        ("apply nowhere", NotFoundError, "nowhere does not exist"),
        ("apply .", ConfigError, "neither a webduh-project.yaml nor a webduh.yaml"),
    ],
)
def test_what_cannot_be_applied_is_said(line: Line, text: str, kind: type[Exception], says: str) -> None:
    with pytest.raises(kind, match=says):
        line(text)


def test_a_folder_that_is_not_there_is_named_before_anything_is_done(ctx: Context, line: Line, market: Path) -> None:
    write(market, {"one": "one", "three": "three"})
    with pytest.raises(ConfigError, match="The folder of three is not there"):
        line("apply market")
    assert served(ctx) == {}


def laptop(tmp_path: Path, ctx: Context) -> Context:
    """The same target seen by a home that remembers nothing."""
    for file in ctx.home.data.glob("state.db*"):
        file.unlink()
    home = tmp_path / "home"
    return Context(Home(home / "data", home / "config", home / "cache"))


def test_what_a_target_knows_is_learned_anew(ctx: Context, line: Line, tmp_path: Path, shop: Path, served: str) -> None:
    (shop / "index.html").write_text("two")
    line(f"deploy shop {FAST}")
    line(f"rollback shop {FAST}")
    before = {d.id: (d.action, d.outcome, d.release, d.base, d.by) for d in ctx.state.history.list(KEY)}
    ctx.state.close()
    other = laptop(tmp_path, ctx)
    assert other.state.history.list() == []
    dry = run_line(other, "sync local --dry-run")
    assert [app["app"] for app in dry.data["apps"]] == ["shop"]
    assert other.state.history.list() == []
    answer = run_line(other, "sync local")
    assert (answer.data["learned"], answer.data["apps"][0]["folder"]) == (3, str(shop))
    assert {d.id: (d.action, d.outcome, d.release, d.base, d.by) for d in other.state.history.list(KEY)} == before
    assert run_line(other, "sync local").data["learned"] == 0
    assert [row["release"] for row in run_line(other, "status").data] == [3]
    assert "variables that were set elsewhere" in answer.text
    other.close()


def test_what_was_begun_here_is_never_overwritten(ctx: Context, line: Line, served: str) -> None:
    (mine,) = ctx.state.history.list(KEY)
    assert line("sync local").data["learned"] == 0
    assert ctx.state.history.list(KEY) == [mine]


def test_an_app_of_a_repository_is_known_by_that(ctx: Context, line: Line, tmp_path: Path) -> None:
    house = GitHouse(tmp_path / "git")
    house.commit({"apps/web/index.html": "one"}, tag="v1")
    line(f"deploy {house.url} --ref v1 --path apps/web --name front {FAST}")
    ctx.state.close()
    other = laptop(tmp_path, ctx)
    answer = run_line(other, "sync local")
    assert (answer.data["apps"][0]["folder"], answer.data["apps"][0]["url"]) == (None, house.url)
    assert "is not known" not in answer.text
    assert "is not known" not in run_line(other, "sync local").text
    (known,) = run_line(other, "app ls").data
    assert (known["name"], known["url"], known["ref"], known["path"]) == ("front", house.url, "v1", "apps/web")
    assert {change["kind"] for change in run_line(other, "plan front").data["changes"]} == {"setting"}  # of FAST
    other.close()


def test_an_app_whose_folder_is_not_known_says_what_to_do(
    ctx: Context, line: Line, tmp_path: Path, shop: Path, served: str
) -> None:
    ctx.state.close()
    shop.rename(tmp_path / "elsewhere")
    other = laptop(tmp_path, ctx)
    answer = run_line(other, "sync local")
    assert answer.data["apps"][0]["folder"] is None
    assert "`webduh app add FOLDER --name shop` says where it is." in answer.text
    with pytest.raises(NotFoundError, match="No folder of shop is known here"):
        run_line(other, "deploy shop")
    other.close()
