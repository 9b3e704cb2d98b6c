"""Schedules on this machine, from the command line."""

import os
import signal

import pytest
from world import World, assert_settled, wait_until

pytestmark = pytest.mark.timeout(120)
NEVER = "0 0 1 1 *"


def test_a_schedule_is_planned_listed_run_and_remembered(world: World) -> None:
    own = {"tidy": {"cron": NEVER, "run": "echo $WORD $WEBDUH_RELEASE; echo oh >&2", "timezone": "Europe/Berlin"}}
    app = world.app("shop", variables={"WORD": "a b"}, schedules=own)
    changes = {change["name"]: change for change in world.read("plan", str(app.folder))["changes"]}
    assert (changes["tidy"]["kind"], changes["tidy"]["before"]) == ("schedule", "")
    app.deploy()
    (listed,) = world.read("schedule", "ls")
    assert (listed["app"], listed["schedule"], listed["timezone"], listed["last"]) == (
        "shop",
        "tidy",
        "Europe/Berlin",
        None,
    )
    assert listed["next"].endswith("-12-31T23:00:00Z")
    assert world.good("schedule", "run", app.name, "tidy", "--raw").splitlines().count("a b 1") == 1
    (run,) = world.read("schedule", "history", app.name, "tidy")
    assert (run["outcome"], run["code"], run["release"]) == ("done", 0, 1)
    lines = world.good("logs", app.name, "--process", "tidy", "--raw")
    assert "oh" in lines
    assert world.read("drift", app.name) == []
    assert_settled(app)


def test_a_run_ends_with_its_exit_code_and_leaves_the_app_serving(world: World) -> None:
    app = world.app("shop", schedules={"tidy": {"cron": NEVER, "run": "echo no disk; exit 7"}})
    app.deploy()
    world.refused(7, "schedule", "run", app.name, "tidy", says=("failed (exit 7)",))
    (status,) = world.read("status", app.name)
    assert status["state"] == "serving"
    assert [(run["schedule"], run["outcome"], run["code"]) for run in status["failing"]] == [("tidy", "failed", 7)]
    assert "tidy failed" in world.good("status")
    (listed,) = world.read("schedule", "ls", app.name)
    assert listed["last"]["code"] == 7


def test_a_deployment_leaves_a_run_alone_and_the_next_is_refused(world: World) -> None:
    wait = "while [ ! -e go ]; do sleep 0.1; done; echo free $WEBDUH_RELEASE"
    app = world.app("shop", volumes={"data": "data"}, schedules={"tidy": {"cron": NEVER, "run": f"cd data; {wait}"}})
    app.deploy()
    world.good("schedule", "run", app.name, "tidy", "--detach")
    app.write(version="2")
    app.deploy()
    assert app.body() == "2"
    world.refused(1, "schedule", "run", app.name, "tidy", says=("runs already",))
    (status,) = world.read("status", app.name)
    assert (status["state"], [i["process"] for i in status["instances"] if i["scheduled"]]) == ("serving", ["tidy"])
    assert world.read("drift", app.name) == []
    (app.kept / "volumes" / "data" / "go").touch()
    wait_until(lambda: [r["outcome"] for r in world.read("schedule", "history", app.name)] == ["done"])
    assert_settled(app)


def test_a_schedule_goes_with_its_release_and_comes_back_with_it(world: World) -> None:
    app = world.app("shop", schedules={"tidy": {"cron": NEVER, "run": "true"}})
    app.deploy()
    app.configure(schedules=None)
    app.write(version="2")
    app.deploy()
    assert world.read("schedule", "ls") == []
    world.refused(2, "schedule", "run", app.name, "tidy", says=("has no schedule tidy",))
    world.good("rollback", app.name)
    assert [s["schedule"] for s in world.read("schedule", "ls")] == ["tidy"]
    assert world.target().supervisor.plans()[0].release == 3
    world.good("app", "rm", app.name, "--yes")
    assert (world.target().supervisor.plans(), world.read("schedule", "ls")) == ([], [])


def test_removing_an_app_ends_its_run(world: World) -> None:
    app = world.app("shop", schedules={"tidy": {"cron": NEVER, "run": "exec sleep 1000"}})
    app.deploy()
    world.good("schedule", "run", app.name, "tidy", "--detach")
    world.good("app", "rm", app.name, "--yes")
    assert not [words for words in world.processes().values() if "sleep 1000" in words]
    assert not (app.kept / "schedules").exists()


def test_a_killed_supervisor_loses_a_run_and_says_so(world: World) -> None:
    app = world.app("shop", schedules={"tidy": {"cron": NEVER, "run": "exec sleep 1000"}})
    app.deploy()
    world.good("schedule", "run", app.name, "tidy", "--detach")
    os.kill(world.supervisor_pid(), signal.SIGKILL)
    world.good("target", "start", "local")
    (listed,) = world.read("schedule", "ls", app.name)
    assert (listed["last"]["outcome"], listed["running"], listed["next"] is not None) == ("lost", None, True)


def test_a_deployment_that_is_taken_back_leaves_the_old_schedules(world: World) -> None:
    app = world.app("shop", schedules={"tidy": {"cron": NEVER, "run": "true"}})
    app.deploy()
    app.configure(schedules={"other": {"cron": NEVER, "run": "true"}}, start=["sh", "-c", "exit 9"])
    world.refused(1, "deploy", str(app.folder), says=("exited with 9",))
    assert [plan.name for plan in world.target().supervisor.plans()] == ["tidy"]
    assert [s["schedule"] for s in world.read("schedule", "ls")] == ["tidy"]


def test_what_is_wrong_changes_nothing(world: World) -> None:
    app = world.app("shop", schedules={"tidy": {"cron": "61 * * * *", "run": "true"}})
    world.refused(2, "deploy", str(app.folder), says=("schedules.tidy.cron", "minute"))
    app.configure(schedules={"tidy": {"cron": NEVER, "run": "true"}})
    app.deploy()
    world.refused(2, "schedule", "run", app.name, "tidi", says=("Did you mean tidy",))
    assert world.good("schedule", "run", app.name, "tidy", "--dry-run").strip() == "tidy of shop would be run."
    assert world.read("schedule", "history", app.name) == []
