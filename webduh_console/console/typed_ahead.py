"""Keys that are typed before what they are meant for is there: they wait, and take effect as if typed slowly."""

from collections import deque
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from textual.events import Key
from textual.message_pump import MessagePump
from textual.screen import Screen
from textual.widget import Widget

from webduh_console.console.screens.base import Acting

if TYPE_CHECKING:
    from webduh_console.console.app import ConsoleApp

LAPS = 3
"""How often all queues on a key's way are passed before the next is given: what it brings about goes the same way."""
PAUSE = 0.01
PATIENCE = 50
"""Seconds between two looks whether a screen that opens has the focus, and how many there are."""
_AT_ONCE = frozenset({"back", "quit"})


class TypedAhead:
    """The keys that wait.

    A key goes to what has the focus when it arrives. While something opens that is still what was there before, which
    leaves it unhandled, or worse. And a screen may say that it is not ready for a key.
    """

    def __init__(self, app: "ConsoleApp") -> None:
        self.app = app
        self._keys: deque[Key] = deque()
        self._sent: WeakKeyDictionary[Key, Widget] = WeakKeyDictionary()
        self._now: Key | None = None
        self._giving = False
        self._patience = PATIENCE

    def takes(self, key: Key) -> bool:
        """Whether a key waits from now on; else it takes its way."""
        if not self.app.screen_stack:
            return True  # the console is closed, and the key is for nobody
        screen = self.app.screen
        focus = screen.focused or screen
        if key.is_forwarded:  # it comes back: nobody wanted it where it was sent
            if self._sent.get(key, focus) is focus and (key is self._now or not self._must_wait(screen, key.key)):
                return False
            self._keys.append(Key(key.key, key.character))
            self.go_on()
            return True
        if key is not self._now and self._must_wait(screen, key.key):
            self._keys.append(key)
            if not screen.is_mounted or not _waits(screen, self._keys[0].key):
                self.go_on()
            return True
        self._sent[key] = focus
        return False

    def _must_wait(self, screen: Screen[object], key: str) -> bool:
        if not (self._keys or self._giving or _waits(screen, key)):
            return False
        bound = screen.active_bindings.get(key)
        if bound is not None and bound.binding.id in _AT_ONCE:
            self._keys.clear()
            return False
        return True

    def go_on(self) -> None:
        """Give the keys that wait to what has the focus, one after another."""
        if self._keys and not self._giving:
            self._giving = True
            self.app.call_later(self._give)

    def _give(self) -> None:
        if not self.app.screen_stack:
            return
        screen = self.app.screen
        if isinstance(screen, Acting) and not screen.TAKES_AHEAD:
            self._keys.clear()
        opens = self._opens(screen)
        self._giving = bool(self._keys) and (opens or not _waits(screen, self._keys[0].key))
        if not self._giving:
            return
        if opens:
            self.app.set_timer(PAUSE, self._give)
            return
        key = self._keys.popleft()
        self._now = Key(key.key, key.character)
        self.app.post_message(self._now)
        focus = screen.focused or screen
        self._follow([*focus.ancestors_with_self, self.app] * LAPS)

    def _follow(self, way: list[MessagePump]) -> None:
        """Give the next key once the queues of all of these were passed, one after another."""
        while way and not way[0].call_later(self._follow, way[1:]):
            way = way[1:]  # it is gone
        if not way:
            self._give()

    def _opens(self, screen: Screen[object]) -> bool:
        """Whether a screen is not drawn yet, or nothing of it has the focus yet; that is not waited for endlessly."""
        if screen.is_mounted and (screen.focused is not None or not screen.focus_chain):
            self._patience = PATIENCE
            return False
        self._patience -= 1
        return not screen.is_mounted or self._patience > 0


def _waits(screen: Screen[object], key: str) -> bool:
    return not screen.is_mounted or (isinstance(screen, Acting) and screen.waits_for(key))
