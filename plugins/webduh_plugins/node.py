"""JavaScript and TypeScript apps that have a package.json."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from webduh_console.errors import UsageError
from webduh_console.frameworks import (
    BuildPlan,
    BuildStep,
    Evidence,
    Match,
    Option,
    Process,
    Source,
    Static,
    Volume,
    argv,
    merged,
    named_in_example,
    procfile,
)
from webduh_plugins.node_config import Output
from webduh_plugins.node_fetch import FILE, gives_answers, server
from webduh_plugins.node_frameworks import ENTRIES, KINDS, Kind, kind
from webduh_plugins.node_install import for_old_webpack, generated_by_build, install_steps, native
from webduh_plugins.node_manager import versions
from webduh_plugins.node_next import as_asked
from webduh_plugins.node_nx import nx_match, nx_plan
from webduh_plugins.node_package import Package, called_in
from webduh_plugins.node_sites import base_path, told_folder, wrangler_assets
from webduh_plugins.node_source import Reading, reading
from webduh_plugins.node_start import Start, entry_of, made_by_a_build, port_of, served_folder, start_of
from webduh_plugins.node_workspace import Place, build_steps, library_steps, place_of

_PROGRAMS = ("server.js", "index.js", "app.js", "main.js", "server.mjs", "index.mjs", "main.mjs", "server.cjs")
_ELSEWHERE = ("heroku-postbuild", "vercel-build", "gcp-build")
"""What hosts run instead of `build`."""
_COMPILES = ("compile", "transpile", "build:prod", "build:production", "build:server", "build:ts", "tsc", "bundle")
"""What people call the script that builds, besides `build`."""
_LOOPBACK = re.compile(
    r"(?:^|\s)(?:(?:-H|--host|--hostname|--bind|-b)[= ]|HOST(?:NAME)?=)[\"']?(?:localhost|127\.0\.0\.1)\b"
)
_METEOR = ".meteor/release"


class Plugin:
    """Node and Bun, recognized by package.json; the framework by the exact names of its dependencies."""

    name = "node"
    api = 1
    variants = tuple(one.name for one in KINDS)

    def options(self) -> tuple[Option, ...]:
        """What may be said under `options:` in webduh.yaml."""
        return (Option("output", "what Next.js is built as", ("standalone", "server", "opennext")),)

    def detect(self, source: Source) -> Match | None:
        """A framework is surest when its configuration file or its program in the build script is there too."""
        if not source.exists("package.json"):
            return nx_match(source) or _program(source)
        if source.exists(_METEOR):
            return Match(self.name, "framework", 0.95, (Evidence(_METEOR, "is there"),), "meteor")
        app = _app(source)
        evidence = tuple(_evidence(app))
        if app.kind is not None and (match := _framework(app, evidence)) is not None:
            return match
        if app.start.command is not None or app.output.static is not None:
            return Match(self.name, "language", 0.8, evidence)
        if "build" in app.package.scripts:
            return Match(self.name, "language", 0.5, evidence)
        found = app.package
        return Match(self.name, "script", 0.3, evidence) if found.dependencies or found.scripts else None

    def plan(self, source: Source, match: Match, options: dict[str, str]) -> BuildPlan:
        """How it is installed, built and started: a Procfile beats a start script, and that the framework's own way."""
        if source.exists(_METEOR):
            raise _meteor()
        if not source.exists("package.json") and nx_match(source):
            return nx_plan(source)
        app = _app(source, options)
        place, found, output, start = app.place, app.package, app.output, app.start
        static = _static(app)
        adds = output.adds if start.command is not None else ()
        asked = versions(source, found.manager, place.root if place.folder else None)
        needs = native(source, found)
        others = tuple(
            Process(name, place.command(argv(line))) for name, line in procfile(source).items() if name != "web"
        )
        main = (Process("worker" if start.worker else "web", start.command),) if start.command else ()
        runs = {"NODE_ENV": "production", **needs.variables, **output.variables}
        return BuildPlan(
            self.name,
            "javascript",
            variant=app.kind.name if app.kind else "",
            install=install_steps(
                place.root, place.top() if place.folder else found, place.members, tuple(map(found.adds, adds))
            ),
            build=(*generated_by_build(source, found), *_build(app, asked["node"].text if "node" in asked else "")),
            processes=(*main, *(other for other in others if other.name != "worker" or not start.worker)),
            static=static,
            port=port_of(start, output, app.reading),
            health=output.health,
            versions={name: version.text for name, version in asked.items()},
            version_source={name: version.file for name, version in asked.items()},
            package_manager=found.manager.name,
            volumes=() if static else tuple(Volume(name, place.path(path)) for name, path in output.volumes),
            env=merged((*app.reading.env, *named_in_example(source))),
            variables={} if static else runs,
            warnings=(*_warnings(app), *needs.warnings),
            apt=() if static else needs.apt,
            build_apt=(*needs.build_apt, *(needs.apt if static else ())),
            runtime=tuple(map(place.path, output.runtime)) if main and len(main) + len(others) == 1 else (),
            writes=tuple(map(place.path, output.writes)) if main else (),
            files=_files(app),
            checks=output.checks,
            base=_base(app),
            from_root=bool(place.folder),
        )


