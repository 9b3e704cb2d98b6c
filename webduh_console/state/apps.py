"""The apps this machine knows, and the folders they come from."""

import os
from datetime import datetime
from pathlib import Path

import msgspec

from webduh_console.errors import UsageError
from webduh_console.state.coding import text_of, time_of
from webduh_console.state.database import Database


class AppEntry(msgspec.Struct, frozen=True):
    """An app and its folder on this machine, or the repository it comes from; then `folder` is empty.

    `ref` is the branch, tag or commit that is deployed (empty: the default branch), `path` the folder in the
    repository, `key` the file of a deploy key.
    """

    project: str
    name: str
    folder: str
    added: datetime
    url: str = ""
    ref: str = ""
    path: str = ""
    key: str = ""

    @property
    def home(self) -> str:
        """Where it comes from, in words: the folder, or the repository and the folder in it."""
        return f"{self.url} {self.path}".strip() if self.url else self.folder


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
        return next(iter(self._select("WHERE folder = ? ORDER BY added, name", _stored(str(folder)))), None)

    def by_origin(self, url: str, path: str) -> AppEntry | None:
        """The app that comes from this folder of this repository, the first that was added; None if there is none."""
        return next(iter(self._select("WHERE url = ? AND path = ? ORDER BY added, name", url, path)), None)

    def add(self, entry: AppEntry) -> None:
        """Add an app; one that is there already only gets another ref and key.

        UsageError if its name belongs to another folder or repository.
        """
        self._database.change(
            "INSERT INTO apps (project, name, folder, added, url, ref, path, key) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT DO UPDATE SET ref = excluded.ref, key = excluded.key"
            " WHERE url <> '' AND url = excluded.url AND path = excluded.path",
            entry.project,
            entry.name,
            _stored(entry.folder),
            text_of(entry.added),
            entry.url,
            entry.ref,
            entry.path,
            entry.key,
        )
        self.check(entry)

    def check(self, entry: AppEntry) -> None:
        """UsageError if the app's name belongs to another folder or repository; changes nothing."""
        there = msgspec.structs.replace(entry, folder=os.fsdecode(_stored(entry.folder))).home
        known = self.get(entry.name, entry.project)
        if known is not None and known.home != there:
            raise UsageError(
                f"There is another app named {entry.name}.",
                why=f"It lives in {known.home}, and this one in {there}.",
                kept="Nothing was changed.",
                hint=f"`webduh deploy {entry.name}` deploys that one. Or give this one its own name: --name NAME, or "
                "name: in its webduh.yaml.",
            )

    def move(self, project: str, name: str, folder: Path) -> None:
        """Say that an app now lives in another folder, wherever it came from before."""
        self._database.change(
            "UPDATE apps SET folder = ?, url = '', ref = '', path = '', key = '' WHERE project = ? AND name = ?",
            _stored(str(folder)),
            project,
            name,
        )

    def remove(self, project: str, name: str) -> None:
        """Forget an app; its history stays."""
        self._database.change("DELETE FROM apps WHERE project = ? AND name = ?", project, name)

    def _select(self, rest: str, *values: object) -> list[AppEntry]:
        rows = self._database.rows(
            f"SELECT project, name, folder, added, url, ref, path, key FROM apps {rest}", *values
        )
        return [
            AppEntry(project, name, os.fsdecode(folder), time_of(added), *origin)
            for project, name, folder, added, *origin in rows
        ]


def _stored(folder: str) -> bytes:
    """A folder's real path as the bytes the file system knows, since a path need not be Unicode; empty for none."""
    return os.fsencode(Path(folder).resolve()) if folder else b""
