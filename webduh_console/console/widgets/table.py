"""A table on the line API.

Rows by key, only what changed is drawn, columns that fit the width, sorting and a filter.
"""

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

import msgspec
from textual.strip import Strip
from textual.widget import Widget

from webduh_console.console.ink import fitted, width_of
from webduh_console.console.matching import matcher
from webduh_console.console.widgets.columns import GAP, Column, layout
from webduh_console.console.widgets.inked import Rows
from webduh_console.console.words import Piece, fit

Cell = Sequence[Piece]


class TableRow(msgspec.Struct, frozen=True):
    """A row: its key, a cell a column, and what it is sorted by, a value a column.

    With `rest` the cell of that column takes all the room to the right edge, and those after it are not drawn.
    """

    key: str
    cells: tuple[Cell, ...]
    order: tuple[Any, ...] = ()
    rest: int | None = None


class Table(Rows):
    """Rows of cells. The cursor stays on its row's key when rows come, go or change places."""

    HEAD: ClassVar[int] = 1

    def __init__(self, columns: Sequence[Column], empty: Sequence[Cell] = (), id: str | None = None) -> None:
        super().__init__(id=id)
        self.columns = tuple(columns)
        self.empty = list(empty)
        self.rows: list[TableRow] = []
        self.all: list[TableRow] = []
        self.needle = ""
        self.sorted_by: str | None = None
        self.reverse = False
        self.marked: set[str] = set()
        self._layout: list[tuple[int, int]] = []
        self._measured = 0
        self._widths: tuple[int, ...] = ()

    def count(self) -> int:
        """How many rows pass the filter."""
        return len(self.rows)

    @property
    def key(self) -> str | None:
        """The key of the row under the cursor."""
        return self.rows[self.cursor].key if self.rows else None

    def put(self, rows: Iterable[TableRow], widths: Sequence[int] = ()) -> None:
        """Show these rows; what did not change is not drawn again.

        `widths` are what `widths_of` says of them, where somebody has asked it aside: of ten thousand rows it takes
        longer than a key may wait.
        """
        self.all, self._widths = list(rows), tuple(widths)
        self.marked &= {row.key for row in self.all}
        self._arrange()

    def look_for(self, needle: str) -> None:
        """Show only rows that match; empty: all."""
        self.needle = needle
        self._arrange()

    def ticked(self, index: int) -> bool:
        """Whether the row is marked."""
        return self.rows[index].key in self.marked

    def mark(self) -> None:
        """Mark the row under the cursor, or no longer, and go on to the next."""
        if self.key is not None:
            self.marked ^= {self.key}
            self.redraw(self.cursor)
            self.cursor += 1

    def unmark(self) -> None:
        """Mark none."""
        self.marked = set()
        self.refresh()

    def sort_next(self) -> str:
        """Sort by the next shown column, or by none after the last; the answer says by what."""
        keys: list[str | None] = [None, *(self.columns[index].key for index, _ in self._layout)]
        at = keys.index(self.sorted_by) if self.sorted_by in keys else 0
        self.sorted_by = keys[(at + 1) % len(keys)]
        self._arrange()
        return next((column.title for column in self.columns if column.key == self.sorted_by), "")

    def turn(self) -> None:
        """Reverse the order."""
        self.reverse = not self.reverse
        self._arrange()

    def go_to(self, key: str) -> bool:
        """Move the cursor to a row; False when it is not shown."""
        for index, row in enumerate(self.rows):
            if row.key == key:
                self.cursor = index
                return True
        return False

    def _arrange(self) -> None:
        key, before, shape = self.key, self.rows, self._layout
        rows = self._matching()
        index = next((at for at, column in enumerate(self.columns) if column.key == self.sorted_by), None)
        if index is not None:
            rows.sort(key=lambda row: row.order[index], reverse=self.reverse)
        elif self.reverse:
            rows.reverse()
        self.rows = rows
        self._measure()
        if [row.key for row in before] == [row.key for row in rows] and shape == self._layout and self.virtual_size:
            for at, (old, new) in enumerate(zip(before, rows, strict=True)):
                if old != new:
                    self.redraw(at)
            return
        found = next((at for at, row in enumerate(rows) if row.key == key), None)
        if found is not None:
            self.set_reactive(Table.cursor, found)
        self.resized()

    def _matching(self) -> list[TableRow]:
        if not self.needle:
            return list(self.all)
        matches = matcher(self.needle)
        return [row for row in self.all if matches(" ".join(text for cell in row.cells for text, _ in cell))]

    def _measure(self) -> None:
        natural = self._widths or widths_of(self.columns, self.rows)
        self._measured = self.size.width
        self._layout = layout(self.columns, natural, max(1, self._measured - 3))

    def on_resize(self) -> None:
        """Other columns may fit."""
        self._measure()
        super().on_resize()

    def render_line(self, y: int) -> Strip:
        """Draw a line; columns that were laid out for another width are laid out again."""
        if self._measured != self.size.width:
            self.call_next(self.on_resize)
        return super().render_line(y)

    def draw_head(self, line: int, width: int) -> list[Piece]:
        """The titles, with an arrow at the one it is sorted by."""
        pieces: list[Piece] = []
        for index, size in self._layout:
            column = self.columns[index]
            sign = ("▼" if self.reverse else "▲") if column.key == self.sorted_by else ""
            role = "accent" if sign else "faint"
            pieces += [(fit(column.title + sign, size, column.align), role), (" " * GAP, "text")]
        return pieces

    def draw(self, index: int, width: int) -> list[Piece]:
        """The cells that fit."""
        pieces: list[Piece] = []
        row = self.rows[index]
        for at, size in self._layout:
            if at == row.rest:
                return [*pieces, *fitted(row.cells[at], max(1, width - 1 - width_of(pieces)))]
            pieces += fitted(row.cells[at], size, self.columns[at].align)
            pieces.append((" " * GAP, "text"))
        return pieces

    def draw_empty(self, width: int) -> Iterable[list[Piece]]:
        """Why there is nothing."""
        if self.needle and self.all:
            return [[("Nothing matches ", "muted"), (f"/{self.needle}", "accent"), (".", "muted")]]
        return [list(line) for line in self.empty]


def widths_of(columns: Sequence[Column], rows: Iterable[TableRow]) -> tuple[int, ...]:
    """How wide each column is by its title and its cells."""
    natural = [len(column.title) for column in columns]
    for row in rows:
        own = row.cells if row.rest is None else row.cells[: row.rest]
        natural[: len(own)] = [max(size, width_of(cell)) for size, cell in zip(natural, own, strict=False)]
    return tuple(natural)


def cell(text: str, role: str = "text") -> Cell:
    """A cell of one piece."""
    return ((text, role),)


def titled(widget: Widget, title: str, note: str = "") -> None:
    """Put plain texts on a widget's upper border: a title, and a note after it. Markup in them is not obeyed."""
    from textual.markup import escape

    widget.border_title = f"{escape(title)}  [$muted not bold]{escape(note)}[/]" if note else escape(title)
