"""Source folders that a test writes file by file."""

import os
from collections.abc import Callable
from pathlib import Path

from webduh_console.frameworks.source import FolderSource

Tree = Callable[[dict[str, str]], FolderSource]


def written(folder: Path, files: dict[str, str]) -> FolderSource:
    """Write files (path → text; a path that ends with `/` is a folder) into a folder, and give it as a source."""
    folder.mkdir(exist_ok=True)
    for path, text in files.items():
        whole = folder / path
        if path.endswith("/"):
            whole.mkdir(parents=True, exist_ok=True)
            continue
        whole.parent.mkdir(parents=True, exist_ok=True)
        whole.write_bytes(os.fsencode(text))
    return FolderSource(folder)
