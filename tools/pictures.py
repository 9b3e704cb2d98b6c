"""Takes the pictures in docs/pictures from the real console, over a made-up past and a clock that stands still.

    python tools/pictures.py [--check]

With `--check` nothing is written; the exit code is 1 when a picture is not as the console draws it now.
"""

import asyncio
import math
import os
import sys
import tempfile
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "tests" / "console"))
os.environ |= {"TEXTUAL_ANIMATIONS": "none", "WEBDUH_KEY": "file", "COLORTERM": "truecolor"}
os.environ.pop("NO_COLOR", None)

import rooms_world  # noqa: E402 - needs the path above
import worlds  # noqa: E402
from textual.pilot import Pilot  # noqa: E402

from webduh_console.commands import api  # noqa: E402
from webduh_console.commands.draft import Draft  # noqa: E402
from webduh_console.console.app import ConsoleApp  # noqa: E402
from webduh_console.console.charts.samples import Line  # noqa: E402
from webduh_console.console.deployments import Live  # noqa: E402
from webduh_console.console.figures import live_samples  # noqa: E402
from webduh_console.console.logs.entries import Entry  # noqa: E402
from webduh_console.console.screens.app_screen import Loaded  # noqa: E402
from webduh_console.console.screens.metrics import MetricsPane  # noqa: E402
from webduh_console.console.screens.target_screen import Answer  # noqa: E402
from webduh_console.console.watching import Told  # noqa: E402
from webduh_console.console.widgets.log_pane import LogPane  # noqa: E402
from webduh_console.console.wizard.screen import WizardScreen  # noqa: E402
from webduh_console.model.observe import Series  # noqa: E402
from webduh_console.model.target import CancelToken  # noqa: E402

FOLDER = ROOT / "docs" / "pictures"
SIZE = (140, 40)
Unit = Literal["cores", "bytes", "requests"]
Scene = Callable[[Pilot[Any], ConsoleApp], Awaitable[None]]


def wave(unit: Unit, height: float, count: int, shift: float = 0.0) -> Series:
    """A figure that goes up and down, a sample every two seconds up to the moment that is looked at."""
    end = worlds.NOW.timestamp()
    points = []
    for at in range(count):
        swing = (
            0.62 + 0.22 * math.sin(at / 9 + shift) + 0.1 * math.sin(at / 2.3 + shift * 2) + 0.05 * math.sin(at * 1.7)
        )
        points.append((end - 2 * (count - 1 - at), round(height * swing, 4)))
    return Series({"process": "web"}, unit, tuple(points))


def seen(app: ConsoleApp) -> None:
    """What the targets answered just now: what the state remembers, with figures."""
    rows = api.remembered(app.context)
    here = [row for row in rows if row.target == "local" and row.actual.instances]
    past = {
        row.key: [wave("cores", max(0.02, sum(one.cpu for one in row.actual.instances)), 60, len(row.key.app))]
        for row in here
    }
    for heard in worlds.heard(len(here)):
        app.post_message(Told(heard, past if heard.row.name == "local" else None))


async def settled(pilot: Pilot[Any]) -> None:
    """Everything asked for is here and drawn."""
    await pilot.app.workers.wait_for_complete()
    await pilot.pause()


async def home(pilot: Pilot[Any], app: ConsoleApp) -> None:
    """The apps, one of them selected."""
    await pilot.press("down")


async def one_app(pilot: Pilot[Any], app: ConsoleApp) -> None:
    """An app with its figures."""
    app.open_app(worlds.GUESTBOOK)
    await settled(pilot)
    app.screen.post_message(Loaded("figures", figures(300)))


def figures(count: int) -> dict[str, list[Line]]:
    """Every figure of an app, up to now."""
    waves = {
        "cpu": wave("cores", 0.3, count),
        "memory": wave("bytes", 125 * 2**20, count, 2.0),
        "requests": wave("requests", 18.0, count, 4.0),
    }
    return {name: [Line("", live_samples(name, [series]))] for name, series in waves.items()}


async def metrics(pilot: Pilot[Any], app: ConsoleApp) -> None:
    """Its figures over time, with what it wrote at the moment that is looked at."""
    await logs(pilot, app)
    await pilot.press("7")
    await settled(pilot)
    pane = app.screen.query_one(MetricsPane)
    app.screen.post_message(Loaded("metrics", figures(450)))
    await worlds.until(pilot, lambda: pane.figures)
    await settled(pilot)
    await pilot.press("left", *["left"] * 12)


async def deployment(pilot: Pilot[Any], app: ConsoleApp) -> None:
    """A deployment on its way."""
    live = Live("01JNHRUN", worlds.GUESTBOOK, "deploy", "local", CancelToken())
    for event in worlds.events(live.id, "healthy"):
        live.arrive(event)
    live.take()
    app.show_deployment(app.deployments.adopt(live))


