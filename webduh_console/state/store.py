"""The local state: a memory and a cache of what the targets know, in one SQLite file."""

from pathlib import Path
from types import TracebackType
from typing import Protocol

from webduh_console.state import migrations
from webduh_console.state.acts import Acts
from webduh_console.state.apps import Apps
from webduh_console.state.database import Database, connect, worded
from webduh_console.state.figures import Figures
from webduh_console.state.history import History
from webduh_console.state.memory import Memory
from webduh_console.state.pending import PendingVariables
from webduh_console.state.registries import Registries
from webduh_console.state.seal import Sealer, Witness
from webduh_console.state.targets import Targets


class Home(Protocol):
    """Where the state lives: a folder that can be made."""

    @property
    def data(self) -> Path:
        """The folder of `state.db` and of the key."""

    def made(self) -> object:
        """Make the folder."""


class State:
    """One open state. Threads may share it; any number of processes may have the same file open."""

    def __init__(self, database: Database, data: Path) -> None:
        self._database = database
        self.acts = Acts(database)
        self.apps = Apps(database)
        self.targets = Targets(database)
        self.history = History(database)
        self.figures = Figures(database)
        self.memory = Memory(database)
        self.sealer = Sealer(data, Witness(database))
        self.pending = PendingVariables(database, self.sealer)
        self.registries = Registries(database, self.sealer)

    @classmethod
    def open(cls, home: Home) -> "State":
        """Open the state of a home, with its tables brought up to date; StateError says why that cannot be."""
        home.made()
        file = home.data / "state.db"
        connection = connect(file)
        try:
            with worded(file):
                if migrations.check(connection, file):
                    migrations.migrate(file)
        except BaseException:
            connection.close()
            raise
        return cls(Database(file, connection), home.data)

    def close(self) -> None:
        """Write what is still buffered, and close. Closing twice changes nothing."""
        try:
            self.history.close()
        finally:
            self._database.close()

    def __enter__(self) -> "State":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
