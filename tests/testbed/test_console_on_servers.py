"""The console over a real server: set up, deploy, look, break and mend it, and enter it, by keys alone."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from server import Server

sys.path.append(str(Path(__file__).parents[1] / "console"))

import worlds
from test_console_terminal import OPEN, Terminal
from worlds import drawn, opened, until

from webduh_console.clock import now
from webduh_console.commands.context import Context
from webduh_console.commands.language import run_line
from webduh_console.console.app import ConsoleApp
from webduh_console.console.screens.app_screen import AppScreen
from webduh_console.console.screens.deployment import DeploymentScreen
from webduh_console.console.screens.dialogs import ConfirmScreen
from webduh_console.console.screens.home import HomeScreen
from webduh_console.console.screens.plan import PlanScreen
from webduh_console.console.screens.target_screen import TargetScreen
from webduh_console.model.names import AppKey

HELLO = AppKey("default", "hello", "production")


@pytest.fixture
def added(tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[Context]:
    """A home that knows the server as `prod`, and a folder `hello` with a static site."""
    monkeypatch.setenv("WEBDUH_KEY", "file")
    ctx = worlds.context(tmp_path / "home")
    address = f"ssh://{server.user}@{server.host}:{server.ssh}"
    run_line(ctx, f"target add prod {address} --identity {server.key} --accept-host-key {server.fingerprint}")
    folder = tmp_path / "hello"
    folder.mkdir()
    (folder / "index.html").write_text("<h1>hello</h1>", "utf-8")
    (folder / "webduh.yaml").write_text("name: hello\ndeploy: {watch: 0, drain: 0}\n", "utf-8")
    yield ctx
    ctx.close()


@pytest.mark.timeout(240)
async def test_a_server_is_set_up_deployed_to_looked_at_lost_and_found_again(
    added: Context, server: Server, tmp_path: Path
) -> None:
    app = ConsoleApp(added, clock=now, every=0.5)
    async with opened(app, (160, 48)) as pilot:
        await until(pilot, lambda: "! not ready" in drawn(app) and "The server was not set up" in drawn(app))
        await pilot.press("t", "down", "enter")
        screen = app.screen
        assert isinstance(screen, TargetScreen)
        await until(pilot, lambda: screen.facts)
        await until(pilot, lambda: "`webduh server setup prod` starts it." in drawn(app))
        await until(pilot, lambda: "What runs here is shown once it is ready." in drawn(app))

        await pilot.press("i")
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen) and "y yes" in drawn(app))
        assert "+ Make /var/lib/webduh" in drawn(app)
        await pilot.press("y")
        await until(pilot, lambda: isinstance(app.screen, DeploymentScreen) and app.screen.live.over, 90)
        await until(pilot, lambda: "✓ done" in drawn(app))
        assert re.search(r"✓ traefik +done", drawn(app))

        await pilot.press("escape", "c")
        await until(pilot, lambda: screen.facts and all(fact.ok for fact in screen.facts))
        await until(pilot, lambda: "webduh-traefik" in drawn(app))

        app.run_line(f"deploy {tmp_path / 'hello'} --on prod --domain hello.example.com --yes")
        await until(pilot, lambda: isinstance(app.screen, DeploymentScreen) and app.screen.live.over, 90)
        await until(pilot, lambda: "● serving v1" in drawn(app))
        await pilot.press("escape")
        await until(pilot, lambda: "web--1" in drawn(app) and HELLO in app.board.rows)
        await pilot.press("home", "enter")
        assert isinstance(app.screen, AppScreen)
        await until(pilot, lambda: "hello.example.com" in drawn(app) and "s shell" in drawn(app))
        await pilot.press("d")
        await until(pilot, lambda: isinstance(app.screen, PlanScreen) and (app.screen.plan or app.screen.error))
        await until(pilot, lambda: re.search(r"domain +hello\.example\.com", drawn(app)))
        assert re.search(r"target +prod", drawn(app))
        await pilot.press("escape", "escape", "escape")
        assert isinstance(app.screen, HomeScreen)

        server.kill()
        await until(pilot, lambda: "prod" in app.board.silent(), 60)
        await until(pilot, lambda: app.board.rows[HELLO].actual.health == "unknown")
        assert app.board.rows[HELLO].actual.release is not None
        server.start()
        await until(pilot, lambda: app.board.rows[HELLO].actual.health in ("serving", "down", "degraded"), 60)
        assert "prod" not in app.board.silent()


@pytest.mark.timeout(120)
def test_a_shell_on_the_server_has_the_terminal_and_gives_it_back(added: Context, tmp_path: Path) -> None:
    added.close()
    terminal = Terminal(["-c", OPEN], tmp_path / "home")

    def press(keys: bytes, awaited: bytes) -> None:
        terminal.seen = b""
        terminal.type(keys)
        terminal.until(awaited)

    try:
        terminal.until(b"not ready")
        press(b"t", b"answered")
        press(b"\x1b[B\r", b"Checks")
        press(b"s", b"$ ")
        press(b"echo in-$((40+2)) and $(stty size)\r", b"in-42 and 30 100")
        press(b"exit\r", b"Checks")
        terminal.type(b"q")
        assert terminal.ended() == 0
    finally:
        terminal.close()