class App(NamedTuple):
    """Everything that is known of an app."""

    place: Place
    package: Package
    kind: Kind | None
    told_by: str
    reading: Reading
    output: Output
    start: Start


def _app(source: Source, options: dict[str, str] | None = None) -> App:
    place = place_of(source)
    found, said = place.package(), reading(source)
    told = kind(source, found)
    if told is not None and place.shared and not _is_made_with(source, found, told[0]):
        told = None
    output = told[0].output(source, found) if told else _pages(place, found)
    if told is not None and told[0].name == "next" and output.static is None:
        output = as_asked(source, found, output, options or {})
    start = start_of(place, found, told[0] if told else None, output, procfile(source), said)
    return App(place, found, told[0] if told else None, told[1] if told else "", said, output, start)


def _pages(place: Place, found: Package) -> Output:
    """The files of an app without a framework: those its start script serves, or what is built around a page."""
    if served := served_folder(found):
        return Output(Static(served[0], spa=served[1]), outputs=(served[0],))
    if (assets := wrangler_assets(place.source)) and not found.main:
        return Output(Static(assets), outputs=(assets,) if "build" in found.scripts else ())
    alone = not place.shared and not ({"start", "start:prod"} & found.scripts.keys()) and "build" in found.scripts
    if not alone or found.main or "web" in procfile(place.source):
        return Output()
    folder = next((at for at in ("public", ".") if place.source.exists(f"{at}/index.html".removeprefix("./"))), "")
    told = told_folder(place.source) or folder
    return Output(Static(told), outputs=() if told == folder else (told,)) if told else Output()


def _is_made_with(source: Source, found: Package, one: Kind) -> bool:
    """Whether a package of a workspace is an app of a framework, and does not only depend on it."""
    if one.serves_requests:
        return "start" in found.scripts or entry_of(source, found) != ""
    settings = any(source.files(f"{name}.*") for name in one.config)
    if one.name in ("vite", "parcel", "webpack", "storybook"):
        return source.exists("index.html") or bool(source.files("src/index.html")) or one.name == "storybook"
    builds = one.build and any(called_in(line, one.build[0]) for line in found.scripts.values())
    return settings or bool(builds)


def _program(source: Source) -> Match | None:
    """A program without a package.json, which needs nothing but Node."""
    entry = next((file for file in _PROGRAMS if source.text(file).strip()), "")
    return Match("node", "script", 0.4, (Evidence(entry, "is the program"),)) if entry else None


def _framework(app: App, seen: tuple[Evidence, ...]) -> Match | None:
    source, found, one = app.place.source, app.package, app.kind
    assert one is not None
    evidence = [Evidence("package.json", f"depends on {app.told_by}"), *seen]
    settings = [file for name in one.config for file in source.files(f"{name}.*")]
    evidence += [Evidence(file, f"is the configuration of {one.name}") for file in settings[:1]]
    program = one.build[0] if one.build else ""
    builds = bool(program) and called_in(found.scripts.get("build", ""), program)
    if builds:
        evidence.append(Evidence("package.json", f"has a build script that runs {program}"))
    surely = bool(settings) or builds
    if one.name == "vite" and not source.exists("index.html") and app.start.command is None:
        return Match("node", "framework", 0.6, tuple(evidence), one.name)
    if one.needs_start:
        surely = app.start.command is not None
    return Match("node", "framework", 0.95 if surely else 0.8, tuple(evidence), one.name)


