"""The one SQLite connection of a state, and SQLite's troubles in words."""

import os
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from webduh_console.errors import StateError

BUSY_SECONDS = 5.0
_FULL, _CORRUPT, _NOT_A_DATABASE, _READ_ONLY, _CANNOT_OPEN = 13, 11, 26, 8, 14
_BUSY, _LOCKED, _IO = 5, 6, 10


class Database:
    """A connection that threads share: one statement or one transaction at a time."""

    def __init__(self, file: Path, connection: sqlite3.Connection) -> None:
        self.file = file
        self._connection = connection
        self._lock = threading.RLock()
        self._closed = False

    def rows(self, sql: str, *values: Any) -> list[Any]:
        """All rows of a query, as tuples."""
        with self._lock, self._open():
            return self._connection.execute(sql, values).fetchall()

    def change(self, sql: str, *values: Any) -> int:
        """Run one changing statement; the number of rows it touched."""
        with self._lock, self._open():
            return self._connection.execute(sql, values).rowcount

    def change_all(self, sql: str, values: Sequence[Sequence[Any]]) -> None:
        """Run one statement for each of `values`, all or none."""
        with self.writing() as connection:
            connection.executemany(sql, values)

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A write transaction: everything within happens, or nothing of it."""
        with self._lock, self._open():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                # A full disk has already made SQLite roll back.
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    def close(self) -> None:
        """Close the connection; closing twice changes nothing."""
        with self._lock:
            self._closed = True
            self._connection.close()

    @contextmanager
    def _open(self) -> Iterator[None]:
        if self._closed:
            raise StateError("The local state is closed.", why="This webduh is ending.")
        with worded(self.file):
            yield


def connect(file: Path) -> sqlite3.Connection:
    """A connection without a transaction of its own making. A new file can be read by this user only."""
    with worded(file):
        if not file.exists():
            try:
                os.close(os.open(file, os.O_CREAT | os.O_RDWR, 0o600))
            except OSError as error:
                raise _cannot_open(file, error.strerror or str(error)) from error
        connection = sqlite3.connect(file, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        connection.execute("PRAGMA foreign_keys=ON")
        connection.execute("PRAGMA synchronous=NORMAL")
        return connection


@contextmanager
def worded(file: Path) -> Iterator[None]:
    """Turns SQLite's errors into a StateError that says what to do."""
    try:
        yield
    except (sqlite3.IntegrityError, sqlite3.ProgrammingError):
        raise
    except sqlite3.DatabaseError as error:
        raise _in_words(file, error) from error


def _in_words(file: Path, error: sqlite3.DatabaseError) -> StateError:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    what = f"The local state {file} cannot be used."
    if code in (_CORRUPT, _NOT_A_DATABASE):
        return StateError(
            what,
            why="It is damaged, or no SQLite file.",
            kept="It was left as it is; the apps on your targets run on.",
            hint="Move it away: the next command makes a new one, which forgets the history but no app's release.",
        )
    if code in (_BUSY, _LOCKED):
        return StateError(
            what,
            why=f"Another webduh has kept it locked for {BUSY_SECONDS:g} s.",
            kept="Nothing was changed.",
            hint="Try again; if it stays locked, look for a webduh that hangs.",
        )
    if code == _FULL:
        return StateError(what, why="The disk is full.", kept="The change was not made.", hint="Make room on the disk.")
    if code in (_READ_ONLY, _CANNOT_OPEN):
        return _cannot_open(file, f"It cannot be written ({error})")
    if code == _IO:
        return StateError(what, why=f"The disk answers with an error ({error}).", hint="Check the disk and its space.")
    return StateError(what, why=f"SQLite says: {error}.", kept="The change was not made.")


def _cannot_open(file: Path, why: str) -> StateError:
    return StateError(
        f"The local state {file} cannot be used.",
        why=f"{why}.",
        kept="Nothing was changed.",
        hint="Give yourself the right to write it and its folder, or set WEBDUH_HOME to another folder.",
    )
