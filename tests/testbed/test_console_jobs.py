"""What a self-hoster does in a day, in the console and by keys alone, with apps that a real server serves."""

import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from server_world import ServedApp, ServerWorld, assert_settled
from visiting import Visits

sys.path.append(str(Path(__file__).parents[1] / "console"))

from test_console_terminal import OPEN, Terminal
from textual.pilot import Pilot
from worlds import drawn, opened, until

from webduh_console.clock import now
from webduh_console.commands.context import Context
from webduh_console.console.app import ConsoleApp
from webduh_console.console.screens.app_screen import AppScreen
from webduh_console.console.screens.deployment import DeploymentScreen
from webduh_console.console.screens.dialogs import ConfirmScreen
from webduh_console.console.screens.home import HomeScreen
from webduh_console.console.screens.plan import PlanScreen
from webduh_console.console.screens.target_screen import TargetScreen
from webduh_console.console.wizard.finishing import ScriptScreen

pytestmark = pytest.mark.timeout(100)
SIZE = (160, 48)


@pytest.fixture
def ctx(world: ServerWorld, monkeypatch: pytest.MonkeyPatch) -> Iterator[Context]:
    """The user's home, as the console opens it."""
    monkeypatch.setenv("WEBDUH_KEY", "file")
    world.env["WEBDUH_KEY"] = "file"
    monkeypatch.setenv("WEBDUH_HOME", str(world.home))
    made = Context.open("console")
    yield made
    made.close()


def console(ctx: Context, at: str | None = None) -> ConsoleApp:
    return ConsoleApp(ctx, clock=now, every=0.5, at=at)


async def planned(pilot: Pilot[int], app: ConsoleApp) -> None:
    """The plan is there, and nothing is in its way."""
    await until(pilot, lambda: isinstance(app.screen, PlanScreen) and (app.screen.plan or app.screen.error))
    assert isinstance(app.screen, PlanScreen)
    assert app.screen.error is None, app.screen.error


async def deployed(pilot: Pilot[int], app: ConsoleApp) -> str:
    """How the deployment ended that is shown."""
    await until(pilot, lambda: isinstance(app.screen, DeploymentScreen) and app.screen.live.over, 90)
    assert isinstance(app.screen, DeploymentScreen)
    finished = app.screen.live.timeline.finished
    assert finished is not None
    return finished.outcome


PROGRAM = """\
import http.server, os
class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = f"{os.environ['GREETING']} {len(os.environ['API_KEY'])}".encode()
        self.send_response(200); self.end_headers(); self.wfile.write(body)
http.server.HTTPServer(("", int(os.environ["PORT"])), Page).serve_forever()
"""


