"""Requests a second are the difference of two looks at Traefik's counters."""

import itertools
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest

from webduh_console.errors import TargetError
from webduh_console.model.names import AppKey
from webduh_console.model.observe import MetricQuery
from webduh_console.targets.server.front import Requests
from webduh_console.targets.server.traffic import Counted, Traffic, rates

SHOP = AppKey("default", "shop", "production")


def looks(*seen: tuple[float, int]) -> list[Counted]:
    """Looks at the counter of one app."""
    return [Counted(at, {"a": total}) for at, total in seen]


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        ([], []),
        ([(0, 5)], []),
        ([(0, 5), (2, 25)], [(2, 10.0)]),
        ([(0, 5), (2, 5), (4, 6)], [(2, 0.0), (4, 0.5)]),
        ([(0, 500), (2, 3), (4, 5)], [(4, 1.0)]),  # Traefik began anew
        ([(2, 5), (2, 9), (1, 10)], []),  # our clock went back
    ],
)
def test_a_rate_is_the_difference_between_two_looks(
    seen: list[tuple[float, int]], expected: list[tuple[float, float]]
) -> None:
    assert rates(looks(*seen), "a") == expected


def test_an_app_that_is_counted_for_the_first_time_had_no_request_before() -> None:
    assert rates([Counted(0, {}), Counted(2, {"a": 4})], "a") == [(2, 2.0)]


class Counter:
    """Answers as Traefik would, one after the other."""

    def __init__(self, *answers: Mapping[str, Requests] | TargetError) -> None:
        self.answers = list(answers)

    def __call__(self) -> Mapping[str, Requests]:
        answer = self.answers.pop(0)
        if isinstance(answer, TargetError):
            raise answer
        return answer


BEGIN = datetime(2026, 3, 4, 17, tzinfo=UTC)


def asked(source: Traffic, key: AppKey | None) -> list[tuple[str, list[float]]]:
    """The rates of every app that is asked about."""
    found = source.range(MetricQuery("requests", key), BEGIN, BEGIN + timedelta(hours=1), 1.0)
    return [(series.labels["app"], [value for _, value in series.points]) for series in found]


def test_each_question_adds_a_look_and_a_silent_traefik_only_leaves_one_out() -> None:
    times = itertools.count(2, 2)
    counter = Counter(
        {SHOP.slug: Requests(10, 0)},
        {SHOP.slug: Requests(14, 1), "b": Requests(3, 0)},
        TargetError("It is silent."),
        {SHOP.slug: Requests(22, 1), "b": Requests(3, 0)},
    )
    source = Traffic(counter, lambda: BEGIN + timedelta(seconds=next(times)))
    assert asked(source, SHOP) == []
    assert asked(source, SHOP) == [(SHOP.slug, [2.0])]
    assert asked(source, SHOP) == [(SHOP.slug, [2.0])]
    assert asked(source, None) == [("b", [1.5, 0.0]), (SHOP.slug, [2.0, 2.0])]
