"""The registries that targets of several servers hand their images on with."""

from webduh_console.model.registry import Registry
from webduh_console.state.database import Database
from webduh_console.state.seal import Sealer


class Registries:
    """One registry a target, at most. Passwords are sealed at rest."""

    def __init__(self, database: Database, sealer: Sealer) -> None:
        self._database = database
        self._sealer = sealer

    def get(self, target: str) -> Registry | None:
        """The registry of a target with its password; StateError if the key of that is missing."""
        found = self.named(target)
        if found is None or not found.user:
            return found
        ((sealed,),) = self._database.rows("SELECT sealed FROM registries WHERE target = ?", target)
        return Registry(found.address, found.user, self._sealer.open(sealed, place(target)))

    def named(self, target: str) -> Registry | None:
        """The same without its password; needs no key."""
        rows = self._database.rows('SELECT address, "user" FROM registries WHERE target = ?', target)
        return next((Registry(address, user) for address, user in rows), None)

    def set(self, target: str, registry: Registry) -> None:
        """Let a target, which is known, use this registry."""
        sealed = self._sealer.seal(registry.password, place(target)) if registry.user else ""
        values = (target, registry.address, registry.user, sealed)
        self._database.change("INSERT OR REPLACE INTO registries VALUES (?, ?, ?, ?)", *values)

    def unset(self, target: str) -> None:
        """Let a target use none."""
        self._database.change("DELETE FROM registries WHERE target = ?", target)


def place(target: str) -> str:
    """The place a password is sealed to."""
    return f"registry/{target}"
