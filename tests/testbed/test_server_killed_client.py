"""A client that is killed (-9) after any line of its journal loses no request and no record on a server."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
from command_line import HELD, last_json
from server_world import ServedApp, ServerWorld, assert_settled, nothing_there
from visiting import Visits

KILLED = -9
LANES = 3
LONGEST = 60
Redo = Callable[[ServedApp], None]


def killed_everywhere(apps: list[ServedApp], dying: Redo, then: Redo, every: int = 1) -> list[str]:
    """Kill a client after each `every`-th journal line until it ends by itself; `then` must mend it each time.

    The lines are shared out among several apps like each other. The words of all kills come back, in their order.
    """
    with ThreadPoolExecutor(len(apps)) as hands:
        lines = [range(every * (lane + 1), LONGEST, every * len(apps)) for lane in range(len(apps))]
        lanes = list(hands.map(_lane, apps, lines, [dying] * len(apps), [then] * len(apps)))
    said = {count: words for lane in lanes for count, words in lane.items()}
    assert sorted(said) == list(range(every, every * len(said) + 1, every))
    return [said[count] for count in sorted(said)]


def _lane(app: ServedApp, lines: Sequence[int], dying: Redo, then: Redo) -> dict[int, str]:
    said: dict[int, str] = {}
    for count in lines:
        dying(app)
        done = app.world.dying(count, "deploy", str(app.folder))
        if done.returncode != KILLED:
            assert done.returncode == 0, done
            app.let_its_lease_age()
            then(app)
            return said
        said[count] = done.stdout.strip().splitlines()[-1]
        app.let_its_lease_age()
        try:
            then(app)
        except AssertionError as error:
            raise AssertionError(f"{said[count]} (line {count}): {error}") from error
    raise AssertionError(f"it did not end within {LONGEST} lines")


def next_version(app: ServedApp) -> None:
    """Change the source."""
    app.next_version()


def redeployed(app: ServedApp) -> None:
    """The next command is the same deployment again: its source serves, and nothing else is left."""
    ended = last_json(app.deploy("-o", "json"))
    assert ended["outcome"] in ("done", "unchanged"), ended
    assert app.body() == (app.folder / "version").read_text()
    assert_settled(app)


def removed(app: ServedApp) -> None:
    """The next command removes it: nothing of it is left."""
    app.world.good("app", "rm", app.name, "--yes")
    nothing_there(app)


@pytest.mark.timeout(400, func_only=True)
def test_during_a_first_deployment_and_removing_it_leaves_nothing(world: ServerWorld) -> None:
    apps = [world.app(f"first-{lane}", project=f"lane-{lane}") for lane in range(LANES)]
    said = killed_everywhere(apps, lambda _: None, removed)
    assert said[0] == "died after begin"
    assert {"died after did network", "died after do start", "died after did route", "died after serving"} < set(said)
    assert said[-1] == "died after end"


@pytest.mark.timeout(400, func_only=True)
def test_during_a_redeployment_with_a_release_process_a_worker_and_a_volume(world: ServerWorld) -> None:
    """Every second line will do: between a `did` and the next `do` nothing happens."""
    parts = {"release": "date >> data/migrations", "worker": "exec sleep 1000"}
    apps = [world.app(f"shop-{lane}", processes=parts, volumes={"data": "data"}) for lane in range(LANES)]
    for app in apps:
        app.deploy()
    visits = [Visits(partial(world.get, app.host), pause=0.05) for app in apps]
    with visits[0], visits[1], visits[2]:
        said = killed_everywhere(apps, next_version, redeployed, every=2)
    assert [visit.failures for visit in visits] == [[], [], []]
    assert min(visit.answered for visit in visits) > 50
    acts = {"died after do release", "died after do start", "died after do route", "died after do start-worker"}
    assert acts < set(said)
    assert "died after serving" in said


@pytest.mark.timeout(400, func_only=True)
def test_during_a_redeployment_that_stops_the_old_release_first(world: ServerWorld) -> None:
    """Nobody can be answered in between; after the next command everybody is, and nothing was lost."""
    alone = {"overlap": False, "watch": 0, "drain": 2}
    apps = [world.app(f"alone-{lane}", deploy=alone) for lane in range(LANES)]
    for app in apps:
        app.deploy()
    said = killed_everywhere(apps, next_version, redeployed, every=2)
    assert {"died after do stop", "died after do start", "died after do route"} < set(said)


def test_the_lease_of_a_client_killed_on_this_machine_is_taken_over_at_once(world: ServerWorld) -> None:
    app = world.app("fallen")
    app.deploy()
    app.next_version()
    assert world.dying(6, "deploy", str(app.folder)).returncode == KILLED
    redeployed(app)


def test_the_lease_of_a_client_killed_elsewhere_is_named_until_it_is_a_minute_old(world: ServerWorld) -> None:
    app = world.app("held")
    app.deploy()
    app.next_version()
    assert world.dying(6, "deploy", str(app.folder)).returncode == KILLED
    lease = f"{app.kept}/lease.json"
    world.server.sh('sed -i "s/\\"numbering\\":\\"/&elsewhere /" "$1"; touch -d "40 seconds ago" "$1"', lease)
    says = ("held is being changed by", "last heard of 4", "given up in", "Nothing was changed.", "→")
    world.refused(HELD, "deploy", "held", says=says)
    assert app.body() == "1"
    app.let_its_lease_age()
    redeployed(app)
