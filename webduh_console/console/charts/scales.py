"""Axes that a person reads: round ends, ticks at round values and round times."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from math import ceil, floor, isclose, log2, log10

_SECOND, _MINUTE, _HOUR, _DAY = 1, 60, 3600, 86400
_TIME_STEPS = (
    *(n * _SECOND for n in (1, 2, 5, 10, 15, 30)),
    *(n * _MINUTE for n in (1, 2, 5, 10, 15, 30)),
    *(n * _HOUR for n in (1, 2, 3, 6, 12)),
    *(n * _DAY for n in (1, 2, 5, 10, 30)),
)
_GAP = 3
"""Cells between two labels at least."""


def nice_top(largest: float, least: float) -> float:
    """The end of the axis: the next of 1, 2, 2.5, 5 times a power of ten at or above the largest value and `least`."""
    largest = max(largest, least)
    power = 10.0 ** floor(log10(largest))
    return next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= largest * 0.999)


def nice_bytes(largest: float, least: float) -> float:
    """The same in powers of two: 64M, 128M …"""
    value = max(least, 1.0)
    while value < largest:
        value *= 2
    return value


def value_rows(top: float, height: int) -> dict[int, float]:
    """Row (0 is the upper) → the value that stands beside it: both ends, and round ones in the rows nearest to them."""
    wanted = (4, 5) if height >= 12 else (2,) if height >= 6 else ()
    parts = next((parts for parts in wanted if _is_round(top / parts)), 1)
    between = {height - round(part * height / parts): top * part / parts for part in range(1, parts)}
    return {height - 1: 0.0, 0: top, **between}


def _is_round(value: float) -> bool:
    """Whether two decimals show all of a value, and it is 1, 2, 2.5 or 5 times a power of ten, or a power of two."""
    digits = f"{value:.6e}".partition("e")[0].rstrip("0").rstrip(".")
    return isclose(round(value, 2), value) and (digits in ("1", "2", "2.5", "5") or log2(value).is_integer())


def time_step(seconds: float, width: int) -> int:
    """Seconds between two ticks on an axis of `seconds` in `width` cells: the least that has room for the labels."""
    return next((step for step in _TIME_STEPS if step / seconds * width >= _wide(step) + _GAP), _TIME_STEPS[-1])


def time_ticks(start: float, end: float, width: int, zone: tzinfo | None) -> list[tuple[int, str]]:
    """Column and label of every tick, at round times of `zone` (None: of this machine); no label meets another."""
    step, ticks, free = time_step(end - start, width), [], 0
    first = datetime.fromtimestamp(start, UTC).astimezone(zone)
    midnight = first.replace(hour=0, minute=0, second=0, microsecond=0)
    offset = midnight.timestamp() + ceil((start - midnight.timestamp()) / step) * step
    while offset < end:
        moment = datetime.fromtimestamp(offset, UTC).astimezone(zone)
        column, label = round((offset - start) / (end - start) * width), _label(moment, step)
        if column >= free and column + len(label) <= width:
            ticks.append((column, label))
            free = column + len(label) + 1
        offset = _next(moment, step)
    return ticks


def _next(moment: datetime, step: int) -> float:
    """The time of the next tick; days are as long as they are there."""
    if step < _DAY:
        return moment.timestamp() + step
    later = moment.replace(tzinfo=None) + timedelta(days=step // _DAY)
    return later.replace(tzinfo=moment.tzinfo).timestamp()


def _label(moment: datetime, step: int) -> str:
    if step >= _DAY or (moment.hour == moment.minute == moment.second == 0 and step >= _HOUR):
        return f"{moment:%b} {moment.day}"
    return f"{moment:%H:%M}" if step >= _MINUTE else f"{moment:%H:%M:%S}"


def _wide(step: int) -> int:
    return 8 if step < _MINUTE else 6


def axis(ticks: Sequence[tuple[int, str]], marks: Sequence[tuple[int, str]], width: int) -> list[tuple[int, str, bool]]:
    """What stands below a chart, by column: the marks (True), and those ticks that meet none of them."""
    placed: list[tuple[int, str, bool]] = []
    free = 0
    for column, label in sorted(marks):
        if column >= free and column + len(label) <= width:
            placed.append((column, label, True))
            free = column + len(label) + 1
    taken = [(column, column + len(label)) for column, label, _ in placed]
    for column, label in ticks:
        if all(column + len(label) < first or column > last for first, last in taken):
            placed.append((column, label, False))
    return sorted(placed)
