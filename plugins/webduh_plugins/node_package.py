"""A package.json: its dependencies, its scripts, and the commands that run them."""

import re
import shlex
from collections.abc import Callable
from typing import NamedTuple

from webduh_console.frameworks import Command, Source, argv
from webduh_plugins.node_manager import LOCKS, Manager, manager_of

_ASSIGNED = re.compile(r"[A-Za-z_]\w*=[^\s$`]*")
_MAJOR = re.compile(r"\d+")
_RUNTIMES = ("node", "bun", "deno")
_HERE = 'cd "$1" && PATH="$PWD/node_modules/.bin:$OLDPWD/node_modules/.bin:$PATH" && shift && exec "$@"'
"""Runs a program of a member's dependencies, which may have been put at the root of its workspace."""
_OTHERS = re.compile(r"&&|\|\||[;|&]")


class Package(NamedTuple):
    """What package.json says. `dependencies` has those of development too, `running` only those that it runs with.

    `folder` is the app's in its workspace, empty if it stands alone; commands are run at the root of that.
    """

    name: str
    dependencies: dict[str, str]
    running: frozenset[str]
    scripts: dict[str, str]
    main: str
    module: bool
    workspaces: bool
    manager: Manager
    locks: tuple[str, ...]
    folder: str = ""

    def has(self, *names: str) -> bool:
        """Whether any of these is a dependency."""
        return any(name in self.dependencies for name in names)

    def major(self, name: str) -> int | None:
        """The first number of the version asked for of a dependency."""
        number = _MAJOR.search(self.dependencies.get(name, ""))
        return int(number[0]) if number else None

    def runs(self, script: str) -> Command:
        """The command that runs a script."""
        return self.manager.runs(script, self.folder, self.name)

    def program(self, name: str, *words: str) -> Command:
        """The command that runs a dependency's program."""
        if self.folder:
            if self.manager.berry:
                return ("yarn", "workspace", self.name, "run", name, *words)
            return ("sh", "-c", _HERE, "sh", self.folder, name, *words)
        if self.manager.berry:
            return ("yarn", "run", name, *words)
        return (f"node_modules/.bin/{name}", *words)

    def hooked(self, script: str) -> bool:
        """Whether other scripts are run before or after this one."""
        return f"pre{script}" in self.scripts or f"post{script}" in self.scripts

    def started_by(self, script: str, place: Callable[[Command], Command] = lambda command: command) -> Command:
        """The command of a script; a plain `node FILE` without its package manager, so that signals reach it.

        `place` makes a command run in the app's folder.
        """
        line = self.scripts[script]
        try:
            words = shlex.split(line)
        except ValueError:
            words = []
        if words[:1] == ["cross-env"]:
            words = words[1:]
        given = [word for word in words if _ASSIGNED.fullmatch(word)]
        rest = _unwatched(words[len(given) :])
        if self.hooked(script) or words[: len(given)] != given or not rest or rest[0] not in _RUNTIMES:
            return self.runs(script)
        command = argv(shlex.join(rest))
        return self.runs(script) if command[0] == "sh" else place((*(("env", *given) if given else ()), *command))


def package(source: Source, folder: str = "", root: Source | None = None) -> Package:
    """What package.json says. SourceError if it is broken. `root` is its workspace's, whose package manager counts."""
    found = source.json("package.json")
    running = {**_texts(found.get("optionalDependencies")), **_texts(found.get("dependencies"))}
    main, name = found.get("main"), found.get("name")
    top = root or source
    return Package(
        name if isinstance(name, str) else "",
        {**_texts(found.get("devDependencies")), **running},
        frozenset(running),
        _texts(found.get("scripts")),
        main.removeprefix("./") if isinstance(main, str) else "",
        found.get("type") == "module",
        bool(found.get("workspaces")) or source.exists("pnpm-workspace.yaml"),
        manager_of(top),
        tuple(filter(top.exists, LOCKS)),
        folder,
    )


def runs_only(line: str, programs: tuple[str, ...]) -> bool:
    """Whether a script does nothing but run one of these programs."""
    words = [word for word in line.split() if not _ASSIGNED.fullmatch(word)]
    while words[:1] and words[0] in ("npx", "cross-env", "bunx", "dotenv", "--", "pnpm", "exec", "yarn", "dlx"):
        words = words[1:]
    return bool(words) and words[0] in programs and not _OTHERS.search(line)


def called_in(line: str, program: str) -> bool:
    """Whether a script runs a program."""
    return program in re.split(r"[\s;&|()\"']+", line)


def _unwatched(words: list[str]) -> list[str]:
    """The words without what starts a program again at each change of a file, which nothing changes in production."""
    if words[:1] == ["nodemon"] and len(words) == 2 and words[1].endswith((".js", ".mjs", ".cjs")):
        return ["node", words[1]]
    return [word for word in words if word != "--watch"] if words[:1] == ["node"] else words


def _texts(value: object) -> dict[str, str]:
    return {name: text for name, text in value.items() if isinstance(text, str)} if isinstance(value, dict) else {}
