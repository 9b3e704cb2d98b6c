"""Keeps what is seen of apps and servers in the local state, so that a chart has a past as soon as it opens."""

import threading
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from webduh_console.console.board import cpu, memory
from webduh_console.model.names import AppKey
from webduh_console.state.figures import Taken, app_subject, server_subject

if TYPE_CHECKING:
    from webduh_console.commands.api import Heard, Row
    from webduh_console.state.store import State

PAUSE = 10.0
"""Seconds between two writes."""


class Recorder:
    """Collects figures in the app's thread; `write` puts them into the state, from any thread."""

    def __init__(self) -> None:
        self._taken: list[Taken] = []
        self._seen: dict[str, float] = {}
        self._written = 0.0
        self._lock = threading.Lock()

    def see(self, rows: "Iterable[Row]") -> None:
        """Take the figures of apps that run, once each time that they were observed."""
        for row in rows:
            if row.at is not None and row.actual.instances:
                figures = (("cpu", cpu(row.actual)), ("memory", float(memory(row.actual))))
                self._take(app_subject(row.key), row.at.timestamp(), figures)

    def hear(self, heard: "Heard", at: datetime) -> None:
        """Take the figures of a server that has just answered."""
        if (vitals := heard.vitals) is not None:
            figures = (
                ("load", vitals.load),
                ("memory", float(vitals.memory.used)),
                ("disk", float(vitals.disk.used)),
            )
            self._take(server_subject(heard.row.name), at.timestamp(), figures)

    def count(self, key: AppKey, averages: Iterable[tuple[float, float]]) -> None:
        """Take an app's requests a second, averaged over each bucket that begins at a time; from any thread."""
        with self._lock:
            self._taken += [Taken(app_subject(key), "requests", at, value) for at, value in averages]

    def _take(self, subject: str, at: float, figures: Sequence[tuple[str, float]]) -> None:
        if at > self._seen.get(subject, 0.0):
            self._seen[subject] = at
            with self._lock:
                self._taken += [Taken(subject, metric, at, value) for metric, value in figures]

    def write(self, state: "State", now: float) -> None:
        """Keep what was taken, every ten seconds. StateError when the state cannot take it; it is tried again."""
        if not 0 <= now - self._written < PAUSE:
            self._written = now
            self.keep(state)

    def keep(self, state: "State") -> None:
        """Keep what was taken of those that are still there: what is removed meanwhile leaves nothing behind."""
        with self._lock:
            taken, self._taken = self._taken, []
        try:
            there = {app_subject(key) for _, key in state.memory.kept()}
            there |= {server_subject(entry.name) for entry in state.targets.all()}
            state.figures.keep(one for one in taken if one.subject in there)
        except BaseException:
            with self._lock:
                self._taken = (taken + self._taken)[-10_000:]
            raise
