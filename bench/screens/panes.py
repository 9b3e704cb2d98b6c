"""Live panes, half of them logs that are written to and half charts that move, below a table: `panes.py COUNT`."""

import math
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime

from textual.app import App, ComposeResult
from textual.containers import Grid

from webduh_console.console import collector
from webduh_console.console.cells import VARIABLE_COLUMNS
from webduh_console.console.charts.samples import Line, Sample
from webduh_console.console.charts.scales import nice_top
from webduh_console.console.charts.window import Window
from webduh_console.console.themes import ROLES, chosen, textual_theme, theme_files
from webduh_console.console.widgets.chart import Chart
from webduh_console.console.widgets.live_log import LiveLog
from webduh_console.console.widgets.table import Table, TableRow, cell
from webduh_console.console.words import cores
from webduh_console.model.observe import LogLine

EVERY = 0.2
RATE = 20


def lines(stop: threading.Event) -> Iterator[LogLine]:
    """Twenty lines a second, as an app with visitors writes them."""
    number = 0
    while not stop.wait(1 / RATE):
        number += 1
        text = f'10.0.0.{number % 250} "GET /items/{number} HTTP/1.1" 200 {number * 7919 % 90_000}'
        yield LogLine(datetime.now(UTC), "default--app--production--web--1", "web", "stdout", text)


class Panes(App[None]):
    """A table over a grid of panes."""

    CSS = "Table { height: 6; } Grid { grid-size: 5 4; }"

    def __init__(self) -> None:
        super().__init__()
        name, theme, _ = chosen("night", theme_files())
        self.register_theme(textual_theme(name, theme))
        self.theme = name

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """The console's roles."""
        return dict.fromkeys(ROLES, "#808080")

    def compose(self) -> ComposeResult:
        """The table; the panes come after the first frame, as they do in the console."""
        self.table = Table(VARIABLE_COLUMNS)
        yield self.table

    def on_ready(self) -> None:
        """Begin."""
        collector.begin()
        self.call_later(self.open)

    async def open(self) -> None:
        """Show the panes, and let them live."""
        half = int(sys.argv[1]) // 2
        self.logs = [LiveLog() for _ in range(half)]
        self.charts = [Chart(cores, lambda top: nice_top(top, 0.1), "busy", f"chart-{n}") for n in range(half)]
        await self.mount(Grid(*self.logs, *self.charts))
        texts = [f"row-{number:03}" for number in range(200)]
        self.table.put(TableRow(text, (cell(text), cell(""), cell(""), cell(""))) for text in texts)
        self.table.focus()
        for log in self.logs:
            log.begin(lines)
        self.set_interval(EVERY, self.move)

    def move(self) -> None:
        """New figures for every chart."""
        now = time.time()
        values = [(now - 300 + at, 0.5 + 0.4 * math.sin((now + at) / 7)) for at in range(300)]
        line = Line("", [Sample(at, value, value, 1.0) for at, value in values])
        for chart in self.charts:
            chart.put([line], Window(300.0), now)


if __name__ == "__main__":
    Panes().run()
