"""Requests a second, as several instances or servers count them: added up, and averaged to be kept. Pure."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from webduh_console.state.figures import TIERS

Point = tuple[float, float]
"""Seconds since the epoch, and requests a second since the point before."""

LIVE = 900
"""Seconds that targets remember."""
STEP = TIERS[0][0]
LATE = 30.0
"""Seconds after which a series is not waited for any more, and of which a look tells at most."""

_SHORTEST = 2.0


class Rate(NamedTuple):
    """Requests a second in the `seconds` up to `at`, a time in seconds since the epoch."""

    at: float
    seconds: float
    value: float


def added(all_series: Iterable[Sequence[Point]]) -> list[Rate]:
    """One line of several series, each of which was looked at in its own time.

    It ends where not all of them are known yet, but for those that tell nothing any more.
    """
    known = [points for points in all_series if points]
    newest = max((points[-1][0] for points in known), default=0.0)
    known_to = min((points[-1][0] for points in known if newest - points[-1][0] < LATE), default=0.0)
    found: list[Rate] = []
    for at in sorted({at for points in known for at, _ in points if at <= known_to}):
        values = [value for points in known if (value := _value(points, at)) is not None]
        apart = at - found[-1].at if found else LATE
        found.append(Rate(at, apart if apart < LATE else _SHORTEST, sum(values)))
    return found


def _value(points: Sequence[Point], at: float) -> float | None:
    """What a series says of the moment before a time; None when that is in none of its looks."""
    index = bisect_left(points, at, key=lambda point: point[0])
    if index == len(points):
        return None
    end, value = points[index]
    apart = end - points[index - 1][0] if index else LATE
    return value if end - (apart if apart < LATE else _SHORTEST) < at else None


def averaged(rates: Iterable[Rate], since: float) -> list[Point]:
    """The mean of every whole bucket of `STEP` seconds from `since` on, by its beginning; those not over yet are left
    out, and so are those of which nothing is known.
    """
    sums: dict[int, tuple[float, float]] = {}
    until = 0.0
    for rate in rates:
        begin, until = rate.at - rate.seconds, rate.at
        for bucket in range(int(begin // STEP) * STEP, int(-(-until // STEP)) * STEP, STEP):
            part = min(until, bucket + STEP) - max(begin, bucket)
            total, seconds = sums.get(bucket, (0.0, 0.0))
            sums[bucket] = (total + rate.value * part, seconds + part)
    return [
        (float(bucket), total / seconds)
        for bucket, (total, seconds) in sorted(sums.items())
        if bucket >= since and bucket + STEP <= until and seconds > 0
    ]
