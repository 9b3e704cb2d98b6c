"""Where an app of JavaScript is: alone, at the root of a workspace, or in one; and how it is built from there."""

from collections.abc import Iterator
from typing import NamedTuple

from webduh_console.frameworks import BuildStep, Command, Source, within
from webduh_plugins.node_manager import LOCKS
from webduh_plugins.node_package import Package, package

_TURBO = {"TURBO_TELEMETRY_DISABLED": "1"}
_NX = {"NX_DAEMON": "false"}
_STANDS_ALONE = (".output/", "/standalone/")


class Place(NamedTuple):
    """An app's folder in what is built: `root` is a view of that, `folder` the path in it (empty: the root itself).

    `members` are the packages of the workspace; none for an app that stands alone, which is not `shared`.
    """

    source: Source
    root: Source
    folder: str = ""
    members: tuple[str, ...] = ()
    shared: bool = False

    @property
    def is_root(self) -> bool:
        """Whether it is the root of a workspace."""
        return self.shared and not self.folder

    def package(self) -> Package:
        """The app's package.json. SourceError if it is broken."""
        return package(self.source, self.folder, self.root)

    def top(self) -> Package:
        """The workspace's package.json."""
        return package(self.root)

    def path(self, path: str) -> str:
        """A path of the app, relative to what is built."""
        return f"{self.folder}/{path}" if self.folder else path

    def command(self, command: Command) -> Command:
        """A command of the app, run where all is built; a server that stands alone needs no folder of its own."""
        if not self.folder or (command[:1] == ("sh",) and self.folder in command):
            return command
        if len(command) == 2 and any(mark in f"{command[1]}/" for mark in _STANDS_ALONE):
            return (command[0], self.path(command[1]))
        return within(self.folder, command)

    def copied(self, command: Command) -> Command:
        """A command whose last two words are paths of the app."""
        return (*command[:-2], *(self.path(path) for path in command[-2:]))


def place_of(source: Source) -> Place:
    """Where an app is. One with a lock file of its own stands alone, whatever is above it."""
    workspace = source.workspace
    if workspace is None or workspace.kind not in ("node", "nx"):
        return Place(source, source)
    if workspace.path and any(map(source.exists, LOCKS)):
        return Place(source, source)
    members = tuple(path for path in workspace.members if workspace.root.exists(f"{path}/package.json"))
    return Place(source, workspace.root, workspace.path, members, shared=True)


def build_steps(place: Place, found: Package, script: str, outputs: tuple[str, ...]) -> Iterator[BuildStep]:
    """The steps that run a build script of the app, after those of the packages that it depends on."""
    needs, top = found.manager.needs, place.top()
    if not place.folder:
        yield BuildStep("build", found.runs(script), needs, outputs=outputs)
        return
    if _turbo(place, top) and script == "build":
        yield BuildStep("build", _turbo_run(top, _selected(found)), needs, outputs=outputs, env=_TURBO)
        return
    if top.has("nx") and place.root.exists("nx.json") and script == "build":
        yield BuildStep("build", top.program("nx", "run", f"{found.name}:build"), needs, outputs=outputs, env=_NX)
        return
    if found.manager.name == "pnpm" and script == "build":
        yield BuildStep("build", ("pnpm", "--filter", f"{_selected(found)}...", "run", script), needs, outputs=outputs)
        return
    yield from library_steps(place, found)
    yield BuildStep("build", found.runs(script), needs, outputs=outputs)


def library_steps(place: Place, found: Package) -> Iterator[BuildStep]:
    """The steps that build the packages of the workspace that an app depends on, and not the app."""
    libraries = _depended_on(place, found) if place.folder else []
    needs, top = found.manager.needs, place.top()
    name, others = "build the packages it depends on", f"{_selected(found)}^..."
    if not libraries:
        return
    if _turbo(place, top):
        yield BuildStep(name, _turbo_run(top, others), needs, env=_TURBO)
    elif found.manager.name == "pnpm":
        yield BuildStep(name, ("pnpm", "--filter", others, "run", "build"), needs)
    else:
        for one in libraries:
            yield BuildStep(f"build {one.name}", one.runs("build"), needs)


def _turbo(place: Place, top: Package) -> bool:
    return top.has("turbo") and (place.root.exists("turbo.json") or place.root.exists("turbo.jsonc"))


def _turbo_run(top: Package, selected: str) -> Command:
    """Turborepo's build; its strict mode would keep the app's variables from it."""
    loose = ("--env-mode=loose",) if (top.major("turbo") or 2) >= 2 else ()
    return top.program("turbo", "run", "build", f"--filter={selected}", *loose)


def _selected(found: Package) -> str:
    """The words that select a member of a workspace for pnpm and Turborepo."""
    return found.name or f"{{./{found.folder}}}"


def _depended_on(place: Place, found: Package) -> list[Package]:
    """The members of the workspace that an app needs, and that are built themselves, in the order of their needs."""
    packages = (_member(place, path) for path in place.members)
    named = {one.name: one for one in packages if one.name}
    ordered: dict[str, Package] = {}

    def visit(one: Package, above: frozenset[str]) -> None:
        for name in one.dependencies:
            if name in named and name not in above and name not in ordered:
                visit(named[name], above | {name})
                ordered[name] = named[name]

    visit(found, frozenset({found.name}))
    return [one for one in ordered.values() if "build" in one.scripts]


def _member(place: Place, path: str) -> Package:
    return package(_Below(place.root, path), path, place.root)


class _Below:
    """A member's package.json, seen from the root: all that is asked for here."""

    name = ""
    workspace = None

    def __init__(self, root: Source, path: str) -> None:
        self._root, self._path = root, path

    def exists(self, path: str) -> bool:
        return self._root.exists(f"{self._path}/{path}")

    def folder(self, path: str) -> bool:
        return self._root.folder(f"{self._path}/{path}")

    def text(self, path: str) -> str:
        return self._root.text(f"{self._path}/{path}")

    def json(self, path: str) -> dict[str, object]:
        return self._root.json(f"{self._path}/{path}")

    def toml(self, path: str) -> dict[str, object]:
        return self._root.toml(f"{self._path}/{path}")

    def files(self, pattern: str = "*") -> tuple[str, ...]:
        start = len(self._path) + 1
        return tuple(path[start:] for path in self._root.files(f"{self._path}/{pattern}"))
