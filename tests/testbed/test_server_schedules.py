"""Schedules on a real server. The tick is told the time, so that nobody waits for it; one test lets cron call it."""

import json
from typing import Any

import pytest
from server_world import ROOT, ServedApp, ServerWorld, assert_settled, nothing_there
from waiting import wait_until

from webduh_console.model.schedules import ScheduledRun, read_runs

pytestmark = pytest.mark.timeout(180)
NEVER = "0 0 1 1 *"
NEW_YEAR = 1893456000  # 2030-01-01T00:00Z, when that is due
FREEZE, THAW = "pkill -STOP -x cron", "pkill -CONT -x cron"
ODD = "two\nlines 'quoted' \"twice\" $HOME `id` \\ é ✓ \t end\n"


@pytest.fixture(scope="module", autouse=True)
def no_cron(world: ServerWorld) -> None:
    """Cron is there, but frozen: nobody else looks at the schedules meanwhile."""
    world.server.sh(FREEZE)


def tick(world: ServerWorld, at: int = NEW_YEAR) -> str:
    """Look at the schedules at a time."""
    world.server.sh('rm -f "$1/schedules.last"', ROOT)
    return world.server.sh('sh "$1/schedules.sh" "$1" tick "$2" 2>&1', ROOT, str(at))


def history(app: ServedApp, name: str = "tidy") -> list[ScheduledRun]:
    """What is written down, oldest first."""
    return read_runs(app.world.file(f"apps/{app.key.slug}/schedules/{name}.jsonl").encode())


def until_over(app: ServedApp, name: str = "tidy") -> None:
    """Wait until Docker says that the run has ended."""
    wait_until(lambda: app.world.read("schedule", "history", app.name, name)[0]["outcome"] != "running")


def said(value: Any) -> Any:
    """What a value of Docker's says; what is empty says nothing, and one client writes it and another does not."""
    if isinstance(value, dict):
        return {name: found for name, inner in value.items() if (found := said(inner)) is not None} or None
    return [said(inner) for inner in value] if isinstance(value, list) and value else value or None


def shop(world: ServerWorld, name: str, run: str | list[str], **more: Any) -> ServedApp:
    own = {"tidy": {"cron": NEVER, "run": run, **more.pop("schedule", {})}}
    app = world.app(name, schedules=own, **more)
    app.deploy()
    return app


def test_what_is_due_is_run_and_written_down_and_its_output_can_be_read(world: ServerWorld) -> None:
    app = shop(world, "daily", "echo tidied $WORD $WEBDUH_RELEASE", variables={"WORD": "all"})
    tick(world, NEW_YEAR - 60)
    assert world.read("schedule", "history", app.name) == []
    tick(world)
    until_over(app)
    tick(world, NEW_YEAR + 120)
    (run,) = history(app)
    assert (run.outcome, run.code, run.release, run.trigger, run.at.timestamp()) == (
        "done",
        0,
        1,
        "schedule",
        NEW_YEAR,
    )
    assert "tidied all 1" in world.good("logs", app.name, "--process", "tidy", "--raw")
    (listed,) = world.read("schedule", "ls", app.name)
    assert (listed["last"]["outcome"], listed["place"], listed["running"]) == ("done", "prod", None)
    assert world.read("drift", app.name) == []
    assert_settled(app)


def test_it_is_run_by_hand_and_ends_with_its_code(world: ServerWorld) -> None:
    app = shop(world, "handy", "echo no disk; exit 7")
    said = world.refused(7, "schedule", "run", app.name, "tidy", "--raw", says=("failed (exit 7)",))
    assert "no disk" in said
    tick(world, NEW_YEAR + 60)
    (run,) = history(app)
    assert (run.outcome, run.code, "@" in run.trigger) == ("failed", 7, True)
    (status,) = world.read("status", app.name)
    assert (status["state"], status["reason"]) == ("serving", "")
    assert [(run["schedule"], run["outcome"], run["code"]) for run in status["failing"]] == [("tidy", "failed", 7)]


