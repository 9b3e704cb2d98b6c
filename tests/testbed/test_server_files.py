"""On a server: files of the app that are mounted read-only, and come back with their release."""

import pytest
from server_world import ROOT, ServedApp, ServerWorld, assert_settled

pytestmark = pytest.mark.timeout(120)


def shop(world: ServerWorld, name: str) -> ServedApp:
    """An app that answers with what its file says; the file is not in its image."""
    files = {"settings/shop.txt": "version", "settings": "/etc/shop"}
    app = world.app(name, files=files, deploy={"watch": 0, "drain": 1})
    (app.folder / "settings").mkdir()
    (app.folder / "settings" / "shop.txt").write_text("red")
    app.write(**{".webduhignore": "settings\n"})
    return app


def test_a_file_is_mounted_read_only_and_a_rollback_brings_the_old_one_back(world: ServerWorld) -> None:
    app = shop(world, "shop")
    app.deploy()
    assert app.body() == "red"
    container = f"{app.key.slug}--web--1"
    look = 'docker exec -u 1234 "$1" sh -c "cat /etc/shop/shop.txt; echo x > /etc/shop/shop.txt || echo refused"'
    assert world.server.sh(f"{look} 2>/dev/null", container).split() == ["redrefused"]
    (app.folder / "settings" / "shop.txt").write_text("blue")
    app.deploy()
    assert app.body() == "blue"
    (app.folder / "settings" / "shop.txt").unlink()
    world.good("rollback", app.name)
    assert (app.body(), assert_settled(app)) == ("red", 3)
    assert world.good("run", app.name, "--", "cat", "/etc/shop/shop.txt").strip() == "red"
    assert world.read("drift", app.name) == []


def test_the_files_go_with_their_release(world: ServerWorld) -> None:
    app = shop(world, "short")
    app.configure(deploy={"watch": 0, "drain": 1, "keep": 1})
    app.deploy()
    (app.folder / "settings" / "shop.txt").write_text("blue")
    app.deploy()
    find = 'find "$1/apps" -path "*short--*" -name shop.txt; find "$1/apps" -path "*short--*/files/0"'
    assert world.server.sh(find, ROOT).split() == [
        f"{app.kept}/releases/2/files/{name}" for name in ("0/shop.txt", "0")
    ]
    world.good("app", "rm", app.name, "--yes")
    assert world.server.sh(find, ROOT).split() == []


def test_a_killed_client_leaves_no_file_behind(world: ServerWorld) -> None:
    app = shop(world, "torn")
    app.deploy()
    (app.folder / "settings" / "shop.txt").write_text("blue")
    said = world.dying(9, "deploy", str(app.folder)).stdout.strip()
    assert said == "died after did files"
    app.deploy()
    assert (app.body(), assert_settled(app)) == ("blue", 2)
