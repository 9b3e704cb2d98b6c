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
_NUMBER = re.compile(r"\d+")


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

    def adds(self, package: str, member: str = "", name: str = "") -> Command:
        """The command that adds a package for the build alone; to the `member` called `name`, run at its root."""
        if self.name == "pnpm":
            return ("pnpm", *(("--filter", name or f"./{member}") if member else ()), "add", "--save-dev", package)
        if self.name == "yarn":
            return ("yarn", *(("workspace", name) if member else ()), "add", "--dev", package)
        if self.name == "bun":
            return ("bun", "add", *(("--cwd", member) if member else ()), "--dev", package)
        place = (f"--workspace={member}",) if member else ()
        return ("npm", "install", "--no-save", "--no-audit", "--no-fund", *place, package)

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
    """`packageManager` says it, else `devEngines`, a lock file, `volta`, `engines`, a file of its own; else it is npm.

    A version that only `volta` or `engines` asks for counts too, before what the lock file lets guess.
    """
    found = source.json("package.json")
    word, _, version = _text(found.get("packageManager")).partition("@")
    version = version.partition("+")[0]
    if word not in CACHES:
        word, version = _developed_with(found)
    lock = next((file for file, name in LOCKS.items() if source.exists(file) and word in ("", name)), "")
    if word in CACHES:
        version = version or _asked(found, word)
        return Manager(word, "package.json", lock, version, word == "yarn" and _berry(source, lock, version))
    lock = lock or next(filter(source.exists, LOCKS), "")
    if lock:
        return _locked(source, lock, _asked(found, LOCKS[lock]))
    said = {**table(found, "engines"), **table(found, "volta")}
    told = next((name for name in ("pnpm", "yarn", "bun") if name in said), "")
    if told:
        version = _asked(found, told)
        return Manager(told, "package.json", "", version, told == "yarn" and _berry(source, "", version))
    sign = next(filter(source.exists, _SIGNS), "")
    if not sign and _is_for_bun(found):
        return Manager("bun", "package.json")
    name = _SIGNS.get(sign, "npm")
    return Manager(name, sign, version=_asked(found, name), berry=sign == ".yarnrc.yml")


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
    """What `devEngines.packageManager` says."""
    for one in _listed(table(found, "devEngines").get("packageManager")):
        name, version = _text(one.get("name")), _text(one.get("version"))
        if name in CACHES:
            return name, version
    return "", ""


def _is_for_bun(found: dict[str, object]) -> bool:
    """Whether an app's scripts call Bun, or it has the types of that."""
    types = {**table(found, "dependencies"), **table(found, "devDependencies")}.keys() & {"@types/bun", "bun-types"}
    return bool(types) or any(re.match(r"bunx? ", _text(line)) for line in table(found, "scripts").values())


def _asked(found: dict[str, object], name: str) -> str:
    """The version of a package manager that `volta` or `engines` asks for; Node's own npm is in step with Node."""
    told = _text(table(found, "volta").get(name)) or ("" if name == "npm" else _text(table(found, "engines").get(name)))
    return told if name != "bun" and _NUMBER.search(told) else ""


def _berry(source: Source, lock: str, version: str) -> bool:
    """Whether a Yarn is one from 2 on: its version says so, or a file that only those write."""
    if _NUMBER.search(version):
        return _is_berry(version)
    return not lock or source.exists(".yarnrc.yml") or "__metadata:" in source.text(lock)[:600]


def _is_berry(version: str) -> bool:
    number = _NUMBER.search(version)
    return number is not None and int(number[0]) > 1


def _locked(source: Source, lock: str, asked: str) -> Manager:
    """The manager that wrote a lock file, in the version asked for, or one that reads it.

    An open range (`>=8`) leaves that to the lock file.
    """
    name, head = LOCKS[lock], source.text(lock)[:600]
    berry = name == "yarn" and _berry(source, lock, "")
    pattern = r"^__metadata:\s+version:\s*(\d+)" if berry else r"^lockfileVersion:\s*['\"]?(\d+)"
    number = re.search(pattern, head, re.MULTILINE)
    reads = {"pnpm": _PNPM, "yarn": _YARN}.get(name, {}).get(number[1] if number else "", "")
    suits = asked and not (reads and asked.startswith((">", "*")))
    if suits and (name != "yarn" or berry == _is_berry(asked)):
        return Manager(name, lock, lock, asked, berry)
    return Manager(name, lock, lock, reads, berry, lock if reads else "package.json")


def _listed(value: object) -> list[dict[str, object]]:
    """devEngines take one, or a list."""
    return [one for one in (value if isinstance(value, list) else [value]) if isinstance(one, dict)]


def _text(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""


def _version(value: object) -> Version | None:
    return Version(value, "package.json") if isinstance(value, str) and value.strip() else None
