"""The logs of a server's containers, merged by time, followed over restarts, new instances and lost connections."""

import heapq
import queue
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta

from webduh_console.clock import now
from webduh_console.errors import TargetError
from webduh_console.model.mask import masker
from webduh_console.model.names import AppKey
from webduh_console.model.observe import LogLine, LogSelector
from webduh_console.targets.server.containers import Container
from webduh_console.targets.server.engine import Engine
from webduh_console.targets.server.refusals import EngineError
from webduh_console.targets.server.streams import MOST_PARTS, LogEntry, Stream

LOOK_AGAIN = 2.0
_TICK = 0.25
_WAITING = 10_000
_NOWHERE = (404, 409)
_WRITING = ("running", "restarting")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
Secrets = Callable[[AppKey], Iterable[str]]
Mask = Callable[[str], str]


def nothing_secret(key: AppKey) -> Iterable[str]:
    """No value is to be masked."""
    return ()


class ServerLogs:
    """A `LogSource`. `secrets` gives the values to be masked: those of all kept releases of an app.

    Instances that appear while a log is followed are followed too. When the server or Docker is lost a line of the
    stream `webduh` says so, and the rest comes once it is back: no line twice, none left out that Docker still has.
    """

    def __init__(self, engine: Engine, secrets: Secrets = nothing_secret) -> None:
        self._engine, self._secrets = engine, secrets

    def read(
        self,
        selector: LogSelector,
        since: datetime | None = None,
        until: datetime | None = None,
        tail: int | None = None,
        follow: bool = False,
        stop: threading.Event | None = None,
    ) -> Iterator[LogLine]:
        """See `LogSource.read`; `until` is for what is not followed."""
        mask = masker(self._secrets(selector.key))
        chosen = chosen_of(self._engine.containers(selector.key.slug), selector)
        start, end = nanoseconds(since), None if follow or until is None else (nanoseconds(until) or 0) + 999
        seen: dict[str, int] = {}
        yield from self._merged(chosen, mask, start, end, tail, seen)
        if follow:
            following = _Following(self._engine, self._secrets, selector, seen, start, stop or threading.Event())
            yield from following.lines(chosen, mask, fresh=tail == 0)

    def _merged(
        self,
        chosen: Sequence[Container],
        mask: Mask,
        start: int | None,
        end: int | None,
        tail: int | None,
        seen: dict[str, int],
    ) -> Iterator[LogLine]:
        """What was written, oldest first; `seen` is told the time of the last line of each container."""
        streams: list[Stream[LogEntry]] = []
        asked = tail and tail + MOST_PARTS

        def opened(name: str) -> Stream[LogEntry] | None:
            """The lines of a container; None when it was removed meanwhile."""
            try:
                streams.append(stream := self._engine.logs(name, start, end, asked))
            except EngineError as error:
                if error.status in _NOWHERE:
                    return None
                raise
            return stream

        try:
            answers = self._engine.each((container.id for container in chosen), opened)
            found = [_read(c, stream, mask, seen) for c, (_, stream) in zip(chosen, answers, strict=True) if stream]
            merged = heapq.merge(*found, key=lambda line: line.at)
            yield from merged if tail is None else deque(merged, maxlen=tail)
        finally:
            for stream in streams:
                stream.close()


