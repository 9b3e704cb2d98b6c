"""Log lines in little memory: a million lines, the older ones compressed in chunks."""

import zlib
from array import array
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from webduh_console.console.words import visible
from webduh_console.model.observe import LogLine

CHUNK = 2000
HOT = 4
LIMIT = 1_000_000
LONGEST = 16_384
STREAMS = ("stdout", "stderr", "webduh")


class Entry(NamedTuple):
    """A kept line: `at` in seconds since the epoch, `source` its process or step, `text` safe to draw."""

    at: float
    stream: str
    source: str
    text: str


def entry(line: LogLine) -> Entry:
    """A log line as it is kept: control characters shown as symbols, cut at 16 384 characters."""
    text = line.text if len(line.text) <= LONGEST else line.text[:LONGEST] + "…"
    return Entry(line.at.timestamp(), line.stream, line.process or line.instance, visible(text))


@dataclass
class _Chunk:
    times: "array[float]" = field(default_factory=lambda: array("d"))
    streams: bytearray = field(default_factory=bytearray)
    sources: "array[int]" = field(default_factory=lambda: array("H"))
    texts: list[str] | None = field(default_factory=list)
    packed: bytes = b""

    def pack(self) -> None:
        if self.texts is not None:
            self.packed = zlib.compress("\n".join(self.texts).encode("utf-8", "replace"), 1)
            self.texts = None

    def unpacked(self) -> list[str]:
        return self.texts if self.texts is not None else zlib.decompress(self.packed).decode().split("\n")


class LogBuffer:
    """Lines by index from `first` (the oldest that is kept) to `end`.

    Beyond `limit` lines the oldest chunk is forgotten.
    """

    def __init__(self, limit: int = LIMIT) -> None:
        self.limit = limit
        self.clear()

    def clear(self) -> None:
        """Forget all lines."""
        self.first = 0
        self.longest = 0
        self._chunks: list[_Chunk] = []
        self._names: list[str] = []
        self._numbers: dict[str, int] = {}
        self._read: OrderedDict[int, list[str]] = OrderedDict()

    @property
    def end(self) -> int:
        """The index after the newest line."""
        return self.first + sum(len(chunk.times) for chunk in self._chunks[-1:]) + CHUNK * max(0, len(self._chunks) - 1)

    def __len__(self) -> int:
        return self.end - self.first

    def extend(self, entries: Iterable[Entry]) -> None:
        """Add lines at the end."""
        for at, stream, source, text in entries:
            chunk = self._chunks[-1] if self._chunks else None
            if chunk is None or len(chunk.times) >= CHUNK:
                chunk = self._begin_chunk()
            chunk.times.append(at)
            chunk.streams.append(STREAMS.index(stream))
            chunk.sources.append(self._number(source))
            assert chunk.texts is not None
            chunk.texts.append(text)
            if len(text) > self.longest:
                self.longest = len(text)

    def _begin_chunk(self) -> _Chunk:
        self._chunks.append(_Chunk())
        if len(self._chunks) > HOT:
            self._chunks[-HOT - 1].pack()
        if (len(self._chunks) - 1) * CHUNK >= self.limit:
            del self._chunks[0]
            self._read.clear()
            self.first += CHUNK
        return self._chunks[-1]

    def _number(self, source: str) -> int:
        number = self._numbers.get(source)
        if number is None:
            number = self._numbers[source] = min(len(self._names), 65_535)
            self._names.append(source)
        return number

    @property
    def sources(self) -> Sequence[str]:
        """The processes or steps that lines came from, in the order of their first line."""
        return self._names

    def __getitem__(self, index: int) -> Entry:
        number, at = divmod(index - self.first, CHUNK)
        chunk = self._chunks[number]
        return Entry(
            chunk.times[at], STREAMS[chunk.streams[at]], self._names[chunk.sources[at]], self._texts(number)[at]
        )

    def _texts(self, number: int) -> list[str]:
        chunk = self._chunks[number]
        if chunk.texts is not None:
            return chunk.texts
        texts = self._read.get(number)
        if texts is None:
            texts = self._read[number] = chunk.unpacked()
            if len(self._read) > 4:
                self._read.popitem(last=False)
        else:
            self._read.move_to_end(number)
        return texts

    def find(self, matches: Callable[[str], bool], start: int, stop: int) -> Iterator[int]:
        """The indexes from `start` up to `stop` whose text matches. May run in another thread while lines are added."""
        first, chunks = self.first, tuple(self._chunks)
        for number, chunk in enumerate(chunks):
            base = first + number * CHUNK
            if base + CHUNK <= start or base >= stop:
                continue
            for at, text in enumerate(chunk.unpacked()):
                if start <= base + at < stop and matches(text):
                    yield base + at

    def lines(self) -> Iterator[Entry]:
        """All kept lines, oldest first."""
        return (self[index] for index in range(self.first, self.end))
