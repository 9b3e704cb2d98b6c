"""Figures in the words of a person."""

import re
from datetime import datetime

from webduh_console.clock import now
from webduh_console.model.release import Outcome
from webduh_console.model.schedules import ScheduledRun

SIGNS = {"serving": "●", "degraded": "◐", "down": "○", "never": "·", "unknown": "?"}
ENDS = {
    "done": "✓",
    "failed": "✗",
    "reverted": "↩",
    "undone": "↩",
    "cancelled": "⊘",
    "interrupted": "!",
    "skipped": "–",
}
"""How a step or a deployment ended → its sign, the same on every face."""
OUTCOMES = {"running": "…", **ENDS}
RUN_SIGNS = {**OUTCOMES, "timeout": "⧖", "lost": "?"}
"""How the run of a schedule ended → its sign."""
_BUILD_STEP = re.compile(r"(\[[^\]]*\d+/\d+\]) (RUN|COPY|ADD) (.*)", re.DOTALL)
_STEP_WIDTH = 100


def size(count: float) -> str:
    """Bytes: `512 B`, `1.5 MiB`."""
    for unit in ("B", "KiB", "MiB", "GiB"):
        if count < 1024 or unit == "GiB":
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1024
    raise AssertionError("the loop returns")


def span(seconds: float) -> str:
    """A duration: `0.4 s`, `3 min`, `2 h`, `5 d`."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    for limit, unit, divisor in ((120, "s", 1), (7200, "min", 60), (172_800, "h", 3600)):
        if seconds < limit:
            return f"{seconds / divisor:.0f} {unit}"
    return f"{seconds / 86_400:.0f} d"


def count(number: int, noun: str) -> str:
    """`1 change`, `2 changes`."""
    return f"{number} {noun}" + ("" if number == 1 else "s")


def tried_last(outcome: Outcome) -> str:
    """What became of an app that serves nowhere: one that once came to serve was taken away since."""
    return "it was removed" if outcome == "done" else f"the last deployment was {outcome}"


def ago(at: datetime | None) -> str:
    """How long ago something was; empty for never."""
    return f"{span(max((now() - at).total_seconds(), 0))} ago" if at else ""


def failed_run(run: ScheduledRun) -> str:
    """`tidy failed 3 min ago (exit 1)`."""
    code = f" (exit {run.code})" if run.code is not None else ""
    said = {"timeout": "took too long", "lost": "was lost"}.get(run.outcome, run.outcome)
    return f"{run.schedule} {said} {ago(run.ended or run.at)}{code}"


def moment(at: datetime | None) -> str:
    """A time in this machine's zone, to the second."""
    return f"{at.astimezone():%Y-%m-%d %H:%M:%S}" if at else ""


def brief_step(text: str) -> str:
    """A line of a build's output; one that names a step is cut to its width, without its mounts and wide gaps."""
    found = _BUILD_STEP.fullmatch(text)
    if found is None or len(text) <= _STEP_WIDTH:
        return text
    words = [word for word in found[3].split() if not word.startswith("--mount=")]
    line = " ".join([found[1], found[2], *words])
    return line if len(line) <= _STEP_WIDTH else f"{line[: _STEP_WIDTH - 1]}…"
