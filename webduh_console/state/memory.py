"""What the targets said last, so that a face can open before they answer again."""

from collections.abc import Iterable, Mapping
from datetime import datetime

import msgspec

from webduh_console.errors import StateError
from webduh_console.model.names import AppKey
from webduh_console.model.release import Actual, Variable
from webduh_console.state.coding import decoded, encoded, text_of, time_of
from webduh_console.state.database import Database


class Remembered(msgspec.Struct, frozen=True):
    """What `target` said about an app at a time; the release's variables have names, and no values."""

    target: str
    actual: Actual
    at: datetime


class Memory:
    """The last answer of each target about each app in each environment."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def remember(self, target: str, actuals: Iterable[Actual], at: datetime) -> None:
        """Keep what a target said at a time; an answer older than the kept one changes nothing."""
        self.remember_all({target: actuals}, at)

    def remember_all(self, said: Mapping[str, Iterable[Actual]], at: datetime) -> None:
        """Keep what targets said at a time, by their names, all or nothing."""
        rows = [
            (target, actual.key.project, actual.key.app, actual.key.environment, encoded(_bare(actual)), text_of(at))
            for target, actuals in said.items()
            for actual in actuals
        ]
        self._database.change_all(
            "INSERT INTO remembered VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE"
            " SET actual = excluded.actual, at = excluded.at WHERE excluded.at >= at",
            rows,
        )

    def recall(self) -> list[Remembered]:
        """Everything that is kept, by app and target.

        An answer that another version kept and this one cannot read is left out, as if it had not been given.
        """
        rows = self._database.rows(
            "SELECT target, actual, at FROM remembered ORDER BY project, app, environment, target"
        )
        return [remembered for row in rows if (remembered := _remembered(*row)) is not None]

    def kept(self) -> list[tuple[str, AppKey]]:
        """Of which targets and apps something is kept."""
        rows = self._database.rows("SELECT target, project, app, environment FROM remembered")
        return [(target, AppKey(*key)) for target, *key in rows]

    def forget(self, target: str, key: AppKey) -> None:
        """Drop what a target said about an app in an environment."""
        self._database.change(
            "DELETE FROM remembered WHERE target = ? AND project = ? AND app = ? AND environment = ?",
            target,
            key.project,
            key.app,
            key.environment,
        )


def _remembered(target: str, actual: str, at: str) -> Remembered | None:
    try:
        return Remembered(target, decoded(actual, Actual), time_of(at))
    except StateError:
        return None


def _bare(actual: Actual) -> Actual:
    """The same without the values of its variables, which are nobody's business here."""
    if actual.release is None or not actual.release.variables:
        return actual
    names = {name: Variable("", variable.secret) for name, variable in actual.release.variables.items()}
    return msgspec.structs.replace(actual, release=msgspec.structs.replace(actual.release, variables=names))
