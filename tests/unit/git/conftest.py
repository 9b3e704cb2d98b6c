"""A repository, and the cache of who reads it."""

from pathlib import Path

import pytest
from git_house import GitHouse


@pytest.fixture
def house(tmp_path: Path) -> GitHouse:
    return GitHouse(tmp_path / "git")


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"
