"""How soon commands answer."""

import sys
from pathlib import Path

from bench.house import EXAMPLES, WEBDUH, House
from bench.measuring import command, ms, row, timed, title
from webduh_console.frameworks.detection import detect
from webduh_console.frameworks.discovery import plugins
from webduh_console.frameworks.source import FolderSource

APPS = 100
FILES = 2000


def measure(house: House) -> None:
    """Start-up, status, detection."""
    title("Starting")
    bare = command([sys.executable, "-c", "pass"], times=25)
    click = command([sys.executable, "-c", "import click"], times=25)
    row("webduh --version", ms(command([WEBDUH, "--version"], house.env, 25)), f"python -c pass {ms(bare)}", "60 ms")
    row("webduh --help", ms(command([WEBDUH, "--help"], house.env)), f"import click {ms(click)}")
    for number in range(APPS):
        house.deploy(house.site(f"app-{number:03}"))
    row(f"webduh status, {APPS} apps serve", ms(command([WEBDUH, "status"], house.env)), "", "250 ms")
    house.context.target("local").stop()  # type: ignore[attr-defined]
    row(f"webduh status, {APPS} apps stopped", ms(command([WEBDUH, "status"], house.env)), "", "250 ms")
    title("Detecting, in a running process")
    found = plugins()
    for folder in (*(EXAMPLES / name for name in ("hello-static", "guestbook-python", "clock-node")), large(house)):
        seconds = timed(lambda folder=folder: detect(FolderSource(folder), found), 15)  # type: ignore[misc]
        row(folder.name, ms(seconds), "", "20 ms")


def large(house: House) -> Path:
    """A Node project of many files."""
    folder = house.root / f"node-project-of-{FILES}-files"
    for number in range(FILES):
        file = folder / "src" / f"part{number % 40}" / f"module{number}.ts"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("export {}\n")
    (folder / "package.json").write_text('{"name": "large", "scripts": {"start": "node src/server.js"}}')
    return folder
