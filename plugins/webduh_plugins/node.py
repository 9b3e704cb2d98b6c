"""JavaScript and TypeScript apps that have a package.json."""

from collections.abc import Iterator
from typing import NamedTuple

from webduh_console.frameworks import (
    BuildPlan,
    BuildStep,
    Command,
    Evidence,
    Match,
    Process,
    Source,
    argv,
    merged,
    named_in_example,
    procfile,
)
from webduh_plugins.node_frameworks import KINDS, Kind, Output, kind
from webduh_plugins.node_package import Package, install_steps, package, versions
from webduh_plugins.node_source import Reading, reading

_ENTRIES = (
    "server.js",
    "index.js",
    "app.js",
    "main.js",
    "server.mjs",
    "index.mjs",
    "server.cjs",
    "src/server.js",
    "src/index.js",
)
_FILE_SERVERS = ("serve", "http-server", "live-server", "sirv")
_STARTS = ("start", "start:prod", "serve:prod", "production")


class Plugin:
    """Node and Bun, recognized by package.json; the framework by the exact names of its dependencies."""

    name = "node"
    api = 1
    variants = tuple(one.name for one in KINDS)

    def detect(self, source: Source) -> Match | None:
        """A framework is surest when its configuration file or its program in the build script is there too."""
        if not source.exists("package.json"):
            return None
        found = package(source)
        told = kind(found)
        if told is not None:
            return _framework(source, found, *told)
        evidence = tuple(_evidence(source, found))
        if _plain_start(source, found) or "web" in procfile(source):
            return Match(self.name, "language", 0.8, evidence)
        if "build" in found.scripts:
            return Match(self.name, "language", 0.5, evidence)
        return Match(self.name, "script", 0.3, evidence) if found.dependencies or found.scripts else None

    def plan(self, source: Source, match: Match, options: dict[str, str]) -> BuildPlan:
        """How it is installed, built and started: a Procfile beats a start script, and that the framework's own way."""
        found, said = package(source), reading(source)
        told = kind(found)
        output = told[0].output(source, found) if told else Output()
        lines = procfile(source)
        chosen = _chosen(source, found, told[0] if told else None, output, lines)
        static = output.static if chosen is None else None
        port = None if static is not None or (output.command and chosen == output.command) else _port(said)
        asked = versions(source, found.manager)
        others = tuple(Process(name, argv(line)) for name, line in lines.items() if name != "web")
        return BuildPlan(
            self.name,
            "javascript",
            variant=told[0].name if told else "",
            install=install_steps(source, found),
            build=tuple(_build(found, told[0] if told else None, output, uses=chosen)),
            processes=((Process("web", chosen),) if chosen else ()) + others,
            static=static,
            port=port,
            versions={name: version.text for name, version in asked.items()},
            version_source={name: version.file for name, version in asked.items()},
            package_manager=found.manager.name,
            env=merged((*said.env, *named_in_example(source))),
            variables={} if static else {"NODE_ENV": "production", **output.variables},
            warnings=tuple(_warnings(Seen(found, said, told[0] if told else None, output, chosen, port))),
        )


class Seen(NamedTuple):
    """Everything the warnings are worked out from."""

    package: Package
    reading: Reading
    kind: Kind | None
    output: Output
    chosen: Command | None
    port: int | None


def _framework(source: Source, found: Package, one: Kind, told_by: str) -> Match:
    evidence = [Evidence("package.json", f"depends on {told_by}"), *_evidence(source, found)]
    settings = source.files(f"{one.config}.*") if one.config else ()
    evidence += [Evidence(file, f"is the configuration of {one.name}") for file in settings[:1]]
    program = one.build[0] if one.build else ""
    if program and program in found.scripts.get("build", "").split():
        evidence.append(Evidence("package.json", f"has a build script that runs {program}"))
    surely = bool(settings) or any("build script" in one.says for one in evidence)
    if one.name == "vite" and not source.exists("index.html"):
        return Match("node", "framework", 0.6, tuple(evidence), one.name)
    if not one.build:
        surely = _plain_start(source, found) is not None
    return Match("node", "framework", 0.95 if surely else 0.8, tuple(evidence), one.name)


