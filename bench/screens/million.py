"""A log pane with a million lines to which 20,000 are added a second: `million.py FILE`.

`+` moves the cursor and is counted on the screen; `s` filters and searches, writes what that took, and leaves.
"""

import json
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import ClassVar

import psutil
from textual import work
from textual.app import App, ComposeResult
from textual.binding import BindingType
from textual.widgets import Label

from webduh_console.console.logs.entries import made
from webduh_console.console.logs.filters import View, filters
from webduh_console.console.themes import ROLES, chosen, textual_theme, theme_files
from webduh_console.console.widgets.live_log import LiveLog
from webduh_console.model.observe import LogLine

LINES = 1_000_000
RATE = 20_000
BATCH = 100
TICK = 0.01


def text(number: int) -> str:
    """A line as a web server writes it."""
    return f'10.0.0.{number % 250} "GET /items/{number} HTTP/1.1" 200 {number * 7919 % 90_000} {number % 97} ms'


def lines(stop: threading.Event) -> Iterator[LogLine]:
    """Lines that never end."""
    number, due = LINES, time.perf_counter()
    while not stop.is_set():
        if number % BATCH == 0:
            due += BATCH / RATE
            stop.wait(max(0.0, due - time.perf_counter()))
        yield LogLine(datetime.now(UTC), "one", "web", "stdout", text(number))
        number += 1


class Million(App[None]):
    """The pane under a line that counts keys."""

    BINDINGS: ClassVar[list[BindingType]] = [("plus", "count", ""), ("s", "look", "")]

    def __init__(self) -> None:
        super().__init__()
        name, theme, _ = chosen("night", theme_files())
        self.register_theme(textual_theme(name, theme))
        self.theme = name
        self.keys = 0
        self.late = 0.0
        self.said: dict[str, object] = {}

    def compose(self) -> ComposeResult:
        """Count, pane."""
        self.label = Label("filling")
        self.pane = LiveLog()
        yield self.label
        yield self.pane

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """The console's roles."""
        return dict.fromkeys(ROLES, "#808080")

    def on_ready(self) -> None:
        """Fill it, and begin."""
        for start in range(0, LINES, 10_000):
            self.pane.take_in([made(1.7e9 + n, "stdout", "web", text(n)) for n in range(start, start + 10_000)])
        self.pane.told()
        self.pane.begin(lines)
        self.label.update("1 000 000 lines")
        self.ticked = time.perf_counter()
        self.set_interval(TICK, self.tick)

    def tick(self) -> None:
        """How late the screen is."""
        now = time.perf_counter()
        self.late, self.ticked = max(self.late, now - self.ticked - TICK), now

    def action_count(self) -> None:
        """Move the cursor, and say the key's number."""
        self.keys += 1
        self.pane.step(-1 if self.keys % 2 else 1)
        self.label.update(f"key {self.keys:03} ")

    @work
    async def action_look(self) -> None:
        """Filter by words, by a pattern, and search; then leave."""
        import asyncio

        self.label.update("begin")
        pane, log = self.pane, self.pane.log_lines

        async def timed(what: str, begin: Callable[[], object], count: Callable[[], int]) -> None:
            self.late, first, began = 0.0, 0.0, time.perf_counter()
            begin()
            while log.running:
                first = first or (count() and time.perf_counter() - began)
                await asyncio.sleep(0.005)
            took = time.perf_counter() - began
            self.said[what] = (took, first or took, self.late, count())

        await timed("filter", lambda: pane.show(View(filters("items/77"))), pane.count)
        await timed("pattern", lambda: pane.show(View(filters(r"~/items/\d*77\d* .* 9[0-5] ms"))), pane.count)
        pane.show(View())
        await timed("search", lambda: pane.seek(filters("items/4242")), lambda: log.hit()[1])
        self.said["memory"] = psutil.Process().memory_info().rss
        Path(sys.argv[1]).write_text(json.dumps(self.said))
        self.exit()


if __name__ == "__main__":
    Million().run()
