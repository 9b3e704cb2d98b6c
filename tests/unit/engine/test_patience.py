"""What only passes is waited for, within bounds, and said; what does not pass is not."""

import time
from collections.abc import Callable

import pytest
from small_looks import last
from small_target import KEY, SmallTarget, deploy, finished, plan

from webduh_console.engine.deployment import apply
from webduh_console.engine.patience import Patience
from webduh_console.errors import CancelledError, PassingError, TargetError, WebduhError
from webduh_console.model.events import AnyEvent, Warned
from webduh_console.model.target import CancelToken, Run


def times(count: int, error: type[WebduhError] = PassingError) -> Callable[[Run], None]:
    """Fails so many times, then no more."""
    left = [count]

    def wish(run: Run) -> None:
        if left[0]:
            left[0] -= 1
            raise error("Docker on a cannot be reached.", why="It restarts.")

    return wish


def impatient(target: SmallTarget, patience: float, number: int = 1, base: int | None = None) -> list[AnyEvent]:
    return finished(apply(target, plan(number, base), patience=patience))


def waited(events: list[AnyEvent]) -> list[str]:
    return [event.text for event in events if isinstance(event, Warned) and event.code == "waiting"]


@pytest.mark.parametrize("step", ["start", "healthy", "route", "watch"])
def test_a_step_is_done_again_when_what_it_failed_with_passes(step: str, target: SmallTarget) -> None:
    target.wishes[step] = times(2)
    events = deploy(target)
    assert last(events).outcome == "done"
    assert waited(events) == ["Docker on a cannot be reached. It restarts. It is waited for, 60 s at most."]
    assert target.acts.count(f"do {step} a") == 3
    assert (target.running("a"), target.routed("a")) == ([1], "1")
    assert target.record(KEY, "a").unfinished() == []


def test_the_way_back_waits_too(target: SmallTarget) -> None:
    deploy(target)
    target.wishes |= {"watch": times(1, TargetError), "undo route": times(2)}
    events = deploy(target, 2, 1)
    assert last(events).outcome == "reverted"
    assert len(waited(events)) == 1
    assert (target.running("a"), target.routed("a"), target.record(KEY, "a").unfinished()) == ([1], "1", [])


def test_what_does_not_pass_in_time_ends_it_on_the_way_back_too(target: SmallTarget) -> None:
    deploy(target)
    target.wishes |= {"healthy": times(1000), "undo healthy": times(1000)}
    began = time.monotonic()
    events = impatient(target, 1.0, 2, 1)
    assert 2.0 <= time.monotonic() - began < 10.0
    assert (last(events).outcome, last(events).error["what"]) == ("failed", "Docker on a cannot be reached.")
    assert "undo start a" not in target.acts
    target.wishes.clear()
    assert last(deploy(target, 3, 1)).outcome == "done"
    assert (target.running("a"), target.record(KEY, "a").unfinished()) == ([2], [])


def test_what_cannot_be_stopped_now_does_not_make_a_release_that_serves_a_failure(target: SmallTarget) -> None:
    deploy(target)
    target.wishes["retire"] = times(1000)
    events = impatient(target, 0.5, 2, 1)
    assert last(events).outcome == "done"
    assert (target.routed("a"), target.record(KEY, "a").unfinished()) == ("2", [2])
    target.wishes.clear()
    again = deploy(target, 3, 2)
    assert last(again).outcome == "done"
    assert "Release 2 of shop was cut off; it is finished now." in [e.text for e in again if isinstance(e, Warned)]
    assert (target.running("a"), target.record(KEY, "a").unfinished()) == ([3], [])


def test_when_the_switch_cannot_be_taken_back_what_may_be_led_to_stays(target: SmallTarget) -> None:
    deploy(target)
    target.wishes |= {"watch": times(1, TargetError), "undo route": times(1, TargetError)}
    assert last(deploy(target, 2, 1)).outcome == "failed"
    assert (target.routed("a"), target.running("a")) == ("2", [1, 2])
    assert last(deploy(target, 3, 1)).outcome == "done"
    assert (target.running("a"), target.record(KEY, "a").unfinished()) == ([2], [])


def test_waiting_ends_when_it_is_cancelled() -> None:
    cancel = CancelToken()

    def act() -> None:
        cancel.set()
        raise PassingError("It is away.")

    with pytest.raises(CancelledError):
        Patience().through("a", act, cancel, lambda error: None)


def test_trouble_that_came_and_went_is_not_counted_against_the_next() -> None:
    patience, said = Patience(0.6), list[str]()
    for _ in range(3):
        fails = [True]

        def act(fails: list[bool] = fails) -> str:
            if fails.pop(0) if fails else False:
                raise PassingError("It is away.")
            return "there"

        assert patience.through("a", act, CancelToken(), lambda error: said.append(error.what)) == "there"
    assert said == ["It is away."] * 3
