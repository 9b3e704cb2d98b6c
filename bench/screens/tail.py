"""A log pane that is given lines at a rate (0: as fast as it takes them).

Writes the rate it took, and the most by which the screen's own clock was late, into a file: `tail.py FILE RATE`.
"""

import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from textual.app import App, ComposeResult

from webduh_console.console.themes import ROLES, chosen, textual_theme, theme_files
from webduh_console.console.widgets.live_log import LiveLog
from webduh_console.model.observe import LogLine

LINES = 100_000
TICK = 0.02
BATCH = 100


def lines(stop: threading.Event) -> Iterator[LogLine]:
    """Lines as a web server writes them."""
    at, due, rate = datetime.now(UTC), time.perf_counter(), float(sys.argv[2])
    for number in range(LINES):
        text = f'10.0.0.{number % 250} "GET /items/{number} HTTP/1.1" 200 {number * 7919 % 90_000} {number % 97} ms'
        if rate and number % BATCH == 0:
            due += BATCH / rate
            stop.wait(max(0.0, due - time.perf_counter()))
        yield LogLine(at, "default--app--production--web--1", "web", "stdout", text)


class Tail(App[None]):
    """A screen with the pane alone."""

    def __init__(self) -> None:
        super().__init__()
        name, theme, _ = chosen("night", theme_files())
        self.register_theme(textual_theme(name, theme))
        self.theme = name

    def compose(self) -> ComposeResult:
        """The pane."""
        self.pane = LiveLog()
        yield self.pane

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """The console's roles."""
        return dict.fromkeys(ROLES, "#808080")

    def on_ready(self) -> None:
        """Begin, and watch the clock."""
        self.began = self.ticked = time.perf_counter()
        self.late = 0.0
        self.pane.begin(lines)
        self.set_interval(TICK, self.tick)

    def tick(self) -> None:
        """How late this tick is, and whether all is there."""
        now = time.perf_counter()
        self.late, self.ticked = max(self.late, now - self.ticked - TICK), now
        if len(self.pane.log_lines.buffer) + self.pane.mailbox.left_out >= LINES:
            Path(sys.argv[1]).write_text(f"{LINES / (now - self.began)} {self.late}")
            self.exit()


if __name__ == "__main__":
    Tail().run()
