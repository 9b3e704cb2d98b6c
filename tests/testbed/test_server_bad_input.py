"""What goes wrong on a server is said in words, and what was left as it was is left so."""

import json
import time
from pathlib import Path

import pytest
from command_line import FAILED, USAGE, last_json, words_of
from server import Server
from server_world import ROOT, ServedApp, ServerWorld, assert_settled, assert_untouched, nothing_there

UNTOUCHED = "Nothing was changed."


@pytest.fixture(scope="module")
def shop(world: ServerWorld) -> ServedApp:
    """An app whose release 1 serves."""
    app = world.app("shop")
    app.deploy()
    return app


# The app is at fault.


@pytest.mark.parametrize(
    ("mode", "config", "says"),
    [
        ("inside", {}, ("127.0.0.1", "0.0.0.0")),
        ("exits", {}, ("3", "the database is not there")),
        ("hogs", {"memory": "64M"}, ("killed by the system for memory", "`memory:` in webduh.yaml")),
        ("well", {"processes": {"release": "echo no table; exit 8"}}, ("exited with 8", "no table")),
    ],
    ids=["listens inside only", "exits at once", "takes too much memory", "its release process fails"],
)
def test_an_app_that_fails_leaves_the_release_before_serving(
    shop: ServedApp, mode: str, config: dict[str, object], says: tuple[str, ...]
) -> None:
    before = (shop.folder / "webduh.yaml").read_text()
    shop.write(mode=mode, version="2")
    shop.configure(**config)
    try:
        shop.world.refused(FAILED, "deploy", str(shop.folder), says=(*says, "serve", "→"))
    finally:
        shop.write(mode="well", version="1", **{"webduh.yaml": before})
    assert_untouched(shop)


def test_a_first_deployment_that_fails_leaves_nothing_and_says_so(world: ServerWorld) -> None:
    app = world.app("stillborn")
    app.write(mode="exits")
    world.refused(FAILED, "deploy", str(app.folder), says=("the database is not there",))
    (row,) = world.read("status", "stillborn")
    assert (row["target"], row["state"], row["reason"]) == ("prod", "never", "the last deployment was reverted")
    standing = world.standing()
    own = [line.split(" ")[0] for line in standing.of(app.key.slug)]
    assert not {"container", "route", "release", "current", "aside"} & set(own), own
    app.write(mode="well")
    app.deploy()
    assert assert_settled(app, attempted=True) == 1


# The plan is at fault.


def test_a_domain_of_another_app_is_refused(world: ServerWorld, shop: ServedApp) -> None:
    thief = world.app("thief", domains=[shop.host])
    world.refused(FAILED, "deploy", str(thief.folder), says=(f"{shop.host} belongs to", "shop", UNTOUCHED, "--domain"))
    nothing_there(thief)
    assert_untouched(shop)


def test_an_app_without_a_domain_is_reached_from_inside_its_project_only(world: ServerWorld) -> None:
    app = world.app("inner", domains=None, project="quiet")
    ended = last_json(app.deploy("-o", "json"))
    assert (ended["outcome"], ended["url"]) == ("done", "")
    standing = world.standing()
    assert f"{app.key.slug}.yml" not in standing.names("route")
    ask = "import urllib.request as u; print(u.urlopen('http://quiet--inner--production--web--1:8080').read())"
    inside = ("docker", "run", "--rm", "--network", "webduh-p-quiet", "python:3.13-slim", "python", "-c", ask)
    assert world.server.exec(*inside).strip() == "b'1'"


# The server is at fault.


def test_a_user_who_may_not_log_in_is_named(world: ServerWorld) -> None:
    server = world.server
    address = f"ssh://nobody@{server.host}:{server.ssh}"
    words = ("target", "add", "other", address, "--identity", str(server.key), "--accept-host-key", "new")
    world.refused(FAILED, *words, says=("nobody", "→"))
    assert "other" not in [row["name"] for row in world.read("target", "ls")]


