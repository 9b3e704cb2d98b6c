"""One deployment at several places, and the leases it holds there."""

import pytest
from small_looks import WHOLE_JOURNAL, ends, journal, last, tree
from small_target import KEY, SmallTarget, deploy, fail

from webduh_console.model.events import EPOCH
from webduh_console.model.target import JournalLine


def test_a_held_lease_is_said_and_nothing_is_done(target: SmallTarget) -> None:
    lease = target.record(KEY, "a").acquire("ann@laptop", "deploy D0")
    events = deploy(target)
    assert (last(events).outcome, last(events).error["name"]) == ("failed", "lease-held")
    assert ends(events)[-1] == ("lease", "failed")
    assert target.acts == ["build"]
    lease.check()


def test_all_leases_are_taken_or_none(three: SmallTarget) -> None:
    lease = three.record(KEY, "b").acquire("ann@laptop", "deploy D0")
    assert last(deploy(three)).error["name"] == "lease-held"
    assert [three.record(KEY, place).holder() is None for place in "abc"] == [True, False, True]
    lease.release()
    assert last(deploy(three)).outcome == "done"


def _steal(target: SmallTarget) -> None:
    path = target.root / "a" / "record" / "lease.json"
    path.write_bytes(path.read_bytes().replace(b'"token":"', b'"token":"stolen'))


@pytest.mark.parametrize("step", ["start", "healthy", "route"])
def test_a_lost_lease_stops_everything_and_nothing_more_is_touched(step: str, target: SmallTarget) -> None:
    deploy(target)
    target.wishes[step] = lambda run: _steal(target)
    acts = len(target.acts)
    events = deploy(target, 2, 1)
    assert (last(events).outcome, last(events).error["name"]) == ("failed", "lease-lost")
    assert target.acts[-1] == f"do {step} a"
    assert not [act for act in target.acts[acts:] if act.startswith("undo")]
    assert journal(target, 2)[-1] == f"do {step}"


def test_three_places_prepare_together_and_switch_one_after_another(three: SmallTarget) -> None:
    assert last(deploy(three)).outcome == "done"
    commits = [act for act in three.acts if "route" in act]
    assert commits == ["do route a", "do route b", "do route c"]
    first_commit = three.acts.index("do route a")
    assert sorted(three.acts[1:first_commit]) == sorted(
        f"do {step} {place}" for step in ("start", "healthy") for place in "abc"
    )
    for place in "abc":
        assert (three.running(place), three.routed(place), journal(three, 1, place)) == ([1], "1", WHOLE_JOURNAL)


@pytest.mark.parametrize("where", ["healthy at b", "route at b", "route at c", "watch at c"])
def test_when_one_place_fails_every_place_goes_back(where: str, three: SmallTarget) -> None:
    deploy(three)
    before = tree(three)
    three.wishes[where] = fail
    events = deploy(three, 2, 1)
    assert (last(events).outcome, last(events).error["name"]) == ("reverted", "unhealthy")
    assert tree(three) == before
    if where.startswith("healthy"):
        assert not [act for act in three.acts if "undo route" in act]


def test_one_place_that_lags_in_numbers_gets_the_number_of_all(three: SmallTarget) -> None:
    lease = three.record(KEY, "b").acquire("me", "x")
    three.record(KEY, "b").append(lease, 41, JournalLine("end", "D0", EPOCH))
    lease.release()
    assert last(deploy(three)).release == 42
