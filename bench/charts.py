"""How long a chart takes to be drawn, however many samples it has."""

import math
import statistics
import time
import tracemalloc
from collections.abc import Callable

from bench.house import House
from bench.measuring import mib, ms, row, title
from webduh_console.console.charts.dots import area, lines
from webduh_console.console.charts.samples import Line, Sample, columns, greatest
from webduh_console.state.figures import TIERS, Taken
from webduh_console.state.store import State

SAMPLES, SERIES, WIDTH, HEIGHT = 10_000, 4, 150, 12


def measure(house: House) -> None:
    """Ten thousand samples in four series, at the size of a whole screen; the past out of the state."""
    title("Charts, 150×12 cells")
    tracemalloc.start()
    made = [Line(str(n), [_sample(at, n) for at in range(SAMPLES)]) for n in range(SERIES)]
    held = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()

    def one() -> None:
        values = columns(made[0].samples, 0, 2.0 * SAMPLES, WIDTH * 2)
        area(values, HEIGHT, greatest([values]))

    def all_of_them() -> None:
        found = [columns(line.samples, 0, 2.0 * SAMPLES, WIDTH * 2) for line in made]
        lines(found, HEIGHT, greatest(found))

    row(f"an area of {SAMPLES:,} samples", ms(_median(one)))
    row(f"{SERIES} lines of {SAMPLES:,} samples each", ms(_median(all_of_them)), f"their samples take {mib(held)}")
    _kept(house)


def _sample(at: int, number: int) -> Sample:
    value = 1 + math.sin(at / (50 + number))
    return Sample(2.0 * at, value, value, 2.0)


def _kept(house: House) -> None:
    with State.open(house.home) as state:
        now = 1_800_000_000
        for day in reversed(range(30)):
            start = now - (day + 1) * 86_400
            state.figures.keep(Taken("app bench", "cpu", at, at % 7) for at in range(start, start + 86_400, 60))
        took = _median(lambda: state.figures.past("app bench", "cpu", now - TIERS[-1][1], now))
        found = len(state.figures.past("app bench", "cpu", now - TIERS[-1][1], now))
        row("the last 30 days out of the state", ms(took), f"{found:,} buckets")
        state.figures.forget("app bench")


def _median(do: Callable[[], object]) -> float:
    times = []
    for _ in range(15):
        began = time.perf_counter()
        do()
        times.append(time.perf_counter() - began)
    return statistics.median(times)
