"""The tables of the state, a migration a step. A migration that was ever released is never changed."""

import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from webduh_console.errors import StateError
from webduh_console.state.database import BUSY_SECONDS, connect

if TYPE_CHECKING:
    from sqlite_utils import Database

SET = "webduh"
_FIRST = """
CREATE TABLE apps (
    project TEXT NOT NULL, name TEXT NOT NULL, folder BLOB NOT NULL, added TEXT NOT NULL,
    PRIMARY KEY (project, name)
);
CREATE INDEX apps_folder ON apps (folder);
CREATE TABLE deployments (
    id TEXT PRIMARY KEY, project TEXT NOT NULL, app TEXT NOT NULL, environment TEXT NOT NULL, target TEXT NOT NULL,
    action TEXT NOT NULL, outcome TEXT NOT NULL, started TEXT NOT NULL, release INTEGER, base INTEGER, finished TEXT,
    seconds REAL NOT NULL, url TEXT NOT NULL, "by" TEXT NOT NULL, "trigger" TEXT NOT NULL, error TEXT NOT NULL,
    steps TEXT NOT NULL, pid INTEGER NOT NULL, born TEXT NOT NULL
);
CREATE INDEX deployments_app ON deployments (project, app, environment, started);
CREATE INDEX deployments_started ON deployments (started);
CREATE INDEX deployments_running ON deployments (outcome) WHERE outcome = 'running';
CREATE TABLE events (
    id INTEGER PRIMARY KEY, deployment TEXT NOT NULL REFERENCES deployments (id) ON DELETE CASCADE, event TEXT NOT NULL
);
CREATE INDEX events_deployment ON events (deployment);
CREATE TABLE remembered (
    target TEXT NOT NULL, project TEXT NOT NULL, app TEXT NOT NULL, environment TEXT NOT NULL,
    actual TEXT NOT NULL, at TEXT NOT NULL,
    PRIMARY KEY (target, project, app, environment)
);
CREATE TABLE pending (
    project TEXT NOT NULL, app TEXT NOT NULL, environment TEXT NOT NULL, name TEXT NOT NULL,
    sealed TEXT, secret INTEGER NOT NULL, base INTEGER, at TEXT NOT NULL,
    PRIMARY KEY (project, app, environment, name)
);
CREATE TABLE sealed_by (key TEXT PRIMARY KEY);
"""
_TARGETS = """
CREATE TABLE targets (
    name TEXT PRIMARY KEY, kind TEXT NOT NULL, address TEXT NOT NULL, identity TEXT NOT NULL, added TEXT NOT NULL
);
"""
_MEMBERS = """
CREATE TABLE members (
    target TEXT NOT NULL REFERENCES targets (name) ON DELETE CASCADE, server TEXT NOT NULL REFERENCES targets (name),
    PRIMARY KEY (target, server)
);
"""
_ACTS = "CREATE TABLE acts (id INTEGER PRIMARY KEY, act TEXT NOT NULL);"
_SOURCES = """
ALTER TABLE apps ADD COLUMN url TEXT NOT NULL DEFAULT '';
ALTER TABLE apps ADD COLUMN ref TEXT NOT NULL DEFAULT '';
ALTER TABLE apps ADD COLUMN path TEXT NOT NULL DEFAULT '';
ALTER TABLE apps ADD COLUMN key TEXT NOT NULL DEFAULT '';
"""
_REGISTRIES = """
CREATE TABLE registries (
    target TEXT PRIMARY KEY REFERENCES targets (name) ON DELETE CASCADE,
    address TEXT NOT NULL, "user" TEXT NOT NULL, sealed TEXT NOT NULL
);
"""
_FIGURES = """
CREATE TABLE figures (
    subject TEXT NOT NULL, metric TEXT NOT NULL, step INTEGER NOT NULL, at INTEGER NOT NULL,
    low REAL NOT NULL, high REAL NOT NULL,
    PRIMARY KEY (subject, metric, step, at)
) WITHOUT ROWID;
CREATE INDEX figures_old ON figures (step, at);
"""
_STATEMENTS = {
    "0001_first": _FIRST,
    "0002_targets": _TARGETS,
    "0003_members": _MEMBERS,
    "0004_acts": _ACTS,
    "0005_sources": _SOURCES,
    "0006_registries": _REGISTRIES,
    "0007_figures": _FIGURES,
}
NAMES = tuple(_STATEMENTS)
"""All migrations this program knows, in their order: what is pending can be told without importing sqlite_utils."""


def check(connection: sqlite3.Connection, file: Path) -> bool:
    """Whether a migration is pending. Reads only; StateError if a newer webduh has been here."""
    if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = '_sqlite_migrations'").fetchone():
        return True
    query = "SELECT name FROM _sqlite_migrations WHERE migration_set = ? ORDER BY id"
    applied = [name for (name,) in connection.execute(query, (SET,))]
    unknown = [name for name in applied if name not in NAMES]
    if unknown:
        raise StateError(
            f"The local state {file} was written by a newer webduh.",
            why=f"It has the migration {unknown[-1]}, and this program knows them up to {NAMES[-1]}.",
            kept="It was left as it is.",
            hint="Update webduh, or set WEBDUH_HOME to another folder.",
        )
    return len(applied) < len(NAMES)


def migrate(file: Path) -> None:
    """Bring the file to the newest tables. Any number of processes may do so at once: one does it, the others wait."""
    from sqlite_utils import Database

    end = time.monotonic() + 4 * BUSY_SECONDS
    while True:
        connection = connect(file)
        try:
            # SQLite answers «locked» at once, without its busy timeout, while another process switches to WAL.
            _apply(Database(connection))
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > end:
                raise
            time.sleep(0.02)
        finally:
            connection.close()


def _executing(statements: str) -> "Callable[[Database], None]":
    def execute(database: "Database") -> None:
        for statement in filter(str.strip, statements.split(";")):
            database.execute(statement)

    return execute


def _apply(database: "Database") -> None:
    from sqlite_utils.migrations import Migrations

    migrations = Migrations(SET)

    for name, statements in _STATEMENTS.items():
        migrations(name=name)(_executing(statements))
    database.enable_wal()
    database.execute("BEGIN IMMEDIATE")
    try:
        migrations.apply(database)
        database.execute("COMMIT")
    except BaseException:
        if database.conn.in_transaction:
            database.execute("ROLLBACK")
        raise
