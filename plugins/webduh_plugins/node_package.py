"""A package.json: its dependencies, its scripts, and the commands that run them."""

import re
import shlex
from collections.abc import Callable
from typing import NamedTuple

from webduh_console.frameworks import Command, Source, argv
from webduh_plugins.node_manager import LOCKS, Manager, manager_of

_ASSIGNED = re.compile(r"[A-Za-z_]\w*=[^\s$`]*")
_LINKER = re.compile(r"^nodeLinker:\s*['\"]?(?:node-modules|pnpm)", re.MULTILINE)
_MAJOR = re.compile(r"\d+")
_RUNTIMES = ("node", "bun", "deno")
_ANOTHER = re.compile(
    r"(?:(?:npm run(?:-script)?|yarn(?: run)?|pnpm(?: run)?|bun run)(?: -s| --silent)? ([\w:.-]+)|node --run ([\w:.-]+)"
    r"|npm (start))(?: --)?"
)
_BUILDS = re.compile(
    r"(?:npx |bunx |pnpm exec |yarn )?(?:tsc(?: (?:-p|--project|--build|-b)(?: [\w./-]+)?)*|tsup|tsdown|nest build"
    r"|rimraf [\w./-]+|rm -rf [\w./-]+|prisma generate|(?:vite|next|nuxt|nuxi|react-router|astro|remix) build"
    r"|(?:npm|pnpm|yarn|bun) (?:run )?(?:(?:re)?build|compile|clean)(?::[\w-]+)?)"
)
_IN_PRODUCTION = re.compile(r"if-env NODE_ENV=production && (.+?) \|\| .+")
_HERE = 'cd "$1" && PATH="$PWD/node_modules/.bin:$OLDPWD/node_modules/.bin:$PATH" && shift && exec "$@"'
"""Runs a program of a member's dependencies, which may have been put at the root of its workspace."""
_OTHERS = re.compile(r"&&|\|\||[;|&]")
_CLEANS = re.compile(
    r"(?:rimraf|rm -rf?|del-cli|shx rm -rf?)(?: [\w./*-]+)+|(?:npm|pnpm|yarn|bun) (?:run )?clean(?::[\w-]+)?"
)


class Package(NamedTuple):
    """What package.json says. `dependencies` has those of development too, `running` only those that it runs with.

    `folder` is the app's in its workspace, empty if it stands alone; commands are run at the root of that. `linked`:
    there will be a node_modules, as there is but for a Yarn from 2 on that is told nothing else.
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
    linked: bool = True

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

    def adds(self, package: str) -> Command:
        """The command that adds a package for the build alone."""
        return self.manager.adds(package, self.folder, self.name)

    def program(self, name: str, *words: str) -> Command:
        """The command that runs a dependency's program."""
        if self.folder:
            if self.manager.berry:
                return ("yarn", "workspace", self.name, "run", name, *words)
            return ("sh", "-c", _HERE, "sh", self.folder, name, *words)
        if self.manager.berry:
            return ("yarn", "run", name, *words)
        return (f"node_modules/.bin/{name}", *words)

    def at_least(self, name: str, *version: int) -> bool:
        """Whether no version that is asked for of a dependency is older; one that is no number is the newest."""
        numbers = [int(number) for number in re.findall(r"\d+", self.dependencies.get(name, ""))[: len(version)]]
        return not numbers or tuple((*numbers, *(0,) * len(version))[: len(version)]) >= version

    def hooked(self, script: str) -> bool:
        """Whether other scripts are run before or after this one; one that only builds has been run by then."""
        before = self.scripts.get(f"pre{script}")
        return (before is not None and not builds_only(before)) or f"post{script}" in self.scripts

    def followed(self, script: str) -> str:
        """The name of the script that is run in the end, where one does nothing but run another."""
        for _ in range(4):
            told = _ANOTHER.fullmatch(after_build(self.scripts.get(script, "")))
            name = next(filter(None, told.groups()), "") if told else ""
            if name not in self.scripts or name == script or self.hooked(script):
                return script
            script = name
        return script

    def line(self, script: str) -> str:
        """The line of a script, without what builds before it starts: that has been done by then."""
        return after_build(self.scripts.get(script, ""))

    def built_by_start(self, script: str) -> str:
        """What the start builds first, if no script `build` does so."""
        if "build" in self.scripts:
            return ""
        before = self.scripts.get(f"pre{script}", "")
        line = self.scripts.get(script, "")
        parts = [part.strip() for part in line.split("&&")[:-1]]
        return before if builds_only(before) else " && ".join(parts) if after_build(line) != line.strip() else ""

    def started_by(self, script: str, place: Callable[[Command], Command] = lambda command: command) -> Command:
        """The command of a script; a plain `node FILE` without its package manager, so that signals reach it.

        `place` makes a command run in the app's folder.
        """
        line = self.line(script)
        try:
            words = shlex.split(line)
        except ValueError:
            words = []
        if words[:1] == ["cross-env"]:
            words = words[1:]
        given = [word for word in words if _ASSIGNED.fullmatch(word)]
        rest = _unwatched(words[len(given) :])
        if self.hooked(script) or words[: len(given)] != given or not rest or rest[0] not in _RUNTIMES:
            return self._as_told(script, line)
        command = argv(shlex.join(rest))
        if command[0] == "sh":
            return self._as_told(script, line)
        return place((*(("env", *given) if given else ()), *command))

    def runs_line(self, line: str) -> Command:
        """The command that runs a line as its package manager would, in the app's folder."""
        plain = re.match(r"[\w./@-]+(?:\s|$)", line) and not re.search(r"[;&|]", line)
        line = f"exec {line}" if plain else line
        if self.folder:
            return ("sh", "-c", _HERE, "sh", self.folder, "sh", "-c", line)
        return ("sh", "-c", f'PATH="$PWD/node_modules/.bin:$PATH"; {line}')

    def _as_told(self, script: str, line: str) -> Command:
        """A script by its package manager; the rest of its line, if that builds first."""
        whole = line == self.scripts[script].strip() and f"pre{script}" not in self.scripts
        plugged = self.manager.berry and not self.linked
        return self.runs(script) if whole or plugged or self.hooked(script) else self.runs_line(line)


