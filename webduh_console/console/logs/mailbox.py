"""Lines between the threads that read them and the screen: bounded, and truthful about what did not fit."""

import threading
from collections import deque
from collections.abc import Callable
from datetime import datetime

from webduh_console.console.logs.entries import Entry, entry
from webduh_console.console.logs.levels import Level
from webduh_console.console.words import grouped
from webduh_console.model.observe import LogLine

ROOM = 20_000
"""Lines that wait for the screen at most."""

_WAIT = 0.05


class Mailbox:
    """Lines from several readers.

    What is older than `since` waits for room; what is written now and finds none is left out, and a line says so where
    it would have been.
    """

    def __init__(self, since: datetime, room: int = ROOM) -> None:
        self.since, self.room = since, room
        self.left_out = 0
        self._lines: deque[Entry] = deque()
        self._missing: dict[str, tuple[int, LogLine]] = {}
        self._lock = threading.Condition()

    def put(self, line: LogLine, stop: Callable[[], bool], name: str = "") -> bool:
        """Put a line in, from a reader's thread; whether it is the first since they were taken."""
        if len(self._lines) >= self.room and not self._wait(line, stop):
            with self._lock:
                count, _ = self._missing.get(name, (0, line))
                self._missing[name] = (count + 1, line)
                self.left_out += 1
            return False
        kept = entry(line, name)
        with self._lock:
            first = not self._lines
            if name in self._missing:
                self._lines.append(_note(*self._missing.pop(name), kept.source))
            self._lines.append(kept)
        return first

    def _wait(self, line: LogLine, stop: Callable[[], bool]) -> bool:
        """Wait for room, if the line is an old one; False when there is none."""
        if line.at >= self.since:
            return False
        with self._lock:
            while len(self._lines) >= self.room and not stop():
                self._lock.wait(_WAIT)
        return True

    def end(self, name: str = "") -> None:
        """A reader is at its end: what it last left out is said now."""
        with self._lock:
            if name in self._missing:
                count, line = self._missing.pop(name)
                self._lines.append(_note(count, line, entry(line, name).source))

    def take(self, count: int) -> tuple[list[Entry], bool]:
        """Take up to `count` lines, and whether more are there."""
        with self._lock:
            taken = [self._lines.popleft() for _ in range(min(count, len(self._lines)))]
            self._lock.notify_all()
            return taken, bool(self._lines)


def _note(count: int, line: LogLine, source: str) -> Entry:
    """The line that stands where lines were left out."""
    were = "line was" if count == 1 else "lines were"
    text = f"{grouped(count)} {were} left out: they came faster than they can be shown"
    return Entry(line.at.timestamp(), "webduh", source, text, int(Level.WARN))
