"""A chart of one figure over time: a filled braille area from zero, with gaps where samples are missing."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from math import ceil, floor, log10

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip
from textual.widget import Widget

from webduh_console.console.ink import Ink, blend, drawn
from webduh_console.console.widgets.inked import ink_of

_LEFT = (0x40, 0x44, 0x46, 0x47)
_RIGHT = (0x80, 0xA0, 0xB0, 0xB8)
AXIS = 7


def buckets(points: Sequence[tuple[float, float]], start: float, end: float, count: int) -> list[float | None]:
    """The largest value in each of `count` equal parts of `start` to `end`; None where there is none.

    A part between two samples that are closer than three of their usual distance takes the one before: a sparse series
    is no gap.
    """
    values: list[float | None] = [None] * count
    step = (end - start) / count
    inside = [(at, value) for at, value in points if start <= at < end]
    for at, value in inside:
        index = min(count - 1, int((at - start) / step))
        values[index] = max(value, values[index] or 0.0)
    if len(inside) < 2:
        return values
    distances = sorted(later[0] - earlier[0] for earlier, later in pairwise(inside))
    reach = max(1, ceil(distances[len(distances) // 2] * 3 / step))
    filled = list(values)
    last = None
    for index, known in enumerate(values):
        if known is not None:
            if last is not None and index - last <= reach:
                filled[last + 1 : index] = [values[last]] * (index - last - 1)
            last = index
    return filled


def area(values: Sequence[float | None], height: int, top: float) -> list[str]:
    """Rows of braille, the upper first; two values a character.

    A measured value fills at least one dot: zero is no gap.
    """
    dots = [
        0 if value is None or top <= 0 else max(1, min(height * 4, round(value / top * height * 4))) for value in values
    ]
    rows = []
    for row in range(height - 1, -1, -1):
        line = ""
        for left, right in zip(dots[::2], dots[1::2], strict=True):
            code = 0
            for size, patterns in ((left, _LEFT), (right, _RIGHT)):
                part = max(0, min(4, size - row * 4))
                code |= patterns[part - 1] if part else 0
            line += chr(0x2800 + code) if code else " "
        rows.append(line)
    return rows


def nice_top(largest: float, least: float) -> float:
    """The end of the axis: the next of 1, 2, 2.5, 5 times a power of ten at or above the largest value and `least`."""
    largest = max(largest, least)
    power = 10.0 ** floor(log10(largest))
    return next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= largest * 0.999)


def nice_bytes(largest: float, least: float) -> float:
    """The same in powers of two: 64M, 128M …"""
    value = max(least, 1.0)
    while value < largest:
        value *= 2
    return value


class Chart(Widget):
    """One figure: its value now as its title, an area below."""

    DEFAULT_CSS = """
    Chart { height: 1fr; }
    """

    def __init__(self, words: Callable[[float], str], top: Callable[[float], float], role: str, id: str) -> None:
        super().__init__(id=id)
        self.words, self.top, self.role = words, top, role
        self.points: Sequence[tuple[float, float]] = ()
        self.start = self.end = 0.0
        self._drawn: tuple[int, int, list[str], float] | None = None

    def put(self, points: Sequence[tuple[float, float]], start: float, end: float) -> None:
        """Show samples (seconds since the epoch, value) from `start` to `end`."""
        self.points, self.start, self.end = points, start, end
        self._drawn = None
        self.refresh()

    def _rows(self, width: int, height: int) -> tuple[list[str], float]:
        if self._drawn is None or self._drawn[:2] != (width, height):
            span = max(self.end - self.start, 1.0)
            values = buckets(self.points, self.start, self.start + span, max(1, width) * 2)
            top = self.top(max((value for value in values if value is not None), default=0.0))
            self._drawn = (width, height, area(values, height, top), top)
        return self._drawn[2], self._drawn[3]

    def render_line(self, y: int) -> Strip:
        """Draw a line: the tick at the left, then the area, brighter towards its top; below, the span of time."""
        ink, (width, height) = ink_of(self), self.size
        wide, rows_high = max(1, width - AXIS), max(1, height - 1)
        if y >= rows_high and self.points:
            span = round((self.end - self.start) / 60)
            left, right = f"{span} min ago", "now"
            words = left + right.rjust(wide - len(left)) if wide > len(left) + 4 else right.rjust(wide)
            return ink.strip([(" " * AXIS, "text"), (words, "faint")], width)
        if not self.points:
            words = "no figures yet" if y == rows_high // 2 else ""
            return ink.strip([(" " * AXIS, "text"), (words.center(wide), "faint")], width)
        rows, top = self._rows(wide, rows_high)
        ticks = {0: self.words(top), rows_high - 1: self.words(0)}
        if rows_high > 5:
            ticks[rows_high // 2] = self.words(top * (rows_high - rows_high // 2) / rows_high)
        tick = Segment(ticks.get(y, "").rjust(AXIS - 1) + " ", ink.style("faint"))
        return Strip([tick, Segment(rows[y], self._shade(ink, y, rows_high))], width)

    def _shade(self, ink: Ink, y: int, height: int) -> Style:
        ground = ink.colors["background"]
        part = 1.0 - 0.55 * y / max(1, height - 1)
        return Style(color=blend(ground, ink.colors[self.role], part), bgcolor=drawn(ground))


def span_of(points: Sequence[tuple[float, float]], end: float) -> float:
    """How many seconds before `end` a chart begins: 1, 2, 5 or 10 minutes, the least that shows all samples."""
    age = end - points[0][0] if points else 0.0
    return next((minutes * 60.0 for minutes in (1, 2, 5) if age <= minutes * 60), 600.0)
