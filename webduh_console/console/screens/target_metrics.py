"""The figures of a server over time, or of each of several."""

from collections.abc import Mapping, Sequence

from textual import on
from textual.message import Message
from textual.widget import Widget

from webduh_console.console.charts.samples import Line
from webduh_console.console.figures import server_lines
from webduh_console.console.screens.base import ConsoleScreen
from webduh_console.console.screens.metrics import SERVER_FIGURES, MetricsPane
from webduh_console.console.widgets.chart import Chart
from webduh_console.console.widgets.table import titled
from webduh_console.errors import WebduhError


class Recalled(Message):
    """What is kept of a server's figures, by their names."""

    def __init__(self, figures: Mapping[str, Sequence[Line]]) -> None:
        super().__init__()
        self.figures = figures


class WithTargetMetrics(ConsoleScreen, inherit_bindings=False):
    """A screen of a target whose figures are kept."""

    target: str
    tab: str

    def servers(self) -> Sequence[str]:
        """The servers whose figures are shown."""
        raise NotImplementedError

    def metrics(self) -> Widget:
        """The pane."""
        pane = MetricsPane("metrics", SERVER_FIGURES, self.console.zone)
        pane.add_class("tab")
        return pane

    def recall_metrics(self) -> None:
        """Read what is kept of the part of time that is shown."""
        context, servers, now = self.console.context, self.servers(), self.console.clock().timestamp()
        window = self.query_one(MetricsPane).window

        def read() -> None:
            try:
                self.post_message(Recalled(server_lines(context.state.figures, servers, window, now)))
            except WebduhError as error:
                self.app.call_from_thread(self.notify, error.what, severity="warning", markup=False)

        self.run_worker(read, thread=True, exclusive=True, group="metrics", exit_on_error=False)

    def on_recalled(self, message: Recalled) -> None:
        """Show it, with the most that there is of each."""
        heard = [self.console.board.targets.get(name) for name in self.servers()]
        vitals = [one.vitals for one in heard if one is not None and one.vitals is not None]
        most = {}
        if len(vitals) == 1:
            most = {"memory": float(vitals[0].memory.total), "disk": float(vitals[0].disk.total)}
        self.query_one(MetricsPane).put(message.figures, self.console.clock(), (), most)
        self._metrics_titled()

    @on(MetricsPane.Wanted)
    def _metrics_wanted(self) -> None:
        self.recall_metrics()

    @on(MetricsPane.Looked)
    def _metrics_titled(self) -> None:
        """Where and when is said above the first."""
        pane, chart = self.query_one(MetricsPane), self.query_one("#metrics-load", Chart)
        titled(chart, SERVER_FIGURES[0][1], f"{chart.note()}  {pane.words()}".strip())