def _evidence(source: Source, found: Package) -> Iterator[Evidence]:
    if "start" in found.scripts:
        yield Evidence("package.json", "has a start script")
    elif entry := _entry(source, found):
        yield Evidence(entry, "is the program")
    else:
        yield Evidence("package.json", "is there")
    if found.dependencies and found.manager.file not in ("", "package.json"):
        yield Evidence(found.manager.file, f"is for {found.manager.name}")
    elif found.manager.file:
        yield Evidence("package.json", f"says that {found.manager.name} is the package manager")


def _chosen(source: Source, found: Package, one: Kind | None, output: Output, lines: dict[str, str]) -> Command | None:
    """The command of the web process; None if files are served, or nothing says how to start."""
    if "web" in lines:
        return argv(lines["web"])
    script = found.scripts.get("start", "")
    own = one is not None and _runs(script, (*one.serves, *_FILE_SERVERS))
    if output.static is not None:
        return None if not script or own else found.started_by("start")
    if output.command is not None and (not script or own):
        hooked = "prestart" in found.scripts and script
        return found.runs("start") if hooked else output.command
    return _plain_start(source, found)


def _runs(line: str, programs: tuple[str, ...]) -> bool:
    """Whether a script does nothing but run one of these programs."""
    words = [word for word in line.split() if "=" not in word]
    words = words[1:] if words[:1] in (["npx"], ["cross-env"], ["bunx"]) else words
    return bool(words) and words[0] in programs and not any(mark in line for mark in ("&&", "||", ";", "|"))


def _plain_start(source: Source, found: Package) -> Command | None:
    script = next((name for name in _STARTS if name in found.scripts), None)
    if script:
        return found.started_by(script)
    entry = _entry(source, found)
    runtime = "bun" if found.manager.name == "bun" else "node"
    return (runtime, entry) if entry else None


def _entry(source: Source, found: Package) -> str:
    """The file that is run; `main` may name one that the build makes."""
    if found.main:
        there = filter(source.exists, (found.main, f"{found.main}.js", f"{found.main}/index.js"))
        made = found.main if "build" in found.scripts else ""
        if entry := next(there, made):
            return entry
    return next(filter(source.exists, _ENTRIES), "")


def _build(found: Package, one: Kind | None, output: Output, uses: Command | None) -> Iterator[BuildStep]:
    needs = ("node", found.manager.name) if found.manager.name != "bun" else ("bun",)
    if "build" in found.scripts:
        yield BuildStep("build", found.runs("build"), needs, outputs=output.outputs)
    elif one is not None and one.build:
        yield BuildStep("build", found.program(*one.build), needs, outputs=output.outputs)
    if uses == output.command:
        for command in output.steps:
            yield BuildStep("put the files together", command, outputs=(command[-1],))


def _port(said: Reading) -> int | None:
    return None if said.reads_port or len(said.ports) != 1 else said.ports[0]


def _warnings(seen: Seen) -> Iterator[str]:
    found, one, output = seen.package, seen.kind, seen.output
    if seen.chosen is None and output.static is None:
        yield "Nothing says how the app is started: add a start script to package.json, or `start:` to webduh.yaml."
    if seen.chosen is not None and output.static is not None and one is not None:
        folder = output.static.dir
        yield f"{one.name} makes static files, but the app says how it is started: `static: {folder}` would serve them."
    if output.warning:
        yield output.warning
    if seen.port is not None:
        yield f"The app listens on port {seen.port}, whatever PORT says: two releases cannot run side by side here."
    elif seen.chosen is not None and seen.chosen != output.command and not seen.reading.reads_port:
        if len(seen.reading.ports) > 1:
            ports = ", ".join(map(str, seen.reading.ports))
            yield f"The app listens on several ports ({ports}): say in webduh.yaml which gets requests (`port:`)."
        elif "PORT" not in " ".join(found.scripts.values()) + " ".join(seen.chosen):
            yield "Nothing was found that reads PORT: if the app listens elsewhere, write `port:` in webduh.yaml."
    if len(found.locks) > 1:
        yield f"There are several lock files ({', '.join(found.locks)}): {found.manager.name} is used."
    if found.dependencies and not found.manager.lock:
        yield "There is no lock file: a later build may install other versions."
    if found.workspaces:
        yield "This is a workspace: what is at its top is built and started."
