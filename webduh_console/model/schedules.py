"""What became of the runs of schedules, and what a target that has schedules can be asked."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Literal, Protocol, runtime_checkable

import msgspec

from webduh_console.model.build import Schedule
from webduh_console.model.names import AppKey

RunOutcome = Literal["running", "done", "failed", "timeout", "skipped", "lost"]
BY_SCHEDULE = "schedule"
KEPT_LINES = 500
"""So many lines of a schedule's history are kept, at least."""


class ScheduledRun(msgspec.Struct, frozen=True, kw_only=True):
    """One run of a schedule, or one that was not: `skipped`, because the run before still went on.

    `at` is when it was due, `started` and `ended` when it really was (UTC). `code` is its exit code (negative: a
    signal's number). `trigger` is `schedule`, or who ran it by hand. A run is `lost` when nobody can say how it ended;
    `why` has the words for what the outcome does not tell.
    """

    schedule: str
    at: datetime
    outcome: RunOutcome
    release: int
    trigger: str = BY_SCHEDULE
    started: datetime | None = None
    ended: datetime | None = None
    code: int | None = None
    instance: str = ""
    why: str = ""
    place: str = ""

    @property
    def seconds(self) -> float | None:
        """How long it took; None while it goes on, and when that is not known."""
        return (self.ended - self.started).total_seconds() if self.started and self.ended else None


class ScheduleState(msgspec.Struct, frozen=True, kw_only=True):
    """A schedule of the release that serves: when it is due `next` (UTC, None: it is not), and its runs.

    `place` is where it runs. `next` is None as well where nothing looks at the clock; `why` says why.
    """

    key: AppKey
    schedule: Schedule
    release: int
    place: str
    next: datetime | None = None
    last: ScheduledRun | None = None
    running: ScheduledRun | None = None
    why: str = ""


@runtime_checkable
class Scheduling(Protocol):
    """A target that runs commands again and again."""

    def schedules(self, keys: Sequence[AppKey] | None = None) -> Sequence[ScheduleState]:
        """The schedules of what serves, of these apps or of all."""

    def runs(self, key: AppKey, name: str | None = None) -> Sequence[ScheduledRun]:
        """What became of the runs of an app's schedules, or of one, the newest first; those that go on, too."""

    def run_now(self, key: AppKey, name: str, by: str) -> ScheduledRun:
        """Start a run now; NotFoundError when there is no such schedule, TargetError when one goes on."""


def read_runs(content: bytes) -> list[ScheduledRun]:
    """The whole lines of a history, oldest first; a torn one is left out."""
    found = []
    for line in content.splitlines():
        try:
            found.append(msgspec.json.decode(line, type=ScheduledRun))
        except (msgspec.DecodeError, UnicodeDecodeError):
            continue
    return found


def last_ended(runs: Iterable[ScheduledRun], schedules: Iterable[Schedule]) -> tuple[ScheduledRun, ...]:
    """Of runs in any order the newest of each of `schedules`; what was `skipped` or goes on is passed over."""
    newest = {run.schedule: run for run in reversed(newest_first(runs)) if run.outcome not in ("skipped", "running")}
    return tuple(newest[schedule.name] for schedule in schedules if schedule.name in newest)


def newest_first(runs: Iterable[ScheduledRun]) -> list[ScheduledRun]:
    """The runs by when they were due, the newest first."""
    return sorted(runs, key=lambda run: (run.started or run.at, run.schedule), reverse=True)
