"""A log pane that is written to at a rate for three seconds: `flood.py FILE RATE`.

Writes how many lines a second were shown and left out, and the most by which the screen's own clock was late.
"""

import json
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

SECONDS = 3.0
TICK = 0.02
BATCH = 100


def lines(stop: threading.Event) -> Iterator[LogLine]:
    """Lines as a web server writes them, as many a second as wished, or as many as there is time for."""
    due, rate = time.perf_counter(), float(sys.argv[2])
    end = due + SECONDS
    for number in range(round(rate * SECONDS)):
        if number % BATCH == 0:
            due += BATCH / rate
            stop.wait(max(0.0, due - time.perf_counter()))
            if time.perf_counter() > end:
                return
        text = f'10.0.0.{number % 250} "GET /items/{number} HTTP/1.1" 200 {number * 7919 % 90_000} {number % 97} ms'
        yield LogLine(datetime.now(UTC), "default--app--production--web--1", "web", "stdout", text)


class Flood(App[None]):
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
        """How late this tick is, and whether the time is over."""
        now = time.perf_counter()
        self.late, self.ticked = max(self.late, now - self.ticked - TICK), now
        took = now - self.began
        if took >= SECONDS:
            shown, left_out = len(self.pane.log_lines.buffer) / took, self.pane.mailbox.left_out / took
            said = {"shown": shown, "left_out": left_out, "late": self.late}
            Path(sys.argv[1]).write_text(json.dumps(said))
            self.exit()


if __name__ == "__main__":
    Flood().run()
