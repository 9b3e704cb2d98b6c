"""The engine on a target that is small enough to see through, with real records and leases."""

import multiprocessing
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from small_target import KEY, SmallTarget, deploy, fail, finished, plan

from webduh_console.engine.deployment import apply
from webduh_console.engine.removal import remove
from webduh_console.errors import LeaseHeldError
from webduh_console.model.events import (
    EPOCH,
    AnyEvent,
    Finished,
    Output,
    Reverting,
    Serving,
    Started,
    StepFinished,
    StepStarted,
    Warned,
)
from webduh_console.model.observe import Fact
from webduh_console.model.target import CancelToken, JournalLine, Run

FORK = multiprocessing.get_context("fork")


@pytest.fixture
def target(tmp_path: Path) -> SmallTarget:
    return SmallTarget(tmp_path)


@pytest.fixture
def three(tmp_path: Path) -> SmallTarget:
    return SmallTarget(tmp_path, ("c", "a", "b"))


def ends(events: list[AnyEvent]) -> list[tuple[str, str]]:
    return [(event.step, event.outcome) for event in events if isinstance(event, StepFinished)]


def last(events: list[AnyEvent]) -> Finished:
    assert isinstance(events[-1], Finished)
    return events[-1]


def journal(target: SmallTarget, number: int, place: str = "a") -> list[str]:
    return [f"{line.kind} {line.step}".strip() for line in target.record(KEY, place).journal(number)]


def tree(target: SmallTarget) -> dict[str, bytes]:
    """Everything a target keeps but locks and the given-back leases."""
    ignored = {"mutex", "lease.json", "acts", "audit.log"}
    return {
        str(path.relative_to(target.root)): path.read_bytes()
        for path in target.root.rglob("*")
        if path.is_file() and path.name not in ignored
    }


WHOLE_JOURNAL = [
    "begin",
    *(f"{kind} {step}" for step in ("record", "start", "healthy", "route", "current") for kind in ("do", "did")),
    "serving",
    *("do watch", "did watch", "kept", "end"),
]


def test_a_first_deployment_takes_its_steps_in_order_and_serves(target: SmallTarget) -> None:
    events = deploy(target)
    steps = ["check", "build", "lease", "record", "start", "healthy", "route", "current", "watch"]
    assert ends(events) == [(step, "done") for step in steps]
    assert isinstance(events[0], Started)
    assert events[0].steps == ("check", "build", "lease", "record", "start", "healthy", "route", "watch")
    serving = next(event for event in events if isinstance(event, Serving))
    assert (serving.release, serving.url) == (1, "http://shop.test")
    assert (last(events).outcome, last(events).release, last(events).url, last(events).error) == (
        "done",
        1,
        "http://shop.test",
        {},
    )
    assert (target.running("a"), target.routed("a"), target.record(KEY, "a").current()) == ([1], "1", 1)
    assert journal(target, 1) == WHOLE_JOURNAL
    assert target.record(KEY, "a").holder() is None


def test_events_are_numbered_stamped_and_paired(target: SmallTarget) -> None:
    events = deploy(target)
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    assert {event.deployment for event in events} == {"D1"}
    assert [event.at for event in events] == sorted(event.at for event in events)
    began = [event.step for event in events if isinstance(event, StepStarted)]
    assert began == [step for step, _ in ends(events)]
    assert {event.place for event in events if isinstance(event, StepStarted)} == {"a"}
    build = next(event for event in events if isinstance(event, StepFinished) and event.step == "build")
    assert build.figures == {"files": 2.0, "bytes": 30.0}


def test_the_journal_is_written_before_each_act(target: SmallTarget) -> None:
    seen: dict[str, list[str]] = {}
    for step in ("start", "healthy", "route", "watch"):
        target.wishes[step] = _looks(target, step, seen)
    deploy(target)
    assert seen == {step: [f"do {step}"] for step in ("start", "healthy", "route", "watch")}


def _looks(target: SmallTarget, step: str, seen: dict[str, list[str]]) -> Callable[[Run], None]:
    return lambda run: seen.update({step: journal(target, run.release.number)[-1:]})


def test_secrets_are_masked_in_every_event(target: SmallTarget) -> None:
    target.wishes["healthy"] = fail
    events = deploy(target)
    assert "hunter22" not in repr(events)
    assert "building with •••" in [event.text for event in events if isinstance(event, Output)]
    assert last(events).error == {
        "name": "unhealthy",
        "what": "It is not well, said •••.",
        "why": "Because of •••.",
        "kept": "",
        "hint": "Mend it.",
    }


