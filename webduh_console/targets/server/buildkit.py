"""BuildKit's plain progress, read line by line: what a person is shown of it, and why a build failed. Pure."""

import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

LAST_LINES = 15
_NUMBERED = re.compile(r"#(\d+) (.*)", re.DOTALL)
_NAME = re.compile(r"\[(?!internal\]|auth\])[^\]]+\] \S.*|\[(?:internal|auth)\] .*|(?:importing|exporting|resolve) .*")
_TIMED = re.compile(r"(\d+\.\d+) ?(.*)", re.DOTALL)
_DONE = re.compile(r"DONE (\d+\.\d+)s")
_PLACE = re.compile(r"([^\s:][^:]*):(\d+)$")
_MARKED = re.compile(r" *(\d+) \| >>> (.*)")
_EXIT = re.compile(r"exit code: (\d+)")
_HIDDEN = ("[internal]", "[auth]", "exporting", "importing", "resolve")
_MOVING = re.compile(r"(sha256:[0-9a-f]{64}|extracting|transferring|writing image|naming to|exporting|preparing) ?.*")
_CONTROL = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|[\x00-\x08\x0b-\x1f\x7f]")


@dataclass
class Stage:
    """One step as BuildKit numbers them: its name (`[build 2/5] RUN npm ci`) and the end of what it wrote."""

    name: str
    last: deque[str] = field(default_factory=lambda: deque(maxlen=LAST_LINES))
    error: str = ""
    seconds: float | None = None

    @property
    def hidden(self) -> bool:
        """Whether the step is BuildKit's own business."""
        return self.name.startswith(_HIDDEN)


class Failure(NamedTuple):
    """Why a build failed: the step's name (empty: no step), its last lines, the line of the Dockerfile and its text.

    `says` is BuildKit's own last word; `code` is the exit code of the step's program, None if none ended.
    """

    step: str
    last: tuple[str, ...]
    place: str
    text: str
    says: str
    code: int | None


class Reading:
    """Reads a build's progress: `line` gives what to show of each line, `failure` why it failed."""

    def __init__(self) -> None:
        self._stages: dict[int, Stage] = {}
        self._shown = 0
        self._place = self._text = self._says = ""
        self._tail: deque[str] = deque(maxlen=LAST_LINES)

    def line(self, text: str) -> Iterator[str]:
        """What to show of one line; a step's name comes again when another one wrote in between."""
        found = _NUMBERED.fullmatch(text)
        if found is None:
            self._loose(cleaned(text))
            return
        number, rest = int(found[1]), found[2]
        stage = self._stages.get(number)
        if stage is None:
            if _NAME.fullmatch(rest):
                self._stages[number] = Stage(cleaned(rest))
                yield from self._header(number, self._stages[number])
            return
        if cleaned(rest) == stage.name or rest == "...":
            return
        shown = _said(stage, rest)
        if shown is not None and not stage.hidden:
            yield from self._header(number, stage)
            yield shown

    def failure(self) -> Failure:
        """Why the build failed, once it has ended."""
        failed = next((stage for stage in self._stages.values() if stage.error), None)
        says = self._says or (failed.error if failed else "")
        code = _EXIT.search(says)
        return Failure(
            "" if failed is None or failed.hidden else failed.name,
            tuple(failed.last) if failed and failed.last else (),
            self._place,
            self._text,
            says or "\n".join(self._tail),
            int(code[1]) if code else None,
        )

    def times(self) -> list[tuple[str, float | None]]:
        """Every step of the Dockerfile and how many seconds it took, None for one that was taken from the cache."""
        return [(stage.name, stage.seconds) for stage in self._stages.values() if not stage.hidden]

    def _header(self, number: int, stage: Stage) -> Iterator[str]:
        if self._shown != number and not stage.hidden:
            self._shown = number
            yield stage.name

    def _loose(self, text: str) -> None:
        """A line of no step: the report at the end."""
        if not text.strip():
            return
        if text.startswith("ERROR: "):
            self._says = text.removeprefix("ERROR: ").removeprefix("failed to solve: ")
        elif marked := _MARKED.fullmatch(text):
            self._text = self._text or marked[2].strip()
        elif _PLACE.fullmatch(text):
            self._place, self._text = text, ""
        elif not text.startswith(("---", " > ")):
            self._tail.append(text)


def cleaned(text: str) -> str:
    """A line as a terminal would leave it: what a carriage return went over, colours and the like are gone."""
    return _CONTROL.sub("", text.rstrip("\r").rpartition("\r")[2])


def short_name(name: str) -> str:
    """A step's name for a sentence: what it runs, without its mounts, on one line, not too long."""
    runs = [word for word in name.partition("] ")[2].split() if not word.startswith("--mount=")]
    words = " ".join(runs) or name
    return words if len(words) <= 80 else words[:79] + "…"


def _said(stage: Stage, rest: str) -> str | None:
    """What one line of a step says to a person; None when nothing."""
    if rest == "CACHED":
        return "  unchanged"
    if rest == "CANCELED":
        return "  given up"
    if rest.startswith("ERROR: "):
        stage.error = rest.removeprefix("ERROR: ")
        return None
    if done := _DONE.fullmatch(rest):
        stage.seconds = float(done[1])
        return f"  done in {done[1]} s" if float(done[1]) >= 0.1 else None
    if timed := _TIMED.fullmatch(rest):
        stage.last.append(cleaned(timed[2]))
        return stage.last[-1]
    return None if _MOVING.fullmatch(rest) else cleaned(rest)
