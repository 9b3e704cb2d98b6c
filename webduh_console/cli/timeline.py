"""A deployment as lines of text, one a step, while it happens."""

import shutil
import sys
from collections.abc import Callable, Sequence

from webduh_console.commands.words import ENDS, brief_step, count, size, span
from webduh_console.model.events import (
    AnyEvent,
    Explained,
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

LOUD = ("build", "release")
FIGURES: dict[str, Callable[[float], str]] = {
    "bytes": size,
    "files": lambda n: count(int(n), "file"),
    "instances": lambda n: f"{n:.0f} started",
}


class Timeline:
    """Prints a step when it ends, the output of loud steps as it comes, and on a terminal what goes on right now."""

    def __init__(self, subject: str, done: str = "", warnings: Sequence[str] = ()) -> None:
        """`subject` is what the work is on; `done` is what to say when it went well and made no release."""
        self._subject, self._done, self._warnings = subject, done, warnings
        self._live = sys.stdout.isatty()
        self._shown = False
        self._backward = False
        self._target = ""

    def draw(self, event: AnyEvent) -> None:
        """Draw one event."""
        match event:
            case Started():
                self._target = event.target
                self._print(f"{event.action} {self._subject} on {event.target}" if event.app else event.action)
                for warning in self._warnings:
                    self._print(f"  ! {warning}")
            case StepStarted():
                usual = f" (usually {span(event.usual)})" if event.usual and event.usual > 1 else ""
                self._now(f"  … {self._step(event)}{usual}")
            case Progress():
                of = f" of {event.total:g}" if event.total else ""
                self._now(f"  … {self._step(event)} {event.done:g}{of} {event.unit}")
            case Output():
                if event.step in LOUD and event.stream != "webduh":
                    self._print(f"  │ {brief_step(event.text)}")
                elif event.step in LOUD or event.stream == "webduh":
                    self._now(f"  … {self._step(event)}: {event.text}")
            case StepFinished():
                self._finished(event)
            case Explained():
                self._explain(event)
            case Warned():
                self._print(f"  ! {event.text}" + (f" {event.hint}" if event.hint else ""))
            case Reverting():
                self._print(f"  ↩ taking it back: {event.reason}")
            case Serving():
                address = f" at {event.url}" if event.url else ""
                self._print(f"  ● serving      {span(event.seconds):>8}   release {event.release}{address}")
            case Finished():
                self._end(event)

    def cancelling(self) -> None:
        """Say that Ctrl-C was heard."""
        self._print("  ⊘ cancelling: the way back is taken. Ctrl-C again stops at once.")

    def _finished(self, event: StepFinished) -> None:
        figures = ", ".join(FIGURES[name](value) for name, value in event.figures.items() if name in FIGURES)
        self._print(f"  {ENDS[event.outcome]} {self._step(event):<12} {span(event.seconds):>8}   {figures}".rstrip())

    def _explain(self, event: Explained) -> None:
        self._print(f"  {'took':>8}  {'in it':>10}")
        for part in event.parts:
            took = "" if part.seconds is None else span(part.seconds)
            holds = "" if part.bytes is None else size(part.bytes)
            self._print(f"  {took:>8}  {holds:>10}  {part.name}")

    def _step(self, event: StepStarted | Progress | Output | StepFinished) -> str:
        """A step's name, and where it is done if that is one of several places."""
        return event.step if event.place in ("", self._target) else f"{event.step:<9} {event.place}"

    def _end(self, event: Finished) -> None:
        from webduh_console.cli.face import error_lines

        if event.error:
            self._print("\n".join(error_lines(event.error)))
        if event.outcome == "done":
            what = f": release {event.release} {event.url}".rstrip() if event.release else f" {self._done}"
            down = f"; did not answer for {span(event.downtime)}" if event.downtime else ""
            self._print(f"{self._subject}{what}   {span(event.seconds)}{down}")
        else:
            back = {"reverted": ", and everything was taken back", "cancelled": "; everything was taken back"}
            self._print(f"{self._subject}: {event.outcome} after {span(event.seconds)}{back.get(event.outcome, '')}")

    def _print(self, text: str) -> None:
        if self._shown:
            sys.stdout.write("\r\x1b[K")
            self._shown = False
        sys.stdout.write(text + "\n")
        sys.stdout.flush()

    def _now(self, text: str) -> None:
        """A line that the next one replaces; only on a terminal."""
        if self._live:
            width = shutil.get_terminal_size().columns - 1
            sys.stdout.write("\r\x1b[K" + "".join(c if c.isprintable() else "·" for c in text)[:width])
            sys.stdout.flush()
            self._shown = True
