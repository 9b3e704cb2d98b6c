"""Lines of pieces that can be scrolled: overviews, plans, help, differences, errors."""

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual.binding import BindingType
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from webduh_console.console.actions import bindings
from webduh_console.console.ink import width_of
from webduh_console.console.widgets.inked import ink_of
from webduh_console.console.words import Piece, visible, wrapped


class Lines(ScrollView, can_focus=True, inherit_bindings=False):
    """Shows lines as they are; what is wider than the widget is reached by scrolling."""

    DEFAULT_CSS = """
    Lines { scrollbar-size-vertical: 1; scrollbar-size-horizontal: 0; overflow-x: hidden; background: $background; }
    """
    BINDINGS: ClassVar[list[BindingType]] = bindings("lines")

    def __init__(
        self, lines: Sequence[Sequence[Piece]] = (), id: str | None = None, ground: str = "background"
    ) -> None:
        super().__init__(id=id)
        self.lines: list[Sequence[Piece]] = list(lines)
        self.ground = ground

    def put(self, lines: Sequence[Sequence[Piece]]) -> None:
        """Show other lines; nothing is drawn when they are the same."""
        if list(lines) == self.lines and self.virtual_size.height:
            return
        self.lines = list(lines)
        self._fit()

    def _fit(self) -> None:
        width = max([self.size.width, *(width_of(line) for line in self.lines)])
        self.virtual_size = Size(width, len(self.lines))
        self.refresh()

    def on_resize(self) -> None:
        """The lines may need less scrolling."""
        self._fit()

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """As many lines as there are, for `height: auto`."""
        return len(self.lines)

    def render_line(self, y: int) -> Strip:
        """Draw a line."""
        x, top = self.scroll_offset
        index = y + top
        pieces = self.lines[index] if index < len(self.lines) else ()
        return ink_of(self).strip(pieces, self.size.width, self.ground, x)

    def action_up(self) -> None:
        """One line up."""
        self.scroll_relative(y=-1, animate=False, force=True)

    def action_down(self) -> None:
        """One line down."""
        self.scroll_relative(y=1, animate=False, force=True)

    def action_page_up(self) -> None:
        """One page up."""
        self.scroll_relative(y=1 - self.size.height, animate=False, force=True)

    def action_page_down(self) -> None:
        """One page down."""
        self.scroll_relative(y=self.size.height - 1, animate=False, force=True)

    def action_first(self) -> None:
        """To the first line."""
        self.scroll_to(y=0, animate=False, force=True)

    def action_last(self) -> None:
        """To the last line."""
        self.scroll_to(y=self.max_scroll_y, animate=False, force=True)

    def action_left(self) -> None:
        """To the left."""
        self.scroll_relative(x=-8, animate=False, force=True)

    def action_right(self) -> None:
        """To the right."""
        self.scroll_relative(x=8, animate=False, force=True)


class Flowing(Lines, inherit_bindings=False):
    """Lines that depend on how wide it is, such as wrapped texts."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("lines")

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id)
        self._lines_for: Callable[[int], Sequence[Sequence[Piece]]] = lambda width: ()
        self._flowed = 0

    def flow(self, lines_for: Callable[[int], Sequence[Sequence[Piece]]]) -> None:
        """Show what this answers for its width, now and whenever it has another."""
        self._lines_for = lines_for
        self._again()
        if self.styles.is_auto_height:
            self.refresh(layout=True)

    def _again(self) -> None:
        self._flowed = self.size.width
        self.put(self._lines_for(max(1, self._flowed)))

    def on_resize(self) -> None:
        """Another width has other lines."""
        self._again()

    def render_line(self, y: int) -> Strip:
        """Draw a line; what was wrapped before the place on the screen was known is wrapped again."""
        if self._flowed != self.size.width:
            self.call_next(self._again)
        return super().render_line(y)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """As many lines as there are for that width."""
        return len(self._lines_for(max(1, width)))


def labelled(pairs: Sequence[tuple[str, Sequence[Piece]]], indent: int = 0) -> list[list[Piece]]:
    """`label  value` lines with the values below each other; pairs without a value are left out."""
    kept = [(label, list(value)) for label, value in pairs if any(text for text, _ in value)]
    size = max((len(label) for label, _ in kept), default=0)
    return [[(" " * indent + label.ljust(size + 2), "faint"), *value] for label, value in kept]


def paragraph(
    text: str, width: int, role: str = "text", label: str = "", label_role: str = "faint"
) -> list[list[Piece]]:
    """A text wrapped to `width`, with a label before its first line and room below it."""
    size = len(label) + 2 if label else 0
    lines = wrapped(text, width - size)
    return [
        [(f"{label}  " if at == 0 and label else " " * size, label_role), (line, role)] for at, line in enumerate(lines)
    ]


def error_lines(error: dict[str, str], width: int) -> list[list[Piece]]:
    """What failed, why, what was kept, what to do next: each labelled, wrapped to `width`."""
    lines = paragraph(error.get("what", ""), width, "bold bad", "✗", "bold bad")
    for key, label, role in (("why", "why ", "text"), ("kept", "kept", "text"), ("hint", "next", "accent")):
        if error.get(key):
            lines += paragraph(error[key], width - 3, role, f"   {label}")
    return lines


def text_lines(text: str, role: str = "text") -> list[list[Piece]]:
    """A plain text as lines, control characters shown."""
    return [[(visible(line), role)] for line in text.splitlines()]
