"""Times that are typed and shown, and how lines look in rows."""

import random
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from rich.cells import cell_len

from webduh_console.console.logs.drawing import Look, body, gutter, highlighted, saved_line, short_names, wrapped
from webduh_console.console.logs.entries import made
from webduh_console.console.logs.filters import filters
from webduh_console.console.logs.layout import first_row, seen_rows
from webduh_console.console.logs.times import time_width, time_words, typed_time

NOW = datetime(2026, 3, 4, 17, 5, 9, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("text", "zone", "newest", "meant"),
    [
        ("14:05", UTC, NOW, "2026-03-04T14:05:00+00:00"),
        ("17:05", UTC, NOW, "2026-03-04T17:05:00+00:00"),
        ("17:06", UTC, NOW, "2026-03-03T17:06:00+00:00"),
        ("9:00:30", UTC, NOW, "2026-03-04T09:00:30+00:00"),
        ("14:05:30.5", UTC, NOW, "2026-03-04T14:05:30.500000+00:00"),
        ("14:05", BERLIN, NOW, "2026-03-04T13:05:00+00:00"),
        ("18:05", BERLIN, NOW, "2026-03-04T17:05:00+00:00"),
        ("14:05", UTC, NOW - timedelta(hours=4), "2026-03-04T14:05:00+00:00"),
        ("14:05", UTC, NOW - timedelta(days=3), "2026-03-01T14:05:00+00:00"),
        ("23:00", UTC, NOW - timedelta(days=3), "2026-02-28T23:00:00+00:00"),
        ("-10m", UTC, NOW, "2026-03-04T16:55:09+00:00"),
        ("-2h30m", UTC, NOW, "2026-03-04T14:35:09+00:00"),
        ("-1.5h", UTC, NOW, "2026-03-04T15:35:09+00:00"),
        ("-1d", UTC, NOW, "2026-03-03T17:05:09+00:00"),
        ("+5m", UTC, NOW, "2026-03-04T12:05:00+00:00"),
        ("2026-03-04T14:05", UTC, NOW, "2026-03-04T14:05:00+00:00"),
        ("2026-03-04 14:05:07", BERLIN, NOW, "2026-03-04T13:05:07+00:00"),
        ("2026-07-04 14:05:07", BERLIN, NOW, "2026-07-04T12:05:07+00:00"),
        ("2026-03-04T14:05:07Z", BERLIN, NOW, "2026-03-04T14:05:07+00:00"),
        ("2026-03-04T14:05:07-05:00", UTC, NOW, "2026-03-04T19:05:07+00:00"),
        ("2026-03-04", UTC, NOW, "2026-03-04T00:00:00+00:00"),
        (" 14:05 ", UTC, NOW, "2026-03-04T14:05:00+00:00"),
    ],
)
def test_a_typed_time_means_one_moment(text: str, zone: timezone, newest: datetime, meant: str) -> None:
    here = datetime(2026, 3, 4, 12, tzinfo=UTC).timestamp()
    found = typed_time(text, zone, NOW.timestamp(), newest.timestamp(), here)
    assert found is not None
    assert datetime.fromtimestamp(found, UTC).isoformat() == meant


@pytest.mark.parametrize("text", ["", "x", "25:00", "12:60", "12:00:61", "10m", "-", "-m", "2026-13-01", "-5x", "14"])
def test_what_is_no_time_is_none(text: str) -> None:
    assert typed_time(text, UTC, 0.0, 0.0, 0.0) is None


@pytest.mark.parametrize(
    ("clock", "dated", "words"),
    [
        ("local", False, "18:05:09.250"),
        ("local", True, "03-04 18:05:09.250"),
        ("utc", False, "17:05:09.250"),
        ("utc", True, "03-04 17:05:09.250"),
        ("ago", False, "  90s"),
    ],
)
def test_times_are_as_wide_as_is_said(clock, dated, words) -> None:  # type: ignore[no-untyped-def]
    at = NOW.timestamp() + 0.25
    said = time_words(at, clock, BERLIN, at + (30 if clock == "ago" else 0), dated)
    assert said == words.replace("90s", "30s")
    assert len(said) == time_width(clock, dated)


@pytest.mark.parametrize(
    ("names", "short"),
    [
        (["web"], {}),
        (["web", "worker"], {"web": "web", "worker": "worker"}),
        (
            ["default--shop--production--web--1", "default--shop--production--web--2"],
            {"default--shop--production--web--1": "1", "default--shop--production--web--2": "2"},
        ),
        (["web@fra-1", "web@nyc-1"], {"web@fra-1": "web@fra-1", "web@nyc-1": "web@nyc-1"}),
        (["a" * 30, "b"], {"a" * 30: "a" * 13 + "…", "b": "b"}),
        (["日本語" * 6, "b"], {"日本語" * 6: "日本語日本語 …", "b": "b"}),
    ],
)
def test_sources_have_short_names(names: list[str], short: dict[str, str]) -> None:
    assert {name: text for name, (text, _) in short_names(names).items()} == short


