"""What a deployment's events add up to: its steps, their output, how it ended. Pure: events in, a picture out."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from webduh_console.model.events import (
    AnyEvent,
    Finished,
    Output,
    Progress,
    Reverting,
    Serving,
    Started,
    StepFinished,
    StepStarted,
    Warned,
)

StepState = Literal["waiting", "running", "done", "failed", "cancelled", "undoing", "undone", "skipped"]
ENDED = ("done", "failed", "cancelled", "undone", "skipped")


@dataclass
class StepView:
    """One step as it is now.

    `usual` and `seconds` in seconds; `done` of `total` in `unit` while it says how far it is.
    """

    name: str
    place: str = ""
    phase: str = ""
    state: StepState = "waiting"
    began: datetime | None = None
    seconds: float = 0.0
    usual: float | None = None
    done: float = 0.0
    total: float = 0.0
    unit: str = ""
    figures: dict[str, float] = field(default_factory=dict)
    lines: list[Output] = field(default_factory=list)

    def elapsed(self, now: datetime) -> float:
        """How long it takes, or took."""
        if self.state in ("running", "undoing") and self.began is not None:
            return max(0.0, (now - self.began).total_seconds())
        return self.seconds


@dataclass
class Timeline:
    """A deployment as its events so far show it."""

    steps: list[StepView] = field(default_factory=list)
    output: list[tuple[StepView, Output]] = field(default_factory=list)
    warnings: list[Warned] = field(default_factory=list)
    started: Started | None = None
    serving: Serving | None = None
    finished: Finished | None = None
    reverting: str | None = None
    began: datetime | None = None
    taken: int = 0

    def take(self, event: AnyEvent) -> None:
        """Add one event. Events that come twice or in another order than they were made do no harm."""
        self.taken += 1
        if self.began is None:
            self.began = event.at
        match event:
            case Started():
                self.started = event
                for name in event.steps:
                    if not any(step.name == name for step in self.steps):
                        self.steps.append(StepView(name))
            case StepStarted():
                self._begin(event)
            case StepFinished():
                self._end(event)
            case Output():
                step = self.step(event.step, event.place)
                step.lines.append(event)
                self.output.append((step, event))
            case Progress():
                step = self.step(event.step, event.place)
                step.done, step.total, step.unit = event.done, event.total, event.unit
            case Warned():
                self.warnings.append(event)
            case Reverting():
                self.reverting = event.reason
            case Serving():
                self.serving = event
            case Finished():
                self.finished = event

    def step(self, name: str, place: str) -> StepView:
        """The step of this name at this place.

        A step that was only announced so far takes the first place that is named.
        """
        for step in self.steps:
            if step.name == name and step.place in (place, ""):
                step.place = place
                return step
        same = [index for index, step in enumerate(self.steps) if step.name == name]
        found = StepView(name or "webduh", place)
        self.steps.insert(same[-1] + 1 if same else len(self.steps), found)
        return found

    def _begin(self, event: StepStarted) -> None:
        step = self.step(event.step, event.place)
        step.phase, step.began = event.phase, event.at
        step.usual = event.usual if event.usual is not None else step.usual
        step.state = "running" if self.reverting is None else "undoing"

    def _end(self, event: StepFinished) -> None:
        step = self.step(event.step, event.place)
        step.state, step.seconds, step.figures = event.outcome, event.seconds, event.figures
        step.done = step.total = 0.0

    def current(self) -> StepView | None:
        """The step that is being done or undone; else the last that ended."""
        working = [step for step in self.steps if step.state in ("running", "undoing")]
        ended = [step for step in self.steps if step.state in ENDED]
        return next(iter(working or ended[-1:]), None)

    def elapsed(self, now: datetime) -> float:
        """Seconds since the first event, or in all."""
        if self.finished is not None:
            return self.finished.seconds
        return max(0.0, (now - self.began).total_seconds()) if self.began else 0.0

    def position(self) -> tuple[int, int]:
        """How many steps have ended, and how many there are."""
        return sum(step.state in ENDED for step in self.steps), len(self.steps)
