"""The first and the last line of a screen: where we are and how fresh it is; what can be done here."""

from collections.abc import Callable

import msgspec
from textual import events
from textual.widgets import Input

from webduh_console.console.actions import BY_NAME, Action, is_typed, key_sign
from webduh_console.console.widgets.inked import Line
from webduh_console.console.words import Piece

Sides = tuple[list[Piece], list[Piece]]


class Crumbs(Line):
    """Where we are, and what the whole is doing."""

    def __init__(self, answer: Callable[[int], Sides]) -> None:
        super().__init__()
        self.answer = answer

    def sides(self, width: int) -> Sides:
        """As the screen says."""
        return self.answer(width)


class ActionBar(Line):
    """What can be done here, from the registry and the bindings that are active; a click does it."""

    def __init__(self) -> None:
        super().__init__()
        self._places: list[tuple[int, int, Action]] = []

    def on_mount(self) -> None:
        """Draw again when other actions are possible."""
        self.screen.bindings_updated_signal.subscribe(self, lambda _: self.refresh())

    def offered(self) -> list[tuple[Action, str]]:
        """The actions that are possible here and have a place in the footer, with the sign of their first key."""
        found: dict[str, str] = {}
        typing = isinstance(self.screen.focused, Input)
        for key, active in self.screen.active_bindings.items():
            name = active.binding.id or ""
            if name in BY_NAME and active.enabled and name not in found and not (typing and is_typed(key)):
                found[name] = key_sign(key)
        shown = [BY_NAME[name] for name in found if BY_NAME[name].shown]
        enter = getattr(self.screen.focused, "enter", "")
        if enter and "choose" in found:
            shown = [msgspec.structs.replace(one, words=enter) if one.name == "choose" else one for one in shown]
        return [(action, found[action.name]) for action in sorted(shown, key=lambda action: action.shown)]

    def sides(self, width: int) -> Sides:
        """As many as fit: what is most useful first, the way to all keys always."""
        offered = self.offered()
        ends = [pair for pair in offered if pair[0].name == "help"]
        rest = [pair for pair in offered if pair[0].name != "help"]
        room = width - 2 - sum(_width(pair) for pair in ends)
        kept: list[tuple[Action, str]] = []
        for pair in rest:
            if _width(pair) <= room:
                kept.append(pair)
                room -= _width(pair)
        left, self._places = self._drawn(kept, 1)
        right, places = self._drawn(ends, width - sum(_width(pair) for pair in ends))
        self._places += places
        return [(" ", "text"), *left], right

    def _drawn(self, pairs: list[tuple[Action, str]], at: int) -> tuple[list[Piece], list[tuple[int, int, Action]]]:
        pieces: list[Piece] = []
        places = []
        for pair in pairs:
            action, sign = pair
            destroys = action.kind == "destroy"
            pieces += [(sign, "bold bad" if destroys else "bold accent"), (f" {action.words}", "muted"), ("  ", "text")]
            places.append((at, at + _width(pair) - 2, action))
            at += _width(pair)
        return pieces, places

    async def on_click(self, event: events.Click) -> None:
        """Do what was clicked."""
        for start, end, action in self._places:
            if start <= event.x < end:
                for active in self.screen.active_bindings.values():
                    if active.binding.id == action.name:
                        await self.app.run_action(active.binding.action, active.node)
                        return


def _width(pair: tuple[Action, str]) -> int:
    return len(pair[1]) + 1 + len(pair[0].words) + 2
