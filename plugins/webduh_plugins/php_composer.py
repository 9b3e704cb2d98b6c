"""A PHP app's packages: what composer.json and composer.lock say, how they are installed, and the version of PHP."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from webduh_console.frameworks import (
    BuildStep,
    Source,
    SourceError,
    Version,
    first_version,
    line_version,
    table,
    tool_version,
)
from webduh_console.frameworks.render.bases import BASES, chosen

INSTALL = ("composer", "install", "--no-dev", "--no-progress", "--prefer-dist")
# Plugins that put packages elsewhere, or change them: their work is not in `vendor` alone.
_PLACING = frozenset(
    {
        *("composer/installers", "cweagans/composer-patches", "oomphinc/composer-installers-extender"),
        *("johnpbloch/wordpress", "roots/wordpress", "roots/wordpress-no-content"),
        *("drupal/core", "drupal/core-recommended", "drupal/core-composer-scaffold", "drupal/recommended-project"),
        *("typo3/cms-core", "typo3/cms-composer-installers", "neos/composer-plugin"),
        *("magento/magento-composer-installer", "magento/product-community-edition"),
        *("october/rain", "wikimedia/composer-merge-plugin", "craftcms/plugin-installer", "codeigniter/framework"),
    }
)
_UNPACKED = ("path", "artifact")
_FROM_GIT = ("vcs", "git", "github")
_TWO_PARTS = re.compile(r"~\s*(\d+(?:\.\d+)?)(?![.\d])")
_STABILITY = re.compile(r"@\w+|-(?:dev|stable)\b", re.IGNORECASE)


class Packages(NamedTuple):
    """What Composer's files say. `required` has name → constraint, without those of development.

    `locked` are the packages of the lock, with what each requires. `there`: there is a composer.json.
    """

    there: bool
    lock: bool
    required: dict[str, str]
    locked: dict[str, dict[str, str]]
    scripts: frozenset[str]
    project: dict[str, object]
    git: bool

    def has(self, *names: str) -> bool:
        """Whether the app itself requires any of these."""
        return any(name in self.required for name in names)

    @property
    def extensions(self) -> frozenset[str]:
        """The extensions of PHP that the app or a package of its requires."""
        wanted = [self.required, *self.locked.values()]
        return frozenset(name.removeprefix("ext-").lower() for one in wanted for name in one if name.startswith("ext-"))


def packages(source: Source) -> Packages:
    """The packages of an app. SourceError if composer.json is broken."""
    project = source.json("composer.json")
    there = source.exists("composer.json")
    try:
        lock = source.json("composer.lock") if there else {}
    except SourceError:
        lock = {}
    found = [one for one in _list(lock.get("packages")) if isinstance(one.get("name"), str)]
    repositories = project.get("repositories")
    listed = list(repositories.values()) if isinstance(repositories, dict) else repositories
    kinds = {str(one.get("type")) for one in _list(listed)}
    return Packages(
        there,
        there and source.exists("composer.lock"),
        _texts(project.get("require")),
        {str(one["name"]): _texts(one.get("require")) for one in found},
        frozenset(table(project, "scripts")),
        project,
        not kinds.isdisjoint(_FROM_GIT) or any("dist" not in one for one in found),
    )


def php_version(source: Source, found: Packages) -> Version | None:
    """The version of PHP that the app asks for, narrowed if its locked packages do not go with the newest."""
    platform = table(found.project, "config", "platform").get("php")
    asked = first_version(
        (
            line_version(source, ".php-version", "php-"),
            tool_version(source, "php"),
            Version(_understood(platform), "composer.json") if isinstance(platform, str) else None,
            Version(_understood(found.required["php"]), "composer.json") if "php" in found.required else None,
        )
    )
    if asked is not None and asked.file != "composer.json":
        return asked
    return _narrowed(asked, found) or asked


def install_steps(source: Source, found: Packages) -> tuple[BuildStep, ...]:
    """The packages go into `vendor`, from the two files alone where nothing else has a part in it."""
    if not found.there:
        return ()
    need, cache = ("composer",), ("~/.cache/composer",)
    if whole(found):
        return (BuildStep("install the packages", (*INSTALL, "--optimize-autoloader"), need, caches=cache),)
    classes = table(found.project, "autoload").get("classmap")
    later = ("--no-autoloader",) if classes else ()
    files = tuple(filter(source.exists, ("composer.json", "composer.lock", "symfony.lock", "auth.json")))
    vendor = _vendor(found)
    return (BuildStep("install the packages", (*INSTALL, "--no-scripts", *later), need, files, (vendor,), cache),)


def build_steps(found: Packages) -> Iterator[BuildStep]:
    """What Composer does once the source is there."""
    if not found.there or whole(found):
        return
    vendor = _vendor(found)
    dump = ("composer", "dump-autoload", "--no-dev", "--optimize")
    yield BuildStep("map the classes", dump, ("composer",), outputs=(vendor,))
    if "post-install-cmd" in found.scripts:
        after = ("composer", "run-script", "--no-dev", "post-install-cmd")
        yield BuildStep("run what follows the installation", after, ("composer",), outputs=(vendor,))


def whole(found: Packages) -> bool:
    """Whether installing depends on, or changes, more than `composer.json`, its lock and `vendor`."""
    repositories = found.project.get("repositories")
    listed = list(repositories.values()) if isinstance(repositories, dict) else repositories
    placed = _PLACING.intersection((*found.required, *found.locked))
    paths = table(found.project, "extra").get("installer-paths")
    return bool(placed or paths) or any(one.get("type") in _UNPACKED for one in _list(listed))


def warnings(source: Source, found: Packages) -> Iterator[str]:
    """What a person should know about the packages."""
    if found.there and not found.lock and any("/" in name for name in found.required):
        yield "There is no composer.lock: each build may get other versions. `composer update` writes one."
    if found.lock:
        try:
            source.json("composer.lock")
        except SourceError as error:
            yield f"{error.what} The installation will fail."


def _vendor(found: Packages) -> str:
    said = table(found.project, "config").get("vendor-dir")
    return said.strip("/") if isinstance(said, str) and said.strip("/") else "vendor"


def _understood(constraint: str) -> str:
    """A constraint of Composer in the words of the others: there, `~8.1` is all of 8 from 8.1 on."""
    plain = _STABILITY.sub("", constraint).strip()
    return _TWO_PARTS.sub(r"^\1", plain)


def _narrowed(asked: Version | None, found: Packages) -> Version | None:
    """The newest line of PHP that every locked package goes with, if that is not what the app would get anyway."""
    limits = [_understood(one["php"]) for one in found.locked.values() if "php" in one]
    base = BASES["php"]
    first, suits = chosen(base, asked.text if asked else "")
    if not limits or not suits or _go_with(first, limits):
        return None
    lines = [line for line in base.known if _holds(line, asked.text if asked else "*") and _go_with(line, limits)]
    return Version(lines[0], "composer.lock") if lines else None


def _go_with(line: str, limits: list[str]) -> bool:
    return all(_holds(line, limit) for limit in limits)


def _holds(line: str, constraint: str) -> bool:
    from webduh_console.frameworks.render.choosing import choose

    version, suits = choose(constraint, line)
    return not suits or version == line or line.startswith(f"{version}.") or version.startswith(f"{line}.")


def _texts(value: object) -> dict[str, str]:
    return {name: text for name, text in value.items() if isinstance(text, str)} if isinstance(value, dict) else {}


def _list(value: object) -> list[dict[str, object]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
