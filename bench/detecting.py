"""How long it takes to understand a folder: those of the tests, the examples, and large ones."""

import os
import statistics
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from bench.house import EXAMPLES, House
from bench.measuring import ms, row, timed, title
from webduh_console.frameworks.detection import detect
from webduh_console.frameworks.discovery import plugins
from webduh_console.frameworks.members import SeveralAppsError
from webduh_console.frameworks.source import FolderSource

APPS = Path(__file__).parents[1] / "tests" / "apps"
BUDGET = "20 ms"
_LARGE: Mapping[str, tuple[int, str, Mapping[str, str]]] = {
    "a Node app": (2_000, "ts", {"package.json": '{"scripts": {"start": "node src/server.js"}}'}),
    "a Go app": (1_200, "go", {"go.mod": "module example.com/large\n\ngo 1.24\n", "main.go": "package main\n"}),
    "a Python app": (20_000, "py", {"requirements.txt": "flask\n", "app.py": "import flask\n"}),
}


def measure(house: House) -> None:
    """Each tree of the tests, the examples, and large trees; what is raw is a walk over all their names."""
    title("Understanding a folder, in a running process")
    seconds = {folder.name: _detected(folder / "app") for folder in sorted(APPS.iterdir()) if (folder / "app").is_dir()}
    worst = max(seconds, key=lambda name: seconds[name])
    row(f"{len(seconds)} apps of the tests, the median", ms(statistics.median(seconds.values())), "", BUDGET)
    row(f"  the worst, {worst}", ms(seconds[worst]), "", BUDGET)
    for name in ("hello-static", "guestbook-python", "clock-node"):
        row(name, ms(_detected(EXAMPLES / name)), "", BUDGET)
    for words, (count, ending, files) in _LARGE.items():
        folder = _large(house.root / words.replace(" ", "-"), count, ending, files)
        walk = timed(lambda folder=folder: sum(len(names) for *_, names in os.walk(folder)), 5)  # type: ignore[misc]
        row(f"{words} of {count} files", ms(_detected(folder)), f"os.walk {ms(walk)}", BUDGET)


def _detected(folder: Path) -> float:
    found = plugins()

    def work() -> None:
        with suppress(SeveralAppsError):  # of a workspace each app is understood, and none is chosen
            detect(FolderSource(folder), found)

    return timed(work, 9)


def _large(folder: Path, count: int, ending: str, files: Mapping[str, str]) -> Path:
    for number in range(count):
        file = folder / "src" / f"part{number % 40}" / f"module{number}.{ending}"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("package part\n" if ending == "go" else "\n")
    for name, text in files.items():
        (folder / name).write_text(text)
    return folder