def _evidence(app: App) -> Iterator[Evidence]:
    found = app.package
    if "start" in found.scripts:
        yield Evidence("package.json", "has a start script")
    elif entry := entry_of(app.place.source, found):
        yield Evidence(entry, "is the program")
    else:
        yield Evidence("package.json", "is there")
    if app.place.folder:
        yield Evidence("package.json", f"is that of {app.place.folder} in a workspace")
    if found.dependencies and found.manager.file not in ("", "package.json"):
        yield Evidence(found.manager.file, f"is for {found.manager.name}")
    elif found.manager.file:
        yield Evidence("package.json", f"says that {found.manager.name} is the package manager")


def _files(app: App) -> dict[str, str]:
    """The texts that it needs besides its source."""
    files = app.output.files if app.output.build is not None else {}
    files = {**files, FILE: server()} if FILE in (app.start.command or ()) else files
    return {app.place.path(path): text for path, text in files.items()}


def _base(app: App) -> str:
    """What it is built on: Node, for an app whose package manager alone is Bun; else what that says."""
    found, command = app.package, app.start.command or ()
    if found.manager.name != "bun":
        return ""
    told = re.split(r"[\s;&|]+", app.start.script)
    runs = bool({"bun", "bunx"} & {*told, *command[:1]}) and command[:2] != ("bun", "run")
    own = "bun" in told or (not app.start.script and runs)
    return "" if own or (app.reading.bun and app.start.command is not None) else "node"


def _static(app: App) -> Static | None:
    static = app.output.static if app.start.command is None else None
    return static and Static(app.place.path(static.dir), spa=static.spa, not_found=static.not_found)


def _build(app: App, asked: str) -> Iterator[BuildStep]:
    """The steps that build: the app's own script, else what its framework needs; then what puts its output together.

    `asked` is the version of Node that is asked for, or empty.
    """
    place, found, output = app.place, app.package, app.output
    outputs = tuple(place.path(path) for path in output.outputs)
    needs = found.manager.needs
    if found.manager.name == "bun" and (_base(app) or (app.kind is not None and app.kind.build)):
        needs = ("bun", "node")  # its programs are Node's
    old = for_old_webpack(found, asked)
    for step in _builds(app, outputs):
        changed = outputs == step.outputs and output.env
        yield BuildStep(
            step.name,
            step.run,
            tuple(dict.fromkeys((*step.needs, *needs))),
            step.inputs,
            step.outputs,
            step.caches,
            {**step.env, **(output.env if changed else {}), **old},
        )
    if app.start.command is not None and output.command and app.start.command == place.command(output.command):
        for command in output.steps:
            run = place.copied(command)
            yield BuildStep("put the files together", run, outputs=(run[-1],))


def _builds(app: App, outputs: tuple[str, ...]) -> Iterator[BuildStep]:
    """The steps that build, as they are told."""
    place, found, one, output = app.place, app.package, app.kind, app.output
    if output.build is not None:
        yield from library_steps(place, found)
        yield BuildStep("build", output.build, outputs=outputs)
    elif script := _build_script(found, one) or _makes_what_starts(app):
        yield from build_steps(place, found, script, outputs)
    else:
        yield from library_steps(place, found)
        before = found.built_by_start(found.followed("start"))
        if output.default is not None or (one is not None and one.build):
            run = output.default or (found.program(*one.build) if one else ())
            yield BuildStep("build", run, outputs=outputs)
        elif before and app.start.command is not None:
            yield BuildStep("build", found.runs_line(before), outputs=outputs)


def _build_script(found: Package, one: Kind | None) -> str:
    """The script that builds the app: `build`, unless that is for something else than its framework."""
    line = found.scripts.get("build")
    named = next((name for name in (*(one.scripts if one else ()), *_ELSEWHERE) if name in found.scripts), "")
    if named in _ELSEWHERE and line is not None:
        return "build"
    if line is None or not named or one is None:
        return named if line is None else "build"
    return "build" if any(word in line for word in (one.build[0], *one.scripts)) else named


