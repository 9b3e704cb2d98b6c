"""For how long an app does not answer: from the stop of what served until something is routed to again."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from webduh_console.clock import now
from webduh_console.engine.downtime import Downtime
from webduh_console.model.target import JournalLine


@dataclass(frozen=True)
class Named:
    name: str


STOP, START, ROUTE = Named("stop"), Named("start"), Named("route")
BEGUN: Any = [STOP, START, ROUTE]


def done(downtime: Downtime, step: Any, undoing: bool = False, **figures: float) -> None:
    downtime.begins("a", step, undoing, BEGUN)
    downtime.ended("a", step, undoing, figures)


def test_it_ends_when_the_new_release_is_routed_to() -> None:
    downtime = Downtime()
    done(downtime, STOP, stopped=1.0)
    done(downtime, START)
    assert downtime.seconds >= 0
    done(downtime, ROUTE)
    whole = downtime.seconds
    assert whole == downtime.seconds


def test_there_is_none_where_nothing_had_to_be_stopped() -> None:
    downtime = Downtime()
    done(downtime, STOP, stopped=0.0)
    done(downtime, ROUTE)
    done(downtime, ROUTE, undoing=True)
    done(downtime, STOP, undoing=True, started=0.0)
    assert downtime.seconds == 0.0


@pytest.mark.parametrize(
    ("kinds", "least"),
    [
        ([("begin", ""), ("do", "start")], 0),
        ([("do", "stop")], 30),
        ([("do", "stop"), ("did", "stop"), ("do", "start")], 30),
        ([("do", "stop"), ("did", "stop"), ("do", "route"), ("did", "route")], 0),
        ([("do", "stop"), ("did", "stop"), ("undo", "stop"), ("undid", "stop")], 0),
    ],
)
def test_the_journal_of_a_killed_client_tells_since_when(kinds: list[Any], least: int) -> None:
    at = now() - timedelta(seconds=30)
    downtime = Downtime()
    downtime.resume("a", [JournalLine(kind, "D1", at, step) for kind, step in kinds])
    assert least <= downtime.seconds < least + 5


def test_of_several_places_the_longest_counts() -> None:
    at, downtime = now(), Downtime()
    for place, seconds in (("a", 10), ("b", 20)):
        downtime.resume(place, [JournalLine("do", "D1", at - timedelta(seconds=seconds), "stop")])
    assert 20 <= downtime.seconds < 25
