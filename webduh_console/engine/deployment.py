"""Runs a plan: check, build, lease, steps, watch, retire; and the way back when anything fails before there is none."""

import threading
import time
from collections.abc import Generator, Mapping, Sequence
from typing import Any, Literal

from webduh_console.clock import now
from webduh_console.engine import hooks, waves
from webduh_console.engine.downtime import Downtime
from webduh_console.engine.patience import SECONDS, Patience
from webduh_console.engine.recovery import recover
from webduh_console.engine.retention import retire
from webduh_console.engine.rounds import Round
from webduh_console.engine.steps import PlaceRun, whole
from webduh_console.engine.stream import EventStream, Sink
from webduh_console.engine.taking_part import narrowed, newest, taking_part
from webduh_console.errors import CancelledError, LeaseLostError, OvertakenError, WebduhError, unexpected
from webduh_console.model import audit
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
from webduh_console.model.hooks import Point
from webduh_console.model.mask import masker
from webduh_console.model.plan import Plan
from webduh_console.model.release import Artifact, Release
from webduh_console.model.standing import Several, lead
from webduh_console.model.target import CancelToken, Figures, Lease, Record, Target

HEARTBEAT = 15.0
ENGINE_STEPS = ("check", "build", "lease")


def apply(
    target: Target,
    plan: Plan,
    cancel: CancelToken | None = None,
    sinks: Sequence[Sink] = (),
    patience: float = SECONDS,
) -> EventStream:
    """Start the plan in a thread of its own and return its events; the last is Finished.

    Setting `cancel` takes the way back, which the stream then shows. Every question of the plan must have been
    answered before. `patience` is for how many seconds trouble that may pass is waited for at a place.
    """
    secrets = [variable.value for variable in plan.variables.values() if variable.secret]
    stream = EventStream(plan.id, masker(secrets), sinks)
    deployment = _Deployment(target, plan, cancel or CancelToken(), stream, Patience(patience))
    threading.Thread(target=deployment.run, name=f"deploy {plan.key}", daemon=True).start()
    return stream


