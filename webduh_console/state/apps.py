"""The apps this machine knows, and the folders they come from."""

import os
from datetime import datetime
from pathlib import Path

import msgspec

from webduh_console.errors import UsageError
from webduh_console.state.coding import text_of, time_of
from webduh_console.state.database import Database


class AppEntry(msgspec.Struct, frozen=True):
    """An app and its folder on this machine."""

    project: str
    name: str
    folder: str
    added: datetime


class Apps:
    """The list of apps. An app is named once in a project; a folder may hold several."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> list[AppEntry]:
        """All apps, by project and name."""
        return self._select("ORDER BY project, name")

    def get(self, name: str, project: str = "default") -> AppEntry | None:
        """The app of this name; None if there is none."""
        return next(iter(self._select("WHERE project = ? AND name = ?", project, name)), None)

    def by_folder(self, folder: Path) -> AppEntry | None:
        """The app that lives in this folder, the first that was added if there are several; None if there is none."""
        return next(iter(self._select("WHERE folder = ? ORDER BY added, name", _stored(folder))), None)

    def add(self, entry: AppEntry) -> None:
        """Add an app; nothing happens if it is there already. UsageError if its name belongs to another folder."""
        self._database.change(
            "INSERT INTO apps VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
            entry.project,
            entry.name,
            _stored(Path(entry.folder)),
            text_of(entry.added),
        )
        self.check(entry)

    def check(self, entry: AppEntry) -> None:
        """UsageError if the app's name belongs to another folder; changes nothing."""
        folder = _stored(Path(entry.folder))
        known = self.get(entry.name, entry.project)
        if known is not None and known.folder != os.fsdecode(folder):
            raise UsageError(
                f"There is another app named {entry.name}.",
                why=f"It lives in {known.folder}, and this one in {os.fsdecode(folder)}.",
                kept="Nothing was changed.",
                hint="Give this one its own name with --name NAME, or write name: in its webduh.yaml.",
            )

    def move(self, project: str, name: str, folder: Path) -> None:
        """Say that an app now lives in another folder."""
        self._database.change(
            "UPDATE apps SET folder = ? WHERE project = ? AND name = ?", _stored(folder), project, name
        )

    def remove(self, project: str, name: str) -> None:
        """Forget an app; its history stays."""
        self._database.change("DELETE FROM apps WHERE project = ? AND name = ?", project, name)

    def _select(self, rest: str, *values: object) -> list[AppEntry]:
        rows = self._database.rows(f"SELECT project, name, folder, added FROM apps {rest}", *values)
        return [AppEntry(project, name, os.fsdecode(folder), time_of(added)) for project, name, folder, added in rows]


def _stored(folder: Path) -> bytes:
    """A folder's real path as the bytes the file system knows, since a path need not be Unicode."""
    return os.fsencode(folder.resolve())
