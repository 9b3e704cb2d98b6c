"""A home in a temporary folder, states on it, and values to keep in them."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from webduh_console.config.home import Home
from webduh_console.state.store import State


@pytest.fixture(autouse=True)
def key_in_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test touches the keyring of whoever runs it, unless it says so."""
    monkeypatch.setenv("WEBDUH_KEY", "file")
    monkeypatch.delenv("WEBDUH_PASSPHRASE", raising=False)


@pytest.fixture
def place(tmp_path: Path) -> Home:
    return Home(tmp_path / "data", tmp_path / "config", tmp_path / "cache")


@pytest.fixture
def opened(place: Home) -> Iterator[Callable[[], State]]:
    """Opens one more state on the same home; all are closed at the end."""
    states: list[State] = []

    def another() -> State:
        states.append(State.open(place))
        return states[-1]

    yield another
    for state in states:
        state.close()


@pytest.fixture
def state(opened: Callable[[], State]) -> State:
    return opened()


@pytest.fixture
def noon() -> datetime:
    return datetime(2030, 1, 2, 12, 0, 0, 123456, tzinfo=UTC)
