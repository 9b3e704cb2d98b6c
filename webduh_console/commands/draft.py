"""What somebody wants to deploy, as far as it is decided: a source, what is changed in it, and where it goes. Pure."""

from typing import Any

import msgspec

from webduh_console.commands.apps import PRODUCTION
from webduh_console.commands.language import as_written
from webduh_console.commands.sources import SourceWishes
from webduh_console.config.editing import Path
from webduh_console.config.proposing import key_of
from webduh_console.model.release import Variable
from webduh_console.transport.git.address import is_address

NAME: Path = ("name",)
FRAMEWORK: Path = ("framework",)


class Draft(msgspec.Struct, frozen=True):
    """A deployment that is being put together.

    `source` is an absolute folder or the address of a repository, of which `ref` and `path` say what is wanted.
    `changes` are settings that differ from what the source says, as they were typed (None: taken away). Empty `on` and
    `domains` leave that to what is known.
    """

    source: str = ""
    ref: str = ""
    path: str = ""
    environment: str = PRODUCTION
    changes: dict[Path, str | None] = {}
    variables: dict[str, Variable] = {}
    on: str = ""
    domains: tuple[str, ...] = ()

    @property
    def of_repository(self) -> bool:
        """Whether the source is a repository."""
        return is_address(self.source)

    @property
    def name(self) -> str | None:
        """The name that was typed for the app."""
        return self.changes.get(NAME)

    @property
    def to_write(self) -> dict[Path, str | None]:
        """The settings that belong into a `webduh.yaml`: the folder's, or the user's own for an app of a repository,
        which is found by the app's name."""
        return {path: text for path, text in self.changes.items() if not (self.of_repository and path == NAME)}

    @property
    def about_source(self) -> SourceWishes:
        """What is said about the source."""
        return SourceWishes(self.name, None, self.ref or None, self.path or None)

    @property
    def wishes(self) -> dict[str, Any]:
        """The options of `deploy`, by their fields."""
        said: dict[str, Any] = {"name": self.name, "ref": self.ref or None, "path": self.path or None}
        return {**{name: value for name, value in said.items() if value is not None}, "domains": self.domains}

    @property
    def typed(self) -> bool:
        """Whether more was decided than the source."""
        plain = self.on or self.domains or self.changes or self.variables or self.environment != PRODUCTION
        return bool(plain)

    def changed(self, path: Path, text: str | None) -> "Draft":
        """With another value of a setting."""
        return msgspec.structs.replace(self, changes={**self.changes, path: text})

    def unchanged(self, path: Path) -> "Draft":
        """With a setting as the source says."""
        return msgspec.structs.replace(self, changes={key: v for key, v in self.changes.items() if key != path})

    def with_variable(self, name: str, variable: Variable | None) -> "Draft":
        """With a variable's value; None: nothing is said of it."""
        rest = {key: value for key, value in self.variables.items() if key != name}
        return msgspec.structs.replace(self, variables=rest if variable is None else {**rest, name: variable})

    def script(self, app: str) -> list[str]:
        """The lines of a script that do the same; `app` is the app's name as commands take it.

        The value of a secret stands in none of them: it comes from the environment.
        """
        source = ["--ref", self.ref] if self.ref else []
        source += ["--path", self.path] if self.path else []
        source += ["--name", self.name] if self.name else []
        there = [] if self.environment == PRODUCTION else ["--environment", self.environment]
        lines: list[list[str]] = []
        if self.to_write:
            sets = [f"{key_of(path)}={text}" for path, text in self.to_write.items() if text is not None]
            unsets = [
                word for path, text in self.to_write.items() if text is None for word in ("--unset", key_of(path))
            ]
            lines.append(["config", "edit", app if self.of_repository else self.source, *sets, *unsets])
        if self.variables or (self.to_write and self.of_repository):
            lines.insert(0 if self.of_repository else len(lines), ["app", "add", self.source, *source])
        plain = [f"{name}={one.value}" for name, one in self.variables.items() if not one.secret]
        if plain:
            lines.append(["env", "set", app, *plain, *there])
        for name, one in self.variables.items():
            if one.secret:
                lines.append(["secret", "set", app, name, "--from-env", name, *there])
        where = ["--on", self.on] if self.on else []
        where += [word for domain in self.domains for word in ("--domain", domain)]
        lines.append(["deploy", self.source, *source, *there, *where])
        return [" ".join(as_written(word) for word in line) for line in lines]
