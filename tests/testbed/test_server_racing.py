"""Whoever races for an app: one holds it, a dead one is taken over, a late one changes nothing.

What is believed is what the servers themselves have: their leases, journals and audit logs.
"""

import itertools
import json
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import pytest
from command_line import HELD, CommandLine
from fleet_world import NAMES, FleetApp, FleetWorld, rented_fleet
from program import until
from server import Server
from server_world import ServedApp

FAST = ("--watch", "0", "--drain", "0")
PATIENT = 100.0
pytestmark = pytest.mark.timeout(300, func_only=True)
# Words: an app's folder. Every lease it ever sees there, a line each, until the file `over` is there.
SPY = r"""
cd "$1" || exit 1; rm -f /tmp/over; : >/tmp/leases
nohup sh -c 'last=; while [ ! -e /tmp/over ]; do
  read -r now 2>/dev/null <lease.json
  [ "$now" = "$last" ] || { printf "%s\n" "$now" >>/tmp/leases; last=$now; }
done' >/dev/null 2>&1 &
"""
JOURNALS = r"""
cd "$1/releases" || exit 0
for file in */journal.jsonl; do [ ! -f "$file" ] || sed "s|^|${file%%/*} |" "$file"; done
"""


@dataclass(frozen=True)
class Turn:
    """What was written under one lease: in how many journals, first and last."""

    epoch: int
    releases: frozenset[int]
    first: str
    last: str


@pytest.fixture(scope="module")
def world(servers: list[Server], tmp_path_factory: pytest.TempPathFactory) -> Iterator[FleetWorld]:
    """A user with a target of three servers that are set up."""
    with rented_fleet(servers, tmp_path_factory.mktemp("user")) as world:
        yield world


@pytest.fixture(scope="module")
def till(world: FleetWorld) -> FleetApp:
    """An app on all three."""
    return made(world, "till", "shop")


@pytest.fixture(scope="module")
def corner(world: FleetWorld) -> FleetApp:
    """An app on the first alone."""
    return made(world, "corner", "a")


def made(world: FleetWorld, name: str, on: str) -> FleetApp:
    """An app that keeps enough releases to tell of a whole race, and serves."""
    app = world.app(name, on=on, deploy={"watch": 0, "drain": 0, "keep": 30})
    app.deploy()
    return app


def places(app: FleetApp) -> str:
    """The servers it is on."""
    return "".join(NAMES) if app.name == "till" else "a"


def clients(world: FleetWorld, count: int) -> list[CommandLine]:
    """As many users, each with a home of their own that knows the servers and the apps."""
    made = []
    for number in range(count):
        root = world.root / f"client-{len(list(world.root.glob('client-*')))}"
        root.mkdir()
        shutil.copytree(world.home, root / "home")
        made.append(CommandLine(root, {**world.env, "WEBDUH_HOME": str(root / "home"), "USER": f"user-{number}"}))
        made[-1].env["WEBDUH_HOME"] = str(root / "home")
    return made


def turns(app: ServedApp) -> list[Turn]:
    """Every lease under which a server's journals were written, in their order; each journal is one deployment's."""
    written: dict[int, list[tuple[str, int]]] = {}
    deployments: dict[int, set[str]] = {}
    for line in app.world.server.sh(JOURNALS, app.kept).splitlines():
        number, _, text = line.partition(" ")
        said = json.loads(text)
        written.setdefault(said["epoch"], []).append((said["at"], int(number)))
        deployments.setdefault(int(number), set()).add(said["deployment"])
    assert {len(of_one) for of_one in deployments.values()} <= {1}, deployments
    return [
        Turn(epoch, frozenset(number for _, number in lines), min(lines)[0], max(lines)[0])
        for epoch, lines in sorted(written.items())
    ]


def assert_one_after_the_other(app: ServedApp) -> list[Turn]:
    """No two holders ever worked at once: whoever has the larger epoch wrote nothing before the other's last line."""
    found = turns(app)
    assert all(turn.epoch > 0 for turn in found)
    for earlier, later in itertools.pairwise(found):
        assert earlier.last <= later.first, found
    return found


def releases(app: ServedApp) -> set[int]:
    """The releases that a server has a journal of."""
    return {number for turn in turns(app) for number in turn.releases}


def leases_seen(app: ServedApp) -> list[tuple[int, str]]:
    """Epoch and token of every lease that was seen, in their order."""
    app.world.server.sh("touch /tmp/over")
    seen = []
    for line in app.world.server.sh("cat /tmp/leases").splitlines():
        if line.startswith("{") and line.endswith("}"):
            kept = json.loads(line)
            seen.append((int(kept["epoch"]), str(kept["token"])))
    return seen


def assert_never_two_holders(seen: Sequence[tuple[int, str]]) -> None:
    """An epoch has one holder, and none comes back."""
    holders = [pair for pair in seen if pair[1]]
    assert [epoch for epoch, _ in seen] == sorted(epoch for epoch, _ in seen), seen
    by_epoch: dict[int, set[str]] = {}
    for epoch, token in holders:
        by_epoch.setdefault(epoch, set()).add(token)
    assert all(len(tokens) == 1 for tokens in by_epoch.values()), seen


def ended(started: "Sequence[subprocess.Popen[str]]") -> list[tuple[int, str]]:
    """How each of some commands ended, and what it said."""
    outcomes = []
    for process in started:
        said, wrong = process.communicate(timeout=250)
        outcomes.append((process.returncode, said + wrong))
    return outcomes


