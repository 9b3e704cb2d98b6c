"""Whatever fails or is cancelled is taken back, step by step."""

import pytest
from small_looks import ends, last, tree
from small_target import KEY, SmallTarget, deploy, fail, finished, plan

from webduh_console.engine.deployment import apply
from webduh_console.model.events import Reverting, Warned
from webduh_console.model.target import CancelToken, Run


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
