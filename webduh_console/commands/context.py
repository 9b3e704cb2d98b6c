"""What every command works with: the home, the state, the targets, and who asks."""

import getpass
import os
import socket
from collections.abc import Callable
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from webduh_console.config.home import Home, home
from webduh_console.errors import NotFoundError, QuestionError, UsageError
from webduh_console.model.events import Event
from webduh_console.model.names import nearest
from webduh_console.model.target import Target

if TYPE_CHECKING:
    from webduh_console.config.settings import Settings
    from webduh_console.model.build import Framework
    from webduh_console.state.store import State
    from webduh_console.state.targets import TargetEntry
    from webduh_console.targets.server.target import ServerTarget
    from webduh_console.transport.git.repository import Checkout
    from webduh_console.transport.ssh.machine import SSHMachine

LOCAL = "local"
ALLOWED = "WEBDUH_PLUGINS"
"""The variable of the environment that names the plugins of others that may be used, separated by commas."""
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

    `ask` puts a question to a person; the answer of a secret one is not shown while it is typed. `told` hears what goes
    on while a command works out its answer, and `abandoned` says that nobody waits for that any more; `checkouts` are
    the trees of repositories, by their folders.
    """

    def __init__(self, home: Home, trigger: Trigger = "command", ask: Ask = no_terminal) -> None:
        self.home, self.trigger, self.ask = home, trigger, ask
        self._targets: dict[str, Target] = {}
        self._servers: dict[str, ServerTarget] = {}
        self.checkouts: dict[str, Checkout] = {}
        self.told: Callable[[Event], None] = lambda event: None
        self.abandoned: Callable[[], bool] = lambda: False

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

    @property
    def frameworks(self) -> "tuple[tuple[Framework, ...], tuple[str, ...]]":
        """The framework plugins, and what is said of those that are not used.

        Where nobody can be asked, plugins of others are used only if the settings or the environment name them.
        """
        from webduh_console.frameworks.discovery import allowed

        headless = self.ask is no_terminal
        named = os.environ.get(ALLOWED, self.settings.plugins).replace(",", " ").split() if headless else None
        frameworks, left = allowed(named)
        says = "is not used where nobody can be asked"
        fix = f"`webduh config set plugins {{0}}`, or {ALLOWED}={{0}} in the environment, allows it."
        words = (f"The plugin {one.name} of {one.package} {says}. {fix.format(one.name)}" for one in left)
        return frameworks, tuple(words)

    @cached_property
    def by(self) -> str:
        """Who acts: `user@machine`."""
        return f"{getpass.getuser()}@{socket.gethostname()}"

    def confirm(self, question: str, refused: str, option: str = "--yes") -> None:
        """Ask yes or no; QuestionError that says what was `refused` unless the answer is yes."""
        if self.ask(f"{question} [y/N]", False).strip().lower() not in ("y", "yes"):
            raise QuestionError(refused, kept="Nothing was changed.", hint=f"{option} answers the question.")

    def target_names(self) -> list[str]:
        """The targets there are: this machine first, then by name."""
        return [LOCAL, *(entry.name for entry in self.state.targets.all())]

    def target(self, name: str) -> Target:
        """A target; NotFoundError suggests the nearest name."""
        if name not in self._targets:
            if name != LOCAL and self.state.targets.get(name) is None:
                meant = nearest(name, self.target_names())
                raise NotFoundError(
                    f"There is no target {name}.",
                    kept="Nothing was changed.",
                    hint=f"Did you mean {meant}?" if meant else f"There is: {', '.join(self.target_names())}.",
                )
            self._targets[name] = self._local() if name == LOCAL else self._remote(name)
        return self._targets[name]

    def _remote(self, name: str) -> Target:
        """A server, or several of them."""
        servers = {server.name: server for server in self.servers(name)}
        if list(servers) == [name]:
            return servers[name]
        from webduh_console.targets.server.fleet import Fleet

        return Fleet(name, servers, registry=lambda: self.state.registries.get(name))

    def servers(self, name: str) -> "list[ServerTarget]":
        """The servers that a name stands for: itself, or those of a target of several; UsageError as `server`."""
        entry = self.state.targets.get(name)
        return [self.server(each) for each in (entry.servers if entry and entry.servers else (name,))]

    def server(self, name: str) -> "ServerTarget":
        """A target that is a server; UsageError for one that is none."""
        entry = self.state.targets.get(name)
        if entry is None:
            self.target(name)  # raises when there is none at all
            raise UsageError(
                f"{name} is no server.",
                kept="Nothing was changed.",
                hint="`webduh server ls` lists them; `webduh target add NAME ssh://USER@HOST` adds one.",
            )
        if entry.servers:
            raise UsageError(
                f"{name} is several servers.",
                kept="Nothing was changed.",
                hint=f"Name one of them: {', '.join(entry.servers)}.",
            )
        if name not in self._servers:
            from webduh_console.targets.server.target import ServerTarget

            self._servers[name] = ServerTarget(name, self.machine(entry), entry.address, self.home.images)
        self._servers[name].teams = frozenset(self.state.targets.teams(name))
        return self._servers[name]

    def look_anew(self, name: str) -> None:
        """Forget what was found out about a server but for the connection: it may be set up meanwhile."""
        known = self._servers.pop(name, None)
        if known is not None:
            for team in known.teams:
                self._targets.pop(team, None)
            self._targets[name] = self._servers[name] = type(known)(name, known.machine, known.address, known.images)

    def forget_server(self, name: str) -> None:
        """Close the connections to a server and forget it here; its name may stand for another from now on."""
        self._targets.pop(name, None)
        if (known := self._servers.pop(name, None)) is not None:
            known.close()

    def machine(self, entry: "TargetEntry") -> "SSHMachine":
        """The machine an entry stands for; nothing is connected yet, nor the SSH configuration asked."""
        from webduh_console.transport.ssh.address import endpoint
        from webduh_console.transport.ssh.hostkeys import HostKeys
        from webduh_console.transport.ssh.machine import SSHMachine

        there = partial(endpoint, entry.address, Path(entry.identity) if entry.identity else None)
        return SSHMachine(entry.name, there, HostKeys(self.home.config / "known_hosts"))

    def _local(self) -> Target:
        from webduh_console.targets.local.target import LocalTarget

        return LocalTarget(LOCAL, self.home.data / "local", self.home.cache, lambda: self.state.sealer)

    def close(self) -> None:
        """Close what was opened, and take away what was checked out."""
        for checkout in list(self.checkouts.values()):
            checkout.remove()
        for server in self._servers.values():
            server.close()
        if "state" in self.__dict__:
            self.state.close()
