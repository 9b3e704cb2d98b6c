"""Samples of a figure, and what of them falls into each column of a chart."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from math import ceil, isfinite
from typing import NamedTuple

Column = tuple[float, float] | None
"""The least and the greatest value in a column; None for a gap."""

_APART = 3
"""Samples that are further apart than so many of their steps have a gap between them."""


class Sample(NamedTuple):
    """What a figure was in the `step` seconds from `at` on (seconds since the epoch): at least and at most."""

    at: float
    low: float
    high: float
    step: float


class Line(NamedTuple):
    """The samples of one series, in the order of their times."""

    name: str
    samples: Sequence[Sample]


def columns(samples: Iterable[Sample], start: float, end: float, count: int) -> list[Column]:
    """The samples in each of `count` equal parts of `start` to `end`.

    No spike is lost, and a value that is no number is none. A part between two samples that are not far apart has the
    value of the one before: sparse samples are no gap.
    """
    found: list[Column] = [None] * count
    width = (end - start) / count
    last: Sample | None = None
    for sample in samples:
        if not (isfinite(sample.low) and isfinite(sample.high)):
            continue
        if last is not None:
            near = sample.at - last.at <= _APART * max(last.step, sample.step)
            _fill(found, last, sample.at if near else last.at + last.step, start, width)
        last = sample
    if last is not None:
        _fill(found, last, last.at + last.step, start, width)
    return found


def _fill(found: list[Column], sample: Sample, until: float, start: float, width: float) -> None:
    """Let a sample count in its own column, and in those up to `until` that nothing else is in."""
    first = int((sample.at - start) // width)
    if 0 <= first < len(found):
        there = found[first]
        low, high = sample.low, sample.high
        found[first] = (low, high) if there is None else (min(low, there[0]), max(high, there[1]))
    for column in range(max(0, first + 1), min(len(found), ceil((until - start) / width))):
        found[column] = (sample.low, sample.high)


def greatest(all_columns: Iterable[Iterable[Column]]) -> float:
    """The greatest value of several series; 0 when there is none."""
    return max((one[1] for each in all_columns for one in each if one is not None), default=0.0)


def value_at(samples: Sequence[Sample], at: float) -> float | None:
    """The greatest value of the sample that a time is in; None in a gap."""
    index = bisect_right(samples, at, key=lambda sample: sample.at) - 1
    if index < 0:
        return None
    sample = samples[index]
    if index + 1 < len(samples):
        later = samples[index + 1]
        if later.at - sample.at <= _APART * max(sample.step, later.step):
            return sample.high
        return sample.high if at <= sample.at + sample.step else None
    return sample.high if at <= sample.at + _APART * sample.step else None


def summary(samples: Iterable[Sample], start: float, end: float) -> tuple[float, float, float, float] | None:
    """The last, least, mean and greatest value between two times; None without a sample."""
    inside = [one for one in samples if start <= one.at < end and isfinite(one.low) and isfinite(one.high)]
    if not inside:
        return None
    middle = sum((one.low + one.high) / 2 * one.step for one in inside) / sum(one.step for one in inside)
    return inside[-1].high, min(one.low for one in inside), middle, max(one.high for one in inside)
