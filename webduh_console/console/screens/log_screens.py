"""What a log pane opens: one line in full, and the choice of sources."""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.widget import Widget

from webduh_console.console.actions import bindings
from webduh_console.console.logs.drawing import wrapped
from webduh_console.console.logs.entries import LONGEST, Entry
from webduh_console.console.logs.escapes import colored, plain
from webduh_console.console.logs.fields import fields_of, logfmt_of, unfolded
from webduh_console.console.logs.levels import SIGNS, Level
from webduh_console.console.screens.base import ConsoleScreen, Dialog
from webduh_console.console.widgets.bars import ActionBar
from webduh_console.console.widgets.inked import Rows
from webduh_console.console.widgets.lines import Lines, labelled
from webduh_console.console.widgets.table import titled
from webduh_console.console.words import Piece, counted, fit, visible


class LineScreen(ConsoleScreen, inherit_bindings=False):
    """One line of a log: when, whose, its fields, and all of its text."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("screen")

    def __init__(self, entry: Entry) -> None:
        super().__init__()
        self.entry = entry

    def crumb(self) -> Piece:
        """What it is."""
        return ("line", "text")

    def body(self) -> Iterable[Widget]:
        """The lines; filled once the width is known."""
        lines = Lines(id="line")
        lines.add_class("pane")
        lines.styles.height = "1fr"
        titled(lines, "Line", counted(len(plain(self.entry.text)), "character"))
        yield lines

    def on_resize(self) -> None:
        """Another width wraps otherwise."""
        if self.query("#line"):
            self.query_one("#line", Lines).put(list(self.text(max(16, self.size.width - 6))))

    def text(self, width: int) -> Iterable[list[Piece]]:
        """The lines, for a width."""
        yield from labelled(self._about(), 1)
        fields = fields_of(self.entry.text)
        pairs = logfmt_of(plain(self.entry.text)) if fields is None else {}
        if fields is not None:
            yield []
            for line in unfolded(fields):
                yield from _indented(line, width)
        elif pairs:
            yield []
            yield from labelled([(key, [(visible(value), "good")]) for key, value in pairs.items()], 1)
        yield []
        yield from _indented(colored(self.entry.text), width)

    def _about(self) -> list[tuple[str, list[Piece]]]:
        entry, level = self.entry, Level(self.entry.level)
        here = entry.moment().astimezone(self.console.zone).isoformat(sep=" ", timespec="microseconds")
        utc = entry.moment().astimezone(UTC).isoformat(sep=" ", timespec="microseconds")
        return [
            ("time", [(here, "text")]),
            ("in UTC", [(utc if utc != here else "", "muted")]),
            ("source", [(entry.source, "accent")]),
            ("stream", [(entry.stream, "text")]),
            ("level", [(level.name.lower() if level else "", SIGNS[level][1])]),
        ]


def _indented(line: list[Piece], width: int) -> Iterable[list[Piece]]:
    return ([(" ", "text"), *row] for row in wrapped(line, width, LONGEST)[0])


class SourceRows(Rows, inherit_bindings=False):
    """The sources, the shown ones with a tick."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("table", "sources")

    def __init__(
        self, counts: Mapping[str, int], hidden: frozenset[str], choose: Callable[[frozenset[str]], None]
    ) -> None:
        super().__init__()
        self.names, self.counts, self.hidden, self._choose = tuple(counts), counts, hidden, choose

    def count(self) -> int:
        """How many sources there are."""
        return len(self.names)

    def draw(self, index: int, width: int) -> list[Piece]:
        """Tick, name, lines."""
        name = self.names[index]
        shown = name not in self.hidden
        tick: Piece = ("✓ ", "good") if shown else ("  ", "text")
        lines = counted(self.counts[name], "line")
        room = max(4, width - len(lines) - 4)
        return [tick, (fit(name, room), "text" if shown else "faint"), (f" {lines}", "muted")]

    def turn(self, hidden: frozenset[str]) -> None:
        """Hide others than before."""
        self.hidden = hidden
        self._choose(hidden)
        self.refresh()

    @on(Rows.Chosen)
    def _chosen(self, message: Rows.Chosen) -> None:
        message.stop()
        self.turn(self.hidden ^ {self.names[message.index]})

    def action_only(self) -> None:
        """Show only the source under the cursor; when it is the only one, all."""
        others = frozenset(self.names) - {self.names[self.cursor]}
        self.turn(frozenset() if self.hidden == others else others)


class SourcesScreen(Dialog[None], inherit_bindings=False):
    """Whose lines are shown; the log below follows each choice."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("modal")

    def __init__(
        self, counts: Mapping[str, int], hidden: frozenset[str], choose: Callable[[frozenset[str]], None]
    ) -> None:
        super().__init__()
        self.rows = SourceRows(counts, hidden, choose)

    def compose(self) -> ComposeResult:
        """The sources over what can be done."""
        with Vertical(classes="dialog") as box:
            titled(box, "Sources", "⏎ shows or hides")
            self.rows.styles.height = min(self.rows.count(), 16)
            yield self.rows
            yield ActionBar()

    def on_mount(self) -> None:
        """The keys go to the sources."""
        self.rows.focus()
