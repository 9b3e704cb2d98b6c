"""Which runs say how a schedule does."""

from datetime import UTC, datetime, timedelta

import pytest

from webduh_console.model.build import Schedule
from webduh_console.model.names import AppKey
from webduh_console.model.release import Actual
from webduh_console.model.schedules import RunOutcome, ScheduledRun, last_ended

TIDY, REPORT = (Schedule(name=name, cron="@daily", command=("true",)) for name in ("tidy", "report"))


def run(outcome: RunOutcome, hour: int, name: str = "tidy") -> ScheduledRun:
    at = datetime(2030, 1, 1, hour, tzinfo=UTC)
    return ScheduledRun(schedule=name, at=at, started=at + timedelta(seconds=1), outcome=outcome, release=1)


@pytest.mark.parametrize(
    ("runs", "expected"),
    [
        ([], ()),
        ([run("done", 1), run("failed", 2)], (run("failed", 2),)),
        ([run("failed", 2), run("done", 1)], (run("failed", 2),)),
        ([run("failed", 1), run("skipped", 2), run("running", 3)], (run("failed", 1),)),
        ([run("lost", 1, "report"), run("timeout", 2)], (run("timeout", 2), run("lost", 1, "report"))),
        ([run("failed", 1, "gone")], ()),
    ],
)
def test_the_newest_that_has_ended_counts_for_each_schedule_there_is(
    runs: list[ScheduledRun], expected: tuple[ScheduledRun, ...]
) -> None:
    assert last_ended(runs, (TIDY, REPORT)) == expected


def test_failing_are_those_that_did_not_end_well() -> None:
    ended = (run("done", 1), run("failed", 2), run("timeout", 3), run("lost", 4))
    assert Actual(AppKey("default", "shop", "production"), ended=ended).failing == list(ended[1:])