async def logs(pilot: Pilot[Any], app: ConsoleApp) -> None:
    """What an app writes."""
    app.open_app(worlds.GUESTBOOK, "logs")
    await settled(pilot)
    paths = ("/", "/entries", "/static/site.css", "/entries/17", "/healthz")
    entries = []
    for number in range(60):
        at = (worlds.NOW - timedelta(seconds=61.3 - number)).timestamp()
        if number % 13 == 7:
            entries.append(Entry(at, "stdout", "worker", f"sent 1 letter in 0.{number % 7}4 s"))
        elif number % 29 == 11:
            entries.append(Entry(at, "stderr", "web", "WARNING a client went away before its answer"))
        else:
            asked = f'10.0.0.{number % 9 + 1} "GET {paths[number * 7 % len(paths)]} HTTP/1.1"'
            entries.append(Entry(at, "stdout", "web", f"{asked} 200 {number * 791 % 9000}"))
    app.screen.query_one(LogPane).replace(entries)
    await pilot.press("t")


async def releases(pilot: Pilot[Any], app: ConsoleApp) -> None:
    """The kept releases of an app."""
    app.open_app(worlds.GUESTBOOK, "releases")


async def server(pilot: Pilot[Any], app: ConsoleApp) -> None:
    """A server with its containers, and what it needs."""
    app.open_target("fra-1")
    await settled(pilot)
    app.screen.post_message(Answer("containers", rooms_world.room("containers", *worlds.containers())))
    app.screen.post_message(Answer("checks", worlds.facts()))


async def rooms(pilot: Pilot[Any], app: ConsoleApp) -> None:
    """The routes of a server, as Traefik sees them."""
    app.open_target("fra-1", "routes")
    await settled(pilot)
    app.screen.post_message(Answer("routes", rooms_world.room("routes", *rooms_world.rooms()["routes"])))


async def keys(pilot: Pilot[Any], app: ConsoleApp) -> None:
    """Every key of the first screen."""
    await pilot.press("question_mark")


async def wizard(pilot: Pilot[Any], app: ConsoleApp) -> None:
    """A folder that is about to be deployed, with two settings changed."""
    folder = Path("/tmp/webduh-pictures/shop")
    folder.mkdir(parents=True, exist_ok=True)
    scripts = '"scripts": {"build": "next build", "start": "next start"}'
    (folder / "package.json").write_text(f'{{{scripts}, "dependencies": {{"next": "15.1.0"}}}}', "utf-8")
    (folder / "package-lock.json").write_text("{}", "utf-8")
    (folder / "webduh.yaml").write_text("# the shop\nprocesses:\n  worker: node worker.js\n", "utf-8")
    draft = Draft(str(folder), on="fra-1", domains=("shop.example.com",)).changed(("port",), "8000")
    app.push_screen(WizardScreen(draft.changed(("health",), "/up")))
    await worlds.until(pilot, lambda: isinstance(app.screen, WizardScreen) and app.screen.looked)
    await pilot.press("3", *["down"] * 8)
    await worlds.until(pilot, lambda: "--domain shop.example.com" in worlds.drawn(app))


SCENES: dict[str, Scene] = {
    "wizard": wizard,
    "home": home,
    "app": one_app,
    "deployment": deployment,
    "logs": logs,
    "metrics": metrics,
    "releases": releases,
    "server": server,
    "routes": rooms,
    "keys": keys,
}


async def picture(name: str, root: Path) -> str:
    """One picture as SVG."""
    ctx = worlds.with_servers(worlds.with_releases(worlds.full(root / name)))
    app = worlds.console(ctx)
    try:
        async with worlds.opened(app, SIZE) as pilot:
            seen(app)
            await settled(pilot)
            await SCENES[name](pilot, app)
            await settled(pilot)
            return app.export_screenshot(title="webduh") + "\n"
    finally:
        ctx.close()


def main() -> int:
    """Take all pictures; with `--check` compare them."""
    check = "--check" in sys.argv[1:]
    old = []
    with tempfile.TemporaryDirectory() as root:
        os.environ["WEBDUH_HOME"] = root
        for name in SCENES:
            file = FOLDER / f"{name}.svg"
            svg = asyncio.run(picture(name, Path(root)))
            if check and (not file.exists() or file.read_text("utf-8") != svg):
                old.append(file.name)
            elif not check:
                FOLDER.mkdir(parents=True, exist_ok=True)
                file.write_text(svg, "utf-8")
    if old:
        print(f"Not as the console draws them now: {', '.join(old)}. Run `make pictures`.", file=sys.stderr)
    return 1 if old else 0


if __name__ == "__main__":
    sys.exit(main())
