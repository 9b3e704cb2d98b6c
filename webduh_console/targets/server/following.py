"""Follows a program on a server that is fed from here: its lines, and how far the feeding is, as they come."""

import queue
import threading
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import suppress

from webduh_console.errors import WebduhError
from webduh_console.model.events import Progress
from webduh_console.model.target import CancelToken
from webduh_console.targets.server.manifest import Difference
from webduh_console.transport.machine import Machine
from webduh_console.transport.process import Line

_TURN = 0.1
"""Seconds between two looks at the progress."""
_ENDING = 20.0
"""Seconds a program gets to end there once nobody wants it any more."""


class Sending:
    """The standard input of a program: it counts what is taken of it, and keeps the error that cut it short.

    `content` are the bytes of files read so far, of `change.bytes`; `wire` those that were taken to be sent.
    """

    def __init__(self, change: Difference, parts: Callable[[Callable[[int], None]], Iterator[bytes]]) -> None:
        self.change, self._parts = change, parts
        self.content = self.wire = 0
        self.error: WebduhError | None = None

    def __iter__(self) -> Iterator[bytes]:
        try:
            for part in self._parts(self._count):
                self.wire += len(part)
                yield part
        except WebduhError as error:
            self.error = error

    def _count(self, count: int) -> None:
        self.content += count


def followed(
    machine: Machine, argv: Sequence[str], sending: Sending, cancel: CancelToken, sudo: bool
) -> Generator[Line | Progress, None, int]:
    """Run a program there, fed with `sending`; its exit code comes last.

    The feeding is done by a thread of its own, so that its progress is seen while the program says nothing. Cancelled
    or closed, the program is ended. What cut the feeding short is raised when the program has ended.
    """
    stop = CancelToken()
    lines: queue.Queue[Line | BaseException | int] = queue.Queue(maxsize=1000)
    runner = threading.Thread(target=_run, args=(machine, argv, sending, stop, sudo, lines), daemon=True)
    runner.start()
    shown = 0
    try:
        while True:
            if cancel.is_set:
                stop.set()
            if sending.content != shown:
                shown = sending.content
                yield Progress(done=shown, total=sending.change.bytes, unit="bytes")
            try:
                line = lines.get(timeout=_TURN)
            except queue.Empty:
                continue
            if isinstance(line, BaseException):
                raise line
            if isinstance(line, int):
                if sending.error:
                    raise sending.error
                return line
            yield line
    finally:
        stop.set()
        _let_end(runner, lines)


def _run(
    machine: Machine,
    argv: Sequence[str],
    sending: Sending,
    stop: CancelToken,
    sudo: bool,
    lines: "queue.Queue[Line | BaseException | int]",
) -> None:
    running = machine.lines(argv, stop, stdin=sending, root=sudo)
    try:
        while True:
            lines.put(next(running))
    except StopIteration as end:
        lines.put(end.value)
    except BaseException as error:  # noqa: BLE001 - raised where the lines are read
        lines.put(error)


def _let_end(runner: threading.Thread, lines: "queue.Queue[Line | BaseException | int]") -> None:
    """Take what nobody will read, so that the runner does not wait for room."""
    deadline = time.monotonic() + _ENDING
    while runner.is_alive() and time.monotonic() < deadline:
        with suppress(queue.Empty):
            lines.get(timeout=0.02)
