"""Tabs in one line, with their keys."""

from collections.abc import Sequence

from textual import events
from textual.message import Message
from textual.reactive import reactive

from webduh_console.console.widgets.inked import Line
from webduh_console.console.words import Piece


class TabBar(Line):
    """The tabs' titles; the one that is shown is marked, underlined and bold."""

    DEFAULT_CSS = """
    TabBar { height: 2; }
    """
    ground = "background"
    shown: reactive[str] = reactive("")

    class Clicked(Message):
        """A tab was clicked."""

        def __init__(self, name: str) -> None:
            super().__init__()
            self.name = name

    def __init__(self, names: Sequence[str], shown: str) -> None:
        super().__init__()
        self.names = tuple(names)
        self.set_reactive(TabBar.shown, shown)

    def sides(self, width: int) -> tuple[list[Piece], list[Piece]]:
        """Key and title of each; in a small width only the shown one has its title."""
        whole = sum(len(name) + 6 for name in self.names) <= width
        pieces: list[Piece] = [(" ", "text")]
        for number, name in enumerate(self.names, 1):
            here = name == self.shown
            pieces.append((f"{number}", "bold accent" if here else "faint"))
            if whole or here:
                pieces.append((" ", "text"))
                pieces.append((name, "bold underline text" if here else "muted"))
            pieces.append(("   ", "text"))
        return pieces, []

    def on_click(self, event: events.Click) -> None:
        """Show the tab that was clicked."""
        at = 1
        for name in self.names:
            size = len(name) + 5
            if at <= event.x < at + size:
                self.post_message(self.Clicked(name))
                return
            at += size
