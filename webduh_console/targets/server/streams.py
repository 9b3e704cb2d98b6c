"""What Docker sends without end: the lines of a container, and what happens."""

import json
import struct
import threading
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from http.client import HTTPException, HTTPResponse
from types import TracebackType
from typing import Any, Generic, Literal, NamedTuple, TypeVar

from webduh_console.targets.server.refusals import EngineError
from webduh_console.targets.server.wire import DuplexConnection

T = TypeVar("T")
_BLOCK = 64 * 1024
_HEADER = 8
_PART = 16 * 1024
MOST_PARTS = 16
"""Docker keeps lines of more than 16 KiB in parts and counts those; this is how many of them we put together."""

_STDERR, _TROUBLE = 2, 3


class LogEntry(NamedTuple):
    """A line of a container; `at_ns` in nanoseconds since the epoch, `text` without its newline."""

    at_ns: int
    stream: Literal["stdout", "stderr"]
    text: bytes


class Stream(Generic[T]):
    """An iterator that `close`, from any thread, ends at once.

    What breaks it off otherwise is raised as the EngineError that `lost` words.
    """

    def __init__(self, connection: DuplexConnection, items: Iterator[T], lost: Callable[[str], EngineError]) -> None:
        self._connection, self._items, self._lost = connection, items, lost
        self._closed = threading.Event()

    def __iter__(self) -> "Stream[T]":
        return self

    def __next__(self) -> T:
        if self._closed.is_set():
            raise StopIteration
        try:
            return next(self._items)
        except StopIteration:
            self.close()
            raise
        except (OSError, HTTPException, ValueError, AttributeError) as error:
            if self._closed.is_set():  # `http.client` stumbles in several ways over a stream that ends under it
                raise StopIteration from None
            self.close()
            raise self._lost(str(error) or type(error).__name__) from error

    def close(self) -> None:
        """End it."""
        self._closed.set()
        self._connection.cut()

    def __enter__(self) -> "Stream[T]":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()


def blocks(response: HTTPResponse) -> Iterator[bytes]:
    """What comes, as it comes."""
    while block := response.read1(_BLOCK):
        yield block


def frames(parts: Iterable[bytes]) -> Iterator[tuple[int, bytes]]:
    """The stream's number and the content of each frame of Docker's multiplexed format; a torn last one is left out.

    Format: https://docs.docker.com/reference/api/engine/version/v1.45/#tag/Container/operation/ContainerAttach
    """
    rest = bytearray()
    for part in parts:
        rest += part
        at = 0
        while len(rest) - at >= _HEADER:
            number, size = struct.unpack_from(">BxxxL", rest, at)
            if len(rest) - at - _HEADER < size:
                break
            yield number, bytes(rest[at + _HEADER : at + _HEADER + size])
            at += _HEADER + size
        del rest[:at]


def entries(numbered: Iterable[tuple[int, bytes]]) -> Iterator[LogEntry]:
    """The lines in frames that begin with a time.

    Docker cuts lines of more than 16 KiB into parts with a time each, of which only the last ends with a newline: they
    are put together, up to 256 KiB. ValueError when Docker reports trouble of its own.
    """
    begun: dict[int, tuple[bytes, bytearray]] = {}
    for number, content in numbered:
        if number >= _TROUBLE:
            raise ValueError(content.decode(errors="replace").strip())
        stamp, _, text = content.partition(b" ")
        line = begun[number][1] if number in begun else bytearray()
        line += text
        if text.endswith(b"\n") or len(line) >= MOST_PARTS * _PART:
            begun.pop(number, None)
            yield _entry(number, stamp, line)
        else:
            begun[number] = stamp, line
    for number, (stamp, line) in begun.items():
        yield _entry(number, stamp, line)


def _entry(number: int, stamp: bytes, line: bytearray) -> LogEntry:
    text = bytes(line).removesuffix(b"\n").removesuffix(b"\r")
    return LogEntry(nanoseconds(stamp.decode("ascii")), "stderr" if number == _STDERR else "stdout", text)


def nanoseconds(stamp: str) -> int:
    """A time as Docker stamps lines, `2026-01-02T03:04:05.678901234Z`, in nanoseconds since the epoch."""
    whole, _, fraction = stamp.removesuffix("Z").partition(".")
    return int(datetime.fromisoformat(f"{whole}+00:00").timestamp()) * 10**9 + int((fraction or "0").ljust(9, "0")[:9])


def objects(parts: Iterable[bytes]) -> Iterator[dict[str, Any]]:
    """The JSON objects, a line each."""
    rest = b""
    for part in parts:
        *lines, rest = (rest + part).split(b"\n")
        yield from (json.loads(line) for line in lines if line.strip())
