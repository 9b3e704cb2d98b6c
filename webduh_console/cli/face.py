"""The faces: what commands return, drawn for a person or for a program."""

import os
import sys
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import msgspec

from webduh_console.cli.interrupt import interruptible
from webduh_console.commands.results import Done, Lines, Listing, Lists, Result, Stream, Terminal, Text, Work
from webduh_console.errors import CancelledError, LeaseHeldError, LeaseLostError, WebduhError
from webduh_console.model.events import AnyEvent, Finished, StepFinished
from webduh_console.model.mask import one_line

CODES = {error.name: error.code for error in (CancelledError, LeaseHeldError, LeaseLostError)}
INKS = {"+": "32", "-": "31", "~": "33", "!": "33", "?": "36", "✗": "31"}
"""A sign → its colour, as terminals number them."""
RunLine = Callable[[str], int]


class Face(Protocol):
    """Draws results and errors; every method but `error` returns an exit code."""

    def show(self, result: Result, run_line: RunLine) -> int:
        """Draw a result to its end."""

    def error(self, error: WebduhError) -> None:
        """Draw an error."""


def json_line(value: object) -> str:
    """A value as JSON on one line."""
    try:
        return msgspec.json.encode(value).decode()
    except UnicodeEncodeError:  # a path need not be Unicode; JSON's own escapes can say it
        import json

        return json.dumps(msgspec.to_builtins(value))


def code_of(finished: Finished) -> int:
    """The exit code of a deployment."""
    if finished.outcome == "done":
        return 0
    return CancelledError.code if finished.outcome == "cancelled" else CODES.get(finished.error.get("name", ""), 1)


def summary(stream: Stream, events: list[AnyEvent]) -> dict[str, Any]:
    """What a deployment came to, as one object with the documented keys."""
    plan, last = stream.plan, events[-1]
    steps = [
        {"name": e.step, "place": e.place, "outcome": e.outcome, "seconds": e.seconds, "figures": e.figures}
        for e in events
        if isinstance(e, StepFinished)
    ]
    finished = last if isinstance(last, Finished) else None
    return {
        "app": plan.key.app,
        "project": plan.key.project,
        "environment": plan.key.environment,
        "target": plan.target,
        "deployment": last.deployment or plan.id,
        "action": plan.action,
        "release": finished.release if finished else None,
        "outcome": finished.outcome if finished else "unknown",
        "url": finished.url if finished else "",
        "seconds": finished.seconds if finished else 0.0,
        "downtime": finished.downtime if finished else 0.0,
        "steps": steps,
        "error": (finished.error or None) if finished else None,
    }


class JsonFace:
    """One JSON value a line. A listing is one array; a deployment its events and then one object."""

    def show(self, result: Result, run_line: RunLine) -> int:
        """Print as JSON."""
        match result:
            case Listing() | Text() | Done():
                self._line(result.data)
                return result.code
            case Stream():
                events = []
                with interruptible(result.cancel):
                    for event in result.events:
                        self._line(event)
                        events.append(event)
                self._line(summary(result, events))
                return code_of(events[-1]) if isinstance(events[-1], Finished) else 1
            case Work():
                last = Finished(outcome="failed", release=None, url="", seconds=0.0)
                with interruptible(result.cancel):
                    for event in result.events:
                        self._line(event)
                        last = event if isinstance(event, Finished) else last
                self._line(
                    {**result.data, "outcome": last.outcome, "seconds": last.seconds, "error": last.error or None}
                )
                return code_of(last)
            case Terminal():
                return result.run()
            case Lines():
                with interruptible(result.stop):
                    for line in result.lines:
                        self._line(line)
                return self.show(result.end(), run_line) if result.end else 0
            case Lists():
                return first_failure(result, run_line)

    def error(self, error: WebduhError) -> None:
        """Print `{"error": {name, what, why, kept, hint}}`."""
        self._line({"error": error.as_dict()})

    def _line(self, value: object) -> None:
        sys.stdout.write(json_line(value) + "\n")
        sys.stdout.flush()