class _Deployment:
    def __init__(
        self, target: Target, plan: Plan, cancel: CancelToken, stream: EventStream, patience: Patience
    ) -> None:
        self.target, self.plan, self.cancel, self.stream = target, plan, cancel, stream
        self.patience = patience
        self.asked = target
        self.began = time.monotonic()
        self.release: Release | None = None
        self.downtime = Downtime()
        self.leases: list[Lease] = []
        self.done = threading.Event()

    def run(self) -> None:
        """Do everything; whatever happens, the last event is Finished."""
        names = self._names()
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
        if outcome != "done":
            failed = {"WEBDUH_OUTCOME": outcome, "WEBDUH_ERROR": self.stream.mask(error.what) if error else ""}
            self._after("after-failure", CancelToken(), failed)
        self._finish(outcome, error)

    def _run(self) -> tuple[str, WebduhError | None]:
        self._narrow(*self._step("check", "check", self._check()))
        artifact = self.plan.artifact or self._built()
        records = {place: self.target.record(self.plan.key, place) for place in sorted(self.target.places)}
        leases = self._step("lease", "prepare", self._lease(records))
        before = newest(records)[1]
        recover(self.target, self.plan.key, self.stream, records, leases)
        self._refuse_if_moved(records, before)
        runs = self._number(artifact, records, leases)
        self._before(self._turn("before"), "prepare")
        rounds = Round(self.stream, self.plan, runs, self.cancel, self.patience)
        self.downtime = rounds.downtime
        steps = {place: whole(self.target, run, place) for place, run in runs.items()}
        try:
            rounds.begin()
            waves.prepare(rounds, steps, self.plan.quorum)
            self._say_lost(rounds)
            waves.commit(rounds, steps, self.plan.batch)
            self._announce(rounds)
            rounds.forward(steps, ("watch",))
            rounds.mark("kept")
        except WebduhError as error:
            return self._revert(rounds, error)
        except Exception as caught:  # noqa: BLE001 - as above: the way back is taken whatever went wrong
            return self._revert(rounds, unexpected(caught))
        self._audit(runs, f"made live{variables_words(self.plan)}")
        self._after(self._turn("after"), self.cancel)
        if self.plan.wait:
            retire(self.target, rounds)
        return "done", None

    def _names(self) -> list[str]:
        """Every step of this deployment, in its order."""
        check, build, lease = ENGINE_STEPS
        of, plan = hooks.named, self.plan
        built = [*of(plan, "before-build"), build, *of(plan, "after-build")] if plan.artifact is None else [build]
        own = [step.name for step in self.target.steps(plan)]
        ends = of(plan, self._turn("after"))
        return [check, *built, lease, *of(plan, self._turn("before")), "record", *own, *ends]

    def _turn(self, when: Literal["before", "after"]) -> Point:
        """The point of the hooks around what this deployment does."""
        if self.plan.action == "rollback":
            return "before-rollback" if when == "before" else "after-rollback"
        return "before-deploy" if when == "before" else "after-deploy"

    def _before(self, point: Point, phase: Phase) -> None:
        """Run the hooks of a point; one that fails stops the deployment here."""
        if hooks.of(self.plan, point):
            self._step(point, phase, hooks.before(self.plan, point, self._said(), self.cancel))

    def _after(self, point: Point, cancel: CancelToken, said: Mapping[str, str] | None = None) -> None:
        """Run the hooks of a point that stop nothing."""
        if hooks.of(self.plan, point):
            work = hooks.after(self.plan, point, {**self._said(), **(said or {})}, cancel)
            self._step(point, "retire", work, checked=False)

    def _said(self) -> dict[str, str]:
        release = self.release
        return {
            "WEBDUH_URL": self._url(),
            "WEBDUH_RELEASE": str(release.number) if release else "",
            "WEBDUH_ARTIFACT": release.artifact.digest if release else "",
        }

    def _built(self) -> Artifact:
        self._before("before-build", "build")
        artifact: Artifact = self._step("build", "build", self._build())
        self._before("after-build", "build")
        return artifact

    def _check(self) -> Generator[Event, None, tuple[tuple[str, ...], dict[str, str]]]:
        yield from ()
        return taking_part(self.target, self.plan, list(self.target.preflight(self.plan)))

    def _narrow(self, able: tuple[str, ...], left: dict[str, str]) -> None:
        """Go on with the places that take part, and name the others."""
        self.target = narrowed(self.target, able)
        for place, why in left.items():
            self.stream.emit(waves.left_out(place, why, self.plan.key.app))

    def _say_lost(self, rounds: Round) -> None:
        for place, error in rounds.lost.items():
            why = f"{error.what} {error.why}" if isinstance(error, WebduhError) else str(error)
            self.stream.emit(waves.left_out(place, why.strip(), self.plan.key.app))

    def _build(self) -> Generator[Event, None, Artifact]:
        return (yield from self.target.builder().build(self.plan, self.cancel))

    def _lease(self, records: dict[str, Record]) -> Generator[Event, None, dict[str, Lease]]:
        """Take every place's lease, or none."""
        leases: dict[str, Lease] = {}
        for place, record in records.items():
            leases[place] = record.acquire(self.plan.by, f"{self.plan.action} {self.plan.id}")
            self.leases.append(leases[place])
            threading.Thread(target=self._beat, args=(leases[place],), daemon=True).start()
        yield from ()
        return leases

    def _number(self, artifact: Artifact, records: dict[str, Record], leases: dict[str, Lease]) -> dict[str, PlaceRun]:
        self.release = self._again() or Release(
            number=max(record.next_number() for record in records.values()),
            key=self.plan.key,
            target=self.plan.target,
            spec=self.plan.spec,
            artifact=artifact,
            source=self.plan.source,
            created=now(),
            by=self.plan.by,
            trigger=self.plan.trigger,
            deployment=self.plan.id,
            base=newest(records)[1],
            restores=self.plan.to,
            variables=self.plan.variables,
        )
        runs = {}
        for place, record in records.items():
            current = record.current()
            previous = record.read(current) if current is not None else None
            runs[place] = PlaceRun(self.plan, self.cancel, self.release, previous, record, leases[place])
        return runs

    def _again(self) -> Release | None:
        """The release that serves elsewhere, when it is only to be brought to places that are behind."""
        if self.plan.action != "catch-up" or self.plan.to is None:
            return None
        return self.asked.record(self.plan.key, lead(self.asked, self.plan.key)).read(self.plan.to)

    def _refuse_if_moved(self, records: dict[str, Record], before: int | None) -> None:
        """Refuse a plan that somebody has overtaken.

        `before` is what served before recovery, which moves `current` itself: a plan made against that stands, too.
        """
        place, current = newest(records)
        if self.plan.action == "catch-up":  # here an older one serves; what counts is what serves elsewhere
            place = lead(self.asked, self.plan.key)
            before = current = self.asked.record(self.plan.key, place).current()
        if self.plan.base not in {current, before} and not self.plan.force:
            raise OvertakenError(
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
            if lost := self._lost():
                return "failed", lost  # and with it the reason; whoever holds it has finished this, or taken it back
            error.kept = "Not everything could be taken back: the next deployment of the app does that first."
            return "failed", error
        if seconds := rounds.downtime.seconds:
            error.kept = f"The release before was started again. The app did not answer for {seconds:.1f} s."
        elif not error.kept:
            serves = any(run.previous for run in rounds.runs.values())
            error.kept = "What served before serves on." if serves else "Nothing of it was kept, and nothing serves."
        self._audit(rounds.runs, f"not made live: {self.stream.mask(error.what)}")
        return ("cancelled" if cancelled else "reverted"), error

    def _lost(self) -> LeaseLostError | None:
        """That a lease is no longer ours, which explains whatever else went wrong."""
        for lease in self.leases:
            try:
                lease.check()
            except LeaseLostError as error:
                return error
            except WebduhError:  # a server that does not answer is not asked whose lease it is
                continue
        return None

    def _step(self, name: str, phase: Phase, work: Generator[Event, None, Any], checked: bool = True) -> Any:
        """Run one of the engine's own parts as a step that is seen like any other; unless `checked` even if all was
        cancelled."""
        if checked:
            self.cancel.check()
        started = time.monotonic()
        place = self.target.name if isinstance(self.target, Several) else self.target.places[0]
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

    def _beat(self, lease: Lease) -> None:
        while not self.done.wait(HEARTBEAT):
            try:
                lease.renew()
            except LeaseLostError:  # the next fence says it, where it matters
                return
            except WebduhError:  # the line may come back before a minute is over
                continue

    def _give_back(self, lease: Lease) -> None:
        try:
            lease.release()
        except WebduhError as error:
            self.stream.emit(lease_warning(error))

    def _audit(self, runs: Mapping[str, PlaceRun], what: str) -> None:
        """Write down who did what; that it cannot be written changes nothing of what was done."""
        plan = self.plan
        for run in runs.values():
            try:
                run.record.audit(audit.line(plan.by, plan.action, f"release {run.release.number} {what}", plan.trigger))
            except WebduhError as error:
                self.stream.emit(Warned(code="audit", text=f"Who did this is not written down: {error.what}"))

    def _url(self) -> str:
        return self.target.url(self.plan)

    def _finish(self, outcome: Any, error: WebduhError | None) -> None:
        mask = self.stream.mask
        words = {key: mask(text) for key, text in error.as_dict().items()} if error else {}
        seconds = round(time.monotonic() - self.began, 3)
        served = self.release.number if self.release and outcome == "done" else None
        url = self._url() if outcome == "done" else ""
        down = self.downtime.seconds
        self.stream.emit(
            Finished(outcome=outcome, release=served, url=url, seconds=seconds, downtime=down, error=words)
        )


def lease_warning(error: WebduhError) -> Event:
    """The event of a lease that could not be given back; it ends by itself when its heartbeat stops."""
    return Warned(code="lease", text=error.what, hint=error.hint)


def variables_words(plan: Plan) -> str:
    """Which variables a plan changes, by their names: `, variables +COLOUR ~TOKEN`; empty for none."""
    names = [f"{change.sign}{change.name}" for change in plan.changes if change.kind == "variable"]
    return f", variables {' '.join(names)}" if names else ""
