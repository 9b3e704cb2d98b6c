from datetime import UTC, datetime, timedelta

import click
import pytest

from webduh_console.clock import now
from webduh_console.commands.logs import Duration
from webduh_console.commands.words import ago, brief_step, moment, size, span


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 B"),
        (1, "1 B"),
        (1023, "1023 B"),
        (1024, "1.0 KiB"),
        (1536, "1.5 KiB"),
        (2**20 - 1, "1024.0 KiB"),
        (2**20, "1.0 MiB"),
        (2**30, "1.0 GiB"),
        (2**40, "1024.0 GiB"),
    ],
)
def test_bytes_in_words(count: int, text: str) -> None:
    assert size(count) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0.0 s"),
        (0.04, "0.0 s"),
        (9.94, "9.9 s"),
        (10, "10 s"),
        (119, "119 s"),
        (120, "2 min"),
        (3600, "60 min"),
        (7200, "2 h"),
        (172_799, "48 h"),
        (172_800, "2 d"),
        (10**7, "116 d"),
    ],
)
def test_durations_in_words(seconds: float, text: str) -> None:
    assert span(seconds) == text


def test_times_in_words() -> None:
    assert (ago(None), moment(None)) == ("", "")
    assert ago(now() - timedelta(days=3, minutes=1)) == "3 d ago"
    assert ago(now() + timedelta(days=3)) == "0.0 s ago"
    assert len(moment(datetime(2030, 1, 2, tzinfo=UTC))) == len("2030-01-02 00:00:00")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("30s", 30), ("10m", 600), ("2h", 7200), ("1d", 86_400), ("45", 45), ("1.5h", 5400), ("0", 0), ("0.5d", 43_200)],
)
def test_a_duration_is_read(text: str, seconds: float) -> None:
    assert Duration().convert(text, None, None) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["", "x", "5y", "-5m", "infd", "nand", "1e400h", "99999999999d", "d", "1 h x", "-1"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(click.UsageError):
        Duration().convert(text, None, None)


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("[2/4] RUN npm ci", "[2/4] RUN npm ci"),
        ("[2/4] RUN a    && b", "[2/4] RUN a    && b"),
        (f"[build 2/4] RUN --mount=type=cache,target=/{'c' * 90}     npm ci     && b", "[build 2/4] RUN npm ci && b"),
        (f"[2/4] RUN {'x ' * 80}", f"[2/4] RUN {'x ' * 45}"[:99] + "…"),
        (f"[4/4] COPY {'y' * 100} .", f"[4/4] COPY {'y' * 88}…"),
        (f"[1/4] Resolving {'z' * 100}", f"[1/4] Resolving {'z' * 100}"),
        (f"{'an app writes ' * 10}RUN", f"{'an app writes ' * 10}RUN"),
        ("", ""),
    ],
)
def test_a_build_step_is_one_line_and_what_it_writes_is_whole(line: str, shown: str) -> None:
    assert brief_step(line) == shown
