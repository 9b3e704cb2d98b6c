"""The targets this machine knows beside itself."""

from datetime import datetime

import msgspec

from webduh_console.errors import UsageError
from webduh_console.state.coding import text_of, time_of
from webduh_console.state.database import Database


class TargetEntry(msgspec.Struct, frozen=True):
    """A target as it was added: `address` as it was written, `identity` the path of a key file, or empty."""

    name: str
    kind: str
    address: str
    identity: str
    added: datetime


class Targets:
    """The list of targets."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> list[TargetEntry]:
        """All targets, by name."""
        rows = self._database.rows("SELECT name, kind, address, identity, added FROM targets ORDER BY name")
        return [
            TargetEntry(name, kind, address, identity, time_of(added)) for name, kind, address, identity, added in rows
        ]

    def get(self, name: str) -> TargetEntry | None:
        """The target of this name; None if there is none."""
        return next((entry for entry in self.all() if entry.name == name), None)

    def add(self, entry: TargetEntry) -> None:
        """Add a target, or its new key file; UsageError if the name stands for another address."""
        known = self.get(entry.name)
        if known is not None and (known.kind, known.address) != (entry.kind, entry.address):
            raise UsageError(
                f"There is a target {entry.name} already.",
                why=f"It stands for {known.address}.",
                kept="Nothing was changed.",
                hint=f"Choose another name, or forget that one first: `webduh target rm {entry.name}`.",
            )
        self._database.change(
            "INSERT INTO targets VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET identity = excluded.identity",
            entry.name,
            entry.kind,
            entry.address,
            entry.identity,
            text_of(entry.added),
        )

    def remove(self, name: str) -> None:
        """Forget a target; what runs there is not touched, and its history stays."""
        self._database.change("DELETE FROM targets WHERE name = ?", name)