def test_a_gutter_is_as_wide_as_the_look_says() -> None:
    names = short_names(["web", "日本語", "a-rather-long-name-of-a-source"])
    for times in (False, True):
        for clock in ("local", "utc", "ago"):
            for dated in (False, True):
                look = Look(80, 24, times, clock, dated, UTC, names=names)
                for source in (*names, "another"):
                    pieces = gutter(made(0.0, "stdout", source, "x"), look, 10.0)
                    assert 1 + sum(cell_len(text) for text, _ in pieces) == look.gutter


TEXTS = ["", "short", "0123456789" * 30, "日本語" * 40, "e\u0301" * 90, "a日" * 50, "👍🏽ok " * 20, "ไทย" * 40]


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("width", [1, 2, 3, 7, 20, 79])
@pytest.mark.parametrize("limit", [1, 2, 5, 1000])
def test_wrapped_rows_fit_and_nothing_is_lost_uncounted(text: str, width: int, limit: int) -> None:
    rows, left = wrapped([(text[:9], "text"), (text[9:], "bad")], width, limit)
    drawn = "".join(piece for row in rows for piece, _ in row)
    assert text.startswith(drawn)
    assert len(drawn) + left == len(text)
    assert len(rows) <= limit
    if width > 1:
        assert all(sum(cell_len(piece) for piece, _ in row) <= width for row in rows)


@pytest.mark.parametrize("seed", range(30))
def test_what_is_highlighted_reads_the_same(seed: int) -> None:
    chance = random.Random(seed)
    pieces = [("".join(chance.choices("ab ", k=chance.randrange(1, 12))), role) for role in ("text", "bad", "good") * 3]
    sought = filters(chance.choice(["a", "ab", "~a+", "b a", "~a b", "~b.*a"]))
    drawn = highlighted(pieces, sought)
    whole = "".join(text for text, _ in pieces)
    assert "".join(text for text, _ in drawn) == whole
    marked = [False] * len(whole)
    at = 0
    for text, role in drawn:
        marked[at : at + len(text)] = ["reverse" in role] * len(text)
        at += len(text)
    wanted = [False] * len(whole)
    for one in sought:
        for found in one.pattern.finditer(whole):
            if not any(wanted[found.start() : found.end()]):
                wanted[found.start() : found.end()] = [True] * len(found[0])
    assert marked == wanted


def drawn(text: str, look: Look, opened: bool = False) -> list[str]:
    return ["".join(piece for piece, _ in row) for row in body(made(0.0, "stdout", "web", text), look, opened)]


def test_a_long_line_says_how_many_characters_more_there_are() -> None:
    assert drawn("x" * 100_000, Look(80, 24)) == ["x" * 4000 + " … 96 000 more"]
    rows = drawn("x" * 100_000, Look(23, 3, wrap=True))
    assert rows == ["x" * 20, "x" * 20, "x" * 6 + " … 99 954 more"]
    assert sum(row.count("x") for row in rows) + 99_954 == 100_000


def test_an_object_that_is_higher_than_the_screen_says_how_many_lines_more_there_are() -> None:
    text = "{" + ",".join(f'"k{n}":{n}' for n in range(50)) + "}"
    rows = drawn(text, Look(80, 10), opened=True)
    assert (len(rows), rows[0], rows[-1]) == (10, "{", "… 43 more lines")


@pytest.mark.parametrize("seed", range(30))
def test_every_line_of_a_screen_is_seen_whole_at_its_end(seed: int) -> None:
    chance = random.Random(seed)
    height = chance.randrange(1, 20)
    heights = [chance.randrange(1, height + 1) for _ in range(40)]
    for last in range(40):
        top = first_row(last, height, heights.__getitem__)
        assert sum(heights[top : last + 1]) <= height
        assert top == 0 or sum(heights[top - 1 : last + 1]) > height
        rows = seen_rows(top, 40, height, heights.__getitem__, False)
        assert [sub for line, sub in rows if line == last] == list(range(heights[last]))
    top = first_row(39, height, heights.__getitem__)
    rows = seen_rows(top, 40, height, heights.__getitem__, True)
    assert rows[-1] == (39, heights[39] - 1)
    assert len(rows) == height if sum(heights) >= height else sum(heights)


def test_a_saved_line_says_when_whose_and_which_stream_without_colours() -> None:
    entry = made(0.25, "stderr", "web", "\x1b[31mred\x1b[0m")
    assert saved_line(entry, UTC) == "1970-01-01T00:00:00.250+00:00 web stderr red"
