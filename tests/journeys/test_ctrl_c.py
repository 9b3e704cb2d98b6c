"""Ctrl-C at every step: once takes the way back to its end, twice stops at once, and the next command cleans up."""

import json
import os
import signal
from typing import Any

import pytest
from world import App, Visitor, World, assert_settled, get, last_json

INTERRUPTED = 130
BUILD = "echo begins; test -e fast || sleep 30; echo ends"
STEPS = ["build", "lease", "record", "address", "artifact", "release", "start", "healthy", "route", "start-worker"]


def shop(world: World) -> App:
    """A deployed app with a build, a release process and a worker; without its file `fast` the first two take long."""
    app = world.app(
        "shop",
        build=BUILD,
        processes={"release": "echo migrates; test -e fast || sleep 30", "worker": "exec sleep 1000"},
    )
    app.write(fast="")
    app.deploy()
    return app


def interrupted(app: App, step: str, times: int, *words: str) -> tuple[int, list[Any]]:
    """Deploy, and send SIGINT as soon as `step` has begun: its exit code and its events."""
    process = app.world.start("deploy", str(app.folder), "-o", "json", *words)
    assert process.stdout is not None
    events, sent = [], 0
    for line in process.stdout:
        event = json.loads(line)
        events.append(event)
        if event.get("event") == "step-started" and event["step"] == step and not sent:
            os.kill(process.pid, signal.SIGINT)
            sent = 1
        elif sent == 1 and times == 2:
            os.kill(process.pid, signal.SIGINT)
            sent = 2
    code = process.wait(60)
    assert process.stderr is not None
    assert "Traceback" not in process.stderr.read()
    process.stdout.close()
    process.stderr.close()
    assert sent, [event.get("step") for event in events]
    return code, events


def write_second(app: App, step: str) -> None:
    """Version 2, whose build or release process takes long, should that be the step."""
    app.write(version="2")
    if step in ("build", "release"):
        (app.folder / "fast").unlink()
        if step == "release":
            app.configure(build="echo short")


@pytest.mark.parametrize("step", STEPS)
def test_ctrl_c_before_the_point_of_no_return_takes_the_way_back(world: World, step: str) -> None:
    app = shop(world)
    write_second(app, step)
    with Visitor(app.port, {"1", "2"}) as visitor:
        code, events = interrupted(app, step, 1, "--watch", "3")
    assert (code, events[-1]["outcome"]) == (INTERRUPTED, "cancelled"), events[-1]
    assert visitor.failures == []
    assert app.body() == "1"
    assert assert_settled(app) == 1
    kinds = [event.get("event") for event in events]
    assert "reverting" in kinds or step in ("build", "lease")


def test_ctrl_c_while_it_is_watched_takes_the_way_back(world: World) -> None:
    app = shop(world)
    app.write(version="2")
    with Visitor(app.port, {"1", "2"}) as visitor:
        code, events = interrupted(app, "watch", 1, "--watch", "20")
    assert (code, events[-1]["outcome"]) == (INTERRUPTED, "cancelled")
    assert visitor.failures == []
    assert app.body() == "1"
    assert assert_settled(app) == 1


def test_ctrl_c_while_the_old_release_is_retired_changes_nothing_of_the_outcome(world: World) -> None:
    app = shop(world)
    app.write(version="2")
    code, events = interrupted(app, "retire-1", 1, "--watch", "0")
    assert (code, events[-1]["outcome"]) == (0, "done")
    assert app.body() == "2"
    app.write(version="3")
    app.deploy()
    assert assert_settled(app) == 3


@pytest.mark.parametrize("step", ["build", "address", "release", "healthy", "watch"])
def test_a_second_ctrl_c_stops_at_once_and_the_next_command_cleans_up(world: World, step: str) -> None:
    app = shop(world)
    write_second(app, step)
    with Visitor(app.port, {"1", "2"}) as visitor:
        code, _ = interrupted(app, step, 2, "--watch", "20")
        assert code == INTERRUPTED
        app.write(fast="", version="2")
        ended = last_json(app.deploy("-o", "json"))
        assert ended["outcome"] in ("done", "unchanged")
    assert visitor.failures == []
    assert get(app.port) == (200, "2")
    assert_settled(app)
    assert not [words for words in world.processes().values() if "sleep 30" in words]
