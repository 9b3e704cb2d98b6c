"""The part of the tick's script that says what is due, against cronsim: in bulk, around every change of the clocks."""

import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from webduh_console.model import cron
from webduh_console.model.build import Schedule
from webduh_console.targets.server.rendering import _when
from webduh_console.targets.server.ticking import MATCHING, TICK

CRONS = (
    "* * * * *",
    "*/15 * * * *",
    "*/7 2 * * *",
    "30 * * * *",
    "0 */2 * * *",
    "0 2 * * *",
    "30 2 * * *",
    "59 1 * * *",
    "0 3 * * *",
    "1 3 * * *",
    "15,45 1-3 * * *",
    "10-50/20 2,3 * * *",
    "0 0 * * *",
    "5 0 * * *",
    "30 23 * * *",
    "30 2 29 3 *",
    "30 2 25 10 *",
    "30 2 * 3 sun",
    "30 2 1 * sun",
    "30 2 1-7 * mon",
    "30 2 */2 * sun",
    "0 1 * * 1-5",
    "@daily",
    "@hourly",
    "@weekly",
    "@monthly",
)
CHANGES = {
    "Europe/Berlin": ("2026-03-28T23:30", "2026-10-24T22:30", "2026-12-31T21:30"),
    "America/New_York": ("2026-03-08T05:00", "2026-11-01T03:30"),
    "Australia/Lord_Howe": ("2026-04-04T12:30", "2026-10-03T13:00"),
    "America/St_Johns": ("2026-03-08T04:00",),
    "Asia/Kathmandu": ("2028-02-28T17:00",),
    "UTC": ("2028-02-28T22:00", "2026-12-31T22:00"),
}
HALF_AN_HOUR = "Australia/Lord_Howe"
MINUTES = 330
# Words: files of schedules. Standard input: minutes. A line for each that is due: the number of the file, the minute.
HARNESS = (
    "LC_ALL=C; known=\n"
    + MATCHING
    + r"""
while read -r at; do
  for file; do
    . "$file"
    ! due "$at" || echo "${file##*/} $at"
  done
done
"""
)
SHELLS = [shell for shell in (["dash"], ["bash", "--posix"], ["busybox", "sh"]) if shutil.which(shell[0])]


def asked(shell: list[str], folder: Path, zone: str, start: datetime) -> set[tuple[str, int]]:
    """What the script says is due, by the index of the expression and the minute."""
    files = []
    for index, text in enumerate(CRONS):
        (folder / str(index)).write_text(_when(Schedule("x", text, ("x",), zone)))
        files.append(str(folder / str(index)))
    minutes = [int(start.timestamp()) + 60 * count for count in range(MINUTES)]
    said = subprocess.run(
        [*shell, "-c", HARNESS, "webduh", *files],
        input="".join(f"{minute}\n" for minute in minutes),
        capture_output=True,
        text=True,
        check=True,
    )
    assert said.stderr == ""
    return {(line.split()[0], int(line.split()[1])) for line in said.stdout.splitlines()}


def by_the_clock(text: str, zone: str, start: datetime) -> set[int]:
    """The minutes at which the clock on the wall there shows one of its times."""
    when, found = cron.fields(text), set()
    for count in range(MINUTES):
        wall = (start + timedelta(minutes=count)).astimezone(ZoneInfo(zone))
        day, weekday = wall.day in when.days, wall.isoweekday() % 7 in when.weekdays
        of_day = day or weekday if when.either else day and weekday
        if wall.minute in when.minutes and wall.hour in when.hours and wall.month in when.months and of_day:
            found.add(int((start + timedelta(minutes=count)).timestamp()))
    return found


def expected(zone: str, start: datetime) -> set[tuple[str, int]]:
    """The same by cronsim; but where the clock moves by half an hour, what follows the clock is judged by that."""
    found = set()
    for index, text in enumerate(CRONS):
        if zone == HALF_AN_HOUR and not cron.fields(text).fixed:
            found |= {(str(index), minute) for minute in by_the_clock(text, zone, start)}
            continue
        for moment in cron.times(text, zone, start - timedelta(minutes=1)):
            if moment >= start + timedelta(minutes=MINUTES):
                break
            found.add((str(index), int(moment.timestamp())))
    return found


@pytest.mark.parametrize(("zone", "start"), [(zone, start) for zone, starts in CHANGES.items() for start in starts])
def test_the_script_and_cronsim_agree(tmp_path: Path, zone: str, start: str) -> None:
    begins = datetime.fromisoformat(start).replace(tzinfo=UTC)
    wanted = expected(zone, begins)
    assert len(wanted) > MINUTES
    assert asked(SHELLS[0], tmp_path, zone, begins) == wanted


@pytest.mark.parametrize("shell", SHELLS, ids=lambda shell: shell[0])
def test_every_shell_agrees(tmp_path: Path, shell: list[str]) -> None:
    begins = datetime.fromisoformat("2026-10-24T22:30").replace(tzinfo=UTC)
    assert asked(shell, tmp_path, "Europe/Berlin", begins) == expected("Europe/Berlin", begins)


@pytest.mark.parametrize("shell", SHELLS, ids=lambda shell: shell[0])
def test_every_shell_can_read_the_script(shell: list[str]) -> None:
    assert subprocess.run([*shell, "-n"], input=TICK, text=True, check=False).returncode == 0
