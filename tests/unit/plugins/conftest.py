import os
from collections.abc import Callable
from pathlib import Path

import pytest

from webduh_console.frameworks.source import FolderSource

Tree = Callable[[dict[str, str]], FolderSource]


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    """Writes files (path → text; a path that ends with `/` is a folder) and gives the folder as a source."""

    def write(files: dict[str, str]) -> FolderSource:
        folder = tmp_path / "app"
        folder.mkdir(exist_ok=True)
        for path, text in files.items():
            whole = folder / path
            if path.endswith("/"):
                whole.mkdir(parents=True, exist_ok=True)
                continue
            whole.parent.mkdir(parents=True, exist_ok=True)
            whole.write_bytes(os.fsencode(text))
        return FolderSource(folder)

    return write
