"""A client that is killed (-9) after any line of its journal loses no request and no record."""

from collections.abc import Callable

import pytest
from world import App, Visitor, World, assert_settled, get, last_json, outcomes

pytestmark = pytest.mark.timeout(400)
KILLED = -9
LONGEST = 60
Redo = Callable[[App], None]


def killed_everywhere(app: App, dying: Redo, then: Redo, *, how: str = "deploy") -> list[str]:
    """Kill a client after its first journal line, its second … until it ends by itself; `then` must mend it each time.

    `dying` prepares what the killed client does. The words of all kills come back.
    """
    world = app.world
    said: list[str] = []
    for count in range(1, LONGEST):
        dying(app)
        word = str(app.folder) if how == "deploy" else app.name
        done = world.dying(count, how, word)
        if done.returncode != KILLED:
            return said
        said.append(done.stdout.strip().splitlines()[-1])
        then(app)
        try:
            assert_settled(app)
        except AssertionError as error:
            raise AssertionError(f"{said[-1]} (line {count}): {error}") from error
    raise AssertionError(f"it did not end within {LONGEST} lines")


def next_version(app: App) -> None:
    """Change the source."""
    app.write(version=str(int((app.folder / "version").read_text()) + 1))


def redeploy(app: App) -> None:
    """The next command is the same deployment again, and its source serves."""
    ended = last_json(app.deploy("-o", "json"))
    assert ended["outcome"] in ("done", "unchanged"), ended
    assert app.body() == (app.folder / "version").read_text()


def test_during_a_first_deployment(world: World) -> None:
    def fresh(_: App) -> None:
        if world.local.exists() and app.kept.exists():
            world.good("app", "rm", app.name, "--yes")

    app = world.app("blog", processes={"worker": "exec sleep 1000"})
    said = killed_everywhere(app, fresh, redeploy)
    assert said[0] == "died after begin"
    assert said[-1] == "died after end"


def test_during_a_redeployment_with_a_release_process_a_worker_and_a_volume(world: World) -> None:
    app = world.app(
        "shop",
        processes={"release": "date >> data/migrations", "worker": "exec sleep 1000"},
        volumes={"data": "data"},
    )
    app.deploy()
    (app.kept / "volumes" / "data" / "order-1").write_text("paid")
    with Visitor(app.port) as visitor:
        said = killed_everywhere(app, next_version, redeploy)
    assert visitor.failures == []
    assert visitor.answered > 100
    assert said[0] == "died after begin"
    assert {"died after do release", "died after did start-worker", "died after serving"} < set(said)
    assert (app.kept / "volumes" / "data" / "order-1").read_text() == "paid"
    ended = outcomes(world, app)
    assert ended.count("interrupted") == len(said)
    assert set(ended) == {"interrupted", "done"}


def test_during_a_redeployment_of_a_static_app(world: World) -> None:
    app = world.app("site", start=None, static="public")
    (app.folder / "program.py").unlink()
    (app.folder / "public").mkdir()

    def changed(app: App) -> None:
        next_version(app)
        (app.folder / "public" / "index.html").write_text((app.folder / "version").read_text())

    changed(app)
    app.deploy()
    with Visitor(app.port) as visitor:
        said = killed_everywhere(app, changed, redeploy)
    assert visitor.failures == []
    assert said[-1] == "died after end"


def test_during_a_rollback(world: World) -> None:
    app = world.app("shop", processes={"worker": "exec sleep 1000"})
    app.deploy()
    next_version(app)
    app.deploy()

    def roll_back(app: App) -> None:
        world.good("rollback", app.name, "--watch", "0", "--drain", "1")
        assert app.body() in ("1", "2")

    with Visitor(app.port, {"1", "2"}) as visitor:
        said = killed_everywhere(app, lambda _: None, roll_back, how="rollback")
    assert visitor.failures == []
    assert said[-1] == "died after end"


