"""The one chart pane: one figure over time, as an area or as a line a series, with a cursor and marks."""

from collections.abc import Callable, Iterable, Sequence
from datetime import tzinfo
from typing import ClassVar, NamedTuple

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import BindingType
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from webduh_console.console.actions import bindings
from webduh_console.console.charts.dots import area, dot, lines
from webduh_console.console.charts.samples import Column, Line, columns, greatest, summary, value_at
from webduh_console.console.charts.scales import axis, time_ticks, value_rows
from webduh_console.console.charts.window import Window
from webduh_console.console.ink import Ink, blend, drawn, width_of
from webduh_console.console.widgets.inked import ink_of
from webduh_console.console.widgets.turns import in_turn
from webduh_console.console.words import Piece

AXIS = 7
"""Cells at the left for the values."""

_ROLES = ("busy", "accent", "good", "warn", "bad", "text")
_SIGNS = "abcdefghijklmnopqrstuvwxyz"


class Mark(NamedTuple):
    """Something that happened at a time: its label below the chart, its role, and what it is in words."""

    at: float
    label: str
    role: str
    words: str


class Chart(Widget, inherit_bindings=False):
    """One figure. `words` says a value, `top` where its axis ends, `role` is the colour of a single series.

    Keys change its window and post `Moved`; whoever shows several charts lets all have it.
    """

    DEFAULT_CSS = """
    Chart { height: 1fr; }
    """
    BINDINGS: ClassVar[list[BindingType]] = bindings("chart")

    class Moved(Message):
        """The window was moved, or its cursor."""

        def __init__(self, chart: "Chart", window: Window) -> None:
            super().__init__()
            self.chart, self.window = chart, window

    def __init__(
        self, words: Callable[[float], str], top: Callable[[float], float], role: str, id: str, focus: bool = False
    ) -> None:
        super().__init__(id=id)
        self.can_focus = focus
        self.words, self.top, self.role = words, top, role
        self.lines: Sequence[Line] = ()
        self.marks: Sequence[Mark] = ()
        self.limit: float | None = None
        self.window, self.now = Window(), 0.0
        self.zone: tzinfo | None = None
        self.only: int | None = None
        self._strips: tuple[object, list[Strip]] | None = None

    def put(
        self, lines: Sequence[Line], window: Window, now: float, marks: Sequence[Mark] = (), limit: float | None = None
    ) -> None:
        """Show these series in a window; `now` in seconds since the epoch. A `limit` is drawn as a line."""
        self.lines, self.window, self.now, self.marks, self.limit = lines, window, now, marks, limit
        if self.only is not None and self.only >= len(lines):
            self.only = None
        in_turn(self, self.again)

    def again(self) -> None:
        """Draw it anew."""
        self._strips = None
        self.refresh()

    def shown(self) -> list[tuple[int, Line]]:
        """The series that are shown, with their numbers."""
        return [(at, line) for at, line in enumerate(self.lines) if self.only in (None, at)]

    def note(self) -> str:
        """What the border says: the values at the cursor, else now; how long the window is, if it has the keys."""
        at = self.window.cursor
        shown = self.shown()
        values = [value_at(line.samples, self.now if at is None else at) for _, line in shown]
        if len(shown) == 1:
            said = "–" if values[0] is None else self.words(values[0])
        else:
            said = " ".join(
                f"{_SIGNS[number % 26]} {'–' if value is None else self.words(value)}"
                for (number, _), value in zip(shown, values, strict=True)
            )
        return said if shown and (at is not None or any(value is not None for value in values)) else ""

    # Drawing.

    def render_line(self, y: int) -> Strip:
        """Draw a line."""
        ink, size = ink_of(self), self.size
        key = (ink, size, self.has_focus)
        if self._strips is None or self._strips[0] != key:
            self._strips = (key, list(self._drawn(ink, size.width, size.height)))
        strips = self._strips[1]
        return strips[y] if y < len(strips) else ink.strip((), size.width)

    def _drawn(self, ink: Ink, width: int, height: int) -> Iterable[Strip]:
        wide, shown = max(1, width - AXIS), self.shown()
        start, end = self.window.bounds(self.now)
        rows = max(1, height - 1 - (len(self.lines) > 1))
        found = [columns(line.samples, start, end, wide * 2) for _, line in shown]
        if not any(value is not None for each in found for value in each):
            words = "nothing is known of this time" if any(line.samples for line in self.lines) else "no figures yet"
            blank = [(words if y == rows // 2 else "").center(wide) for y in range(rows)]
            yield from (ink.strip([(" " * AXIS, "text"), (text, "faint")], width) for text in blank)
        else:
            if len(self.lines) > 1:
                legend = [piece for pieces in self._legend(start, end) for piece in pieces]
                yield ink.strip([(" " * AXIS, "text"), *legend], width)
            top = self.top(max(greatest(found), self.limit or 0.0))
            ticks = value_rows(top, rows)
            for y, cells in enumerate(self._plot(ink, shown, found, rows, top)):
                tick = self.words(ticks[y]) if y in ticks else ""
                yield Strip([Segment(tick.rjust(AXIS - 1)[: AXIS - 1] + " ", ink.style("faint")), *cells], width)
        yield ink.strip([(" " * AXIS, "text"), *self._below(start, end, wide)], width)

    def _legend(self, start: float, end: float) -> list[list[Piece]]:
        """The pieces of each series."""
        found: list[list[Piece]] = []
        for number, line in enumerate(self.lines):
            role = _ROLES[number % len(_ROLES)] if self.only in (None, number) else "faint"
            pieces: list[Piece] = [(f"{_SIGNS[number % 26]} ", f"bold {role}"), (line.name, role)]
            if (values := summary(line.samples, start, end)) is not None:
                now, least, mean, most = map(self.words, values)
                pieces.append((f" {now} (min {least}, avg {mean}, max {most})", "muted"))
            found.append([*pieces, ("   ", "text")])
        return found

    def _plot(
        self, ink: Ink, shown: Sequence[tuple[int, Line]], found: Sequence[list[Column]], rows: int, top: float
    ) -> Iterable[list[Segment]]:
        wide = len(found[0]) // 2
        cursor = self.window.column(self.window.cursor, wide, self.now) if self.window.cursor is not None else None
        marked = {self.window.column(mark.at, wide, self.now) for mark in self.marks}
        limit = rows - 1 - (dot(self.limit, rows * 4, top) - 1) // 4 if self.limit else None
        if len(self.lines) > 1:
            texts, styles = _lettered(ink, [number for number, _ in shown], found, rows, top)
        else:
            texts = area(found[0], rows, top)
            styles = [[self._shade(ink, y, rows)] * wide for y in range(rows)]
        for y, text in enumerate(texts):
            cells = []
            for x, sign in enumerate(text):
                style = styles[y][x]
                if sign == " " and x in marked:
                    sign, style = "┊", ink.style("faint")
                elif sign == " " and y == limit:
                    sign, style = "╌", ink.style("bad")
                cells.append((sign, style + _ground(ink) if x == cursor else style))
            yield list(_joined(cells))

    def _shade(self, ink: Ink, y: int, height: int) -> Style:
        ground = ink.colors["background"]
        part = 1.0 - 0.55 * y / max(1, height - 1)
        return Style(color=blend(ground, ink.colors[self.role], part), bgcolor=drawn(ground))

    def _below(self, start: float, end: float, wide: int) -> list[Piece]:
        roles: dict[str, str] = {}
        marks = []
        for mark in self.marks:
            column = self.window.column(mark.at, wide, self.now)
            if column is not None:
                label = f"▴{mark.label}"
                marks.append((min(column, max(0, wide - len(label))), label))
                roles[label] = mark.role
        pieces: list[Piece] = []
        for column, label, is_mark in axis(time_ticks(start, end, wide, self.zone), marks, wide):
            pieces.append((" " * (column - width_of(pieces)), "text"))
            pieces.append((label, roles[label] if is_mark else "faint"))
        return pieces

    # Keys and the mouse.

    def _move(self, window: Window) -> None:
        if self.now and window != self.window:  # before it shows anything there is no time to move in
            self.window = window
            self.again()
            self.post_message(self.Moved(self, window))

    def _step(self, cells: int) -> None:
        wide = max(1, self.size.width - AXIS)
        cursor = self.window.cursor
        if cursor is None:
            cursor = self.window.bounds(self.now)[1]
        self._move(self.window.pointed(cursor + cells * self.window.span / wide, self.now))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Without a cursor there is none to drop; one series is not chosen from."""
        if action == "drop_cursor":
            return self.window.cursor is not None or self.window.end is not None
        return len(self.lines) > 1 if action == "only_series" else True

    def action_cursor_left(self) -> None:
        """The cursor one cell back in time."""
        self._step(-1)

    def action_cursor_right(self) -> None:
        """The cursor one cell on."""
        self._step(1)

    def action_cursor_far_left(self) -> None:
        """The cursor ten cells back."""
        self._step(-10)

    def action_cursor_far_right(self) -> None:
        """The cursor ten cells on."""
        self._step(10)

    def action_zoom_in(self) -> None:
        """Half the time."""
        self._move(self.window.zoomed(0.5, self.now))

    def action_zoom_out(self) -> None:
        """Twice the time."""
        self._move(self.window.zoomed(2.0, self.now))

    def action_pan_back(self) -> None:
        """A third of the window back."""
        self._move(self.window.panned(-1 / 3, self.now))

    def action_pan_on(self) -> None:
        """A third of the window on."""
        self._move(self.window.panned(1 / 3, self.now))

    def action_next_range(self) -> None:
        """The next longer range."""
        self._move(self.window.ranged(1))

    def action_previous_range(self) -> None:
        """The next shorter range."""
        self._move(self.window.ranged(-1))

    def action_live(self) -> None:
        """Back to now."""
        self._move(self.window.live())

    def action_drop_cursor(self) -> None:
        """Back to now."""
        self._move(self.window.live())

    def action_only_series(self) -> None:
        """One series after the other alone, then all."""
        self.only = 0 if self.only is None else self.only + 1 if self.only + 1 < len(self.lines) else None
        self.again()
        self.post_message(self.Moved(self, self.window))

    def on_click(self, event: events.Click) -> None:
        """The cursor goes where it was clicked; a series in the legend is shown alone, or no longer."""
        wide = max(1, self.size.width - AXIS)
        if event.y == 0 and len(self.lines) > 1:
            chosen = self._series_at(event.x)
            self.only = None if chosen == self.only else chosen
            self.again()
        elif event.x >= AXIS:
            self._move(self.window.pointed(self.window.time_of(event.x - AXIS, wide, self.now), self.now))

    def _series_at(self, x: int) -> int | None:
        column = AXIS
        for number, pieces in enumerate(self._legend(*self.window.bounds(self.now))):
            column += width_of(pieces)
            if x < column:
                return number if x >= AXIS else None
        return None

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Closer."""
        if self.can_focus:
            event.stop()
            self.action_zoom_in()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Further away."""
        if self.can_focus:
            event.stop()
            self.action_zoom_out()


def _lettered(
    ink: Ink, numbers: Sequence[int], found: Sequence[list[Column]], rows: int, top: float
) -> tuple[list[str], list[list[Style]]]:
    """Lines with their styles; the letter of each stands at its end, for those who see no colours."""
    roles = [_ROLES[number % len(_ROLES)] for number in numbers]
    plain, cells = ink.style("text"), lines(found, rows, top)
    texts = ["".join(text for text, _ in row) for row in cells]
    styles = [[ink.style(roles[owner]) if owner >= 0 else plain for _, owner in row] for row in cells]
    for number, values, role in zip(numbers, found, roles, strict=True):
        at, last = next(((x, value) for x, value in reversed(list(enumerate(values))) if value), (0, None))
        if last is not None:
            y = rows - 1 - (dot(last[1], rows * 4, top) - 1) // 4
            texts[y] = f"{texts[y][: at // 2]}{_SIGNS[number % 26]}{texts[y][at // 2 + 1 :]}"
            styles[y][at // 2] = ink.style(f"bold {role}")
    return texts, styles


def _ground(ink: Ink) -> Style:
    return Style(bgcolor=drawn(ink.colors["raised"]))


def _joined(cells: Iterable[tuple[str, Style]]) -> Iterable[Segment]:
    """Neighbours of one style as one segment."""
    text, style = "", None
    for sign, own in cells:
        if own is not style and text:
            yield Segment(text, style)
            text = ""
        text, style = text + sign, own
    if text:
        yield Segment(text, style)
