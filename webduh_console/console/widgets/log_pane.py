"""The log pane: a million lines, live, with a filter, on the line API."""

from collections.abc import Callable, Sequence
from datetime import datetime, tzinfo
from functools import partial
from pathlib import Path
from typing import ClassVar

from textual.binding import BindingType
from textual.geometry import Size
from textual.message import Message
from textual.selection import Selection
from textual.strip import Strip

from webduh_console.console.actions import bindings
from webduh_console.console.matching import matcher
from webduh_console.console.widgets.inked import ink_of
from webduh_console.console.widgets.lines import Lines
from webduh_console.console.widgets.log_buffer import LONGEST, Entry, LogBuffer
from webduh_console.console.words import Piece, clip, counted

_SCAN_HERE = 20_000
_MARKS = {"stdout": ("  ", "text"), "stderr": ("▎ ", "bad"), "webduh": ("· ", "accent")}
_SOURCES = ("muted", "accent")


class Scanned(Message):
    """A filter was applied to all lines up to `stop`, in a worker."""

    def __init__(self, needle: str, found: list[int], stop: int) -> None:
        super().__init__()
        self.needle, self.found, self.upto = needle, found, stop


class LogPane(Lines, inherit_bindings=False):
    """Shows log lines as they come. It follows the newest line while it is at the end."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("log")
    DEFAULT_CSS = """
    LogPane { height: 1fr; }
    """

    class Changed(Message):
        """Following, the filter or the number of lines is another."""

        def can_replace(self, message: Message) -> bool:
            """A newer one says the same."""
            return isinstance(message, LogPane.Changed)

    def __init__(self, id: str | None = None, zone: tzinfo | None = None, empty: str = "") -> None:
        super().__init__(id=id)
        self.buffer = LogBuffer()
        self.zone, self.empty = zone, empty
        self.following = True
        self.times = False
        self.needle = ""
        self.found: list[int] = []
        self.scanning = False
        self._matches: Callable[[str], bool] = matcher("")

    def count(self) -> int:
        """How many lines are shown."""
        return len(self.found) if self.needle else len(self.buffer)

    def add(self, entries: Sequence[Entry]) -> None:
        """Add lines; the screen is told once for all of them."""
        first, end = self.buffer.first, self.buffer.end
        self.buffer.extend(entries)
        forgotten = self.buffer.first - first
        if self.needle and not self.scanning:
            self.found += self.buffer.find(self._matches, end, self.buffer.end)
        if forgotten and self.needle:
            gone = next((at for at, index in enumerate(self.found) if index >= self.buffer.first), len(self.found))
            del self.found[:gone]
            forgotten = gone
        if forgotten and not self.following:
            self.scroll_to(y=max(0, self.scroll_y - forgotten), animate=False, force=True)
        self._fit()
        self.post_message(self.Changed())

    def replace(self, entries: Sequence[Entry]) -> None:
        """Show other lines than before."""
        self.buffer.clear()
        self.found = []
        self.add(entries)

    def _fit(self) -> None:
        gutter = 2 + (13 if self.times else 0) + self._source_width()
        self.virtual_size = Size(max(self.size.width, self.buffer.longest + gutter), max(1, self.count()))
        if self.following:
            self.scroll_to(y=max(0, self.count() - self.size.height), animate=False, force=True)
        self.refresh()
        self.call_after_refresh(self._place_bar)

    def _place_bar(self) -> None:
        """The bar that the first lines bring with them has missed how far they were scrolled."""
        self.vertical_scrollbar.position = self.scroll_y

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Scrolling up stops following; being at the end starts it."""
        super().watch_scroll_y(old_value, new_value)
        at_end = round(new_value) >= self.count() - self.size.height
        if at_end != self.following and (at_end or new_value < old_value):
            self.following = at_end
            self.post_message(self.Changed())

    def look_for(self, needle: str) -> None:
        """Show only lines that match; empty: all. Many lines are searched in a worker."""
        self.needle, self._matches = needle, matcher(needle)
        self.found = []
        self.scanning = False
        if needle and len(self.buffer) <= _SCAN_HERE:
            self.found = list(self.buffer.find(self._matches, self.buffer.first, self.buffer.end))
        elif needle:
            self.scanning = True
            scan = partial(self._scan, needle, self._matches, self.buffer, self.buffer.end)
            self.screen.run_worker(scan, thread=True, exclusive=True, group=f"scan-{id(self)}", exit_on_error=False)
        self.following = True
        self._fit()
        self.post_message(self.Changed())

    def _scan(self, needle: str, matches: Callable[[str], bool], buffer: LogBuffer, stop: int) -> None:
        self.post_message(Scanned(needle, list(buffer.find(matches, buffer.first, stop)), stop))

    def on_scanned(self, message: Scanned) -> None:
        """Take what the worker found, and look through what came meanwhile."""
        message.stop()
        if message.needle != self.needle or not self.scanning:
            return
        self.scanning = False
        later = self.buffer.find(self._matches, message.upto, self.buffer.end)
        self.found = [index for index in message.found if index >= self.buffer.first] + list(later)
        self._fit()
        self.post_message(self.Changed())

    def _source_width(self) -> int:
        names = self.buffer.sources
        return min(14, max((len(name) for name in names), default=0)) + 2 if len(names) > 1 else 0

    def entry(self, row: int) -> Entry:
        """The line shown at a row."""
        return self.buffer[self.found[row] if self.needle else self.buffer.first + row]

    def _gutter(self, entry: Entry) -> list[Piece]:
        """What stands before the text: mark of the stream, time, process."""
        pieces: list[Piece] = [_MARKS[entry.stream]]
        if self.times:
            at = datetime.fromtimestamp(entry.at).astimezone(self.zone)
            pieces.append((f"{at:%H:%M:%S}.{at.microsecond // 1000:03d} ", "faint"))
        if room := self._source_width():
            role = _SOURCES[self.buffer.sources.index(entry.source) % len(_SOURCES)]
            pieces.append((clip(entry.source, room - 2).ljust(room), role))
        return pieces

    def render_line(self, y: int) -> Strip:
        """Draw a line; only its text scrolls to the side."""
        ink, width = ink_of(self), self.size.width
        row = y + self.scroll_offset.y
        if row >= self.count():
            words = "Searching …" if self.scanning else f"Nothing matches /{self.needle}" if self.needle else self.empty
            return ink.strip([("  " + words, "faint")] if y == 0 else (), width)
        entry = self.entry(row)
        pieces = self._gutter(entry)
        left = sum(len(text) for text, _ in pieces)
        strip = ink.strip([*pieces, (clip(entry.text, width - left, self.scroll_offset.x), "text")], width)
        span = self.text_selection.get_span(row) if self.text_selection else None
        if span is not None:
            start, end = max(0, span[0]), width if span[1] == -1 else span[1]
            chosen = strip.crop(start, end).apply_style(ink.style("reverse text"))
            strip = Strip.join([strip.crop(0, start), chosen, strip.crop(max(start, end))])
        return strip.apply_offsets(0, row)

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        """What is selected with the mouse, as it is drawn."""
        top = selection.start.y if selection.start else 0
        bottom = min(selection.end.y if selection.end else self.count() - 1, self.count() - 1)
        lines = []
        for row in range(top, bottom + 1):
            entry = self.entry(row)
            drawn = "".join(text for text, _ in self._gutter(entry)) + clip(entry.text, LONGEST, self.scroll_offset.x)
            span = selection.get_span(row)
            if span is not None:
                lines.append(drawn[max(0, span[0]) : None if span[1] == -1 else span[1]])
        return "\n".join(lines), "\n"

    def selection_updated(self, selection: Selection | None) -> None:
        """Draw it."""
        self.refresh()

    def on_resize(self) -> None:
        """Stay at the end when at the end."""
        self._fit()

    def action_follow(self) -> None:
        """Stay at the newest line, or not."""
        self.following = not self.following
        self._fit()
        self.post_message(self.Changed())

    def action_last(self) -> None:
        """To the newest line, and stay there."""
        self.following = True
        self._fit()
        self.post_message(self.Changed())

    def action_timestamps(self) -> None:
        """Show or hide the times."""
        self.times = not self.times
        self._fit()

    def action_save(self) -> None:
        """Write the shown lines to a new file in the current folder."""
        rows = range(self.count())
        path = next(path for number in range(1, 10_000) if not (path := Path(f"webduh-log-{number}.txt")).exists())
        try:
            with path.open("x", encoding="utf-8") as file:
                for entry in map(self.entry, rows):
                    at = datetime.fromtimestamp(entry.at).astimezone(self.zone).isoformat(timespec="milliseconds")
                    file.write(f"{at} {entry.source} {entry.stream} {entry.text}\n")
        except OSError as error:
            self.notify(f"{path.name} cannot be written: {error.strerror}", severity="error", markup=False)
            return
        self.notify(f"{counted(len(rows), 'line')} in {path.absolute()}", markup=False)

    def state_words(self) -> str:
        """What the border says: lines, filter, following."""
        shown = f"{self.count():,} of ".replace(",", " ") if self.needle else ""
        look = f"/{self.needle} · " if self.needle else ""
        return f"{look}{shown}{counted(len(self.buffer), 'line')} · {'following' if self.following else 'paused'}"
