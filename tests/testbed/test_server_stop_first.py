"""On a server: an app whose old containers are stopped before new ones start."""

import pytest
from command_line import last_json
from server_world import ServedApp, ServerWorld, assert_settled

pytestmark = pytest.mark.timeout(180)
ALONE = {"overlap": False, "watch": 1, "drain": 2}
KILLED = -9
BETWEEN = 9
"""Journal lines until the old containers are stopped: begin, record, network, artifact, stop."""
# Refuses to run beside another one, and writes its version into `data/runs` when it begins.
BEAT = """\
mkdir data/lock || { echo "another one runs"; exit 7; }
trap 'rmdir data/lock; exit 0' TERM
cat version >> data/runs
echo >> data/runs
sleep 1000 & wait
"""


def runs(app: ServedApp) -> list[str]:
    """The versions of its singleton, in the order in which they ran."""
    mount = "docker volume inspect -f '{{.Mountpoint}}' \"$1\""
    folder = app.world.server.sh(mount, f"webduh--{app.key.slug}--data").strip()
    return app.world.server.sh('cat -- "$1/runs"', folder).split()


def test_the_downtime_is_declared_measured_and_short(world: ServerWorld) -> None:
    app = world.app("shop", deploy=ALONE)
    assert last_json(app.deploy("-o", "json"))["downtime"] == 0.0
    app.next_version()
    plan = world.read("plan", str(app.folder))
    assert (plan["downtime"]["processes"], plan["downtime"]["answers"]) == (["web"], False)
    ended = last_json(app.deploy("-o", "json"))
    seconds = {step["name"]: step["seconds"] for step in ended["steps"]}
    assert sum(seconds[name] for name in ("stop", "start", "healthy", "route")) <= ended["downtime"] < ended["seconds"]
    assert (app.body(), assert_settled(app)) == ("2", 2)


def test_an_unhealthy_release_has_the_old_containers_started_again_with_their_logs(world: ServerWorld) -> None:
    app = world.app("sick", deploy=ALONE, processes={"worker": "exec sleep 1000"})
    app.deploy()
    app.next_version()
    app.write(mode="exits")
    failed = world.run("deploy", str(app.folder), "-o", "json")
    ended = last_json(failed.stdout)
    assert (failed.returncode, ended["outcome"]) == (1, "reverted")
    assert 0 < ended["downtime"] < ended["seconds"]
    assert (app.body(), assert_settled(app, attempted=True)) == ("1", 1)
    assert world.good("logs", app.name, "--process", "web").count("version 1 begins") == 2


def test_a_singleton_worker_never_runs_twice(world: ServerWorld) -> None:
    beat = {"command": ["sh", "beat.sh"], "overlap": False}
    app = world.app("clock", volumes={"data": "data"}, deploy={"watch": 1, "drain": 2}, processes={"beat": beat})
    app.write(**{"beat.sh": BEAT})
    app.deploy()
    app.next_version()
    ended = last_json(app.deploy("-o", "json"))
    assert (ended["outcome"], ended["downtime"]) == ("done", 0.0)
    assert runs(app) == ["1", "2"]
    world.good("rollback", app.name)
    assert runs(app) == ["1", "2", "1"]
    assert_settled(app)


def test_a_killed_client_between_stop_and_start_is_mended_by_a_rollback(world: ServerWorld) -> None:
    app = world.app("torn", deploy=ALONE)
    app.deploy()
    app.next_version()
    app.deploy()
    app.next_version()
    done = world.dying(BETWEEN, "deploy", str(app.folder))
    assert (done.returncode, done.stdout.strip()) == (KILLED, "died after did stop")
    assert world.get(app.host)[0] == 502
    world.good("rollback", app.name)
    assert (app.body(), assert_settled(app, attempted=True)) == ("1", 3)
