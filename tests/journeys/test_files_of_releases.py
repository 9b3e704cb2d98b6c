"""Files that are mounted: recorded with their release, and brought back by a rollback."""

import json
from pathlib import Path

import pytest
from world import App, World, assert_settled

pytestmark = pytest.mark.timeout(120)


def shop(world: World) -> App:
    """An app that answers with what its file says; the file is not sent with the source."""
    app = world.app("shop", files={"settings/shop.txt": "version", "settings": "more"})
    (app.folder / "settings").mkdir()
    (app.folder / "settings" / "shop.txt").write_text("red")
    app.write(**{".webduhignore": "settings\n"})
    return app


def served(app: App) -> Path:
    """The folder of the artifact that serves."""
    target = app.world.target()
    record = target.record(app.key, "local")
    number = record.current()
    assert number is not None
    return target.layout.artifact(app.key, record.release(number).artifact.digest)


def test_a_file_is_there_read_only_and_a_rollback_brings_the_old_one_back(world: World) -> None:
    app = shop(world)
    app.deploy()
    assert app.body() == "red"
    file = served(app) / "version"
    assert (file.stat().st_mode & 0o777, (served(app) / "more" / "shop.txt").read_text()) == (0o444, "red")
    (app.folder / "settings" / "shop.txt").write_text("blue")
    app.deploy()
    assert app.body() == "blue"
    (app.folder / "settings" / "shop.txt").unlink()
    world.good("rollback", app.name)
    assert (app.body(), assert_settled(app)) == ("red", 3)
    world.good("rollback", app.name)
    assert (app.body(), assert_settled(app)) == ("blue", 4)


def test_a_plan_names_the_files_that_change_by_their_digests(world: World) -> None:
    app = shop(world)
    app.deploy()
    assert world.read("plan", str(app.folder))["changes"] == []
    (app.folder / "settings" / "shop.txt").write_text("blue")
    changes = world.read("plan", str(app.folder))["changes"]
    assert [(c["sign"], c["kind"], c["name"]) for c in changes] == [("~", "file", "more"), ("~", "file", "version")]
    assert all(c["before"].split()[0] == c["after"].split()[0] != c["after"] != c["before"] for c in changes)


def test_an_absolute_path_is_refused_on_this_machine_before_anything_is_done(world: World) -> None:
    app = world.app("shop", files={"version": "/etc/version"})
    world.refused(1, "deploy", str(app.folder), says=("/etc/version is outside of the app's folder", "relative path"))


def test_what_is_too_large_is_refused_with_its_size(world: World) -> None:
    app = world.app("shop", files={"large.bin": "large"})
    app.write(**{"large.bin": "x" * 600_000})
    world.refused(2, "deploy", str(app.folder), says=("files.large.bin: is too large", "512 KiB", "586 KiB"))


def test_a_killed_client_leaves_no_file_behind(world: World) -> None:
    app = shop(world)
    app.deploy()
    (app.folder / "settings" / "shop.txt").write_text("blue")
    said = world.dying(9, "deploy", str(app.folder)).stdout.strip()
    assert said == "died after did files"
    app.deploy()
    assert (app.body(), assert_settled(app)) == ("blue", 2)


def test_no_content_of_a_file_is_in_a_plan_or_an_event(world: World) -> None:
    app = shop(world)
    (app.folder / "settings" / "shop.txt").write_text("conspicuous")
    page = world.good("plan", str(app.folder), "-o", "json")
    events = app.deploy("-o", "json")
    assert "conspicuous" not in page + events
    assert "Y29uc3BpY3VvdXM" not in page + events  # in base64
    assert json.loads(page)["changes"]
