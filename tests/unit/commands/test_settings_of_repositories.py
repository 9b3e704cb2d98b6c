"""`config edit` and `config show` of an app that comes from a repository."""

from pathlib import Path

import pytest
from git_house import GitHouse
from source_tree import written

from webduh_console.commands.context import Context
from webduh_console.commands.language import run_line
from webduh_console.errors import NotFoundError, UsageError

SHOP = {"index.html": "<p>shop\n", "webduh.yaml": "# as it is\nstatic: .\nvariables: {API_KEY: s3cret-value, A: one}\n"}


@pytest.fixture
def house(tmp_path: Path) -> GitHouse:
    house = GitHouse(tmp_path / "git")
    house.commit(SHOP)
    return house


def own(ctx: Context) -> Path:
    return ctx.home.config / "apps" / "default" / "shop" / "webduh.yaml"


def test_the_settings_of_a_repository_are_kept_here_and_shown_with_those_that_it_says(
    ctx: Context, house: GitHouse
) -> None:
    with pytest.raises(NotFoundError, match="There is no app from"):
        run_line(ctx, f"config edit {house.url} health=/up")
    run_line(ctx, f"app add {house.url}")
    seen = run_line(ctx, f"config edit {house.url} health=/up --dry-run").data
    assert seen == {
        "file": str(own(ctx)),
        "difference": ["--- webduh.yaml", "+++ webduh.yaml", "@@ -0,0 +1 @@", "+health: /up"],
    }
    assert not own(ctx).exists()
    run_line(ctx, "config edit shop health=/up variables.A=two")
    assert own(ctx).read_text("utf-8") == "health: /up\nvariables:\n  A: two\n"
    assert [(one["setting"], one["value"], one["from"]) for one in run_line(ctx, "config show shop").data] == [
        ("static", ".", "webduh.yaml:2"),
        ("variables.API_KEY", "•••", "webduh.yaml:3"),
        ("variables.A", "two", "webduh.yaml:3, kept here"),
        ("health", "/up", "webduh.yaml:1, kept here"),
    ]
    assert ctx.checkouts == {}
    assert run_line(ctx, "detect shop").data["health"] == "/up"
    run_line(ctx, "config edit shop --unset health --unset variables.A")
    assert own(ctx).read_text("utf-8") == ""


def test_an_app_of_a_project_is_named_with_it(ctx: Context, house: GitHouse) -> None:
    run_line(ctx, f"app add {house.url} --project web")
    run_line(ctx, "config edit web/shop health=/up")
    assert (ctx.home.config / "apps" / "web" / "shop" / "webduh.yaml").read_text("utf-8") == "health: /up\n"
    assert run_line(ctx, "config show web/shop").data[-1]["kept_here"] is True
    assert run_line(ctx, "plan web/shop").data["warnings"][-1] == (
        "Kept here, over what the repository says: health (`webduh config show web/shop`)."
    )


def test_what_says_which_app_it_is_cannot_be_kept_with_its_settings(ctx: Context, house: GitHouse) -> None:
    run_line(ctx, f"app add {house.url}")
    with pytest.raises(UsageError, match="name says which app it is"):
        run_line(ctx, "config edit shop name=other")
    assert not own(ctx).exists()


def test_an_app_that_moves_to_a_folder_has_the_settings_of_the_folder(
    ctx: Context, house: GitHouse, tmp_path: Path
) -> None:
    run_line(ctx, f"app add {house.url}")
    run_line(ctx, "config edit shop health=/up")
    written(tmp_path / "shop", {"index.html": ""})
    moved = run_line(ctx, f"app move shop {tmp_path / 'shop'}").text
    assert moved.endswith(f"What was kept here for the repository does not count for a folder: {own(ctx).parent}")
    assert run_line(ctx, "config show shop").data == []


def test_an_app_that_is_removed_leaves_no_settings_to_the_next_of_its_name(ctx: Context, house: GitHouse) -> None:
    run_line(ctx, f"app add {house.url}")
    run_line(ctx, "config edit shop health=/up")
    run_line(ctx, "app rm shop --yes")
    assert not own(ctx).exists()


def test_a_name_stands_for_the_app_before_a_folder_and_a_folder_keeps_its_own_file(
    ctx: Context, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(tmp_path / "here", {"shop/index.html": "", "other/index.html": ""})
    written(tmp_path / "shop", {"index.html": ""})
    run_line(ctx, f"app add {tmp_path / 'shop'}")
    monkeypatch.chdir(tmp_path / "here")
    run_line(ctx, "config edit shop port=1")
    run_line(ctx, "config edit ./shop port=2")
    run_line(ctx, "config edit other port=3")
    found = {str(file.relative_to(tmp_path)): file.read_text("utf-8") for file in tmp_path.rglob("webduh.yaml")}
    assert found == {
        "shop/webduh.yaml": "port: 1\n",
        "here/shop/webduh.yaml": "port: 2\n",
        "here/other/webduh.yaml": "port: 3\n",
    }
