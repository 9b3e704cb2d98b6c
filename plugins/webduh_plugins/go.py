"""Apps in Go: modules, workspaces and single files."""

import re
from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from webduh_console.frameworks import (
    BuildPlan,
    BuildStep,
    Command,
    Evidence,
    Match,
    Option,
    Source,
    Tier,
    Volume,
    procfile,
)
from webduh_plugins.compiled import USUAL, Program, below, one_of, planned
from webduh_plugins.front_end import FOLDERS, Below, FrontEnd, fetched_last, front_end, serves_itself
from webduh_plugins.go_module import CGO, FRAMEWORKS, GoCommand, GoModule, go_commands, go_module, go_version
from webduh_plugins.program_text import Reading, beside, reading

_CACHES = ("/go/pkg/mod", "~/.cache/go-build")
_FILES = ("*.go", "cmd/**/*.go", "internal/**/*.go", "pkg/**/*.go", "**/*.go")
_SERVE = re.compile(r"\bUse:\s*\"(serve|server|start|web|http|run)\b")
_TEMPL = "github.com/a-h/templ"
_COBRA = ("github.com/spf13/cobra", "github.com/urfave/cli")


class Plugin:
    """Go, recognized by go.mod, go.work or a file with `package main`."""

    name = "go"
    api = 1
    variants = tuple(dict.fromkeys((*FRAMEWORKS.values(), "net/http")))

    def options(self) -> tuple[Option, ...]:
        """Its settings."""
        return (Option("command", "The command that is run, by the name of its folder: `server` for cmd/server."),)

    def detect(self, source: Source) -> Match | None:
        """A program must be there: a library alone is no app."""
        app = _app(source, "")
        if app is None:
            return None
        variant = _variant(app)
        tier: Tier = "framework" if variant else "language"
        needs = ("node",) if "build" in _scripts(source) and app.at == "" else ()
        supersedes = ("node", "python", "static", "php", "ruby", "cpp")
        evidence = tuple(_evidence(app, variant))
        return Match(self.name, tier, 0.93 if variant else 0.85, evidence, variant, supersedes, needs)

    def plan(self, source: Source, match: Match, options: dict[str, str]) -> BuildPlan:
        """One static program, without what only a debugger reads; with a C compiler only where one is needed."""
        app = _app(source, options.get("command", "")) or App(source, "", go_module(source), [], None, False, source)
        command = app.command or GoCommand("", source.name, False)
        read = reading(app.source, *_FILES)
        if app.module.direct.keys() & {"github.com/gin-gonic/gin"} and read.has(r"\.Run\(\s*\)"):
            read = read._replace(reads_port=True)
        variant, front = _variant(app, read), _front(app, read)
        if variant == "beego":
            read = _beego(app.source, read)
        cgo = [CGO[name] for name in app.module.direct if name in CGO]
        with_c = bool(cgo) or read.has(r"^import \"C\"$")
        words, takes_port = _words(app, variant, read)
        kept = (front.made,) if front and front.made and not _embeds(read, front.folder) else ()
        program = Program(
            self.name,
            "go",
            variant,
            f"bin/{command.name}",
            tuple(_build(app, command, with_c)),
            tuple(_install(app)),
            words,
            beside=(*(one for one in beside(app.source, read, ".go", ("cmd", "internal", "pkg", *FOLDERS))), *kept),
            apt=tuple(name for _, names in cgo for name in names),
            build_apt=tuple(name for names, _ in cgo for name in names),
            more=tuple(below(app.at, f"bin/{one.name}") for one in _others(app)),
            health="/api/health" if variant == "pocketbase" else "",
            package_manager="go",
            at=app.at,
            from_root=app.from_root,
        )
        versions = {"go": go_version(app.source, app.root)}
        plan = planned(app.source, program, read, versions, _warnings(app, front is not None), takes_port)
        if variant == "pocketbase":
            plan = msgspec.structs.replace(plan, volumes=(Volume("pb_data", below(app.at, "pb_data")),))
        if match.needs:
            plan = fetched_last(plan)
        return front.added(plan) if front else plan


