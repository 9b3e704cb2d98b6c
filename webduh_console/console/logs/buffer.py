"""Log lines in little memory: a million lines, the older ones compressed in chunks."""

import zlib
from array import array
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import NamedTuple

from webduh_console.console.logs.entries import STREAMS, Entry
from webduh_console.console.logs.merging import in_order, placed

CHUNK = 2000
"""Lines of a chunk at most."""

HOT = 4
"""Chunks that are not compressed: the newest."""

LIMIT = 1_000_000
ROOM = 40 * 2**20
"""Bytes that the texts may take; beyond that the oldest lines are forgotten, too."""

_FULL = 2**19
"""Characters after which a chunk ends before it has all its lines."""

_NEAR, _FAR = 5_000, 20_000
"""How many lines before the newest a late line may be put at least and at most: each moves twenty others."""

_NUMBERS = {name: number for number, name in enumerate(STREAMS)}


class Added(NamedTuple):
    """What adding lines changed: from the index `changed` on lines are new or have moved.

    `places` are the old indexes of the lines before which late ones were put, one for each, ascending.
    """

    changed: int
    places: Sequence[int] = ()

    def moved(self, index: int) -> int:
        """Where the line is now that was at `index` before."""
        return index + bisect_right(self.places, index)


@dataclass
class Chunk:
    """Lines from the index `start` on."""

    start: int
    times: "array[float]" = field(default_factory=lambda: array("d"))
    streams: bytearray = field(default_factory=bytearray)
    levels: bytearray = field(default_factory=bytearray)
    sources: "array[int]" = field(default_factory=lambda: array("H"))
    texts: list[str] | None = field(default_factory=list)
    packed: bytes = b""
    size: int = 0

    def __len__(self) -> int:
        return len(self.times)

    def pack(self) -> None:
        """Compress the texts. Another thread may read them meanwhile."""
        if self.texts is not None:
            self.packed = zlib.compress("\n".join(self.texts).encode("utf-8", "replace"), 1)
            self.texts = None
            self.size = len(self.packed)

    def unpacked(self) -> list[str]:
        """The texts."""
        texts = self.texts
        return texts if texts is not None else zlib.decompress(self.packed).decode().split("\n")

    def head(self, count: int) -> "Chunk":
        """A chunk of the first `count` lines."""
        texts = self.unpacked()[:count]
        return Chunk(
            self.start, self.times[:count], self.streams[:count], self.levels[:count], self.sources[:count], texts,
            size=sum(map(len, texts)),
        )  # fmt: skip


