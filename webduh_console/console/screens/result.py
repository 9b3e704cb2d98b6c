"""What a command answered: a table, or a text."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from threading import Event
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.binding import BindingType
from textual.widget import Widget

from webduh_console.console.actions import bindings
from webduh_console.console.screens.base import ConsoleScreen
from webduh_console.console.widgets.columns import Column
from webduh_console.console.widgets.lines import Lines, text_lines
from webduh_console.console.widgets.live_log import LiveLog, Reader
from webduh_console.console.widgets.table import Cell, Table, TableRow, cell, titled
from webduh_console.console.words import Piece, visible

SIGN_ROLES = {"●": "good", "✓": "good", "◐": "warn", "↩": "warn", "⊘": "warn", "?": "warn", "✗": "bad", "○": "bad"}
"""What a state's sign is drawn in, in a command's own words."""

if TYPE_CHECKING:
    from webduh_console.commands.results import Listing


def value_text(value: object) -> str:
    """A value of a listing in a cell."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.2f}".rstrip("0").rstrip(".")
    if isinstance(value, datetime):
        return value.astimezone().strftime("%Y-%m-%d %H:%M:%S")
    return visible(str(value).replace("\n", " "))


def _value_cell(value: object, first: bool) -> Cell:
    """A value in a cell; one that begins with the sign of a state has its colour."""
    text = value_text(value)
    role = SIGN_ROLES.get(text[:1]) if text[1:2] == " " else None
    return cell(text, role or ("text" if first else "muted"))


class ListingScreen(ConsoleScreen, inherit_bindings=False):
    """A listing as a table that can be sorted and filtered."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("screen", "result")

    def __init__(self, listing: "Listing", line: str) -> None:
        super().__init__()
        self.listing, self.line = listing, line

    def crumb(self) -> Piece:
        """The command."""
        return (f":{self.line}", "text")

    def body(self) -> Iterable[Widget]:
        """The table."""
        listing = self.listing
        told = [one for one in listing.columns if any(row.get(one.key) not in (None, "") for row in listing.rows)]
        self.columns = told or list(listing.columns)
        last = len(self.columns) - 1
        columns = [
            Column(one.key, one.title.upper(), "right" if one.align == "right" else "left", 4, 60, at, at == last)
            for at, one in enumerate(self.columns)
        ]
        table = Table(columns, [[(listing.empty, "faint")]], id="listing")
        table.opens = False
        table.add_class("pane")
        titled(table, listing.title, f"{len(listing.rows)}")
        table.put(self._row(at, row) for at, row in enumerate(listing.rows))
        table.styles.height = "1fr"
        yield table

    def _row(self, at: int, row: Mapping[str, object]) -> TableRow:
        values = [row.get(column.key) for column in self.columns]
        cells = tuple(_value_cell(value, index == 0) for index, value in enumerate(values))
        order = tuple(
            (isinstance(value, str), value if isinstance(value, int | float) else str(value)) for value in values
        )
        return TableRow(str(at), cells, order)

    def look_for(self, needle: str) -> None:
        """Filter the rows."""
        self.query_one(Table).look_for(needle)

    def needle(self) -> str:
        """The filter that is on."""
        return self.query_one(Table).needle

    def action_sort(self) -> None:
        """Sort by the next column."""
        self.query_one(Table).sort_next()

    def action_sort_reverse(self) -> None:
        """Turn the order round."""
        self.query_one(Table).turn()


class TextScreen(ConsoleScreen, inherit_bindings=False):
    """A text, or lines of pieces."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("screen")

    def __init__(self, title: str, text: str | Sequence[Sequence[Piece]]) -> None:
        super().__init__()
        self.title_words = title
        self.lines = text_lines(text) if isinstance(text, str) else list(text)

    def crumb(self) -> Piece:
        """The title."""
        return (self.title_words, "text")

    def body(self) -> Iterable[Widget]:
        """The lines."""
        lines = Lines([[(" ", "text"), *line] for line in self.lines])
        lines.add_class("pane")
        titled(lines, self.title_words)
        lines.styles.height = "1fr"
        yield lines


class LogScreen(ConsoleScreen, inherit_bindings=False):
    """Log lines that a command reads."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("screen")

    def __init__(self, line: str, reader: Reader, stop: Event) -> None:
        super().__init__()
        self.line, self.reader, self.flag = line, reader, stop

    def crumb(self) -> Piece:
        """The command."""
        return (f":{self.line}", "text")

    def body(self) -> Iterable[Widget]:
        """The lines."""
        pane = LiveLog(None, self.console.zone, "Nothing was written yet.", self.console.clock)
        pane.add_class("pane")
        titled(pane, "Logs")
        pane.styles.height = "1fr"
        yield pane

    def on_mount(self) -> None:
        """Read them."""
        self.query_one(LiveLog).begin(self.reader, self.flag)

    @on(LiveLog.Changed)
    def _changed(self) -> None:
        pane = self.query_one(LiveLog)
        titled(pane, "Logs", pane.state_words())

    def look_for(self, needle: str) -> None:
        """Filter the lines."""
        self.query_one(LiveLog).look_for(needle)

    def needle(self) -> str:
        """The filter that is on."""
        return self.query_one(LiveLog).needle


def difference_lines(before: str, after: str, names: tuple[str, str]) -> list[list[Piece]]:
    """What differs between two texts, line by line."""
    from difflib import unified_diff

    roles = {"+": "good", "-": "bad", "@": "accent"}
    lines = list(unified_diff(before.splitlines(), after.splitlines(), *names, lineterm="", n=2))
    lines = lines or [f"--- {names[0]}", f"+++ {names[1]}", " Nothing differs."]
    return [[(visible(line), "bold text" if at < 2 else roles.get(line[:1], "muted"))] for at, line in enumerate(lines)]
