"""When a schedule is due: cron's five fields in a time zone, as Debian's cron reads them. Pure but for zone files.

A schedule at fixed times (neither minutes nor hours begin with `*`) whose time a clock change skips runs right after
the change, and one whose time comes twice runs the first time; any other follows the clock.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import msgspec

if TYPE_CHECKING:
    from cronsim import CronSim

NICKNAMES = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
_FIELDS = 5
_EXAMPLE = "such as `15 3 * * *`: minute, hour, day of the month, month, day of the week"
_SOME_DAY = datetime(2024, 1, 1, tzinfo=UTC)


class Fields(msgspec.Struct, frozen=True):
    """A cron expression as the numbers it stands for; Sunday is 0.

    `either` says that a day of the month or a day of the week is enough, `fixed` that it names times of the day.
    """

    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: tuple[int, ...]
    months: tuple[int, ...]
    weekdays: tuple[int, ...]
    either: bool
    fixed: bool


def expression(cron: str) -> str:
    """The five fields of an expression, which may be a nickname such as @daily."""
    return NICKNAMES.get(cron.strip().lower(), cron.strip())


def problem(cron: str) -> str:
    """What is wrong with an expression, in words; empty when nothing is."""
    text = expression(cron)
    if text.startswith("@"):
        return f"is no time; there are {', '.join(NICKNAMES)}"
    if len(text.split()) != _FIELDS:
        seconds = "; there is no field for seconds" if len(text.split()) == _FIELDS + 1 else ""
        return f"needs five fields, {_EXAMPLE}{seconds}"
    from cronsim import CronSimError

    try:
        simulated = _simulated(text, _SOME_DAY)
        if _beyond(simulated):
            return "says L, W or #, which cron does not know: only numbers, names, `*`, `,`, `-` and `/`"
        next(simulated)
    except CronSimError as error:
        return f"has a field that is wrong: {str(error).removeprefix('Bad ')}"
    except StopIteration:
        return "never comes"
    return ""


def zone_problem(zone: str) -> str:
    """What is wrong with the name of a time zone, in words; empty when nothing is."""
    try:
        ZoneInfo(zone)
    except (ValueError, OSError, LookupError):
        return f"{zone!r} is no time zone, such as UTC or Europe/Berlin"
    return ""


def fields(cron: str) -> Fields:
    """What an expression that has no problem stands for."""
    text = expression(cron)
    simulated = _simulated(text, _SOME_DAY)
    minute, hour = text.split()[:2]
    return Fields(
        minutes=tuple(sorted(simulated.minutes)),
        hours=tuple(sorted(simulated.hours)),
        days=tuple(sorted(simulated.days)),
        months=tuple(sorted(simulated.months)),
        weekdays=tuple(sorted({day % 7 for day in simulated.weekdays if isinstance(day, int)})),
        either=not simulated.day_and,
        fixed=not minute.startswith("*") and not hour.startswith("*"),
    )


def times(cron: str, zone: str, after: datetime) -> Iterator[datetime]:
    """When it is due after a moment, in UTC."""
    for moment in _simulated(expression(cron), after.astimezone(ZoneInfo(zone))):
        found = moment.astimezone(UTC)
        if found > after:
            yield found


def upcoming(cron: str, zone: str, after: datetime, count: int = 1) -> list[datetime]:
    """The next times after a moment, in UTC."""
    found = times(cron, zone, after)
    return [moment for moment, _ in zip(found, range(count), strict=False)]


def latest(cron: str, zone: str, after: datetime, until: datetime) -> datetime | None:
    """The last time it was due after one moment and not after another; None when there was none."""
    found = None
    for moment in times(cron, zone, after):
        if moment > until:
            break
        found = moment
    return found


def minute_of(moment: datetime) -> datetime:
    """The minute a moment is in."""
    return moment - timedelta(seconds=moment.second, microseconds=moment.microsecond)


def _simulated(text: str, after: datetime) -> "CronSim":
    from cronsim import CronSim

    return CronSim(text, after)


def _beyond(simulated: "CronSim") -> bool:
    odd = [day for day in (*simulated.days, *simulated.weekdays) if not isinstance(day, int) or day < 0]
    return bool(odd)
