"""A package.json: dependencies, scripts, the package manager, how it installs and runs, and the version of Node."""

import re
import shlex
from typing import NamedTuple

from webduh_console.frameworks import (
    BuildStep,
    Command,
    Source,
    Version,
    argv,
    first_version,
    line_version,
    table,
    tool_version,
)

_LOCKS = {
    "pnpm-lock.yaml": "pnpm",
    "yarn.lock": "yarn",
    "bun.lock": "bun",
    "bun.lockb": "bun",
    "package-lock.json": "npm",
    "npm-shrinkwrap.json": "npm",
}
_CACHES = {
    "npm": "~/.npm",
    "pnpm": "~/.local/share/pnpm/store",
    "yarn": "~/.cache/yarn",
    "yarn berry": "~/.yarn/berry/cache",
    "bun": "~/.bun/install/cache",
}
_SETTINGS = (".npmrc", ".yarnrc", ".yarnrc.yml", "pnpm-workspace.yaml", ".pnpmfile.cjs", "bunfig.toml")
_HOOKS = ("preinstall", "install", "postinstall", "prepare", "prepublish")
_ASSIGNED = re.compile(r"[A-Za-z_]\w*=[^\s$`]*")


class Manager(NamedTuple):
    """A package manager. `file` is what says so (empty: nothing, npm is the default); `lock` is its lock file."""

    name: str
    file: str = ""
    lock: str = ""
    version: str = ""
    berry: bool = False


class Package(NamedTuple):
    """What package.json says. `dependencies` has those of development too."""

    dependencies: dict[str, str]
    scripts: dict[str, str]
    main: str
    module: bool
    workspaces: bool
    manager: Manager
    locks: tuple[str, ...]

    def has(self, *names: str) -> bool:
        """Whether any of these is a dependency."""
        return any(name in self.dependencies for name in names)

    def runs(self, script: str) -> Command:
        """The command that runs a script."""
        return (self.manager.name, "run", script)

    def program(self, name: str, *words: str) -> Command:
        """The command that runs a dependency's program."""
        if self.manager.berry:
            return ("yarn", "run", name, *words)
        return (f"node_modules/.bin/{name}", *words)

    def started_by(self, script: str) -> Command:
        """The command of a script; a plain `node FILE` without its package manager, so that signals reach it."""
        line = self.scripts[script]
        hooked = f"pre{script}" in self.scripts or f"post{script}" in self.scripts
        try:
            words = shlex.split(line)
        except ValueError:
            words = []
        given = [word for word in words if _ASSIGNED.fullmatch(word)]
        rest = words[len(given) :]
        if hooked or words[: len(given)] != given or not rest or rest[0] not in ("node", "bun"):
            return self.runs(script)
        command = argv(shlex.join(rest))
        return self.runs(script) if command[0] == "sh" else (*(("env", *given) if given else ()), *command)


def package(source: Source) -> Package:
    """What package.json says. SourceError if it is broken."""
    found = source.json("package.json")
    dependencies = {**_texts(found.get("devDependencies")), **_texts(found.get("optionalDependencies"))}
    main = found.get("main")
    return Package(
        {**dependencies, **_texts(found.get("dependencies"))},
        _texts(found.get("scripts")),
        main.removeprefix("./") if isinstance(main, str) else "",
        found.get("type") == "module",
        bool(found.get("workspaces")) or source.exists("pnpm-workspace.yaml"),
        _manager(source, found.get("packageManager")),
        tuple(filter(source.exists, _LOCKS)),
    )


def versions(source: Source, manager: Manager) -> dict[str, Version]:
    """The versions asked for: of node, and of the package manager when package.json fixes it."""
    found = source.json("package.json")
    node = first_version(
        (
            line_version(source, ".nvmrc"),
            line_version(source, ".node-version"),
            tool_version(source, "nodejs", "node"),
            _version(table(found, "volta").get("node")),
            _version(table(found, "engines").get("node")),
        )
    )
    fixed = Version(manager.version, "package.json") if manager.version else None
    return {name: version for name, version in (("node", node), (manager.name, fixed)) if version}


def install_steps(source: Source, found: Package) -> tuple[BuildStep, ...]:
    """The step that makes node_modules; none without dependencies."""
    if not found.dependencies and not found.workspaces:
        return ()
    manager = found.manager
    # Hooks and local packages read the app's own files, and Prisma's client is made from its schema.
    local = any(value.startswith(("file:", "link:", "workspace:", "portal:")) for value in found.dependencies.values())
    whole = (
        local
        or found.workspaces
        or found.has("prisma", "@prisma/client")
        or not found.scripts.keys().isdisjoint(_HOOKS)
    )
    inputs = ("package.json", manager.lock, *_SETTINGS)
    return (
        BuildStep(
            "install the dependencies",
            _install(manager),
            ("node", manager.name) if manager.name != "bun" else ("bun",),
            () if whole else tuple(filter(lambda file: file and source.exists(file), inputs)),
            ("node_modules",) if not manager.berry else (".yarn", ".pnp.cjs", "node_modules"),
            (_CACHES["yarn berry" if manager.berry else manager.name],),
            # With NODE_ENV=production what is only needed to build would be left out.
            {"CI": "1", "NODE_ENV": "development"},
        ),
    )


def _install(manager: Manager) -> Command:
    if not manager.lock:
        return (manager.name, "install")
    if manager.name == "npm":
        return ("npm", "ci")
    return (manager.name, "install", "--immutable" if manager.berry else "--frozen-lockfile")


def _manager(source: Source, said: object) -> Manager:
    """`packageManager` says it, else the lock file, else it is npm."""
    word, _, version = (said if isinstance(said, str) else "").partition("@")
    version = version.partition("+")[0]
    lock = next((file for file, name in _LOCKS.items() if source.exists(file) and word in ("", name)), "")
    if word in _CACHES:
        berry = word == "yarn" and not version.startswith("1.")
        return Manager(word, "package.json", lock, version, berry)
    lock = lock or next(filter(source.exists, _LOCKS), "")
    name = _LOCKS.get(lock, "npm")
    berry = name == "yarn" and (source.exists(".yarnrc.yml") or "__metadata:" in source.text(lock)[:400])
    return Manager(name, lock, lock, "", berry)


def _texts(value: object) -> dict[str, str]:
    return {name: text for name, text in value.items() if isinstance(text, str)} if isinstance(value, dict) else {}


def _version(value: object) -> Version | None:
    return Version(value, "package.json") if isinstance(value, str) else None
