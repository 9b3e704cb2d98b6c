"""An app for the deploy wizard, and what its tests do with it over the real local target."""

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from textual.pilot import Pilot
from worlds import opened, until

from webduh_console.commands.draft import Draft
from webduh_console.console.app import ConsoleApp
from webduh_console.console.screens.deployment import DeploymentScreen
from webduh_console.console.screens.plan import PlanScreen
from webduh_console.console.wizard.screen import WizardScreen
from webduh_console.model.names import AppKey

KEY = AppKey("default", "guestbook", "production")
SERVER = """\
import http.server, os
class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers(); self.wfile.write(os.environ.get("GREETING", "hello").encode())
http.server.HTTPServer(("127.0.0.1", int(os.environ["PORT"])), Page).serve_forever()
"""
CONFIG = f"""\
# as it was written by hand
name: guestbook
framework: python
install: []
build: []
start: [{sys.executable}, app.py]   # this Python
deploy: {{watch: 0, drain: 0}}
"""


@asynccontextmanager
async def looked_at(app: ConsoleApp, folder: Path | str, **more: Any) -> AsyncIterator[Pilot[Any]]:
    """A console whose wizard has looked at a source."""
    async with opened(app, (140, 40)) as pilot:
        app.push_screen(WizardScreen(Draft(str(folder)), **more))
        await until(pilot, lambda: isinstance(app.screen, WizardScreen) and app.screen.turn and not app.screen.cancel)
        yield pilot


def wizard(app: ConsoleApp) -> WizardScreen:
    """The wizard that is shown."""
    assert isinstance(app.screen, WizardScreen)
    return app.screen


async def settled(pilot: Pilot[Any]) -> None:
    """Everything that was begun is done."""
    app = pilot.app
    await until(pilot, lambda: not isinstance(app.screen, WizardScreen) or app.screen.cancel is None)
    await pilot.pause()


async def planned(pilot: Pilot[Any]) -> PlanScreen:
    """The plan, once it is there."""
    app = pilot.app
    await until(pilot, lambda: isinstance(app.screen, PlanScreen) and (app.screen.plan or app.screen.error))
    assert isinstance(app.screen, PlanScreen)
    assert app.screen.error is None, app.screen.error
    return app.screen


async def deployed(pilot: Pilot[Any]) -> tuple[str, int | None]:
    """How the deployment ended that is shown."""
    app = pilot.app
    await until(pilot, lambda: isinstance(app.screen, DeploymentScreen) and app.screen.live.over)
    assert isinstance(app.screen, DeploymentScreen)
    finished = app.screen.live.timeline.finished
    assert finished is not None
    return finished.outcome, finished.release
