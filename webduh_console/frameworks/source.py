"""The read-only view of an app's folder that plugins look through."""

# Strings and os.path, not pathlib: a tree of thousands of files is listed in milliseconds.
# ruff: noqa: PTH116, PTH118, PTH119

import codecs
import os
import re
import stat
from collections.abc import Callable, Iterable
from fnmatch import translate
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from webduh_console.frameworks.tree import (
    IGNORED,
    Ignore,
    SourceError,
    by_default,
    link_target,
    real_folder,
    unreadable,
)

if TYPE_CHECKING:
    from webduh_console.frameworks.workspaces import FoundWorkspace

LARGEST = 2 * 1024 * 1024
"""The largest file that is read, in bytes."""

MOST_READ = 16 * 1024 * 1024
"""How many bytes are read at most of all files together."""

MOST_FILES = 20_000
"""How many files and folders are listed at most, nearest to the root first."""


class FolderSource:
    """A folder as a `Source`: cached, and never left, neither by `..` nor by an absolute path nor by a link.

    `text`, `json` and `toml` read any file in the folder; `files` lists what would be sent. `read` has the files read
    so far, `unread` those that were too large, `outside` the links met that lead out of the folder; `truncated` says
    that there were more files than `MOST_FILES`, `stopped` in which folder that was, and `at` where the source is.
    NotFoundError if there is no such folder.
    """

    def __init__(self, folder: Path) -> None:
        self._root = real_folder(folder)
        self._ignore = Ignore(self._root)
        self._texts: dict[str, str] = {}
        self._parsed: dict[str, dict[str, object]] = {}
        self._listed: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {}
        self._found: dict[str, tuple[str, ...]] = {}
        self._real: dict[str, str | None] = {"": self._root}
        self._count = 0
        self.name = os.path.basename(self._root)
        self.at = Path(self._root)
        self.read: set[str] = set()
        self.unread: set[str] = set()
        self.outside: set[str] = set()
        self.truncated = False
        self.stopped = ""
        self._left = MOST_READ

    @cached_property
    def workspace(self) -> "FoundWorkspace | None":
        """The workspace that the folder is the root or a member of, found from its own files and those above it."""
        from webduh_console.frameworks.workspaces import workspace_of

        return workspace_of(self)

    def exists(self, path: str) -> bool:
        """Whether there is a file at `path`."""
        status = self._status(path)
        return status is not None and stat.S_ISREG(status.st_mode)

    def folder(self, path: str) -> bool:
        """Whether there is a folder at `path`."""
        status = self._status(path)
        return status is not None and stat.S_ISDIR(status.st_mode)

    def text(self, path: str) -> str:
        """The file's text, UTF-8 with wrong bytes replaced, without a byte order mark; empty if there is none.

        A file larger than `LARGEST` reads as empty. SourceError if the system will not let us read it.
        """
        if path not in self._texts:
            self._texts[path] = self._load(path)
        return self._texts[path]

    def json(self, path: str) -> dict[str, object]:
        """The file as a JSON object; empty if there is none. SourceError names file and line when it is broken."""
        if path not in self._parsed:
            self._parsed[path] = _parse_json(path, self.text(path)) if self._is_read(path) else {}
        return self._parsed[path]

    def toml(self, path: str) -> dict[str, object]:
        """The file as a TOML table; empty if there is none. SourceError names file and line when it is broken."""
        if path not in self._parsed:
            self._parsed[path] = _parse_toml(path, self.text(path)) if self._is_read(path) else {}
        return self._parsed[path]

    def files(self, pattern: str = "*") -> tuple[str, ...]:
        """The files that match a glob (`*.py`, `**/*.html`), sorted. Only folders that the pattern needs are listed."""
        if pattern not in self._found:
            *folders, name = pattern.split("/")
            if name == "**":
                folders, name = [*folders, "**"], "*"
            ending = _ending(name)
            if folders == ["**"] and ending is not None:
                found = self._by_ending.get(ending, [])
            else:
                found = [file for at in self._folders(folders) for file in self._matching(at, name, ending)]
            self._found[pattern] = tuple(sorted(set(found)))
        return self._found[pattern]

    def _matching(self, folder: str, name: str, ending: str | None) -> list[str]:
        """The files of a folder whose names match a pattern; the usual forms of one need no expression."""
        files, before = self._list(folder)[1], f"{folder}/" if folder else ""
        if ending is not None:
            return [before + file for file in files if file.endswith("." + ending)]
        if name == "*":
            return [before + file for file in files]
        if not re.search(r"[*?\[]", name):
            return [before + name] if name in files else []
        matches = _glob(name)
        return [before + file for file in files if matches(file)]

    @cached_property
    def _by_ending(self) -> dict[str, list[str]]:
        """All files by what is behind their last dot, since plugins look for those of their language everywhere."""
        found: dict[str, list[str]] = {}
        for at in self._all_below([""]):
            before = f"{at}/" if at else ""
            for file in self._list(at)[1]:
                found.setdefault(file.rpartition(".")[2], []).append(before + file)
        return found

    def _resolve(self, path: str) -> tuple[str, os.stat_result] | None:
        """The real path of something in the folder and its status; None if it is not there, or the path leads out."""
        if not path or path.startswith("/") or "\0" in path or ".." in path.split("/"):
            return None
        folder, _, name = path.rpartition("/")
        if folder not in self._real:
            self._real[folder] = self._inside(os.path.join(self._root, folder))
        at = self._real[folder]
        if at is None:
            return None
        whole = f"{at.rstrip('/')}/{name}"
        try:
            status = os.lstat(whole)
            if not stat.S_ISLNK(status.st_mode):
                return whole, status
            real = self._inside(whole)
            return (real, os.stat(real)) if real else None
        except OSError:
            return None

    def _inside(self, path: str) -> str | None:
        """A real path; None if it is not in the folder."""
        try:
            real = os.path.realpath(path, strict=True)
        except OSError:
            return None
        return real if real == self._root or real.startswith(self._root.rstrip("/") + "/") else None

    def _status(self, path: str) -> os.stat_result | None:
        found = self._resolve(path)
        return found[1] if found else None

    def _is_read(self, path: str) -> bool:
        """Whether there is such a file and its text is all of it."""
        return bool(self.text(path) or self.exists(path)) and path not in self.unread

    def _load(self, path: str) -> str:
        found = self._resolve(path)
        if found is None or not stat.S_ISREG(found[1].st_mode):
            return ""
        real, status = found
        if status.st_size > min(LARGEST, self._left):
            self.unread.add(path)
            return ""
        self._left -= status.st_size
        try:
            text = _decoded(Path(real).read_bytes())
        except OSError as error:
            raise unreadable(path, error) from error
        self.read.add(path)
        return text

    def _folders(self, patterns: Iterable[str]) -> list[str]:
        """The folders that match a list of names, nearest first; `**` stands for any number of them."""
        current = [""]
        for pattern in patterns:
            if pattern == "**":
                current = self._all_below(current)
            else:
                matches = _glob(pattern)
                current = [_join(at, name) for at in current for name in self._list(at)[0] if matches(name)]
        return current

    def _all_below(self, folders: list[str]) -> list[str]:
        found = dict.fromkeys(folders)
        level = folders
        while level:
            level = [below for at in level for name in self._list(at)[0] if (below := _join(at, name)) not in found]
            found.update(dict.fromkeys(level))
        return list(found)

    def _list(self, folder: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The names of the folders and of the files in a folder.

        A folder that may not be read is empty here: only sending needs all of it, and says so.
        """
        if folder not in self._listed:
            self._listed[folder] = self._scan(folder)
        return self._listed[folder]

    def _scan(self, folder: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
        if self.truncated:
            return (), ()
        folders: list[str] = []
        files: list[str] = []
        try:
            with os.scandir(os.path.join(self._root, folder)) as entries:
                for entry in entries:
                    if self._count >= MOST_FILES:
                        self.truncated, self.stopped = True, folder
                        break
                    self._count += 1
                    self._sort_in(folder, entry, folders, files)
        except OSError:
            return (), ()
        if folder and "pyvenv.cfg" in files:
            return (), ()
        return tuple(sorted(folders)), tuple(sorted(files))

    def _sort_in(self, folder: str, entry: os.DirEntry[str], folders: list[str], files: list[str]) -> None:
        name, is_folder = entry.name, entry.is_dir(follow_symlinks=False)
        if is_folder and name in IGNORED:
            return
        if self._ignore.leaves_out(_join(folder, name), folder=is_folder) if self._ignore.file else by_default(name):
            return
        if is_folder:
            folders.append(name)
        elif entry.is_file(follow_symlinks=False):
            files.append(name)
        elif entry.is_symlink() and link_target(self._root, _join(folder, name)) is None:
            self.outside.add(_join(folder, name))
        elif self.exists(_join(folder, name)):
            files.append(name)


def _decoded(content: bytes) -> str:
    """Text in UTF-8, or in the UTF-16 with a mark that PowerShell's `>` writes; wrong bytes are replaced."""
    encoding = "utf-16" if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig"
    text = content.decode(encoding, "replace")
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def _join(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name


@cache
def _ending(pattern: str) -> str | None:
    """What `*.ending` asks for; None for a pattern of another form."""
    ending = pattern.removeprefix("*.")
    return ending if pattern.startswith("*.") and not re.search(r"[*?\[.]", ending) else None


@cache
def _glob(pattern: str) -> Callable[[str], re.Match[str] | None]:
    return re.compile(translate(pattern)).match


def _parse_json(path: str, text: str) -> dict[str, object]:
    import json

    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        raise _broken(path, "JSON", error.msg, error.lineno, error.colno) from error
    except (RecursionError, ValueError) as error:
        raise _broken(path, "JSON", "too deeply nested, or a number too long", 1, 1) from error
    if not isinstance(value, dict):
        raise _broken(path, "a JSON object", "the file must hold one object, in { }", 1, 1)
    return value


def _parse_toml(path: str, text: str) -> dict[str, object]:
    import tomllib

    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        says, line, column = _toml_place(str(error), text)
        raise _broken(path, "TOML", says, line, column) from error
    except (RecursionError, ValueError) as error:
        raise _broken(path, "TOML", "too deeply nested, or a number too long", 1, 1) from error


def _toml_place(message: str, text: str) -> tuple[str, int, int]:
    """What tomllib says, and where: it puts line and column (or `end of document`) at the end of its message."""
    says, _, place = message.rpartition(" (at ")
    numbers = re.fullmatch(r"line (\d+), column (\d+)\)", place)
    if numbers:
        return says, int(numbers[1]), int(numbers[2])
    lines = text.split("\n")
    return says or message, len(lines), len(lines[-1]) + 1


def _broken(path: str, kind: str, says: str, line: int, column: int) -> SourceError:
    says = says[:1].lower() + says[1:].rstrip(".")
    what, why = f"{path}:{line}:{column} is not {kind}.", f"Line {line}, column {column}: {says}."
    return SourceError(what, why, f"Mend {path} there and try again.", file=path, line=line, column=column)