def package(source: Source, folder: str = "", root: Source | None = None) -> Package:
    """What package.json says. SourceError if it is broken. `root` is its workspace's, whose package manager counts."""
    found = source.json("package.json")
    running = {**_texts(found.get("optionalDependencies")), **_texts(found.get("dependencies"))}
    main, name = found.get("main"), found.get("name")
    top = root or source
    manager = manager_of(top)
    return Package(
        name if isinstance(name, str) else "",
        {**_texts(found.get("devDependencies")), **running},
        frozenset(running),
        _texts(found.get("scripts")),
        main.removeprefix("./") if isinstance(main, str) else "",
        found.get("type") == "module",
        bool(found.get("workspaces")) or source.exists("pnpm-workspace.yaml"),
        manager,
        tuple(filter(top.exists, LOCKS)),
        folder,
        not manager.berry or _LINKER.search(top.text(".yarnrc.yml")) is not None,
    )


def runs_only(line: str, programs: tuple[str, ...]) -> bool:
    """Whether a script does nothing but run these programs, or removes what an earlier run of them left first."""
    *before, last = (part.strip() for part in line.split("&&"))
    return _runs_one(last, programs) and all(_CLEANS.fullmatch(part) or _runs_one(part, programs) for part in before)


def _runs_one(line: str, programs: tuple[str, ...]) -> bool:
    words = [word for word in line.split() if not _ASSIGNED.fullmatch(word)]
    while words[:1] and words[0] in ("npx", "cross-env", "bunx", "dotenv", "--", "pnpm", "exec", "yarn", "dlx"):
        words = words[1:]
    return bool(words) and words[0] in programs and not _OTHERS.search(line)


def builds_only(line: str) -> bool:
    """Whether a line does nothing but build."""
    parts = [part.strip() for part in line.split("&&")]
    return all(_BUILDS.fullmatch(part) for part in parts)


def after_build(line: str) -> str:
    """A start script without the builds that it begins with, as it is in production."""
    if told := _IN_PRODUCTION.fullmatch(line.strip()):
        line = told[1]
    parts = [part.strip() for part in line.split("&&")]
    while len(parts) > 1 and _BUILDS.fullmatch(parts[0]):
        parts = parts[1:]
    return " && ".join(parts)


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
