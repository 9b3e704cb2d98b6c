"""What is on several servers, asked at once: each names its own, and one that is silent is said."""

import re

import pytest
from fleet_world import FleetWorld, rented_fleet
from server import Server

pytestmark = pytest.mark.timeout(400)


def test_several_servers_name_theirs_and_answer_a_command(
    servers: list[Server], tmp_path_factory: pytest.TempPathFactory
) -> None:
    with rented_fleet(servers, tmp_path_factory.mktemp("fleet")) as fleet:
        _of_all(fleet)


def _of_all(fleet: FleetWorld) -> None:
    rows = fleet.read("server", "show", "shop", "networks")
    assert {row["server"] for row in rows} == {"a", "b", "c"}
    assert re.search(r"^SERVER +NAME", fleet.good("server", "show", "shop", "networks"), re.MULTILINE)
    fleet["b"].pause()
    try:
        done = fleet.run("server", "show", "shop", "volumes", "-o", "json")
        assert (done.returncode, "b: " in done.stderr) == (1, True), done
    finally:
        fleet["b"].unpause()
