"""Charts start at zero, lose no spike, and leave gaps where samples are missing."""

import random
from datetime import UTC, datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from webduh_console.console.board import summed
from webduh_console.console.charts.dots import area, dot, lines
from webduh_console.console.charts.samples import Line, Sample, columns, greatest, summary, value_at
from webduh_console.console.charts.scales import axis, nice_bytes, nice_top, time_step, time_ticks, value_rows
from webduh_console.console.charts.window import LONGEST, RANGES, SHORTEST, Window
from webduh_console.console.figures import deployment_marks, span_of, together
from webduh_console.model.names import AppKey
from webduh_console.model.observe import Series
from webduh_console.model.release import Deployment
from webduh_console.state.figures import Bucket


def samples(*points: tuple[float, float], step: float = 2.0) -> list[Sample]:
    """Samples of single values."""
    return [Sample(at, value, value, step) for at, value in points]


# Dots


def test_an_area_is_filled_from_zero() -> None:
    assert area([(0, 0), (1, 1), (2, 2), (4, 4)], 2, 4.0) == [" ⢸", "⣠⣿"]


def test_zero_is_a_dot_and_a_missing_sample_is_none() -> None:
    assert area([None, None, (0, 0.001), (0, 0.0), None, (0, 0)], 1, 1.0) == [" ⣀⢀"]


def test_a_line_goes_from_the_least_to_the_greatest_and_has_no_break_but_for_gaps() -> None:
    assert lines([[(1.0, 1.0), (4.0, 4.0), None, (2.0, 4.0)]], 1, 4.0) == [[("⣸", 0), ("⠸", 0)]]


def test_a_cell_has_the_colour_of_the_last_series_that_meets_in_it() -> None:
    assert lines([[(1.0, 1.0)] * 4, [None, None, (4.0, 4.0), None]], 1, 4.0) == [[("⣀", 0), ("⣁", 1)]]


@pytest.mark.parametrize("seed", range(20))
def test_what_is_drawn_is_never_above_the_axis_nor_below_zero(seed: int) -> None:
    chance = random.Random(seed)
    values = [chance.uniform(0, 10) for _ in range(40)]
    top, height = nice_top(max(values), 0.1), chance.randrange(1, 12)
    drawn = lines([[(value, value) for value in values]], height, top)
    assert len(drawn) == height
    assert {len(row) for row in drawn} == {20}
    assert all(1 <= dot(value, height * 4, top) <= height * 4 for value in values)


# Samples in columns


def test_sparse_samples_are_no_gap_and_missing_ones_are() -> None:
    found = columns(samples(*((float(at), 1.0) for at in (*range(0, 20, 2), *range(60, 80, 2)))), 0.0, 80.0, 80)
    assert found[:20] == [(1.0, 1.0)] * 20
    assert found[20:60] == [None] * 40
    assert found[60:] == [(1.0, 1.0)] * 20


@pytest.mark.parametrize("seed", range(30))
def test_a_spike_of_one_sample_is_never_lost(seed: int) -> None:
    chance = random.Random(seed)
    count, at = chance.randrange(2, 3000), chance.randrange(2000)
    found = columns(samples(*((float(t), 99.0 if t == at else 1.0) for t in range(2000)), step=1.0), 0.0, 2000.0, count)
    assert greatest([found]) == 99.0
    assert found[min(count - 1, int(at / (2000.0 / count)))] in ((1.0, 99.0), (99.0, 99.0))
    assert None not in found


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_what_is_no_number_is_no_sample(value: float) -> None:
    assert columns(samples((0.0, 1.0), (20.0, value), (40.0, 2.0)), 0.0, 50.0, 5) == [
        (1.0, 1.0), None, None, None, (2.0, 2.0),
    ]  # fmt: skip


def test_a_sample_from_before_the_window_reaches_into_it() -> None:
    assert columns(samples((-5.0, 3.0), (1.0, 4.0)), 0.0, 4.0, 4) == [(3.0, 3.0), (4.0, 4.0), (4.0, 4.0), None]


def test_no_samples_are_all_gaps() -> None:
    assert columns([], 0.0, 10.0, 3) == [None] * 3
    assert greatest([[None], []]) == 0.0


def test_buckets_of_different_lengths_have_gaps_of_their_own_length() -> None:
    mixed = [Sample(0, 1, 1, 600), Sample(1200, 2, 2, 600), Sample(2400, 3, 3, 2), Sample(2430, 4, 4, 2)]
    found = columns(mixed, 0.0, 2440.0, 244)
    assert found[200:240] == [(2, 2)] * 40
    assert [found[240], found[241], found[243]] == [(3, 3), None, (4, 4)]


