"""How a line of a log is drawn: its level, its fields, its time, its source, and characters of all kinds."""

from datetime import timedelta, timezone

import pytest
from log_world import AT, Alone, shown
from rich.cells import cell_len

from webduh_console.console.logs.entries import made
from webduh_console.console.logs.filters import View
from webduh_console.console.themes import read_theme, theme_files


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
