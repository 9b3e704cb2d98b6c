"""Scripts and other programs: exit codes, one JSON value a line, and nothing run before everything is understood."""

import json
from pathlib import Path
from typing import Any

import pytest
from world import World, get, words_of

EXAMPLES = Path(__file__).parents[2] / "examples"
SUMMARY = {
    "app",
    "project",
    "environment",
    "target",
    "deployment",
    "action",
    "release",
    "outcome",
    "url",
    "seconds",
    "downtime",
    "steps",
    "error",
}


def values(text: str) -> list[Any]:
    """Every line as JSON."""
    return [json.loads(line) for line in text.splitlines()]


def example(world: World) -> str:
    """The script that ships, run from a folder that holds the examples."""
    (world.root / "examples").symlink_to(EXAMPLES)
    return "examples/deploy.webduh"


def test_the_example_script_deploys_under_a_name_of_ones_choice(world: World) -> None:
    done = world.run("--script", example(world), "--var", "NAME=blog")
    assert done.returncode == 0, words_of(done)
    assert [line for line in done.stdout.splitlines() if line.startswith("$ ")] == [
        "$ webduh plan examples/hello-static --name blog",
        "$ webduh deploy examples/hello-static --name blog --yes",
        "$ webduh status blog",
    ]
    (row,) = world.read("status", "blog")
    assert (row["app"], row["state"], row["release"]) == ("blog", "serving", 1)


def test_the_example_script_as_json_is_one_value_a_line(world: World) -> None:
    done = world.run("--script", example(world), "--var", "NAME=blog", "-o", "json")
    assert done.returncode == 0, words_of(done)
    lines = values(done.stdout)
    plan, events, summary, status = lines[0], lines[1:-2], lines[-2], lines[-1]
    assert plan["action"] == "deploy"
    assert [event["event"] for event in (events[0], events[-1])] == ["started", "finished"]
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    assert {event["deployment"] for event in events} == {summary["deployment"]}
    assert set(summary) == SUMMARY
    shown = {name: summary[name] for name in ("app", "environment", "target", "release", "outcome", "error")}
    assert shown == {
        "app": "blog",
        "environment": "production",
        "target": "local",
        "release": 1,
        "outcome": "done",
        "error": None,
    }
    assert [step["name"] for step in summary["steps"]][:4] == ["check", "build", "lease", "record"]
    assert get(int(summary["url"].rpartition(":")[2]))[0] == 200
    assert [row["app"] for row in status] == ["blog"]


def test_a_script_without_its_variable_runs_no_line(world: World) -> None:
    done = world.run("--script", example(world))
    assert done.returncode == 2
    assert "NAME" in words_of(done)
    assert "No line was run." in words_of(done)
    assert world.read("status") == []


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("deploi shop", ":2: There is no command deploi"),
        ("deploy ${WHO}", ":2"),
        ("deploy shop --wach 3", ":2"),
        ("deploy 'shop", ":2"),
        ("env", ":2"),
        ("rollback shop --to zero", ":2"),
    ],
)
def test_a_wrong_line_is_found_before_the_first_is_run(world: World, line: str, says: str) -> None:
    app = world.app("shop")
    script = world.root / "all.webduh"
    script.write_text(f"deploy {app.folder}\n{line}\n")
    done = world.run("--script", str(script))
    assert done.returncode == 2, words_of(done)
    assert says in words_of(done)
    assert "No line was run." in words_of(done)
    assert world.read("status") == []


def test_a_script_from_standard_input_stops_at_its_first_failure(world: World) -> None:
    app = world.app("shop")
    text = f"# all of it\ndeploy {app.folder}\n\nrollback {app.name}\nstatus\n"
    done = world.run("--script", "-", given=text)
    assert done.returncode == 2, words_of(done)
    assert "has no earlier release to go back to" in words_of(done)
    assert "$ webduh status" not in done.stdout
    assert app.body() == "1"


def test_a_tolerant_line_may_fail(world: World) -> None:
    app = world.app("shop")
    text = f"- rollback nothing\ndeploy {app.folder}\n- rollback {app.name}\nstatus {app.name}\n"
    done = world.run("--script", "-", given=text)
    assert done.returncode == 0, words_of(done)
    assert "There is no app nothing" in words_of(done)
    assert "● serving" in done.stdout


def test_a_script_ends_with_the_exit_code_of_what_failed(world: World) -> None:
    app = world.app("shop")
    app.write(mode="exits")
    assert world.run("--script", "-", given=f"deploy {app.folder}\n").returncode == 1
    app.write(mode="well")
    assert world.run("--script", "-", given=f"plan {app.folder} --exit-code\n").returncode == 3


def test_a_plan_says_by_its_exit_code_whether_there_is_something_to_do(world: World) -> None:
    app = world.app("shop")
    first = world.run("plan", str(app.folder), "--exit-code")
    assert first.returncode == 3, words_of(first)
    assert not app.kept.exists()
    app.deploy()
    assert world.run("plan", str(app.folder), "--exit-code").returncode == 0
    app.write(version="2")
    assert world.run("plan", app.name, "--exit-code").returncode == 3
    assert world.run("plan", app.name).returncode == 0
    assert app.body() == "1"


def test_a_dry_run_changes_nothing(world: World) -> None:
    app = world.app("shop")
    assert "source" in world.good("deploy", str(app.folder), "--dry-run")
    assert not app.kept.exists()
    app.deploy()
    app.write(version="2")
    app.deploy()
    assert "release 2 serves" in world.good("rollback", app.name, "--dry-run")
    assert app.body() == "2"


def test_the_shell_completes_apps(world: World) -> None:
    app = world.app("shop")
    app.deploy()
    done = world.run(env={"_WEBDUH_COMPLETE": "bash_complete", "COMP_WORDS": "webduh rollback sh", "COMP_CWORD": "2"})
    assert "shop" in done.stdout, words_of(done)
    script = world.run("completion", "bash")
    assert script.returncode == 0
    assert "_WEBDUH_COMPLETE=bash_complete" in script.stdout


def test_events_are_written_as_they_happen(world: World) -> None:
    app = world.app("shop", deploy={"watch": 5, "drain": 1})
    process = world.start("deploy", str(app.folder), "-o", "json")
    assert process.stdout is not None
    for line in process.stdout:
        if json.loads(line).get("event") == "serving":
            break
    assert process.poll() is None
    assert app.body() == "1"
    process.communicate(timeout=30)
    assert process.returncode == 0
