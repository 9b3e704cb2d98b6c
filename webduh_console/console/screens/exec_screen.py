"""A command on one or many servers: what each of them answers, side by side."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from threading import Event
from typing import ClassVar

from textual import on
from textual.binding import BindingType
from textual.containers import Container
from textual.widget import Widget

from webduh_console.console import running
from webduh_console.console.actions import Action, bindings
from webduh_console.console.screens.base import ConsoleScreen
from webduh_console.console.widgets.live_log import LiveLog
from webduh_console.console.widgets.log_pane import LogPane
from webduh_console.console.widgets.table import titled
from webduh_console.console.words import Piece, counted, visible
from webduh_console.model.observe import LogLine

_FEW = 4
"""So many panes share the height of the screen; more of them scroll."""


class ExecScreen(ConsoleScreen, inherit_bindings=False):
    """A pane a server. Leaving the screen ends the command where it still runs."""

    CSS_PATH = "exec_screen.tcss"
    BINDINGS: ClassVar[list[BindingType]] = bindings("screen", "exec")

    def __init__(self, servers: Sequence[str], script: str) -> None:
        super().__init__()
        self.servers, self.script = tuple(servers), script
        self.ends: dict[str, str] = {}

    def crumb(self) -> Piece:
        """The command."""
        return (f"$ {visible(self.script)}", "text")

    def body(self) -> Iterable[Widget]:
        """A log a server."""
        panes = []
        for number, server in enumerate(self.servers):
            pane = LiveLog(f"on-{number}", self.console.zone, "Nothing was written yet.", self.console.clock)
            pane.add_class("pane")
            pane.times = False
            titled(pane, server, "asking …")
            panes.append(pane)
        yield Container(*panes, id="panes", classes="-many" if len(panes) > _FEW else "-few")

    def on_mount(self) -> None:
        """Run it everywhere."""
        for pane, server in zip(self.query(LiveLog), self.servers, strict=True):
            pane.begin(self._reader(server))
        self.query(LiveLog).first().focus()

    def _reader(self, server: str) -> Callable[[Event], Iterator[LogLine]]:
        from webduh_console.commands import executing

        def read(stop: Event) -> Iterator[LogLine]:
            for line in executing.lines(self.console.context, server, self.script, stop):
                if line.stream == "webduh":
                    self.ends[server] = line.text
                yield line

        return read

    @on(LogPane.Changed)
    def _changed(self) -> None:
        for pane, server in zip(self.query(LiveLog), self.servers, strict=True):
            end = self.ends.get(server, "runs …")
            sign = "✓ " if end == "done" else "" if server not in self.ends else "! "
            titled(pane, server, f"{sign}{end} · {counted(pane.count(), 'line')}")

    def can(self, action: Action) -> bool:
        """Another command can be run from here."""
        return True

    async def action_exec(self) -> None:
        """Run another command."""
        await running.ask(self, self.servers, self.script)
