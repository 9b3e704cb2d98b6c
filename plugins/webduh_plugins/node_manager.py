"""The package manager of an app: which one it is, in which version, and what says so."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from webduh_console.frameworks import Command, Source, Version, first_version, line_version, table, tool_version

LOCKS = {
    "pnpm-lock.yaml": "pnpm",
    "yarn.lock": "yarn",
    "bun.lock": "bun",
    "bun.lockb": "bun",
    "package-lock.json": "npm",
    "npm-shrinkwrap.json": "npm",
}
CACHES = {
    "npm": "~/.npm",
    "pnpm": "~/.local/share/pnpm/store",
    "yarn": "~/.cache/yarn",
    "yarn berry": "~/.yarn/berry/cache",
    "bun": "~/.bun/install/cache",
}
_SIGNS = {".pnpmfile.cjs": "pnpm", "pnpm-workspace.yaml": "pnpm", ".yarnrc.yml": "yarn", "bunfig.toml": "bun"}
_PNPM = {"5": "7", "6": "8"}
"""The lock file's version → the pnpm that wrote it, as far as today's would not read it."""
_YARN = {"4": "2", "5": "3", "6": "3"}
_ONE_LINE = re.compile(r"[\^~=v]*\d+(?:\.(?:\d+|x|\*))*")
_EXACT = re.compile(r"\d+(?:\.\d+)*")


class Manager(NamedTuple):
    """A package manager. `file` is what says so (empty: nothing, npm is the default); `lock` is its lock file.

    `version` is the one asked for, and `version_file` the file that asks; `berry` is a Yarn from 2 on.
    """

    name: str
    file: str = ""
    lock: str = ""
    version: str = ""
    berry: bool = False
    version_file: str = "package.json"

    @property
    def cache(self) -> str:
        """The folder that survives builds."""
        return CACHES["yarn berry" if self.berry else self.name]

    @property
    def needs(self) -> tuple[str, ...]:
        """The programs that its commands call."""
        return ("bun",) if self.name == "bun" else ("node", self.name)

    def runs(self, script: str, member: str = "", name: str = "") -> Command:
        """The command that runs a script; that of the `member` called `name`, when it is run at a workspace's root."""
        if not member:
            return (self.name, "run", script)
        if self.name == "pnpm":
            return ("pnpm", "--filter", name or f"./{member}", "run", script)
        if self.name == "yarn":
            return ("yarn", "workspace", name, "run", script)
        if self.name == "bun":
            return ("bun", "run", "--cwd", member, script)
        return ("npm", "run", script, f"--workspace={member}")


def manager_of(source: Source) -> Manager:
    """`packageManager` says it, else `devEngines`, the lock file, `engines`, a file of its own; else it is npm."""
    found = source.json("package.json")
    word, _, version = _text(found.get("packageManager")).partition("@")
    version = version.partition("+")[0]
    if word not in CACHES:
        word, version = _developed_with(found)
    lock = next((file for file, name in LOCKS.items() if source.exists(file) and word in ("", name)), "")
    if word in CACHES:
        berry = word == "yarn" and not version.startswith("1.") and version != "1"
        return Manager(word, "package.json", lock, version, berry)
    lock = lock or next(filter(source.exists, LOCKS), "")
    engines = table(found, "engines")
    if lock:
        return _as_engines_say(_locked(source, lock), engines)
    asked = next((name for name in ("pnpm", "yarn", "bun") if name in engines), "")
    if asked:
        return _as_engines_say(Manager(asked, "package.json"), engines)
    sign = next(filter(source.exists, _SIGNS), "")
    return Manager(_SIGNS.get(sign, "npm"), sign, berry=sign == ".yarnrc.yml")


def plugs_in(source: Source, manager: Manager) -> bool:
    """Whether a Yarn from 2 on makes no node_modules, and is in the way of every `import` instead."""
    linked = re.search(r"^nodeLinker:\s*['\"]?(?:node-modules|pnpm)", source.text(".yarnrc.yml"), re.MULTILINE)
    return manager.berry and linked is None


