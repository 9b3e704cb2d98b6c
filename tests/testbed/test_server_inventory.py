"""What is on a real server, told kind by kind, and what is changed of it: the command line, and the console by keys."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from program import until as wait_for
from server_world import ROOT, ServedApp, ServerWorld

sys.path.append(str(Path(__file__).parents[1] / "console"))

import worlds
from worlds import drawn, opened, until

from webduh_console.clock import now
from webduh_console.commands.context import Context
from webduh_console.commands.language import run_line
from webduh_console.console.app import ConsoleApp
from webduh_console.console.screens.app_screen import AppScreen
from webduh_console.console.screens.dialogs import ConfirmScreen
from webduh_console.console.screens.exec_screen import ExecScreen
from webduh_console.console.screens.target_screen import TargetScreen
from webduh_console.console.screens.target_tabs import KEYS
from webduh_console.model.inventory import KINDS

pytestmark = pytest.mark.timeout(180)


@pytest.fixture(scope="module")
def shop(world: ServerWorld) -> ServedApp:
    """An app with a volume and a secret that serves."""
    world.server.load("busybox:latest")
    app = world.app("shop", volumes={"data": "data"})
    world.good("app", "add", str(app.folder))
    done = world.run("secret", "set", "shop", "TOKEN", "--from-env", "VALUE", env={"VALUE": "s3cret-value"})
    assert done.returncode == 0, done
    app.deploy()
    return app


def shown(world: ServerWorld, kind: str) -> list[dict[str, Any]]:
    return list(world.read("server", "show", "prod", kind))


def test_every_kind_is_told_for_people_and_for_programs(world: ServerWorld, shop: ServedApp) -> None:
    for kind in KINDS:
        assert world.good("server", "show", "prod", kind).strip()
        rows = shown(world, kind)
        assert rows
        assert {row["server"] for row in rows} == {"prod"}


def test_containers_have_their_figures_ours_and_others(world: ServerWorld, shop: ServedApp) -> None:
    world.server.exec("docker", "run", "-d", "--name", "guest", "busybox:latest", "sleep", "600")
    try:
        rows = {row["name"]: row for row in shown(world, "containers")}
        web = rows[f"{shop.key.slug}--web--1"]
        assert (web["app"], web["process"], web["release"], web["state"]) == (shop.key.slug, "web", 1, "running")
        assert rows["guest"]["app"] == ""
        for row in (web, rows["guest"]):
            assert row["memory"] > 0
            assert row["cpu"] is not None
        assert set(rows["webduh-traefik"]["ports"]) == {"80→80/tcp", "443→443/tcp"}
    finally:
        world.server.exec("docker", "rm", "-f", "guest")


def test_images_volumes_and_networks_say_who_needs_them(world: ServerWorld, shop: ServedApp) -> None:
    own = next(row for row in shown(world, "images") if row["releases"])
    assert (own["releases"], own["unused"]) == (["shop v1"], False)
    assert own["containers"] == [f"{shop.key.slug}--web--1"]
    volume = next(row for row in shown(world, "volumes") if row["app"] == shop.key.slug)
    assert volume["mounts"] == [f"{shop.key.slug}--web--1:/app/data"]
    network = next(row for row in shown(world, "networks") if row["project"] == "default")
    names = {one.split()[0] for one in network["containers"]}
    assert names == {f"{shop.key.slug}--web--1", "webduh-traefik"}


def test_routes_are_those_that_traefik_has(world: ServerWorld, shop: ServedApp) -> None:
    own = [row for row in shown(world, "routes") if row["app"] == shop.key.slug]
    assert {tuple(row["entry_points"]) for row in own} >= {("web",), ("websecure",)}
    assert {(row["state"], len(row["upstreams"]), tuple(row["errors"])) for row in own} == {("enabled", 1, ())}
    assert any(shop.host in row["rule"] and row["tls"] for row in own)
    assert world.file("traefik/key").strip() not in world.good("server", "show", "prod", "routes", "-o", "json")
    broken = f"{ROOT}/traefik/dynamic/hand.yml"
    lost = "http: {routers: {lost: {rule: 'Host(`x.example.com`)', service: nowhere}}}"
    world.server.sh('printf "%s\\n" "$2" >"$1"', broken, lost)
    try:
        wait_for(lambda: any(row["state"] == "disabled" for row in shown(world, "routes")), "the router is read")
        first = shown(world, "routes")[0]
        assert (first["name"], first["upstreams"]) == ("lost@file", [])
        assert "does not exist" in first["errors"][0]
    finally:
        world.server.exec("rm", broken)
        wait_for(lambda: all(row["state"] == "enabled" for row in shown(world, "routes")), "it is gone")


def test_no_process_shows_a_secret_and_each_names_its_container(world: ServerWorld, shop: ServedApp) -> None:
    name = f"{shop.key.slug}--web--1"
    world.server.exec("docker", "exec", "-d", name, "sh", "-c", "exec sleep 601 # s3cret-value --password=hunter22")
    rows = shown(world, "processes")
    assert any(row["container"] == name and "program.py" in row["command"] for row in rows)
    text = world.good("server", "show", "prod", "processes")
    assert "s3cret-value" not in text
    assert "hunter22" not in text


def test_the_disk_is_told_and_after_it_the_size_of_volumes(world: ServerWorld, shop: ServedApp) -> None:
    rows = shown(world, "disk")
    assert [row["name"] for row in rows if row["kind"] == "docker"] == [
        "images",
        "containers",
        "volumes",
        "build cache",
    ]
    assert any(row["kind"] != "docker" and row["size"] > row["used"] > 0 for row in rows)


def test_a_container_is_stopped_started_and_restarted(world: ServerWorld, shop: ServedApp) -> None:
    name = f"{shop.key.slug}--web--1"
    assert "is stopped" in world.good("server", "stop", "prod", name)
    assert world.get(shop.host)[0] in (502, 503, 504)
    assert "is started" in world.good("server", "start", "prod", name)
    wait_for(lambda: world.get(shop.host)[0] == 200, "it serves again")
    assert "is restarted" in world.good("server", "restart", "prod", name)
    wait_for(lambda: world.get(shop.host)[0] == 200, "it serves again")
    acts = [act["act"] for act in world.read("audit", "--limit", "20")]
    assert {"stop", "start", "restart"} <= set(acts)


def test_only_what_nobody_needs_is_removed(world: ServerWorld, shop: ServedApp) -> None:
    world.server.exec("docker", "tag", "busybox:latest", "left:1")
    world.server.exec("docker", "volume", "create", "left-data")
    image = next(row for row in shown(world, "images") if row["releases"])
    volume = next(row["name"] for row in shown(world, "volumes") if row["app"] == shop.key.slug)
    for what in (("image", image["names"][0]), ("image", image["id"]), ("volume", volume)):
        world.refused(1, "server", "rm", "prod", *what, "-y", says=("is not removed from prod", "Nothing was changed."))
    assert "left-data" in world.good("server", "rm", "prod", "volume", "left-data", "--dry-run")
    world.good("server", "rm", "prod", "volume", "left-data", "-y")
    assert "left-data" not in world.server.exec("docker", "volume", "ls", "-q").split()
    world.good("server", "rm", "prod", "image", "left:1", "-y")
    names = world.server.exec("docker", "images", "--format", "{{.Repository}}:{{.Tag}}").split()
    assert ("left:1" in names, "busybox:latest" in names) == (False, False)  # it was one image with two names
    world.server.load("busybox:latest")
    assert shop.body()


# In the console.


@pytest.fixture
def added(tmp_path: Path, world: ServerWorld, shop: ServedApp, monkeypatch: pytest.MonkeyPatch) -> Iterator[Context]:
    """Another user's home that knows the server as `prod`."""
    monkeypatch.setenv("WEBDUH_KEY", "file")
    ctx, server = worlds.context(tmp_path / "home"), world.server
    address = f"ssh://{server.user}@{server.host}:{server.ssh}"
    run_line(ctx, f"target add prod {address} --identity {server.key} --accept-host-key {server.fingerprint}")
    yield ctx
    ctx.close()


