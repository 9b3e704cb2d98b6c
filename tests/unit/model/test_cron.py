"""Cron expressions: which are right, what they stand for, and when they are due where clocks change."""

from datetime import UTC, datetime, timedelta

import pytest

from webduh_console.model import cron

RIGHT = (
    *cron.NICKNAMES,
    "@DAILY",
    "* * * * *",
    "*/15 3 * * *",
    "0-30/10 1,2 1-15 jan-mar mon-fri",
    "5/20 * * * *",
    "0 0 29 2 *",
    "0 0 31 2 mon",
    "0 0 * * 7",
    " 15 3 * * * ",
)
WRONG = {
    "": "needs five fields",
    "3 * *": "needs five fields",
    "0 0 3 * * *": "no field for seconds",
    "@reboot": "is no time",
    "@every 5m": "is no time",
    "60 * * * *": "minute",
    "* 24 * * *": "hour",
    "* * 0 * *": "day-of-month",
    "* * * 13 *": "month",
    "* * * * 8": "day-of-week",
    "*/0 * * * *": "minute",
    "5-1 * * * *": "minute",
    "a * * * *": "minute",
    "-1 * * * *": "minute",
    "1,,2 * * * *": "minute",
    "0 0 L * *": "cron does not know",
    "0 0 LW * *": "cron does not know",
    "0 0 * * 5L": "cron does not know",
    "0 0 * * mon#1": "cron does not know",
    "0 0 30 2 *": "day-of-month",
    "0 0 ? * *": "day-of-month",
}


@pytest.mark.parametrize("text", RIGHT)
def test_what_cron_knows_is_right(text: str) -> None:
    assert cron.problem(text) == ""


@pytest.mark.parametrize("text", WRONG)
def test_what_cron_does_not_know_is_wrong_and_says_why(text: str) -> None:
    assert WRONG[text] in cron.problem(text)


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires", "Etc/GMT+5"])
def test_a_zone_that_there_is(zone: str) -> None:
    assert cron.zone_problem(zone) == ""


@pytest.mark.parametrize("zone", ["", "Europe/Berln", "../etc/passwd", "/etc/localtime", "Europe", "CEST+1"])
def test_a_zone_that_there_is_not(zone: str) -> None:
    assert "no time zone" in cron.zone_problem(zone)


def test_what_an_expression_stands_for() -> None:
    assert cron.fields("*/20 3,5 1-3 feb sun,7") == cron.Fields(
        (0, 20, 40), (3, 5), (1, 2, 3), (2,), (0,), either=True, fixed=False
    )
    assert cron.fields("@weekly") == cron.Fields(
        (0,), (0,), tuple(range(1, 32)), tuple(range(1, 13)), (0,), either=False, fixed=True
    )


@pytest.mark.parametrize(
    ("text", "either"), [("0 0 1 * 1", True), ("0 0 */2 * 1", False), ("0 0 1 * *", False), ("0 0 1 * */2", False)]
)
def test_a_day_of_the_month_or_of_the_week_is_enough_unless_one_begins_with_a_star(text: str, either: bool) -> None:
    assert cron.fields(text).either is either


def times(text: str, zone: str, after: str, count: int) -> list[str]:
    found = cron.upcoming(text, zone, datetime.fromisoformat(after).replace(tzinfo=UTC), count)
    return [f"{moment:%m-%d %H:%M}" for moment in found]


def test_a_fixed_time_that_is_skipped_runs_right_after_the_change() -> None:
    assert times("30 2 * * *", "Europe/Berlin", "2026-03-28T02:00", 2) == ["03-29 01:00", "03-30 00:30"]


def test_a_fixed_time_that_comes_twice_runs_once() -> None:
    assert times("30 2 * * *", "Europe/Berlin", "2026-10-24T12:00", 2) == ["10-25 00:30", "10-26 01:30"]


def test_one_with_a_star_follows_the_clock() -> None:
    assert times("30 * * * *", "Europe/Berlin", "2026-10-24T23:45", 3) == ["10-25 00:30", "10-25 01:30", "10-25 02:30"]
    assert times("0 * * * *", "Europe/Berlin", "2026-03-28T23:30", 3) == ["03-29 00:00", "03-29 01:00", "03-29 02:00"]


def test_the_latest_of_several_times() -> None:
    at = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
    assert cron.latest("*/2 * * * *", "UTC", at, at + timedelta(minutes=5)) == at + timedelta(minutes=4)
    assert cron.latest("0 0 * * *", "UTC", at, at + timedelta(minutes=5)) is None
    assert cron.latest("5 * * * *", "UTC", at, at + timedelta(minutes=5)) == at + timedelta(minutes=5)
