"""A log as it is looked at: its lines, which of them are shown and found, the cursor and the marks."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence

from webduh_console.console.logs.buffer import Added, LogBuffer
from webduh_console.console.logs.entries import Entry
from webduh_console.console.logs.filters import Filter, View
from webduh_console.console.logs.finding import Block, Finding, Scan, Seek


class Log:
    """Lines by row: the shown ones, numbered from 0. `start` runs a scan of many lines in a thread.

    `cursor` and `top` are the indexes of lines in the buffer, so they stay where they are while rows come and go.
    """

    def __init__(self, start: Callable[[Scan], object], buffer: LogBuffer | None = None) -> None:
        self.buffer = buffer or LogBuffer()
        self._start = start
        self.view = View()
        self.sought: tuple[Filter, ...] = ()
        self.shown: Finding | None = None
        self.hits: Finding | None = None
        self.clear()

    def clear(self) -> None:
        """Forget all lines, marks and folds; what is shown and looked for stays."""
        self.buffer.clear()
        self.cursor = self.top = 0
        self.seen = 0
        self.marks: set[int] = set()
        self.turned: set[int] = set()
        self.anchor: int | None = None
        for finding in self._findings():
            finding.stop()
            finding.begin()

    def _findings(self) -> Iterator[Finding]:
        return (one for one in (self.shown, self.hits) if one is not None)

    # Lines and rows.

    def count(self) -> int:
        """How many lines are shown."""
        return len(self.buffer) if self.shown is None else len(self.shown.found)

    def index(self, row: int) -> int:
        """The index of the line at a row."""
        return self.buffer.first + row if self.shown is None else self.shown.found[row]

    def row(self, index: int) -> int:
        """The row of a line; if it is not shown, that of the next one, else of the last."""
        row = index - self.buffer.first if self.shown is None else bisect_left(self.shown.found, index)
        return max(0, min(row, self.count() - 1))

    def has(self, index: int) -> bool:
        """Whether a line is shown."""
        return self.count() > 0 and self.index(self.row(index)) == index

    def entry(self, row: int) -> Entry:
        """The line at a row."""
        return self.buffer[self.index(row)]

    def extend(self, entries: Iterable[Entry]) -> Added:
        """Add lines; cursor, marks and folds stay with their lines."""
        added = self.buffer.extend(entries)
        if added.places:
            self.cursor, self.top, self.seen = map(added.moved, (self.cursor, self.top, self.seen))
            self.marks = set(map(added.moved, self.marks))
            self.turned = set(map(added.moved, self.turned))
            self.anchor = None if self.anchor is None else added.moved(self.anchor)
        self._forget()
        for finding in self._findings():
            finding.add(added)
        return added

    def _forget(self) -> None:
        first = self.buffer.first
        self.cursor, self.top = max(self.cursor, first), max(self.top, first)
        self.anchor = None if self.anchor is None else max(self.anchor, first)
        if self.marks and min(self.marks) < first:
            self.marks = {index for index in self.marks if index >= first}
        if self.turned and min(self.turned) < first:
            self.turned = {index for index in self.turned if index >= first}

    def waiting(self) -> int:
        """How many of the shown lines came after those that were there when following ended."""
        if self.shown is None:
            return max(0, self.buffer.end - max(self.seen, self.buffer.first))
        return len(self.shown.found) - bisect_left(self.shown.found, self.seen)

    # What is shown, and what is looked for.

    def show(self, view: View) -> None:
        """Show only what passes a view."""
        self.view = view
        _close(self.shown)
        self.shown = None if view.whole else Finding(Seek(view), self.buffer, self._start)
        self.seek(self.sought)

    def seek(self, sought: tuple[Filter, ...]) -> None:
        """Look for lines among the shown ones; nothing: stop looking."""
        self.sought = sought
        _close(self.hits)
        self.hits = Finding(Seek(self.view, sought), self.buffer, self._start) if sought else None

    def take(self, block: Block) -> bool:
        """Take what a scan found; False if nobody waits for it."""
        taken = [finding.take(block) for finding in self._findings()]
        return any(taken)

    @property
    def running(self) -> bool:
        """Whether a scan goes on."""
        return any(finding.running for finding in self._findings())

    def stop(self) -> None:
        """Look no further."""
        for finding in self._findings():
            finding.stop()

    def hit(self) -> tuple[int, int]:
        """Which of the found lines the cursor is at, from 1 (0: none of them), and how many there are."""
        if self.hits is None:
            return 0, 0
        found = self.hits.found
        at = bisect_left(found, self.cursor)
        return (at + 1 if at < len(found) and found[at] == self.cursor else 0), len(found)

    def next_hit(self, step: int) -> int | None:
        """The index of the next found line after (1) or before (-1) the cursor, round the end; None without any."""
        return _next(self.hits.found, self.cursor, step) if self.hits is not None and self.hits.found else None

    def first_hit(self) -> int | None:
        """The index of the found line to begin with: at the cursor or before it, else the next; None without any."""
        if self.hits is None or not self.hits.found:
            return None
        at = bisect_right(self.hits.found, self.cursor)
        return self.hits.found[max(0, at - 1)]

    def next_mark(self, step: int) -> int | None:
        """The index of the next marked line that is shown, after or before the cursor, round the end."""
        shown = [index for index in sorted(self.marks) if self.has(index)]
        return _next(shown, self.cursor, step) if shown else None

    # Time, ranges.

    def nearest(self, at: float) -> int | None:
        """The index of the shown line nearest a time; None when none is shown."""
        count = self.count()
        if not count:
            return None
        row = bisect_left(range(count), at, key=lambda row: self.buffer.at(self.index(row)))
        rows = [one for one in (row - 1, row) if 0 <= one < count]
        return min(map(self.index, rows), key=lambda index: abs(self.buffer.at(index) - at))

    def chosen(self) -> range:
        """The rows of the range: from its anchor to the cursor, or the cursor's alone."""
        if not self.count():
            return range(0)
        rows = sorted((self.row(self.cursor if self.anchor is None else self.anchor), self.row(self.cursor)))
        return range(rows[0], rows[1] + 1)

    def lines(self, whole: bool) -> Iterator[Entry]:
        """The shown lines, or all, as they are now. May be read in another thread while lines are added."""
        buffer = self.buffer
        chunks = buffer.chunks(buffer.first, buffer.end)
        if whole or self.shown is None:
            return (entry for chunk in chunks for entry in buffer.read(chunk))
        found = self.shown.found[:]

        def shown() -> Iterator[Entry]:
            at = 0
            for chunk in chunks:
                end = bisect_left(found, chunk.start + len(chunk))
                if end > at:
                    kept = list(buffer.read(chunk))
                    yield from (kept[index - chunk.start] for index in found[at:end])
                at = end

        return shown()


def _close(finding: Finding | None) -> None:
    if finding is not None:
        finding.stop()


def _next(found: Sequence[int], index: int, step: int) -> int:
    """The number after or before `index` in ascending numbers, round the end."""
    at = bisect_right(found, index) if step > 0 else bisect_left(found, index) - 1
    return found[at % len(found)]
