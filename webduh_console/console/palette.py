"""The command palette: the registry's actions that are possible on the present screen."""

from functools import partial

from textual.binding import ActiveBinding
from textual.command import DiscoveryHit, Hit, Hits, Provider

from webduh_console.console.actions import BY_NAME, Action, key_sign

_MOVES = {"up", "down", "left", "right", "page_up", "page_down", "first", "last"}
_NOT_THERE = {"command_palette", "choose", "leave", *_MOVES}


class ActionProvider(Provider):
    """Offers what can be done here, with its key."""

    def _offered(self) -> list[tuple[Action, ActiveBinding, str]]:
        found: dict[str, tuple[Action, ActiveBinding, str]] = {}
        for key, active in self.screen.active_bindings.items():
            name = active.binding.id or ""
            if name in BY_NAME and active.enabled and name not in found and name not in _NOT_THERE:
                found[name] = (BY_NAME[name], active, key_sign(key))
        return sorted(found.values(), key=lambda one: one[0].shown or 99)

    async def discover(self) -> Hits:
        """Everything that is possible."""
        for action, active, sign in self._offered():
            run = partial(self.app.run_action, active.binding.action, active.node)
            yield DiscoveryHit(f"{action.words}  ({sign})", run, help=action.help)

    async def search(self, query: str) -> Hits:
        """What matches by its words or its help."""
        matcher = self.matcher(query)
        for action, active, sign in self._offered():
            text = f"{action.words}  ({sign})"
            score = max(matcher.match(text), matcher.match(action.help) * 0.9)
            if score > 0:
                run = partial(self.app.run_action, active.binding.action, active.node)
                yield Hit(score, matcher.highlight(text), run, help=action.help)