def versions(source: Source, manager: Manager, root: Source | None = None) -> dict[str, Version]:
    """The versions asked for: of node (and bun), and of the package manager when something fixes it.

    What an app does not say, the root of its workspace may.
    """
    runtime = "bun" if manager.name == "bun" else "node"
    places = [source] if root is None else [source, root]
    node = first_version(version for place in places for version in _node(place))
    bun = first_version(version for place in places for version in _bun(place)) if runtime == "bun" else None
    fixed = Version(manager.version, manager.version_file) if manager.version else None
    asked = {"node": node, manager.name: bun or fixed}
    return {name: version for name, version in asked.items() if version}


def _node(source: Source) -> Iterator[Version | None]:
    found = source.json("package.json")
    yield line_version(source, ".nvmrc")
    yield line_version(source, ".node-version")
    yield tool_version(source, "nodejs", "node")
    yield _version(table(found, "volta").get("node"))
    yield _version(table(found, "engines").get("node"))
    for runtime in _listed(table(found, "devEngines").get("runtime")):
        if runtime.get("name") == "node":
            yield _version(runtime.get("version"))


def _bun(source: Source) -> Iterator[Version | None]:
    yield line_version(source, ".bun-version")
    yield tool_version(source, "bun")
    yield _version(table(source.json("package.json"), "engines").get("bun"))


def _developed_with(found: dict[str, object]) -> tuple[str, str]:
    """What `devEngines.packageManager` says, with an exact version only; else what Volta pins."""
    for one in _listed(table(found, "devEngines").get("packageManager")):
        name, version = _text(one.get("name")), _text(one.get("version"))
        if name in CACHES:
            return name, version if _EXACT.fullmatch(version) else ""
    pinned = table(found, "volta")
    return next(((name, _text(pinned[name])) for name in ("pnpm", "yarn") if _text(pinned.get(name))), ("", ""))


def _as_engines_say(manager: Manager, engines: dict[str, object]) -> Manager:
    """With the version that `engines` asks for, where that is one version or one line: `9`, `9.x`, `^9.1`, `9.12.0`.

    What is open to above (`>=9`) is left to the lock file, which knows what reads it.
    """
    asked = _text(engines.get(manager.name))
    if manager.name in ("npm", "bun") or not _ONE_LINE.fullmatch(asked):
        return manager
    exact = _EXACT.fullmatch(asked)
    version = asked if exact and asked.count(".") == 2 else (re.search(r"\d+", asked) or [""])[0]
    berry = manager.name == "yarn" and not version.startswith("1")
    return manager._replace(version=version, version_file="package.json", berry=manager.berry or berry)


def _locked(source: Source, lock: str) -> Manager:
    """The manager that wrote a lock file, in a version that reads it."""
    name, head = LOCKS[lock], source.text(lock)[:600]
    if name == "pnpm":
        number = re.search(r"^lockfileVersion:\s*['\"]?(\d+)", head, re.MULTILINE)
        return Manager(name, lock, lock, _PNPM.get(number[1] if number else "", ""), version_file=lock)
    if name == "yarn" and (source.exists(".yarnrc.yml") or "__metadata:" in head):
        number = re.search(r"^__metadata:\s+version:\s*(\d+)", head, re.MULTILINE)
        return Manager(name, lock, lock, _YARN.get(number[1] if number else "", ""), True, lock)
    return Manager(name, lock, lock)


def _listed(value: object) -> list[dict[str, object]]:
    """devEngines take one, or a list."""
    return [one for one in (value if isinstance(value, list) else [value]) if isinstance(one, dict)]


def _text(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""


def _version(value: object) -> Version | None:
    return Version(value, "package.json") if isinstance(value, str) and value.strip() else None
