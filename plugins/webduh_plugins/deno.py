"""Apps of Deno, Fresh among them."""

import re
from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from webduh_console.frameworks import (
    BuildPlan,
    BuildStep,
    Command,
    EnvVar,
    Evidence,
    Match,
    Process,
    Source,
    Static,
    argv,
    first_version,
    is_secret,
    line_version,
    merged,
    named_in_example,
    procfile,
    table,
    tool_version,
)
from webduh_plugins.node_config import commented_json
from webduh_plugins.node_listen import called_ports

_FILES = ("deno.json", "deno.jsonc")
_ENTRIES = tuple(
    f"{folder}{name}.{ending}"
    for folder in ("", "src/")
    for name in ("main", "server", "index", "app", "mod")
    for ending in ("ts", "tsx", "js", "mjs")
)
_OF_DENO = re.compile(
    r"\bDeno\.(?:serve|listen|env|ServeDefaultExport)\b|from\s+[\"'](?:https://deno\.land/|jsr:|npm:)"
)
_READ = re.compile(r"Deno\.env\.get\(\s*[\"'](\w+)[\"']\s*\)(?:\s*(?:\|\||\?\?)\s*[\"']([^\"'\n]*)[\"'])?")
_CALL = re.compile(r"\bDeno\.(?:serve|listen)\(|\.listen\(|\bserve\(")
_CONSTANT = re.compile(r"\b(?:port|PORT)\s*=\s*(\d{2,5})\b")
_DEVELOPS = re.compile(r"--watch\b|\bdev\.ts\b|\bvite\b(?! (?:build|preview))")
_LISTENS = re.compile(r"\bDeno\.(?:serve|listen)\b|\.listen\(|\bserve\(")
_EXPORTS = re.compile(
    r"^export\s+default\s*(?:\{[^;]*?\bfetch\b|app\b|[^;]*\bDeno\.ServeDefaultExport\b)", re.MULTILINE | re.DOTALL
)
_USUAL_PORT = 8000


class _Settings(NamedTuple):
    """What deno.json says. `file` is empty if there is none; `locks`: a lock file counts."""

    file: str
    tasks: dict[str, str]
    imports: dict[str, str]
    locks: bool = True


class Plugin:
    """Deno, recognized by its settings, its lock file, or a program that only it runs."""

    name = "deno"
    api = 1
    variants = ("fresh",)

    def detect(self, source: Source) -> Match | None:
        """Its own settings are surest; beside a package.json they count when there is a task that starts the app."""
        said, entry = _settings(source), _entry(source)
        fresh = _is_fresh(said)
        evidence = [Evidence(said.file, "is the configuration of Deno")] if said.file else []
        evidence += [Evidence(said.file, "imports Fresh")] if fresh else []
        if "start" in said.tasks:
            evidence.append(Evidence(said.file, "has a task that starts the app"))
        elif entry:
            evidence.append(Evidence(entry, "is the program"))
        if fresh:
            return Match(self.name, "framework", 0.96, tuple(evidence), "fresh", supersedes=("node",))
        if said.file and (said.tasks or entry):
            beside = source.exists("package.json") and not source.exists("deno.lock")
            return Match(self.name, "language", 0.7 if beside else 0.9, tuple(evidence))
        alone = entry and not source.exists("package.json")
        if alone and (source.exists("deno.lock") or _OF_DENO.search(source.text(entry))):
            return Match(self.name, "language", 0.8, tuple(evidence))
        return None

    def plan(self, source: Source, match: Match, options: dict[str, str]) -> BuildPlan:
        """What it imports is fetched into a folder of the app; a task builds it, and another one starts it."""
        said, lines = _settings(source), procfile(source)
        entry = _told_entry(source, said) or _entry(source)
        start = argv(lines["web"]) if "web" in lines else _start(said, entry, source.text(entry) if entry else "")
        text = "".join(source.text(file) for file in _programs(source))
        asked = first_version(
            (line_version(source, ".dvmrc"), line_version(source, ".deno-version"), tool_version(source, "deno"))
        )
        others = tuple(Process(name, argv(line)) for name, line in lines.items() if name != "web")
        where = {"DENO_DIR": ".deno"}
        # What is locked is taken as it is locked; without a lock file nothing could be.
        frozen = ("--frozen",) if said.locks and source.exists("deno.lock") else ()
        fetch = ("deno", "cache", *frozen, entry) if entry else ("deno", "install", *frozen)
        build = (BuildStep("build", ("deno", "task", "build"), ("deno",), outputs=("_fresh",), env=where),)
        if "lume/" in said.imports and "start" not in said.tasks and "web" not in lines:
            start = None
        site = Static("_site") if "lume/" in said.imports and start is None else None
        port = _port(start, text)
        return BuildPlan(
            self.name,
            "deno",
            variant="fresh" if _is_fresh(said) else "lume" if site else "",
            install=(BuildStep("fetch what it imports", fetch, ("deno",), outputs=(".deno",), env=where),),
            build=_outputs(build, site) if "build" in said.tasks else (),
            static=site,
            processes=((Process("web", start),) if start else ()) + others,
            port=port,
            versions={"deno": asked.text} if asked else {},
            version_source={"deno": asked.file} if asked else {},
            package_manager="deno",
            env=merged((*_variables(source), *named_in_example(source))),
            variables=where,
            writes=(".deno",),
            warnings=tuple(_warnings(start, port)) if site is None else (),
        )