@pytest.mark.parametrize("step", ["start", "healthy", "route", "watch"])
@pytest.mark.parametrize("base", [None, 1])
def test_a_step_that_fails_is_taken_back_with_all_before_it(step: str, base: int | None, target: SmallTarget) -> None:
    if base:
        deploy(target)
    before, acts = tree(target), len(target.acts)
    target.wishes[step] = fail
    events = deploy(target, 2, base)
    assert last(events).outcome == "reverted"
    assert last(events).release is None
    assert next(event for event in events if isinstance(event, Reverting)).reason == "It is not well, said •••."
    assert tree(target) == before
    done = [act.split()[1] for act in target.acts[acts:] if act.startswith("do ")]
    undone = [act.split()[1] for act in target.acts[acts:] if act.startswith("undo ")]
    assert done[-1] == step
    assert undone == done[::-1]
    assert target.record(KEY, "a").holder() is None


@pytest.mark.parametrize("error", [OSError("the disk is gone"), ZeroDivisionError("x"), AssertionError("y")])
def test_a_defect_takes_the_way_back_too_and_is_named(error: Exception, target: SmallTarget) -> None:
    def defect(run: Run) -> None:
        raise error

    target.wishes["route"] = defect
    events = deploy(target)
    assert last(events).outcome == "reverted"
    assert last(events).error["what"] == f"Something unexpected went wrong: {type(error).__name__}: {error}"
    assert tree(target) == {}


@pytest.mark.parametrize("error", [None, OSError("the disk is gone")])
def test_a_step_that_cannot_be_taken_back_keeps_the_journal_and_the_others_go_on(
    error: Exception | None, target: SmallTarget
) -> None:
    def defect(run: Run) -> None:
        if error:
            raise error
        fail(run)

    target.wishes |= {"watch": fail, "undo healthy": defect}
    events = deploy(target)
    assert last(events).outcome == "failed"
    assert last(events).error["name"] == "unhealthy"
    warned = [event for event in events if isinstance(event, Warned)]
    assert [(event.code, event.step) for event in warned] == [("undo-failed", "healthy")]
    assert warned[0].text.startswith("The step healthy could not be undone: ")
    assert target.acts[-5:] == ["do watch a", "undo watch a", "undo route a", "undo healthy a", "undo start a"]
    assert (target.running("a"), target.routed("a"), target.record(KEY, "a").current()) == ([], "", None)
    assert target.record(KEY, "a").unfinished() == [1]

    target.wishes.clear()
    again = deploy(target, 2)
    assert last(again).outcome == "done"
    assert "Release 1 of shop was cut off; it is taken back." in [e.text for e in again if isinstance(e, Warned)]
    assert (target.running("a"), target.record(KEY, "a").unfinished()) == ([1], [])


def test_cancelling_takes_the_way_back(target: SmallTarget) -> None:
    cancel = CancelToken()
    target.wishes["healthy"] = lambda run: cancel.set()
    events = finished(apply(target, plan(), cancel))
    assert (last(events).outcome, last(events).error["name"]) == ("cancelled", "cancelled")
    assert target.acts == ["build", "do start a", "do healthy a", "undo healthy a", "undo start a"]
    assert tree(target) == {}


def test_cancelling_before_anything_is_done_changes_nothing(target: SmallTarget) -> None:
    cancel = CancelToken()
    cancel.set()
    events = finished(apply(target, plan(), cancel))
    assert (last(events).outcome, ends(events), target.acts) == ("cancelled", [], [])


def test_cancelling_after_the_watch_leaves_the_old_to_be_stopped_later(target: SmallTarget) -> None:
    deploy(target)
    cancel = CancelToken()
    target.wishes["watch"] = lambda run: cancel.set()
    events = finished(apply(target, plan(2, 1), cancel))
    assert last(events).outcome == "done"
    assert [event.code for event in events if isinstance(event, Warned)] == ["retire"]
    assert target.running("a") == [1, 2]
    target.wishes.clear()
    deploy(target, 3, 2)
    assert target.running("a") == [3]


def test_a_fact_that_is_not_so_stops_before_anything_is_done(tmp_path: Path) -> None:
    facts = (
        Fact("a", "disk", "full", False, "Free some."),
        Fact("a", "ok", "x"),
        Fact("a", "port", "taken", False, ""),
    )
    target = SmallTarget(tmp_path, facts_of_plan=facts)
    events = deploy(target)
    assert last(events).outcome == "failed"
    assert last(events).error == {
        "name": "target",
        "what": "shop cannot be deployed to small.",
        "why": "disk: full. port: taken.",
        "kept": "Nothing was changed.",
        "hint": "Free some.",
    }
    assert (target.acts, tree(target)) == ([], {})


def test_a_build_that_fails_holds_no_lease_and_changes_nothing(target: SmallTarget) -> None:
    target.wishes["build"] = fail
    events = deploy(target)
    assert (last(events).outcome, ends(events)) == ("failed", [("check", "done"), ("build", "failed")])
    assert tree(target) == {}


