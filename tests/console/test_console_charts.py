"""Charts start at zero and leave gaps where samples are missing."""

import pytest

from webduh_console.console.board import summed
from webduh_console.console.widgets.chart import area, buckets, nice_bytes, nice_top, span_of
from webduh_console.model.observe import Series


def test_an_area_is_filled_from_zero() -> None:
    assert area([0.0, 1.0, 2.0, 4.0], 2, 4.0) == [" ⢸", "⣠⣿"]


def test_zero_is_a_dot_and_a_missing_sample_is_none() -> None:
    assert area([None, None, 0.001, 0.0, None, 0.0], 1, 1.0) == [" ⣀⢀"]


@pytest.mark.parametrize(
    ("largest", "top"), [(0.0, 0.1), (0.13, 0.2), (0.94, 1.0), (1.0, 1.0), (2.1, 2.5), (3.0, 5.0), (7.0, 10.0)]
)
def test_the_axis_ends_at_a_round_number(largest: float, top: float) -> None:
    assert nice_top(largest, 0.1) == pytest.approx(top)


@pytest.mark.parametrize(("largest", "top"), [(0, 2**24), (2**24 + 1, 2**25), (500 * 2**20, 512 * 2**20)])
def test_the_axis_of_memory_ends_at_a_power_of_two(largest: float, top: float) -> None:
    assert nice_bytes(largest, 2**24) == top


def test_sparse_samples_are_no_gap_and_missing_ones_are() -> None:
    points = [(float(at), 1.0) for at in (*range(0, 20, 2), *range(60, 80, 2))]
    values = buckets(points, 0.0, 80.0, 80)
    assert values[:19] == [1.0] * 19
    assert values[20:60] == [None] * 40
    assert values[60:79] == [1.0] * 19


def test_the_samples_of_all_instances_are_added() -> None:
    one = Series({"instance": "a"}, "cores", ((10.2, 0.5), (12.2, 0.25)))
    two = Series({"instance": "b"}, "cores", ((10.4, 0.25),))
    assert summed([one, two]) == [(10.0, 0.75), (12.0, 0.25)]


@pytest.mark.parametrize(
    ("age", "span"), [(0.0, 60.0), (59.0, 60.0), (61.0, 120.0), (290.0, 300.0), (301.0, 600.0), (9e9, 600.0)]
)
def test_a_chart_is_as_long_as_its_samples_need(age: float, span: float) -> None:
    assert span_of([(1000.0 - age, 1.0)], 1000.0) == span
    assert span_of([], 1000.0) == 60.0
