"""Questions to Docker that are known before they are asked: they are all sent at once, and cost one round trip."""

import http.client
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from webduh_console.errors import TargetError
from webduh_console.targets.server.wire import DuplexConnection

MOST = 12
"""How many questions are sent ahead, each on a stream of its own. A look that asks more asks them in its turn."""
_REMEMBERED = 4
T = TypeVar("T")
U = TypeVar("U")
Answer = tuple[int, bytes]
"""The HTTP status and the body."""


class Streams:
    """Streams to Docker that are kept. Safe to use from several threads."""

    def __init__(self, made: Callable[[], DuplexConnection]) -> None:
        self._made = made
        self._lock = threading.Lock()
        self._idle: list[DuplexConnection] = []

    def kept(self) -> DuplexConnection | None:
        """One that nobody uses, which may be dead by now."""
        with self._lock:
            return self._idle.pop() if self._idle else None

    def made(self) -> DuplexConnection:
        """A new one."""
        return self._made()

    def keep(self, connection: DuplexConnection) -> None:
        """Let others use it."""
        with self._lock:
            self._idle.append(connection)

    def close(self) -> None:
        """End those that nobody uses."""
        with self._lock:
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    def sent(self, target: str) -> DuplexConnection | None:
        """One on which a question is under way; None when it could not be sent."""
        connection = self.kept() or self.made()
        try:
            connection.request("GET", target)
        except (TargetError, OSError, http.client.HTTPException):
            connection.cut()
            return None
        return connection

    def answered(self, connection: DuplexConnection) -> Answer | None:
        """The answer that comes on it; None when none does. The stream is kept for others."""
        try:
            response = connection.getresponse()
            content = response.read()
        except (OSError, http.client.HTTPException):
            connection.cut()
            return None
        connection.close() if response.will_close else self.keep(connection)
        return response.status, content


class Looking:
    """Remembers what was asked in the last looks, and asks that at once when the next one begins: figures that are
    fresh are not asked for each time.

    What is asked at other times, or in other threads, is never answered by what was sent for a look.
    """

    def __init__(self, streams: Streams) -> None:
        self._streams = streams
        self._last: deque[tuple[str, ...]] = deque(maxlen=_REMEMBERED)
        self._here = threading.local()

    @contextmanager
    def look(self) -> Iterator[None]:
        """A look, in this thread; within another one it is a part of that."""
        if self._now is not None:
            yield
            return
        known = tuple(dict.fromkeys(target for asked in tuple(self._last) for target in asked))
        self._here.now = _Look(self._streams, known[:MOST])
        try:
            yield
        finally:
            self._last.appendleft(self._here.now.end())
            self._here.now = None

    def within(self, ask: Callable[[U], T]) -> Callable[[U], T]:
        """The same question as a part of this thread's look, if it is asked in another one."""
        look = self._now

        def asked(of: U) -> T:
            self._here.now = look
            try:
                return ask(of)
            finally:
                self._here.now = None

        return ask if look is None else asked

    def answer(self, target: str) -> Answer | None:
        """What came to a question that was sent ahead; None when it was not, or nothing came."""
        return self._now.answer(target) if self._now is not None else None

    @property
    def _now(self) -> "_Look | None":
        now: _Look | None = getattr(self._here, "now", None)
        return now


class _Look:
    def __init__(self, streams: Streams, known: Iterable[str]) -> None:
        self._streams = streams
        self._lock = threading.Lock()
        self._asked: list[str] = []
        sent = ((target, streams.sent(target)) for target in known)
        self._under_way = {target: connection for target, connection in sent if connection is not None}

    def answer(self, target: str) -> Answer | None:
        with self._lock:
            self._asked.append(target)
            connection = self._under_way.pop(target, None)
        return self._streams.answered(connection) if connection is not None else None

    def end(self) -> tuple[str, ...]:
        """What was asked, if that is few enough; answers that nobody wanted are taken off their streams."""
        for connection in self._under_way.values():
            self._streams.answered(connection)
        asked = tuple(dict.fromkeys(self._asked))
        return asked if len(asked) <= MOST else ()