def test_a_user_without_docker_is_told_what_to_do(world: ServerWorld, tmp_path: Path) -> None:
    plain = ServerWorld(tmp_path / "plain", server=world.server)
    plain.add(user="plain")
    done = plain.run("server", "check", "prod")
    assert done.returncode == 1
    assert "usermod -aG docker plain" in words_of(done)
    app = plain.app("own")
    plain.refused(FAILED, "deploy", str(app.folder), says=("/var/lib/webduh", "usermod -aG docker plain"))
    nothing_there(app)


def test_a_changed_host_key_is_refused_and_named(world: ServerWorld, shop: ServedApp) -> None:
    server = world.server
    server.change_host_key()
    try:
        shop.next_version()
        world.refused(FAILED, "deploy", "shop", says=("host key", server.fingerprint, "→"))
    finally:
        server.sh("rm -f /etc/ssh/ssh_host_*; cp /testbed/ssh_host_* /etc/ssh; chmod 600 /etc/ssh/ssh_host_*_key")
        server.sh('kill -HUP "$(cat /run/sshd.pid)"')
        server.until_up()
        shop.write(version="1")
    assert_untouched(shop)


@pytest.mark.timeout(240, func_only=True)
def test_a_server_that_freezes_in_the_middle_is_named_and_the_next_deployment_mends_it(world: ServerWorld) -> None:
    app = world.app("frozen")
    app.deploy()
    app.configure(processes={"release": "sleep 3"})
    app.next_version()
    client = world.start("deploy", "frozen", "-o", "json")
    assert client.stdout is not None
    for line in client.stdout:
        if json.loads(line).get("event") == "step-started" and json.loads(line).get("step") == "release":
            break
    world.server.pause()
    began = time.monotonic()
    try:
        said, wrong = client.communicate(timeout=200)
    finally:
        world.server.unpause()
    # half a minute of silence, a minute for the way back, and the last tries
    assert time.monotonic() - began < 180, "it takes too long until the way back is given up"
    assert client.returncode == FAILED, said + wrong
    assert "prod" in last_json(said)["error"]["what"] + last_json(said)["error"]["why"]
    assert app.body() == "1"
    app.let_its_lease_age()
    app.deploy()
    assert app.body() == "2"
    assert_settled(app)


def test_a_server_without_docker_says_how_it_gets_one(bare_server: Server, tmp_path: Path) -> None:
    world = ServerWorld(tmp_path, server=bare_server)
    world.add()
    assert "--install-docker" in words_of(world.run("server", "check", "prod"))
    app = world.app("early")
    world.refused(FAILED, "deploy", str(app.folder), says=("was not set up", UNTOUCHED, "webduh server setup prod"))
    world.refused(FAILED, "server", "setup", "prod", "--yes", says=("Docker", "--install-docker"))
    assert bare_server.sh("ls -d /var/lib/webduh 2>/dev/null || :") == ""


def test_a_disk_without_room_or_inodes_is_said_before_anything_is_begun(tiny_server: Server, tmp_path: Path) -> None:
    tiny_server.load("traefik:v3.7", "python:3.13-slim")
    world = ServerWorld(tmp_path, server=tiny_server).ready()
    app = world.app("large")
    world.refused(
        FAILED, "deploy", str(app.folder), says=("disk: ", "at /var/lib/docker", UNTOUCHED, "webduh server prune")
    )
    tiny_server.sh("cd /var/lib/webduh && seq -f fill-%g 300 | xargs touch 2>/dev/null; true")
    world.refused(FAILED, "deploy", str(app.folder), says=(" 0 inodes at /var/lib/webduh", UNTOUCHED, "→"))
    nothing_there(app)


# Somebody did something by hand.


