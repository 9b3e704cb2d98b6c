"""Small targets of one place and of three."""

from pathlib import Path

import pytest
from small_target import SmallTarget


@pytest.fixture
def target(tmp_path: Path) -> SmallTarget:
    return SmallTarget(tmp_path)


@pytest.fixture
def three(tmp_path: Path) -> SmallTarget:
    return SmallTarget(tmp_path, ("c", "a", "b"))
