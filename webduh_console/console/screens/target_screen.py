"""One target: its figures, what runs on it, what it needs, and what can be done with it."""

import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any, ClassVar

from textual import on
from textual.binding import BindingType
from textual.containers import Container
from textual.message import Message
from textual.widget import Widget

from webduh_console.console import running, serving
from webduh_console.console.actions import Action, bindings
from webduh_console.console.alerting import alert_piece, target_alerts
from webduh_console.console.board import Board
from webduh_console.console.cells import INSTANCE_COLUMNS, instance_row
from webduh_console.console.places import Place
from webduh_console.console.room_cells import ROOMS, columns_of
from webduh_console.console.screens.rooms import RoomPane, pane_of
from webduh_console.console.screens.target_metrics import WithTargetMetrics
from webduh_console.console.screens.target_tabs import KEYS, TargetTabActions, tabs_of
from webduh_console.console.target_cells import key_of, needed_lines, needed_words, target_facts
from webduh_console.console.watching import SILENT_PAUSE, Aside, Checked
from webduh_console.console.widgets.lines import Flowing, Lines
from webduh_console.console.widgets.table import Table, titled
from webduh_console.console.widgets.tabs import TabBar
from webduh_console.console.words import Piece
from webduh_console.errors import WebduhError
from webduh_console.model.inventory import KINDS, ContainerRow, Kind
from webduh_console.model.names import AppKey
from webduh_console.model.observe import Fact
from webduh_console.state.targets import TargetEntry

_BEAT = 0.5
"""Seconds between two looks at what is due to be asked."""


class Answer(Message):
    """What a target answered to a question, which took so many seconds; `error` says why it did not."""

    def __init__(self, what: str, value: Any = None, error: WebduhError | None = None, took: float = 0.0) -> None:
        super().__init__()
        self.what, self.value, self.error, self.took = what, value, error, took


