"""What all widgets that draw their own lines share: the theme's ink, and rows under a cursor."""

from collections.abc import Iterable
from typing import Any, ClassVar
from weakref import WeakKeyDictionary

from textual import events
from textual.app import App
from textual.binding import BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.widget import Widget

from webduh_console.console.actions import bindings
from webduh_console.console.ink import Ink
from webduh_console.console.themes import ROLES
from webduh_console.console.words import Piece

_inks: WeakKeyDictionary[App[Any], tuple[str, Ink]] = WeakKeyDictionary()


def ink_of(widget: Widget) -> Ink:
    """The ink of the theme that is on."""
    app: App[Any] = widget.app
    known = _inks.get(app)
    if known is None or known[0] != app.theme:
        variables = app.theme_variables
        known = (app.theme, Ink({role: variables[role] for role in ROLES}))
        _inks[app] = known
    return known[1]


def ink_again(app: App[Any]) -> None:
    """The theme that is on has other colours now."""
    _inks.pop(app, None)


class Line(Widget):
    """One line of pieces, the right part at the right edge. Subclasses answer `pieces`."""

    DEFAULT_CSS = """
    Line { height: 1; width: 1fr; }
    """
    ground = "surface"

    def sides(self, width: int) -> tuple[list[Piece], list[Piece]]:
        """The pieces for the left and the right edge of a line of `width` cells."""
        raise NotImplementedError

    def render_line(self, y: int) -> Strip:
        """Draw the line."""
        from webduh_console.console.ink import joined

        width = self.size.width
        if y:
            return ink_of(self).strip((), width, self.ground)
        left, right = self.sides(width)
        return ink_of(self).strip(joined(left, right, width), width, self.ground)


class AtRow(Message):
    """Something happened at a row."""

    def __init__(self, rows: "Rows", index: int) -> None:
        super().__init__()
        self.rows, self.index = rows, index

    @property
    def control(self) -> "Rows":
        """The widget it comes from."""
        return self.rows


class Rows(ScrollView, can_focus=True, inherit_bindings=False):
    """Rows with a cursor, drawn line by line, under as many head lines as `HEAD` says.

    Subclasses answer `count` and `draw`.
    """

    DEFAULT_CSS = """
    Rows { scrollbar-size-vertical: 1; scrollbar-size-horizontal: 0; overflow-x: hidden; background: $background; }
    """
    BINDINGS: ClassVar[list[BindingType]] = bindings("table")
    HEAD: ClassVar[int] = 0
    opens = True
    enter = ""
    """What Enter does here, in the footer; empty: it opens."""
    cursor: reactive[int] = reactive(0, repaint=False)

    class Chosen(AtRow):
        """Enter, or a second click, on the row under the cursor."""

    class Moved(AtRow):
        """The cursor is at another row."""

    def count(self) -> int:
        """How many rows there are."""
        raise NotImplementedError

    def draw(self, index: int, width: int) -> list[Piece]:
        """A row's pieces, without the mark of the cursor; `width` is what there is for them."""
        raise NotImplementedError

    def draw_head(self, line: int, width: int) -> list[Piece]:
        """A head line's pieces."""
        return []

    def ticked(self, index: int) -> bool:
        """Whether a row is marked, to be acted on with others."""
        return False

    def draw_empty(self, width: int) -> Iterable[list[Piece]]:
        """What stands there when there are no rows."""
        return ()

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """As high as the rows, for `height: auto`."""
        return max(self.count(), 1) + self.HEAD

    def resized(self) -> None:
        """Tell the scrollbar how many rows there are, and keep the cursor on one."""
        size = Size(self.size.width, self.count() + self.HEAD)
        if size != self.virtual_size:
            self.virtual_size = size
            self.refresh(layout=self.styles.is_auto_height)
        self.cursor = self.cursor
        self.refresh()

    def validate_cursor(self, cursor: int) -> int:
        """Keep it on a row."""
        return max(0, min(cursor, self.count() - 1))

    def watch_cursor(self, before: int, now: int) -> None:
        """Draw both rows, and show the one the cursor is at."""
        self.redraw(before)
        self.redraw(now)
        self.show(now)
        if before != now:
            self.post_message(self.Moved(self, now))

    def show(self, index: int) -> None:
        """Scroll as little as needed for a row to be seen."""
        height = max(1, self.size.height - self.HEAD)
        top = round(self.scroll_target_y)
        if index < top:
            self.scroll_to(y=index, animate=False, force=True)
        elif index >= top + height:
            self.scroll_to(y=index - height + 1, animate=False, force=True)

    def redraw(self, index: int) -> None:
        """Draw one row anew."""
        y = index - round(self.scroll_y) + self.HEAD
        if 0 <= y < self.size.height:
            self.refresh(Region(0, y, self.size.width, 1))

    def render_line(self, y: int) -> Strip:
        """Draw a line: head, row, or what stands below the last."""
        ink, width = ink_of(self), self.size.width
        if y < self.HEAD:
            return ink.strip([("  ", "faint"), *self.draw_head(y, width - 2)], width)
        if not self.count():
            lines = list(self.draw_empty(width - 2))
            index = y - self.HEAD
            return ink.strip([("  ", "text"), *lines[index]] if index < len(lines) else (), width)
        index = y - self.HEAD + round(self.scroll_y)
        if index >= self.count():
            return ink.strip((), width)
        here = index == self.cursor
        tick = "✓" if self.ticked(index) else " "
        bar, role = ("▌", "accent") if here and self.has_focus else ("▏", "faint") if here else (" ", "accent")
        mark = (bar + tick, role if tick == " " else "bold accent")
        ground = "raised" if here and self.has_focus else "background"
        return ink.strip([mark, *self.draw(index, width - 2)], width, ground)

    def on_resize(self) -> None:
        """Another width may mean other columns."""
        self.resized()
        self.show(self.cursor)

    def on_focus(self) -> None:
        """The cursor looks different."""
        self.redraw(self.cursor)

    def on_blur(self) -> None:
        """The cursor looks different."""
        self.redraw(self.cursor)

    def on_click(self, event: events.Click) -> None:
        """A click moves the cursor; a click where it is opens."""
        index = event.y - self.HEAD + round(self.scroll_y)
        if event.y < self.HEAD or index >= self.count():
            return
        if index == self.cursor:
            self.action_choose()
        self.cursor = index

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Enter is offered only where there is something to open."""
        return self.opens and self.count() > 0 if action == "choose" else True

    def action_choose(self) -> None:
        """Open the row under the cursor."""
        if self.count():
            self.post_message(self.Chosen(self, self.cursor))

    def action_up(self) -> None:
        """One row up."""
        self.cursor -= 1

    def action_down(self) -> None:
        """One row down."""
        self.cursor += 1

    def action_page_up(self) -> None:
        """One page up."""
        self.cursor -= max(1, self.size.height - self.HEAD - 1)

    def action_page_down(self) -> None:
        """One page down."""
        self.cursor += max(1, self.size.height - self.HEAD - 1)

    def action_first(self) -> None:
        """To the first row."""
        self.cursor = 0

    def action_last(self) -> None:
        """To the last row."""
        self.cursor = self.count() - 1
