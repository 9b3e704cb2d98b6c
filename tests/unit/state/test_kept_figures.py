"""Figures are kept in buckets, finer ones for a shorter time, and forgotten."""

import random
from itertools import pairwise

import pytest

from webduh_console.state.figures import TIERS, Bucket, Taken
from webduh_console.state.store import State


def taken(at: float, value: float, subject: str = "app a") -> Taken:
    """A figure of CPU."""
    return Taken(subject, "cpu", at, value)


def test_figures_within_ten_seconds_are_one_bucket_with_the_least_and_the_greatest(state: State) -> None:
    state.figures.keep([taken(100.0, 2.0), taken(104.0, 1.0), taken(109.9, 3.0), taken(110.0, 7.0)])
    state.figures.keep([taken(101.0, 0.5)])
    assert state.figures.past("app a", "cpu", 100, 200) == [Bucket(100, 10, 0.5, 3.0), Bucket(110, 10, 7.0, 7.0)]


def test_nothing_is_kept_for_nothing(state: State) -> None:
    state.figures.keep([])
    assert state.figures.past("app a", "cpu", 0, 1e9) == []


def test_each_subject_and_each_metric_is_by_itself(state: State) -> None:
    state.figures.keep([taken(100.0, 1.0), taken(100.0, 2.0, "app b"), Taken("app a", "memory", 100.0, 3.0)])
    assert state.figures.past("app a", "cpu", 0, 200) == [Bucket(100, 10, 1.0, 1.0)]
    state.figures.forget("app a")
    assert state.figures.past("app a", "memory", 0, 200) == []
    assert state.figures.past("app b", "cpu", 0, 200) == [Bucket(100, 10, 2.0, 2.0)]


def test_of_every_time_the_finest_bucket_that_is_left_is_given(state: State) -> None:
    now = 1_772_640_000
    for at in range(now - 40 * 86400, now, 300):
        state.figures.keep([taken(float(at), float(at % 7))])
    found = state.figures.past("app a", "cpu", now - 60 * 86400, now)
    assert [one.at for one in found] == sorted({one.at for one in found})
    for before, later in pairwise(found):
        assert before.at + before.step <= later.at
    for step, seconds in TIERS:
        own = [one for one in found if one.step == step]
        assert own
        assert own[0].at >= now - seconds - 1200
    assert len(found) < 5_000


@pytest.mark.parametrize("seed", range(5))
def test_no_spike_is_lost_in_a_coarser_bucket(state: State, seed: int) -> None:
    chance, now = random.Random(seed), 1_772_640_000.0
    spike = now - chance.uniform(4 * 3600, 20 * 86400)
    state.figures.keep([taken(spike, 99.0), taken(spike + 1, 1.0), taken(now, 1.0)])
    assert max(one.high for one in state.figures.past("app a", "cpu", now - 30 * 86400, now)) == 99.0


def test_a_question_about_a_part_gives_no_more_than_what_reaches_into_it(state: State) -> None:
    state.figures.keep([taken(float(at), 1.0) for at in range(0, 1000, 10)])
    found = state.figures.past("app a", "cpu", 505, 600)
    assert (found[0].at, found[-1].at) == (500, 600)
