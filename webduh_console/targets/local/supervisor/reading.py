"""Reads the log files of an instance: by time, from the end, across rotation, and as they grow."""

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import BinaryIO, NamedTuple, cast

from webduh_console.clock import now
from webduh_console.targets.local.supervisor.logfile import OLD, OutputStream, old_path

_BLOCK = 64 * 1024
_PAUSE = 0.1
_LATE = timedelta(seconds=1)
_STREAMS = frozenset(("stdout", "stderr", "webduh"))


class Line(NamedTuple):
    """One line of a log; `at` in UTC."""

    at: datetime
    stream: OutputStream
    text: str


def read_lines(
    path: Path,
    since: datetime | None = None,
    until: datetime | None = None,
    tail: int | None = None,
    follow: bool = False,
    stop: threading.Event | None = None,
) -> Iterator[Line]:
    """The lines from `since` to `until`, oldest first, only the last `tail`; with `follow` those to come, until `stop`.

    A line that has no end yet waits for it. `path` need not exist. `tail` reads from the end, `since` searches by time.
    """
    with ExitStack() as stack:
        files = [stack.enter_context(file) for file in _opened(path)]
        ends = [_end(file) for file in files]
        windows = [_window(file, end, since, until) for file, end in zip(files, ends, strict=True)]
        yield from _forward(windows) if tail is None else _last(windows, tail)
        if follow:
            stop = stop or threading.Event()
            for line in _grown(path, (files[-1].fileno(), ends[-1]) if files else None, until, stop):
                if until is not None and line.at > until:
                    return
                if since is None or line.at >= since:
                    yield line


def parse(raw: bytes) -> Line | None:
    """A line of a log file, without its newline; None when it is none."""
    stamp, _, rest = raw.decode(errors="replace").partition(" ")
    stream, _, text = rest.partition(" ")
    if stream not in _STREAMS:
        return None
    try:
        return Line(datetime.fromisoformat(stamp), cast(OutputStream, stream), text)
    except ValueError:
        return None


def _opened(path: Path) -> list[BinaryIO]:
    """The file and its rotated predecessors, oldest first, each once though it be moved meanwhile."""
    found: dict[int, BinaryIO] = {}
    for age in range(OLD + 1):
        try:
            file = old_path(path, age).open("rb")
        except (FileNotFoundError, NotADirectoryError):
            continue
        if found.setdefault(os.fstat(file.fileno()).st_ino, file) is not file:
            file.close()
    return list(reversed(found.values()))


def _end(file: BinaryIO) -> int:
    """The offset after the last line that is complete."""
    end = file.seek(0, os.SEEK_END)
    while end:
        start = max(end - _BLOCK, 0)
        newline = os.pread(file.fileno(), end - start, start).rfind(b"\n")
        if newline >= 0:
            return start + newline + 1
        end = start
    return 0


class _Window(NamedTuple):
    """The lines of a file from one offset to another, both at the start of a line."""

    file: BinaryIO
    start: int
    end: int


def _window(file: BinaryIO, end: int, since: datetime | None, until: datetime | None) -> _Window:
    start = 0 if since is None else _first(file, end, lambda at: at >= since)
    if until is not None:
        end = _first(file, end, lambda at: at > until)
    return _Window(file, start, max(start, end))


def _first(file: BinaryIO, end: int, reached: Callable[[datetime], bool]) -> int:
    """The offset of the first line whose time is `reached`, by halving: times only grow."""
    low, high = 0, end
    while low < high:
        middle = (low + high) // 2
        found = _stamped(file, middle, high)
        if found is None or reached(found[0]):
            high = middle
        else:
            low = found[1]
    return low


def _stamped(file: BinaryIO, offset: int, end: int) -> tuple[datetime, int] | None:
    """The time of the first line that begins from `offset` to `end`, and the offset after it."""
    file.seek(max(offset - 1, 0))
    if offset:
        file.readline()
    start = file.tell()
    while start < end:
        raw = file.readline()
        start += len(raw)
        line = parse(raw.removesuffix(b"\n"))
        if line is not None:
            return line.at, start
    return None


def _forward(windows: Sequence[_Window]) -> Iterator[Line]:
    for file, start, end in windows:
        file.seek(start)
        while start < end:
            raw = file.readline()
            start += len(raw)
            line = parse(raw.removesuffix(b"\n"))
            if line is not None:
                yield line


def _last(windows: Sequence[_Window], tail: int) -> list[Line]:
    """The last lines, read from the end in blocks."""
    lines: list[Line] = []
    for window in reversed(windows):
        for raw in _backward(window):
            if len(lines) >= tail:
                break
            line = parse(raw)
            if line is not None:
                lines.append(line)
    return lines[::-1]


def _backward(window: _Window) -> Iterator[bytes]:
    """The lines of a window, last first, without their newlines."""
    end, rest = window.end - 1, b""
    while end > window.start:
        start = max(end - _BLOCK, window.start)
        rest, *lines = (os.pread(window.file.fileno(), end - start, start) + rest).split(b"\n")
        yield from reversed(lines)
        end = start
    if window.end > window.start:
        yield rest


def _grown(path: Path, newest: tuple[int, int] | None, until: datetime | None, stop: threading.Event) -> Iterator[Line]:
    """The lines that come after an offset of the newest file, and in those that take its place; ends after `until`."""
    descriptor, offset = (os.dup(newest[0]), newest[1]) if newest else (-1, 0)
    rest = b""
    try:
        while not stop.is_set():
            younger = _younger(path, descriptor)
            while descriptor >= 0 and (block := os.pread(descriptor, _BLOCK, offset)) and not stop.is_set():
                offset += len(block)
                *lines, rest = (rest + block).split(b"\n")
                yield from filter(None, map(parse, lines))
            if younger is None:
                if until is not None and now() > until + _LATE:
                    return
                stop.wait(_PAUSE)
                continue
            if descriptor >= 0:
                os.close(descriptor)
            descriptor, offset, rest = younger, 0, b""
    finally:
        if descriptor >= 0:
            os.close(descriptor)


def _younger(path: Path, descriptor: int) -> int | None:
    """The file that took the place of an open one, opened; None while that one is still written."""
    ours = os.fstat(descriptor).st_ino if descriptor >= 0 else 0
    ages: dict[int, int] = {}
    for age in range(OLD + 1):
        with suppress(FileNotFoundError, NotADirectoryError):
            ages[old_path(path, age).stat().st_ino] = age
    age = ages.get(ours, max(ages.values(), default=-1) + 1) - 1
    if age < 0:
        return None
    try:
        return os.open(old_path(path, age), os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
