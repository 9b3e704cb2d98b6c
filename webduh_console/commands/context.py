"""What every command works with: the home, the state, the targets, and who asks."""

import getpass
import socket
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from webduh_console.config.home import Home, home
from webduh_console.errors import NotFoundError, QuestionError
from webduh_console.model.names import nearest
from webduh_console.model.target import Target

if TYPE_CHECKING:
    from webduh_console.config.settings import Settings
    from webduh_console.state.store import State

Trigger = Literal["command", "script", "console"]
Ask = Callable[[str, bool], str]


def no_terminal(question: str, secret: bool) -> str:
    """Nobody can be asked."""
    raise QuestionError(
        question,
        why="There is no terminal to ask at.",
        kept="Nothing was changed.",
        hint="An option answers it; see --help.",
    )


class Context:
    """Everything is opened when it is first used.

    `ask` puts a question to a person; the answer of a secret one is not shown while it is typed.
    """

    def __init__(self, home: Home, trigger: Trigger = "command", ask: Ask = no_terminal) -> None:
        self.home, self.trigger, self.ask = home, trigger, ask
        self._targets: dict[str, Target] = {}

    @classmethod
    def open(cls, trigger: Trigger = "command", ask: Ask = no_terminal) -> "Context":
        """The context of this user on this machine."""
        return cls(home(), trigger, ask)

    @cached_property
    def state(self) -> "State":
        """The local state."""
        from webduh_console.state.store import State

        return State.open(self.home)

    @cached_property
    def settings(self) -> "Settings":
        """The user's settings; what is wrong in them is left at its default."""
        from webduh_console.config.settings import load_settings

        return load_settings(self.home)[0]

    @cached_property
    def by(self) -> str:
        """Who acts: `user@machine`."""
        return f"{getpass.getuser()}@{socket.gethostname()}"

    def target_names(self) -> list[str]:
        """The targets there are."""
        return ["local"]

    def target(self, name: str) -> Target:
        """A target; NotFoundError suggests the nearest name."""
        if name not in self._targets:
            if name not in self.target_names():
                meant = nearest(name, self.target_names())
                raise NotFoundError(
                    f"There is no target {name}.",
                    kept="Nothing was changed.",
                    hint=f"Did you mean {meant}?" if meant else f"There is: {', '.join(self.target_names())}.",
                )
            self._targets[name] = self._local(name)
        return self._targets[name]

    def _local(self, name: str) -> Target:
        from webduh_console.targets.local.target import LocalTarget

        return LocalTarget(name, self.home.data / "local", self.home.cache, lambda: self.state.sealer)

    def close(self) -> None:
        """Close what was opened."""
        if "state" in self.__dict__:
            self.state.close()