@pytest.mark.parametrize("count", [2, 10])
@pytest.mark.parametrize("where", ["corner", "till"])
def test_of_all_who_deploy_at_once_one_holds_the_app_and_the_others_are_told_who(
    where: str, count: int, world: FleetWorld, request: pytest.FixtureRequest
) -> None:
    app: FleetApp = request.getfixturevalue(where)
    here = [at for at, name in zip(app.everywhere, NAMES, strict=True) if name in places(app)]
    before = {at.world.server.name: releases(at) for at in here}
    for at in here:
        at.world.server.sh(SPY, at.kept)
    racing = clients(world, count)
    started = [c.start("deploy", str(app.at_first.folder), "--force", *FAST) for c in racing]
    outcomes = ended(started)
    won = [said for code, said in outcomes if code == 0]
    lost = [(code, said) for code, said in outcomes if code]
    assert won, outcomes
    assert [code for code, _ in lost] == [HELD] * len(lost), lost
    assert all("is being changed by" in said and "Nothing was changed." in said for _, said in lost), lost
    for at in here:
        assert_never_two_holders(leases_seen(at))
        assert_one_after_the_other(at)
        assert len(releases(at) - before[at.world.server.name]) == len(won)
    app.settled(places(app), attempted=True)


def test_all_who_wait_have_their_turn_one_after_the_other(world: FleetWorld, till: FleetApp) -> None:
    before = len(releases(till.at_first))
    words = ("deploy", str(till.at_first.folder), "--force", "--wait-for-lease", "90", *FAST)
    outcomes = ended([client.start(*words) for client in clients(world, 3)])
    assert [code for code, _ in outcomes] == [0] * 3, outcomes
    for at in till.everywhere:
        assert_one_after_the_other(at)
        assert len(releases(at)) == before + 3
    till.settled(attempted=True)


@pytest.mark.parametrize("where", ["corner", "till"])
def test_one_who_was_killed_is_taken_over_at_once_on_the_same_machine(
    where: str, world: FleetWorld, request: pytest.FixtureRequest
) -> None:
    app: FleetApp = request.getfixturevalue(where)
    number = app.settled(places(app), attempted=True)
    app.at_first.next_version()
    doomed, heir = clients(world, 2)
    process = doomed.start("deploy", str(app.at_first.folder), "--watch", "8", "--drain", "0")
    until(lambda: at_step(app, number + 1, "watch"), "it does not come to its watch", PATIENT)
    process.kill()
    process.wait(20)
    assert "was cut off" in heir.good("deploy", str(app.at_first.folder), "--force", *FAST)
    for at in app.everywhere[: len(places(app))]:
        assert_one_after_the_other(at)
    app.settled(places(app), attempted=True)


@pytest.mark.parametrize(
    ("where", "step"),
    [("corner", "start"), ("corner", "healthy"), ("corner", "watch"), ("till", "healthy"), ("till", "watch")],
)
def test_one_who_comes_back_late_changes_nothing_and_says_who_holds_it(
    where: str, step: str, world: FleetWorld, request: pytest.FixtureRequest
) -> None:
    """Frozen in the middle, taken over after its lease, and continued while the other is at work."""
    app: FleetApp = request.getfixturevalue(where)
    number = app.settled(places(app), attempted=True)
    app.at_first.configure(start="sleep 2; exec python3 program.py")  # there is time to be frozen in
    app.at_first.next_version()
    late, heir = clients(world, 2)
    holder: subprocess.Popen[str] | None = None
    frozen = late.start("deploy", str(app.at_first.folder), "--watch", "8", "--drain", "0")
    try:
        until(lambda: at_step(app, number + 1, step), f"it does not come to {step}", PATIENT)
        os.killpg(frozen.pid, signal.SIGSTOP)
        newer = app.at_first.next_version()
        for at in app.everywhere:
            at.let_its_lease_age()
        holder = heir.start("deploy", str(app.at_first.folder), "--force", "--watch", "8", "--drain", "0")
        heir_serves = number + 2 if step == "watch" else number + 1
        until(lambda: at_step(app, heir_serves, "watch", newer), "the heir does not come to its watch", PATIENT)
        before = standing(app)
        os.killpg(frozen.pid, signal.SIGCONT)
        said, wrong = frozen.communicate(timeout=30)
        assert frozen.returncode == HELD, said + wrong
        assert "was lost" in wrong + said, said + wrong
        assert "holds it now (deploy " in wrong + said, said + wrong
        assert "Nothing was changed after that." in wrong + said, said + wrong
        assert standing(app) == before
        assert holder.wait(60) == 0, holder.communicate()
    finally:
        for signals in (signal.SIGCONT, signal.SIGKILL):
            if frozen.poll() is None:
                os.killpg(frozen.pid, signals)
        if holder is not None and holder.poll() is None:
            holder.kill()
    assert app.bodies(places(app)) == [newer] * len(places(app))
    for at in app.everywhere[: len(places(app))]:
        assert_one_after_the_other(at)
    assert app.settled(places(app), attempted=True) == heir_serves


def at_step(app: FleetApp, number: int, step: str, version: str = "") -> bool:
    """Whether the deployment of a release has begun a step at every place; and, with a `version`, answers with it."""
    for at in app.everywhere[: len(places(app))]:
        begun = f'"kind":"do".*"step":"{step}"'
        file = f"{at.kept}/releases/{number}/journal.jsonl"
        if not at.world.server.sh('grep -s "$1" "$2" || :', begun, file):
            return False
    return not version or app.bodies(places(app)) == [version] * len(places(app))


def standing(app: FleetApp) -> Mapping[str, list[str]]:
    """Everything of an app at every server that a late client could change: containers, routes, marks, releases."""
    kinds = ("container ", "route ", "current ", "release ", "aside ")
    return {
        at.world.server.name: [line for line in at.world.standing().of(at.key.slug) if line.startswith(kinds)]
        for at in app.everywhere
    }
