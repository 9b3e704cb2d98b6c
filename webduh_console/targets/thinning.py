"""Fewer points of a figure. Pure."""

from collections.abc import Sequence

Point = tuple[float, float]
"""Seconds since the epoch, and a value."""


def thinned(points: Sequence[Point], step: float) -> list[Point]:
    """At most one point every `step` seconds, the first of each; none is made up."""
    kept: list[Point] = []
    for point in points:
        if not kept or point[0] - kept[-1][0] >= step:
            kept.append(point)
    return kept
