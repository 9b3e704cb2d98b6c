"""Tabs in one line, with their keys."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from textual import events
from textual.message import Message
from textual.reactive import reactive

from webduh_console.console.widgets.inked import Line
from webduh_console.console.words import Piece

_GAP = "   "


class TabBar(Line):
    """The tabs' titles; the one that is shown is marked, underlined and bold.

    The first has the key 1, and so on, unless `keys` says otherwise.
    """

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

    def __init__(self, names: Sequence[str], shown: str, keys: Mapping[str, str] = MappingProxyType({})) -> None:
        super().__init__()
        self.names = tuple(names)
        self.keys = [keys.get(name, str(number)) for number, name in enumerate(self.names, 1)]
        self.set_reactive(TabBar.shown, shown)

    def sides(self, width: int) -> tuple[list[Piece], list[Piece]]:
        """Key and title of each; in a small width only the shown one has its title."""
        pieces: list[Piece] = [(" ", "text")]
        for key, name in zip(self.keys, self.names, strict=True):
            here = name == self.shown
            pieces.append((key, "bold accent" if here else "faint"))
            if self._titled(name, width):
                pieces.append((" ", "text"))
                pieces.append((name, "bold underline text" if here else "muted"))
            pieces.append((_GAP, "text"))
        return pieces, []

    def _titled(self, name: str, width: int) -> bool:
        """Whether a tab has its title: in a width that is enough for all, every one."""
        whole = 1 + sum(len(f"{at} {each}{_GAP}") for at, each in enumerate(self.names, 1)) - len(_GAP)
        return name == self.shown or whole <= width

    def on_click(self, event: events.Click) -> None:
        """Show the tab that was clicked."""
        at = 1
        for name in self.names:
            size = 1 + len(_GAP) + (len(name) + 1 if self._titled(name, self.size.width) else 0)
            if at <= event.x < at + size:
                self.post_message(self.Clicked(name))
                return
            at += size
