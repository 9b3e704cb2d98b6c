"""What a deployment's events add up to."""

import pytest
import worlds

from webduh_console.console.timeline import Timeline
from webduh_console.model.events import Progress, StepFinished, StepStarted


def timeline(upto: str) -> Timeline:
    made = Timeline()
    for event in worlds.events("01JNH", upto):
        made.take(event)
    return made


def states(made: Timeline) -> dict[str, str]:
    return {step.name: step.state for step in made.steps}


def test_all_steps_are_there_from_the_start_in_their_order() -> None:
    made = timeline("check")
    assert [step.name for step in made.steps] == list(worlds.STEPS)
    assert states(made) == {"check": "running"} | dict.fromkeys(worlds.STEPS[1:], "waiting")


def test_a_deployment_that_is_done_has_done_every_step() -> None:
    made = timeline("end")
    assert set(states(made).values()) == {"done"}
    assert made.position() == (11, 11)
    assert (made.serving and made.serving.url, made.finished and made.finished.outcome) == (
        "http://localhost:20011",
        "done",
    )
    assert made.elapsed(worlds.NOW) == 13.9


def test_the_way_back_marks_what_was_undone_and_keeps_what_failed() -> None:
    made = timeline("failed")
    assert states(made) == {
        "check": "done", "build": "done", "lease": "done", "record": "undone", "place": "undone", "start": "undone",
        "healthy": "failed", "switch": "waiting", "current": "waiting", "watch": "waiting", "retire": "waiting",
    }  # fmt: skip
    assert made.finished is not None
    assert made.finished.error == worlds.FAILURE


def test_a_step_on_the_way_back_is_being_undone() -> None:
    made = timeline("reverting")
    current = made.current()
    assert current is not None
    assert (current.name, current.state) == ("place", "undoing")


def test_a_step_at_several_places_is_a_line_for_each() -> None:
    made = timeline("check")
    for place in ("one", "two"):
        made.take(StepStarted(step="place", place=place, phase="prepare"))
    made.take(StepFinished(step="place", place="two", outcome="done", seconds=1.0))
    found = [(step.place, step.state) for step in made.steps if step.name == "place"]
    assert found == [("one", "running"), ("two", "done")]
    assert [step.name for step in made.steps].count("place") == 2


def test_progress_ends_with_its_step() -> None:
    made = timeline("build")
    made.take(Progress(step="build", place="local", done=3, total=10, unit="files"))
    step = made.step("build", "local")
    assert (step.done, step.total) == (3, 10)
    made.take(StepFinished(step="build", place="local", outcome="done", seconds=1.0))
    assert (step.done, step.total) == (0, 0)


@pytest.mark.parametrize("upto", ["check", "build", "healthy", "reverting"])
def test_the_seconds_of_what_runs_go_on(upto: str) -> None:
    made = timeline(upto)
    current = made.current()
    assert current is not None
    assert current.elapsed(worlds.NOW) < current.elapsed(worlds.NOW + worlds.timedelta(seconds=5))
