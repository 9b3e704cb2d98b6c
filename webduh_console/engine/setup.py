"""Runs the steps that make a machine ready: in order, and back when one of them fails."""

import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from webduh_console.clock import now
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

    Setting `cancel`, or a step that fails, takes back what was begun, last first.
    """
    secrets = [variable.value for variable in (variables or {}).values() if variable.secret]
    stream = EventStream("", masker(secrets))
    run = bare(target, by, cancel=cancel)
    threading.Thread(target=_run, args=(target, steps, run, title, stream), name=title, daemon=True).start()
    return stream


def _run(target: str, steps: Sequence[Step], run: Bare, title: str, stream: EventStream) -> None:
    began = time.monotonic()
    names = tuple(step.name for step in steps)
    stream.emit(Started(app="", environment="", target=target, action=title, steps=names))
    outcome: Any = "done"
    words: dict[str, str] = {}
    begun: list[Step] = []
    try:
        for step in steps:
            run.cancel.check()
            begun.append(step)
            show(stream, step, step.do, run, "done")
    except Exception as caught:  # noqa: BLE001 - whatever went wrong is taken back, and the stream must end
        error = caught if isinstance(caught, WebduhError) else unexpected(caught)
        words = {name: stream.mask(text) for name, text in error.as_dict().items()}
        stream.emit(Reverting(reason=error.what))
        clean = _back(begun, run, stream)
        outcome = ("cancelled" if isinstance(error, CancelledError) else "reverted") if clean else "failed"
    seconds = round(time.monotonic() - began, 3)
    stream.emit(Finished(outcome=outcome, release=None, url="", seconds=seconds, error=words))


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
