"""One of three servers is not as the others: its clock is wrong, its line slow, a container gone."""

import json
from collections.abc import Iterator

import pytest
from command_line import HELD
from fleet_world import FleetApp, FleetWorld, rented_fleet
from program import until
from server import Server

FAST = ("--watch", "0", "--drain", "0")
HOUR = 3600


@pytest.fixture(scope="module")
def world(servers: list[Server], tmp_path_factory: pytest.TempPathFactory) -> Iterator[FleetWorld]:
    """A user with a target of three servers that are set up."""
    with rented_fleet(servers, tmp_path_factory.mktemp("user")) as world:
        yield world


@pytest.fixture(scope="module")
def shop(world: FleetWorld) -> FleetApp:
    """An app that serves everywhere."""
    app = world.app("till")
    app.deploy(*FAST)
    return app


@pytest.mark.parametrize("hours", [-7, 5])
def test_a_server_whose_clock_is_hours_off_is_named_and_takes_part(
    world: FleetWorld, shop: FleetApp, hours: int
) -> None:
    """Leases are told by each server's own clock: they hold, and are given back."""
    world["b"].set_clock(hours * HOUR)
    try:
        found = json.loads(world.run("server", "check", "shop", "-o", "json").stdout)
        facts = {fact["place"]: fact for fact in found if fact["name"] == "clock"}
        assert (facts["a"]["ok"], facts["b"]["ok"]) == (True, False)
        newer = shop.at_first.next_version()
        first = world.start("deploy", str(shop.at_first.folder), "--watch", "4", "--drain", "0")
        lease = f"{shop.at_first.kept}/lease.json"
        until(lambda: '"token":""' not in world["c"].sh('cat "$1"', lease), "nobody holds the lease")
        shop.refused(HELD, "--force", *FAST, says=("is being changed by", "Nothing was changed."))
        said, wrong = first.communicate(timeout=100)
        assert first.returncode == 0, said + wrong
        assert shop.bodies() == [newer] * 3
        world.good("rollback", "till", *FAST)
    finally:
        world["b"].set_clock(0)
    shop.settled(attempted=True)
    assert world.row("till")["state"] == "serving"


def test_a_server_with_a_slow_line_holds_the_others_up_and_nothing_else(world: FleetWorld, shop: FleetApp) -> None:
    newer = shop.at_first.next_version()
    world["c"].slow_down(kbit=256)
    try:
        shop.deploy(*FAST)
    finally:
        world["c"].heal()
    assert shop.bodies() == [newer] * 3
    shop.settled(attempted=True)


def test_a_new_home_learns_of_all_apps_while_the_first_server_is_silent(world: FleetWorld, shop: FleetApp) -> None:
    number = shop.settled(attempted=True)
    new = FleetWorld(world.root / "new", servers=world.servers)
    new.add()
    world["a"].pause()
    try:
        said = new.good("sync", "shop")
    finally:
        world["a"].unpause()
    assert f"✓ till: release {number}" in said
    assert "`webduh target registry shop ADDRESS` names one" in said


def test_a_container_that_was_removed_by_hand_is_named_and_the_next_deployment_mends_it(
    world: FleetWorld, shop: FleetApp
) -> None:
    number = shop.settled(attempted=True)
    name = f"{shop.at_first.key.slug}--web--{number}"
    world["b"].sh('docker rm -f "$1"', name)
    row = world.row("till")
    assert row["state"] == "degraded"
    assert f"b: {name} is gone" in str(row["reason"])
    shop.deploy(*FAST)
    assert len(set(shop.bodies())) == 1
    assert shop.settled(attempted=True) == number + 1
    assert world.row("till")["state"] == "serving"
