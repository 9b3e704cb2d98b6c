"""Keeps a deployment in the local history while it happens."""

import msgspec

from webduh_console.clock import now
from webduh_console.model.events import AnyEvent, Finished, StepFinished
from webduh_console.model.plan import Plan
from webduh_console.model.release import Deployment, StepRecord
from webduh_console.state.store import State


class Recorder:
    """A sink of the engine's stream: begins, keeps and finishes one deployment in the history."""

    def __init__(self, state: State, plan: Plan) -> None:
        self._state, self._plan = state, plan
        self._steps: list[StepRecord] = []
        self._deployment = Deployment(
            id=plan.id,
            key=plan.key,
            target=plan.target,
            action=plan.action,
            outcome="running",
            started=now(),
            base=plan.base,
            by=plan.by,
            trigger=plan.trigger,
        )
        state.history.begin(self._deployment)

    def __call__(self, event: AnyEvent) -> None:
        """Keep an event; the last one also ends the deployment and takes the carried-out changes off the pending."""
        self._state.history.keep(event)
        if isinstance(event, StepFinished):
            self._steps.append(StepRecord(event.step, event.place, event.outcome, event.seconds))
        if isinstance(event, Finished):
            if event.outcome == "done":
                self._state.pending.discard(self._plan.key, self._plan.consumes, until=self._plan.made)
            self._state.history.finish(
                msgspec.structs.replace(
                    self._deployment,
                    outcome=event.outcome,
                    release=event.release,
                    finished=event.at,
                    seconds=event.seconds,
                    url=event.url,
                    error=event.error,
                    steps=tuple(self._steps),
                )
            )
            self._state.history.prune()
