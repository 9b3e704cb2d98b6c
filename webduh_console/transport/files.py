"""Files on this machine, written so that a cut at any moment leaves the old or the new, never a half."""

import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from webduh_console.errors import TargetError


def write_file(path: Path, content: bytes, mode: int = 0o600) -> None:
    """Write aside, fsync, move. TargetError says which file and why when the disk is full or read-only."""
    aside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            aside.replace(path)
        except OSError:
            aside.unlink(missing_ok=True)
            raise
        sync_folder(path.parent)
    except OSError as error:
        raise unwritable(path, error) from error


def append_line(path: Path, line: bytes) -> None:
    """Append one line and fsync it. A torn line left by a cut is closed first, so that it spoils only itself."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600), "r+b") as file:
            if file.seek(0, os.SEEK_END) and (file.seek(-1, os.SEEK_END), file.read(1))[1] != b"\n":
                file.write(b"\n")
            file.write(line + b"\n")
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise unwritable(path, error) from error


def sync_folder(folder: Path) -> None:
    """Make a folder's entries as lasting as its files."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):  # some file systems cannot sync a folder
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def unwritable(path: Path, error: OSError) -> TargetError:
    """The error of a file that cannot be written, in words."""
    return TargetError(
        f"{path} cannot be written.",
        why=f"{error.strerror or error}.",
        kept="What was there before is unchanged.",
        hint=f"Free some space or make {path.parent} writable, then do it again; or move everything with WEBDUH_HOME.",
    )


class FileLock:
    """An exclusive lock on a file. It ends with its process, whatever happens."""

    def __init__(self, path: Path) -> None:
        self._path, self._descriptor = path, -1

    def take(self, wait: bool = True) -> bool:
        """Take it; without `wait` False says that somebody else has it."""
        if self._descriptor < 0:
            try:
                self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            except OSError as error:
                raise unwritable(self._path, error) from error
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            return False
        return True

    def give_back(self) -> None:
        """Give it back, if it was taken."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a file's lock while in the block; whoever else asks waits."""
    lock = FileLock(path)
    try:
        lock.take()
        yield
    finally:
        lock.give_back()
