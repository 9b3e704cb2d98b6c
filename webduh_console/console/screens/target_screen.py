"""One target: its figures, what runs on it, what it needs, and what can be done with it."""

from collections.abc import Callable, Iterable
from typing import Any, ClassVar

from textual import on
from textual.binding import BindingType
from textual.message import Message
from textual.widget import Widget

from webduh_console.console import serving
from webduh_console.console.actions import Action, bindings
from webduh_console.console.board import Board
from webduh_console.console.cells import INSTANCE_COLUMNS, instance_row
from webduh_console.console.places import Place
from webduh_console.console.screens.base import ConsoleScreen
from webduh_console.console.target_cells import CONTAINER_COLUMNS, check_lines, container_row, key_of, target_facts
from webduh_console.console.watching import Aside
from webduh_console.console.widgets.lines import Lines
from webduh_console.console.widgets.table import Table, titled
from webduh_console.console.words import Piece, counted, spinner
from webduh_console.errors import WebduhError
from webduh_console.model.names import AppKey
from webduh_console.model.observe import Fact


class Answer(Message):
    """What a target answered to a question; `error` says why it did not."""

    def __init__(self, what: str, value: Any = None, error: WebduhError | None = None) -> None:
        super().__init__()
        self.what, self.value, self.error = what, value, error


