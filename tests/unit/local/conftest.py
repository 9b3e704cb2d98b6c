from pathlib import Path

import pytest

from webduh_console.model.names import AppKey
from webduh_console.targets.local.layout import Layout
from webduh_console.targets.local.record import FileRecord


class Reversed:
    """A seal that is enough to see whether a value was written as it is, and that knows its place."""

    def seal(self, text: str, place: str) -> str:
        return f"{place}|{text[::-1]}"

    def open(self, sealed: str, place: str) -> str:
        assert sealed.startswith(f"{place}|")
        return sealed.removeprefix(f"{place}|")[::-1]


@pytest.fixture
def key() -> AppKey:
    return AppKey("default", "shop", "production")


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return Layout(tmp_path / "local")


@pytest.fixture
def record(layout: Layout, key: AppKey) -> FileRecord:
    return FileRecord(layout.app(key), key, Reversed)
