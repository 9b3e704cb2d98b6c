"""Whatever fails on the way of a deployment is said in words and taken back; what served serves on."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from loopback import free_port
from refusals import FAILED, error_of, refused
from waiting import wait_until
from world import App, Visitor, World, assert_settled, get

CGROUPS = Path("/sys/fs/cgroup/memory")
ROOT = os.getuid() == 0


@pytest.fixture
def serving(world: World) -> Iterator[App]:
    """An app that serves version 1, whose next version will be bad; every request is answered by version 1."""
    app = world.app("shop", build="echo short")
    app.configure(health={"timeout": 3, "interval": 0.05, "path": "/"})
    app.deploy()
    app.write(version="2")
    with Visitor(app.port, {"1"}) as visitor:
        yield app
    assert visitor.failures == []
    assert app.body() == "1"
    assert assert_settled(app) == 1


def test_a_build_that_fails(serving: App) -> None:
    serving.configure(build="echo compiling; echo no such module >&2; exit 9")
    says = ("The build step build failed", "exited with 9", "no such module", "What serves now was not touched.", "→")
    refused(serving.world, FAILED, "deploy", "shop", says=says)
    assert error_of(serving.world, "deploy", "shop")["name"] == "build"


def test_a_build_whose_program_is_not_there(serving: App) -> None:
    serving.configure(build=[["no-such-tool", "now"]])
    refused(serving.world, FAILED, "deploy", "shop", says=("no-such-tool is not installed", "What serves now"))


def test_a_release_process_that_fails(serving: App) -> None:
    serving.configure(processes={"release": "echo table is locked; exit 5"})
    refused(serving.world, FAILED, "deploy", "shop", says=("exited with 5", "table is locked", "serves on"))


def test_a_start_command_that_is_not_there(serving: App) -> None:
    serving.configure(start=["./no-such-program"])
    refused(serving.world, FAILED, "deploy", "shop", says=("no-such-program", "→"))


BAD = {
    "exits": ("exited with 3 after", "the database is not there", "What served before serves on."),
    "is-killed": ("was ended by signal 9", "SIGKILL"),
    "answers-500": ("did not become healthy within 3 s: it answered 500", "200-399", "What served before serves on."),
    "never": ("did not become healthy within 3 s: nothing listens on port",),
}


@pytest.mark.parametrize("mode", BAD)
def test_a_release_that_is_unhealthy(serving: App, mode: str) -> None:
    serving.write(mode=mode)
    refused(serving.world, FAILED, "deploy", "shop", says=(*BAD[mode], "everything was taken back"))
    assert error_of(serving.world, "deploy", "shop")["name"] == "unhealthy"


def test_a_release_that_listens_on_another_port(serving: App) -> None:
    port = free_port()
    serving.configure(health={"timeout": 20, "interval": 0.05, "path": "/"})
    serving.write(mode="elsewhere", elsewhere=str(port))
    refused(serving.world, FAILED, "deploy", "shop", says=(f"listens on port {port}, not on", "PORT", "serves on"))


def test_a_release_over_its_memory_limit(serving: App) -> None:
    serving.configure(memory="120M", health={"timeout": 30, "interval": 0.05, "path": "/"})
    serving.write(mode="hogs")
    refused(serving.world, FAILED, "deploy", "shop", says=("was killed by the system for memory", "memory:"))


def test_a_release_that_fails_at_the_front_door_only(world: World) -> None:
    app = world.app("shop")
    app.deploy()
    app.write(version="2", mode="fails-visitors")
    refused(world, FAILED, "deploy", "shop", says=("is not answered by release 2: it answered 500", "taken back"))
    assert app.body() == "1"
    assert assert_settled(app) == 1


def test_a_release_that_fails_while_it_is_watched(world: World) -> None:
    app = world.app("shop")
    app.deploy()
    app.write(version="2")
    app.configure(processes={"worker": "sleep 0.3; echo no queue; exit 6"})
    with Visitor(app.port, {"1", "2"}) as visitor:
        refused(world, FAILED, "deploy", "shop", "--watch", "5", says=("exited with 6", "no queue", "taken back"))
    assert visitor.failures == []
    assert app.body() == "1"
    assert assert_settled(app) == 1


def test_a_process_whose_program_is_not_installed(serving: App) -> None:
    serving.configure(processes={"worker": ["no-such-worker", "--fast"]})
    says = (
        "no-such-worker: it is not installed on this machine, and the process worker needs it",
        "Nothing was changed.",
    )
    refused(serving.world, FAILED, "deploy", "shop", says=says)


def test_a_new_port_that_another_program_takes_leaves_the_old_one_open(serving: App) -> None:
    serving.configure(local={"port": free_port()})
    serving.write(mode="exits")
    refused(serving.world, FAILED, "deploy", "shop", says=("exited with 3",))


def test_a_new_port_is_opened_with_the_switch(world: World) -> None:
    app = world.app("shop")
    app.deploy()
    old, new = app.port, free_port()
    app.configure(local={"port": new})
    app.deploy()
    assert get(new) == (200, "1")
    with pytest.raises(ConnectionRefusedError):
        get(old)
    world.good("rollback", "shop", "--watch", "0")
    assert get(old) == (200, "1")


def test_a_release_that_the_system_kills_for_memory(world: World) -> None:
    if not (ROOT and os.access(CGROUPS / "memory.limit_in_bytes", os.R_OK) and os.access(CGROUPS, os.W_OK)):
        pytest.skip("NOT PROVEN: needs root and memory control groups (version 1)")
    app = world.app("shop")
    app.deploy()
    app.write(version="2", mode="hogs")
    group = CGROUPS / f"webduh-journey-{os.getpid()}"
    group.mkdir()
    try:
        (group / "memory.limit_in_bytes").write_text(str(150 * 2**20))
        inside = f"echo $$ > {group}/cgroup.procs; exec {sys.executable} program.py"
        app.configure(start=["sh", "-c", inside])
        refused(world, FAILED, "deploy", "shop", says=("was killed by the system for memory", "memory:"))
    finally:
        wait_until(lambda: not (group / "cgroup.procs").read_text(), "the group is empty")
        group.rmdir()
    assert app.body() == "1"
    assert assert_settled(app) == 1


def test_what_failed_releases_were_built_from_does_not_pile_up(serving: App) -> None:
    serving.write(mode="exits")
    refused(serving.world, FAILED, "deploy", "shop", says=("exited with 3",))
    folder = serving.kept / "artifacts"
    assert len(list(folder.glob("*.json"))) == 2
    for marker in folder.glob("*.json"):
        os.utime(marker, (0, 0))
    serving.write(version="3")
    refused(serving.world, FAILED, "deploy", "shop", says=("exited with 3",))
    versions = {path.read_text() for path in folder.glob("*/version")}
    assert versions == {"1", "3"}