def _outputs(build: tuple[BuildStep, ...], site: Static | None) -> tuple[BuildStep, ...]:
    return tuple(msgspec.structs.replace(step, outputs=(site.dir,)) for step in build) if site else build


def _settings(source: Source) -> _Settings:
    file = next(filter(source.exists, _FILES), "")
    if not file:
        return _Settings("", {}, {})
    said = commented_json(source, file)
    tasks = {name: _task(task) for name, task in table(said, "tasks").items()}
    imports = {name: text for name, text in table(said, "imports").items() if isinstance(text, str)}
    locks = said.get("lock") is not False
    return _Settings(file, {name: task for name, task in tasks.items() if task}, imports, locks)


def _task(value: object) -> str:
    command = value.get("command") if isinstance(value, dict) else value
    return command if isinstance(command, str) else ""


def _is_fresh(said: _Settings) -> bool:
    return any(name in ("fresh", "$fresh/", "@fresh/core") for name in said.imports)


def _entry(source: Source) -> str:
    return next(filter(source.exists, _ENTRIES), "")


def _told_entry(source: Source, said: _Settings) -> str:
    """The program that a task runs to start the app, if it is there."""
    words = _task_line(said).split()
    program = (
        next((word for word in words[2:] if re.search(r"\.[cm]?[jt]sx?$", word)), "") if words[:1] == ["deno"] else ""
    )
    return program.removeprefix("./") if source.exists(program.removeprefix("./")) else ""


def _task_line(said: _Settings) -> str:
    """What the task that starts the app in production runs in the end; one for whoever writes it does not count."""
    return said.tasks.get(_start_task(said), "")


def _start_task(said: _Settings) -> str:
    for name in ("start", "preview", "serve"):
        for _ in range(3):
            told = re.fullmatch(r"deno task ([\w:.-]+)", said.tasks.get(name, "").strip())
            name = told[1] if told and told[1] in said.tasks else name
        if name in said.tasks and not _DEVELOPS.search(said.tasks[name]):
            return name
    return ""


def _start(said: _Settings, entry: str, text: str) -> Command | None:
    """The task that starts the app, else its program: one that gives away what answers is served."""
    if line := _task_line(said):
        command = argv(line)
        return _served(command) if command[0] == "deno" else ("deno", "task", _start_task(said))
    if not entry:
        return None
    if _EXPORTS.search(text) and not _LISTENS.search(text):
        return _served(("deno", "serve", "--allow-all", entry))
    return ("deno", "run", "--allow-all", entry)


def _served(command: Command) -> Command:
    """`deno serve` listens where it is told, not at PORT; a host that only its container reaches is none."""
    if command[:2] != ("deno", "serve"):
        return command
    rest = re.sub(r"--host[= ](?:localhost|127\.0\.0\.1)(?: |$)", "", " ".join(command[2:])).split(" ")
    host = () if any(word.startswith("--host") for word in rest) else ("--host", "0.0.0.0")
    port = () if any(word.startswith("--port") for word in rest) else ("--port", "${PORT}")
    return ("deno", "serve", *host, *port, *filter(None, rest))


def _port(start: Command | None, text: str) -> int | None:
    if start is None or ("PORT" in text and "Deno.env" in text) or any("${PORT}" in word for word in start):
        return None
    flags = re.search(r"--port[= ](\d+)", " ".join(start))
    if flags:
        return int(flags[1])
    constant = _CONSTANT.search(text) if "listen" in text or "serve" in text else None
    told = next(called_ports(text, _CALL), 0) or (int(constant[1]) if constant else 0)
    return told or (_USUAL_PORT if "serve(" in text else None)


def _programs(source: Source) -> Iterator[str]:
    files = dict.fromkeys(
        file for pattern in ("*.ts", "*.tsx", "*.js", "src/*", "lib/*") for file in source.files(pattern)
    )
    return (file for _, file in zip(range(60), files, strict=False) if re.search(r"(?<!\.d)\.[jt]sx?$", file))


def _variables(source: Source) -> Iterator[EnvVar]:
    for file in _programs(source):
        for name, default in _READ.findall(source.text(file)):
            if name != "PORT":
                yield EnvVar(name, f"read in {file}", "run", False, is_secret(name), default or None)


def _warnings(start: Command | None, port: int | None) -> Iterator[str]:
    if start is None:
        yield "Nothing says how the app is started: add a task `start` to deno.json, or `start:` to webduh.yaml."
    if port is not None:
        yield f"The app listens on port {port}, whatever PORT says: two releases cannot run side by side here."
