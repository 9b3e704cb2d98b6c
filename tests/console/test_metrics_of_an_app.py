"""The figures of an app over time: kept while somebody looked, shown at once, with a cursor that the logs share."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import worlds
from textual.pilot import Pilot
from worlds import GUESTBOOK, drawn, opened, until, with_figures, with_requests

from webduh_console.clock import now
from webduh_console.commands.api import Heard, TargetRow
from webduh_console.commands.context import Context
from webduh_console.console.app import ConsoleApp
from webduh_console.console.charts.samples import Line, Sample
from webduh_console.console.logs.entries import Entry
from webduh_console.console.recording import PAUSE, Recorder
from webduh_console.console.screens.app_screen import AppScreen
from webduh_console.console.screens.metrics import MetricsPane
from webduh_console.console.widgets.chart import AXIS, Chart
from webduh_console.errors import StateError
from webduh_console.state.figures import app_subject, server_subject
from webduh_console.state.targets import TargetEntry
from webduh_console.targets.server.vitals import Share, Vitals

NOW = worlds.frozen().timestamp()
BOX = TargetEntry("box", "server", "ssh://box", "", worlds.ago(days=1))


def box(load: float) -> Heard:
    """A server that answers."""
    vitals = Vitals(1, 2, load, Share(1, 2), Share(3, 4), "29")
    return Heard(TargetRow("box", "server", "up", "", 1, 0.1, 1), vitals)


async def on_metrics(pilot: Pilot[Any], app: ConsoleApp) -> MetricsPane:
    """The pane, once its figures are there."""
    app.open_app(GUESTBOOK)
    await until(pilot, lambda: isinstance(app.screen, AppScreen))
    await pilot.press("7")
    pane = app.screen.query_one(MetricsPane)
    await until(pilot, lambda: pane.figures)
    return pane


def title(pane: MetricsPane, name: str) -> str:
    return str(pane.query_one(f"#metrics-{name}", Chart).border_title)


def high_of(pane: MetricsPane, name: str) -> list[float]:
    """The greatest value of every sample of a figure."""
    (line,) = pane.query_one(f"#metrics-{name}", Chart).lines
    return [sample.high for sample in line.samples]


async def test_what_was_kept_is_there_as_soon_as_it_opens(released: Context) -> None:
    app = worlds.console(with_figures(released))
    async with opened(app, (120, 40)) as pilot:
        await on_metrics(pilot, app)
        shown = drawn(app)
        assert "no figures yet" in shown  # of requests
        assert "⣿" in shown
        assert "5 min, live" in shown


async def test_requests_have_a_past_of_days_with_every_burst(released: Context) -> None:
    app = worlds.console(with_requests(released))
    async with opened(app, (120, 40)) as pilot:
        pane = await on_metrics(pilot, app)
        assert "Requests a second  2" in drawn(app)
        assert set(high_of(pane, "requests")) == {2.0}
        await pilot.press(*"zzzz")
        await until(pilot, lambda: set(high_of(pane, "requests")) == {2.0, 40.0})
        assert "24 h, live" in drawn(app)
        assert len(high_of(pane, "requests")) > 24 * 60  # by the minute, and finer


async def test_the_cursor_says_what_every_figure_was_and_moves_the_log(released: Context) -> None:
    app = worlds.console(with_figures(released))
    async with opened(app, (120, 40)) as pilot:
        pane = await on_metrics(pilot, app)
        screen = app.screen
        assert isinstance(screen, AppScreen)
        screen.log_pane.add([Entry(NOW - 600 + n, "stdout", "web", f"line {n}") for n in range(600)])
        await pilot.press("z", "left")
        assert pane.window.cursor is not None
        await pilot.press(*"HHHHHH")
        at = pane.window.cursor
        assert at is not None
        assert NOW - 300 > at > NOW - 900
        assert f"{datetime.fromtimestamp(at, UTC):%H:%M:%S}" in drawn(app)
        assert "–" in title(pane, "memory")  # its gap
        log = screen.log_pane.log_lines
        assert abs(log.buffer.at(log.cursor) - at) <= 1
        await pilot.press("escape")
        assert (pane.window.cursor, pane.window.end) == (None, None)
        assert isinstance(app.screen, AppScreen)
        assert screen.log_pane.following


async def test_the_line_under_the_logs_cursor_moves_the_charts(released: Context) -> None:
    app = worlds.console(with_figures(released))
    async with opened(app, (120, 40)) as pilot:
        pane = await on_metrics(pilot, app)
        screen = app.screen
        assert isinstance(screen, AppScreen)
        screen.log_pane.add([Entry(NOW - 100 + n, "stdout", "web", f"line {n}") for n in range(100)])
        screen.log_pane.focus()
        await pilot.press("up", "up")
        await until(pilot, lambda: pane.window.cursor == NOW - 3)


@pytest.mark.parametrize(
    ("keys", "span", "live"),
    [
        (["plus"], 150.0, True),
        (["minus"], 600.0, True),
        (["z", "z"], 3600.0, True),
        (["Z"], 30 * 86400.0, True),
        (["comma"], 300.0, False),
        (["comma", "full_stop"], 300.0, True),
        (["comma", "comma", "end"], 300.0, True),
        (["left", "plus"], 150.0, True),
    ],
)
async def test_all_charts_are_moved_together(released: Context, keys: list[str], span: float, live: bool) -> None:
    app = worlds.console(with_figures(released))
    async with opened(app, (120, 40)) as pilot:
        pane = await on_metrics(pilot, app)
        await pilot.press(*keys)
        await until(pilot, lambda: {chart.window for chart in pane.query(Chart)} == {pane.window})
        assert (pane.window.span, pane.window.end is None) == (span, live)
        assert (", live" if live else "not live") in drawn(app)


async def test_a_click_sets_the_cursor_and_the_wheel_zooms(released: Context) -> None:
    app = worlds.console(with_figures(released))
    async with opened(app, (120, 40)) as pilot:
        pane = await on_metrics(pilot, app)
        chart = pane.query_one("#metrics-cpu", Chart)
        await pilot.click(chart, offset=(AXIS + 30, 1))
        assert pane.window.cursor is not None
        assert pane.window.column(pane.window.cursor, chart.size.width - AXIS, pane.now) in (28, 29, 30)
        chart.action_zoom_in()
        await until(pilot, lambda: pane.window.span == 150.0)


async def test_several_series_are_lines_with_a_legend_and_each_can_be_shown_alone(released: Context) -> None:
    app = worlds.console(with_figures(released))
    async with opened(app, (140, 40)) as pilot:
        pane = await on_metrics(pilot, app)
        two = [
            Line(name, [Sample(NOW - 100 + n, n / size, n / size, 2.0) for n in range(0, 100, 2)])
            for name, size in (("web--1", 50.0), ("worker--1", 400.0))
        ]
        pane.put({"cpu": two}, worlds.frozen())
        await pilot.pause()
        assert "a web--1 1.96 (min 0.00, avg 0.98, max 1.96)   b worker--1" in drawn(app)
        chart = pane.query_one("#metrics-cpu", Chart)
        assert [line.name for _, line in chart.shown()] == ["web--1", "worker--1"]
        await pilot.press("v", "v")
        assert [line.name for _, line in chart.shown()] == ["worker--1"]
        await pilot.press("v")
        assert len(chart.shown()) == 2


@pytest.mark.parametrize("size", [(20, 5), (40, 10), (80, 24), (300, 80)])
async def test_it_lives_in_every_size(released: Context, size: tuple[int, int]) -> None:
    app = worlds.console(with_figures(released))
    async with opened(app, (120, 40)) as pilot:
        await on_metrics(pilot, app)
        await pilot.resize_terminal(*size)
        await pilot.press("left", "plus", "comma", "z")
        await pilot.resize_terminal(120, 40)
        await until(pilot, lambda: "CPU cores" in drawn(app))


def test_an_observation_is_recorded_once_and_written_every_ten_seconds(full: Context) -> None:
    from webduh_console.commands import api

    full.state.targets.add(BOX)
    recorder, (row,) = Recorder(), [one for one in api.remembered(full) if one.key == GUESTBOOK]
    assert row.at is not None
    recorder.see([row])
    recorder.see([row])
    recorder.hear(box(0.5), row.at)
    recorder.write(full.state, 1000.0)
    past = full.state.figures.past(app_subject(GUESTBOOK), "cpu", row.at.timestamp() - 60, row.at.timestamp() + 60)
    assert len(past) == 1
    assert past[0].low == past[0].high == pytest.approx(sum(one.cpu for one in row.actual.instances))
    at = row.at.timestamp()
    assert [one.high for one in full.state.figures.past(server_subject("box"), "disk", at - 60, at + 60)] == [3.0]
    recorder.hear(box(9.5), row.at + timedelta(seconds=2))
    recorder.write(full.state, 1000.0 + PAUSE / 2)
    assert 9.5 not in [one.high for one in full.state.figures.past(server_subject("box"), "load", at - 60, at + 60)]
    recorder.write(full.state, 1000.0 + PAUSE)
    assert full.state.figures.past(server_subject("box"), "load", at - 60, at + 60)[-1].high == 9.5


def test_what_could_not_be_written_is_written_the_next_time(tmp_path: Path) -> None:
    recorder, at = Recorder(), now()
    recorder.hear(box(0.5), at)
    ctx = worlds.context(tmp_path)
    ctx.state.targets.add(BOX)
    closed = ctx.state
    ctx.close()
    with pytest.raises(StateError):
        recorder.write(closed, 1000.0)
    ctx = worlds.context(tmp_path)
    recorder.write(ctx.state, 1000.0 + PAUSE)
    since = at.timestamp() - 60
    assert [one.high for one in ctx.state.figures.past(server_subject("box"), "load", since, since + 120)] == [0.5]
    ctx.close()


def test_what_was_removed_since_it_was_seen_is_not_written(full: Context) -> None:
    recorder, at = Recorder(), now()
    recorder.hear(box(0.5), at)
    recorder.count(GUESTBOOK, [(at.timestamp(), 2.0)])
    recorder.count(worlds.BLOG, [(at.timestamp(), 2.0)])
    recorder.write(full.state, 1000.0)
    since = at.timestamp() - 60
    kept = {
        subject: [one.high for one in full.state.figures.past(subject, metric, since, since + 120)]
        for subject, metric in (
            (app_subject(GUESTBOOK), "requests"),
            (app_subject(worlds.BLOG), "requests"),
            (server_subject("box"), "load"),
        )
    }
    assert kept == {app_subject(GUESTBOOK): [2.0], app_subject(worlds.BLOG): [], server_subject("box"): []}
