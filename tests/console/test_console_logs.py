"""The log pane on the screen: what it shows, and what each key does."""

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from rich.cells import cell_len
from textual import events
from textual.app import App, ComposeResult
from worlds import until

from webduh_console.console.logs.buffer import CHUNK
from webduh_console.console.logs.entries import Entry, made
from webduh_console.console.logs.filters import View, filters
from webduh_console.console.themes import read_theme, textual_theme, theme_files
from webduh_console.console.widgets.log_pane import LogPane

START = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
AT = START.timestamp()


def lines(count: int, first: int = 0) -> list[Entry]:
    return [made(AT + n, "stdout", "web", f"GET /item/{n} 200 {'x' * (n % 7)}") for n in range(first, first + count)]


class Alone(App[None]):
    """The pane and nothing else."""

    def __init__(self) -> None:
        super().__init__()
        self.times: list[float] = []

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return dict(read_theme(theme_files()["night"]).colors)

    def on_mount(self) -> None:
        self.register_theme(textual_theme("night", read_theme(theme_files()["night"])))
        self.theme = "night"

    def compose(self) -> ComposeResult:
        yield LogPane(id="log", zone=UTC, now=lambda: START)

    def on_log_view_at_time(self, message: LogPane.AtTime) -> None:
        self.times.append(message.at)

    @property
    def pane(self) -> LogPane:
        return self.query_one(LogPane)


def shown(app: App[Any]) -> list[str]:
    pane = app.query_one(LogPane)
    return [pane.render_line(y).text.rstrip() for y in range(pane.size.height)]


async def test_the_newest_line_is_followed_until_one_goes_up() -> None:
    app = Alone()
    async with app.run_test(size=(40, 10)) as pilot:
        pane = app.pane
        pane.focus()
        pane.add(lines(100))
        await pilot.pause()
        assert shown(app)[-1] == "▌  GET /item/99 200 x"
        await pilot.press("up")
        pane.add(lines(50, 100))
        await pilot.pause()
        assert (shown(app)[-2], shown(app)[-1]) == ("▌  GET /item/98 200", "   GET /item/99 200 x")
        assert pane.state_words() == "150 lines · paused, 50 new"
        await pilot.press("f")
        assert shown(app)[-1] == "▌  GET /item/149 200 xx"
        assert pane.state_words() == "150 lines · following"


@pytest.mark.parametrize("key", ["end", "G", "f"])
async def test_following_begins_again_by_key(key: str) -> None:
    app = Alone()
    async with app.run_test(size=(40, 10)) as pilot:
        app.pane.focus()
        app.pane.add(lines(100))
        await pilot.press("home")
        assert shown(app)[0] == "▌  GET /item/0 200"
        assert not app.pane.following
        await pilot.press(key)
        assert app.pane.following


async def test_the_wheel_stops_following_too_and_the_cursor_stays_in_view() -> None:
    app = Alone()
    async with app.run_test(size=(40, 10)) as pilot:
        app.pane.focus()
        app.pane.add(lines(100))
        await pilot.pause()
        await pilot._post_mouse_events([events.MouseScrollUp], "#log", (5, 5))
        await pilot.pause()
        assert not app.pane.following
        assert any(line.startswith("▌") for line in shown(app))
        for _ in range(5):
            await pilot._post_mouse_events([events.MouseScrollDown], "#log", (5, 5))
        await pilot.pause()
        assert app.pane.following


async def test_a_click_moves_the_cursor() -> None:
    app = Alone()
    async with app.run_test(size=(40, 10)) as pilot:
        app.pane.add(lines(100))
        await pilot.pause()
        await pilot.click("#log", offset=(6, 3))
        assert shown(app)[3] == "▌  GET /item/93 200 xx"
        assert not app.pane.following


async def test_filters_stand_as_chips_and_hold_for_what_comes_later() -> None:
    app = Alone()
    async with app.run_test(size=(60, 10)) as pilot:
        app.pane.add(lines(30))
        app.pane.look_for("item/1 !x")
        assert shown(app)[:2] == ["  item/1   !x", "▌  GET /item/14 200"]
        app.pane.look_for("/item/2")
        app.pane.add(lines(2, 28) + lines(1, 200))
        await pilot.pause()
        assert [line.split("GET ")[1].split()[0] for line in shown(app)[1:]] == [
            f"/item/{n}" for n in (22, 23, 24, 25, 26, 27, 28, 29, 28, 29, 200)
        ][-9:]
        assert app.pane.state_words() == "14 of 33 lines · following"
        app.pane.look_for("")
        assert app.pane.count() == 33


