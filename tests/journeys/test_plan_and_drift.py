"""What a deployment would change, and what somebody changed by hand, by the real command line."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from command_line import USAGE
from world import App, World, assert_settled

CHANGED = 3


def git(folder: Path, *words: str) -> str:
    identity = ("-c", "user.name=me", "-c", "user.email=me@example.com", "-c", "commit.gpgsign=false")
    done = subprocess.run(["git", *identity, *words], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture
def commits(world: World) -> tuple[App, str, str]:
    """An app with two commits, whose second one serves."""
    app = world.app("shop")
    git(app.folder, "init", "-q")
    git(app.folder, "add", ".")
    git(app.folder, "commit", "-qm", "one")
    first = git(app.folder, "rev-parse", "HEAD")
    app.write(version="2")
    git(app.folder, "commit", "-qam", "two")
    app.deploy()
    return app, first, git(app.folder, "rev-parse", "HEAD")


def test_an_older_commit_than_the_one_that_serves_is_refused_unless_that_is_asked(
    world: World, commits: tuple[App, str, str]
) -> None:
    app, first, second = commits
    git(app.folder, "checkout", "-q", first)
    says = (f"Commit {first[:8]} is older than {second[:8]}, which release 1 of shop serves", "--allow-older says yes")
    world.refused(USAGE, "deploy", "shop", says=says)
    world.refused(USAGE, "deploy", "shop", "--yes", "--force", says=says)
    assert says[0] in world.good("plan", "shop")
    assert world.read("plan", "shop")["questions"][0]["option"] == "--allow-older"
    assert "(--allow-older)" not in world.good("plan", "shop", "--allow-older")
    assert assert_settled(app) == 1
    app.deploy("--allow-older")
    assert (app.body(), assert_settled(app)) == ("1", 2)
    git(app.folder, "checkout", "-q", second)
    app.deploy()
    assert (app.body(), assert_settled(app)) == ("2", 3)


def test_commits_that_do_not_follow_each_other_are_not_compared(world: World, commits: tuple[App, str, str]) -> None:
    app, _, _ = commits
    git(app.folder, "checkout", "-q", "--orphan", "other")
    app.write(version="3")
    git(app.folder, "commit", "-qam", "three")
    app.deploy()
    shutil.rmtree(app.folder / ".git")
    git(app.folder, "init", "-q")
    app.write(version="4")
    git(app.folder, "add", ".")
    git(app.folder, "commit", "-qm", "four")
    app.deploy()
    assert app.body() == "4"


def test_what_somebody_else_deployed_meanwhile_is_said(world: World) -> None:
    app = world.app("shop")
    app.deploy()
    app.write(version="2")
    done = world.run("deploy", "shop", env={"LOGNAME": "anna"})
    assert done.returncode == 0, done.stderr
    app.write(version="3")
    text = world.good("plan", "shop")
    assert "! Release 2 was deployed by anna@" in text
    assert "the last from here was release 1." in text
    assert world.run("plan", "shop", env={"LOGNAME": "anna"}).stdout.count("!") == 0


def test_a_plan_names_every_difference_and_never_a_value(world: World) -> None:
    app = world.app("shop", variables={"COLOUR": "pale-green", "OLD": "pale-grey"})
    app.deploy()
    app.write(version="2")
    app.configure(
        variables={"COLOUR": "dark-green", "NEW": "dark-grey"},
        memory="64M",
        volumes={"data": "data"},
        health={"timeout": 20, "interval": 0.05, "path": "/"},
        processes={"worker": "sleep 1000"},
    )
    done = world.run("plan", "shop", "--exit-code")
    assert done.returncode == CHANGED
    lines = [line.split()[:3] for line in done.stdout.splitlines() if line.startswith("  ")]
    assert [line for line in lines if line[1] != "differences:"] == [
        ["~", "artifact", "source"],
        ["~", "variable", "COLOUR"],
        ["+", "variable", "NEW"],
        ["-", "variable", "OLD"],
        ["+", "process", "worker"],
        ["~", "health", "timeout"],
        ["+", "resource", "memory"],
        ["+", "volume", "data"],
    ]
    assert "8 differences: 4 new, 3 changed, 1 gone" in done.stdout
    told = json.dumps(world.read("plan", "shop")) + done.stdout
    assert [value for value in ("pale-g", "dark-g") if value in told] == []


def drift(world: World, *words: str) -> list[tuple[Any, ...]]:
    done = world.run("drift", *words, "-o", "json")
    found = json.loads(done.stdout)
    assert done.returncode == (CHANGED if found else 0), done.stderr
    return [(each["kind"], each["found"], each["mend"]) for each in found]


def test_what_is_changed_by_hand_on_this_machine_is_named_and_mended(world: World) -> None:
    app = world.app("shop", volumes={"data": "data"})
    app.deploy()
    assert world.good("drift") == "Everything is as it was deployed.\n"
    mend = "webduh deploy shop --force"
    shutil.rmtree(app.kept / "volumes" / "data")
    with (app.kept / "releases" / "1" / "plan.json").open("a") as file:
        file.write(" ")
    assert drift(world, "shop") == [
        ("volume", "removed, with what was in it", mend),
        ("record", "edited, or not whole", mend),
    ]
    world.good(*mend.split()[1:])
    assert drift(world) == []
    world.good("target", "stop", "local")
    assert drift(world) == [("server", "stopped", "webduh target start local")]
    world.good("target", "start", "local")
    assert drift(world) == []
    assert app.body() == "1"


def test_drift_of_an_app_that_is_not_there_is_refused(world: World) -> None:
    world.refused(USAGE, "drift", "nothing", says=("There is no app nothing.",))
