"""Which files of an app are sent to where it is built, and the digest of them all."""

# Strings and os.path, not pathlib: a tree of thousands of files is walked in milliseconds.
# ruff: noqa: PTH115, PTH117, PTH118, PTH120, PTH123

import errno
import hashlib
import os
import stat
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

import msgspec

from webduh_console.errors import ConfigError, NotFoundError, UsageError

if TYPE_CHECKING:
    from pathspec import PathSpec
    from pathspec.pattern import Pattern

UNSENT = frozenset(
    {
        *(".git", ".hg", ".svn", ".jj", ".DS_Store", "Thumbs.db", ".env", ".env.local", ".terraform", ".vercel"),
        *("node_modules", ".cache", ".next", ".nuxt", ".parcel-cache", ".svelte-kit", ".turbo"),
        *(".venv", "venv", "__pycache__", ".mypy_cache", ".nox", ".pytest_cache", ".ruff_cache", ".tox"),
    }
)
"""Names that are never sent unless the ignore file takes them back (`!.next/`): caches, histories, secrets, litter."""

IGNORED = UNSENT | {"target", "vendor", "bower_components", "site-packages", ".gradle", ".yarn", "Pods"}
"""Names that detection never enters: what is not sent, and copies of other people's code."""

WEBDUHIGNORE, DOCKERIGNORE = ".webduhignore", ".dockerignore"
_LITTER = (".pyc", ".swp")
_DOCKERFILES = frozenset({"Dockerfile", "Containerfile"})


class SourceError(ConfigError):
    """A file of the app cannot be read or is broken. `line` and `column` count from 1; 0 when they are not known."""

    name = "source"

    def __init__(self, what: str, why: str, hint: str, *, file: str, line: int = 0, column: int = 0) -> None:
        super().__init__(what, why=why, kept="Nothing was changed.", hint=hint)
        self.file, self.line, self.column = file, line, column


class Entry(msgspec.Struct, frozen=True):
    """One thing to be sent. `path` is relative, with `/`; so is a link's `target`, which stays inside the folder.

    `size` in bytes; `executable` is the owner's bit.
    """

    path: str
    kind: Literal["file", "folder", "link"]
    size: int = 0
    executable: bool = False
    target: str = ""


class Fingerprint(NamedTuple):
    """The digest (SHA-256, 64 hex digits) of everything that is sent, how many files that is, and their bytes."""

    digest: str
    files: int
    bytes: int


def real_folder(folder: Path) -> str:
    """The folder's real path. NotFoundError if there is nothing, UsageError if it is not a folder."""
    try:
        if folder.is_dir():
            return os.path.realpath(folder)
        if folder.exists():
            raise UsageError(f"{folder} is a file, not a folder.", hint="Name the folder that holds the app.")
    except (OSError, ValueError) as error:
        raise UsageError(
            f"{str(folder)!r} cannot be opened.", why=f"{error}.", hint="Name the app's folder."
        ) from error
    raise NotFoundError(f"There is no folder {folder}.", hint="Check the path, or leave it out for the current folder.")


class Ignore:
    """What is left out: the default names, overruled by the patterns of `.webduhignore`, or else of `.dockerignore`."""

    def __init__(self, root: str) -> None:
        self._root = root

    @cached_property
    def file(self) -> str:
        """The ignore file that counts; empty if there is none."""
        present = (name for name in (WEBDUHIGNORE, DOCKERIGNORE) if Path(self._root, name).is_file())
        return next(present, "")

    def leaves_out(self, path: str, *, folder: bool) -> bool:
        """Whether the file or folder at `path` is left out."""
        verdict = self._verdict(path + "/" if folder else path)
        parent, _, _ = path.rpartition("/")
        if verdict is None and parent and self.takes_back and self.leaves_out(parent, folder=True):
            return True
        return by_default(path.rpartition("/")[2]) if verdict is None else verdict

    @cached_property
    def takes_back(self) -> bool:
        """Whether a `!` pattern may bring back something from inside a folder that is left out."""
        return self.file == DOCKERIGNORE and any(line.startswith("!") for line in self._lines)

    @cached_property
    def _lines(self) -> tuple[str, ...]:
        try:
            text = Path(self._root, self.file).read_text("utf-8-sig", "replace") if self.file else ""
        except OSError as error:
            raise unreadable(self.file, error) from error
        return tuple(text.splitlines())

    def _verdict(self, path: str) -> bool | None:
        if not self.file or (self.file == DOCKERIGNORE and path in _DOCKERFILES):
            return None
        verdict: bool | None = self._spec.check_file(path).include
        return verdict

    @cached_property
    def _spec(self) -> "PathSpec[Pattern]":
        from pathspec import PathSpec

        docker = self.file == DOCKERIGNORE
        patterns: list[Pattern] = []
        for number, line in enumerate(self._lines, 1):
            try:
                patterns += PathSpec.from_lines("gitignore", [_anchored(line) if docker else line]).patterns
            except ValueError as error:
                what, why = f"{self.file}:{number} is not a pattern.", f"{str(error).rstrip('.')}."
                raise SourceError(what, why, "Mend that line.", file=self.file, line=number) from error
        return PathSpec(patterns)