@pytest.mark.parametrize(
    ("at", "value"),
    [(-1.0, None), (0.0, 1.0), (1.9, 1.0), (2.0, 5.0), (3.9, 5.0), (5.0, None), (30.0, 7.0), (39.0, None)],
)
def test_the_value_at_a_time_is_that_of_the_sample_that_it_is_in(at: float, value: float | None) -> None:
    assert value_at(samples((0.0, 1.0), (2.0, 5.0), (30.0, 7.0)), at) == value


def test_a_summary_weighs_buckets_by_their_length() -> None:
    assert summary([Sample(0, 1, 1, 30), Sample(30, 4, 4, 10)], 0, 100) == (4, 1, 1.75, 4)
    assert summary(samples((5.0, 1.0)), 6, 9) is None


def test_what_was_kept_ends_where_the_live_samples_begin() -> None:
    kept = [Bucket(0, 10, 1.0, 2.0), Bucket(10, 10, 3.0, 4.0), Bucket(20, 10, 5.0, 6.0)]
    assert together(kept, [Sample(21, 9, 9, 2)]) == [Sample(0, 1, 2, 10), Sample(10, 3, 4, 10), Sample(21, 9, 9, 2)]
    assert [one.at for one in together(kept, [])] == [0, 10, 20]


def test_the_samples_of_all_instances_are_added() -> None:
    one = Series({"instance": "a"}, "cores", ((10.2, 0.5), (12.2, 0.25)))
    two = Series({"instance": "b"}, "cores", ((10.4, 0.25),))
    assert summed([one, two]) == [(10.0, 0.75), (12.0, 0.25)]


# Axes


@pytest.mark.parametrize(
    ("largest", "top"), [(0.0, 0.1), (0.13, 0.2), (0.94, 1.0), (1.0, 1.0), (2.1, 2.5), (3.0, 5.0), (7.0, 10.0)]
)
def test_the_axis_ends_at_a_round_number(largest: float, top: float) -> None:
    assert nice_top(largest, 0.1) == pytest.approx(top)


@pytest.mark.parametrize(("largest", "top"), [(0, 2**24), (2**24 + 1, 2**25), (500 * 2**20, 512 * 2**20)])
def test_the_axis_of_memory_ends_at_a_power_of_two(largest: float, top: float) -> None:
    assert nice_bytes(largest, 2**24) == top


@pytest.mark.parametrize(("height", "count"), [(1, 1), (4, 2), (6, 3), (12, 5), (30, 5)])
def test_both_ends_of_the_axis_have_a_tick_and_the_middle_if_there_is_room(height: int, count: int) -> None:
    rows = value_rows(8.0, height)
    assert len(rows) == count
    assert rows[0] == 8.0
    assert all(0 <= row < height for row in rows)


@pytest.mark.parametrize(
    ("top", "height", "labels"),
    [
        (0.05, 14, [0, 0.01, 0.02, 0.03, 0.04, 0.05]),
        (0.1, 14, [0, 0.02, 0.04, 0.06, 0.08, 0.1]),
        (0.1, 8, [0, 0.05, 0.1]),
        (0.05, 8, [0, 0.05]),
        (1.0, 14, [0, 0.25, 0.5, 0.75, 1.0]),
        (2.5, 14, [0, 0.5, 1.0, 1.5, 2.0, 2.5]),
        (5.0, 14, [0, 1, 2, 3, 4, 5]),
        (5.0, 8, [0, 2.5, 5.0]),
        (64 * 2**20, 14, [0, 16 * 2**20, 32 * 2**20, 48 * 2**20, 64 * 2**20]),
        (100.0, 40, [0, 25, 50, 75, 100]),
    ],
)
def test_what_stands_beside_the_axis_is_round(top: float, height: int, labels: list[float]) -> None:
    rows = value_rows(top, height)
    assert [rows[row] for row in sorted(rows, reverse=True)] == pytest.approx(labels)
    assert all(abs((height - row) / height - value / top) <= 1 / height for row, value in rows.items())


SPANS = [30.0, 61.0, 300.0, 899.0, 3600.0, 21600.0, 86400.0, 604800.0, 2592000.0]


@pytest.mark.parametrize("span", SPANS)
@pytest.mark.parametrize("width", [12, 40, 73, 150, 400])
@pytest.mark.parametrize("zone", [None, UTC, ZoneInfo("Asia/Kolkata"), ZoneInfo("America/New_York")])
def test_no_label_of_a_time_meets_another_and_all_are_inside(span: float, width: int, zone: ZoneInfo | None) -> None:
    start = 1_772_640_123.4
    ticks = time_ticks(start, start + span, width, zone)
    ends = [(column, column + len(label)) for column, label in ticks]
    assert all(later[0] > before[1] for before, later in pairwise(ends))
    assert all(first >= 0 and last <= width for first, last in ends)
    assert len(ticks) >= width // 60