def test_a_malformed_file_in_the_folder_of_routes_is_named_before_anything_is_begun(
    world: ServerWorld, shop: ServedApp
) -> None:
    stray = f"{ROOT}/traefik/dynamic/mine.yml"
    world.server.sh('echo "http: [" > "$1"', stray)
    shop.next_version()
    try:
        says = (f"routes: {stray}: line 1: ", UNTOUCHED, "Mend or remove it")
        world.refused(FAILED, "deploy", str(shop.folder), says=says)
        assert_untouched(shop)
    finally:
        world.server.sh('rm "$1"', stray)
    shop.deploy()
    assert shop.body() == "2"
    assert_settled(shop)
    world.good("rollback", "shop", "--to", "1")
    shop.write(version="1")


def test_a_route_of_another_app_that_was_harmed_by_hand_is_named_and_all_is_taken_back(
    world: ServerWorld, shop: ServedApp
) -> None:
    other = world.app("harmed")
    other.deploy()
    file = f"{ROOT}/traefik/dynamic/{other.key.slug}.yml"
    world.server.sh('cp -p "$1" /tmp/kept.yml; echo "http: [" > "$1"', file)
    shop.next_version()
    try:
        world.refused(FAILED, "deploy", "shop", says=(file, "It goes on with the routes it had.", "→"))
        assert_untouched(shop)
    finally:
        world.server.sh('mv /tmp/kept.yml "$1"', file)
        shop.write(version="1")
    assert other.body() == "1"


def test_traefik_that_was_removed_is_missed_and_set_up_again(world: ServerWorld, shop: ServedApp) -> None:
    world.server.exec("docker", "rm", "-f", "webduh-traefik")
    shop.next_version()
    world.refused(FAILED, "deploy", "shop", says=("traefik", UNTOUCHED, "webduh server setup prod"))
    world.good("server", "setup", "prod", "--yes")
    assert shop.body() == "1"
    shop.write(version="1")
    assert_untouched(shop)


def test_a_container_that_was_removed_is_missed_and_comes_back_with_the_next_deployment(world: ServerWorld) -> None:
    app = world.app("lost")
    app.deploy()
    world.server.exec("docker", "rm", "-f", f"{app.key.slug}--web--1")
    (row,) = world.read("status", "lost")
    assert row["state"] != "serving"
    assert row["reason"]
    app.deploy()
    assert app.body() == "1"
    assert_settled(app)


# Several people.


def test_root_and_a_deployer_deploy_the_same_app_in_turns(world: ServerWorld, tmp_path: Path) -> None:
    app = world.app("both")
    root = ServerWorld(tmp_path / "root", server=world.server)
    root.add(user="root")
    for version in range(1, 5):
        app.write(version=str(version))
        (world if version % 2 else root).good("deploy", str(app.folder))
        assert app.body() == str(version)
    assert assert_settled(app) == 4
    root.good("app", "rm", "both", "--yes")
    nothing_there(app)


def test_a_laptop_with_an_empty_state_keeps_what_another_one_set(world: ServerWorld, tmp_path: Path) -> None:
    app = world.app("shared")
    world.good("app", "add", str(app.folder))
    world.good("env", "set", "shared", "COLOUR=blue")
    assert world.run("secret", "set", "shared", "TOKEN", "--from-file", "-", given="tok-very-secret").returncode == 0
    app.deploy()
    other = ServerWorld(tmp_path / "other", server=world.server)
    other.add()
    app.next_version()
    other.good("deploy", str(app.folder))
    assert (app.body(), app.body("/COLOUR"), app.body("/TOKEN")) == ("2", "blue", "tok-very-secret")
    assert [row["number"] for row in other.read("releases", "shared")] == [2, 1]
    assert "Nothing to change: release 2" in world.good("deploy", "shared")


def test_an_unknown_server_is_refused_with_the_ones_there_are(world: ServerWorld, shop: ServedApp) -> None:
    world.refused(USAGE, "deploy", "shop", "--on", "prud", says=("prud", "prod", UNTOUCHED))
