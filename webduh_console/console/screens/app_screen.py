"""One app in one environment: how it is, its releases, deployments, logs and variables."""

import threading
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any, ClassVar

from textual import on
from textual.binding import BindingType
from textual.containers import Container
from textual.message import Message
from textual.widget import Widget

from webduh_console.console import planning, serving
from webduh_console.console.actions import Action, bindings
from webduh_console.console.board import Board
from webduh_console.console.cells import (
    INSTANCE_COLUMNS,
    OWN_DEPLOYMENT_COLUMNS,
    RELEASE_COLUMNS,
    deployment_row,
    instance_row,
    live_row,
    of_one_app,
    release_row,
)
from webduh_console.console.charts.window import Window
from webduh_console.console.deployments import Live
from webduh_console.console.facts import app_facts, compared, detail_lines, release_text
from webduh_console.console.figures import app_lines
from webduh_console.console.places import Place
from webduh_console.console.screens.app_tabs import TABS, TabActions
from webduh_console.console.screens.metrics import Charts, MetricsPane, WithMetrics
from webduh_console.console.screens.parts import PartsPane
from webduh_console.console.screens.variables import Changed, VariablesPane
from webduh_console.console.widgets.asking import Asking, Asks
from webduh_console.console.widgets.lines import Flowing, Lines
from webduh_console.console.widgets.live_log import LiveLog
from webduh_console.console.widgets.log_pane import LogPane
from webduh_console.console.widgets.table import Table, titled
from webduh_console.console.widgets.tabs import TabBar
from webduh_console.console.words import Piece
from webduh_console.errors import WebduhError
from webduh_console.model.names import AppKey
from webduh_console.model.observe import LogLine
from webduh_console.model.release import Deployment, Release

SPAN = 600.0


class Loaded(Message):
    """Something that was asked for in a worker is here; `error` says why not."""

    def __init__(self, what: str, value: Any = None, error: WebduhError | None = None) -> None:
        super().__init__()
        self.what, self.value, self.error = what, value, error