@pytest.mark.parametrize(
    ("span", "width", "step"), [(60, 100, 10), (300, 120, 30), (3600, 60, 600), (604800, 70, 86400)]
)
def test_ticks_are_at_round_times(span: int, width: int, step: int) -> None:
    assert time_step(span, width) == step
    start = datetime(2026, 3, 4, 17, 3, 7, tzinfo=UTC).timestamp()
    for column, label in time_ticks(start, start + span, width, UTC):
        at = start + column / width * span
        assert abs(round(at / step) * step - at) <= span / width, label


def test_a_new_day_is_named() -> None:
    start = datetime(2026, 3, 4, 12, tzinfo=UTC).timestamp()
    assert ("Mar 5") in [label for _, label in time_ticks(start, start + 86400, 80, UTC)]


def test_marks_stand_before_ticks_and_never_over_each_other() -> None:
    assert axis([(0, "12:00"), (10, "12:05"), (30, "12:10")], [(8, "▴v3"), (10, "▴v4"), (29, "▴v5")], 40) == [
        (0, "12:00", False),
        (8, "▴v3", True),
        (29, "▴v5", True),
    ]


# The window


NOW = 1000.0


def test_a_window_ends_now_until_it_is_moved() -> None:
    window = Window(300.0)
    assert window.bounds(NOW) == (700.0, 1000.0)
    back = window.panned(-0.5, NOW)
    assert (back.bounds(NOW), back.bounds(NOW + 60)) == ((550.0, 850.0), (550.0, 850.0))
    assert back.panned(5, NOW) == window
    assert back.live() == window
    assert (window.words(), back.words()) == ("5 min, live", "5 min, not live")


def test_zooming_keeps_the_cursor_where_it_is() -> None:
    window = Window(400.0, None, 800.0)
    closer = window.zoomed(0.5, NOW)
    assert closer == Window(200.0, 900.0, 800.0)
    assert closer.column(800.0, 100, NOW) == window.column(800.0, 100, NOW) == 50


@pytest.mark.parametrize("factor", [0.5, 2.0, 0.1, 7.0])
def test_a_window_is_never_shorter_or_longer_than_makes_sense(factor: float) -> None:
    window = Window(300.0)
    for _ in range(60):
        window = window.zoomed(factor, NOW)
        assert SHORTEST <= window.span <= LONGEST


def test_ranges_go_round() -> None:
    window = Window(290.0, 500.0)
    seen = []
    for _ in RANGES:
        window = window.ranged(1)
        seen.append(window.span)
        assert window.end is None
    assert seen == [*(span for span, _ in RANGES[1:]), RANGES[0][0]]
    assert window.ranged(-1).span == RANGES[-1][0]


def test_a_cursor_is_brought_into_view_and_never_beyond_now() -> None:
    window = Window(100.0)
    assert window.pointed(950.0, NOW) == Window(100.0, None, 950.0)
    assert window.pointed(2000.0, NOW).cursor == NOW
    assert window.pointed(500.0, NOW) == Window(100.0, 550.0, 500.0)
    assert window.pointed(None, NOW) == window


@pytest.mark.parametrize("width", [1, 7, 80, 211])
def test_the_time_of_a_column_is_in_it(width: int) -> None:
    window = Window(321.0, 900.0)
    for column in range(width):
        assert window.column(window.time_of(column, width, NOW), width, NOW) == column


def test_a_time_out_of_view_has_no_column() -> None:
    assert Window(100.0).column(899.0, 10, NOW) is None


@pytest.mark.parametrize(
    ("age", "span"), [(0.0, 60.0), (59.0, 60.0), (61.0, 120.0), (290.0, 300.0), (301.0, 600.0), (9e6, 600.0)]
)
def test_a_small_chart_is_as_long_as_its_samples_need(age: float, span: float) -> None:
    now = datetime(2026, 3, 4, 17, tzinfo=UTC)
    assert span_of([Line("", samples((now.timestamp() - age, 1.0)))], now) == span
    assert span_of([], now) == 60.0


def test_a_deployment_is_marked_where_it_ended() -> None:
    at = datetime(2026, 3, 4, 17, tzinfo=UTC)
    done = Deployment("1", AppKey("default", "shop", "production"), "prod", "deploy", "done", at, 7, None, at, 12.0)
    marks = deployment_marks([done, *(Deployment(**{**_fields(done), **other}) for other in (
        {"outcome": "reverted", "release": 8}, {"finished": None},
    ))])  # fmt: skip
    assert [(mark.at, mark.label, mark.role, mark.words) for mark in marks] == [
        (at.timestamp(), "v7", "good", "deploy v7 done, 12 s"),
        (at.timestamp(), "✗v8", "warn", "deploy v8 reverted, 12 s"),
    ]


def _fields(one: Deployment) -> dict[str, object]:
    return {name: getattr(one, name) for name in one.__struct_fields__}
