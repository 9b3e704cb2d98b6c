"""Times commands, and prints rows."""

import resource
import statistics
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence

Row = tuple[str, str, str, str]
"""What, the figure, the raw cost of the same, the budget."""
_FORMAT = "{:<58} {:>15} {:>34} {:>16}"


def title(text: str) -> None:
    """Begin a part."""
    print("\n" + _FORMAT.format(text, "measured", "beside", "budget"), flush=True)


def row(what: str, figure: str, raw: str = "", budget: str = "") -> None:
    """Print one figure."""
    print(_FORMAT.format("  " + what, figure, raw, budget), flush=True)


def ms(seconds: float) -> str:
    """Seconds as milliseconds."""
    return f"{seconds * 1000:.1f} ms" if seconds < 0.1 else f"{seconds * 1000:.0f} ms"


def mib(count: float) -> str:
    """Bytes as MiB."""
    return f"{count / 2**20:.0f} MiB"


def timed(work: Callable[[], object], times: int) -> float:
    """The median of how many seconds something takes, after one time that is not counted."""
    work()
    return statistics.median(_once(work) for _ in range(times))


def with_processor(work: Callable[[], float], times: int) -> tuple[float, float]:
    """What `work` answers, and the seconds of processor time that each of its `times` took, in this process and those
    it waited for."""
    before = _spent()
    answer = work()
    return answer, (_spent() - before) / times


def _spent() -> float:
    usages = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def _once(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def command(argv: Sequence[str], env: Mapping[str, str] | None = None, times: int = 15) -> float:
    """The median seconds of a command from its start to its end; it must succeed."""
    return timed(lambda: subprocess.run(argv, env=env, capture_output=True, check=True), times)
