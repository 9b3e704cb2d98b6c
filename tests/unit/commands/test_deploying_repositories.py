"""Apps that come from a repository: deployed by address, then by name."""

from pathlib import Path

import pytest
from git_house import GitHouse, over_http
from loopback import page
from shop_at_home import FAST, Everything, Line

from webduh_console.commands.context import Context
from webduh_console.config.problems import ConfigFileError
from webduh_console.errors import QuestionError, UsageError
from webduh_console.transport.git.refusals import GitError


@pytest.fixture
def house(tmp_path: Path) -> GitHouse:
    return GitHouse(tmp_path / "git")


def test_an_app_of_a_repository_is_deployed_and_fetched_again_by_its_name(
    line: Line, house: GitHouse, ctx: Context
) -> None:
    one = house.commit({"index.html": "one"})
    first = line(f"deploy {house.url} {FAST}")
    two = house.commit({"index.html": "two"})
    second = line(f"deploy shop {FAST}")

    assert (first.release, second.release, page(second.url)) == (1, 2, "two")
    rows = line("releases shop").data
    assert [
        (row["source"]["commit"], row["source"]["branch"], row["source"]["dirty"], row["source"]["url"]) for row in rows
    ] == [(two, "main", False, house.url), (one, "main", False, house.url)]
    assert {key: value for key, value in line("app ls").data[0].items() if key != "added"} == {
        "name": "shop",
        "project": "default",
        "folder": "",
        "url": house.url,
        "ref": "",
        "path": "",
    }
    assert not list((ctx.home.cache / "git" / "trees").iterdir())


def test_a_repository_is_added_and_its_variables_are_set_before_it_is_deployed(
    line: Line, house: GitHouse, ctx: Context
) -> None:
    house.commit({"apps/web/index.html": "one"}, tag="v1")
    said = line(f"app add {house.url} --ref v1 --path apps/web --name front")
    line("env set front COLOUR=red")

    assert said.text == f"front is the app in {house.url} apps/web."
    assert [(row["name"], row["ref"], row["path"]) for row in line("app ls").data] == [("front", "v1", "apps/web")]
    assert not list((ctx.home.cache / "git" / "trees").iterdir())
    assert line(f"deploy front {FAST}").outcome == "done"
    assert [row["name"] for row in line("env ls front").data] == ["COLOUR"]


def test_a_mistake_in_the_file_of_a_repository_names_the_commit(line: Line, house: GitHouse) -> None:
    commit = house.commit({"apps/web/webduh.yaml": "static: .\nport: [\n", "apps/web/index.html": "one"})
    with pytest.raises(ConfigFileError) as caught:
        line(f"deploy {house.url} --path apps/web {FAST}")
    assert caught.value.what == f"apps/web/webduh.yaml at {commit[:8]} in {house.url} has a mistake."


def test_the_ref_that_was_said_last_is_kept(line: Line, house: GitHouse) -> None:
    house.commit({"index.html": "one"}, tag="v1")
    house.commit({"index.html": "two"}, branch="next")
    line(f"deploy {house.url} --ref v1 {FAST}")
    assert line("app ls").data[0]["ref"] == "v1"
    moved = line(f"deploy shop --ref next {FAST}")
    assert page(moved.url) == "two"
    assert line("app ls").data[0]["ref"] == "next"


def test_two_folders_of_a_repository_are_two_apps(line: Line, house: GitHouse) -> None:
    house.commit({"apps/web/index.html": "web", "apps/blog/index.html": "blog"})
    web, blog = (line(f"deploy {house.url} --path apps/{name} {FAST}") for name in ("web", "blog"))

    assert (page(web.url), page(blog.url)) == ("web", "blog")
    assert [row["path"] for row in line("app ls").data] == ["apps/blog", "apps/web"]
    with pytest.raises(UsageError, match="comes from apps/web"):
        line("deploy web --path apps/blog")


def test_an_older_commit_needs_to_be_asked_for(line: Line, house: GitHouse) -> None:
    house.commit({"index.html": "one"}, tag="v1")
    house.commit({"index.html": "two"})
    line(f"deploy {house.url} {FAST}")
    with pytest.raises(QuestionError, match="is older than"):
        line(f"deploy shop --ref v1 {FAST}")
    assert line("app ls").data[0]["ref"] == ""
    assert page(line(f"deploy shop --ref v1 --allow-older {FAST}").url) == "one"


def test_a_repository_that_did_not_change_is_not_deployed_again(line: Line, house: GitHouse) -> None:
    house.commit({"index.html": "one"})
    line(f"deploy {house.url} {FAST}")
    assert line(f"deploy shop {FAST}").data["outcome"] == "unchanged"


def test_a_plan_of_a_repository_leaves_only_the_cache(
    line: Line, house: GitHouse, everything: Everything, ctx: Context
) -> None:
    house.commit({"index.html": "one"})
    line("status")
    before = everything()
    line(f"plan {house.url}")
    line(f"deploy {house.url} --dry-run")
    line(f"detect {house.bare}")
    assert {name: value for name, value in everything().items() if not name.startswith("cache/")} == before
    ctx.close()
    assert not list((ctx.home.cache / "git" / "trees").iterdir())


def test_the_token_of_the_environment_opens_a_repository_and_is_kept_nowhere(
    line: Line, house: GitHouse, everything: Everything, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.commit({"index.html": "one"})
    with over_http(house.root, "token-that-nobody-sees") as address:
        with pytest.raises(GitError, match="does not let us in"):
            line(f"deploy {address}/shop.git {FAST}")
        monkeypatch.setenv("WEBDUH_GIT_TOKEN", "token-that-nobody-sees")
        assert line(f"deploy {address}/shop.git {FAST}").outcome == "done"

    assert "token-that-nobody-sees" not in str(everything())


def test_options_of_repositories_are_refused_for_a_folder(line: Line, shop: Path) -> None:
    with pytest.raises(UsageError, match="comes from a folder"):
        line(f"deploy {shop} --ref main")


def test_an_app_of_a_repository_moves_into_a_folder(line: Line, house: GitHouse, shop: Path) -> None:
    house.commit({"index.html": "git"})
    line(f"deploy {house.url} {FAST}")
    line(f"app move shop {shop}")
    assert page(line(f"deploy shop {FAST}").url) == "one"
    assert (line("app ls").data[0]["url"], line("app ls").data[0]["folder"]) == ("", str(shop))


def test_a_repository_never_takes_the_name_of_another_app(line: Line, house: GitHouse, served: str) -> None:
    house.commit({"index.html": "git"})
    with pytest.raises(UsageError, match="another app named shop"):
        line(f"deploy {house.url} {FAST}")
    assert page(served) == "one"


def test_changes_that_are_not_committed_are_said_and_recorded(line: Line, house: GitHouse) -> None:
    commit = house.commit({"index.html": "one"})
    assert line(f"plan {house.work} --name shop").data["warnings"] == []
    (house.work / "index.html").write_text("two")
    said = f"The folder has changes that are not in commit {commit[:8]}: nobody else can build this again."
    assert line(f"plan {house.work} --name shop").data["warnings"] == [said]
    line(f"deploy {house.work} --name shop {FAST}")
    source = line("releases shop").data[0]["source"]
    assert (source["commit"], source["branch"], source["dirty"]) == (commit, "main", True)
