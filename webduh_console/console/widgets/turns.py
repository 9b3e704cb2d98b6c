"""Panes that live are drawn a few a frame, one after another: a key waits for those few, not for all of them."""

from collections.abc import Callable
from typing import Any
from weakref import WeakKeyDictionary

from textual.app import App
from textual.widget import Widget

FRAME = 0.02
"""Seconds between two turns: a little more than Textual takes from one frame to the next."""

LINES = 30
"""Lines of panes that are drawn in a turn, the last pane whole."""

_turns: WeakKeyDictionary[App[Any], "Turns"] = WeakKeyDictionary()


class Turns:
    """What the panes of an app wait to do."""

    def __init__(self, app: App[Any]) -> None:
        self.app = app
        self._waiting: dict[Widget, Callable[[], object]] = {}
        self._room = LINES

    def ask(self, pane: Widget, draw: Callable[[], object]) -> None:
        """Draw a pane at once if there is room, else in its turn; whatever it asked for before falls away."""
        self._waiting[pane] = draw
        self._serve()

    def _serve(self) -> None:
        while self._waiting and self._room > 0:
            pane = next(iter(self._waiting))
            draw = self._waiting.pop(pane)
            if pane.is_attached:
                if self._room == LINES:
                    self.app.set_timer(FRAME, self._next)
                self._room -= max(1, pane.size.height)
                draw()

    def _next(self) -> None:
        self._room = LINES
        self._serve()


def in_turn(pane: Widget, draw: Callable[[], object]) -> None:
    """Draw a pane that has something new; the one with the focus, or that was never drawn, need not wait."""
    if pane.has_focus or not pane.is_mounted:
        draw()
    else:
        app: App[Any] = pane.app
        _turns.setdefault(app, Turns(app)).ask(pane, draw)
