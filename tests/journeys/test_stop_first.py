"""An app whose old instances are stopped before new ones start: singletons, and apps with a port of their own."""

import json

import pytest
from world import App, World, assert_settled, get, last_json

pytestmark = pytest.mark.timeout(120)
KILLED = -9

# Writes its version into `data/runs` when it begins and ends, and refuses to run beside another one.
SINGLETON = """\
set -e
mkdir data/lock || { echo "another one runs"; exit 7; }
trap 'rmdir data/lock; exit 0' TERM
echo "$(cat version)" >> data/runs
sleep 1000 & wait
"""


def singleton(world: World) -> App:
    """An app whose worker fails beside another one."""
    beat = {"command": ["sh", "beat.sh"], "overlap": False}
    app = world.app("clock", volumes={"data": "data"}, processes={"beat": beat})
    app.write(**{"beat.sh": SINGLETON})
    return app


def next_version(app: App) -> None:
    app.write(version=str(int((app.folder / "version").read_text()) + 1))


def test_a_plan_declares_the_downtime_before_it_happens(world: World) -> None:
    app = world.app("shop", deploy={"overlap": False, "watch": 0, "drain": 1})
    assert world.read("plan", str(app.folder))["downtime"] is None  # nothing serves yet
    app.deploy()
    next_version(app)
    plan = world.read("plan", str(app.folder))
    assert plan["downtime"] == {"processes": ["web"], "answers": False, "usual": plan["downtime"]["usual"]}
    page = world.good("plan", str(app.folder))
    assert "! The old instances of web are stopped before new ones start: shop does not answer for about" in page


def test_the_downtime_is_measured_and_told(world: World) -> None:
    app = world.app("shop", deploy={"overlap": False, "watch": 0, "drain": 1})
    first = last_json(app.deploy("-o", "json"))
    assert first["downtime"] == 0.0
    next_version(app)
    ended = last_json(app.deploy("-o", "json"))
    seconds = {step["name"]: step["seconds"] for step in ended["steps"]}
    assert sum(seconds[name] for name in ("stop", "start", "healthy", "route")) <= ended["downtime"] < ended["seconds"]
    assert (app.body(), assert_settled(app)) == ("2", 2)
    next_version(app)
    assert "did not answer for" in app.deploy().splitlines()[-1]


def test_a_web_process_on_a_port_of_its_own_is_replaced(world: World) -> None:
    """Two releases of it could never run side by side: the second would find its port taken."""
    port = world.app("unused").port
    app = world.app("shop", deploy={"overlap": False, "watch": 0, "drain": 1}, port=port)
    app.write(fixed=str(port))
    program = (app.folder / "program.py").read_text()
    (app.folder / "program.py").write_text(program.replace('os.environ["PORT"]', 'Path("fixed").read_text()'))
    app.deploy()
    next_version(app)
    app.deploy()
    assert (app.body(), assert_settled(app)) == ("2", 2)


def test_an_unhealthy_release_has_the_old_one_started_again_and_the_time_is_told(world: World) -> None:
    app = world.app("shop", deploy={"overlap": False, "watch": 0, "drain": 1}, processes={"worker": "exec sleep 1000"})
    app.deploy()
    next_version(app)
    app.write(mode="exits")
    failed = world.run("deploy", str(app.folder), "-o", "json")
    ended = last_json(failed.stdout)
    assert (failed.returncode, ended["outcome"]) == (1, "reverted")
    assert 0 < ended["downtime"] < ended["seconds"]
    says = f"The release before was started again. The app did not answer for {ended['downtime']:.1f} s."
    assert ended["error"]["kept"] == says
    assert (app.body(), assert_settled(app)) == ("1", 1)


def test_a_singleton_worker_never_runs_twice_and_the_web_process_answers_on(world: World) -> None:
    app = singleton(world)
    app.deploy("--watch", "1")
    next_version(app)
    ended = last_json(app.deploy("--watch", "1", "-o", "json"))
    assert (ended["outcome"], ended["downtime"]) == ("done", 0.0)
    assert (app.kept / "volumes" / "data" / "runs").read_text().split() == ["1", "2"]
    names = [step["name"] for step in ended["steps"]]
    assert names.index("stop-beat") == names.index("start-beat") - 1 > names.index("route")
    world.good("rollback", app.name, "--watch", "1")
    assert (app.kept / "volumes" / "data" / "runs").read_text().split() == ["1", "2", "1"]
    assert_settled(app)


BETWEEN = 9
"""Journal lines until the old instances are stopped: begin, record, address, artifact, stop."""


def test_a_killed_client_between_stop_and_start_is_mended_by_a_deployment_that_fails_too(world: World) -> None:
    app = world.app("shop", deploy={"overlap": False, "watch": 0, "drain": 1})
    app.deploy()
    next_version(app)
    done = world.dying(BETWEEN, "deploy", str(app.folder))
    assert (done.returncode, done.stdout.strip()) == (KILLED, "died after did stop")
    assert get(app.port)[0] == 502
    app.write(mode="exits")
    failed = world.run("deploy", str(app.folder), "-o", "json")
    told = [event["text"] for event in map(json.loads, failed.stdout.splitlines()) if event.get("code") == "downtime"]
    assert failed.returncode == 1
    assert [text for text in told if text.startswith("shop did not answer for ")]
    assert (app.body(), assert_settled(app)) == ("1", 1)


def test_a_killed_client_between_stop_and_start_is_mended_by_a_rollback(world: World) -> None:
    app = world.app("shop", deploy={"overlap": False, "watch": 0, "drain": 1})
    app.deploy()
    next_version(app)
    app.deploy()
    next_version(app)
    assert world.dying(BETWEEN, "deploy", str(app.folder)).stdout.strip() == "died after did stop"
    world.good("rollback", app.name)
    assert app.body() == "1"
    assert_settled(app)
