"""The figures of a server over time, out of what was kept while a console was open."""

import pytest
import worlds
from worlds import drawn, opened, until

from webduh_console.commands.context import Context
from webduh_console.console.screens.metrics import MetricsPane
from webduh_console.console.screens.target_screen import TargetScreen
from webduh_console.console.watching import Told
from webduh_console.state.figures import Taken, server_subject
from webduh_console.state.targets import TargetEntry

NOW = worlds.frozen().timestamp()


@pytest.fixture
def measured(full: Context) -> Context:
    """Two servers, the figures of an hour kept of both."""
    ctx = worlds.with_servers(full)
    ctx.state.targets.add(TargetEntry("both", "servers", "", "", worlds.ago(days=1), ("fra-1", "nyc-1")))
    for name, load in (("fra-1", 0.5), ("nyc-1", 2.0)):
        for at in range(int(NOW) - 3600, int(NOW), 10):
            figures = (("load", load), ("memory", 2.0 * 2**30), ("disk", 35.0 * 2**30))
            ctx.state.figures.keep(Taken(server_subject(name), metric, at, value) for metric, value in figures)
    return ctx


async def test_a_server_has_a_past_as_soon_as_it_is_looked_at(measured: Context) -> None:
    app = worlds.console(measured)
    async with opened(app, (120, 40)) as pilot:
        for one in worlds.heard():
            app.post_message(Told(one))
        await until(pilot, lambda: app.board.answered.get("fra-1"))
        app.open_target("fra-1")
        await until(pilot, lambda: isinstance(app.screen, TargetScreen) and app.screen.query(MetricsPane))
        await pilot.press("0")
        await until(pilot, lambda: "Load average  0.42  5 min, live" in drawn(app))
        text = drawn(app)
        assert "Memory used  2.6G" in text
        assert "Disk used  35G" in text
        assert "╌" in text  # what there is of memory and disk
        await pilot.press("z", "z", "left")
        pane = app.screen.query_one(MetricsPane)
        await until(pilot, lambda: pane.window.span == 3600.0 and pane.window.cursor)
        assert "1 h, live · 17:0" in drawn(app)


async def test_several_servers_are_a_line_each(measured: Context) -> None:
    app = worlds.console(measured)
    async with opened(app, (140, 40)) as pilot:
        app.open_target("both", "metrics")
        await until(pilot, lambda: "Load average  a 0.50 b 2.0" in drawn(app))
        text = drawn(app)
        assert "a fra-1 0.50 (min 0.50, avg 0.50, max 0.50)   b nyc-1 2.0" in text


async def test_this_machine_has_no_such_tab(measured: Context) -> None:
    app = worlds.console(measured)
    async with opened(app, (120, 40)) as pilot:
        app.open_target("local")
        await until(pilot, lambda: isinstance(app.screen, TargetScreen) and app.screen.query("#running"))
        await pilot.press("0")
        assert isinstance(app.screen, TargetScreen)
        assert app.screen.tab == "overview"
        assert not app.screen.query(MetricsPane)