def test_every_value_arrives_whole_and_the_container_is_as_the_engine_would_make_it(world: ServerWorld) -> None:
    world.env["ODD"] = ODD
    app = world.app(
        "whole",
        schedules={"tidy": {"cron": NEVER, "run": ["sh", "-c", 'printf %s "$ODD" | od -An -tx1; sleep 1000']}},
        variables={"PLAIN": "  a b # c ", "EMPTY": "", "PATH_LIKE": "$PATH"},
        volumes={"data": "/da,ta"},
        files={"settings": "/etc/set tings"},
        memory="64M",
        cpus=0.5,
        processes={"twin": {"command": ["sh", "-c", 'printf %s "$ODD" | od -An -tx1; sleep 1000']}},
    )
    (app.folder / "settings").write_text("red")
    world.good("app", "add", str(app.folder))
    world.good("secret", "set", app.name, "ODD", "--from-env", "ODD")
    app.deploy()
    world.good("schedule", "run", app.name, "tidy", "--detach")
    slug = app.key.slug
    twin, run = (
        json.loads(world.server.sh("docker inspect $(docker ps -q --filter name=" + f"{slug}--{name}--)"))[0]
        for name in ("twin", "tidy")
    )
    mine, other = (sorted(part["Config"]["Env"]) for part in (run, twin))
    assert mine == other
    assert f"ODD={ODD}" in mine
    differs = {"RestartPolicy", "ConsoleSize", "ContainerIDFile", "Annotations"}
    for name in run["HostConfig"].keys() - differs:
        assert said(run["HostConfig"][name]) == said(twin["HostConfig"].get(name)), name
    for name in ("Cmd", "Image", "User", "Entrypoint", "WorkingDir", "Tty", "StopSignal", "OpenStdin"):
        assert run["Config"].get(name) == twin["Config"].get(name), name
    assert [sorted(part["NetworkSettings"]["Networks"]) for part in (run, twin)] == [["webduh-p-default"]] * 2
    mounts = [sorted((m["Type"], m["Destination"], m["RW"]) for m in part["Mounts"]) for part in (run, twin)]
    assert mounts[0] == mounts[1]
    assert run["Config"]["Labels"]["webduh.schedule"] == "tidy"
    modes = world.server.sh(
        'find "$1/apps" -path "*/schedules/*" -type f ! -name mutex -printf "%m %g %f\\n" | sort -u', ROOT
    )
    assert {line.rpartition(" ")[0] for line in modes.splitlines() if "whole" in line or "tidy" in line} == {
        "660 docker"
    }
    world.good("app", "rm", app.name, "--yes", "--volumes")
    nothing_there(app)


def test_runs_never_overlap_whatever_is_deployed_and_the_history_says_so(world: ServerWorld) -> None:
    app = shop(
        world, "long", "while [ ! -e data/go ]; do sleep 0.1; done; echo $WEBDUH_RELEASE", volumes={"data": "data"}
    )
    tick(world)
    app.next_version()
    app.deploy()
    assert app.body() == "2"
    tick(world)
    world.refused(1, "schedule", "run", app.name, "tidy", says=("runs already",))
    (status,) = world.read("status", app.name)
    assert (status["state"], [i["release"] for i in status["instances"] if i["scheduled"]]) == ("serving", [1])
    assert world.read("drift", app.name) == []
    world.server.sh("docker exec $(docker ps -q --filter name=long--production--tidy--) touch data/go")
    until_over(app)
    tick(world, NEW_YEAR + 60)
    assert [(run.outcome, run.release) for run in history(app)] == [("skipped", 2), ("done", 1)]
    assert_settled(app)


def test_one_that_takes_too_long_is_ended(world: ServerWorld) -> None:
    app = shop(world, "hangs", "exec sleep 1000", schedule={"timeout": "5m"})
    world.good("schedule", "run", app.name, "tidy", "--detach")
    now = int(world.server.sh("date +%s"))
    tick(world, now + 120)
    assert history(app) == []
    tick(world, now + 360)
    (run,) = history(app)
    assert (run.outcome, run.code) == ("timeout", 143)


def test_a_command_that_is_not_in_the_image_is_a_failed_run_that_says_why(world: ServerWorld) -> None:
    app = shop(world, "typo", ["/no/such/program"])
    world.refused(127, "schedule", "run", app.name, "tidy", says=("failed (exit 127)", "/no/such/program"))
    tick(world)
    until_over(app)
    tick(world, NEW_YEAR + 60)
    assert [(run.outcome, run.code) for run in history(app)] == [("failed", 127)] * 2


def test_a_run_that_docker_refuses_says_why_and_leaves_no_container(world: ServerWorld) -> None:
    app = shop(world, "bare", "true")
    world.server.sh("docker rmi -f $(docker images --format '{{.Repository}}:{{.Tag}}' webduh/$1)", app.key.slug)
    world.refused(1, "schedule", "run", app.name, "tidy", says=("could not be started", "No such image"))
    (run,) = history(app)
    assert (run.outcome, run.code, "No such image" in run.why) == ("failed", None, True)
    assert f"{app.key.slug}--tidy" not in world.server.sh("docker ps -a --format '{{.Names}}'")


def test_a_container_that_somebody_removed_is_lost(world: ServerWorld) -> None:
    app = shop(world, "gone", "exec sleep 1000")
    world.good("schedule", "run", app.name, "tidy", "--detach")
    world.server.sh("docker rm -f $(docker ps -q --filter name=gone--production--tidy--)")
    assert world.read("schedule", "history", app.name)[0]["outcome"] == "lost"
    tick(world, NEW_YEAR + 60)
    assert [run.outcome for run in history(app)] == ["lost"]


def test_the_containers_of_the_last_runs_are_kept(world: ServerWorld) -> None:
    app = shop(world, "often", "true")
    for _ in range(5):
        world.good("schedule", "run", app.name, "tidy")
    tick(world, NEW_YEAR + 60)
    kept = world.server.sh("docker ps -aq --filter label=webduh.slug=$1 --filter label=webduh.schedule", app.key.slug)
    assert len(kept.split()) == 3
    assert [run.outcome for run in history(app)] == ["done"] * 5