def _makes_what_starts(app: App) -> str:
    """The script that makes the file that is started, under another name than `build`; empty if the file is there."""
    command, scripts = app.start.command or (), app.package.scripts
    if app.package.built_by_start(app.package.followed("start")) or (app.kind is not None and app.kind.build):
        return ""
    file = next((word for word in command if made_by_a_build(word)), "")
    if not file or any(map(app.place.source.exists, (file, f"{file}.js", f"{file}/index.js"))):
        return ""
    return next((name for name in _COMPILES if name in scripts), "")


def _warnings(app: App) -> Iterator[str]:
    found, one, output, start, said = app.package, app.kind, app.output, app.start, app.reading
    if start.command is None and output.static is None:
        yield "Nothing says how the app is started: add a start script to package.json, or `start:` to webduh.yaml."
    if start.command is not None and output.static is not None and one is not None:
        folder = output.static.dir
        yield f"{one.name} makes static files, but the app says how it is started: `static: {folder}` would serve them."
    if output.warning:
        yield output.warning
    base = base_path(app.place.source, one.name) if one else ""
    if base and output.static is not None and start.command is None:
        yield f"The pages are built for {base}, and are served at /: build them for / unless a proxy takes {base} away."
    if start.command is not None and not start.worker and (where := _listens_to_itself(app)):
        yield f"{where} listens on localhost, where nothing outside its container reaches it: let it listen on 0.0.0.0."
    if given := _given_away(app):
        yield f"{given} gives away what answers, and listens nowhere: without a start script, it would be served."
    yield from _about_port(app, port_of(start, output, said))
    if len(found.locks) > 1:
        yield f"There are several lock files ({', '.join(found.locks)}): {found.manager.name} is used."
    if found.dependencies and not found.manager.lock:
        others = f", and {found.locks[0]} is another package manager's" if found.locks else ""
        yield f"There is no lock file{others}: a later build may install other versions."


def _given_away(app: App) -> str:
    """The program that only exports an app, though the start script runs it by Node; empty if there is none."""
    found, source, script = app.package, app.place.source, app.start.script
    serves = app.kind is not None and app.kind.serves_requests
    if not serves or app.reading.calls or app.start.worker or not called_in(script, "node"):
        return ""
    entry = entry_of(source, found) if source.exists(entry_of(source, found)) else ""
    entry = entry or next(filter(source.exists, ENTRIES), "")
    return entry if gives_answers(source.text(entry), serves=True) else ""


def _listens_to_itself(app: App) -> str:
    """What lets the app listen where only its own container reaches it: its start script, or a file."""
    if _LOOPBACK.search(app.start.script):
        return "The start script"
    own = app.output.command is not None and not app.start.script and not app.output.listens
    return "" if own else app.reading.loopback


def _about_port(app: App, port: int | None) -> Iterator[str]:
    found, output, start, said = app.package, app.output, app.start, app.reading
    if port is not None:
        yield f"The app listens on port {port}, whatever PORT says: two releases cannot run side by side here."
    elif (
        start.command is None
        or start.worker
        or said.reads_port
        or (output.command and not start.script)
        or FILE in start.command
    ):
        return
    elif len(said.ports) > 1:
        ports = ", ".join(map(str, said.ports))
        yield f"The app listens on several ports ({ports}): say in webduh.yaml which gets requests (`port:`)."
    elif (app.kind is not None and app.kind.build) or _bun_listens(app):
        return  # such frameworks read PORT themselves, and so does Bun for what a file exports
    elif called_in(start.script, "fastify"):
        return  # its own program reads PORT
    elif "PORT" not in " ".join(found.scripts.values()) + " ".join(start.command):
        yield "Nothing was found that reads PORT: if the app listens elsewhere, write `port:` in webduh.yaml."


def _bun_listens(app: App) -> bool:
    """Whether Bun itself listens, for what a file exports or gives it: it reads PORT."""
    runs = app.package.manager.name == "bun" or app.reading.bun
    return runs and (app.reading.bun or not app.reading.calls)


def _meteor() -> UsageError:
    return UsageError(
        "Apps of Meteor are not built here.",
        why="Meteor installs and builds with a program of its own, which no image of Node has.",
        kept="Nothing was changed.",
        hint="Add a Dockerfile, such as the one that Meteor's own guide gives.",
    )
