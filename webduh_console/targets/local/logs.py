"""The logs of this machine's instances, merged by time."""

import heapq
import queue
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from webduh_console.model.names import AppKey, instance_name
from webduh_console.model.observe import LogLine, LogSelector
from webduh_console.targets.local.layout import Layout
from webduh_console.targets.local.supervisor.reading import Line, read_lines

_LOOK_AGAIN = 0.5


def last_lines(path: Path, count: int) -> list[str]:
    """The texts of the last lines of one log."""
    return [line.text for line in read_lines(path, tail=count)]


@dataclass(frozen=True)
class LocalLogs:
    """A `LogSource`. Instances that appear while a log is followed are followed too."""

    layout: Layout

    def read(
        self,
        selector: LogSelector,
        since: datetime | None = None,
        until: datetime | None = None,
        tail: int | None = None,
        follow: bool = False,
        stop: threading.Event | None = None,
    ) -> Iterator[LogLine]:
        """See `LogSource.read`."""
        stop = stop or threading.Event()
        if not follow:
            yield from self._merged(selector, since, until, tail)
            return
        yield from self._followed(selector, since, tail, stop)

    def _merged(
        self, selector: LogSelector, since: datetime | None, until: datetime | None, tail: int | None
    ) -> Iterator[LogLine]:
        sources = [
            _named(read_lines(path, since, until, tail), name, process) for path, name, process in self._files(selector)
        ]
        merged = heapq.merge(*sources, key=lambda line: line.at)
        return iter(deque(merged, maxlen=tail)) if tail is not None else merged

    def _followed(
        self, selector: LogSelector, since: datetime | None, tail: int | None, stop: threading.Event
    ) -> Iterator[LogLine]:
        last: dict[str, datetime] = {}
        for line in self._merged(selector, since, None, tail):
            last[line.instance] = line.at
            yield line
        lines: queue.Queue[LogLine] = queue.Queue(maxsize=10_000)
        known: set[Path] = set()
        try:
            while not stop.is_set():
                for path, name, process in self._files(selector):
                    if path not in known:
                        known.add(path)
                        self._follow(path, name, process, last.get(name, since), lines, stop)
                with suppress(queue.Empty):
                    yield lines.get(timeout=_LOOK_AGAIN)
                    while True:
                        yield lines.get_nowait()
        finally:
            stop.set()

    def _follow(
        self,
        path: Path,
        name: str,
        process: str,
        after: datetime | None,
        lines: "queue.Queue[LogLine]",
        stop: threading.Event,
    ) -> None:
        def pump() -> None:
            for line in _named(read_lines(path, since=after, follow=True, stop=stop), name, process):
                if after is not None and line.at <= after:
                    continue
                while not stop.is_set():
                    with suppress(queue.Full):
                        lines.put(line, timeout=0.2)
                        break

        threading.Thread(target=pump, daemon=True).start()

    def _files(self, selector: LogSelector) -> list[tuple[Path, str, str]]:
        """The log files a selector means, with the names of their instance and process."""
        chosen = []
        for path in sorted(self.layout.logs(selector.key).glob("*.log")):
            process, release = _parts(selector.key, path.stem)
            if selector.instance not in (None, path.stem):
                continue
            if selector.process not in (None, process) or selector.release not in (None, release):
                continue
            chosen.append((path, path.stem, process))
        return chosen


def _named(lines: Iterable[Line], name: str, process: str) -> Iterator[LogLine]:
    return (LogLine(line.at, name, process, line.stream, line.text) for line in lines)


def _parts(key: AppKey, name: str) -> tuple[str, int | None]:
    """The process and release in an instance's name; a name that was shortened by a hash tells nothing."""
    words = name.removeprefix(f"{key.slug}--").split("--")
    if len(words) != 2 or not words[1].split("-")[0].isdigit():
        return "web", None
    number = int(words[1].split("-")[0])
    return (
        (words[0], number) if instance_name(key, words[0], number) in (name, name.rpartition("-")[0]) else ("web", None)
    )
