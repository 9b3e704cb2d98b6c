"""A home in a temporary folder, an app in a folder, and the command language on them."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from shop_at_home import FAST, Everything, Line

from webduh_console.commands.context import Context
from webduh_console.commands.language import run_line
from webduh_console.commands.results import Stream
from webduh_console.config.home import Home
from webduh_console.model.events import Finished


@pytest.fixture(autouse=True)
def at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEBDUH_KEY", "file")
    monkeypatch.setenv("WEBDUH_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def ctx(tmp_path: Path) -> Iterator[Context]:
    home = tmp_path / "home"
    context = Context(Home(home / "data", home / "config", home / "cache"))
    yield context
    context.target("local").stop()  # type: ignore[attr-defined]
    context.close()


@pytest.fixture
def line(ctx: Context) -> Line:
    """Runs one line of the language; a deployment is read to its end, which is what is returned."""

    def run(text: str) -> Any:
        result = run_line(ctx, text)
        if not isinstance(result, Stream):
            return result
        last = list(result.events)[-1]
        assert isinstance(last, Finished)
        return last

    return run


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "index.html").write_text("one")
    return folder


@pytest.fixture
def served(line: Line, shop: Path) -> str:
    """The address of a shop that serves its first release."""
    line(f"app add {shop}")
    line("env set shop COLOUR=green")
    return str(line(f"deploy shop {FAST}").url)


@pytest.fixture
def everything(tmp_path: Path) -> Everything:
    """All that a home holds: the rows of its state, and the bytes of every other file."""

    def read() -> dict[str, Any]:
        home = tmp_path / "home"
        found: dict[str, Any] = {}
        for path in home.rglob("*"):
            if path.name == "state.db":
                with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as database:
                    found["state"] = list(database.iterdump())
            elif path.is_file() and "state.db" not in path.name and "supervisor" not in path.name:
                found[str(path.relative_to(home))] = path.read_bytes()
        return found

    return read