async def test_a_bad_pattern_is_said_and_the_filter_before_stays() -> None:
    app = Alone()
    async with app.run_test(size=(90, 6)) as pilot:
        app.pane.add(lines(30))
        app.pane.look_for("~/item/2[0-4]")
        await pilot.pause()
        assert app.pane.count() == 5
        app.pane.look_for("~item/(")
        assert app.pane.count() == 5
        assert "✗ missing ), unterminated subpattern at 6" in shown(app)[0]


async def test_many_lines_are_searched_and_filtered_without_stopping_the_keyboard() -> None:
    app = Alone()
    async with app.run_test(size=(60, 10)) as pilot:
        pane = app.pane
        pane.add(lines(60_000))
        pane.look_for("/item/59999")
        assert pane.log_lines.running
        await until(pilot, lambda: not pane.log_lines.running)
        assert pane.count() == 1
        pane.look_for("")
        pane.seek(filters("item/777"))
        await until(pilot, lambda: not pane.log_lines.running)
        assert "11 of 11" in shown(app)[0]
        assert pane.log_lines.buffer[pane.log_lines.cursor].text.startswith("GET /item/7779 ")


async def test_escape_stops_a_search_and_what_was_found_stays_then_it_drops_search_and_filters() -> None:
    app = Alone()
    async with app.run_test(size=(80, 10)) as pilot:
        pane = app.pane
        pane.focus()
        pane.add(lines(30_000))
        await pilot.pause()
        pane.show(View(filters("item")))
        pane.action_clear_view()
        assert not pane.log_lines.running
        assert "stopped at" in shown(app)[0]
        pane.seek(filters("~200"))
        await until(pilot, lambda: not pane.log_lines.running)
        await pilot.press("escape")
        assert (pane.log_lines.sought, pane.needle) == ((), "item")
        await pilot.press("escape")
        assert pane.needle == ""
        assert pane.count() == 30_000


async def test_next_and_previous_go_round_what_was_found_and_it_is_drawn_in_reverse() -> None:
    app = Alone()
    async with app.run_test(size=(60, 12)) as pilot:
        pane = app.pane
        pane.focus()
        pane.add(lines(100))
        await pilot.pause()
        pane.seek(filters('"/item/9 "'))
        assert "1 of 1" in shown(app)[0]
        pane.seek(filters("item/5"))
        await pilot.pause()
        assert "1 of 11" in shown(app)[0]
        seen = []
        for key in ("n", "n", "N", "N", "N"):
            await pilot.press(key)
            seen.append((pane.log_lines.hit()[0], pane.log_lines.buffer[pane.log_lines.cursor].text.split()[1]))
        assert seen == [(2, "/item/50"), (3, "/item/51"), (2, "/item/50"), (1, "/item/5"), (11, "/item/59")]
        row = next(y for y in range(12) if pane.render_line(y).text.startswith("▌"))
        marked = [one.text for one in pane.render_line(row) if one.style is not None and one.style.reverse]
        assert marked == ["item/5"]


async def test_levels_are_letters_and_can_be_filtered() -> None:
    app = Alone()
    async with app.run_test(size=(50, 10)) as pilot:
        pane = app.pane
        pane.focus()
        texts = ("DEBUG a", "INFO b", "plain", "WARN c", "ERROR d", '{"level":50,"msg":"e"}', "level=debug msg=f")
        pane.add([made(AT, "stdout", "web", text) for text in texts])
        await pilot.pause()
        assert [line[1] for line in shown(app)[:7]] == ["D", "I", " ", "W", "E", "E", "D"]
        counts = []
        for _ in range(4):
            await pilot.press("e")
            counts.append((pane.count(), shown(app)[0].strip()))
        assert counts[:3] == [(5, "no debug"), (3, "warnings and errors"), (2, "only errors")]
        assert counts[3][0] == 7


async def test_json_is_shown_short_and_is_unfolded_for_one_line_or_all() -> None:
    app = Alone()
    async with app.run_test(size=(60, 20)) as pilot:
        pane = app.pane
        pane.focus()
        pane.add(
            [made(AT, "stdout", "web", '{"level":30,"time":1,"user":"ada","ms":7,"msg":"signed in"}')] * 2
            + [made(AT, "stdout", "web", "plain")]
        )
        await pilot.pause()
        assert shown(app)[:3] == [
            " I signed in  user=ada  ms=7",
            " I signed in  user=ada  ms=7",
            "▌  plain",
        ]
        await pilot.press("up", "space")
        assert shown(app)[:9] == [
            " I signed in  user=ada  ms=7",
            "▌I {",
            "▌    level: 30,",
            "▌    time: 1,",
            '▌    user: "ada",',
            "▌    ms: 7,",
            '▌    msg: "signed in"',
            "▌  }",
            "   plain",
        ]
        await pilot.press("space", "J")
        assert sum(line.lstrip("▌ I").startswith("{") for line in shown(app)) == 2


