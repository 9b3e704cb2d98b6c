"""From a rented machine to apps that are served from it: every command a user gives, over the real thing."""

import re
import shutil
from pathlib import Path

from server_world import EXAMPLES, ServedApp, ServerWorld, assert_settled, nothing_there

FAST = ("--watch", "0", "--drain", "1")
MADE = r"docker ps -aq --no-trunc; docker network ls -q; find /var/lib/webduh -printf '%p %m %u:%g %T@\n'"


def example(world: ServerWorld, name: str, environment: str = "production") -> ServedApp:
    """A copy of an example's folder."""
    folder = world.root / name
    if not folder.exists():
        shutil.copytree(EXAMPLES / name, folder)
    return ServedApp(world, folder, environment)


def test_a_rented_machine_is_added_checked_and_set_up_and_setting_it_up_twice_is_once(
    world: ServerWorld, tmp_path: Path
) -> None:
    world.server.reset()
    newcomer = ServerWorld(tmp_path, server=world.server)
    assert f"host key {newcomer.server.fingerprint}" in newcomer.add()
    before = newcomer.run("server", "check", "prod")
    assert before.returncode == 1
    assert re.search(r"✗ +traefik +it is not there +`webduh server setup prod` starts it\.", before.stdout)
    planned = newcomer.good("server", "setup", "prod", "--dry-run")
    assert "make /var/lib/webduh" in planned
    assert newcomer.server.sh("docker ps -aq; ls /var/lib/webduh 2>/dev/null || :") == ""
    assert "prod is ready" in newcomer.good("server", "setup", "prod", "--yes")
    made = newcomer.server.sh(MADE)
    assert "Nothing to do: prod is ready." in newcomer.good("server", "setup", "prod", "--yes")
    assert newcomer.server.sh(MADE) == made
    assert "✗" not in newcomer.good("server", "check", "prod")
    assert newcomer.read("target", "ls")[-1]["name"] == "prod"


def test_every_example_is_served_under_its_domain_and_its_address_leads_nowhere_else(world: ServerWorld) -> None:
    says = {"hello-static": "<html", "guestbook-python": "Guestbook", "clock-node": "<html"}
    for name, text in says.items():
        app = example(world, name)
        out = app.deploy("--on", "prod", "--domain", app.host, *FAST)
        assert f"http://{app.host}" in out
        assert text in app.body()
    assert world.get("nobody.example.com")[0] == 404
    shown = {row["app"]: (row["state"], row["url"]) for row in world.read("status")}
    assert shown == {name: ("serving", f"http://{name}.example.com") for name in says}


def test_staging_stands_beside_production_with_variables_of_its_own(world: ServerWorld) -> None:
    app = world.app("beside")
    app.deploy()
    world.good("env", "set", "beside", "GREETING=hello")
    world.good("deploy", "beside")
    world.good("env", "set", "beside", "-e", "staging", "GREETING=salve")
    world.good("deploy", "beside", "-e", "staging", "--on", "prod", "--domain", "staging.beside.example.com")
    assert app.body("/GREETING") == "hello"
    assert world.get("staging.beside.example.com", "/GREETING") == (200, "salve")
    world.good("app", "rm", "beside", "-e", "staging", "--yes")
    assert world.get("staging.beside.example.com")[0] == 404
    assert app.body("/GREETING") == "hello"
    assert_settled(app)


def test_an_app_that_goes_from_this_machine_to_a_server_is_deployed_there_from_then_on(world: ServerWorld) -> None:
    app = world.app("moving")
    app.configure(on=None)
    try:
        app.deploy("--on", "local")
        assert [row["target"] for row in world.read("status") if row["app"] == "moving"] == ["local"]
        app.deploy("--on", "prod")
        assert world.read("plan", "moving")["target"] == "prod"
        world.good("app", "rm", "moving", "--yes")
        nothing_there(app)
    finally:
        world.good("target", "stop", "local")


def test_an_app_is_changed_looked_at_taken_back_and_removed(world: ServerWorld) -> None:
    app = world.app("shop", project="market", volumes={"data": "data"})
    app.deploy()
    done = world.run("secret", "set", "shop", "TOKEN", "--from-file", "-", given="tok-very-secret")
    assert done.returncode == 0
    world.good("env", "set", "shop", "COLOUR=blue")
    app.next_version()
    app.deploy()
    assert (app.body(), app.body("/TOKEN"), app.body("/COLOUR")) == ("2", "tok-very-secret", "blue")
    assert assert_settled(app) == 2
    assert "Nothing to change: release 2" in app.deploy()
    assert "version 2 begins" in world.good("logs", "shop")
    (seen,) = world.read("top", "shop")
    assert (seen["process"], seen["release"], seen["state"]) == ("web", 2, "running")
    assert seen["memory"] > 2**20
    assert [(row["number"], row["serving"]) for row in world.read("releases", "shop")] == [(2, True), (1, False)]
    world.good("rollback", "shop", *FAST)
    assert (app.body(), app.body("/COLOUR")) == ("1", "1")
    assert assert_settled(app) == 3
    assert world.good("run", "shop", "--", "cat", "version").strip() == "1"
    world.good("app", "rm", "shop", "--yes")
    assert world.get(app.host)[0] == 404
    nothing_there(app)
    assert f"webduh--{app.key.slug}--data" in world.standing().names("volume")


def test_volumes_go_only_when_that_is_asked(world: ServerWorld) -> None:
    app = world.app("kept", project="archive", volumes={"data": "data"})
    volume = f"webduh--{app.key.slug}--data"
    app.deploy()
    world.good("app", "rm", "kept", "--yes")
    assert volume in world.standing().names("volume")
    app.deploy()
    world.good("app", "rm", "kept", "--yes", "--volumes")
    assert volume not in world.standing().names("volume")
    nothing_there(app)


def test_removing_what_was_only_ever_taken_back_leaves_nothing(world: ServerWorld) -> None:
    app = world.app("stillborn", start="exit 3")
    world.refused(1, "deploy", str(app.folder), says=("exited with 3", "nothing serves"))
    assert any(line.startswith("image ") for line in world.standing().of(app.key.slug))
    world.good("app", "rm", app.name, "--yes", "--volumes")
    nothing_there(app)
