"""The targets this machine knows beside itself."""

from datetime import datetime

import msgspec

from webduh_console.errors import UsageError
from webduh_console.state.coding import text_of, time_of
from webduh_console.state.database import Database


class TargetEntry(msgspec.Struct, frozen=True):
    """A target as it was added: a server (`kind` server), or several that were added before (`kind` servers).

    Of a server `address` is as it was written, `identity` the path of a key file, or empty; `servers` are the names
    of several, sorted.
    """

    name: str
    kind: str
    address: str
    identity: str
    added: datetime
    servers: tuple[str, ...] = ()


class Targets:
    """The list of targets."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> list[TargetEntry]:
        """All targets, by name."""
        rows = self._database.rows("SELECT name, kind, address, identity, added FROM targets ORDER BY name")
        members: dict[str, tuple[str, ...]] = {}
        for target, server in self._database.rows("SELECT target, server FROM members ORDER BY target, server"):
            members[target] = (*members.get(target, ()), server)
        return [
            TargetEntry(name, kind, address, identity, time_of(added), members.get(name, ()))
            for name, kind, address, identity, added in rows
        ]

    def get(self, name: str) -> TargetEntry | None:
        """The target of this name; None if there is none."""
        query = "SELECT name, kind, address, identity, added FROM targets WHERE name = ?"
        members = "SELECT server FROM members WHERE target = ? ORDER BY server"
        for found, kind, address, identity, added in self._database.rows(query, name):
            servers = tuple(server for (server,) in self._database.rows(members, name))
            return TargetEntry(found, kind, address, identity, time_of(added), servers)
        return None

    def teams(self, server: str) -> tuple[str, ...]:
        """The targets of several servers that a server is one of, by name."""
        rows = self._database.rows("SELECT target FROM members WHERE server = ? ORDER BY target", server)
        return tuple(target for (target,) in rows)

    def check(self, entry: TargetEntry) -> None:
        """UsageError if the name stands for something else; changes nothing."""
        known = self.get(entry.name)
        if known is not None and (known.kind, known.address, known.servers) != (
            entry.kind,
            entry.address,
            entry.servers,
        ):
            raise UsageError(
                f"There is a target {entry.name} already.",
                why=f"It stands for {known.address or ', '.join(known.servers)}.",
                kept="Nothing was changed.",
                hint=f"Choose another name, or forget that one first: `webduh target rm {entry.name}`.",
            )

    def add(self, entry: TargetEntry) -> None:
        """Add a target, or its new key file; UsageError if the name stands for another address or other servers."""
        self.check(entry)
        values = (entry.name, entry.kind, entry.address, entry.identity, text_of(entry.added))
        with self._database.writing() as connection:
            connection.execute(
                "INSERT INTO targets VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET identity = excluded.identity",
                values,
            )
            connection.executemany(
                "INSERT INTO members VALUES (?, ?) ON CONFLICT DO NOTHING",
                [(entry.name, server) for server in entry.servers],
            )

    def remove(self, name: str) -> None:
        """Forget a target; what runs there is not touched, and its history stays. UsageError as `check_free`."""
        self.check_free(name)
        self._database.change("DELETE FROM targets WHERE name = ?", name)

    def check_free(self, name: str) -> None:
        """UsageError for a server that another target is made of; changes nothing."""
        users = self.teams(name)
        if users:
            raise UsageError(
                f"{name} is one of the servers of {', '.join(users)}.",
                kept="Nothing was changed.",
                hint=f"Forget that first: `webduh target rm {users[0]}`.",
            )