async def test_every_room_of_a_server_is_filled_by_keys_alone(added: Context, shop: ServedApp) -> None:
    app = ConsoleApp(added, clock=now, every=0.5)
    async with opened(app, (160, 48)) as pilot:
        await until(pilot, lambda: shop.key in app.board.rows, 60)
        await pilot.press("t", "down", "enter")
        screen = app.screen
        assert isinstance(screen, TargetScreen)
        for kind in KINDS:
            await pilot.press(KEYS[kind])
            await until(pilot, lambda kind=kind: screen.room(kind).count() and not screen.room(kind).error, 60)  # type: ignore[misc]
        await pilot.press(KEYS["containers"], "home", "enter")
        await until(pilot, lambda: isinstance(app.screen, AppScreen) and app.screen.tab == "logs")


async def test_a_container_is_restarted_after_a_question(added: Context, shop: ServedApp) -> None:
    app = ConsoleApp(added, clock=now, every=0.5, at="prod:containers")
    async with opened(app, (160, 48)) as pilot:
        await until(pilot, lambda: isinstance(app.screen, TargetScreen) and app.screen.room("containers").count(), 60)
        await pilot.press("home", "R")
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen) and "y yes" in drawn(app))
        await pilot.press("y")
        await until(pilot, lambda: any("is restarted" in one.message for one in app._notifications), 60)
        wait_for(lambda: shop.world.get(shop.host)[0] == 200, "it serves again")


async def test_a_server_that_is_switched_off_is_marked_and_comes_back(
    added: Context, world: ServerWorld, shop: ServedApp
) -> None:
    app = ConsoleApp(added, clock=now, every=0.5, at="prod:networks")
    async with opened(app, (160, 48)) as pilot:
        await until(pilot, lambda: isinstance(app.screen, TargetScreen) and app.screen.room("networks").count(), 60)
        assert isinstance(app.screen, TargetScreen)
        room = app.screen.room("networks")
        world.server.kill()
        await until(pilot, lambda: room.error and "as of" in drawn(app), 90)
        assert room.count()
        world.server.start()
        world.server.until_up()
        await until(pilot, lambda: not room.error, 90)


async def test_a_command_is_run_from_the_console(added: Context) -> None:
    app = ConsoleApp(added, clock=now, every=0.5, at="prod")
    async with opened(app, (160, 48)) as pilot:
        await until(pilot, lambda: isinstance(app.screen, TargetScreen))
        await pilot.press("x", *"docker ps --format '{{.Names}}'", "enter")
        await until(pilot, lambda: isinstance(app.screen, ExecScreen) and app.screen.ends == {"prod": "done"}, 60)
        await until(pilot, lambda: "webduh-traefik" in drawn(app), 20)
