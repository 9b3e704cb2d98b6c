"""A source is looked at before anything is deployed, and what is kept for a deployment can be forgotten."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from git_house import GitHouse
from source_tree import written

from webduh_console.commands.context import Context
from webduh_console.commands.draft import Draft
from webduh_console.commands.language import run_line
from webduh_console.commands.looking import forget, keep, look
from webduh_console.errors import CancelledError, NotFoundError
from webduh_console.frameworks.members import SeveralAppsError
from webduh_console.model.build import Static
from webduh_console.model.release import Variable
from webduh_console.model.target import CancelToken

SHOP = {"requirements.txt": "flask\ngunicorn\n", "app.py": "from flask import Flask\napp = Flask(__name__)\n"}


@pytest.fixture
def shop(tmp_path: Path) -> str:
    written(tmp_path / "shop", SHOP)
    return str(tmp_path / "shop")


def test_a_folder_says_what_it_is_and_what_a_server_builds(ctx: Context, shop: str) -> None:
    looked = look(ctx, Draft(shop))
    assert looked.match is not None
    assert (looked.app, looked.match.framework, looked.target, looked.known) == ("shop", "python", "local", False)
    assert looked.dockerfile.count("FROM ") >= 1
    assert looked.proposed.difference == ()


def test_what_is_typed_is_seen_before_it_is_written(ctx: Context, shop: str) -> None:
    draft = Draft(shop).changed(("port",), "9000").changed(("start",), "./serve")
    looked = look(ctx, draft)
    assert (looked.build.port, looked.detected.port) == (9000, None)
    assert looked.build.start == ("sh", "-c", "./serve")
    assert looked.proposed.difference[3:] == ("+port: 9000", "+start: ./serve")
    assert not (Path(shop) / "webduh.yaml").exists()


def test_a_folder_that_nobody_knows_is_looked_at_as_far_as_that_goes(ctx: Context, tmp_path: Path) -> None:
    written(tmp_path / "odd", {"notes.abc": "x", "web/package.json": "{}"})
    looked = look(ctx, Draft(str(tmp_path / "odd")))
    assert looked.problem is not None
    assert (looked.match, looked.below) == (None, ("web",))
    said = look(ctx, Draft(str(tmp_path / "odd")).changed(("static",), "web"))
    assert (said.problem, said.build.static) == (None, Static("web"))


def test_a_workspace_of_several_apps_names_them(ctx: Context, tmp_path: Path) -> None:
    files = {"package.json": '{"workspaces": ["apps/*"]}'}
    for name in ("api", "web"):
        text = f'{{"name": "{name}", "scripts": {{"start": "node ."}}, "dependencies": {{"express": "4"}}}}'
        files[f"apps/{name}/package.json"] = text
    written(tmp_path / "mono", files)
    with pytest.raises(SeveralAppsError) as caught:
        look(ctx, Draft(str(tmp_path / "mono")))
    assert caught.value.members == ("apps/api", "apps/web")
    assert look(ctx, Draft(str(tmp_path / "mono" / "apps" / "web"))).app == "web"


def test_a_repository_is_looked_at_and_its_tree_goes_away(ctx: Context, tmp_path: Path) -> None:
    house = GitHouse(tmp_path / "git")
    house.commit(SHOP, tag="v1")
    looked = look(ctx, Draft(house.url, "v1").changed(("name",), "store"))
    assert (looked.app, looked.match and looked.match.framework) == ("store", "python")
    assert not Path(looked.folder).exists()
    assert ctx.checkouts == {}


def test_a_repository_that_is_not_waited_for_is_left(ctx: Context, tmp_path: Path) -> None:
    house = GitHouse(tmp_path / "git")
    house.commit(SHOP)
    cancel = CancelToken()
    cancel.set()
    with pytest.raises(CancelledError):
        look(ctx, Draft(house.url), cancel)


def test_a_folder_that_is_not_there_or_a_name_that_is_taken_is_named(ctx: Context, shop: str, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="does not exist"):
        look(ctx, Draft(str(tmp_path / "nowhere")))
    written(tmp_path / "other", SHOP)
    run_line(ctx, f"app add {shop}")
    looked = look(ctx, Draft(str(tmp_path / "other")).changed(("name",), "shop"))
    assert looked.problem is not None
    assert (looked.problem.what, looked.match is None) == ("There is another app named shop.", False)


@contextmanager
def without_rights() -> Iterator[None]:
    """As somebody who may not read everything."""
    before = os.geteuid()
    if before == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(before)


def test_a_folder_that_may_not_be_read_is_named(ctx: Context, tmp_path: Path) -> None:
    folder = tmp_path / "closed"
    folder.mkdir(mode=0)
    assert ctx.state.apps.all() == []
    with without_rights(), pytest.raises(NotFoundError, match=r"closed cannot be read\. Permission denied\."):
        look(ctx, Draft(str(folder)))


def test_variables_wait_for_the_deployment_and_are_as_before_without_one(ctx: Context, shop: str) -> None:
    draft = Draft(shop).with_variable("API_KEY", Variable("s3cret-value", True))
    looked = look(ctx, draft)
    kept = keep(ctx, looked, draft)
    assert [(one.name, one.variable) for one in ctx.state.pending.list(looked.key)] == [
        ("API_KEY", Variable("s3cret-value", True))
    ]
    forget(ctx, kept)
    assert (ctx.state.pending.list(looked.key), ctx.state.apps.all()) == ([], [])


def test_a_change_that_waited_before_waits_again(ctx: Context, shop: str, line: Any) -> None:
    line(f"app add {shop}")
    line("env set shop GREETING=before")
    draft = Draft(shop).with_variable("GREETING", Variable("after"))
    looked = look(ctx, draft)
    forget(ctx, keep(ctx, looked, draft))
    assert [(one.name, one.variable) for one in ctx.state.pending.list(looked.key)] == [
        ("GREETING", Variable("before"))
    ]
    assert [entry.name for entry in ctx.state.apps.all()] == ["shop"]


def test_settings_of_a_file_are_changed_by_a_command(ctx: Context, shop: str, line: Any) -> None:
    (Path(shop) / "webduh.yaml").write_text("# mine\nport: 8000  # so\n", "utf-8")
    assert "+health: /up" in line(f"config edit {shop} health=/up --dry-run").text
    line(f"config edit {shop} health=/up processes.worker='./work --all'")
    text = "# mine\nport: 8000  # so\nhealth: /up\nprocesses:\n  worker: ./work --all\n"
    assert (Path(shop) / "webduh.yaml").read_text("utf-8") == text
    line(f"config edit {shop} --unset processes.worker --unset health")
    assert (Path(shop) / "webduh.yaml").read_text("utf-8") == "# mine\nport: 8000  # so\n"
    for wrong in ("", "port", ".x=1", "port=many"):
        with pytest.raises(Exception, match=r"webduh.yaml|sets nothing|No setting"):
            line(f"config edit {shop} {wrong}")
