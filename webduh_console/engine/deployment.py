"""Runs a plan: check, build, lease, steps, watch, retire; and the way back when anything fails before there is none."""

import threading
import time
from collections.abc import Generator, Sequence
from typing import Any

from webduh_console.clock import now
from webduh_console.engine.recovery import recover
from webduh_console.engine.retention import retire
from webduh_console.engine.rounds import Round
from webduh_console.engine.steps import PlaceRun, whole
from webduh_console.engine.stream import EventStream, Sink
from webduh_console.errors import CancelledError, TargetError, WebduhError, unexpected
from webduh_console.model.events import (
    Event,
    Finished,
    Phase,
    Reverting,
    Serving,
    Started,
    StepFinished,
    StepStarted,
    Warned,
)
from webduh_console.model.mask import masker
from webduh_console.model.plan import Plan
from webduh_console.model.release import Artifact, Release
from webduh_console.model.target import CancelToken, Figures, Lease, Record, Target

HEARTBEAT = 15.0
ENGINE_STEPS = ("check", "build", "lease")


def apply(target: Target, plan: Plan, cancel: CancelToken | None = None, sinks: Sequence[Sink] = ()) -> EventStream:
    """Start the plan in a thread of its own and return its events; the last is Finished.

    Setting `cancel` takes the way back, which the stream then shows. Every question of the plan must have been
    answered before.
    """
    secrets = [variable.value for variable in plan.variables.values() if variable.secret]
    stream = EventStream(plan.id, masker(secrets), sinks)
    deployment = _Deployment(target, plan, cancel or CancelToken(), stream)
    threading.Thread(target=deployment.run, name=f"deploy {plan.key}", daemon=True).start()
    return stream


