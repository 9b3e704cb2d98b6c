"""The logs of several servers as one."""

import heapq
import queue
import threading
from collections import deque
from collections.abc import Iterator, Mapping
from datetime import datetime

import msgspec

from webduh_console.clock import now
from webduh_console.errors import TargetError
from webduh_console.model.observe import LogLine, LogSelector, LogSource

_WAITING = 10_000
_TICK = 0.25


class FleetLogs:
    """A `LogSource` of all servers. Each line has its server as `place`; one that does not answer says so in a line."""

    def __init__(self, sources: Mapping[str, LogSource]) -> None:
        self._sources = sources

    def read(
        self,
        selector: LogSelector,
        since: datetime | None = None,
        until: datetime | None = None,
        tail: int | None = None,
        follow: bool = False,
        stop: threading.Event | None = None,
    ) -> Iterator[LogLine]:
        """See `LogSource.read`; what is followed comes as it comes, what is not is sorted by time."""
        if follow:
            yield from self._followed(selector, since, tail, stop or threading.Event())
            return
        found = [
            _placed(place, source, selector, since, until, tail, False, None) for place, source in self._sources.items()
        ]
        merged = heapq.merge(*found, key=lambda line: line.at)
        yield from merged if tail is None else deque(merged, maxlen=tail)

    def _followed(
        self, selector: LogSelector, since: datetime | None, tail: int | None, stop: threading.Event
    ) -> Iterator[LogLine]:
        """What is there already, sorted; then the new lines of every server in a thread of its own."""
        asked = now()
        past = list(self.read(selector, since, asked, tail)) if tail != 0 else []
        yield from past
        lines: queue.Queue[LogLine] = queue.Queue(maxsize=_WAITING)
        over = threading.Event()

        def pump(place: str, source: LogSource) -> None:
            for line in _placed(place, source, selector, asked, None, None, True, over):
                while not over.is_set():
                    try:
                        lines.put(line, timeout=_TICK)
                        break
                    except queue.Full:
                        continue

        for place, source in self._sources.items():
            threading.Thread(target=pump, args=(place, source), name=f"logs {place}", daemon=True).start()
        try:
            while not stop.is_set():
                try:
                    yield lines.get(timeout=_TICK)
                except queue.Empty:
                    continue
        finally:
            over.set()


def _placed(
    place: str,
    source: LogSource,
    selector: LogSelector,
    since: datetime | None,
    until: datetime | None,
    tail: int | None,
    follow: bool,
    stop: threading.Event | None,
) -> Iterator[LogLine]:
    """The lines of one server, with its name; last a line that says so when it does not answer."""
    try:
        for line in source.read(selector, since, until, tail, follow, stop):
            yield msgspec.structs.replace(line, place=place)
    except TargetError as error:
        yield LogLine(now(), place, "", "webduh", f"{error.what} {error.why}".strip(), place)