class App(NamedTuple):
    """A module and what is run of it. `at` is its folder where the steps run, `root` what they run in.

    `command` is what is run of `commands`, if that is `sure`.
    """

    source: Source
    at: str
    module: GoModule
    commands: list[GoCommand]
    command: GoCommand | None
    sure: bool
    root: Source
    from_root: bool = False


def _app(source: Source, wish: str) -> App | None:
    """The module, the member of a workspace or the single file that is the app; None without a program."""
    workspace = source.workspace if source.workspace is not None and source.workspace.kind == "go" else None
    if workspace is not None and workspace.path:
        found = _chosen(source, workspace.path, workspace.root, wish)
        return found._replace(from_root=True) if found else None
    own = _chosen(source, "", source, wish)
    if own is not None or workspace is None:
        return own
    members = [_chosen(Below(source, member), member, source, wish) for member in workspace.members]
    apps = {app.command.name if app.command else app.at: app for app in members if app is not None}
    serving = [name for name, app in apps.items() if app.command and app.command.serves]
    name, sure = one_of(serving if len(serving) == 1 else list(apps), (wish, source.name, *USUAL))
    return apps[name]._replace(sure=sure and apps[name].sure, root=source) if name else None


def _chosen(source: Source, at: str, root: Source, wish: str) -> App | None:
    module = go_module(source)
    commands = go_commands(source, module)
    if not commands:
        return None
    names = [one.name for one in commands]
    web = procfile(source).get("web", "").split()
    wanted = [wish, *(word.rpartition("/")[2] for word in web[:1]), module.name, source.name, *USUAL]
    serving = [one.name for one in commands if one.serves]
    name, sure = one_of(names, wanted)
    if not sure and len(serving) == 1:
        name, sure = serving[0], True
    return App(source, at, module, commands, next(one for one in commands if one.name == name), sure, root)


def _variant(app: App, read: Reading | None = None) -> str:
    found = next((FRAMEWORKS[name] for name in FRAMEWORKS if name in app.module.direct), "")
    serves = any(one.serves for one in app.commands) or (read is not None and read.has(r"\"net/http\""))
    return found or ("net/http" if serves else "")


def _beego(source: Source, read: Reading) -> Reading:
    """Beego listens where its own configuration says, which may name variables: `httpport = ${PORT||8080}`."""
    said = re.search(r"^\s*httpport\s*=\s*(\S+)", source.text("conf/app.conf"), re.IGNORECASE | re.MULTILINE)
    told = said[1].strip("\"'") if said else "8080"
    if told.startswith("${PORT|") or told == "${PORT}":
        return read._replace(reads_port=True)
    return read._replace(ports=(int(told),)) if told.isdecimal() and not read.ports else read


def _evidence(app: App, variant: str) -> Iterator[Evidence]:
    module = "go.mod" if app.at == "" else f"{app.at}/go.mod"
    if required := next((name for name in FRAMEWORKS if name in app.module.direct), ""):
        yield Evidence("go.mod" if app.from_root else module, f"requires {required}")
    elif app.module.path:
        yield Evidence("go.mod" if app.from_root else module, f"is the module {app.module.path}")
    if app.command is not None:
        folder = app.command.folder if app.from_root else below(app.at, app.command.folder).rstrip("/")
        says = "is a command that serves HTTP" if app.command.serves else "is a command"
        yield Evidence(folder or "main.go", says)


def _install(app: App) -> Iterator[BuildStep]:
    vendored = app.source.exists("vendor/modules.txt") or app.root.exists("vendor/modules.txt")
    if app.module.direct and not vendored:
        files = tuple(below(app.at, file) for file in ("go.mod", "go.sum") if app.source.exists(file))
        yield BuildStep("download the modules", _in(app, ("go", "mod", "download")), ("go",), files, (), _CACHES)