class TargetScreen(ConsoleScreen, inherit_bindings=False):
    """One target. It is asked in threads of its own; leaving the screen waits for none of them."""

    CSS_PATH = "target_screen.tcss"
    BINDINGS: ClassVar[list[BindingType]] = bindings("screen", "target")

    def __init__(self, name: str) -> None:
        super().__init__()
        self.target = name
        self.facts: list[Fact] | None = None
        self.apps: dict[str, AppKey] = {}
        self.address = ""
        self._asked: set[str] = set()
        self._aside = Aside(self.post_message)

    @property
    def place(self) -> Place:
        """The target."""
        return Place("target", name=self.target)

    def crumb(self) -> Piece:
        """The target."""
        return (self.target, "text")

    @property
    def is_server(self) -> bool:
        """Whether it is a machine of its own."""
        heard = self.console.board.targets.get(self.target)
        return heard is not None and heard.row.kind == "server"

    def body(self) -> Iterable[Widget]:
        """How it is; what runs there; what it needs."""
        facts = Lines(id="facts")
        facts.can_focus = False
        title = "Containers" if self.is_server else "Instances"
        columns = CONTAINER_COLUMNS if self.is_server else INSTANCE_COLUMNS
        running = Table(columns, id="containers")
        checks = Lines(id="checks")
        for pane, words in ((running, title), (checks, "Checks")):
            pane.add_class("pane")
            titled(pane, words)
        yield facts
        yield running
        yield checks

    @property
    def running(self) -> Table:
        """The table of what runs there."""
        return self.query_one("#containers", Table)

    def on_mount(self) -> None:
        """Show what is known, and ask."""
        entry = self.console.context.state.targets.get(self.target)
        self.address = entry.address if entry is not None else ""
        self.console.board_signal.subscribe(self, self.show_board)
        self._ticking = self.set_interval(0.1, self._show_checks, pause=True)
        self.running.focus()
        self._say_of_running("Not asked yet.")
        self.show_board(self.console.board)
        self._show_checks()
        if self.console.every > 0:
            self.action_check()

    def on_unmount(self) -> None:
        """Nobody listens any more."""
        self._aside.stop()

    def on_resize(self) -> None:
        """Another width wraps otherwise."""
        if self.query("#checks"):
            self.show_board(self.console.board)
            self._show_checks()

    # What is shown.

    def show_board(self, board: Board) -> None:
        """Show how it is now, and ask what runs there."""
        heard = board.targets.get(self.target)
        if heard is None:
            self.query_one("#facts", Lines).put([[(" It is no target any more.", "warn")]])
            return
        now, width = self.console.clock(), self.size.width - 1
        loads = board.loads.get(self.target, ())
        answered = board.answered.get(self.target)
        self.query_one("#facts", Lines).put(target_facts(heard, answered, list(loads), self.address, now, width))
        silent = self.target in board.silent()
        unready = heard.row.state == "unready"
        if not self.is_server:
            self._show_instances(board)
        elif silent:
            when = "is shown once it is ready" if unready else "is not known while it does not answer"
            self._say_of_running(f"What runs here {when}.")
        elif self.is_current and self.console.every > 0:
            self._ask("containers", serving.containers(self.console, self.target))
        self.query_one("#facts", Lines).refresh(layout=True)
        self.refresh_line()
        self.refresh_bindings()

    def _say_of_running(self, words: str) -> None:
        """Say why nothing is shown to run there."""
        self.running.empty = [[(words, "faint")]]
        if not self.running.all:
            self.running.refresh()

    def _show_instances(self, board: Board) -> None:
        rows = [row for row in board.rows.values() if row.target == self.target]
        now = self.console.clock()
        self._say_of_running("Nothing runs here.")
        self.apps = {one.name: row.key for row in rows for one in row.actual.instances}
        self.running.put(instance_row(one, now) for row in rows for one in row.actual.instances)

    def _show_checks(self) -> None:
        pane = self.query_one("#checks", Lines)
        if self.facts is not None:
            pane.put(check_lines(self.facts, pane.size.width))
            wrong = sum(not fact.ok for fact in self.facts)
            asking = f"  ·  {spinner(self.console.clock())} asking …" if "checks" in self._asked else ""
            titled(pane, "Checks", (f"{wrong} of {len(self.facts)} to mend" if wrong else "all well") + asking)
        elif "checks" in self._asked:
            pane.put([[(f" {spinner(self.console.clock())} ", "busy"), (f"asking {self.target} …", "muted")]])
        else:
            pane.put([[(" Not checked yet.", "faint")]])

    # What is asked for, aside.

    def _ask(self, what: str, work: Callable[[], Any]) -> None:
        if what in self._asked:
            return
        self._asked.add(what)

        def asking() -> Message:
            try:
                return Answer(what, work())
            except WebduhError as error:
                return Answer(what, error=error)

        self._aside.start(f"{what} of {self.target}", asking)

    def on_answer(self, message: Answer) -> None:
        """Show it, or go on with it."""
        self._asked.discard(message.what)
        if message.what == "checks":
            self._ticking.pause()
            self.facts = message.value if message.error is None else self.facts
            self._show_checks()
            if message.error is not None:
                titled(self.query_one("#checks"), "Checks", f"! {message.error.what}")
        elif message.what == "containers":
            self._take_containers(message)
        elif message.error is not None:
            self.console.show_error(message.error)
        elif message.what == "set-up":
            serving.confirm_set_up(self.console, self.target, *message.value)
        elif message.what == "prune":
            serving.confirm_prune(self.console, self.target, message.value, self._prune)
        elif message.what == "pruned":
            self.notify(serving.freed(self.target, message.value), markup=False)
            self.console.update_board()

    def on_broke(self, message: Message) -> None:
        """A question broke: nothing waits for its answer. The app names the defect."""
        self._asked.clear()

    def _take_containers(self, message: Answer) -> None:
        if message.error is not None:
            titled(self.running, "Containers", f"! {message.error.what}")
            return
        found = [(one, key_of(one.app)) for one in message.value]
        self.apps = {one.name: key for one, key in found if key is not None}
        self._say_of_running("Nothing runs here.")
        self.running.put(container_row(one) for one, _ in found)
        others = len(found) - len(self.apps)
        note = f"{counted(len(self.apps), 'of an app', 'of apps')} · {counted(others, 'other')}"
        titled(self.running, "Containers", note if found else "")
        self.refresh_bindings()

    # What is selected, and what is done with it.

    def can(self, action: Action) -> bool:
        """Servers only have a shell, a set-up and something to prune."""
        return self.is_server if action.needs == "server" else True

    def look_for(self, needle: str) -> None:
        """Filter what runs there."""
        self.running.look_for(needle)

    def needle(self) -> str:
        """The filter of what runs there."""
        return self.running.needle

    @on(Table.Chosen, "#containers")
    def _open_app(self) -> None:
        key = self.apps.get(self.running.key or "")
        if key is None:
            self.notify("This container belongs to no app.", markup=False)
        elif key in self.console.board.rows:
            self.console.open_app(key)
        else:
            self.notify(f"Nothing is known of {key} yet.", markup=False)

    def action_check(self) -> None:
        """Ask for every fact it needs."""
        self._ask("checks", serving.checks(self.console, self.target))
        self._ticking.resume()
        self._show_checks()

    def action_update(self) -> None:
        """Ask everything again."""
        self.console.update_board()
        self.action_check()

    def action_server_shell(self) -> None:
        """A shell on the server."""
        serving.server_shell(self.console, self.target)

    def action_set_up(self) -> None:
        """Work out what makes it ready, show that, and do it when it is agreed."""
        self.notify(f"Asking {self.target} what there is to do …", markup=False, timeout=2)
        self._ask("set-up", serving.setup_plan(self.console, self.target))

    def action_prune(self) -> None:
        """Find what no release names, show it, and remove it when that is agreed."""
        self.notify(f"Asking {self.target} what nobody needs …", markup=False, timeout=2)
        self._ask("prune", serving.prunable(self.console, self.target))

    def _prune(self) -> None:
        self.notify(f"Pruning {self.target} …", markup=False, timeout=2)
        self._ask("pruned", serving.pruned(self.console, self.target))
