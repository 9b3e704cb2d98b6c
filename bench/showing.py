"""How soon the console is there, how soon it follows a key, and what it holds."""

import statistics
import sys
from pathlib import Path

import psutil

from bench.house import WEBDUH, House
from bench.measuring import mib, ms, row, title
from bench.terminal import Terminal

APPS = PANES = 20
SCREENS = Path(__file__).parent / "screens"


def measure(house: House) -> None:
    """First frame, keys, memory."""
    for number in range(APPS):
        house.deploy(house.site(f"app-{number:03}"))
    title("Showing, at 160×48")
    empty, frame = _first_frames(house)
    row(f"console: first frame, {APPS} apps serve", ms(frame), f"empty app {ms(empty)}: × {frame / empty:.2f}", "× 1.5")
    with Terminal([WEBDUH], house.env) as terminal:
        terminal.until(b"app-000")
        keys = [terminal.press(key) for key in (b"j", b"k") * 8]
        terminal.rest()
        memory = psutil.Process(terminal.pid).memory_info().rss
    row(
        "console: key to screen, median and slowest of 16",
        f"{ms(statistics.median(keys))}, {ms(max(keys))}",
        "",
        "50 ms",
    )
    live = _keys_among_panes(house)
    row(
        f"console: key to screen, {PANES} panes live, median and 99th percentile of 160",
        f"{ms(statistics.median(live))}, {ms(sorted(live)[-2])}",
        "",
        "50 ms",
    )
    row("console: memory at rest", mib(memory), "", "120 MiB")


def _first_frames(house: House) -> tuple[float, float]:
    """Median seconds to the first frame of an empty app and of the console, in turns: what else runs slows both."""
    kinds = (([sys.executable, str(SCREENS / "empty.py")], b"drawn"), ([WEBDUH], b"app-000"))
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(11):
        for (argv, text), taken in zip(kinds, times, strict=True):
            with Terminal(argv, house.env) as terminal:
                taken.append(terminal.until(text))
    empty, frame = (statistics.median(taken[1:]) for taken in times)
    return empty, frame


def _keys_among_panes(house: House) -> list[float]:
    """Seconds from each key to the row it leads to, while every pane is drawn again and again."""
    with Terminal([sys.executable, str(SCREENS / "panes.py"), str(PANES)], house.env) as terminal:
        terminal.until(b"GET /items/20 ")
        return [terminal.answer(b"j", f"row-{number:03}".encode()) for number in range(1, 161)]
