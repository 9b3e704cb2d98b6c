"""The steps that every deployment has, whatever the target."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from webduh_console.engine.stream import EventStream
from webduh_console.errors import CancelledError, PassingError
from webduh_console.model.events import Explained, Output, Phase, StepFinished, StepStarted
from webduh_console.model.plan import Plan
from webduh_console.model.release import Release
from webduh_console.model.target import CancelToken, Figures, Lease, Record, Run, Step, Target, Work


@dataclass
class PlaceRun:
    """A deployment at one place: what its steps know there."""

    plan: Plan
    cancel: CancelToken
    release: Release
    previous: Release | None
    record: Record
    lease: Lease

    def fence(self) -> None:
        """Raise LeaseLostError unless the lease is still ours."""
        self.lease.check()

    def back(self) -> "PlaceRun":
        """The same for the way back, which nothing cancels."""
        return PlaceRun(self.plan, CancelToken(), self.release, self.previous, self.record, self.lease)


@dataclass(frozen=True)
class WriteRelease:
    """Step 4 of a deployment: the record, before anything runs."""

    run_at: PlaceRun
    place: str
    name: str = "record"
    phase: Phase = "prepare"

    def do(self, run: Run) -> Work:
        """Write the release and its plan."""
        self.run_at.record.write(self.run_at.lease, self.run_at.release, self.run_at.plan)
        yield Output(text=f"release {self.run_at.release.number} is recorded")
        return {}

    def undo(self, run: Run) -> Work:
        """Forget it, and its journal with it."""
        self.run_at.record.remove(self.run_at.lease, self.run_at.release.number)
        yield Output(text=f"release {self.run_at.release.number} is forgotten")
        return {}


@dataclass(frozen=True)
class MoveCurrent:
    """The end of step 9: this release is the one that serves."""

    run_at: PlaceRun
    place: str
    name: str = "current"
    phase: Phase = "commit"

    def do(self, run: Run) -> Work:
        """Move the mark to this release."""
        yield from self._move(self.run_at.release.number)
        return {}

    def undo(self, run: Run) -> Work:
        """Move it back to the release before."""
        yield from self._move(self.run_at.previous.number if self.run_at.previous else None)
        return {}

    def _move(self, number: int | None) -> Work:
        if self.run_at.record.current() != number:
            self.run_at.record.set_current(self.run_at.lease, number)
            yield Output(text=f"current is release {number}" if number else "no release is current")
        return {}


@dataclass(frozen=True)
class BuildAlone:
    """The build of a plan, with no deployment around it."""

    target: Target
    plan: Plan
    place: str
    explained: bool = False
    name: str = "build"
    phase: Phase = "build"

    def do(self, run: Run) -> Work:
        """Build; what was built last is found again by the next deployment."""
        builder = self.target.builder()
        artifact = yield from builder.build(self.plan, run.cancel)
        if self.explained and (parts := builder.explain(self.plan, artifact)):
            yield Explained(parts=tuple(parts))
        yield Output(text=artifact.digest)
        return {"files": artifact.files, "bytes": artifact.size}

    def undo(self, run: Run) -> Work:
        """A build that failed has left nothing."""
        yield from ()
        return {}


def whole(target: Target, run: PlaceRun, place: str) -> list[Step]:
    """All steps of a deployment at a place: ours around the target's. PassingError when it cannot be asked for its."""
    own = [step for step in target.steps(run.plan) if step.place == place]
    if not own:  # without them nothing could be taken back, either
        raise PassingError(f"{place} does not answer any more.", kept="Its journal says what is to be done there.")
    return [WriteRelease(run, place), *own, MoveCurrent(run, place)]


def show(
    stream: EventStream,
    step: Step,
    act: Callable[[Run], Work],
    run: Run,
    outcome: Literal["done", "undone"],
    usual: float | None = None,
) -> Figures:
    """Run a step's work and let it be seen: its beginning, what it yields, its end with its time."""
    started = time.monotonic()
    figures: dict[str, float] = {}
    stamps = {"step": step.name, "place": step.place}
    stream.emit(StepStarted(phase=step.phase, usual=usual), **stamps)
    failed: Literal["failed", "cancelled"] | None = "failed"
    work = act(run)
    try:
        while True:
            try:
                stream.emit(next(work), **stamps)
            except StopIteration as stop:
                figures, failed = stop.value or {}, None
                return figures
    except CancelledError:
        failed = "cancelled"
        raise
    finally:
        seconds = round(time.monotonic() - started, 3)
        stream.emit(StepFinished(outcome=failed or outcome, seconds=seconds, figures=figures), **stamps)
