"""Who did what on this machine alone: what no target keeps, such as a variable that waits for its deployment."""

from webduh_console.model.audit import Act
from webduh_console.state.coding import decoded, encoded
from webduh_console.state.database import Database

MOST = 10_000
"""How many of the newest are kept."""


class Acts:
    """The acts that belong to this machine."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, act: Act) -> None:
        """Keep an act; the oldest beyond 10 000 are forgotten."""
        self._database.change("INSERT INTO acts (act) VALUES (?)", encoded(act))
        self._database.change("DELETE FROM acts WHERE id <= (SELECT max(id) FROM acts) - ?", MOST)

    def all(self) -> list[Act]:
        """Everything that is kept, in the order it was done."""
        return [decoded(act, Act) for (act,) in self._database.rows("SELECT act FROM acts ORDER BY id")]
