"""What a killed deployment left is finished or taken back by whoever comes next."""

import multiprocessing
import os
from pathlib import Path

import pytest
from small_looks import last
from small_target import KEY, SmallTarget, deploy, fail

from webduh_console.engine.removal import remove
from webduh_console.errors import LeaseHeldError
from webduh_console.model.events import Warned
from webduh_console.model.plan import Plan
from webduh_console.model.target import Step

FORK = multiprocessing.get_context("fork")


def _dies(target: SmallTarget, step: str, base: int | None) -> None:
    target.wishes[step] = lambda run: os._exit(9)
    deploy(target, 2, base)


@pytest.mark.parametrize("places", [("a",), ("a", "b")])
@pytest.mark.parametrize(
    ("step", "served"),
    [("start", False), ("healthy", False), ("route", False), ("watch", True)],
)
@pytest.mark.parametrize("base", [None, 1])
def test_a_killed_deployment_is_finished_if_it_served_and_undone_if_not(
    places: tuple[str, ...], step: str, served: bool, base: int | None, tmp_path: Path
) -> None:
    target = SmallTarget(tmp_path, places)
    if base:
        deploy(target)
    process = FORK.Process(target=_dies, args=(target, step, base))
    process.start()
    process.join()
    number = (base or 0) + 1
    assert process.exitcode == 9
    assert target.record(KEY, "a").unfinished() == [number]

    serves = number if served else base
    events = deploy(target, 3, serves)
    warned = [event.text for event in events if isinstance(event, Warned) and event.code == "interrupted"]
    assert warned == [f"Release {number} of shop was cut off; it is {'finished now' if served else 'taken back'}."]
    assert last(events).outcome == "done"
    final = number + 1 if served else number
    for place in places:
        assert (target.running(place), target.routed(place)) == ([final], str(final))
        assert target.record(KEY, place).unfinished() == []


def test_a_deployment_that_was_killed_while_it_retires_is_finished(target: SmallTarget) -> None:
    deploy(target)
    process = FORK.Process(target=_dies, args=(target, "retire", 1))
    process.start()
    process.join()
    assert (process.exitcode, target.record(KEY, "a").unfinished()) == (9, [2])
    assert last(deploy(target, 3, 2)).outcome == "done"
    assert (target.running("a"), target.record(KEY, "a").unfinished()) == ([3], [])


def test_a_release_that_was_cut_off_in_its_watch_and_does_not_hold_is_taken_back(target: SmallTarget) -> None:
    deploy(target)
    process = FORK.Process(target=_dies, args=(target, "watch", 1))
    process.start()
    process.join()
    target.wishes["watch"] = fail
    events = deploy(target, 3, 1)
    assert [event.text for event in events if isinstance(event, Warned)][:2] == [
        "Release 2 of shop was cut off; it is finished now.",
        "Release 2 did not hold: It is not well, said •••. Because of •••.",
    ]
    assert (target.running("a"), target.routed("a"), target.record(KEY, "a").current()) == ([1], "1", 1)


class Hidden(SmallTarget):
    """A target of which one place no longer says what is to be done there."""

    def steps(self, plan: Plan) -> list[Step]:
        return [step for step in super().steps(plan) if step.place != "b"]


def test_what_cannot_be_taken_back_yet_is_not_forgotten(tmp_path: Path) -> None:
    """Without its steps a place would lose its journal, and keep what was started."""
    target, hidden = SmallTarget(tmp_path, ("a", "b")), Hidden(tmp_path, ("a", "b"))
    process = FORK.Process(target=_dies, args=(target, "healthy at b", None))
    process.start()
    process.join()
    failed = last(deploy(hidden, 3))
    assert (failed.outcome, failed.error["what"]) == ("failed", "b does not answer any more.")
    assert (target.record(KEY, "b").unfinished(), target.running("b")) == ([1], [1])
    assert last(deploy(target, 4)).outcome == "done"
    assert [target.record(KEY, place).unfinished() for place in "ab"] == [[], []]


def test_removing_finishes_what_was_cut_off_and_leaves_no_release(three: SmallTarget) -> None:
    deploy(three)
    process = FORK.Process(target=_dies, args=(three, "route", 1))
    process.start()
    process.join()
    for _ in remove(three, KEY, "me", volumes=True):
        continue
    assert [act for act in three.acts if act.startswith("do remove")] == [f"do remove all {place}" for place in "abc"]
    for place in "abc":
        record = three.record(KEY, place)
        assert (record.releases(), record.current(), record.unfinished(), record.holder()) == ([], None, [], None)
        assert "me remove shop with its volumes" in (record.folder / "audit.log").read_text()


def test_removing_needs_every_lease_and_keeps_none_that_it_got(three: SmallTarget) -> None:
    deploy(three)
    lease = three.record(KEY, "b").acquire("ann@laptop", "x")
    with pytest.raises(LeaseHeldError):
        list(remove(three, KEY, "me", volumes=False))
    lease.release()
    assert [three.record(KEY, place).holder() for place in "abc"] == [None, None, None]
