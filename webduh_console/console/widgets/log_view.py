"""The part of the log pane that draws, scrolls and moves the cursor, on the line API."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, tzinfo
from functools import partial

from textual import events
from textual.geometry import Size
from textual.message import Message
from textual.selection import Selection
from textual.strip import Strip

from webduh_console import clock
from webduh_console.console.ink import fitted
from webduh_console.console.logs.drawing import LONGEST_SHOWN, Look, body, gutter, short_names
from webduh_console.console.logs.entries import Entry
from webduh_console.console.logs.finding import Block, Scan
from webduh_console.console.logs.layout import first_row, seen_rows
from webduh_console.console.logs.log import Log
from webduh_console.console.logs.times import Clock
from webduh_console.console.widgets.inked import ink_of
from webduh_console.console.widgets.steady_scroll import SteadyScroll
from webduh_console.console.words import Piece

_SUBROWS = 1 << 16
"""Rows a line has at most, as the mouse's selection numbers them."""


class Scanned(Message):
    """A scan found something, or is at its end."""

    def __init__(self, block: Block) -> None:
        super().__init__()
        self.block = block


class LogView(SteadyScroll, can_focus=True, inherit_bindings=False):
    """Shows the lines of a log, each in one row or more, under a line of chips when something is filtered or sought.

    The vertical scroll position is the row of the first line that is shown.
    """

    DEFAULT_CSS = """
    LogView {
        height: 1fr; scrollbar-size-vertical: 1; scrollbar-size-horizontal: 0; overflow-x: hidden;
        background: $background;
    }
    """

    class Changed(Message):
        """Following, filters, search or the number of lines is another."""

        def can_replace(self, message: Message) -> bool:
            """A newer one says the same."""
            return isinstance(message, LogView.Changed)

    class AtTime(Message):
        """The line under the cursor is another: `at` is its time, in seconds since the epoch."""

        def __init__(self, view: "LogView", at: float) -> None:
            super().__init__()
            self.view, self.at = view, at

        @property
        def control(self) -> "LogView":
            """The pane it comes from."""
            return self.view

        def can_replace(self, message: Message) -> bool:
            """Only the newest counts."""
            return isinstance(message, LogView.AtTime) and message.view is self.view

    def __init__(
        self,
        id: str | None = None,
        zone: tzinfo | None = None,
        empty: str = "",
        now: Callable[[], datetime] = clock.now,
    ) -> None:
        super().__init__(id=id)
        self.log_lines = Log(self._start_scan)
        self.zone, self.empty, self.now = zone, empty, now
        self.following = True
        self.times = self.wrap = self.unfold = False
        self.clock: Clock = "local"
        self._look: Look | None = None
        self._bodies: dict[int, list[list[Piece]]] = {}
        self._rows: list[tuple[int, int]] | None = None
        self._placing = False
        self._told = float("nan")

    # Lines.

    def count(self) -> int:
        """How many lines are shown."""
        return self.log_lines.count()

    def add(self, entries: Sequence[Entry]) -> None:
        """Add lines, and show them."""
        self.take_in(entries)
        self.told()

    def take_in(self, entries: Sequence[Entry]) -> None:
        """Add lines that are shown with the next `told`."""
        log = self.log_lines
        sources = len(log.buffer.sources)
        added = log.extend(entries)
        if added.places:
            self._bodies.clear()
        if len(log.buffer.sources) != sources:
            self._look = None
            self._bodies.clear()
            self.refresh_bindings()  # of several sources some can be chosen

    def told(self) -> None:
        """Show what was added."""
        if self._look is not None and self._look.dated != self._dated():
            self._look = None
            self._bodies.clear()
        self.settle()
        self.post_message(self.Changed())

    def replace(self, entries: Sequence[Entry]) -> None:
        """Show other lines than before."""
        self.log_lines.clear()
        self._bodies.clear()
        self._look = None
        self.add(entries)

    def _start_scan(self, scan: Scan) -> None:
        run = partial(scan.run, lambda block: self.post_message(Scanned(block)))
        self.screen.run_worker(run, thread=True, group=f"scan-{id(self)}", exit_on_error=False)

    def on_scanned(self, message: Scanned) -> None:
        """Take what was found so far."""
        message.stop()
        if self.log_lines.take(message.block):
            self.found_more()
            self.settle()
            self.post_message(self.Changed())

    def found_more(self) -> None:
        """A scan has found lines, or is at its end."""

    def on_mount(self) -> None:
        """What says how long ago it was grows older."""
        self.set_interval(1.0, self._age)

    def _age(self) -> None:
        if self.times and self.clock == "ago":
            self.refresh()

    def on_unmount(self) -> None:
        """Nobody looks any more."""
        self.log_lines.stop()

    # What is drawn.

    def chips(self) -> list[Piece]:
        """The filters, the search and what is wrong with them; nothing when there is none."""
        return []

    @property
    def head(self) -> int:
        """The rows above the lines: one for the chips, where there is room for it."""
        return 1 if self.size.height > 3 and self.chips() else 0

    @property
    def height(self) -> int:
        """The rows for lines."""
        return max(1, self.size.height - self.head)

    def look(self) -> Look:
        """How lines are drawn now."""
        if self._look is None:
            self._look = Look(
                self.size.width, self.height, self.times, self.clock, self._dated(), self.zone, self.wrap, self.unfold,
                short_names(self.log_lines.buffer.sources), self.log_lines.sought,
            )  # fmt: skip
        return self._look

    def _dated(self) -> bool:
        """Whether the lines are of several days, so that the time of day does not tell when they were written."""
        buffer, zone = self.log_lines.buffer, UTC if self.clock == "utc" else self.zone
        ends = (buffer.first, buffer.end - 1) if len(buffer) else ()
        return len({datetime.fromtimestamp(buffer.at(one), UTC).astimezone(zone).date() for one in ends}) > 1

    def restyle(self) -> None:
        """Lines look different from now on."""
        self._look = None
        self._bodies.clear()
        self.settle()
        self.post_message(self.Changed())

    def body(self, row: int) -> list[list[Piece]]:
        """The rows of a line's text."""
        index = self.log_lines.index(row)
        found = self._bodies.get(index)
        if found is None:
            if len(self._bodies) > 1000:
                self._bodies.clear()
            opened = index in self.log_lines.turned
            found = self._bodies[index] = body(self.log_lines.buffer[index], self.look(), opened)
        return found

    def _rows_of(self, row: int) -> int:
        if not self.wrap and not self.unfold and not self.log_lines.turned:
            return 1
        return len(self.body(row))

    def rows(self) -> list[tuple[int, int]]:
        """What each row of the screen shows: the line's row, and which of its rows."""
        if self._rows is None:
            top = self.log_lines.row(self.log_lines.top) if self.count() else 0
            self._rows = seen_rows(top, self.count(), self.height, self._rows_of, self.following)
        return self._rows

    def settle(self) -> None:
        """Put cursor, scroll position and scrollbar where they belong, and draw."""
        log, count = self.log_lines, self.count()
        last_top = top = 0
        if count:
            last_top = first_row(count - 1, self.height, self._rows_of)
            top = last_top if self.following else min(log.row(log.top), last_top)
            log.cursor = log.index(count - 1 if self.following else log.row(log.cursor))
            log.top = log.index(top)
        self._rows = None
        width = 0 if self.wrap else min(log.buffer.longest, LONGEST_SHOWN + 20) + self.look().gutter
        self._placing = True
        try:
            self.scroll_over(Size(max(self.size.width, width), last_top + max(1, self.container_size.height)))
            self.scroll_target_y = self.scroll_y = top
        finally:
            self._placing = False
        self.refresh()
        self.call_after_refresh(self._place_bar)
        self._tell_time()

    def _place_bar(self) -> None:
        """The bar that the first lines bring with them has missed how far they were scrolled."""
        self.vertical_scrollbar.position = self.scroll_y

    def _tell_time(self) -> None:
        if self.count():
            at = self.log_lines.buffer.at(self.log_lines.cursor)
            if at != self._told:
                self._told = at
                self.post_message(self.AtTime(self, at))

    def render_line(self, y: int) -> Strip:
        """Draw a row of the screen."""
        ink, width = ink_of(self), self.size.width
        if y < self.head:
            return ink.strip(fitted([(" ", "text"), *self.chips()], width), width, "surface")
        at, rows = y - self.head, self.rows()
        if at >= len(rows):
            return ink.strip([("   " + self.empty_words(), "faint")] if at == 0 and not rows else (), width)
        row, sub = rows[at]
        ground = "raised" if self._is_chosen(row) else "background"
        left = ink.strip(self._gutter(row, sub), min(width, self.look().gutter), ground)
        room = width - left.cell_length
        strip = left
        if room > 0:
            right = ink.strip(self.body(row)[sub], room, ground, 0 if self.wrap else self.scroll_offset.x)
            strip = Strip([*left, *right], width)
        number = row * _SUBROWS + sub
        span = self.text_selection.get_span(number) if self.text_selection else None
        if span is not None:
            start, end = max(0, span[0]), width if span[1] == -1 else span[1]
            chosen = strip.crop(start, end).apply_style(ink.style("reverse text"))
            strip = Strip.join([strip.crop(0, start), chosen, strip.crop(max(start, end))])
        return strip.apply_offsets(0, number)

    def empty_words(self) -> str:
        """What stands there when there is no line."""
        return self.empty

    def _is_chosen(self, row: int) -> bool:
        log = self.log_lines
        if log.anchor is not None:
            return row in log.chosen()
        return self.has_focus and log.index(row) == log.cursor

    def _gutter(self, row: int, sub: int) -> list[Piece]:
        """Cursor or mark, then level, time and source; rows after a line's first have only the cursor."""
        log = self.log_lines
        index = log.index(row)
        marked, here = index in log.marks, index == log.cursor
        if sub:
            return [("▌" if here and self.has_focus else " ", "bold accent")]
        sign: Piece = ("◆", "loud") if marked else ("┃", "accent") if self._is_chosen(row) else (" ", "text")
        if here:
            cursor = ("▌", "bold accent") if self.has_focus else ("▏", "faint")
            sign = ("◈", "bold accent" if self.has_focus else "loud") if marked else cursor
        return [sign, *gutter(log.entry(row), self.look(), self.now().timestamp())]

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        """What is selected with the mouse, as it is drawn."""
        last = self.count() - 1
        top = min(selection.start.y // _SUBROWS if selection.start else 0, last)
        bottom = min(selection.end.y // _SUBROWS if selection.end else last, last)
        lines = []
        for row in range(max(0, top), bottom + 1):
            for sub, pieces in enumerate(self.body(row)):
                span = selection.get_span(row * _SUBROWS + sub)
                if span is not None:
                    before = fitted(self._gutter(row, sub), self.look().gutter)
                    drawn = "".join(text for text, _ in (*before, *pieces))
                    lines.append(drawn[max(0, span[0]) : None if span[1] == -1 else span[1]])
        return "\n".join(lines), "\n"

    def selection_updated(self, selection: Selection | None) -> None:
        """Draw it."""
        self.refresh()

    # Moving.

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """The wheel or the scrollbar moved: up stops following, the end starts it; the cursor stays in view."""
        super().watch_scroll_y(old_value, new_value)
        if self._placing or not self.count():
            return
        log = self.log_lines
        log.top = log.index(max(0, min(round(new_value), self.count() - 1)))
        self._follow(round(new_value) >= self.max_scroll_y and new_value > old_value)
        self._rows = None
        seen = [row for row, _ in self.rows()]
        if seen and not self.following:
            log.cursor = log.index(max(seen[0], min(log.row(log.cursor), seen[-1])))
        self.settle()

    def _follow(self, follows: bool) -> None:
        if follows == self.following:
            return
        self.following = follows
        if not follows:
            self.log_lines.seen = self.log_lines.buffer.end
        self.post_message(self.Changed())

    def go(self, row: int, follow: bool = False) -> None:
        """Put the cursor on a row, and scroll as little as needed to see it whole; `follow` at the last one."""
        count = self.count()
        if not count:
            return
        log = self.log_lines
        row = max(0, min(row, count - 1))
        self._follow(follow and row == count - 1)
        log.cursor = log.index(row)
        top = log.row(log.top)
        log.top = log.index(row if row < top else max(top, first_row(row, self.height, self._rows_of)))
        self.settle()

    def step(self, rows: int) -> None:
        """Move the cursor by some lines; going down to the last one follows again."""
        row = self.log_lines.row(self.log_lines.cursor) + rows
        self.go(row, follow=rows > 0 and row >= self.count() - 1)

    def go_near(self, index: int) -> None:
        """Put the cursor on the line of an index, in the middle of the screen when it was not seen."""
        if not self.count():
            return
        row = self.log_lines.row(index)
        if row not in {one for one, _ in self.rows()}:
            self._follow(False)
            self.log_lines.top = self.log_lines.index(max(0, row - self.height // 2))
        self.go(row)

    def move_to_time(self, at: float) -> None:
        """Put the cursor on the shown line nearest a time, in seconds since the epoch."""
        index = self.log_lines.nearest(at)
        if index is not None and index != self.log_lines.cursor:
            self.go_near(index)

    def on_resize(self) -> None:
        """Other rows fit; at the end it stays there, and the cursor in view."""
        self._look = None
        self._bodies.clear()
        self.settle()
        self.go(self.log_lines.row(self.log_lines.cursor), follow=self.following)

    def watch_has_focus(self, value: bool) -> None:
        """The cursor looks different."""
        super().watch_has_focus(value)
        self.refresh()

    def on_click(self, event: events.Click) -> None:
        """A click moves the cursor."""
        at = event.y - self.head
        if 0 <= at < len(self.rows()):
            self.go(self.rows()[at][0])
