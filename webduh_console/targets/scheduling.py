"""What every target says of schedules. Pure."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from webduh_console.errors import NotFoundError, TargetError
from webduh_console.model import cron
from webduh_console.model.build import Schedule
from webduh_console.model.names import AppKey, nearest


def missing(key: AppKey, name: str, known: Sequence[str]) -> NotFoundError:
    """The error of a schedule that what serves does not have."""
    meant = nearest(name, known)
    return NotFoundError(
        f"{key} has no schedule {name}.",
        why=f"It has: {', '.join(known)}." if known else "What serves has no schedules.",
        kept="Nothing was started.",
        hint=f"Did you mean {meant}?" if meant else f"webduh schedule ls {key.app}",
    )


def announced(schedules: Sequence[Schedule], place: str, at: datetime) -> Iterator[str]:
    """A line for each schedule: where it runs, and when next."""
    for schedule in schedules:
        due = next(iter(cron.upcoming(schedule.cron, schedule.timezone, at)), None)
        yield f"{schedule.name} runs on {place}" + (f", next at {due:%Y-%m-%d %H:%M} UTC" if due else "")


def still_running(instance: str) -> TargetError:
    """The error of a release that cannot be forgotten yet."""
    return TargetError(f"{instance} still runs.", why="What a run of a schedule works with is kept until it has ended.")
