"""On a server: what may end, and what Docker starts again."""

import json

import pytest
from fault_client import HaltingClient
from server_world import ServedApp, ServerWorld, assert_settled
from visiting import Visits
from waiting import wait_until

pytestmark = pytest.mark.timeout(120)


def policy(app: ServedApp, process: str) -> dict[str, object]:
    """What Docker is told of an instance."""
    name = f"{app.key.slug}--{process}--1"
    found: dict[str, object] = json.loads(
        app.world.server.sh("docker inspect -f '{{json .HostConfig.RestartPolicy}}' \"$1\"", name)
    )
    return found


def test_each_process_is_restarted_as_it_says(world: ServerWorld) -> None:
    parts = {
        "once": {"command": "echo done", "restart": "never"},
        "job": {"command": "sleep 3; exit 5", "restart": "on-failure", "max_retries": 1},
        "worker": "exec sleep 1000",
    }
    app = world.app("mixed", processes=parts, deploy={"watch": 1, "drain": 1})
    app.deploy()
    assert {process: policy(app, process) for process in ("web", "once", "job", "worker")} == {
        "web": {"Name": "unless-stopped", "MaximumRetryCount": 0},
        "once": {"Name": "no", "MaximumRetryCount": 0},
        "job": {"Name": "on-failure", "MaximumRetryCount": 1},
        "worker": {"Name": "unless-stopped", "MaximumRetryCount": 0},
    }
    wait_until(lambda: "job--1 is exited (exit 5), restarted 1 times" in world.read("status", "mixed")[0]["reason"])
    (status,) = world.read("status", "mixed")
    assert (status["state"], "once" in status["reason"]) == ("degraded", False)
    found = world.run("drift", "mixed", "-o", "json")
    assert [each["name"] for each in json.loads(found.stdout)] == [f"{app.key.slug}--job--1"]


def test_a_process_that_may_end_and_fails_fails_the_deployment(world: ServerWorld) -> None:
    parts = {"once": {"command": "echo no disk; exit 4", "restart": "never"}}
    app = world.app("failing", processes=parts, deploy={"watch": 1, "drain": 1})
    world.refused(1, "deploy", str(app.folder), says=("once--1 exited with 4", "no disk"))


def test_what_ended_just_before_it_is_routed_to_is_started_again_first(world: ServerWorld) -> None:
    app = world.app("ended", deploy={"watch": 0, "drain": 1})
    app.deploy()
    app.next_version()
    client = HaltingClient(world, "do route prod", 60, "deploy", str(app.folder))
    try:
        assert client.halted(60)
        world.server.sh('docker kill "$1"', f"{app.key.slug}--web--2")  # as a restart of Docker does
        with Visits(lambda: world.get(app.host), ("1", "2")) as visits:
            client.go_on()
            assert client.ended(60)["outcome"] == "done", client.said
            wait_until(lambda: app.body() == "2")
        assert visits.failures == []
    finally:
        client.close()
    assert assert_settled(app) == 2
