"""Times of log lines: how they are shown, and what a typed one means."""

import re
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Literal

from webduh_console.console.words import span

Clock = Literal["local", "utc", "ago"]
CLOCKS: tuple[Clock, ...] = ("local", "utc", "ago")

_SPAN = re.compile(r"([+-])((?:\d+(?:\.\d+)?[smhd])+)")
_PART = re.compile(r"(\d+(?:\.\d+)?)([smhd])")
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_DAYTIME = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2})(\.\d+)?)?")


def time_words(at: float, clock: Clock, zone: tzinfo | None, now: float, dated: bool) -> str:
    """When a line was written, always in the same width for the same settings: `12:00:00.000`, with the day `dated`."""
    if clock == "ago":
        return span(now - at).rjust(5)
    moment = datetime.fromtimestamp(at, UTC).astimezone(UTC if clock == "utc" else zone)
    day = f"{moment:%m-%d} " if dated else ""
    return f"{day}{moment:%H:%M:%S}.{moment.microsecond // 1000:03d}"


def time_width(clock: Clock, dated: bool) -> int:
    """The cells that `time_words` takes."""
    return 5 if clock == "ago" else 18 if dated else 12


def typed_time(text: str, zone: tzinfo | None, now: float, newest: float, here: float) -> float | None:
    """The time that a typed text means, in seconds since the epoch; None when it means none.

    `14:05` and `14:05:30` are the last such time up to now or, when the log ended on an earlier day, up to its end.
    `-10m` is before now, `+5m` after the line under the cursor (`here`); also dates and times as ISO 8601 writes them,
    in `zone` where they say none.
    """
    text = text.strip()
    moved = _SPAN.fullmatch(text)
    if moved is not None:
        seconds = sum(float(number) * _UNITS[unit] for number, unit in _PART.findall(moved[2]))
        return here + seconds if moved[1] == "+" else now - seconds
    daytime = _DAYTIME.fullmatch(text)
    if daytime is not None:
        return _last(daytime, zone, now, newest)
    try:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else _in_zone(moment, zone)).timestamp()
    except (ValueError, OverflowError):
        return None


def _in_zone(moment: datetime, zone: tzinfo | None) -> datetime:
    """A moment without a zone, taken as one of `zone` (None: of this machine)."""
    return moment.replace(tzinfo=zone) if zone is not None else moment.astimezone()


def _last(found: re.Match[str], zone: tzinfo | None, now: float, newest: float) -> float | None:
    hour, minute, second = int(found[1]), int(found[2]), int(found[3] or 0)
    if hour > 23 or minute > 59 or second > 59:
        return None

    def before(limit: float) -> float:
        end = datetime.fromtimestamp(limit, UTC).astimezone(zone).replace(tzinfo=None)
        part = int(float(found[4] or 0) * 1e6)
        wished = end.replace(hour=hour, minute=minute, second=second, microsecond=part)
        return _in_zone(wished if wished <= end else wished - timedelta(days=1), zone).timestamp()

    wished = before(now)
    today, last_day = (datetime.fromtimestamp(at, UTC).astimezone(zone).date() for at in (now, newest))
    return before(newest) if wished > newest and today != last_day else wished
