"""How the console words times, sizes and states."""

from datetime import UTC, datetime, timedelta

import pytest
import worlds
from rich.cells import cell_len

from webduh_console.console import words
from webduh_console.console.ink import fitted, joined, width_of
from webduh_console.console.matching import matcher
from webduh_console.model.release import Actual

NOW = datetime(2026, 3, 4, 17, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0.0 s"), (0.44, "0.4 s"), (9.94, "9.9 s"), (9.96, "10 s"), (59.4, "59 s"), (60, "1 min"), (200, "3 min 20 s"),
     (3600, "1 h"), (3661, "1 h 1 min"), (-3, "0.0 s")],
)  # fmt: skip
def test_a_duration_is_worded_for_its_length(value: float, text: str) -> None:
    assert words.seconds(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (812, "812B"), (1024, "1K"), (86_016, "84K"), (2**20, "1.0M"), (84 * 2**20, "84M"),
     (1.2 * 2**30, "1.2G"), (2**40, "1.0T"), (2**60, "1024P")],
)  # fmt: skip
def test_bytes_take_at_most_five_characters(value: float, text: str) -> None:
    assert words.size(value) == text
    assert len(text) <= 5


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "just now"), (40, "40 s ago"), (90, "1 min ago"), (7_200, "2 h ago"), (500_000, "5 d ago"), (-60, "just now")],
)
def test_how_long_ago_is_one_unit(seconds: float, text: str) -> None:
    assert words.ago(NOW - timedelta(seconds=seconds), NOW) == text


@pytest.mark.parametrize(("value", "text"), [(5, "5s"), (61, "1m"), (7200, "2h"), (90_000, "1d")])
def test_a_span_is_short(value: float, text: str) -> None:
    assert words.span(value) == text


@pytest.mark.parametrize(("value", "text"), [(0, "0.00"), (0.123, "0.12"), (12.34, "12.3"), (120, "120")])
def test_cores_have_few_digits(value: float, text: str) -> None:
    assert words.cores(value) == text


def test_a_spark_is_based_on_zero_and_shows_every_value_above_it() -> None:
    assert words.spark([0.0, 0.001, 0.5, 1.0], 6) == "  ▁▁▄█"
    assert words.spark([0.01, 0.02], 4, top=1.0) == "  ▁▁"
    assert words.spark([], 3) == "   "


@pytest.mark.parametrize(
    ("part", "filled"), [(0, ""), (0.5, "━━━━"), (0.55, "━━━━╸"), (1, "━" * 8), (7, "━" * 8), (-1, "")]
)
def test_a_bar_is_as_long_as_its_part(part: float, filled: str) -> None:
    left, right = words.bar(part, 8)
    assert (left, len(left + right)) == (filled, 8)


@pytest.mark.parametrize(
    ("text", "shown"),
    [("plain", "plain"), ("\x1b[31mred", "␛[31mred"), ("a\rb\nc", "a␍b␊c"), ("\x00\x7f", "␀␡"), ("a\tb", "a       b"),
     ("\u202eevil", "�evil"), ("\x9b31m", "�31m"), ("日本", "日本"), ("é", "é")],
)  # fmt: skip
def test_control_characters_are_shown_and_not_obeyed(text: str, shown: str) -> None:
    assert words.visible(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "",
        "short",
        "exactly-ten",
        "a much longer text than fits",
        "日本語のとても長い文",
        "a日b本c語d",
        "🚀🚀🚀🚀🚀🚀🚀",
    ],
)
@pytest.mark.parametrize("width", [1, 2, 5, 10, 11])
def test_a_fitted_text_has_exactly_the_width(text: str, width: int) -> None:
    assert cell_len(words.fit(text, width)) == width
    assert cell_len(words.fit(text, width, "right")) == width
    assert width_of(fitted([(text, "text"), (text, "muted")], width)) == width


@pytest.mark.parametrize(("start", "shown"), [(0, "a日"), (1, "日b"), (2, " b "), (3, "b本"), (4, "本c")])
def test_a_halved_wide_character_becomes_a_space(start: int, shown: str) -> None:
    assert words.clip("a日b本c", 3, start) == shown


def test_the_right_side_of_a_line_stays_when_the_left_is_too_long() -> None:
    line = joined([("a long left side", "text")], [("right", "text")], 12)
    assert "".join(text for text, _ in line) == "a long right"


@pytest.mark.parametrize(
    ("needle", "text", "matches"),
    [("", "anything", True), ("err", "an ERROR", True), ("ERR", "an error", False), ("ERR", "an ERROR", True),
     ("get 200", "GET / 200", True), ("get 200", "GET / 404", False), ("!debug", "debug x", False),
     ("!debug", "info x", True), ("get !200", "GET / 404", True), ("get !200", "GET / 200", False), ("!", "x", True)],
)  # fmt: skip
def test_a_filter_wants_all_words_and_leaves_out_those_with_a_mark(needle: str, text: str, matches: bool) -> None:
    assert matcher(needle)(text) is matches


@pytest.mark.parametrize("health", ["serving", "degraded", "down", "never", "unknown"])
def test_every_health_has_a_glyph_a_word_and_a_role(health: str) -> None:
    glyph, word, role = words.health(Actual(worlds.DOCS, health=health))  # type: ignore[arg-type]
    assert glyph
    assert word
    assert role


def test_what_is_done_to_an_app_comes_before_how_well_it_is() -> None:
    assert words.health(Actual(worlds.DOCS, health="serving", busy="deploy"))[1] == "deploying"


def test_glyphs_differ_wherever_colours_do() -> None:
    for table in (words.HEALTH, words.OUTCOMES, words.TARGETS):
        assert len({glyph for glyph, _, _ in table.values()}) == len(table)


@pytest.mark.parametrize(("number", "text"), [(1, "1 line"), (0, "0 lines"), (12_345, "12 345 lines")])
def test_numbers_agree_with_their_words(number: int, text: str) -> None:
    assert words.counted(number, "line") == text
