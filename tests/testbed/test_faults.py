"""Nothing breaks a deployment: whatever befalls client, connection, Docker or server, after any line of the journal.

`make faults` does every fault after every line; here each line has one.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import lifetime
import pytest
from command_line import HELD
from fault_client import HaltingClient
from fault_kinds import KINDS
from fault_runs import PATIENCE, RESTARTS, Bench
from fault_world import Lane, lanes, make_subject
from faults import Case, Seen, act_of, chosen_cases, rebooted_cases, uncovered
from server import Server

LANES = 4
LONE: Seen = {("again", "one"): ["begin - a", "do start a", "did start a", "do route a", "end - a"]}
BOTH: Seen = {
    **LONE,
    ("again", "three"): [f"{act_of(line)} {place}" for line in LONE["again", "one"] for place in "abc"],
    ("first", "three"): ["begin - a", "do image a", "do network b"],
}
ELSEWHERE = 'sed -i "s/\\"numbering\\":\\"/&elsewhere /" "$1"; touch -d "$2 seconds ago" "$1"'


@pytest.fixture(scope="module")
def users(servers: list[Server], tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Lane]]:
    """Users of three servers, which nobody else has."""
    with lifetime.some_of(servers) as mine:
        with ThreadPoolExecutor(len(mine)) as hands:
            list(hands.map(Server.reset, mine))
        with lanes(mine, tmp_path_factory.mktemp("users"), LANES) as made:
            yield made


@pytest.mark.timeout(2400, func_only=True)
def test_every_line_of_every_kind_of_deployment_with_a_fault_after_it(
    users: list[Lane], capsys: pytest.CaptureFixture[str]
) -> None:
    """The lines are those that deployments write: a new step has its turn without being named here."""
    bench = Bench(users)
    seen = bench.seen()
    cases = chosen_cases(seen)
    assert uncovered(seen, cases) == []
    results = bench.run(cases)
    calm = [r.silent for r in results if r.case.fault not in RESTARTS and not KINDS[r.case.kind].pauses]
    with capsys.disabled():
        print(f"\n{len(results)} faults; but for restarts, at most {max(calm):.1f} s between two answers of an app")
    wrong = [f"{' '.join(map(str, result.case))}: {result.wrong}" for result in results if result.wrong]
    assert not wrong, "\n".join(wrong)


@pytest.mark.timeout(400, func_only=True)
def test_a_server_that_is_rebooted_in_the_middle(users: list[Lane]) -> None:
    bench = Bench(users, ["again"])
    results = bench.run([case for case in rebooted_cases(bench.seen()) if case.act in ("do start", "do route")])
    assert [f"{' '.join(map(str, result.case))}: {result.wrong}" for result in results if result.wrong] == []


def test_the_leases_of_three_servers_whose_owner_died_elsewhere_are_taken_over_after_a_minute(
    users: list[Lane],
) -> None:
    subject = make_subject(users[0], "orphan", {}, everywhere=True)
    subject.deploy()
    subject.first.next_version()
    client = HaltingClient(users[0].world, "do route b", PATIENCE, "deploy", subject.word)
    try:
        assert client.halted(60)
    finally:
        client.close()
    for view in subject.views.values():
        view.world.server.sh(ELSEWHERE, f"{view.kept}/lease.json", "20")
    says = ("orphan is being changed by", "last heard of", "Nothing was changed.")
    users[0].world.refused(HELD, "deploy", subject.word, says=says)
    for view in subject.views.values():
        view.world.server.sh(ELSEWHERE, f"{view.kept}/lease.json", "61")
    subject.deploy()
    subject.assert_clean()


@pytest.mark.parametrize(
    ("left", "says"),
    [
        (lambda case: case.act != "do start", ["do start"]),
        (lambda case: case.kind != "first", ["do image", "do network", "first"]),
    ],
)
def test_a_line_or_a_kind_that_nothing_befalls_is_named(left: object, says: list[str]) -> None:
    assert callable(left)
    cases = [Case("again", "one", line, "kill") for line in LONE["again", "one"]]
    cases += [Case("first", "three", line, "cut") for line in BOTH["first", "three"]]
    found = uncovered(BOTH, [case for case in cases if left(case)])
    assert [each for each in found if each not in ("docker", "gone", "cut", "three")] == says


def test_every_line_is_chosen_once_with_all_faults_and_topologies_in_turn() -> None:
    lines = [f"{kind} step-{letter} {place}" for letter in "hijklmnop" for kind in ("do", "did") for place in "abc"]
    seen: Seen = {("again", "three"): lines, ("again", "one"): [line for line in lines if line.endswith("a")]}
    cases = chosen_cases(seen)
    assert sorted(case.act for case in cases) == sorted({act_of(line) for line in lines})
    assert uncovered(seen, cases) == []
    assert {case.place for case in cases if case.topology == "three"} == set("abc")
    assert {case.fault for case in cases if case.act.startswith("did ")} == {"kill", "cut"}
