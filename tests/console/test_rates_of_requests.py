"""Requests a second are added up over instances and servers, and averaged so that none is lost or counted twice."""

import random
from itertools import pairwise

import pytest

from webduh_console.console.charts.samples import Sample
from webduh_console.console.figures import live_samples, together
from webduh_console.console.rates import LATE, STEP, Rate, added, averaged
from webduh_console.model.observe import Series
from webduh_console.state.figures import Bucket


@pytest.mark.parametrize(
    ("series", "expected"),
    [
        ([], []),
        ([[]], []),
        ([[(10, 1.0)]], [(10, 2, 1.0)]),
        ([[(10, 1.0), (20, 3.0)]], [(10, 2, 1.0), (20, 10, 3.0)]),
        ([[(10, 1.0), (20, 3.0)], [(10, 2.0), (20, 4.0)]], [(10, 2, 3.0), (20, 10, 7.0)]),
        # two servers are looked at in turns; of the time after the last look at one of them not all is known
        ([[(10, 1.0), (20, 1.0)], [(12, 2.0), (22, 4.0)]], [(10, 2, 1.0), (12, 2, 3.0), (20, 8, 5.0)]),
        # a server that is silent is not waited for
        ([[(10, 1.0), (20, 1.0), (60, 1.0)], [(10, 2.0)]], [(10, 2, 3.0), (20, 10, 1.0), (60, 2, 1.0)]),
        # an instance that begins later
        ([[(10, 1.0), (12, 1.0), (14, 1.0)], [(12, 5.0), (14, 5.0)]], [(10, 2, 1.0), (12, 2, 6.0), (14, 2, 6.0)]),
        ([[(10, 1.0), (10 + LATE, 2.0)]], [(10, 2, 1.0), (10 + LATE, 2, 2.0)]),
    ],
)
def test_series_that_were_looked_at_in_their_own_times_are_added(
    series: list[list[tuple[float, float]]], expected: list[tuple[float, float, float]]
) -> None:
    assert added(series) == [Rate(*each) for each in expected]


@pytest.mark.parametrize(
    ("rates", "since", "expected"),
    [
        ([], 0, []),
        ([(15, 10, 2.0)], 0, [(0, 2.0)]),  # the bucket at 10 is not over
        ([(15, 10, 2.0), (25, 10, 4.0)], 0, [(0, 2.0), (10, 3.0)]),
        ([(15, 10, 2.0), (25, 10, 4.0)], 10, [(10, 3.0)]),
        ([(12, 2, 0.0), (14, 2, 30.0), (16, 2, 0.0), (18, 2, 0.0), (20, 2, 0.0)], 0, [(10, 6.0)]),
        ([(20, 10, 1.0), (65, 2, 1.0), (70, 5, 1.0)], 0, [(10, 1.0), (60, 1.0)]),
    ],
)
def test_every_whole_bucket_has_the_mean(
    rates: list[tuple[float, float, float]], since: float, expected: list[tuple[float, float]]
) -> None:
    assert averaged([Rate(*each) for each in rates], since) == expected


@pytest.mark.parametrize("seed", range(20))
def test_however_it_is_looked_at_no_request_is_lost_or_counted_twice(seed: int) -> None:
    chance = random.Random(seed)
    arrivals = [chance.uniform(0, 600) for _ in range(chance.randrange(1, 500))]
    looks = [-2.0, 0.0]
    while looks[-1] < 600:
        looks.append(looks[-1] + chance.choice((2.0, 2.3, 10.0, 10.4, 25.0)))
    points = [(b, sum(a < at <= b for at in arrivals) / (b - a)) for a, b in pairwise(looks)]
    kept: dict[float, float] = {}
    since = 0.0
    for upto in range(1, len(points) + 1):  # each look goes on where the one before ended
        new = averaged(added([points[:upto]]), since)
        assert not kept.keys() & dict(new).keys()
        kept |= dict(new)
        since = new[-1][0] + STEP if new else since
    assert list(kept) == [float(at) for at in range(0, int(since), STEP)]
    counted = sum(
        value * max(0.0, min(b, since) - a) for (_, value), (a, b) in zip(points, pairwise(looks), strict=True)
    )
    assert sum(kept.values()) * STEP == pytest.approx(counted)
    assert since > 600 - 2 * 25


def test_where_what_is_kept_and_what_is_live_meet_there_is_neither_a_gap_nor_anything_twice() -> None:
    live = live_samples("requests", [Series({}, "requests", ((105.0, 1.0), (115.0, 2.0), (125.0, 3.0)))])
    assert live == [Sample(103, 1, 1, 2), Sample(105, 2, 2, 10), Sample(115, 3, 3, 10)]
    kept = [Bucket(80, 10, 7.0, 7.0), Bucket(90, 10, 8.0, 8.0), Bucket(100, 10, 9.0, 9.0), Bucket(110, 10, 2.5, 2.5)]
    assert together(kept, live) == [Sample(80, 7, 7, 10), Sample(90, 8, 8, 10), *live]
