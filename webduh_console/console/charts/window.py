"""Which part of time a chart shows, and where its cursor is. Pure: every change is a new window."""

from typing import NamedTuple

RANGES: tuple[tuple[float, str], ...] = (
    (300.0, "5 min"),
    (900.0, "15 min"),
    (3600.0, "1 h"),
    (6 * 3600.0, "6 h"),
    (24 * 3600.0, "24 h"),
    (7 * 86400.0, "7 d"),
    (30 * 86400.0, "30 d"),
)
SHORTEST, LONGEST = 30.0, RANGES[-1][0]


class Window(NamedTuple):
    """`span` seconds up to `end` (None: up to now, wherever that is). `cursor` is a time that is looked at."""

    span: float = RANGES[1][0]
    end: float | None = None
    cursor: float | None = None

    def bounds(self, now: float) -> tuple[float, float]:
        """Its first and its last moment."""
        end = now if self.end is None else self.end
        return end - self.span, end

    def zoomed(self, factor: float, now: float) -> "Window":
        """Shorter or longer, around its cursor; without one its end stays, as when that is now and not far."""
        span = min(LONGEST, max(SHORTEST, self.span * factor))
        start, end = self.bounds(now)
        near = self.end is None and self.cursor is not None and end - self.cursor < self.span / 4
        if self.cursor is None or near or not start <= self.cursor <= end:
            return self._replace(span=span)
        part = (end - self.cursor) / self.span
        return self._replace(span=span).ending(self.cursor + part * span, now)

    def ranged(self, step: int) -> "Window":
        """The next range of the usual ones, round the end, up to now."""
        nearest = min(range(len(RANGES)), key=lambda at: abs(RANGES[at][0] - self.span))
        return Window(RANGES[(nearest + step) % len(RANGES)][0], None, self.cursor)

    def panned(self, part: float, now: float) -> "Window":
        """Moved by a part of its span; never beyond now."""
        return self.ending(self.bounds(now)[1] + part * self.span, now)

    def ending(self, end: float, now: float) -> "Window":
        """With another end; one that reaches now goes along with it."""
        return self._replace(end=None if end >= now else end)

    def live(self) -> "Window":
        """Up to now, without a cursor."""
        return Window(self.span)

    def pointed(self, at: float | None, now: float) -> "Window":
        """With the cursor at a time, which is brought into view."""
        if at is None:
            return self._replace(cursor=None)
        start, end = self.bounds(now)
        moved = self._replace(cursor=min(at, now))
        if start <= at <= end:
            return moved
        return moved.ending(at + self.span / 2, now)

    def column(self, at: float, width: int, now: float) -> int | None:
        """The column of a time among `width`; None when it is not in view."""
        start, end = self.bounds(now)
        return min(width - 1, int((at - start) / (end - start) * width)) if start <= at <= end else None

    def time_of(self, column: int, width: int, now: float) -> float:
        """The time in the middle of a column."""
        return self.bounds(now)[0] + (column + 0.5) / max(1, width) * self.span

    def words(self) -> str:
        """`15 min, live`, or how long it is and that it stands still."""
        usual = next((words for span, words in RANGES if abs(span - self.span) < 1), None)
        long = usual or (f"{self.span:.0f} s" if self.span < 120 else f"{self.span / 60:.0f} min")
        return f"{long}, live" if self.end is None else f"{long}, not live"