class AppScreen(TabActions, WithMetrics, inherit_bindings=False):
    """One app in one environment."""

    CSS_PATH = "app_screen.tcss"
    BINDINGS: ClassVar[list[BindingType]] = bindings("screen", "app")
    run_history: ClassVar[list[str]] = []

    def __init__(self, key: AppKey, tab: str = "overview") -> None:
        super().__init__(key, tab)
        self.releases: list[Release] = []
        self.wanted: tuple[int, ...] = ()
        self.deployments: list[Deployment] = []
        self.marked: int | None = None
        self._asked: set[str] = set()

    @property
    def place(self) -> Place:
        """The app, at this tab."""
        return Place("app", self.key, tab=self.tab)

    def crumb(self) -> Piece:
        """The app."""
        environment = "" if self.key.environment == "production" else f" ({self.key.environment})"
        return (f"{self.key.app}{environment}", "text")

    def body(self) -> Iterable[Widget]:
        """What it is, the tabs, and a pane a tab."""
        yield Lines(id="facts")
        yield TabBar(TABS, self.tab)
        instances = Table(INSTANCE_COLUMNS, [[("No instance runs.", "faint")]], id="instances")
        about = Flowing(id="about")
        about.can_focus = False
        for pane, title in ((instances, "Instances"), (about, "Release")):
            pane.add_class("pane")
            titled(pane, title)
        charts = Charts("charts", zone=self.console.zone)
        yield Container(charts, instances, about, id="overview", classes="tab")
        yield self._tab(Table(RELEASE_COLUMNS, [[("No release is kept.", "faint")]], id="releases"), "Releases")
        yield self._tab(
            Table(OWN_DEPLOYMENT_COLUMNS, [[("Never deployed from here.", "faint")]], id="deployments"), "Deployments"
        )
        metrics = MetricsPane("metrics", zone=self.console.zone)
        metrics.add_class("tab")
        yield metrics
        yield self._tab(LiveLog("logs", self.console.zone, "Nothing was written yet.", self.console.clock), "Logs")
        yield self._tab(VariablesPane(self.key, id="variables"), "Variables")
        yield self._tab(PartsPane(self.key, id="parts"), "Parts")

    def _tab(self, pane: Widget, title: str) -> Widget:
        pane.add_class("pane", "tab")
        titled(pane, title)
        return pane

    def table(self, name: str) -> Table:
        """The table of a tab."""
        return self.query_one(f"#{name}", Table)

    def on_mount(self) -> None:
        """Show what is known, then what comes."""
        self.query_one("#facts", Lines).can_focus = False
        self.console.board_signal.subscribe(self, self.show_board)
        self.console.deployment_signal.subscribe(self, self._live_moved)
        self._ticking = self.set_interval(0.1, self._tick, pause=True)
        self.show_board(self.console.board)
        self.show_tab(self.tab)
        if self.console.deployments.of(self.key) is not None:
            self._ticking.resume()

    # What is shown.

    def show_tab(self, name: str) -> None:
        """Show one tab, and ask for what it needs."""
        self.tab = name
        self.query_one(TabBar).shown = name
        for pane in self.query(".tab"):
            pane.set_class(pane.id == name or (name == "metrics" and pane.id == "logs"), "-shown")
        self.set_class(name == "metrics", "-metrics")
        inside = {"overview": "#instances", "metrics": "#metrics-cpu"}
        self.query_one(inside.get(name, f"#{name}")).focus()
        self._ask(name)
        self.refresh_bindings()

    def _ask(self, name: str) -> None:
        if name in ("releases", "variables", "deployments", "parts"):
            self.load(name)
        elif name == "logs":
            self.log_pane.begin(self._open_logs)
        elif name == "metrics":
            self.log_pane.begin(self._open_logs)
            self.load("metrics")
        elif name == "overview" and self.console.every > 0:
            self.load("figures")

    def show_board(self, board: Board) -> None:
        """Show how the app is."""
        self._facts()
        row = board.rows.get(self.key)
        now = self.console.clock()
        if row is not None:
            self.table("instances").put(instance_row(one, now) for one in row.actual.instances)
        if self.tab == "overview" and self.console.every > 0:
            self.load("figures")
        elif self.tab in ("deployments", "parts", "metrics"):
            self.load(self.tab)
        self.refresh_line()
        self.refresh_bindings()

    def _facts(self) -> None:
        row = self.console.board.rows.get(self.key)
        live = self.console.deployments.of(self.key)
        now, width = self.console.clock(), self.size.width - 1
        if row is not None:
            last = next((one for one in self.console.board.deployments if one.key == self.key), None)
            told = partial(detail_lines, row, now, failed=last, instances=False)
            self.query_one("#about", Flowing).flow(told)
        self.query_one("#facts", Lines).put(app_facts(self.key, row, live is not None, now, width))

    def _tick(self) -> None:
        self._facts()
        if self.tab == "deployments":
            self._show_deployments()

    def _live_moved(self, live: Live) -> None:
        if live.key != self.key:
            return
        if live.over:
            self._ticking.pause()
            if self.is_current:
                self._ask(self.tab)
        else:
            self._ticking.resume()

    # What is asked for, in workers.

    def load(self, what: str) -> None:
        if what not in self._asked:
            self._asked.add(what)
            self.run_worker(self._loading(what), thread=True, exclusive=True, group=f"load-{what}", exit_on_error=False)

    def _loading(self, what: str) -> Callable[[], None]:
        from webduh_console.commands import api

        context, key, now = self.console.context, self.key, self.console.clock().timestamp()
        window, each = self.query_one(MetricsPane).window, self.each
        asks: dict[str, Callable[[], Any]] = {
            "figures": lambda: app_lines(context, key, Window(SPAN), now, False),
            "metrics": lambda: app_lines(context, key, window, now, each),
            "releases": lambda: api.releases(context, key),
            "release": lambda: api.read_releases(context, key, self.wanted),
            "deployments": lambda: api.deployments(context, key, limit=200),
            "parts": lambda: (api.serving(context, key), api.schedules(context, key)),
            "variables": lambda: (api.serving(context, key), context.state.pending.list(key)),
        }

        def load() -> None:
            try:
                self.post_message(Loaded(what, asks[what]()))
            except WebduhError as error:
                self.post_message(Loaded(what, error=error))

        return load

    def on_loaded(self, message: Loaded) -> None:
        """Show it."""
        self._asked.discard(message.what)
        if message.error is not None:
            shown = {"figures": "instances", "metrics": "metrics-cpu", "release": "releases"}.get(
                message.what, message.what
            )
            pane = self.query_one(f"#{shown}")
            titled(pane, message.what.capitalize(), f"! {message.error.what}")
        elif message.what == "figures":
            self.show_figures(message.value)
        elif message.what == "metrics":
            self.show_metrics(message.value)
        elif message.what == "releases":
            self.releases = sorted(message.value, key=lambda release: -release.number)
            self._show_releases()
        elif message.what == "release":
            self._show_release(*message.value)
        elif message.what == "deployments":
            self.deployments = list(message.value)
            self._show_deployments()
        elif message.what == "parts":
            row = self.console.board.rows.get(self.key)
            (release, schedules), instances = message.value, row.actual.instances if row is not None else ()
            self.query_one(PartsPane).put_parts(release, instances, schedules, self.console.clock(), self.console.zone)
        elif message.what == "variables":
            self.query_one(VariablesPane).put_variables(*message.value)
        self.refresh_bindings()

    def _serving(self) -> int | None:
        row = self.console.board.rows.get(self.key)
        return row.actual.release.number if row is not None and row.actual.release is not None else None

    def _show_releases(self) -> None:
        now = self.console.clock()
        self.table("releases").put(release_row(one, self._serving(), self.marked, now) for one in self.releases)
        titled(self.query_one("#releases"), "Releases", f"{len(self.releases)} kept")

    def _show_deployments(self) -> None:
        now = self.console.clock()
        lives = self.console.deployments.all
        known = {one.id for one in self.deployments}
        own = [live for live in lives.values() if live.key == self.key and live.id not in known and not live.over]
        rows = [live_row(live, now) for live in own[::-1]]
        rows += [deployment_row(one, lives.get(one.id), now) for one in self.deployments]
        self.table("deployments").put(map(of_one_app, rows))
        titled(self.query_one("#deployments"), "Deployments", f"{len(rows)}")

    # Logs.

    def _open_logs(self, stop: threading.Event) -> Iterator[LogLine]:
        from webduh_console.commands import api

        return api.logs(self.console.context, self.key, tail=1000, follow=self.console.every > 0, stop=stop)

    # What is selected, and what is done with it.

    def can(self, action: Action) -> bool:
        """An address must be there to be opened, a release to be compared."""
        row = self.console.board.rows.get(self.key)
        if action.name == "filter":
            return self.tab not in ("overview", "metrics")
        if action.name == "by_instance":
            return self.tab == "metrics"
        if action.needs == "address":
            return row is not None and bool(row.actual.url)
        if action.needs == "shell":
            return serving.has_shell(self.console, self.key)
        if action.needs == "release":
            return self.tab == "releases" and len(self.releases) > 1
        return True

    def _release(self) -> Release | None:
        key = self.table("releases").key
        return next((one for one in self.releases if str(one.number) == key), None)

    def look_for(self, needle: str) -> None:
        """Filter the shown tab."""
        pane = self.query_one(f"#{self.tab}")
        if isinstance(pane, Table | LogPane):
            pane.look_for(needle)

    def needle(self) -> str:
        """The filter of the shown tab."""
        pane = self.query_one(f"#{self.tab}")
        return pane.needle if isinstance(pane, Table | LogPane) else ""

    @on(Table.Chosen, "#releases")
    def _open_release(self) -> None:
        release = self._release()
        if release is not None:
            self._read(release.number)

    def _read(self, *numbers: int) -> None:
        """Have one release shown whole, or two compared: with their variables, which a list does not have."""
        self.wanted = numbers
        self.load("release")

    def _show_release(self, release: Release, newer: Release | None = None) -> None:
        from webduh_console.console.screens.result import TextScreen, difference_lines

        zone, title = self.console.zone, f"release v{release.number}"
        if newer is None:
            self.app.push_screen(TextScreen(title, release_text(release, zone)))
            return
        texts, titles = compared(release, newer, zone)
        self.app.push_screen(TextScreen(f"v{release.number} to v{newer.number}", difference_lines(*texts, titles)))

    @on(Changed)
    def _variables_changed(self, message: Changed) -> None:
        if message.error is not None:
            self.console.show_error(message.error)
        self.load("variables")
        self.console.update_board()

    @on(Table.Chosen, "#instances")
    def _open_instance(self) -> None:
        self.show_tab("logs")

    @on(Table.Chosen, "#deployments")
    def _open_deployment(self) -> None:
        identity = self.table("deployments").key
        if identity is not None:
            self.console.open_deployment(identity)

    @on(TabBar.Clicked)
    def _tab_clicked(self, message: TabBar.Clicked) -> None:
        self.show_tab(message.name)

    def action_deploy(self) -> None:
        """Plan a deployment."""
        planning.deploy(self.console, self.key)

    def action_rollback(self) -> None:
        """Plan the way back: in the releases to the one under the cursor, else to the one before."""
        release = self._release() if self.tab == "releases" else None
        chosen = release.number if release is not None and release.number != self._serving() else None
        planning.rollback(self.console, self.key, chosen)

    def action_open_address(self) -> None:
        """In the browser."""
        planning.browse(self.console, self.console.board.rows[self.key].actual.url)

    def action_shell(self) -> None:
        """A shell in the instance under the cursor, or in one that gets requests."""
        serving.app_shell(self.console, self.key, self.table("instances").key if self.tab == "overview" else None)

    def action_run_command(self) -> None:
        """A command, once, in the release that serves."""
        hint = "runs once in the serving release, with its variables and volumes: python manage.py createsuperuser"
        run = partial(serving.one_off, self.console, self.key)
        self.post_message(Asks(Asking("!", hint, run, history=self.run_history)))

    def action_update(self) -> None:
        """Ask again."""
        self.console.update_board()
        self._ask(self.tab)

    def action_mark_release(self) -> None:
        """Mark the one under the cursor, or no longer."""
        release = self._release()
        number = release.number if release is not None else None
        self.marked = None if number == self.marked else number
        self._show_releases()

    def action_difference(self) -> None:
        """The release under the cursor against the marked one, or the one before it; the older one first."""
        release = self._release()
        others = [one for one in self.releases if release is not None and one.number != release.number]
        other = next((one for one in others if one.number == self.marked), None)
        other = other or next((one for one in others if release is not None and one.number < release.number), None)
        if release is None or other is None:
            self.notify("No older release is kept.", markup=False)
            return
        self._read(*sorted((other.number, release.number)))
