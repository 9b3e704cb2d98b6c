"""Frameworks without code: a table in TOML that says what tells them, how they are built, and what is served."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from webduh_console.errors import ConfigError
from webduh_console.frameworks.versions import Version, first_version, line_version, tool_version
from webduh_console.model.build import BuildPlan, BuildStep, Command, Evidence, Match, Process, Source, Static, Tier


class Sign(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A file that tells the framework, by a glob; with `says`, only if a line of it matches that expression."""

    file: str
    says: str = ""


class Build(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A build step. `{dir}` in a word stands for the folder that is served. With `where`, only a tree with such a file,
    by a glob, gets the step."""

    run: tuple[str, ...]
    needs: tuple[str, ...] = ()
    caches: tuple[str, ...] = ()
    where: str = ""


class Told(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the version of a tool is written, besides `.tool-versions` and `mise.toml`: files that hold nothing else,
    and files with an expression whose first group is the version."""

    tool: str
    files: tuple[str, ...] = ()
    within: dict[str, str] = {}


class Declared(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A framework as it is declared; the keys are told in docs/plugins.md.

    It is a plugin like any other. Every sign of `all` must be there, and one of `any` if it has some.
    """

    name: str
    language: str = "html"
    tier: Tier = "framework"
    confidence: float = 0.9
    any: tuple[Sign, ...] = ()
    all: tuple[Sign, ...] = ()
    supersedes: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    install: tuple[Build, ...] = ()
    build: tuple[Build, ...] = ()
    static: str = ""
    dir: tuple[dict[str, str], ...] = ()
    spa: bool = False
    start: Command = ()
    base: str = ""
    runs_on: str = ""
    apt: tuple[str, ...] = ()
    build_apt: tuple[str, ...] = ()
    variables: dict[str, str] = {}
    version: Told | None = None
    api: int = 1

    def detect(self, source: Source) -> Match | None:
        """Whether the signs are there."""
        if not self.any and not self.all:
            return None
        wanted = [self._seen(source, sign) for sign in self.all]
        some = list(filter(None, (self._seen(source, sign) for sign in self.any)))
        if not all(wanted) or (self.any and not some):
            return None
        evidence = tuple(filter(None, (*some, *wanted)))
        return Match(self.name, self.tier, self.confidence, evidence, "", self.supersedes, self.needs)

    def plan(self, source: Source, match: Match, options: dict[str, str]) -> BuildPlan:
        """The declared steps, with the version that the app asks for. The option `dir` names another output folder."""
        folder = options.get("dir") or self._folder(source)
        asked = self._version(source)
        tool = self.version.tool if self.version else ""
        return BuildPlan(
            self.name,
            self.language,
            install=tuple(_steps("install", _fitting(source, self.install), folder)),
            build=tuple(_steps("build", _fitting(source, self.build), folder)),
            processes=(Process("web", self.start),) if self.start else (),
            static=Static(folder, self.spa) if folder else None,
            versions={tool: asked.text} if asked else {},
            version_source={tool: asked.file} if asked else {},
            variables=self.variables,
            base=self.base,
            runs_on=self.runs_on,
            apt=self.apt,
            build_apt=self.build_apt,
        )

    def _seen(self, source: Source, sign: Sign) -> Evidence | None:
        for file in source.files(sign.file):
            if not sign.says:
                return Evidence(file, f"is a file of {self.name}")
            if found := re.search(sign.says, source.text(file), re.MULTILINE):
                return Evidence(file, f"says {found[0].strip()[:60]}")
        return None

    def _folder(self, source: Source) -> str:
        """The folder that is served: as the app's own configuration says, else the usual one."""
        for place in self.dir:
            for file, expression in place.items():
                if found := re.search(expression, source.text(file), re.MULTILINE):
                    return found[1].strip("./") or self.static
        return self.static

    def _version(self, source: Source) -> Version | None:
        if self.version is None:
            return None
        own = (line_version(source, file) for file in self.version.files)
        return first_version((*own, tool_version(source, self.version.tool), *self._within(source, self.version)))

    def _within(self, source: Source, told: Told) -> Iterator[Version]:
        for file, expression in told.within.items():
            if found := re.search(expression, source.text(file), re.MULTILINE):
                yield Version(found[1], file)


def declared(file: Path) -> dict[str, Declared]:
    """The frameworks that a file declares, a table each, by their names. ConfigError says what is wrong, and where."""
    at = ""
    try:
        found = {}
        for name, said in tomllib.loads(file.read_text("utf-8")).items():
            at = f"[{name}] "
            found[name] = msgspec.convert({"name": name, **msgspec.convert(said, dict[str, object])}, Declared)
            _check(found[name])
    except (OSError, tomllib.TOMLDecodeError, msgspec.ValidationError, re.error) as error:
        raise ConfigError(f"{file} declares no framework.", why=f"{at}{error}.", kept="It is not used.") from error
    return found


def _check(one: Declared) -> None:
    """Expressions are compiled where they are read, so that a wrong one is named by its file."""
    signs: list[str] = [sign.says for sign in (*one.any, *one.all)]
    signs += [expression for place in one.dir for expression in place.values()]
    for expression in (*signs, *(one.version.within.values() if one.version else ())):
        re.compile(expression)


def _fitting(source: Source, builds: tuple[Build, ...]) -> tuple[Build, ...]:
    return tuple(one for one in builds if not one.where or source.files(one.where))


def _steps(kind: str, builds: tuple[Build, ...], folder: str) -> Iterator[BuildStep]:
    for number, one in enumerate(builds, 1):
        words: Any = tuple(word.replace("{dir}", folder) for word in one.run)
        outputs = (folder,) if kind == "build" and folder and number == len(builds) else ()
        yield BuildStep(kind if number == 1 else f"{kind}-{number}", words, one.needs, (), outputs, one.caches)
