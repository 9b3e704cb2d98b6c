"""The first screen: every app in every environment, the targets, what happens now and what changed last."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.binding import BindingType
from textual.containers import Container
from textual.widget import Widget

from webduh_console.console import many, planning, running
from webduh_console.console.actions import Action, bindings
from webduh_console.console.alerting import all_alerts
from webduh_console.console.board import Board
from webduh_console.console.cells import (
    APP_COLUMNS,
    DEPLOYMENT_COLUMNS,
    app_row,
    deployment_row,
    key_text,
    live_row,
)
from webduh_console.console.deployments import Live
from webduh_console.console.facts import detail_lines
from webduh_console.console.guide import FIRST_STEPS
from webduh_console.console.ink import width_of
from webduh_console.console.places import HOME, Place
from webduh_console.console.screens.base import ConsoleScreen
from webduh_console.console.target_cells import TARGET_COLUMNS, chosen_lines, target_row
from webduh_console.console.widgets.bars import ActionBar
from webduh_console.console.widgets.lines import Flowing, Lines
from webduh_console.console.widgets.table import Table, TableRow, titled
from webduh_console.console.words import Piece, counted
from webduh_console.model.names import AppKey

if TYPE_CHECKING:
    from webduh_console.commands.api import Row


class FirstSteps(Lines, inherit_bindings=False):
    """What an empty console teaches."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("empty", "lines")

    @property
    def home(self) -> "HomeScreen":
        """The screen it stands in."""
        assert isinstance(self.screen, HomeScreen)
        return self.screen

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """As the screen says."""
        return self.home.check_action(action, parameters)

    def on_resize(self) -> None:
        """They stand in the middle."""
        wide = max(width_of(line) for line in FIRST_STEPS)
        left, top = max(0, (self.size.width - wide) // 2 - 2), max(0, (self.size.height - len(FIRST_STEPS)) // 3)
        self.put([*[[]] * top, *([(" " * left, "text"), *line] for line in FIRST_STEPS)])

    def action_try_demo(self) -> None:
        """Deploy the demo app."""
        self.home.console.run_line("demo")

    def action_new_app(self) -> None:
        """Deploy a folder."""
        self.home.action_deploy_folder()

    async def action_add_server(self) -> None:
        """Begin the command that adds a server."""
        await self.home.open_bar("command", "target add ")

    def action_read_guide(self) -> None:
        """Read how to begin."""
        from webduh_console.console.guide import GUIDE
        from webduh_console.console.screens.result import TextScreen

        self.app.push_screen(TextScreen("Guide", GUIDE))


class HomeScreen(ConsoleScreen, inherit_bindings=False):
    """All apps."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("screen", "home")
    AUTO_FOCUS = None

    @property
    def place(self) -> Place:
        """The first of all places."""
        return HOME

    @property
    def chosen_place(self) -> Place | None:
        """The app or the target under the cursor."""
        if self.targets.has_focus and self.targets.key is not None:
            return Place("target", name=self.targets.key)
        key = self.selected()
        return Place("app", key) if key is not None else None

    def crumb(self) -> Piece:
        """apps"""
        return ("apps", "text")

    def body(self) -> Iterable[Widget]:
        """Apps above; deployments and targets below."""
        apps = Table(APP_COLUMNS, [[("Nothing is deployed yet.", "faint")]], id="apps")
        recent = Table(DEPLOYMENT_COLUMNS, [[("Nothing was deployed from here yet.", "faint")]], id="recent")
        targets, selected = Table(TARGET_COLUMNS, id="targets"), Flowing(id="selected")
        selected.can_focus = False
        panes = ((apps, "Apps"), (recent, "Now and last"), (targets, "Targets"), (selected, "Selected"))
        for pane, title in panes:
            pane.add_class("pane")
            titled(pane, title)
        apps.put(self._app_rows())
        recent.put(self._deployment_rows())
        targets.put(self._target_rows())
        yield apps
        yield Container(recent, Container(targets, selected, id="aside"), id="below")
        if self._nothing(self.console.board):
            yield FirstSteps(FIRST_STEPS, id="first-steps")

    @property
    def apps(self) -> Table:
        """The table of apps."""
        return self.query_one("#apps", Table)

    @property
    def recent(self) -> Table:
        """The table of deployments."""
        return self.query_one("#recent", Table)

    @property
    def targets(self) -> Table:
        """The table of targets."""
        return self.query_one("#targets", Table)

    def _nothing(self, board: Board) -> bool:
        """Whether there is nothing to show: no app, no deployment, no target but this machine."""
        nothing = not board.rows and not board.deployments and not self.console.deployments.all
        return nothing and len(board.targets) < 2

    def on_mount(self) -> None:
        """Show what is known, then whatever comes."""
        self.show_board(self.console.board)
        self.console.board_signal.subscribe(self, self.show_board)
        self.console.deployment_signal.subscribe(self, self.show_live)
        self._ticking = self.set_interval(0.1, self.show_running, pause=True)
        if not self.has_class("-empty"):
            self.apps.focus()
        if self.console.every > 0:
            self.set_interval(10.0, self.show_known)

    def show_known(self) -> None:
        """What is shown grows old without anything else happening."""
        self.show_board(self.console.board)

    def on_screen_resume(self) -> None:
        """Show what changed meanwhile."""
        self.show_board(self.console.board)

    def show_board(self, board: Board) -> None:
        """Show all that is known."""
        empty = self._nothing(board)
        if empty != self.has_class("-empty"):
            self._be_empty(empty)
        self.apps.put(self._app_rows())
        self.recent.put(self._deployment_rows())
        self.targets.put(self._target_rows())
        self._show_selected()
        self._words()
        self.refresh_line()
        self.refresh_bindings()

    def _be_empty(self, empty: bool) -> None:
        """Teach the first steps while there is nothing to show."""
        self.set_class(empty, "-empty")
        if not empty:
            self.apps.focus()
            return
        if not self.query(FirstSteps):
            self.mount(FirstSteps(FIRST_STEPS, id="first-steps"), before=self.query_one(ActionBar))
        self.query_one(FirstSteps).focus()

    def _show_selected(self) -> None:
        """More of the app or the target under the cursor, where there is room."""
        pane = self.query_one("#selected", Flowing)
        board, name = self.console.board, self.targets.key or ""
        if self.targets.has_focus and name in board.targets:
            titled(pane, name)
            now, alerts = self.console.clock(), self.alerts.get(name, ())
            heard, answered = board.targets[name], board.answered.get(name)
            pane.flow(lambda width: chosen_lines(heard, answered, now, width, alerts))
            return
        key = self.selected()
        row = self.console.board.rows.get(key) if key is not None else None
        titled(pane, str(key) if key is not None else "Selected")
        pane.flow(lambda width: self._details(row, width) if row is not None else [])

    def _details(self, row: "Row", width: int) -> list[list[Piece]]:
        """Everything of an app; its newest deployment that did not end well, unless one after it did."""
        board = self.console.board
        last = next((one for one in board.deployments if one.key == row.key and one.outcome != "running"), None)
        failed = last if last is not None and last.error else None
        return detail_lines(row, self.console.clock(), width, failed, board.loads.get(row.key, ()))

    def _app_rows(self) -> list[TableRow]:
        board, now = self.console.board, self.console.clock()
        running = {live.key: live for live in self.console.deployments.running()}
        fresh = board.fresh(now)
        return [app_row(row, running.get(key), board.loads.get(key, ()), now, fresh) for key, row in board.rows.items()]

    def _target_rows(self) -> list[TableRow]:
        board, now = self.console.board, self.console.clock()
        self.alerts = alerts = all_alerts(board, now)  # what is wrong is found out once for all that shows it
        return [target_row(heard, board.answered.get(name), now, alerts[name]) for name, heard in board.targets.items()]

    def _deployment_rows(self) -> list[TableRow]:
        board, now = self.console.board, self.console.clock()
        known = {deployment.id for deployment in board.deployments}
        lives = self.console.deployments.all
        rows = [live_row(live, now) for live in lives.values() if live.id not in known and not live.over][::-1]
        return rows + [deployment_row(one, lives.get(one.id), now) for one in board.deployments]

    def _words(self) -> None:
        apps = self.apps
        parts = [f"/{apps.needle}"] if apps.needle else []
        parts.append(f"{apps.count()} of {len(apps.all)}" if apps.needle else f"{len(apps.all)}")
        marked = len(self.marked())
        titled(apps, "Apps", " · ".join([*parts, *([f"{marked} marked"] if marked else [])]))
        silent = len(self.console.board.silent())
        alerts = sum(map(len, self.alerts.values()))
        words = [f"{silent} of {len(self.console.board.targets)} silent"] if silent else []
        titled(self.targets, "Targets", " · ".join([*words, *([counted(alerts, "alert")] if alerts else [])]))
        error = self.console.board.error
        if error is not None:
            titled(apps, "Apps", f"not updated: {error.what}")

    def show_live(self, live: Live) -> None:
        """A deployment moved."""
        if self.console.deployments.running():
            self._ticking.resume()
        else:
            self._ticking.pause()
        if self.is_current:
            self.show_board(self.console.board)

    def show_running(self) -> None:
        """The spinners and seconds of what runs."""
        if self.is_current:
            self.recent.put(self._deployment_rows())

    # What is selected.

    def selected(self) -> AppKey | None:
        """The app under the cursor; in the deployments, the one deployed; none in the targets."""
        if self.targets.has_focus:
            return None
        key = self.apps.key
        if self.recent.has_focus and self.recent.key is not None:
            identity = self.recent.key
            live = self.console.deployments.all.get(identity)
            found = next((one.key for one in self.console.board.deployments if one.id == identity), None)
            return live.key if live is not None else found
        return next((one for one in self.console.board.rows if key_text(one) == key), None)

    def marked(self) -> list[AppKey]:
        """The apps that are marked and shown, in the order of the table."""
        keys = [row.key for row in self.apps.rows if row.key in self.apps.marked]
        by_text = {key_text(key): key for key in self.console.board.rows}
        return [by_text[key] for key in keys if key in by_text]

    def action_back(self) -> None:
        """Mark none; else drop the filter."""
        if self.marked():
            self.apps.unmark()
            self._words()
        else:
            super().action_back()

    def can(self, action: Action) -> bool:
        """An app, or an address, must be selected."""
        key = self.selected()
        row = self.console.board.rows.get(key) if key is not None else None
        if action.name in ("sort", "sort_reverse", "filter", "update", "deployments", "targets", "deploy_folder"):
            return not self.has_class("-empty")
        if action.needs == "address":
            return row is not None and bool(row.actual.url)
        if action.name == "back":
            return bool(self.needle()) or bool(self.marked())
        if action.needs == "server":
            return self.targets.has_focus and self.targets.key in self._servers()
        if action.name == "mark_app":
            return self.apps.has_focus and row is not None
        return row is not None if action.needs == "app" else True

    def look_for(self, needle: str) -> None:
        """Filter the apps."""
        self.apps.look_for(needle)
        self._words()

    def needle(self) -> str:
        """The filter of the apps."""
        return self.apps.needle

    @on(Table.Moved)
    def _moved(self) -> None:
        self._show_selected()
        self.refresh_bindings()

    def on_descendant_focus(self) -> None:
        """Another pane has another selection."""
        if self.is_mounted and self.query("#selected"):
            self._show_selected()
            self.refresh_bindings()

    @on(Table.Chosen, "#targets")
    def _open_target(self) -> None:
        if self.targets.key is not None:
            self.console.open_target(self.targets.key)

    @on(Table.Chosen, "#apps")
    def _open_app(self) -> None:
        key = self.selected()
        if key is not None:
            self.console.open_app(key)

    @on(Table.Chosen, "#recent")
    def _open_deployment(self) -> None:
        if self.recent.key is not None:
            self.console.open_deployment(self.recent.key)

    # Actions.

    def action_deploy(self) -> None:
        """Plan a deployment of the selected app."""
        key = self.selected()
        if len(self.marked()) > 1:
            many.act(self.console, "deploy", self.marked(), self.apps.unmark)
        elif key is not None:
            planning.deploy(self.console, key)

    def action_mark_app(self) -> None:
        """Mark the app under the cursor, so that a key acts on all that are marked."""
        self.apps.mark()
        self._words()

    def action_deploy_folder(self) -> None:
        """Put a deployment together."""
        planning.wizard(self.console)

    def action_rollback(self) -> None:
        """Plan the way back to the release before."""
        key = self.selected()
        if len(self.marked()) > 1:
            many.act(self.console, "rollback", self.marked(), self.apps.unmark)
        elif key is not None:
            planning.rollback(self.console, key)

    def action_logs(self) -> None:
        """The selected app's logs."""
        key = self.selected()
        if key is not None:
            self.console.open_app(key, "logs")

    def action_open_address(self) -> None:
        """The selected app in the browser."""
        key = self.selected()
        if key is not None:
            planning.browse(self.console, self.console.board.rows[key].actual.url)

    def _servers(self) -> list[str]:
        return [name for name, heard in self.console.board.targets.items() if heard.row.kind != "local"]

    async def action_exec(self) -> None:
        """Ask for a command on the selected server."""
        await running.ask(self, [self.targets.key or "all"])

    def action_deployments(self) -> None:
        """To the deployments, or back to the apps."""
        (self.apps if self.recent.has_focus else self.recent).focus()

    def action_targets(self) -> None:
        """To the targets, or back to the apps."""
        (self.apps if self.targets.has_focus else self.targets).focus()

    def action_sort(self) -> None:
        """Sort by the next column."""
        self.apps.sort_next()

    def action_sort_reverse(self) -> None:
        """Turn the order round."""
        self.apps.turn()

    def action_update(self) -> None:
        """Ask the targets now."""
        self.console.update_board()
