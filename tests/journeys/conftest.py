"""The journeys' fixtures: each test has a machine of its own, and leaves nothing running."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from world import World


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A user's machine."""
    made = World(tmp_path)
    yield made
    made.finish()
