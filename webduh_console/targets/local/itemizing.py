"""The bill of materials of a release on this machine: what its folder holds, kept beside its record."""

import os
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

from webduh_console.model.release import Release
from webduh_console.targets.local.layout import Layout
from webduh_console.targets.materials import PATTERNS, components, document
from webduh_console.transport.files import write_file

LARGEST = 4 * 2**20


def bill(layout: Layout, record: Path, release: Release, version: str) -> bytes:
    """The CycloneDX document of a kept release; `record` is the folder of its record."""
    kept = record / "sbom.json"
    try:
        return kept.read_bytes()
    except FileNotFoundError:
        found = components(dict(_files(layout.artifact(release.key, release.artifact.digest))))
        made = document(release, found, version)
        if record.is_dir():
            write_file(kept, made)
        return made


def _files(folder: Path) -> Iterator[tuple[str, bytes]]:
    for at, _, names in os.walk(folder):
        for name in names:
            path = Path(at) / name
            inside = path.relative_to(folder).as_posix()
            wanted = any(fnmatch(inside, pattern) for pattern in PATTERNS) and not path.is_symlink()
            if wanted and path.stat().st_size <= LARGEST:
                yield inside, path.read_bytes()
