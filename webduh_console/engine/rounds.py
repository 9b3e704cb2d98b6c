"""One round over all places: forward through phases with a journal line before each act, and all the way back."""

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Literal, TypeVar

from webduh_console.clock import now
from webduh_console.engine.downtime import SWITCH, Downtime
from webduh_console.engine.patience import Patience
from webduh_console.engine.steps import PlaceRun, show
from webduh_console.engine.stream import EventStream
from webduh_console.errors import CancelledError, LeaseLostError, PassingError, WebduhError
from webduh_console.model.events import Phase, Warned
from webduh_console.model.hooks import ONCE
from webduh_console.model.plan import Plan
from webduh_console.model.target import CancelToken, Figures, JournalLine, Run, Step, Work

AT_ONCE = 32
AGAIN = "The next deployment tries again."
T = TypeVar("T")
Kind = Literal["begin", "do", "did", "undo", "undid", "serving", "kept", "end"]


class Round:
    """Runs steps at every place of a deployment. What was begun is remembered, so that it can be undone in reverse."""

    def __init__(
        self,
        stream: EventStream,
        plan: Plan,
        runs: dict[str, PlaceRun],
        cancel: CancelToken,
        patience: Patience | None = None,
    ) -> None:
        self.stream, self.plan, self.runs, self.cancel = stream, plan, runs, cancel
        self.patience = patience or Patience()
        self.begun: dict[str, list[Step]] = {place: [] for place in runs}
        self.lost: dict[str, Exception] = {}
        self.downtime = Downtime()
        self._unwritten: dict[str, list[JournalLine]] = {place: [] for place in runs}
        self._losing = threading.Lock()

    def begin(self) -> None:
        """Open the journals; the first line says which release served before."""
        before = {place: str(run.previous.number) if run.previous else "" for place, run in self.runs.items()}
        self._journal_everywhere("begin", before)

    def mark(self, kind: Kind) -> None:
        """Write a line of the whole deployment into every place's journal; it names the places that take part."""
        self._journal_everywhere(kind, dict.fromkeys(self.runs, ",".join(self.runs)))

    def _journal_everywhere(self, kind: Kind, details: Mapping[str, str]) -> None:
        with ThreadPoolExecutor(max_workers=min(len(details), AT_ONCE) or 1) as pool:
            list(pool.map(lambda place: self._journal(place, kind, detail=details[place]), details))

    def forward(self, steps: dict[str, list[Step]], phases: Iterable[Phase]) -> None:
        """Do the steps of these phases everywhere at once, in order within a place."""
        for phase in phases:
            self.everywhere({place: [step for step in steps[place] if step.phase == phase] for place in self.runs})

    def everywhere(
        self, chosen: Mapping[str, Sequence[Step]], may_lose: Callable[[str, Exception], bool] | None = None
    ) -> None:
        """All of these places at once. The first failure cancels the others, and is what is raised when all have
        stopped; a place that `may_lose` lets go is undone as far as it can be, and takes no further part."""
        errors: list[Exception] = []

        def at(place: str, own: Sequence[Step]) -> None:
            try:
                self._do_all(place, own)
            except Exception as error:  # noqa: BLE001 - carried over to the caller's thread
                if may_lose is None or not self._lose(place, error, may_lose):
                    errors.append(error)
                    self.cancel.set()

        here = {place: own for place, own in chosen.items() if place in self.runs}
        if len(here) == 1:
            for place, own in here.items():
                at(place, own)
        else:
            with ThreadPoolExecutor(max_workers=min(len(here), AT_ONCE) or 1) as pool:
                for place, own in here.items():
                    pool.submit(at, place, own)
        if errors:
            raise next((error for error in errors if not isinstance(error, CancelledError)), errors[0])
        for place in self.lost.keys() & self.runs.keys():
            del self.runs[place], self.begun[place]

    def _lose(self, place: str, error: Exception, may_lose: Callable[[str, Exception], bool]) -> bool:
        """Go on without a place, if that may be."""
        with self._losing:
            if not may_lose(place, error):
                return False
            self.lost[place] = error
        run = self.runs[place]
        try:
            run.record.holder()  # a server that is gone is not asked to undo a dozen things
        except WebduhError:
            return True
        self._undo_all(place, self.begun[place])
        return True

    def _do_all(self, place: str, steps: Sequence[Step]) -> None:
        for step in steps:
            self.cancel.check()
            self._journal(place, "do", step)  # which nobody can who does not hold the lease
            self.begun[place].append(step)
            self.downtime.begins(place, step, False, self.begun[place])
            figures = self._shown(step, step.do, self.runs[place], "done")
            self.downtime.ended(place, step, False, figures)
            self._unwritten[place].append(self._line(place, "did", step))

    def backward(self) -> bool:
        """Undo at every place what was begun there, last first; False when something could not be undone.

        All places at once: one that does not answer keeps no other from going back.
        """
        with ThreadPoolExecutor(max_workers=min(len(self.begun), AT_ONCE) or 1) as pool:
            return all(list(pool.map(self._undo_all, self.begun, self.begun.values())))

    def _undo_all(self, place: str, steps: list[Step]) -> bool:
        run = self.runs[place].back()
        clean = True
        for step in reversed(steps):
            if step.name == "record" and not clean:
                break  # the journal stays for whoever comes next
            try:
                self._journal(place, "undo", step)
                self.downtime.begins(place, step, True, steps)
                self.downtime.ended(place, step, True, self._shown(step, step.undo, run, "undone"))
                if step.name != "record":
                    self._journal(place, "undid", step)
            except LeaseLostError:
                return False  # it is theirs who hold it now, and who have done it
            except PassingError as error:
                self._warn(step, error)
                return False  # nothing more can be done here; the journal tells whoever comes next
            except Exception as error:  # noqa: BLE001 - whatever it is, the other steps are still to be undone
                clean = False
                self._warn(step, error)
                if step.name == SWITCH:
                    return False  # requests may still be led to what the other steps would take away
        if not any(step.name == "record" for step in steps):  # there is nothing of it but a journal that was opened
            return self._forgotten(place, run) and clean
        return clean

    def _forgotten(self, place: str, run: PlaceRun) -> bool:
        try:
            self.patiently(place, lambda: run.record.remove(run.lease, run.release.number), run.cancel)
        except WebduhError as error:
            text = f"The journal that was opened could not be removed: {error.what} {error.why}".strip()
            self.stream.emit(Warned(code="undo-failed", text=text, hint=AGAIN), place=place)
            return False
        return True

    def _shown(self, step: Step, act: Callable[[Run], Work], run: Run, outcome: Literal["done", "undone"]) -> Figures:
        """Run a step's work and let it be seen; its figures. What only passes is waited for, and the step repeated,
        unless it runs what is to run once."""

        def once() -> Figures:
            return show(self.stream, step, act, run, outcome, self.plan.usual.get(step.name))

        if outcome == "done" and step.name in ONCE:
            return once()
        return self.patiently(step.place, once, run.cancel, step.name)

    def patiently(self, place: str, act: Callable[[], T], cancel: CancelToken | None = None, step: str = "") -> T:
        """Act, and wait for what only passes."""

        def say(error: PassingError) -> None:
            text = f"{error.what} {error.why} It is waited for, {self.patience.seconds:g} s at most.".replace("  ", " ")
            self.stream.emit(Warned(code="waiting", text=text), step=step, place=place)

        return self.patience.through(place, act, cancel or self.cancel, say)

    def _warn(self, step: Step, error: Exception) -> None:
        says = f"{error.what} {error.why}" if isinstance(error, WebduhError) else f"{type(error).__name__}: {error}"
        text = f"The step {step.name} could not be undone: {says}".strip()
        self.stream.emit(Warned(code="undo-failed", text=text, hint=AGAIN), step=step.name, place=step.place)

    def _journal(self, place: str, kind: Kind, step: Step | None = None, detail: str = "") -> None:
        """Write a line, after those that could wait for it: without a `did` a step is done or undone once more, which
        it allows."""
        run, waiting = self.runs[place], self._unwritten[place]
        lines = (*waiting, self._line(place, kind, step, detail))
        cancel = CancelToken() if kind in ("undo", "undid") else self.cancel
        self.patiently(place, lambda: run.record.append(run.lease, run.release.number, *lines), cancel)
        waiting.clear()

    def _line(self, place: str, kind: Kind, step: Step | None = None, detail: str = "") -> JournalLine:
        epoch = self.runs[place].lease.holder.epoch
        return JournalLine(kind, self.plan.id, now(), step.name if step else "", place, detail, epoch)
