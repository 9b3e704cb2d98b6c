"""Goes anywhere by a few letters: apps, their tabs, targets, deployments, what is marked."""

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.widgets import Input

from webduh_console.console.actions import bindings
from webduh_console.console.places import Found, Place, matching
from webduh_console.console.screens.base import Dialog
from webduh_console.console.widgets.lines import Lines
from webduh_console.console.widgets.table import titled
from webduh_console.console.words import Piece, fit, visible

_SHOWN = 12
_NAME = 34


class JumpInput(Input):
    """The text field: Textual's editing keys, and those of the list below."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("bar")

    @property
    def _screen(self) -> "JumpScreen":
        assert isinstance(self.screen, JumpScreen)
        return self.screen

    def action_dismiss_bar(self) -> None:
        """Close the dialog."""
        self._screen.dismiss(None)

    def action_complete(self) -> None:
        """Write out what is marked, to go on to one of its tabs."""
        self._screen.complete()

    def action_older(self) -> None:
        """The line above."""
        self._screen.move(-1)

    def action_newer(self) -> None:
        """The line below."""
        self._screen.move(1)


class JumpScreen(Dialog[Place], inherit_bindings=False):
    """The answer is the place to go to, or nothing."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("modal")
    DEFAULT_CSS = """
    JumpScreen JumpInput, JumpScreen JumpInput:focus {
        border: none; height: 1; padding: 0; background: $raised; margin: 1 1 0 1;
    }
    JumpScreen Lines { height: 13; background: $surface; margin: 1 1 0 1; }
    """

    def __init__(self, offered: Sequence[Found]) -> None:
        super().__init__()
        self.offered = list(offered)
        self.found = self.offered
        self.at = 0

    def compose(self) -> ComposeResult:
        """A text field over what it may mean."""
        with Vertical(classes="dialog") as box:
            titled(box, "Go to", "letters of a name · ↑↓ choose · ⏎ go · esc back")
            yield JumpInput(compact=True, select_on_focus=False, highlighter=None, placeholder="any name")
            lines = Lines(ground="surface")
            lines.can_focus = False
            yield lines

    def on_mount(self) -> None:
        """Show everything."""
        self._draw()

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        self.found, self.at = matching(event.value, self.offered), 0
        self._draw()

    @on(Input.Submitted)
    def _submitted(self) -> None:
        if self.found:
            self.dismiss(self.found[self.at].place)

    def move(self, step: int) -> None:
        """Mark another line."""
        self.at = max(0, min(len(self.found) - 1, self.at + step))
        self._draw()

    def complete(self) -> None:
        """Take the name of what is marked."""
        if self.found:
            field = self.query_one(JumpInput)
            field.value = self.found[self.at].place.text
            field.cursor_position = len(field.value)

    def _draw(self) -> None:
        first = max(0, min(self.at - _SHOWN // 2, len(self.found) - _SHOWN))
        lines: list[list[Piece]] = []
        for index, each in enumerate(self.found[first : first + _SHOWN], first):
            here = index == self.at
            lines.append(
                [
                    ("▌ " if here else "  ", "accent"),
                    (f"{each.sign} ", each.role),
                    (fit(visible(each.place.text), _NAME), "bold text" if here else "text"),
                    (f"  {visible(each.beside)}", "faint"),
                ]
            )
        more = len(self.found) - first - _SHOWN
        if more > 0:
            lines.append([(f"  {more} more", "faint")])
        self.query_one(Lines).put(lines or [[("  nothing is called so", "faint")]])