def test_a_rollback_brings_an_artifact_and_builds_nothing(target: SmallTarget) -> None:
    deploy(target)
    deploy(target, 2, 1)
    artifact = target.record(KEY, "a").release(1).artifact
    builds = target.acts.count("build")
    events = deploy(target, 3, 2, build=None, artifact=artifact, to=1)
    assert last(events).outcome == "done"
    assert target.acts.count("build") == builds
    assert target.record(KEY, "a").release(3).restores == 1


def test_a_plan_whose_base_no_longer_serves_is_refused(target: SmallTarget) -> None:
    deploy(target)
    before = tree(target)
    events = deploy(target, 2, None)
    assert last(events).error["what"] == "shop changed on a since this was planned."
    assert last(events).error["why"] == "It was planned against release none, and 1 serves."
    assert tree(target) == before
    assert last(deploy(target, 3, None, force=True)).outcome == "done"


def test_only_so_many_releases_are_kept_and_the_serving_one_always(target: SmallTarget) -> None:
    base = None
    for number in range(1, 6):
        deploy(target, number, base)
        base = number
        kept = [release.number for release in target.record(KEY, "a").releases()]
        assert kept == list(range(max(number - 1, 1), number + 1))
        assert target.running("a") == [number]
    assert [act for act in target.acts if "discard" in act] == ["do discard a 1", "do discard a 2", "do discard a 3"]


def test_what_cannot_be_retired_is_a_warning_and_left_to_the_next(target: SmallTarget) -> None:
    deploy(target)
    target.wishes["retire"] = fail
    events = deploy(target, 2, 1)
    assert last(events).outcome == "done"
    assert [(event.code, event.text) for event in events if isinstance(event, Warned)] == [
        ("retire", "Not everything old is gone: It is not well, said •••. Because of •••.")
    ]
    target.wishes.clear()
    deploy(target, 3, 2)
    assert target.running("a") == [3]


def test_without_waiting_the_old_is_left_and_the_next_deployment_goes_on_with_it(target: SmallTarget) -> None:
    deploy(target)
    events = deploy(target, 2, 1, wait=False)
    assert (last(events).outcome, target.running("a")) == ("done", [1, 2])
    assert target.record(KEY, "a").unfinished() == [2]
    deploy(target, 3, 2)
    assert (target.running("a"), target.record(KEY, "a").unfinished()) == ([3], [])


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


def test_a_history_that_cannot_be_kept_does_not_stop_a_deployment(target: SmallTarget) -> None:
    seen: list[AnyEvent] = []

    def broken(event: AnyEvent) -> None:
        raise OSError("no space for hunter22")

    events = finished(apply(target, plan(), None, [broken, seen.append]))
    assert last(events).outcome == "done"
    warned = [event for event in events if isinstance(event, Warned)]
    assert [event.text for event in warned] == ["The history of this deployment is not kept whole: no space for •••"]
    assert [event for event in events if event not in warned] == seen


def test_a_reader_that_stops_reading_stops_nothing(target: SmallTarget) -> None:
    kept: list[AnyEvent] = []
    stream = apply(target, plan(), None, [kept.append])
    next(stream)
    stream.close()
    assert list(stream) == []
    assert stream.ended.wait(10)
    assert last(kept).outcome == "done"
    assert target.routed("a") == "1"


def test_a_reader_slower_than_the_events_misses_none(target: SmallTarget) -> None:
    class Loud(SmallTarget):
        def build(self, plan: Any, cancel: CancelToken) -> Any:
            for number in range(5000):
                yield Output(text=str(number), stream="stdout")
            return (yield from super().build(plan, cancel))

    gate = threading.Event()
    stream = apply(Loud(target.root), plan())
    threading.Timer(0.3, gate.set).start()
    gate.wait()
    texts = [event.text for event in finished(stream) if isinstance(event, Output) and event.step == "build"]
    assert texts[:-1] == [str(number) for number in range(5000)]


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
        assert "me removed shop with its volumes" in (record.folder / "audit.log").read_text()


def test_removing_needs_every_lease_and_keeps_none_that_it_got(three: SmallTarget) -> None:
    deploy(three)
    lease = three.record(KEY, "b").acquire("ann@laptop", "x")
    with pytest.raises(LeaseHeldError):
        list(remove(three, KEY, "me", volumes=False))
    lease.release()
    assert [three.record(KEY, place).holder() for place in "abc"] == [None, None, None]


def test_who_deployed_what_is_audited(target: SmallTarget) -> None:
    deploy(target)
    target.wishes["route"] = fail
    deploy(target, 2, 1)
    lines = (target.root / "a" / "record" / "audit.log").read_text().splitlines()
    assert [line.partition(" ")[2] for line in lines] == ["me deploy release 1 made live (command)"]
