"""A log pane and nothing else, and lines to show in it."""

from datetime import UTC, datetime
from typing import Any

from textual.app import App, ComposeResult

from webduh_console.console.logs.entries import Entry, made
from webduh_console.console.themes import read_theme, textual_theme, theme_files
from webduh_console.console.widgets.log_pane import LogPane

START = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
AT = START.timestamp()


def lines(count: int, first: int = 0) -> list[Entry]:
    return [made(AT + n, "stdout", "web", f"GET /item/{n} 200 {'x' * (n % 7)}") for n in range(first, first + count)]


class Alone(App[None]):
    """The pane and nothing else."""

    def __init__(self) -> None:
        super().__init__()
        self.times: list[float] = []

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return dict(read_theme(theme_files()["night"]).colors)

    def on_mount(self) -> None:
        self.register_theme(textual_theme("night", read_theme(theme_files()["night"])))
        self.theme = "night"

    def compose(self) -> ComposeResult:
        yield LogPane(id="log", zone=UTC, now=lambda: START)

    def on_log_view_at_time(self, message: LogPane.AtTime) -> None:
        self.times.append(message.at)

    @property
    def pane(self) -> LogPane:
        return self.query_one(LogPane)


def shown(app: App[Any]) -> list[str]:
    pane = app.query_one(LogPane)
    return [pane.render_line(y).text.rstrip() for y in range(pane.size.height)]
