"""Homes for consoles."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import worlds
from source_tree import written
from wizard_at_work import CONFIG, SERVER

from webduh_console.commands.context import Context
from webduh_console.commands.language import run_line


@pytest.fixture(autouse=True)
def _still(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No animation, and nothing of the machine's own home."""
    monkeypatch.setenv("TEXTUAL_ANIMATIONS", "none")
    monkeypatch.setenv("WEBDUH_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("WEBDUH_KEY", "file")
    monkeypatch.delenv("NO_COLOR", raising=False)


@pytest.fixture
def full(tmp_path: Path) -> Iterator[Context]:
    """A home with five apps."""
    ctx = worlds.full(tmp_path / "home")
    yield ctx
    ctx.close()


@pytest.fixture
def released(tmp_path: Path) -> Iterator[Context]:
    """A home with five apps, one with four kept releases."""
    ctx = worlds.with_releases(worlds.full(tmp_path / "home"))
    yield ctx
    ctx.close()


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Context]:
    """A home in which nothing was ever deployed."""
    ctx = worlds.context(tmp_path / "home")
    yield ctx
    ctx.close()


@pytest.fixture
def guestbook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with an app."""
    written(tmp_path / "guestbook", {"app.py": SERVER, "webduh.yaml": CONFIG})
    monkeypatch.chdir(tmp_path / "guestbook")
    return tmp_path / "guestbook"


@pytest.fixture
def real(tmp_path: Path) -> Iterator[Context]:
    """An empty home whose local target is stopped at the end."""
    ctx = worlds.context(tmp_path / "home")
    yield ctx
    run_line(ctx, "target stop local")
    ctx.close()
