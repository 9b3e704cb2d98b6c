"""What the log pane holds and takes, and how soon it answers a key, a filter and a search while lines come."""

import json
import statistics
import subprocess
import sys
from pathlib import Path

from bench.house import House
from bench.measuring import mib, ms, row, title
from bench.terminal import Terminal

SCREENS = Path(__file__).parent / "screens"


def measure(house: House) -> None:
    """Lines held, memory, tail rate, keys, filter and search over a million lines."""
    title("Logs, at 160×48")
    done = subprocess.run([sys.executable, str(SCREENS / "hold.py")], capture_output=True, text=True, check=True)
    size, filling = map(float, done.stdout.split())
    row("a million lines held", mib(size), f"{filling:,.0f} lines a second", "60 MiB")
    for rate, budget in ((20_000, "20,000 shown"), (100_000, "nothing freezes"), (1_000_000, "nothing freezes")):
        _flood(house, rate, budget)
    _among_a_million(house)


def _flood(house: House, rate: int, budget: str) -> None:
    """A screen that is written to at a rate, and keys pressed meanwhile."""
    answer = house.root / f"flood-{rate}"
    with Terminal([sys.executable, str(SCREENS / "flood.py"), str(answer), str(rate)], house.env) as terminal:
        while terminal.read(20):
            pass
    said = json.loads(answer.read_text())
    what = f"of {rate:,} lines a second: shown, left out and said so"
    late = f"screen late by {ms(said['late'])} at most"
    row(what, f"{said['shown']:,.0f}, {said['left_out']:,.0f}", late, budget)


def _among_a_million(house: House) -> None:
    """Keys, filter and search in a pane with a million lines to which 20,000 are added a second."""
    answer = house.root / "million"
    with Terminal([sys.executable, str(SCREENS / "million.py"), str(answer)], house.env) as terminal:
        terminal.until(b"1 000 000 lines")
        times = [terminal.answer(b"+", f"key {number:03} ".encode()) for number in range(1, 33)]
        terminal.answer(b"s", b"begin")
        while terminal.read(60):
            pass
    said = json.loads(answer.read_text())
    keys = f"{ms(statistics.median(times))}, {ms(max(times))}"
    row("key to screen among a million while 20,000 a second come", keys, "median, slowest of 32", "50 ms")
    for what in ("filter", "pattern", "search"):
        took, first, late, count = said[what]
        beside = f"newest after {ms(first)}, screen late by {ms(late)} at most"
        row(f"{what} over a million lines, {count:,.0f} found", f"{took:.2f} s", beside)
    row("memory of that process, Python and Textual included", mib(said["memory"]))
