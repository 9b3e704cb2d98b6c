"""The images that ship: which one a language starts from, and which version of it an app gets."""

import re
import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

import msgspec

from webduh_console.errors import ConfigError
from webduh_console.frameworks.render.choosing import choose
from webduh_console.model.build import BuildPlan

TABLE = Path(__file__).with_name("bases.toml")
MIRROR = "mirror"


class Brought(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How programs get into an image that lacks them: `copy` paths out of theirs, then make links: name → target.

    `runs`: what they install is of use to them alone.
    """

    copy: tuple[str, ...]
    link: dict[str, str] = {}
    runs: bool = False


class Base(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An image to start from; the fields are told in `bases.toml`."""

    image: str
    version: str = ""
    known: tuple[str, ...] = ()
    aliases: dict[str, str] = {}
    parts: int = 3
    follows: str = ""
    name: str = ""
    languages: tuple[str, ...] = ()
    programs: tuple[str, ...] = ()
    env: dict[str, str] = {}
    stop: str = ""
    brought: Brought | None = None

    def named(self, version: str) -> str:
        """The name of the image of a version."""
        return self.image.replace("{version}", version)


def read_bases(text: str, over: Mapping[str, Base], file: str) -> dict[str, Base]:
    """The bases of a TOML text over others: a base that is there already keeps what the text does not say.

    `mirror` goes before every image's name. ConfigError names the file and what is wrong in it.
    """
    at = ""
    try:
        tables = tomllib.loads(text)
        mirror = msgspec.convert(tables.pop(MIRROR, ""), str)
        found = dict(over)
        for key, table in tables.items():
            at = f"[{key}]: "
            before = msgspec.to_builtins(over[key]) if key in over else {}
            found[key] = msgspec.convert({**before, **msgspec.convert(table, dict[str, object])}, Base)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise ConfigError(
            f"{file} is no table of images.",
            why=f"{at}{error}.",
            kept="Nothing was changed.",
            hint="`webduh config images --all` prints the table that ships, in its form.",
        ) from error
    return {key: _mirrored(base, mirror) for key, base in found.items()} if mirror else found


def load_bases(file: Path | None) -> Mapping[str, Base]:
    """The table that ships, with a user's file over it if there is one; the errors of `read_bases`."""
    if file is None or not file.is_file():
        return BASES
    try:
        return read_bases(file.read_text("utf-8"), BASES, str(file))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file} cannot be read.", why=f"{error}.", kept="Nothing was changed.") from error


def _mirrored(base: Base, mirror: str) -> Base:
    """A base whose image comes from a mirror; what names another registry already is left as it is."""
    first, slash, _ = base.image.partition("/")
    elsewhere = bool(slash) and ("." in first or ":" in first or first == "localhost")
    return base if elsewhere else msgspec.structs.replace(base, image=f"{mirror.rstrip('/')}/{base.image}")


BASES: Mapping[str, Base] = read_bases(TABLE.read_text("utf-8"), {}, TABLE.name)
"""The table that ships. `site` serves files; `other` is for an app in no language that is known."""


@cache
def _shipped(kind: str) -> dict[str, str]:
    """Language, or program → the key of its base."""
    return {word: key for key, base in BASES.items() for word in getattr(base, kind)}


def base_of(plan: BuildPlan) -> str:
    """The key of the base an app is built on: the plan's own wish, its language's, or that of the first program it
    names. A wish that is no key is an image's name."""
    if plan.base:
        return plan.base
    if plan.package_manager == "bun":
        return "bun"
    programs_of = _shipped("programs")
    named = (programs_of[word] for word in programs(plan) if word in programs_of)
    return _shipped("languages").get(plan.language) or next(named, "other")


def found(bases: Mapping[str, Base], key: str) -> Base:
    """The base of a key; one of its own for the name of an image."""
    return bases.get(key) or Base(key)


def version_of(plan: BuildPlan, bases: Mapping[str, Base], key: str) -> tuple[str, bool]:
    """The version of a base that a plan gets, and whether that is what it asked for."""
    base = found(bases, key)
    return chosen(base, plan.versions.get(base.follows or key, ""))


def chosen(base: Base, asked: str) -> tuple[str, bool]:
    """The version of a base that whoever asks for `asked` gets, and whether that is what was asked for."""
    text = asked.strip()
    return choose(base.aliases.get(text.lower(), text), base.version, base.known, base.parts)


def brought(plan: BuildPlan, key: str) -> tuple[str, ...]:
    """The keys of the bases whose programs a plan calls on an image that lacks them, in the order of their calls."""
    words = [need for step in (*plan.install, *plan.build) for need in step.needs] + programs(plan)
    return tuple(dict.fromkeys(one for one in owners(words) if one != key and BASES[one].brought is not None))


def owners(words: Iterable[str]) -> list[str]:
    """The keys of the bases that words which are programs belong to, in their order."""
    shipped = _shipped("programs")
    return [shipped[word] for word in words if word in shipped]


def programs(plan: BuildPlan, *, built: bool = True) -> list[str]:
    """The words that may be programs, in order: of the steps if `built`, then of the processes."""
    commands = [step.run for step in (*plan.install, *plan.build)] if built else []
    commands += [process.command for process in plan.processes]
    return [word for command in commands for word in called(command)]


def called(command: Iterable[str]) -> list[str]:
    """The words of a command, and those inside a line that a shell is given, without their folders."""
    parts = (part for word in command for part in re.split(r"[\s;&|()]+", word))
    return [part.rpartition("/")[2] for part in parts if part]
