"""The order in which tests run: those that wait for servers first, so that those that compute fill what is left."""

import pytest

FIRST = ("testbed/test_faults.py", "testbed/", "journeys/")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the long files first; the order within a file, and of all others, stays."""
    items.sort(key=_turn)


def _turn(item: pytest.Item) -> int:
    return next((turn for turn, name in enumerate(FIRST) if f"tests/{name}" in item.nodeid), len(FIRST))
