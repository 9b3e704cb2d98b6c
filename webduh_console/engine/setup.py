"""Runs the steps that make machines ready: on all of them at once, on each in order, and back there when one fails."""

import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Literal

from webduh_console.clock import now
from webduh_console.engine.rounds import AT_ONCE
from webduh_console.engine.steps import show
from webduh_console.engine.stream import EventStream
from webduh_console.errors import CancelledError, WebduhError, unexpected
from webduh_console.model.events import Finished, Reverting, Started, Warned
from webduh_console.model.mask import masker
from webduh_console.model.names import AppKey
from webduh_console.model.plan import Plan
from webduh_console.model.release import Artifact, Release, SourceRef, Spec, Variable
from webduh_console.model.target import CancelToken, Lease, Step

NOBODY = AppKey("default", "", "")
Outcome = Literal["done", "failed", "cancelled", "reverted"]
End = tuple[Outcome, WebduhError | None]


@dataclass
class Bare:
    """What a step knows that belongs to no deployment."""

    plan: Plan
    release: Release
    cancel: CancelToken
    previous: Release | None = None
    lease: Lease | None = None

    def fence(self) -> None:
        """There is no lease: these steps are for one person at a time, and harmless when repeated."""


def bare(target: str, by: str, key: AppKey = NOBODY, cancel: CancelToken | None = None) -> Bare:
    """A run without an app."""
    plan = Plan("", key, target, "deploy", SourceRef(""), Spec(framework=""), by, "command")
    release = Release(0, key, target, Spec(framework=""), Artifact(""), SourceRef(""), now(), by, "command", "")
    return Bare(plan, release, cancel or CancelToken())


def run_steps(
    target: str,
    steps: Sequence[Step],
    by: str,
    cancel: CancelToken,
    title: str,
    variables: Mapping[str, Variable] | None = None,
) -> EventStream:
    """Start the steps in a thread of their own and return their events; the last is Finished.

    The values of secret `variables` are masked in all that is said.

    The steps of one place are done in order, those of several places at once. A step that fails takes back what was
    begun at its place, last first; setting `cancel` does so at each.
    """
    secrets = [variable.value for variable in (variables or {}).values() if variable.secret]
    stream = EventStream("", masker(secrets))
    run = bare(target, by, cancel=cancel)
    threading.Thread(target=_run, args=(target, steps, run, title, stream), name=title, daemon=True).start()
    return stream


def _run(target: str, steps: Sequence[Step], run: Bare, title: str, stream: EventStream) -> None:
    began = time.monotonic()
    names = tuple(dict.fromkeys(step.name for step in steps))
    stream.emit(Started(app="", environment="", target=target, action=title, steps=names))
    lanes: dict[str, list[Step]] = {}
    for step in steps:
        lanes.setdefault(step.place, []).append(step)
    with ThreadPoolExecutor(max_workers=min(len(lanes), AT_ONCE) or 1) as pool:
        ends = dict(zip(lanes, pool.map(lambda own: _lane(own, run, stream), lanes.values()), strict=True))
    outcome, words = _judged(ends)
    error = {name: stream.mask(text) for name, text in words.items()}
    seconds = round(time.monotonic() - began, 3)
    stream.emit(Finished(outcome=outcome, release=None, url="", seconds=seconds, error=error))


def _lane(steps: Sequence[Step], run: Bare, stream: EventStream) -> End:
    """The steps of one place, in order; what went wrong, and how that ended there."""
    begun: list[Step] = []
    try:
        for step in steps:
            run.cancel.check()
            begun.append(step)
            show(stream, step, step.do, run, "done")
    except Exception as caught:  # noqa: BLE001 - whatever went wrong is taken back, and the stream must end
        error = caught if isinstance(caught, WebduhError) else unexpected(caught)
        stream.emit(Reverting(reason=error.what), place=steps[0].place)
        clean = _back(begun, run, stream)
        return ("cancelled" if isinstance(error, CancelledError) else "reverted") if clean else "failed", error
    return "done", None


def _judged(ends: Mapping[str, End]) -> tuple[Outcome, dict[str, str]]:
    """How all of it ended, and the words of the first that went wrong. Where some are ready and some are not, those
    that are ready stay so."""
    errors = {place: error for place, (_, error) in ends.items() if error}
    if not errors:
        return "done", {}
    ready = [place for place in ends if place not in errors]
    first = min(errors.values(), key=lambda error: isinstance(error, CancelledError))
    words = first.as_dict()
    others = [f"{place}: {error.what}" for place, error in errors.items() if error is not first]
    words["why"] = " ".join([words.get("why", ""), *others]).strip()
    if ready:
        words["kept"] = f"{words.get('kept', '')} Ready: {', '.join(ready)}.".strip()
    outcomes = {outcome for outcome, _ in ends.values()}
    if ready or "failed" in outcomes:
        return "failed", words
    return "reverted" if "reverted" in outcomes else "cancelled", words


def _back(begun: list[Step], run: Bare, stream: EventStream) -> bool:
    """Undo what was begun, last first; whether all of it could be."""
    clean = True
    back = Bare(run.plan, run.release, CancelToken())
    for step in reversed(begun):
        try:
            show(stream, step, step.undo, back, "undone")
        except Exception as caught:  # noqa: BLE001 - the other steps are still to be undone
            error = caught if isinstance(caught, WebduhError) else unexpected(caught)
            text = f"The step {step.name} could not be undone: {error.what} {error.why}".strip()
            stream.emit(Warned(code="undo-failed", text=text), step=step.name, place=step.place)
            clean = False
    return clean
