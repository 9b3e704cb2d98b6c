"""Reads the files that `webduh.yaml` wants mounted: what they are, and what is in them."""

import hashlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

import msgspec

from webduh_console.config.load import Loaded
from webduh_console.config.problems import ConfigFileError, Problem
from webduh_console.model.build import Content, Mount, Volume

LARGEST = 512 * 1024
MOST = 200
"""Bytes and files that one release may mount, all together: they are kept with each release, in its record."""


class _WrongError(Exception):
    """What is wrong with one entry, in words."""


def mounted(
    loaded: Loaded, environment: str, folder: Path, volumes: Sequence[Volume] = ()
) -> tuple[tuple[Mount, ...], tuple[Content, ...]]:
    """What is mounted in this environment, by path, and its contents.

    ConfigFileError says with its line what is not there, leads out of the app's folder, is too large, or lies inside a
    volume.
    """
    mounts: list[Mount] = []
    contents: list[Content] = []
    problems: list[Problem] = []
    left = LARGEST
    for path, (source, where) in sorted(_wanted(loaded, environment).items()):
        try:
            _check(path, volumes)
            own = list(_read(folder, source, path, left, MOST - len(contents)))
        except (_WrongError, OSError) as error:
            says = f"{error.strerror}" if isinstance(error, OSError) else str(error)
            problems.append(Problem(_file(loaded), loaded.lines.get(where, 1), 1, where, says))
            continue
        size = sum(len(each.content) for each in own)
        left -= size
        contents += own
        mounts.append(Mount(source, path, digest(own), size, Path(folder, source).is_dir()))
    if problems:
        raise ConfigFileError(str(loaded.file or _file(loaded)), tuple(problems))
    return tuple(mounts), tuple(contents)


def digest(contents: Sequence[Content]) -> str:
    """A digest of names, modes and contents, whatever they are mounted at."""
    essence = [(each.path, each.executable, each.content) for each in sorted(contents, key=lambda each: each.path)]
    return "sha256:" + hashlib.sha256(msgspec.json.encode(essence)).hexdigest()


def _wanted(loaded: Loaded, environment: str) -> dict[str, tuple[str, str]]:
    """Path → source, and where that is written; the environment's stands over the app's."""
    config, special = loaded.config, loaded.config.environment(environment)
    found = {}
    for prefix, files in (("", config.files), (f"environments.{environment}.", special.files)):
        for source, path in files.items():
            found[str(PurePosixPath(path))] = (str(PurePosixPath(source)), f"{prefix}files.{source}")
    return found


def _file(loaded: Loaded) -> str:
    return loaded.file.name if loaded.file else "webduh.yaml"


def _check(path: str, volumes: Sequence[Volume]) -> None:
    here = PurePosixPath("/app") / path
    if here in (PurePosixPath("/"), PurePosixPath("/app")):
        raise _WrongError("would hide everything that is at its path")
    for volume in volumes:
        kept = PurePosixPath("/app") / volume.path
        if here == kept or kept in here.parents or here in kept.parents:
            raise _WrongError(f"cannot be at {path}: the volume {volume.name} is at {volume.path}")


def _read(folder: Path, source: str, path: str, left: int, most: int) -> Iterator[Content]:
    """The file, or every file in the folder; nothing is read that would be too large."""
    top = Path(folder, source)
    files = sorted(_files(top)) if top.is_dir() else [top]
    if not top.exists():
        raise _WrongError("is not there")
    if len(files) > most:
        raise _WrongError(f"has {len(files)} files; {MOST} may be mounted together")
    size = 0
    for file in files:
        if not Path(os.path.realpath(file)).is_relative_to(os.path.realpath(folder)):
            raise _WrongError(f"{file.relative_to(folder)} leads out of the app's folder")
        if not file.is_file():
            raise _WrongError(f"{file.relative_to(folder)} is no file")
        size += file.stat().st_size
        if size > left:
            raise _WrongError(
                f"is too large: {_kib(size)} up to {file.relative_to(folder)}, and {_kib(LARGEST)} may be mounted "
                "together; what is larger belongs into the image or a volume"
            )
    for file in files:
        inner = "" if file == top else file.relative_to(top).as_posix()
        yield Content(path, inner, file.read_bytes(), bool(file.stat().st_mode & 0o100))


def _files(top: Path) -> Iterator[Path]:
    """Every file below a folder; links to folders are not entered, but named."""
    for directory, folders, names in os.walk(top):
        yield from (Path(directory, name) for name in names)
        yield from (link for name in folders if (link := Path(directory, name)).is_symlink())


def _kib(size: int) -> str:
    return f"{-(-size // 1024)} KiB"
