"""Figures from Docker's statistics, as engines with cgroups of both versions give them."""

from typing import Any

import pytest

from webduh_console.targets.server.metrics import Reading, cores, points, reading
from webduh_console.targets.thinning import thinned

STATS: dict[str, Any] = {
    "read": "2026-11-23T20:00:00.5Z",
    "preread": "0001-01-01T00:00:00Z",
    "cpu_stats": {"cpu_usage": {"total_usage": 2_500_000_000}, "system_cpu_usage": 1, "online_cpus": 2},
    "memory_stats": {"usage": 50_000_000, "limit": 2**30, "stats": {"inactive_file": 8_000_000}},
}
CLOCK = 1795464000.5
V1 = {"usage": 50_000_000, "stats": {"total_inactive_file": 9_000_000, "inactive_file": 1_000_000}}


@pytest.mark.parametrize(
    ("memory", "used"),
    [
        (STATS["memory_stats"], 42_000_000),
        (V1, 41_000_000),
        ({"usage": 50_000_000, "stats": {"inactive_file": 60_000_000}}, 50_000_000),
        ({"usage": 50_000_000, "stats": {}}, 50_000_000),
        ({"usage": 50_000_000, "stats": None}, 50_000_000),
        ({"usage": 50_000_000}, 50_000_000),
        ({"usage": 0}, 0),
    ],
)
def test_memory_is_without_what_is_only_cache(memory: dict[str, Any], used: int) -> None:
    assert reading({**STATS, "memory_stats": memory}, 7.0) == Reading(7.0, CLOCK, 2.5, used)


@pytest.mark.parametrize(
    "changes",
    [{"memory_stats": {}}, {"memory_stats": None}, {"read": "0001-01-01T00:00:00Z"}, {"read": None}],
)
def test_a_container_that_does_not_run_has_no_figures(changes: dict[str, Any]) -> None:
    assert reading({**STATS, **changes}, 7.0) is None


def test_an_engine_that_tells_no_processor_time_still_tells_memory() -> None:
    assert reading({**STATS, "cpu_stats": {}}, 7.0) == Reading(7.0, CLOCK, 0.0, 42_000_000)


@pytest.mark.parametrize(
    ("before", "after", "used"),
    [
        (Reading(0, 10, 5, 0), Reading(9, 12, 8, 0), 1.5),
        (Reading(0, 10, 5, 0), Reading(9, 12, 5, 0), 0.0),
        (Reading(0, 10, 5, 0), Reading(9, 10, 6, 0), None),
        (Reading(0, 10, 5, 0), Reading(9, 9, 6, 0), None),
        (Reading(0, 10, 5, 0), Reading(9, 12, 1, 0), None),
    ],
)
def test_cores_are_told_between_two_readings_by_the_servers_clock(
    before: Reading, after: Reading, used: float | None
) -> None:
    assert cores(before, after) == used


def test_the_points_of_a_figure_are_at_our_own_times_and_leave_out_what_is_not_known() -> None:
    readings = [Reading(1, 101, 0, 10), Reading(3, 103, 4, 20), Reading(5, 105, 1, 30), Reading(7, 107, 2, 40)]
    assert points("cpu", readings) == [(3, 2.0), (7, 0.5)]
    assert points("memory", readings) == [(1, 10.0), (3, 20.0), (5, 30.0), (7, 40.0)]
    assert points("cpu", readings[:1]) == []


@pytest.mark.parametrize(
    ("step", "kept"), [(0, [0, 1, 2, 3, 4, 5]), (1, [0, 1, 2, 3, 4, 5]), (2, [0, 2, 4]), (2.5, [0, 3]), (99, [0])]
)
def test_points_are_thinned_and_never_made_up(step: float, kept: list[int]) -> None:
    assert thinned([(float(at), 1.0) for at in range(6)], step) == [(float(at), 1.0) for at in kept]
