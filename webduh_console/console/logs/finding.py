"""Looks through all lines of a log, the newest first, in a thread that leaves the keyboard alone."""

import threading
import time
from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence

from webduh_console.console.logs.buffer import Added, Chunk, LogBuffer
from webduh_console.console.logs.filters import Filter, View, all_of

BEAT = 0.1
"""Seconds between two reports of a search."""

_BREATH = 0.0005
"""Seconds of rest after each chunk, in which the screen may draw."""

_HERE = 10_000
"""Lines that are looked through at once, without a thread."""


class Seek:
    """What is looked for: lines that a view shows and that `more` filters find, too."""

    def __init__(self, view: View, more: tuple[Filter, ...] = ()) -> None:
        chosen = (*view.filters, *more)
        self.test = all_of(chosen) if chosen else None
        self.hidden = view.hidden
        shown = view.levels()
        self.levels = None if len(shown) == 5 else bytes(level in shown for level in range(5))

    def within(self, chunk: Chunk, names: Sequence[str], start: int, stop: int) -> list[int]:
        """The indexes in a chunk, from `start` up to `stop`, of what is looked for."""
        low, high = max(0, start - chunk.start), min(len(chunk), stop - chunk.start)
        numbers: Sequence[int] = range(low, high)
        if self.levels is not None:
            shown, levels = self.levels, chunk.levels
            numbers = [at for at in numbers if shown[levels[at]]]
        if self.hidden:
            hidden = {number for number, name in enumerate(names) if name in self.hidden}
            numbers = [at for at in numbers if chunk.sources[at] not in hidden]
        if self.test is not None and numbers:
            test, texts = self.test, chunk.unpacked()
            numbers = [at for at in numbers if test(texts[at])]
        return [chunk.start + at for at in numbers]


class Block:
    """What a scan found from the index `low` up to where it had come before."""

    def __init__(self, scan: "Scan", low: int, found: "array[int]") -> None:
        self.scan, self.low, self.found = scan, low, found


class Scan:
    """One way through the lines from `first` up to `stop`, backwards; `run` reports what it finds on the way."""

    def __init__(self, seek: Seek, buffer: LogBuffer, stop: int) -> None:
        self.seek, self.first, self.stop = seek, buffer.first, stop
        self.chunks = buffer.chunks(buffer.first, stop)
        self.names = buffer.sources
        self.cancelled = threading.Event()

    def run(self, report: Callable[[Block], object]) -> None:
        """Look through all lines; ends early when it is cancelled."""
        parts: list[list[int]] = []
        told = time.monotonic()
        for chunk in reversed(self.chunks):
            if self.cancelled.is_set():
                return
            parts.append(self.seek.within(chunk, self.names, self.first, self.stop))
            if time.monotonic() - told >= BEAT:
                report(Block(self, chunk.start, _joined(parts)))
                parts, told = [], time.monotonic()
            time.sleep(_BREATH)
        report(Block(self, self.first, _joined(parts)))


def _joined(parts: list[list[int]]) -> "array[int]":
    found = array("Q")
    for part in reversed(parts):
        found.extend(part)
    return found


class Finding:
    """The indexes of the lines that are looked for, oldest first; complete down to `low`."""

    def __init__(self, seek: Seek, buffer: LogBuffer, start: Callable[[Scan], object]) -> None:
        self.seek, self.buffer, self._start = seek, buffer, start
        self.begin()

    def begin(self) -> None:
        """Look through everything anew: little at once, much in a scan."""
        self.stopped = False
        self.found = array("Q")
        self.low = self.buffer.end
        self.scan: Scan | None = None
        if len(self.buffer) <= _HERE:
            self.found.extend(self._look(self.buffer.first, self.buffer.end))
            self.low = self.buffer.first
        else:
            self.scan = Scan(self.seek, self.buffer, self.buffer.end)
            self._start(self.scan)

    def _look(self, start: int, stop: int) -> Iterator[int]:
        for chunk in self.buffer.chunks(start, stop):
            yield from self.seek.within(chunk, self.buffer.sources, start, stop)

    @property
    def done(self) -> float:
        """How much of all lines was looked through, 0 to 1."""
        size = len(self.buffer)
        return 1.0 if self.low <= self.buffer.first or not size else (self.buffer.end - self.low) / size

    @property
    def running(self) -> bool:
        """Whether a scan goes on."""
        return self.scan is not None

    def take(self, block: Block) -> bool:
        """Take what the scan found; False if it is not the scan that goes on."""
        if block.scan is not self.scan:
            return False
        self.found = block.found + self.found
        self.low = block.low
        if block.low <= block.scan.first:
            self.scan = None
        self._forget()
        return True

    def stop(self) -> None:
        """Look no further; what was found stays."""
        if self.scan is not None:
            self.scan.cancelled.set()
            self.scan, self.stopped = None, True

    def add(self, added: Added) -> None:
        """Look through what was added; lines that moved are looked for anew."""
        if added.changed < self.low:
            self.stop()
            self.begin()
            return
        del self.found[bisect_left(self.found, added.changed) :]
        self.found.extend(self._look(max(added.changed, self.buffer.first), self.buffer.end))
        self._forget()

    def _forget(self) -> None:
        first = self.buffer.first
        if self.found and self.found[0] < first:
            del self.found[: bisect_left(self.found, first)]
