"""Changes to an app's variables that wait for its next deployment."""

from collections.abc import Iterable
from datetime import datetime

import msgspec

from webduh_console.clock import now
from webduh_console.model.names import AppKey
from webduh_console.model.release import Variable
from webduh_console.state.coding import text_of, time_of
from webduh_console.state.database import Database
from webduh_console.state.seal import Sealer


class Pending(msgspec.Struct, frozen=True):
    """One waiting change: `variable` is None when the name is to be taken away.

    `base` is the release that served when the change was made, None if none did: how a conflict is seen.
    """

    name: str
    variable: Variable | None
    base: int | None
    at: datetime


class PendingVariables:
    """The waiting changes of every app in every environment. Their values are sealed at rest, secret or not."""

    def __init__(self, database: Database, sealer: Sealer) -> None:
        self._database = database
        self._sealer = sealer

    def set(self, key: AppKey, name: str, variable: Variable, base: int | None = None) -> None:
        """Let a variable have this value from the next deployment on."""
        self._write(key, name, self._sealer.seal(variable.value, place(key, name)), variable.secret, base)

    def unset(self, key: AppKey, name: str, base: int | None = None) -> None:
        """Take a variable away with the next deployment."""
        self._write(key, name, None, False, base)

    def list(self, key: AppKey) -> list[Pending]:
        """The waiting changes of an app in an environment, by name. StateError if their key is missing."""
        rows = self._database.rows(
            "SELECT name, sealed, secret, base, at FROM pending"
            " WHERE project = ? AND app = ? AND environment = ? ORDER BY name",
            *_columns(key),
        )
        return [
            Pending(name, self._variable(key, name, sealed, bool(secret)), base, time_of(at))
            for name, sealed, secret, base, at in rows
        ]

    def names(self, key: AppKey) -> tuple[str, ...]:
        """The names that wait for an app in an environment; needs no key."""
        rows = self._database.rows(
            "SELECT name FROM pending WHERE project = ? AND app = ? AND environment = ? ORDER BY name", *_columns(key)
        )
        return tuple(name for (name,) in rows)

    def counts(self) -> dict[AppKey, int]:
        """How many changes wait for each app in each environment; needs no key."""
        rows = self._database.rows(
            "SELECT project, app, environment, count(*) FROM pending GROUP BY project, app, environment"
        )
        return {AppKey(project, app, environment): count for project, app, environment, count in rows}

    def discard(self, key: AppKey, names: Iterable[str], until: datetime | None = None) -> None:
        """Forget the changes of these names; with `until`, only those that were made by then."""
        last = text_of(until) if until else "~"
        self._database.change_all(
            "DELETE FROM pending WHERE project = ? AND app = ? AND environment = ? AND name = ? AND at <= ?",
            [(*_columns(key), name, last) for name in names],
        )

    def _write(self, key: AppKey, name: str, sealed: str | None, secret: bool, base: int | None) -> None:
        self._database.change(
            "INSERT OR REPLACE INTO pending VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            *_columns(key),
            name,
            sealed,
            secret,
            base,
            text_of(now()),
        )

    def _variable(self, key: AppKey, name: str, sealed: str | None, secret: bool) -> Variable | None:
        return None if sealed is None else Variable(self._sealer.open(sealed, place(key, name)), secret)


def place(key: AppKey, name: str) -> str:
    """The place a pending value is sealed to: `default--app--production/NAME`."""
    return f"{key.slug}/{name}"


def _columns(key: AppKey) -> tuple[str, str, str]:
    return key.project, key.app, key.environment
