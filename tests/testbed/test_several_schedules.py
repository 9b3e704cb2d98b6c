"""On several servers a schedule runs on one."""

import json
from collections.abc import Iterator

import pytest
from command_line import FAILED
from fleet_world import FleetApp, FleetWorld, rented_fleet
from server import Server
from server_world import ROOT
from waiting import wait_until

FIND = 'find "$1/apps" -path "*/releases/*/schedules/*.sh"'


@pytest.fixture(scope="module")
def world(servers: list[Server], tmp_path_factory: pytest.TempPathFactory) -> Iterator[FleetWorld]:
    with rented_fleet(servers, tmp_path_factory.mktemp("fleet")) as world:
        yield world


def having(world: FleetWorld, app: FleetApp, number: int) -> list[str]:
    """The servers on which a release has its schedules."""
    path = f"{app.at_first.key.slug}/releases/{number}/schedules/tidy.sh"
    return [name for name in "abc" if path in world[name].sh(FIND, ROOT)]


@pytest.mark.timeout(300, func_only=True)
def test_one_server_runs_it_and_the_next_when_that_one_is_left_out(world: FleetWorld) -> None:
    app = world.app("till", schedules={"tidy": {"cron": "0 0 1 1 *", "run": "echo $WEBDUH_RELEASE"}})
    app.deploy("--watch", "0")
    assert having(world, app, 1) == ["a"]
    (listed,) = world.read("schedule", "ls")
    assert (listed["place"], listed["target"]) == ("a", "shop")
    assert world.good("schedule", "run", app.name, "tidy", "--raw").splitlines() == ["1"]
    (run,) = world.read("schedule", "history", app.name)
    assert (run["outcome"], run["place"]) == ("done", "a")
    assert (world.row("till")["state"], world.read("drift", "till")) == ("serving", [])
    world["a"].kill()
    try:
        app.deploy("--watch", "0", "--quorum", "2")
        listed = world.run("schedule", "ls", app.name, "-o", "json")
        assert listed.returncode == FAILED, "one that does not answer may have one, too"
        assert [(one["place"], one["release"]) for one in json.loads(listed.stdout)] == [("b", 2)]
        world.refused(FAILED, "schedule", "ls", app.name, says=("cannot be reached",))
        world.good("schedule", "run", app.name, "tidy", "--raw")
    finally:
        world["a"].start()
    wait_until(lambda: world.run("deploy", "till", "--behind", "--watch", "0").returncode == 0, limit=60)
    assert having(world, app, 2) == ["b"]
    assert [state["place"] for state in world.read("schedule", "ls", app.name)] == ["b"]