def test_a_schedule_goes_with_its_release_and_comes_back_with_it(world: ServerWorld) -> None:
    app = shop(world, "comes", "exec sleep 1000")
    world.good("schedule", "run", app.name, "tidy", "--detach")
    app.configure(schedules=None)
    app.deploy()
    tick(world)
    assert [s for s in world.read("schedule", "ls") if s["app"] == app.name] == []
    assert world.read("schedule", "history", app.name)[0]["outcome"] == "running"
    world.refused(2, "schedule", "run", app.name, "tidy", says=("has no schedule tidy",))
    world.good("rollback", app.name)
    (listed,) = world.read("schedule", "ls", app.name)
    assert (listed["release"], listed["running"]["release"]) == (3, 1)
    world.good("app", "rm", app.name, "--yes")
    tick(world)
    nothing_there(app)


def test_a_release_whose_run_goes_on_is_kept_until_it_has_ended(world: ServerWorld) -> None:
    app = world.app(
        "keeps",
        schedules={"tidy": {"cron": NEVER, "run": "exec sleep 1000"}},
        deploy={"watch": 0, "drain": 1, "keep": 1},
    )
    app.deploy()
    world.good("schedule", "run", app.name, "tidy", "--detach")
    app.next_version()
    assert "still runs" in app.deploy()
    assert world.read("schedule", "history", app.name)[0]["outcome"] == "running"
    world.server.sh("docker stop -t 0 $(docker ps -q --filter name=keeps--production--tidy--)")
    app.next_version()
    app.deploy()
    assert [release["number"] for release in world.read("releases", app.name)] == [3]
    assert_settled(app)


@pytest.mark.timeout(400, func_only=True)
def test_a_client_that_is_killed_leaves_one_clean_state(world: ServerWorld) -> None:
    app = shop(world, "torn", "true")
    for count in (6, 8, 9, 12):
        app.next_version()
        said = world.dying(count, "deploy", str(app.folder))
        app.let_its_lease_age()
        tick(world, NEW_YEAR + 60)
        app.deploy()
        assert app.body() == (app.folder / "version").read_text(), said.stdout
        assert_settled(app)
    tick(world)
    until_over(app)
    assert world.read("schedule", "history", app.name)[0]["release"] == assert_settled(app)


def test_a_clock_that_jumps_runs_nothing_twice(world: ServerWorld) -> None:
    app = shop(world, "jumps", "true", schedule={"cron": "*/5 * * * *"})
    run = 'sh "$1/schedules.sh" "$1" tick "$2"'
    world.server.sh('rm -f "$1/schedules.last"', ROOT)
    for minute in (4, 5, 5, 3, 5, 9, 12):
        world.server.sh(run, ROOT, str(NEW_YEAR + 60 * minute))
        if minute >= 5:
            until_over(app)
    world.server.sh(run, ROOT, str(NEW_YEAR + 60 * 300))
    until_over(app)
    world.server.sh(run, ROOT, str(NEW_YEAR + 60 * 301))
    assert [(run.at.timestamp() - NEW_YEAR) / 60 for run in history(app)] == [5, 10, 300]


def test_cron_itself_calls_it(world: ServerWorld) -> None:
    """The one test that waits for a minute."""
    app = shop(world, "real", "true", schedule={"cron": "* * * * *"})
    world.server.sh(f'rm -f "$1/schedules.last"; {THAW}', ROOT)
    try:
        wait_until(lambda: world.read("schedule", "history", app.name), limit=75)
    finally:
        world.server.sh(FREEZE)
    assert world.read("schedule", "history", app.name)[-1]["trigger"] == "schedule"


def test_where_nothing_looks_at_schedules_an_app_that_has_some_is_refused_and_another_is_not(
    world: ServerWorld,
) -> None:
    plain = world.app("plain")
    app = world.app("needs", schedules={"tidy": {"cron": NEVER, "run": "true", "timezone": "Europe/Berlin"}})
    world.server.sh(
        f"{THAW}; service cron stop; rm /etc/cron.d/webduh; mv /usr/share/zoneinfo/Europe /usr/share/zoneinfo/E"
    )
    try:
        says = ("neither systemd nor cron runs", "apt-get install cron", "does not know Europe/Berlin", "tzdata")
        world.refused(1, "deploy", str(app.folder), says=says)
        plain.deploy()
        world.server.sh("service cron start")
        world.refused(1, "deploy", str(app.folder), says=("nothing looks at them", "webduh server setup prod"))
        world.server.sh("mv /usr/share/zoneinfo/E /usr/share/zoneinfo/Europe")
        assert "look at schedules each minute" in world.good("server", "setup", "prod", "--yes", "--dry-run")
        world.good("server", "setup", "prod", "--yes")
        app.deploy()
        facts = {fact["name"]: fact for fact in world.read("server", "check", "prod")}
        assert facts["schedules"]["ok"]
    finally:
        world.server.sh(
            "[ ! -e /usr/share/zoneinfo/E ] || mv /usr/share/zoneinfo/E /usr/share/zoneinfo/Europe; "
            f"service cron restart; {FREEZE}"
        )