async def test_a_folder_of_ones_own_is_led_to_a_server_with_a_domain_and_a_secret(
    ctx: Context, world: ServerWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = world.root / "wished"
    folder.mkdir()
    (folder / "main.py").write_text(PROGRAM, "utf-8")
    monkeypatch.chdir(folder)
    app = console(ctx)
    async with opened(app, SIZE) as pilot:
        await pilot.press("n")
        await until(pilot, lambda: "the current folder" in drawn(app))
        await pilot.press("enter")
        await until(pilot, lambda: "● chosen   python" in drawn(app) and "main.py" in drawn(app))
        await pilot.press("4")
        await until(pilot, lambda: "FROM python:3" in drawn(app))
        await pilot.press("5")
        await until(pilot, lambda: re.search(r"needed .*API_KEY .*\n.*needed .*GREETING ", drawn(app)))
        await pilot.press("home", "enter", *"s3cret-value", "enter")
        await until(pilot, lambda: re.search(r"▌ ✗ needed .*GREETING ", drawn(app)))
        await pilot.press("enter", *"good day", "enter")
        await until(pilot, lambda: "needed" not in drawn(app))
        await pilot.press("6", "end", "enter")
        await until(pilot, lambda: "none: nobody outside can reach it." in drawn(app))
        await pilot.press("2", "home", "enter")
        await until(pilot, lambda: "without a domain: d types one" in drawn(app))
        await pilot.press("d", *"wished.example.com", "enter")
        await until(pilot, lambda: "on prod at wished.example.com" in drawn(app))
        await pilot.press("y")
        await until(pilot, lambda: isinstance(app.screen, ScriptScreen))
        assert "--on prod --domain wished.example.com" in app.clipboard
        assert "s3cret-value" not in app.clipboard
        await pilot.press("escape", "p")
        await planned(pilot, app)
        await pilot.press("enter")
        assert await deployed(pilot, app) == "done"
        assert "http://wished.example.com" in drawn(app)
        assert "s3cret-value" not in drawn(app)
    assert world.get("wished.example.com") == (200, "good day 12")
    world.good("app", "rm", "wished", "--yes")


@pytest.fixture
def shops(world: ServerWorld) -> Iterator[tuple[ServedApp, ServedApp]]:
    """Two apps that serve."""
    both = world.app("bakery"), world.app("florist")
    for app in both:
        app.deploy()
    yield both
    for app in both:
        world.good("app", "rm", app.name, "--yes")
        shutil.rmtree(app.folder)


async def test_two_apps_are_marked_deployed_and_taken_back_and_no_request_fails(
    ctx: Context, world: ServerWorld, shops: tuple[ServedApp, ServedApp]
) -> None:
    app = console(ctx)
    for shop in shops:
        shop.next_version()
    with Visits(lambda: world.get(shops[0].host), ("1", "2")) as visits:
        async with opened(app, SIZE) as pilot:
            await until(pilot, lambda: drawn(app).count("● serving") == 2)
            await pilot.press("/", *"prod", "enter", "home", "space", "space", "d")
            await until(pilot, lambda: isinstance(app.screen, ConfirmScreen) and "Deploy 2 apps?" in drawn(app))
            await pilot.press("y")
            await until(pilot, lambda: [shop.body() for shop in shops] == ["2", "2"], 60)
            await until(pilot, lambda: not app.deployments.running(), 60)
            await pilot.press("home", "space", "space", "r")
            await until(pilot, lambda: isinstance(app.screen, ConfirmScreen) and "Roll back 2 apps?" in drawn(app))
            await pilot.press("y")
            await until(pilot, lambda: [shop.body() for shop in shops] == ["1", "1"], 60)
            await until(pilot, lambda: not app.deployments.running(), 60)
    assert visits.failures == []
    assert [assert_settled(shop) for shop in shops] == [3, 3]


async def test_an_apps_tabs_are_those_of_what_runs_on_the_server(
    ctx: Context, world: ServerWorld, shops: tuple[ServedApp, ServedApp]
) -> None:
    bakery = shops[0]
    app = console(ctx)
    async with opened(app, SIZE) as pilot:
        await until(pilot, lambda: drawn(app).count("● serving") == 2)
        await pilot.press("ctrl+k", *"bakery", "enter")
        await until(pilot, lambda: isinstance(app.screen, AppScreen) and "bakery.example.com" in drawn(app))

        await pilot.press("5", "a", *"COLOUR", "enter", *"red", "enter")
        await until(pilot, lambda: re.search(r"COLOUR +plain +red", drawn(app)))
        await pilot.press("a", *"TOKEN", "enter", "tab", "space", "shift+tab", *"hunter22", "enter")
        await until(pilot, lambda: re.search(r"TOKEN +secret +•••", drawn(app)))
        await pilot.press("d")
        await planned(pilot, app)
        assert "COLOUR" in drawn(app)
        assert "hunter22" not in drawn(app)
        await pilot.press("enter")
        assert await deployed(pilot, app) == "done"
        assert world.get(bakery.host, "/COLOUR") == (200, "red")
        assert world.get(bakery.host, "/TOKEN") == (200, "hunter22")

        await pilot.press("escape", "2", "home")
        await until(pilot, lambda: re.search(r"v2 .*\n.*v1 ", drawn(app)))
        await pilot.press("x")
        await until(pilot, lambda: "+  COLOUR: red" in drawn(app) and "+  TOKEN: secret" in drawn(app))
        await pilot.press("escape", "3")
        await until(pilot, lambda: re.search(r"done .*\n.*done ", drawn(app)))

        await pilot.press("4")
        await until(pilot, lambda: "version 1 begins" in drawn(app))
        await pilot.press("6")
        await until(pilot, lambda: re.search(r"process +web +● 1 of 1", drawn(app)))

        await pilot.press("7")
        await until(pilot, lambda: "CPU" in drawn(app) and "Memory" in drawn(app))
        with Visits(lambda: world.get(bakery.host), ("1",), pause=0.02):
            await until(pilot, lambda: re.search(r"Requests.* [1-9]", drawn(app)), 60)


async def test_a_deployment_is_cancelled_and_its_way_back_is_seen(
    ctx: Context, world: ServerWorld, shops: tuple[ServedApp, ServedApp]
) -> None:
    bakery = shops[0]
    bakery.next_version()
    bakery.write(mode="inside")
    app = console(ctx)
    with Visits(lambda: world.get(bakery.host), ("1",)) as visits:
        async with opened(app, SIZE) as pilot:
            await until(pilot, lambda: drawn(app).count("● serving") == 2)
            await pilot.press("home", "d")
            await planned(pilot, app)
            await pilot.press("enter")
            await until(pilot, lambda: re.search(r"healthy +(running|\d)", drawn(app)), 60)
            await pilot.press("c")
            await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
            await pilot.press("y")
            assert await deployed(pilot, app) == "cancelled"
            assert "↩" in drawn(app)
    assert visits.failures == []
    assert assert_settled(bakery, attempted=True) == 1
    bakery.write(mode="well")


async def test_every_room_of_a_server_shows_what_is_there_and_acts_on_it(
    ctx: Context, world: ServerWorld, shops: tuple[ServedApp, ServedApp]
) -> None:
    bakery = shops[0]
    app = console(ctx, "prod")
    async with opened(app, SIZE) as pilot:
        await until(pilot, lambda: isinstance(app.screen, TargetScreen) and app.screen.facts)
        for key, words in {
            "2": ("bakery   web--1", "webduh-traefik"),
            "3": ("webduh/default--bakery--production",),
            "4": ("webduh",),
            "5": ("webduh-p-default",),
            "6": ("bakery.example.com", "florist.example.com"),
            "7": ("dockerd", "sshd"),
            "8": ("overlay", "build cache"),
            "9": ("Docker", "✓"),
            "0": ("Load", "Memory", "Disk"),
        }.items():
            await pilot.press(key)
            await until(pilot, lambda words=words: all(word in drawn(app) for word in words))
        await pilot.press("2")
        await pilot.press("/", *"bakery", "enter", "home", "S")
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
        await pilot.press("y")
        await until(pilot, lambda: re.search(r"exited +bakery +web--1", drawn(app)))
        await pilot.press("S")
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
        await pilot.press("y")
        await until(pilot, lambda: re.search(r"running +bakery +web--1", drawn(app)))
        await until(pilot, lambda: world.get(bakery.host) == (200, "1"))
        await pilot.press("enter")
        await until(pilot, lambda: "version 1 begins" in drawn(app))
        await pilot.press("escape", "x", *"hostname; id -un", "enter")
        await until(pilot, lambda: "deploy" in drawn(app))


async def test_commands_are_typed_with_completion_and_places_are_left_and_found_again(
    ctx: Context, shops: tuple[ServedApp, ServedApp]
) -> None:
    app = console(ctx)
    async with opened(app, SIZE) as pilot:
        await until(pilot, lambda: drawn(app).count("● serving") == 2)
        await pilot.press(":", *"server ls", "enter")
        await until(pilot, lambda: re.search(r"prod", drawn(app)) and not isinstance(app.screen, HomeScreen))
        await pilot.press("escape", ":", *"status flo", "tab", "enter")
        await until(pilot, lambda: not isinstance(app.screen, HomeScreen) and "florist" in drawn(app))
        await pilot.press("escape", "b")
        await pilot.press("ctrl+k", *"bakery logs", "enter")
        await until(pilot, lambda: "version 1 begins" in drawn(app))
        await pilot.press("alt+left")
        await until(pilot, lambda: isinstance(app.screen, HomeScreen))


def test_a_shell_and_a_command_in_an_app_have_the_terminal_and_give_it_back(
    ctx: Context, world: ServerWorld, shops: tuple[ServedApp, ServedApp]
) -> None:
    ctx.close()
    terminal = Terminal(["-c", OPEN], world.home)

    def press(keys: bytes, awaited: bytes) -> None:
        terminal.seen = b""
        terminal.type(keys)
        terminal.until(awaited)

    try:
        terminal.until(b"bakery")
        press(b"\x0bbakery\r", b"shell")
        press(b"s", b"$ ")
        press(b"echo in-$((40+2))-$PORT\r", b"in-42-8080")
        press(b"exit\r", b"bakery.example.com")
        press(b"!", b"once")
        press(b"cat version\r", b"1")
        terminal.until(b"nter")
        press(b"\r", b"bakery.example.com")
        terminal.type(b"q")
        assert terminal.ended() == 0
    finally:
        terminal.close()