def test_during_the_way_back_of_an_unhealthy_release(world: World) -> None:
    app = world.app("shop", processes={"worker": "exec sleep 1000"})
    app.write(mode="well")
    app.deploy()

    def broken(app: App) -> None:
        next_version(app)
        app.write(mode="exits")

    def mended(app: App) -> None:
        app.write(mode="well")
        redeploy(app)

    with Visitor(app.port) as visitor:
        said = killed_everywhere(app, broken, mended)
    assert visitor.failures == []
    assert "died after undid start" in said
    assert said[-1] == "died after undo record"


def test_during_the_way_back_of_a_release_that_had_served(world: World) -> None:
    """The release passes its health check and fails while it is watched: route and `current` are taken back too."""
    app = world.app("shop", deploy={"watch": 3, "drain": 1}, processes={"worker": "exec sleep 1000"})
    app.deploy("--watch", "0")

    def broken(app: App) -> None:
        next_version(app)
        app.configure(processes={"worker": "sleep 0.2; exit 4"})

    def mended(app: App) -> None:
        app.configure(processes={"worker": "exec sleep 1000"})
        ended = last_json(app.deploy("--watch", "0", "-o", "json"))
        assert ended["outcome"] == "done", ended

    with Visitor(app.port) as visitor:
        said = killed_everywhere(app, broken, mended)
    assert visitor.failures == []
    assert {"died after undo current", "died after undid current", "died after undid route"} < set(said)


def test_during_a_redeployment_that_stops_the_old_release_first(world: World) -> None:
    """Nobody can be answered in between; after the next command everybody is, and nothing was lost."""
    app = world.app("shop", deploy={"overlap": False, "watch": 0, "drain": 1}, processes={"worker": "exec sleep 1000"})
    app.deploy()
    said = killed_everywhere(app, next_version, redeploy)
    assert {"died after do stop", "died after did stop", "died after do start", "died after did route"} < set(said)
    assert said[-1] == "died after end"


def test_during_the_way_back_of_a_release_for_which_the_old_one_was_stopped(world: World) -> None:
    app = world.app("shop", deploy={"overlap": False, "watch": 0, "drain": 1})
    app.write(mode="well")
    app.deploy()

    def broken(app: App) -> None:
        next_version(app)
        app.write(mode="exits")

    def mended(app: App) -> None:
        app.write(mode="well")
        redeploy(app)

    said = killed_everywhere(app, broken, mended)
    assert {"died after undo start", "died after undo stop", "died after undid stop"} < set(said)
    assert said[-1] == "died after undo record"


def test_during_the_build(world: World) -> None:
    app = world.app("shop", build="echo begins; sleep 30 & wait")
    app.configure(build="echo short")
    app.deploy()
    app.configure(build="echo begins; sleep 30 & wait")
    with Visitor(app.port) as visitor:
        done = world.dying(1, "deploy", str(app.folder), at="build")
        assert (done.returncode, done.stdout.strip()) == (KILLED, "died in the build")
        app.configure(build="echo short")
        next_version(app)
        redeploy(app)
    assert visitor.failures == []
    assert_settled(app)
    assert not [words for words in world.processes().values() if "sleep 30" in words]


def test_at_any_instant(world: World) -> None:
    """Not only between the lines: the real command, killed a little later each time."""
    app = world.app("shop", build="echo short", processes={"release": "echo migrates", "worker": "exec sleep 1000"})
    app.deploy()
    with Visitor(app.port) as visitor:
        for instant in range(16):
            next_version(app)
            asked = visitor.answered + 10 + 5 * instant
            process = world.start("deploy", str(app.folder))
            while visitor.answered < asked and process.poll() is None:
                visitor.next_answer()
            process.kill()
            process.communicate(timeout=30)
            redeploy(app)
            assert_settled(app)
    assert visitor.failures == []


@pytest.mark.parametrize("word", ["status", "releases", "deployments"])
def test_reading_commands_work_while_a_deployment_lies_cut_off(world: World, word: str) -> None:
    app = world.app("shop")
    app.deploy()
    next_version(app)
    assert world.dying(12, "deploy", str(app.folder)).returncode == KILLED
    assert world.read(word, app.name)
    assert get(app.port)[0] == 200
    if word == "status":
        assert "deploy was interrupted; never came to serve: release 2" in world.good("status", app.name)
