"""What unit tests of several rooms share."""

from pathlib import Path

import pytest
from source_tree import Tree, written


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    """Writes files into the folder `app`, and gives it as a source."""
    return lambda files: written(tmp_path / "app", files)