def walk(folder: Path, outside: list[str] | None = None) -> Iterator[Entry]:
    """Everything of an app that is sent, folders before what is in them, in an order that depends on the names alone.

    Links are not followed. One that leads out of the folder is left out, and its path added to `outside`. Sockets,
    pipes and devices are left out, and so are virtual environments of any name. SourceError names what cannot be read.
    """
    root = real_folder(folder)
    ignore = Ignore(root)
    stack = [Entry("", "folder")]
    while stack:
        entry = stack.pop()
        if entry.kind != "folder":
            yield entry
            continue
        below = _entries(root, entry.path, ignore, outside)
        if below is None:
            continue
        if entry.path and not ignore.leaves_out(entry.path, folder=True):
            yield entry
        stack += reversed(below)


def fingerprint(folder: Path) -> Fingerprint:
    """The digest of the names, executable bits, link targets and contents of all that `walk` gives; files and bytes."""
    root = real_folder(folder)
    digest, files, total = hashlib.sha256(), 0, 0
    for entry in walk(folder):
        name, target = os.fsencode(entry.path), os.fsencode(entry.target)
        kind = b"%b %d" % (entry.kind.encode(), entry.executable)
        digest.update(b"%b %d %b %d %b\n" % (kind, len(name), name, len(target), target))
        if entry.kind == "file":
            content, size = _content(root, entry.path)
            digest.update(content)
            files, total = files + 1, total + size
    return Fingerprint(digest.hexdigest(), files, total)


def unreadable(path: str, error: OSError) -> SourceError:
    """The error for a file or folder of the app that the system will not let us read."""
    why = f"{os.strerror(error.errno)}." if error.errno else f"{error}."
    hint = f"Make it readable, or name it in {WEBDUHIGNORE}."
    return SourceError(f"{path or 'The folder'} cannot be read.", why, hint, file=path)


def link_target(root: str, path: str) -> str | None:
    """Where a link leads, relative to its own folder, never by way of the outside; None if it leads out of `root`."""
    whole = os.path.join(root, path)
    target, real = os.readlink(whole), os.path.realpath(whole)
    if real != root and not real.startswith(root.rstrip("/") + "/"):
        return None
    lexical = os.path.normpath(os.path.join(os.path.dirname(path), target))
    if os.path.isabs(target) or lexical == ".." or lexical.startswith("../"):
        return os.path.relpath(real, os.path.realpath(os.path.dirname(whole)))
    return target


def _entries(root: str, folder: str, ignore: Ignore, outside: list[str] | None) -> list[Entry] | None:
    """What is directly in a folder, sorted by name; None if the folder is a virtual environment."""
    prefix = folder + "/" if folder else ""
    try:
        with os.scandir(os.path.join(root, folder)) as scan:
            found = sorted(scan, key=lambda item: os.fsencode(item.name))
        if folder and any(item.name == "pyvenv.cfg" for item in found):
            return None
        entries = (_entry(root, prefix + item.name, item, ignore, outside) for item in found)
        return [entry for entry in entries if entry is not None]
    except OSError as error:
        raise unreadable(os.path.relpath(error.filename, root) if error.filename else folder, error) from error


def _entry(root: str, path: str, item: os.DirEntry[str], ignore: Ignore, outside: list[str] | None) -> Entry | None:
    is_folder = item.is_dir(follow_symlinks=False)
    if ignore.leaves_out(path, folder=is_folder):
        return Entry(path, "folder") if is_folder and ignore.takes_back and not by_default(item.name) else None
    if is_folder:
        return Entry(path, "folder")
    if item.is_symlink():
        target = link_target(root, path)
        if target is None:
            if outside is not None:
                outside.append(path)
            return None
        return Entry(path, "link", target=target)
    status = item.stat(follow_symlinks=False)
    if not stat.S_ISREG(status.st_mode):
        return None
    return Entry(path, "file", status.st_size, bool(status.st_mode & 0o100))


def by_default(name: str) -> bool:
    """Whether what has this name is left out when no ignore file says otherwise."""
    local_secrets = name.startswith(".env.") and name.endswith(".local")
    return name in UNSENT or name.endswith(_LITTER) or local_secrets


def _anchored(line: str) -> str:
    """A line of `.dockerignore`, where every pattern counts from the root, in the words of `.gitignore`."""
    pattern = line.strip()
    if not pattern or pattern.startswith("#"):
        return ""
    negated, pattern = pattern.startswith("!"), pattern.removeprefix("!").strip()
    pattern = os.path.normpath(pattern).lstrip("/")
    return f"{'!' if negated else ''}/{pattern}"


def _content(root: str, path: str) -> tuple[bytes, int]:
    """The digest of a file's content and its size. O_NONBLOCK, since a pipe put in its place must not hold us."""
    try:
        handle = os.open(os.path.join(root, path), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with open(handle, "rb", buffering=0) as file:
            digest, size = hashlib.sha256(), 0
            while chunk := file.read(1 << 18):
                digest.update(chunk)
                size += len(chunk)
    except OSError as error:
        if error.errno == errno.ENOENT:
            what, why = f"{path} vanished while the files were read.", "Something else is changing the folder."
            raise SourceError(what, why, "Try again when the folder is at rest.", file=path) from error
        raise unreadable(path, error) from error
    return digest.digest(), size
