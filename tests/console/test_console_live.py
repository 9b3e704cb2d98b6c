"""The console over the real local target: deploy, change, roll back, cancel, read logs, all by keys."""

import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest
import worlds
from worlds import drawn, opened, until

from webduh_console.clock import now
from webduh_console.commands import api
from webduh_console.commands.context import Context
from webduh_console.commands.language import run_line
from webduh_console.commands.results import Stream
from webduh_console.console.app import ConsoleApp
from webduh_console.console.screens.app_screen import AppScreen
from webduh_console.console.screens.deployment import DeploymentScreen
from webduh_console.console.screens.home import HomeScreen
from webduh_console.console.screens.plan import PlanScreen
from webduh_console.model.events import Finished
from webduh_console.state.figures import app_subject

SERVER = """\
import http.server, os, sys, time
print("guestbook begins", flush=True)
time.sleep(float(os.environ.get("SLOW", "0")))
class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers(); self.wfile.write(b"hello")
http.server.HTTPServer(("127.0.0.1", int(os.environ["PORT"])), Page).serve_forever()
"""


@pytest.fixture
def real(tmp_path: Path) -> Iterator[Context]:
    """An empty home whose local target is stopped at the end, and a folder `guestbook` with an app."""
    ctx = worlds.context(tmp_path / "home")
    folder = tmp_path / "guestbook"
    folder.mkdir()
    (folder / "app.py").write_text(SERVER, "utf-8")
    (folder / "webduh.yaml").write_text(
        textwrap.dedent(f"""\
            name: guestbook
            framework: python
            install: []
            build: []
            start: [{sys.executable}, app.py]
            deploy: {{watch: 0, drain: 0}}
            """),
        "utf-8",
    )
    yield ctx
    run_line(ctx, "target stop local")
    ctx.close()


async def test_a_folder_is_deployed_watched_changed_and_rolled_back_by_keys(real: Context, tmp_path: Path) -> None:
    app = ConsoleApp(real, clock=now, every=0.5)
    async with opened(app, (140, 40)) as pilot:
        await pilot.press("2", *str(tmp_path / "guestbook"), "enter")
        await until(pilot, lambda: "● chosen" in drawn(app))
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, PlanScreen) and (app.screen.plan or app.screen.error))
        assert isinstance(app.screen, PlanScreen)
        assert app.screen.error is None, app.screen.error
        assert "Deploy guestbook" in drawn(app)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, DeploymentScreen) and app.screen.live.over)
        assert isinstance(app.screen, DeploymentScreen)
        finished = app.screen.live.timeline.finished
        assert finished is not None
        assert (finished.outcome, finished.release) == ("done", 1)
        await until(pilot, lambda: "● serving v1" in drawn(app))

        await pilot.press("escape")
        await until(
            pilot, lambda: isinstance(app.screen, HomeScreen) and "● live" in drawn(app) and "guestbook" in drawn(app)
        )
        await pilot.press("l")
        await until(pilot, lambda: isinstance(app.screen, AppScreen) and "guestbook begins" in drawn(app))

        (tmp_path / "guestbook" / "note.txt").write_text("changed", "utf-8")
        await pilot.press("d")
        await until(pilot, lambda: isinstance(app.screen, PlanScreen) and app.screen.plan)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, DeploymentScreen) and app.screen.live.over)
        assert "● serving v2" in drawn(app)

        await pilot.press("escape", "r")
        await until(pilot, lambda: isinstance(app.screen, PlanScreen) and (app.screen.plan or app.screen.error))
        await until(pilot, lambda: "goes back to" in drawn(app))
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, DeploymentScreen) and app.screen.live.over)
        await until(pilot, lambda: "● serving v3" in drawn(app))


async def test_a_deployment_is_cancelled_and_the_way_back_is_seen(real: Context, tmp_path: Path) -> None:
    (tmp_path / "guestbook" / "app.py").write_text(SERVER.replace('"SLOW", "0"', '"SLOW", "60"'), "utf-8")
    app = ConsoleApp(real, clock=now, every=0.5)
    async with opened(app, (140, 40)) as pilot:
        app.run_line(f"deploy {tmp_path / 'guestbook'} --yes")
        await until(pilot, lambda: isinstance(app.screen, DeploymentScreen))
        assert isinstance(app.screen, DeploymentScreen)
        live = app.screen.live
        await until(
            pilot, lambda: any(step.name == "healthy" and step.state == "running" for step in live.timeline.steps)
        )
        await pilot.press("c", "y")
        await until(pilot, lambda: live.over)
        assert live.timeline.finished is not None
        assert live.timeline.finished.outcome == "cancelled"
        assert any(step.state == "undone" for step in live.timeline.steps)
        await until(pilot, lambda: "⊘ cancelled" in drawn(app))


async def test_the_requests_of_an_app_are_kept_while_the_console_is_open(real: Context, tmp_path: Path) -> None:
    deploying = run_line(real, f"deploy {tmp_path / 'guestbook'} --yes")
    assert isinstance(deploying, Stream)
    assert isinstance(list(deploying.events)[-1], Finished)
    (row,) = [one for one in api.observe(real) if one.key == worlds.GUESTBOOK]
    app = ConsoleApp(real, clock=now, every=0.5)
    async with opened(app, (100, 30)) as pilot:

        def kept() -> float:
            with urlopen(row.actual.url, timeout=10):
                pass
            past = real.state.figures.past(app_subject(worlds.GUESTBOOK), "requests", 0, now().timestamp())
            return max((one.high for one in past), default=0.0)

        await until(pilot, lambda: kept() > 0, 60)
