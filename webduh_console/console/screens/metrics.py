"""Figures as charts: small ones in its overview, and a pane of them with one window and one cursor."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, tzinfo

from textual import on
from textual.app import ComposeResult
from textual.containers import Container
from textual.message import Message

from webduh_console.console.charts.samples import Line
from webduh_console.console.charts.scales import nice_bytes, nice_top
from webduh_console.console.charts.window import RANGES, Window
from webduh_console.console.figures import deployment_marks, limits, span_of
from webduh_console.console.logs.times import time_words
from webduh_console.console.screens.base import ConsoleScreen
from webduh_console.console.widgets.chart import Chart, Mark
from webduh_console.console.widgets.live_log import LiveLog
from webduh_console.console.widgets.log_pane import LogPane
from webduh_console.console.widgets.table import titled
from webduh_console.console.words import cores, size
from webduh_console.model.names import AppKey

Figure = tuple[str, str, Callable[[float], str], Callable[[float], float], str]
"""The name of a figure, its title, the words for a value, where the axis ends for the greatest, and its colour."""

APP_FIGURES: tuple[Figure, ...] = (
    ("cpu", "CPU cores", cores, lambda top: nice_top(top, 0.1), "busy"),
    ("memory", "Memory", size, lambda top: nice_bytes(top, 2**24), "accent"),
    ("requests", "Requests a second", lambda value: f"{value:.3g}", lambda top: nice_top(top, 1.0), "good"),
)

SERVER_FIGURES: tuple[Figure, ...] = (
    ("load", "Load average", cores, lambda top: nice_top(top, 1.0), "busy"),
    ("memory", "Memory used", size, lambda top: nice_bytes(top, 2**28), "accent"),
    ("disk", "Disk used", size, lambda top: nice_bytes(top, 2**30), "good"),
)


class Charts(Container):
    """A chart of each figure; `focus` for those that take keys."""

    def __init__(
        self, id: str, of: Sequence[Figure] = APP_FIGURES, focus: bool = False, zone: tzinfo | None = None
    ) -> None:
        super().__init__(id=id)
        self.of, self._focus, self.zone = of, focus, zone
        self.window = Window(RANGES[0][0])
        self.now = 0.0
        self.figures: Mapping[str, Sequence[Line]] = {}
        self.marks: Sequence[Mark] = ()
        self.limits: Mapping[str, float] = {}

    def compose(self) -> ComposeResult:
        """A chart a figure."""
        for name, title, words, top, role in self.of:
            chart = Chart(words, top, role, f"{self.id}-{name}", self._focus)
            chart.zone = self.zone
            chart.add_class("pane", name)
            titled(chart, title)
            yield chart

    def put(
        self,
        figures: Mapping[str, Sequence[Line]],
        now: datetime,
        marks: Sequence[Mark] = (),
        limits: Mapping[str, float] | None = None,
    ) -> None:
        """Show these lines by the name of their figure."""
        self.figures, self.now, self.marks, self.limits = figures, now.timestamp(), marks, limits or {}
        self.show()

    def show(self) -> None:
        """Show all charts in the same window."""
        for name, title, *_ in self.of:
            chart = self.query_one(f"#{self.id}-{name}", Chart)
            chart.put(self.figures.get(name, ()), self.window, self.now, self.marks, self.limits.get(name))
            titled(chart, title, chart.note())


class MetricsPane(Charts):
    """The charts that take keys: they share their window, and their cursor with whoever hears `Looked`."""

    class Looked(Message):
        """A time is looked at; None: no longer."""

        def __init__(self, at: float | None) -> None:
            super().__init__()
            self.at = at

    class Wanted(Message):
        """Another part of time is shown: its samples are wanted."""

    def __init__(self, id: str, of: Sequence[Figure] = APP_FIGURES, zone: tzinfo | None = None) -> None:
        super().__init__(id, of, True, zone)

    def on_chart_moved(self, message: Chart.Moved) -> None:
        """All charts move together."""
        message.stop()
        before, self.window = self.window, message.window
        self.show()
        if before.cursor != self.window.cursor:
            self.post_message(self.Looked(self.window.cursor))
        if before[:2] != self.window[:2]:
            self.post_message(self.Wanted())

    def look_at(self, at: float) -> None:
        """Move the cursor to a time, if it is in view."""
        start, end = self.window.bounds(self.now)
        if start <= at <= end and self.figures:
            self.window = self.window._replace(cursor=at)
            self.show()

    def words(self) -> str:
        """What the pane shows: the window, the time under the cursor, and what happened there."""
        words = [self.window.words()]
        if self.window.cursor is not None:
            at = self.window.cursor
            words.append(time_words(at, "local", self.zone, self.now, self.window.span > 43_200).partition(".")[0])
            near = [mark for mark in self.marks if abs(mark.at - at) <= self.window.span / 100]
            words += [mark.words for mark in near[:1]]
        return " · ".join(words)


class WithMetrics(ConsoleScreen, inherit_bindings=False):
    """A screen of an app with figures, and with a log that shares their cursor."""

    def __init__(self, key: AppKey, tab: str) -> None:
        super().__init__()
        self.key, self.tab = key, tab
        self.each = False

    def load(self, what: str) -> None:
        """Ask for what a tab needs, in a worker."""
        raise NotImplementedError

    def show_tab(self, name: str) -> None:
        """Show one tab, and ask for what it needs."""
        raise NotImplementedError

    @property
    def log_pane(self) -> LiveLog:
        """The logs."""
        return self.query_one(LiveLog)

    def show_figures(self, figures: Mapping[str, Sequence[Line]]) -> None:
        """Show the figures of the overview."""
        charts, now = self.query_one("#charts", Charts), self.console.clock()
        charts.window = Window(span_of((line for lines in figures.values() for line in lines), now))
        charts.put(figures, now, self._marks())

    def show_metrics(self, figures: Mapping[str, Sequence[Line]]) -> None:
        """Show the figures of the metrics' tab."""
        row = self.console.board.rows.get(self.key)
        most = limits(row.actual, self.each) if row is not None else {}
        self.query_one(MetricsPane).put(figures, self.console.clock(), self._marks(), most)
        self._logs_titled()

    def _marks(self) -> list[Mark]:
        return deployment_marks(one for one in self.console.board.deployments if one.key == self.key)

    @on(LogPane.Changed)
    def _logs_titled(self) -> None:
        words = self.log_pane.state_words()
        if self.tab == "metrics":
            words = f"{self.query_one(MetricsPane).words()} · {words}"
        titled(self.log_pane, "Logs", words)

    @on(LogPane.AtTime)
    def _log_at_time(self, message: LogPane.AtTime) -> None:
        if self.tab == "metrics" and self.log_pane.has_focus:
            self.query_one(MetricsPane).look_at(message.at)
            self._logs_titled()

    @on(MetricsPane.Looked)
    def _looked(self, message: MetricsPane.Looked) -> None:
        if message.at is None:
            self.log_pane.action_last()
        else:
            self.log_pane.move_to_time(message.at)
        self._logs_titled()

    @on(MetricsPane.Wanted)
    def _metrics_wanted(self) -> None:
        self.load("metrics")
        self._logs_titled()

    def action_by_instance(self) -> None:
        """Each instance for itself, or all together."""
        self.each = not self.each
        self.show_tab("metrics")
