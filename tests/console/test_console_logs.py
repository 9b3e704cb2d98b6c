"""The log pane: what it keeps, what it shows, what it costs."""

import tracemalloc
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import worlds
from textual.app import App, ComposeResult

from webduh_console.console.matching import matcher
from webduh_console.console.themes import read_theme, textual_theme, theme_files
from webduh_console.console.widgets.log_buffer import CHUNK, Entry, LogBuffer, entry
from webduh_console.console.widgets.log_pane import LogPane
from webduh_console.model.observe import LogLine

START = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)


def lines(count: int, first: int = 0) -> list[Entry]:
    return [
        Entry(START.timestamp() + n, "stdout", "web", f"GET /item/{n} 200 {'x' * (n % 7)}")
        for n in range(first, first + count)
    ]


class Alone(App[None]):
    """The pane and nothing else."""

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return dict(read_theme(theme_files()["night"]).colors)

    def on_mount(self) -> None:
        self.register_theme(textual_theme("night", read_theme(theme_files()["night"])))
        self.theme = "night"

    def compose(self) -> ComposeResult:
        yield LogPane(id="log", zone=UTC)


def shown(app: App[Any]) -> list[str]:
    pane = app.query_one(LogPane)
    return [pane.render_line(y).text.rstrip() for y in range(pane.size.height)]


@pytest.mark.parametrize("count", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, CHUNK * 7 + 3])
def test_every_line_is_found_again(count: int) -> None:
    buffer = LogBuffer()
    buffer.extend(lines(count))
    assert len(buffer) == count
    assert [one.text for one in buffer.lines()] == [one.text for one in lines(count)]


def test_the_oldest_lines_are_forgotten_and_the_rest_keep_their_numbers() -> None:
    buffer = LogBuffer(limit=CHUNK * 3)
    buffer.extend(lines(CHUNK * 5 + 10))
    assert (buffer.first, buffer.end) == (CHUNK * 3, CHUNK * 5 + 10)
    assert buffer[buffer.first].text.startswith(f"GET /item/{CHUNK * 3} ")
    assert buffer[buffer.end - 1].text.startswith(f"GET /item/{CHUNK * 5 + 9} ")


def test_a_filter_finds_the_same_lines_in_compressed_and_in_new_chunks() -> None:
    buffer = LogBuffer()
    buffer.extend(lines(CHUNK * 6))
    found = list(buffer.find(matcher("/item/77"), 0, buffer.end))
    assert found == [n for n in range(CHUNK * 6) if "/item/77" in f"/item/{n}"]


def test_a_hundred_thousand_lines_take_little_memory() -> None:
    buffer = LogBuffer()
    text = "10.0.0.{} - - GET /a/rather/ordinary/path/of/an/app/{} HTTP/1.1 200 {} curl/8.0 and a few more words"
    tracemalloc.start()
    for start in range(0, 100_000, 1000):
        buffer.extend(
            Entry(float(n), "stdout", "web", text.format(n % 255, n, n * 7)) for n in range(start, start + 1000)
        )
    used, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert used / len(buffer) < 60


def test_a_huge_line_with_control_characters_is_cut_and_safe() -> None:
    kept = entry(LogLine(START, "one", "web", "stdout", "\x1b[2J" + "a" * 1_000_000))
    assert kept.text.startswith("␛[2Ja")
    assert len(kept.text) == 16_385


async def test_the_newest_line_is_followed_until_one_scrolls_up() -> None:
    app = Alone()
    async with app.run_test(size=(40, 10)) as pilot:
        pane = app.query_one(LogPane)
        pane.focus()
        pane.add(lines(100))
        await pilot.pause()
        assert shown(app)[-1] == "  GET /item/99 200 x"
        await pilot.press("up")
        assert not pane.following
        pane.add(lines(50, 100))
        await pilot.pause()
        assert shown(app)[-1].startswith("  GET /item/98")
        await pilot.press("end")
        await pilot.pause()
        assert pane.following
        assert shown(app)[-1].startswith("  GET /item/149")


async def test_a_filter_shows_only_what_matches_also_of_what_comes_later() -> None:
    app = Alone()
    async with app.run_test(size=(40, 10)) as pilot:
        pane = app.query_one(LogPane)
        pane.add(lines(30))
        pane.look_for("item/1 !x")
        await pilot.pause()
        assert shown(app)[0] == "  GET /item/14 200"
        pane.look_for("/item/2")
        pane.add(lines(2, 28) + lines(1, 200))
        await pilot.pause()
        assert [line.split()[1] for line in shown(app) if line] == [
            f"/item/{n}" for n in (22, 23, 24, 25, 26, 27, 28, 29, 28, 29, 200)
        ][-10:]
        pane.look_for("")
        assert pane.count() == 33


async def test_many_lines_are_searched_without_stopping_the_keyboard() -> None:
    app = Alone()
    async with app.run_test(size=(40, 10)) as pilot:
        pane = app.query_one(LogPane)
        pane.add(lines(60_000))
        pane.look_for("/item/59999")
        assert pane.scanning
        await worlds.until(pilot, lambda: not pane.scanning)
        assert pane.count() == 1


async def test_what_a_stream_is_shows_in_a_mark_and_wide_characters_keep_the_width() -> None:
    app = Alone()
    async with app.run_test(size=(20, 4)) as pilot:
        pane = app.query_one(LogPane)
        at = START.timestamp()
        pane.add([Entry(at, "stderr", "web", "日本語の長いログの行です"), Entry(at, "webduh", "worker", "restarted")])
        await pilot.pause()
        assert [pane.render_line(y).cell_length for y in range(4)] == [20] * 4
        assert shown(app)[:2] == ["▎ web     日本語の長", "· worker  restarted"]


async def test_times_are_shown_when_wanted_and_lines_are_saved_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    app = Alone()
    async with app.run_test(size=(60, 4)) as pilot:
        pane = app.query_one(LogPane)
        pane.focus()
        pane.add(lines(3))
        await pilot.press("t")
        assert shown(app)[0] == "  12:00:00.000 GET /item/0 200"
        await pilot.press("w")
        await pilot.pause()
        saved = (tmp_path / "webduh-log-1.txt").read_text("utf-8").splitlines()
        assert (
            saved[1]
            == f"{(START + timedelta(seconds=1)).isoformat(timespec='milliseconds')} web stdout GET /item/1 200 x"
        )


async def test_the_text_scrolls_to_the_side() -> None:
    app = Alone()
    async with app.run_test(size=(20, 4)) as pilot:
        pane = app.query_one(LogPane)
        pane.focus()
        pane.add([Entry(0.0, "stdout", "web", "0123456789" * 5)])
        await pilot.press("right")
        await pilot.pause()
        assert shown(app)[0] == "  890123456789012345"