async def test_long_lines_are_wrapped_or_scrolled_and_say_how_much_more_there_is() -> None:
    app = Alone()
    async with app.run_test(size=(23, 6)) as pilot:
        pane = app.pane
        pane.focus()
        pane.add([made(AT, "stdout", "web", "0123456789" * 5)])
        await pilot.press("right")
        assert shown(app)[0] == "▌  89012345678901234567"
        await pilot.press("w")
        assert shown(app)[:3] == ["▌  01234567890123456789", "▌  01234567890123456789", "▌  0123456789"]
        pane.replace([made(AT, "stdout", "web", "x" * 100_000)])
        assert shown(app)[5] == "▌  xxxxxx … 99 894 more"


async def test_a_line_of_a_hundred_thousand_characters_is_cut_in_view() -> None:
    app = Alone()
    async with app.run_test(size=(40, 6)) as pilot:
        pane = app.pane
        pane.focus()
        pane.add([made(AT, "stdout", "web", "y" * 100_000)])
        await pilot.pause()
        pane.scroll_to(x=100_000, animate=False, force=True)
        await pilot.pause()
        assert shown(app)[0].endswith("y … 96 000 more")


async def test_times_are_shown_here_in_utc_and_by_age() -> None:
    app = Alone()
    async with app.run_test(size=(60, 4)) as pilot:
        pane = app.pane
        pane.zone = timezone(timedelta(hours=2))
        pane.focus()
        pane.add([made(AT - 90, "stdout", "web", "hello")])
        seen = []
        for key in ("t", "T", "T", "T", "t"):
            await pilot.press(key)
            seen.append(shown(app)[0])
        assert seen == [
            "▌  13:58:30.000 hello",
            "▌  11:58:30.000 hello",
            "▌     1m hello",
            "▌  13:58:30.000 hello",
            "▌  hello",
        ]


async def test_lines_of_several_days_show_the_day() -> None:
    app = Alone()
    async with app.run_test(size=(60, 4)) as pilot:
        app.pane.action_timestamps()
        app.pane.add([made(AT, "stdout", "web", "a"), made(AT + 86400, "stdout", "web", "b")])
        await pilot.pause()
        assert shown(app)[:2] == ["   03-04 12:00:00.000 a", "▌  03-05 12:00:00.000 b"]


async def test_several_sources_are_merged_by_time_each_with_its_name() -> None:
    app = Alone()
    async with app.run_test(size=(50, 8)) as pilot:
        pane = app.pane
        pane.add([made(AT + n, "stdout", "web", f"w{n}") for n in (0, 2, 4)])
        pane.add([made(AT + n, "stdout", "worker", f"k{n}") for n in (1, 3)])
        await pilot.pause()
        assert shown(app)[:5] == [
            "   web     w0",
            "   worker  k1",
            "   web     w2",
            "   worker  k3",
            "▌  web     w4",
        ]
        pane.show(View(hidden=frozenset({"web"})))
        assert shown(app)[:3] == ["  1 source hidden", "   worker  k1", "▌  worker  k3"]


async def test_marks_are_gone_to_and_stay_with_their_lines() -> None:
    app = Alone()
    async with app.run_test(size=(40, 10)) as pilot:
        pane = app.pane
        pane.focus()
        pane.add(lines(100))
        await pilot.press("m", "home", "down", "m", "down")
        pane.add([made(AT - 1, "stdout", "early", "first of all")])
        await pilot.pause()
        seen = []
        for key in ("quotation_mark", "quotation_mark", "apostrophe"):
            await pilot.press(key)
            seen.append(pane.log_lines.buffer[pane.log_lines.cursor].text.split()[1])
        assert seen == ["/item/1", "/item/99", "/item/1"]
        assert any(line.startswith("◈") for line in shown(app))


async def test_a_line_or_a_range_is_copied() -> None:
    app = Alone()
    async with app.run_test(size=(40, 10)) as pilot:
        pane = app.pane
        pane.focus()
        pane.add([made(AT, "stdout", "web", "\x1b[31mred\x1b[0m one"), *lines(3)])
        await pilot.press("home", "y")
        assert app.clipboard == "red one"
        await pilot.press("V", "down", "y")
        start = "2026-03-04T12:00:00.000+00:00 web stdout"
        assert app.clipboard == f"{start} red one\n{start} GET /item/0 200 "


