"""A deployment on a target that is small enough to see through, with real records and leases."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from small_looks import WHOLE_JOURNAL, ends, journal, last, tree
from small_target import KEY, SmallTarget, deploy, fail, finished, plan
from waiting import wait_until

from webduh_console.engine.deployment import apply
from webduh_console.model.events import AnyEvent, Output, Serving, Started, StepFinished, StepStarted, Warned
from webduh_console.model.observe import Fact
from webduh_console.model.target import CancelToken, Run


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
        "kept": "Nothing of it was kept, and nothing serves.",
        "hint": "Mend it.",
    }


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

    made: list[AnyEvent] = []
    stream = apply(Loud(target.root), plan(), None, [made.append])
    wait_until(lambda: len(made) > 1000, "the events are far ahead of the reader")
    texts = [event.text for event in finished(stream) if isinstance(event, Output) and event.step == "build"]
    assert texts[:-1] == [str(number) for number in range(5000)]


def test_who_deployed_what_is_audited(target: SmallTarget) -> None:
    deploy(target)
    target.wishes["route"] = fail
    deploy(target, 2, 1)
    lines = (target.root / "a" / "record" / "audit.log").read_text().splitlines()
    assert [line.partition(" ")[2] for line in lines] == [
        "me deploy release 1 made live (command)",
        "me deploy release 2 not made live: It is not well, said •••. (command)",
    ]