class TargetScreen(TargetTabActions, WithTargetMetrics, inherit_bindings=False):
    """One target. It is asked in threads of its own; leaving the screen waits for none of them."""

    CSS_PATH = "target_screen.tcss"
    BINDINGS: ClassVar[list[BindingType]] = bindings("screen", "target")

    def __init__(self, name: str, tab: str = "overview") -> None:
        super().__init__()
        self.target, self.tab = name, tab
        self.facts: list[Fact] | None = None
        self.apps: dict[str, AppKey] = {}
        self.entry: TargetEntry | None = None
        self._asked: set[str] = set()
        self._due: dict[str, float] = {}
        self._aside = Aside(self.post_message)

    @property
    def place(self) -> Place:
        """The target, at this tab."""
        return Place("target", name=self.target, tab=self.tab)

    def crumb(self) -> Piece:
        """The target."""
        return (self.target, "text")

    @property
    def is_server(self) -> bool:
        """Whether it is a machine of its own."""
        return self.entry is not None and not self.entry.servers

    @property
    def several(self) -> bool:
        """Whether it is more than one server: then rows say whose they are."""
        return self.entry is not None and bool(self.entry.servers)

    def body(self) -> Iterable[Widget]:
        """How it is, the tabs, and a pane a tab; the first has what runs there and what it needs."""
        self.entry = self.console.context.state.targets.get(self.target)
        self.tabs = tabs_of(self.entry.kind if self.entry is not None else "local")
        self.tab = self.tab if self.tab in self.tabs else "overview"
        facts = Lines(id="facts")
        facts.can_focus = False
        columns = columns_of("containers", False) if self.is_server else INSTANCE_COLUMNS
        running, needed, checks = Table(columns, id="running"), Flowing(id="needed"), Flowing(id="checks")
        for pane, words in ((running, self._title), (needed, "Checks"), (checks, "Checks")):
            pane.add_class("pane")
            titled(pane, words)
        checks.add_class("tab")
        yield facts
        yield TabBar(self.tabs, self.tab, KEYS)
        yield Container(running, needed, id="overview", classes="tab")
        for kind in self._kinds:
            room = pane_of(kind, self.several)
            room.add_class("pane", "tab")
            titled(room, kind.capitalize())
            yield room
        yield checks
        if "metrics" in self.tabs:
            yield self.metrics()

    def servers(self) -> Sequence[str]:
        """This one, or those that it is made of."""
        return self.entry.servers if self.entry is not None and self.entry.servers else (self.target,)

    @property
    def _title(self) -> str:
        return "Containers" if self.is_server else "Instances"

    @property
    def _kinds(self) -> Sequence[Kind]:
        return [kind for kind in KINDS if kind in self.tabs]

    @property
    def running(self) -> Table:
        """The table of what runs there."""
        return self.query_one("#running", Table)

    def room(self, kind: str) -> RoomPane:
        """The pane of a kind."""
        return self.query_one(f"#{kind}", RoomPane)

    def on_mount(self) -> None:
        """Show what is known, and ask."""
        self.console.board_signal.subscribe(self, self.show_board)
        self._ticking = self.set_interval(0.1, self._show_checks, pause=True)
        self._say_of_running("Not asked yet.")
        self.show_board(self.console.board)
        self._show_checks()
        self.show_tab(self.tab)
        if self.console.every > 0:
            self.set_interval(_BEAT, self._ask_again)
            self.action_check()

    def on_unmount(self) -> None:
        """Nobody listens any more."""
        self._aside.stop()

    def on_resize(self) -> None:
        """Another width wraps otherwise."""
        if self.query("#needed"):
            self.show_board(self.console.board)
            self._show_checks()

    # What is shown.

    def show_tab(self, name: str) -> None:
        """Show one tab, and ask for what it shows."""
        self.tab = name
        self.query_one(TabBar).shown = name
        for pane in self.query(".tab"):
            pane.set_class(pane.id == name, "-shown")
        self.query_one({"overview": "#running", "metrics": "#metrics-load"}.get(name, f"#{name}")).focus()
        if name == "metrics":
            self.recall_metrics()
        if name == "overview" and self.is_server:
            self._show_containers()
        self.call_after_refresh(self._show_checks)  # which wrap to the width they have once they are shown
        if self.console.every > 0:
            self._ask_again()
        self.refresh_bindings()

    def _ask_again(self) -> None:
        """Ask for what is shown when it is time to."""
        kind = "containers" if self.tab == "overview" and self.is_server else self.tab
        if self.is_current and kind in self._kinds and time.monotonic() >= self._due.get(kind, 0.0):
            self._ask_room(kind)

    def _ask_room(self, kind: str) -> None:
        chosen: Kind = next(each for each in KINDS if each == kind)
        room = self.room(kind)
        if room.found is None and not room.error:
            room.say(f"Asking {self.target} …")
        self._ask(kind, serving.room(self.console, self.target, chosen, room.found, self.several))

    def show_board(self, board: Board) -> None:
        """Show how it is now, and ask what runs there."""
        heard = board.targets.get(self.target)
        if heard is None:
            self.query_one("#facts", Lines).put([[(" It is no target any more.", "warn")]])
            return
        now, width = self.console.clock(), self.size.width - 1
        loads = board.loads.get(self.target, ())
        address = self.entry.address if self.entry is not None else ""
        lines = target_facts(heard, board.answered.get(self.target), list(loads), address, now, width)
        if alerts := target_alerts(board, self.target, now):
            lines.append([(" ", "text"), alert_piece(alerts, self.target)])
        self.query_one("#facts", Lines).put(lines)
        if self.target in board.checks:
            self.facts = list(board.checks[self.target][0])
        self._show_checks()
        silent = self.target in board.silent()
        unready = heard.row.state == "unready"
        if not self.is_server:
            self._show_instances(board)
        elif silent:
            when = "is shown once it is ready" if unready else "is not known while it does not answer"
            self._say_of_running(f"What runs here {when}.")
        self.query_one("#facts", Lines).refresh(layout=True)
        if self.tab == "metrics":
            self.recall_metrics()
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
        pane = self.query_one("#checks" if self.tab == "checks" else "#needed", Flowing)
        board, now = self.console.board, self.console.clock()
        shown = self.tab != "checks" and self.target in board.targets
        alerts = target_alerts(board, self.target, now, checks=False) if shown else []
        asking = "checks" in self._asked
        target, facts = self.target, self.facts
        pane.flow(lambda width: needed_lines(target, alerts, facts, asking, now, width))
        if words := needed_words(alerts, facts, asking, now):
            titled(pane, "Checks", words)

    # What is asked for, aside.

    def _ask(self, what: str, work: Callable[[], Any]) -> None:
        if what in self._asked:
            return
        self._asked.add(what)

        def asking() -> Message:
            began = time.monotonic()
            try:
                return Answer(what, work(), took=time.monotonic() - began)
            except WebduhError as error:
                return Answer(what, error=error)

        self._aside.start(f"{what} of {self.target}", asking)

    def on_answer(self, message: Answer) -> None:
        """Show it, or go on with it."""
        self._asked.discard(message.what)
        if message.what == "checks":
            self._ticking.pause()
            if message.error is None:
                self.facts = message.value
                self.app.post_message(Checked(self.target, message.value))
            self._show_checks()
            if message.error is not None:
                titled(self.query_one("#needed"), "Checks", f"! {message.error.what}")
        elif message.what in self._kinds:
            self._take_room(message)
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

    def _take_room(self, message: Answer) -> None:
        room, now = self.room(message.what), self.console.clock()
        every = SILENT_PAUSE
        if message.error is not None:
            room.fail(message.error, now)
        else:
            room.fill(message.value, now)
            kind = ROOMS[room.kind]
            every = max(kind.every, kind.rest * message.took)
        self._due[message.what] = time.monotonic() + every
        if message.what == "containers" and self.tab == "overview":
            self._show_containers()
        self.refresh_bindings()

    def _show_containers(self) -> None:
        """In the overview, too."""
        room = self.room("containers")
        if room.found is not None:
            self._say_of_running("Nothing runs here.")
            self.running.put(room.all, room.widths)
        note = f"! {room.error}" if room.error else room.note if room.all else ""
        titled(self.running, "Containers", note)

    # What is selected, and what is done with it.

    def can(self, action: Action) -> bool:
        """Servers only have a shell, a set-up and something to prune; a tab must be there to be shown."""
        if action.name == "exec":
            return self.entry is not None
        if action.name.startswith("show_"):
            return action.name.removeprefix("show_").replace("history", "metrics") in self.tabs
        if action.name == "filter":
            return self.tab not in ("checks", "metrics")
        return self.is_server if action.needs == "server" else True

    def _filtered(self) -> Table | None:
        if self.tab == "overview":
            return self.running
        return self.room(self.tab) if self.tab in self._kinds else None

    def look_for(self, needle: str) -> None:
        """Filter what the tab shows."""
        if (table := self._filtered()) is not None:
            table.look_for(needle)

    def needle(self) -> str:
        """The filter of what the tab shows."""
        table = self._filtered()
        return table.needle if table is not None else ""

    @on(TabBar.Clicked)
    def _tab_clicked(self, message: TabBar.Clicked) -> None:
        self.show_tab(message.name)

    @on(Table.Moved)
    def _moved(self) -> None:
        self.refresh_bindings()

    @on(Table.Chosen)
    def _opened(self, message: Table.Chosen) -> None:
        if message.control is self.running:
            self._open_app(self._app_of(self.running.key or ""), "overview")
        elif isinstance(message.control, RoomPane):
            room = message.control
            if room.kind == "containers" and room.app_key is not None:
                self._open_app(room.app_key, "logs")
            elif room.text():
                from webduh_console.console.screens.result import TextScreen

                self.app.push_screen(TextScreen(f"{room.kind} of {self.target}", room.text()))

    def _app_of(self, row: str) -> AppKey | None:
        """The app of what runs there, by its row's key."""
        if not self.is_server:
            return self.apps.get(row)
        found = self.room("containers").by_key.get(row)
        return key_of(found.app) if isinstance(found, ContainerRow) else None

    def _open_app(self, key: AppKey | None, tab: str) -> None:
        if key is None:
            self.notify("This container belongs to no app.", markup=False)
        elif key in self.console.board.rows:
            self.console.open_app(key, tab)
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
        self._due.clear()
        shown = "containers" if self.tab == "overview" and self.is_server else self.tab
        if shown in self._kinds:
            self._ask_room(shown)
        if self.tab in ("overview", "checks"):
            self.action_check()

    async def action_exec(self) -> None:
        """Ask for a command on its servers."""
        await running.ask(self, [self.target])

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