async def test_the_time_under_the_cursor_is_told_and_the_cursor_goes_to_a_time() -> None:
    app = Alone()
    async with app.run_test(size=(40, 10)) as pilot:
        pane = app.pane
        pane.add(lines(5000))
        await pilot.pause()
        assert app.times[-1] == AT + 4999
        pane.move_to_time(AT + 1234.4)
        await pilot.pause()
        assert app.times[-1] == AT + 1234
        assert any("/item/1234 " in line for line in shown(app))
        pane.move_to_time(0)
        assert pane.log_lines.cursor == 0
        assert not pane.following


async def test_escape_sequences_are_never_obeyed_and_colours_are_drawn() -> None:
    app = Alone()
    async with app.run_test(size=(60, 6)) as pilot:
        app.pane.add(
            [
                made(AT, "stdout", "web", "\x1b[2J\x1b]52;c;ZXZpbA==\x07\x1b[32mgreen\x1b[0m \x1b[1A\rback"),
                made(AT, "stdout", "web", '{"msg":"\\u001b[2Jgone\\nnext"}'),
            ]
        )
        await pilot.pause()
        assert shown(app)[:2] == ["   green ␍back", "▌  ␛[2Jgone␊next"]
        colors = {one.text: one.style.color.name for one in app.pane.render_line(0) if one.style and one.style.color}
        assert colors["green"] == read_theme(theme_files()["night"]).colors["good"]
        assert not any("\x1b" in one.text for y in range(6) for one in app.pane.render_line(y))


@pytest.mark.parametrize(
    "text", ["日本語の長いログの行です", "e\u0301a\u0308" * 20, "👩‍👩‍👧 family 👍🏽 " * 4, "a\tb\tc", "ไทย" * 12]
)
@pytest.mark.parametrize("width", [20, 21, 7, 3])
async def test_every_row_is_as_wide_as_the_screen_whatever_the_characters(text: str, width: int) -> None:
    app = Alone()
    async with app.run_test(size=(width, 5)) as pilot:
        app.pane.add([made(AT, "stderr", "web", text)])
        await pilot.pause()
        for wrap in (False, True):
            app.pane.wrap = wrap
            app.pane.restyle()
            strips = [app.pane.render_line(y) for y in range(5)]
            assert [strip.cell_length for strip in strips] == [width] * 5
            assert [sum(cell_len(one.text) for one in strip) for strip in strips] == [width] * 5


async def test_it_lives_through_every_size() -> None:
    app = Alone()
    async with app.run_test(size=(120, 40)) as pilot:
        pane = app.pane
        pane.focus()
        texts = [json.dumps({"msg": "word " * n, "n": n}) for n in range(80)]
        pane.add([made(AT + n, "stdout", f"source-{n % 3}", text) for n, text in enumerate(texts)])
        pane.action_timestamps()
        pane.seek(filters("word"))
        for keys in ((), ("w",), ("J",), ("home",), ("end",)):
            await pilot.press(*keys)
            for size in ((20, 5), (1, 1), (5, 2), (160, 48), (20, 5), (120, 40)):
                await pilot.resize_terminal(*size)
                await pilot.pause()
                assert len(shown(app)) == pane.size.height
                assert any("▌" in line or "◈" in line for line in shown(app))


@pytest.mark.parametrize("wrap", [False, True])
async def test_the_cursor_reaches_every_line_and_is_always_seen_whole(wrap: bool) -> None:
    app = Alone()
    async with app.run_test(size=(30, 9)) as pilot:
        pane = app.pane
        pane.focus()
        pane.wrap = wrap
        pane.add([made(AT + n, "stdout", "web", f"{n} " + "word " * (n * 7 % 40)) for n in range(60)])
        await pilot.pause()
        for row in [*range(59, -1, -1), *range(60)]:
            pane.go(row)
            seen = [sub for line, sub in pane.rows() if line == row]
            assert seen == list(range(len(pane.body(row)))), row


async def test_what_is_forgotten_takes_cursor_and_marks_along() -> None:
    app = Alone()
    async with app.run_test(size=(40, 10)) as pilot:
        pane = app.pane
        pane.log_lines.buffer.limit = CHUNK * 3
        pane.add(lines(CHUNK * 2))
        pane.go(5)
        pane.action_mark()
        pane.add(lines(CHUNK * 3, CHUNK * 2))
        await pilot.pause()
        assert pane.log_lines.marks == set()
        assert shown(app)[0] == f"▌  GET /item/{CHUNK * 2} 200 {'x' * (CHUNK * 2 % 7)}".rstrip()
        assert pane.state_words() == "6 000 lines · 4 000 older forgotten · paused, 6 000 new"
