"""For how long an app does not answer while its old instances are stopped before the new ones start."""

import threading
import time
from collections.abc import Mapping, Sequence
from datetime import datetime

from webduh_console.clock import now
from webduh_console.model.target import JournalLine, Step

STOP, SWITCH = "stop", "route"
"""The steps between which an app does not answer."""


class Downtime:
    """A clock a place: it runs from the stop of what served until something is routed to again. Safe in any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._since: dict[str, float] = {}
        self._sums: dict[str, float] = {}

    @property
    def seconds(self) -> float:
        """The longest of all places; what still runs counts up to now."""
        with self._lock:
            going = {place: time.monotonic() - since for place, since in self._since.items()}
            places = self._sums.keys() | going.keys()
            return round(max((self._sums.get(p, 0.0) + going.get(p, 0.0) for p in places), default=0.0), 3)

    def begins(self, place: str, step: Step, undoing: bool, begun: Sequence[Step]) -> None:
        """A step is about to be done, or undone; `begun` are those that were begun at the place."""
        stopped = any(each.name == STOP for each in begun)
        if (step.name == SWITCH and undoing and stopped) or (step.name == STOP and not undoing):
            with self._lock:
                self._since.setdefault(place, time.monotonic())

    def ended(self, place: str, step: Step, undoing: bool, figures: Mapping[str, float]) -> None:
        """A step was done, or undone, to its end."""
        if step.name != (STOP if undoing else SWITCH):
            if step.name == STOP and not figures.get("stopped"):
                with self._lock:
                    self._since.pop(place, None)
            return
        with self._lock:
            since = self._since.pop(place, None)
            if since is not None and not (undoing and not figures.get("started")):
                self._sums[place] = self._sums.get(place, 0.0) + time.monotonic() - since

    def resume(self, place: str, lines: Sequence[JournalLine]) -> None:
        """Go on from the journal of a deployment that was cut off."""
        since: datetime | None = None
        for line in lines:
            if line.kind == "do" and line.step == STOP:
                since = line.at
            elif (line.kind, line.step) in {("did", SWITCH), ("undid", STOP)} or line.kind == "serving":
                since = None
        if since is not None:
            with self._lock:
                self._since[place] = time.monotonic() - max(0.0, (now() - since).total_seconds())