class _Following:
    """One log that is followed: a thread for each container that writes, and one that looks for others."""

    def __init__(
        self,
        engine: Engine,
        secrets: Secrets,
        selector: LogSelector,
        seen: dict[str, int],
        start: int | None,
        stop: threading.Event,
    ) -> None:
        self._engine, self._secrets, self._selector = engine, secrets, selector
        self._seen, self._start, self._stop = seen, start, stop
        self._lines: queue.Queue[LogLine] = queue.Queue(maxsize=_WAITING)
        self._over, self._wake, self._lock = threading.Event(), threading.Event(), threading.Lock()
        self._streams: dict[str, Stream[LogEntry] | None] = {}
        self._resumed: set[str] = set()
        self._lost = ""

    def lines(self, chosen: Sequence[Container], mask: Mask, fresh: bool) -> Iterator[LogLine]:
        """Lines as they come. `fresh`: of what is there already only what is written from now on."""
        try:
            for container in chosen:
                if container.running:
                    self._follow(container, mask, fresh)
            known = {container.id for container in chosen}
            threading.Thread(target=self._look, args=(known, {c.release for c in chosen}, mask), daemon=True).start()
            while not self._stop.is_set():
                try:
                    yield self._lines.get(timeout=_TICK)
                except queue.Empty:
                    continue
        finally:
            self._end()

    def _end(self) -> None:
        self._over.set()
        self._wake.set()
        with self._lock:
            for stream in self._streams.values():
                if stream is not None:
                    stream.close()

    def _look(self, known: set[str], releases: set[int], mask: Mask) -> None:
        """Look again and again for containers that write and are not followed."""
        lost = ""
        while not self._over.is_set():
            self._wake.wait(LOOK_AGAIN)
            self._wake.clear()
            if self._over.is_set():
                return
            lost = self._said(lost, self._lost)
            try:
                chosen = chosen_of(self._engine.containers(self._selector.key.slug), self._selector)
                if any(container.release not in releases for container in chosen):
                    mask = masker(self._secrets(self._selector.key))
                    releases |= {container.release for container in chosen}
            except TargetError as error:
                lost = self._said(lost, error.why or error.what)
                continue
            if lost:
                self._say(f"{self._engine.machine.name} answers again")
                lost = self._lost = ""
            for container in chosen:
                if self._writes(container, known):
                    known.add(container.id)
                    self._follow(container, mask)

    def _writes(self, container: Container, known: set[str]) -> bool:
        """Whether it may have lines that nobody reads."""
        with self._lock:
            if container.id in self._streams:
                return False
            broken = container.id in self._resumed
            self._resumed.discard(container.id)
        return container.status in _WRITING or broken or container.id not in known

    def _said(self, lost: str, why: str) -> str:
        """Say once that the connection is lost, and why."""
        if why and not lost:
            self._say(f"the connection to {self._engine.machine.name} is lost, trying again: {why}")
        return lost or why

    def _say(self, text: str) -> None:
        self._put(LogLine(now(), self._engine.machine.name, "", "webduh", text))

    def _follow(self, container: Container, mask: Mask, fresh: bool = False) -> None:
        with self._lock:
            self._streams[container.id] = None
        threading.Thread(target=self._pump, args=(container, mask, fresh), daemon=True).start()

    def _pump(self, container: Container, mask: Mask, fresh: bool) -> None:
        """Read a container's lines until it ends, or the connection does."""
        last = self._seen.get(container.id)
        start = self._start if last is None else last + 1
        try:
            with self._engine.logs(
                container.id, start, tail=0 if fresh and last is None else None, follow=True
            ) as stream:
                with self._lock:
                    self._streams[container.id] = stream
                if self._over.is_set():
                    return
                for line in _read(container, stream, mask, self._seen):
                    self._put(line)
        except TargetError as error:
            if not (isinstance(error, EngineError) and error.status in _NOWHERE):
                self._resumed.add(container.id)
                self._lost = error.why or error.what
                self._wake.set()
        finally:
            with self._lock:
                self._streams.pop(container.id, None)

    def _put(self, line: LogLine) -> None:
        while not self._over.is_set():
            try:
                self._lines.put(line, timeout=_TICK)
            except queue.Full:
                continue
            return


def chosen_of(containers: Iterable[Container], selector: LogSelector) -> list[Container]:
    """The containers whose lines a selector means."""
    return [
        container
        for container in containers
        if selector.instance in (None, container.name)
        and selector.process in (None, container.process)
        and selector.release in (None, container.release)
    ]


def nanoseconds(at: datetime | None) -> int | None:
    """A time in nanoseconds since the epoch."""
    if at is None:
        return None
    since = at - _EPOCH
    return (since.days * 86_400 + since.seconds) * 10**9 + since.microseconds * 1000


def _read(container: Container, stream: Iterable[LogEntry], mask: Mask, seen: dict[str, int]) -> Iterator[LogLine]:
    """The lines of a stream, masked; `seen` is told the time of each."""
    for entry in stream:
        seen[container.id] = entry.at_ns
        at = _EPOCH + timedelta(microseconds=entry.at_ns // 1000)
        yield LogLine(at, container.name, container.process, entry.stream, mask(entry.text.decode(errors="replace")))
