"""The log pane on the screen: following, searching, filtering, marks, and what each key does."""

import json

import pytest
from log_world import AT, Alone, lines, shown
from textual import events
from worlds import until

from webduh_console.console.logs.buffer import CHUNK
from webduh_console.console.logs.entries import made
from webduh_console.console.logs.filters import View, filters


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
