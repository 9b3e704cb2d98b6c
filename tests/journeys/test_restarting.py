"""What may end, and what is started again."""

import pytest
from world import World, assert_settled, wait_until

pytestmark = pytest.mark.timeout(120)


def test_a_process_that_may_end_leaves_the_app_serving_and_is_no_drift(world: World) -> None:
    parts = {
        "once": {"command": "echo done", "restart": "never"},
        "job": {"command": "exit 0", "restart": "on-failure"},
    }
    app = world.app("shop", processes=parts)
    app.deploy("--watch", "1")
    (status,) = world.read("status", app.name)
    assert (status["state"], status["reason"]) == ("serving", "")
    assert world.read("drift", app.name) == []
    assert {i["process"]: i["state"] for i in status["instances"]} == {
        "web": "running",
        "once": "exited",
        "job": "exited",
    }


def test_a_process_that_may_end_and_fails_fails_the_deployment(world: World) -> None:
    app = world.app("shop", processes={"once": {"command": "echo no disk; exit 4", "restart": "never"}})
    world.refused(1, "deploy", str(app.folder), "--watch", "1", says=("once--1 exited with 4", "no disk"))


def test_one_that_fails_later_is_restarted_as_often_as_it_says_and_then_named(world: World) -> None:
    job = {"command": "sleep 1; exit 5", "restart": "on-failure", "max_retries": 1}
    app = world.app("shop", processes={"job": job})
    app.deploy("--watch", "0")
    wait_until(lambda: "is exited (exit 5), restarted 1 times" in world.read("status", app.name)[0]["reason"])
    (status,) = world.read("status", app.name)
    assert status["state"] == "degraded"
    assert app.body() == "1"


def test_a_plan_shows_what_is_said(world: World) -> None:
    app = world.app("shop", processes={"job": "exec sleep 1000"})
    app.deploy()
    app.configure(processes={"job": {"command": "exec sleep 1000", "restart": "on-failure", "max_retries": 3}})
    changes = {change["name"]: change["after"] for change in world.read("plan", str(app.folder))["changes"]}
    assert (changes["job restart"], changes["job max_retries"]) == ("on-failure", "3")
    app.deploy()
    assert_settled(app)