class LogBuffer:
    """Lines by index from `first` (the oldest that is kept) to `end`.

    Beyond `limit` lines, or `room` bytes of text, the oldest chunk is forgotten. Lines of several sources are kept in
    the order of their times.
    """

    def __init__(self, limit: int = LIMIT, room: int = ROOM) -> None:
        self.limit, self.room = limit, room
        self.clear()

    def clear(self) -> None:
        """Forget all lines."""
        self.first = self.end = 0
        self.longest = 0
        self.size = 0
        self.newest = float("-inf")
        self._chunks: list[Chunk] = []
        self._starts: list[int] = []
        self._names: list[str] = []
        self._numbers: dict[str, int] = {}
        self._before: dict[str, tuple[float, int]] = {}
        self._read: OrderedDict[int, list[str]] = OrderedDict()

    def __len__(self) -> int:
        return self.end - self.first

    @property
    def sources(self) -> Sequence[str]:
        """The processes or steps that lines came from, in the order of their first line."""
        return self._names

    def extend(self, entries: Iterable[Entry]) -> Added:
        """Add lines, at the end or, if they came late from one of several sources, where their time is."""
        arrivals = [self._levelled(entry) for entry in entries]
        if not arrivals:
            return Added(self.end)
        if len({one.source for one in arrivals}.union(self._names)) < 2:
            return self._append(arrivals)
        arrivals = in_order(arrivals)
        late = min(one.at for one in arrivals)
        return self._append(arrivals) if late >= self.newest else self._insert(arrivals, late)

    def _append(self, arrivals: list[Entry]) -> Added:
        end = self.end
        for one in arrivals:
            self._put(one)
        return Added(end)

    def _insert(self, arrivals: list[Entry], late: float) -> Added:
        reach = min(_FAR, max(_NEAR, 20 * len(arrivals)))
        start = self.end
        while start > max(self.first, self.end - reach) and self.at(start - 1) > late:
            start -= 1
        kept = [self[index] for index in range(start, self.end)]
        lines, numbers = placed(kept, arrivals)
        places = [start + number for number in numbers if number < len(kept)]
        end = self.end
        self._cut(start)
        for one in lines:
            self._put(one)
        return Added(places[0] if places else end, places)

    def _levelled(self, entry: Entry) -> Entry:
        """The line itself; an indented one without a level has that of its source's line before, as in a traceback."""
        at, _, source, text, level = entry
        if level == 0 and text[:1] == " ":
            before = self._before.get(source)
            if before is not None and at - before[0] < 1:
                level = before[1]
                entry = entry._replace(level=level)
        self._before[source] = (at, level)
        return entry

    def _put(self, entry: Entry) -> None:
        at, stream, source, text, level = entry
        chunk = self._chunks[-1] if self._chunks else None
        if chunk is None or len(chunk.times) >= CHUNK or chunk.size >= _FULL or chunk.texts is None:
            chunk = self._begin_chunk()
        number = self._numbers.get(source)
        chunk.times.append(at)
        chunk.streams.append(_NUMBERS[stream])
        chunk.levels.append(level)
        chunk.sources.append(self._name(source) if number is None else number)
        assert chunk.texts is not None
        chunk.texts.append(text)
        length = len(text)
        chunk.size += length
        self.end += 1
        if length > self.longest:
            self.longest = length
        if at > self.newest:
            self.newest = at

    def _begin_chunk(self) -> Chunk:
        chunk = Chunk(self.end)
        self._chunks.append(chunk)
        self._starts.append(self.end)
        if len(self._chunks) > HOT:
            self._chunks[-HOT - 1].pack()
        self.size = sum(one.size for one in self._chunks)
        while len(self._chunks) > 1 and (self.end - self.first + CHUNK > self.limit or self.size > self.room):
            self.size -= self._chunks[0].size
            del self._chunks[0], self._starts[0]
            self._read.clear()
            self.first = self._starts[0]
        return chunk

    def _cut(self, end: int) -> None:
        """Drop the lines from `end` on; chunks that others may be reading stay as they are."""
        while self._chunks and self._starts[-1] >= end:
            del self._chunks[-1], self._starts[-1]
        if self._chunks and end < self.end:
            last = self._chunks[-1]
            self._chunks[-1] = last.head(end - last.start)
        self.end = end
        self._read.clear()

    def _name(self, source: str) -> int:
        number = self._numbers[source] = min(len(self._names), 65_535)
        if number == len(self._names):
            self._names.append(source)
        return number

    def _chunk(self, index: int) -> Chunk:
        return self._chunks[bisect_right(self._starts, index) - 1]

    def at(self, index: int) -> float:
        """When a line was written, in seconds since the epoch."""
        chunk = self._chunk(index)
        return chunk.times[index - chunk.start]

    def __getitem__(self, index: int) -> Entry:
        if not self.first <= index < self.end:
            raise IndexError(index)
        chunk = self._chunk(index)
        at = index - chunk.start
        return Entry(
            chunk.times[at], STREAMS[chunk.streams[at]], self._names[chunk.sources[at]], self._texts(chunk)[at],
            chunk.levels[at],
        )  # fmt: skip

    def _texts(self, chunk: Chunk) -> list[str]:
        if chunk.texts is not None:
            return chunk.texts
        texts = self._read.get(chunk.start)
        if texts is None:
            texts = self._read[chunk.start] = chunk.unpacked()
            if len(self._read) > 4:
                self._read.popitem(last=False)
        else:
            self._read.move_to_end(chunk.start)
        return texts

    def chunks(self, start: int, stop: int) -> list[Chunk]:
        """The chunks with lines from `start` up to `stop`, oldest first.

        They may be read in another thread while lines are added.
        """
        low = max(0, bisect_right(self._starts, start) - 1)
        high = bisect_right(self._starts, max(start, stop - 1))
        return self._chunks[low:high] if stop > start else []

    def counts(self) -> dict[str, int]:
        """How many lines are kept of each source."""
        total = [0] * len(self._names)
        for chunk in self._chunks:
            for number in set(chunk.sources):
                total[number] += chunk.sources.count(number)
        return dict(zip(self._names, total, strict=True))

    def lines(self) -> Iterator[Entry]:
        """All kept lines, oldest first. May run in another thread while lines are added."""
        return chain.from_iterable(map(self.read, self.chunks(self.first, self.end)))

    def read(self, chunk: Chunk) -> Iterator[Entry]:
        """The lines of a chunk."""
        columns = zip(chunk.times, chunk.streams, chunk.sources, chunk.unpacked(), chunk.levels, strict=False)
        for at, stream, source, text, level in list(columns):
            yield Entry(at, STREAMS[stream], self._names[source], text, level)