def _in(app: App, command: Command) -> Command:
    """A command of the module, run where the steps are."""
    words = 3 if command[1] == "mod" else 2
    return (*command[:words], "-C", app.at, *command[words:]) if app.at else command


def _build(app: App, command: GoCommand, with_c: bool) -> Iterator[BuildStep]:
    if templ := app.module.direct.get(_TEMPL):
        made = {file.removesuffix("_templ.go") for file in app.source.files("**/*_templ.go")}
        if any(file.removesuffix(".templ") not in made for file in app.source.files("**/*.templ")):
            generate = ("go", "run", f"{_TEMPL}/cmd/templ@{templ}", "generate")
            yield BuildStep("generate the templates", _in(app, generate), ("go",), caches=_CACHES)
    env = {"CGO_ENABLED": "1" if with_c else "0"}
    for one in (command, *_others(app)):
        target = f"./{one.folder}" if one.folder else "."
        what: Command = (target,)
        if not app.module.path:
            what = tuple(file for file in app.source.files(below(one.folder, "*.go")) if not file.endswith("_test.go"))
        run: Command = ("go", "build", "-trimpath", "-ldflags=-s -w", "-o", f"bin/{one.name}", *what)
        outputs = (below(app.at, f"bin/{one.name}"),)
        yield BuildStep(f"build {one.name}", _in(app, run), ("go",), (), outputs, _CACHES, env)


def _others(app: App) -> list[GoCommand]:
    """The commands that a Procfile runs beside the one that gets requests."""
    lines = [line for name, line in procfile(app.source).items() if name != "web"]
    words = {word.rpartition("/")[2] for line in lines for word in line.split()[:1]}
    return [one for one in app.commands if one.name in words and one != app.command]


def _words(app: App, variant: str, read: Reading) -> tuple[Command, bool]:
    """The words behind the program's name, and whether they say the port."""
    if variant == "pocketbase":
        return ("serve", "--http=0.0.0.0:${PORT}"), True
    if any(name in app.module.direct for name in _COBRA):
        found = next((match[1] for text in read.texts.values() if (match := _SERVE.search(text))), "")
        return ((found,), False) if found else ((), False)
    return (), False


def _front(app: App, read: Reading) -> FrontEnd | None:
    """The front end that the program serves: one whose folder it embeds or names."""
    found = front_end(app.source) if app.at == "" else None
    if found is None or serves_itself(app.source, found.folder):
        return None
    names = re.escape(found.folder)
    return found if _embeds(read, found.folder) or read.has(rf"[\"`](?:\./)?{names}[/\"`]") else None


def _embeds(read: Reading, folder: str) -> bool:
    inside = (text for file, text in read.texts.items() if file.startswith(f"{folder}/"))
    return any("//go:embed" in text for text in inside) or read.has(rf"^//go:embed\s.*\b{re.escape(folder)}/")


def _warnings(app: App, front: bool) -> Iterator[str]:
    if not app.sure and len(app.commands) > 1 and app.command is not None:
        names = ", ".join(one.name for one in app.commands)
        yield (
            f"There are several commands ({names}): {app.command.name} is run. "
            "Another one is chosen with `options: {command: NAME}` in webduh.yaml."
        )
    if app.module.direct and not app.source.exists("go.sum") and not app.source.exists("vendor/modules.txt"):
        yield "There is no go.sum: write it with `go mod tidy`, for without it nothing is built."
    apart = next((folder for folder in FOLDERS if app.source.exists(f"{folder}/package.json")), "")
    if apart and not front and app.at == "":
        yield f"{apart} is not built, since nothing in the Go code names it: it can be deployed as an app of its own."


def _scripts(source: Source) -> dict[str, object]:
    found = source.json("package.json").get("scripts") if source.exists("package.json") else None
    return found if isinstance(found, dict) else {}