class TextFace:
    """Tables and timelines."""

    def show(self, result: Result, run_line: RunLine) -> int:
        """Print for a person."""
        match result:
            case Listing():
                print("\n".join(table(result)) if result.rows else result.empty)
                return result.code
            case Text():
                print(inked(result.text) if result.signed and in_colour() else result.text)
                return result.code
            case Done():
                print(result.text)
                return result.code
            case Stream() as stream:
                return self._follow(stream, str(stream.plan.key), warnings=stream.plan.warnings)
            case Work() as work:
                return self._follow(work, work.title, work.done)
            case Terminal():
                return result.run()
            case Lines():
                with interruptible(result.stop):
                    for line in result.lines:
                        print(_log_line(line, result.raw), flush=True)
                return _told(result)
            case Lists():
                return first_failure(result, run_line)

    def _follow(self, work: Stream | Work, subject: str, done: str = "", warnings: Sequence[str] = ()) -> int:
        from webduh_console.cli.timeline import Timeline

        timeline = Timeline(subject, done, warnings)
        code = 1
        with interruptible(work.cancel, timeline.cancelling):
            for event in work.events:
                timeline.draw(event)
                if isinstance(event, Finished):
                    code = code_of(event)
        return code

    def error(self, error: WebduhError) -> None:
        """Print what, why, what was kept, and what to do."""
        for line in error_lines(error.as_dict()):
            print(line, file=sys.stderr)


def _told(result: Lines) -> int:
    """Say how what wrote the lines ended; its exit code. What it wrote alone is on standard output."""
    if result.end is None:
        return 0
    done = result.end()
    print(done.text, file=sys.stderr)
    return done.code


def in_colour() -> bool:
    """Whether colours are seen: on a terminal, unless NO_COLOR is set."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def inked(text: str) -> str:
    """A signed page with its lines coloured by their signs, which stay."""
    return "\n".join(_inked(line) for line in text.split("\n"))


def _inked(line: str) -> str:
    sign = line.strip().partition(" ")[0]
    colour = INKS.get(sign, "") if line.startswith(" ") else ""
    return f"\x1b[{colour}m{line}\x1b[0m" if colour else line


def error_lines(error: dict[str, str]) -> list[str]:
    """An error as lines for a person."""
    lines = [f"✗ {error['what']}"]
    for name in ("why", "kept", "hint"):
        lines += [f"  {'→ ' if name == 'hint' else ''}{text}" for text in error.get(name, "").splitlines()]
    return lines


def first_failure(result: Lists, run_line: RunLine) -> int:
    """Run the lines one after another, up to the first that fails."""
    for line in result.lines:
        print(f"$ webduh {line}", file=sys.stderr, flush=True)
        if code := run_line(line):
            return code
    return 0


def table(listing: Listing) -> list[str]:
    """A listing as aligned columns; columns that are empty in every row are left away."""
    columns = [c for c in listing.columns if any(str(row[c.key]) for row in listing.rows)]
    cells = [[column.title for column in columns]]
    cells += [[one_line(str(row[c.key])) for c in columns] for row in listing.rows]
    widths = [max(len(row[i]) for row in cells) for i in range(len(columns))]
    return [
        "  ".join(
            text.rjust(width) if column.align == "right" else text.ljust(width)
            for text, width, column in zip(row, widths, columns, strict=True)
        ).rstrip()
        for row in cells
    ]


def _log_line(line: Any, raw: bool) -> str:
    if raw:
        return str(line.text)
    number = line.instance.rpartition("--")[2]
    where = f"{line.place} " if line.place else ""
    mark = {"stderr": "!", "webduh": "·"}.get(line.stream, " ")
    who = f"{line.process}.{number} " if line.process else ""  # what is said of a whole server is no instance's
    return f"{line.at.astimezone():%H:%M:%S.%f}"[:-3] + f" {where}{who}{mark} {line.text}"