class _Deployment:
    def __init__(self, target: Target, plan: Plan, cancel: CancelToken, stream: EventStream) -> None:
        self.target, self.plan, self.cancel, self.stream = target, plan, cancel, stream
        self.began = time.monotonic()
        self.release: Release | None = None
        self.leases: list[Lease] = []
        self.done = threading.Event()

    def run(self) -> None:
        """Do everything; whatever happens, the last event is Finished."""
        names = [*ENGINE_STEPS, "record", *(step.name for step in self.target.steps(self.plan))]
        self.stream.emit(
            Started(
                app=self.plan.key.app,
                environment=self.plan.key.environment,
                target=self.plan.target,
                action=self.plan.action,
                steps=tuple(dict.fromkeys(names)),
            )
        )
        outcome: Any = "failed"
        error: WebduhError | None = None
        try:
            outcome, error = self._run()
        except WebduhError as caught:
            outcome, error = ("cancelled" if isinstance(caught, CancelledError) else "failed"), caught
        except Exception as caught:  # noqa: BLE001 - a defect of ours or of a target must still end the stream
            error = unexpected(caught)
        finally:
            self.done.set()
            for lease in self.leases:
                self._give_back(lease)
        self._finish(outcome, error)

    def _run(self) -> tuple[str, WebduhError | None]:
        self._step("check", "check", self._check())
        artifact = self.plan.artifact or self._step("build", "build", self._build())
        records = {place: self.target.record(self.plan.key, place) for place in sorted(self.target.places)}
        leases = self._step("lease", "prepare", self._lease(records))
        before = {record.current() for record in records.values()}
        recover(self.target, self.plan.key, self.stream, records, leases)
        self._refuse_if_moved(records, before)
        runs = self._number(artifact, records, leases)
        rounds = Round(self.stream, self.plan, runs, self.cancel)
        steps = {place: whole(self.target, run, place) for place, run in runs.items()}
        try:
            rounds.begin()
            rounds.forward(steps, ("prepare", "commit"))
            self._announce(rounds)
            rounds.forward(steps, ("watch",))
            rounds.mark("kept")
        except WebduhError as error:
            return self._revert(rounds, error)
        except Exception as caught:  # noqa: BLE001 - as above: the way back is taken whatever went wrong
            return self._revert(rounds, unexpected(caught))
        self._audit(runs, "made live")
        if self.plan.wait:
            retire(self.target, rounds)
            rounds.mark("end")
        return "done", None

    def _check(self) -> Generator[Event, None, None]:
        wrong = [fact for fact in self.target.preflight(self.plan) if not fact.ok]
        if wrong:
            raise TargetError(
                f"{self.plan.key} cannot be deployed to {self.plan.target}.",
                why=" ".join(f"{fact.name}: {fact.value}." for fact in wrong),
                kept="Nothing was changed.",
                hint=" ".join(dict.fromkeys(fact.fix for fact in wrong if fact.fix)),
            )
        yield from ()

    def _build(self) -> Generator[Event, None, Artifact]:
        return (yield from self.target.builder().build(self.plan, self.cancel))

    def _lease(self, records: dict[str, Record]) -> Generator[Event, None, dict[str, Lease]]:
        """Take every place's lease, or none."""
        leases: dict[str, Lease] = {}
        for place, record in records.items():
            leases[place] = record.acquire(self.plan.by, f"{self.plan.action} {self.plan.id}")
            self.leases.append(leases[place])
        threading.Thread(target=self._beat, daemon=True).start()
        yield from ()
        return leases

    def _number(self, artifact: Artifact, records: dict[str, Record], leases: dict[str, Lease]) -> dict[str, PlaceRun]:
        number = max(record.next_number() for record in records.values())
        self.release = Release(
            number=number,
            key=self.plan.key,
            target=self.plan.target,
            spec=self.plan.spec,
            artifact=artifact,
            source=self.plan.source,
            created=now(),
            by=self.plan.by,
            trigger=self.plan.trigger,
            deployment=self.plan.id,
            base=next(iter(records.values())).current(),
            restores=self.plan.to,
            variables=self.plan.variables,
        )
        runs = {}
        for place, record in records.items():
            current = record.current()
            previous = record.read(current) if current is not None else None
            runs[place] = PlaceRun(self.plan, self.cancel, self.release, previous, record, leases[place])
        return runs

    def _refuse_if_moved(self, records: dict[str, Record], before: set[int | None]) -> None:
        """Refuse a plan that somebody has overtaken.

        `before` is what served before recovery, which moves `current` itself: a plan made against that stands, too.
        """
        for place, record in records.items():
            current = record.current()
            if self.plan.base not in {current, *before} and not self.plan.force:
                raise TargetError(
                    f"{self.plan.key} changed on {place} since this was planned.",
                    why=f"It was planned against release {self.plan.base or 'none'}, and {current or 'none'} serves.",
                    kept="Nothing was changed.",
                    hint="Plan and deploy again.",
                )

    def _announce(self, rounds: Round) -> None:
        assert self.release is not None
        rounds.mark("serving")
        seconds = round(time.monotonic() - self.began, 3)
        self.stream.emit(Serving(release=self.release.number, url=self._url(), seconds=seconds))

    def _revert(self, rounds: Round, error: WebduhError) -> tuple[str, WebduhError]:
        cancelled = isinstance(error, CancelledError)
        self.stream.emit(Reverting(reason=error.what))
        if not rounds.backward():
            return "failed", error
        return ("cancelled" if cancelled else "reverted"), error

    def _step(self, name: str, phase: Phase, work: Generator[Event, None, Any]) -> Any:
        """Run one of the engine's own parts as a step that is seen like any other."""
        self.cancel.check()
        started, place = time.monotonic(), self.target.places[0]
        figures: Figures = {}
        self.stream.emit(StepStarted(phase=phase, usual=self.plan.usual.get(name)), step=name, place=place)
        outcome: Any = "failed"
        try:
            while True:
                try:
                    self.stream.emit(next(work), step=name, place=place)
                except StopIteration as stop:
                    outcome = "done"
                    if isinstance(stop.value, Artifact):
                        figures = {"files": stop.value.files, "bytes": stop.value.size}
                    return stop.value
        except CancelledError:
            outcome = "cancelled"
            raise
        finally:
            seconds = round(time.monotonic() - started, 3)
            self.stream.emit(StepFinished(outcome=outcome, seconds=seconds, figures=figures), step=name, place=place)

    def _beat(self) -> None:
        while not self.done.wait(HEARTBEAT):
            for lease in self.leases:
                try:
                    lease.renew()
                except WebduhError:  # the next fence says it, where it matters
                    return

    def _give_back(self, lease: Lease) -> None:
        try:
            lease.release()
        except WebduhError as error:
            self.stream.emit(lease_warning(error))

    def _audit(self, runs: dict[str, PlaceRun], what: str) -> None:
        for run in runs.values():
            run.record.audit(
                f"{self.plan.by} {self.plan.action} release {run.release.number} {what} ({self.plan.trigger})"
            )

    def _url(self) -> str:
        return self.target.url(self.plan)

    def _finish(self, outcome: Any, error: WebduhError | None) -> None:
        mask = self.stream.mask
        words = {key: mask(text) for key, text in error.as_dict().items()} if error else {}
        seconds = round(time.monotonic() - self.began, 3)
        served = self.release.number if self.release and outcome == "done" else None
        url = self._url() if outcome == "done" else ""
        self.stream.emit(Finished(outcome=outcome, release=served, url=url, seconds=seconds, error=words))


def lease_warning(error: WebduhError) -> Event:
    """The event of a lease that could not be given back; it ends by itself when its heartbeat stops."""
    return Warned(code="lease", text=error.what, hint=error.hint)
