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
    SourceError,
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
from webduh_plugins.node_config import uncommented

_FILES = ("deno.json", "deno.jsonc")
_ENTRIES = tuple(
    f"{folder}{name}.{ending}"
    for folder in ("", "src/")
    for name in ("main", "server", "index", "app", "mod")
    for ending in ("ts", "tsx", "js", "mjs")
)
_OF_DENO = re.compile(r"\bDeno\.(?:serve|listen|env)\b|from\s+[\"'](?:https://deno\.land/|jsr:|npm:)")
_READ = re.compile(r"Deno\.env\.get\(\s*[\"'](\w+)[\"']\s*\)(?:\s*(?:\|\||\?\?)\s*[\"']([^\"'\n]*)[\"'])?")
_PORT = re.compile(r"(?:Deno\.serve\(|\.listen\(|Deno\.listen\(|\bserve\()[^)]*?\bport\s*:\s*(\d{2,5})\b", re.DOTALL)
_CONSTANT = re.compile(r"\b(?:port|PORT)\s*=\s*(\d{2,5})\b")
_DEVELOPS = re.compile(r"--watch\b|\bdev\.ts\b|\bvite\b(?! (?:build|preview))")
_USUAL_PORT = 8000


class _Settings(NamedTuple):
    """What deno.json says. `file` is empty if there is none."""

    file: str
    tasks: dict[str, str]
    imports: dict[str, str]


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
        if entry and not source.exists("package.json") and _OF_DENO.search(source.text(entry)):
            return Match(self.name, "language", 0.8, tuple(evidence))
        return None

    def plan(self, source: Source, match: Match, options: dict[str, str]) -> BuildPlan:
        """What it imports is fetched into a folder of the app; a task builds it, and another one starts it."""
        said, entry, lines = _settings(source), _entry(source), procfile(source)
        start = argv(lines["web"]) if "web" in lines else _start(said, entry)
        text = "".join(source.text(file) for file in _programs(source))
        asked = first_version(
            (line_version(source, ".dvmrc"), line_version(source, ".deno-version"), tool_version(source, "deno"))
        )
        others = tuple(Process(name, argv(line)) for name, line in lines.items() if name != "web")
        where = {"DENO_DIR": ".deno"}
        fetch = ("deno", "cache", entry) if entry else ("deno", "install")
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
    import yaml

    try:  # JSON with comments and commas at its ends, which YAML takes once the comments are gone
        said = table(yaml.safe_load(uncommented(source.text(file)).replace("\t", " ")))
    except yaml.YAMLError as error:  # a mark is missing where a character is one that no text has
        mark = getattr(error, "problem_mark", None)
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        problem = getattr(error, "problem", None) or "it has characters that are no text"
        what, why = f"{file} is not JSON.", f"Line {line}: {problem}."
        raise SourceError(
            what, why, f"Mend {file} there and try again.", file=file, line=line, column=column
        ) from error
    tasks = {name: _task(task) for name, task in table(said, "tasks").items()}
    imports = {name: text for name, text in table(said, "imports").items() if isinstance(text, str)}
    return _Settings(file, {name: task for name, task in tasks.items() if task}, imports)


def _task(value: object) -> str:
    command = value.get("command") if isinstance(value, dict) else value
    return command if isinstance(command, str) else ""


def _is_fresh(said: _Settings) -> bool:
    return any(name in ("fresh", "$fresh/", "@fresh/core") for name in said.imports)


def _entry(source: Source) -> str:
    return next(filter(source.exists, _ENTRIES), "")


def _start(said: _Settings, entry: str) -> Command | None:
    """The task that starts the app in production; one for whoever writes it does not count."""
    for name in ("start", "preview", "serve"):
        line = said.tasks.get(name, "")
        if line and not _DEVELOPS.search(line):
            command = argv(line)
            return _served(command) if command[0] == "deno" else ("deno", "task", name)
    return ("deno", "run", "--allow-all", entry) if entry else None


def _served(command: Command) -> Command:
    """`deno serve` listens where it is told, not at PORT."""
    if command[:2] != ("deno", "serve") or any(word.startswith("--port") for word in command):
        return command
    return ("deno", "serve", "--port", "${PORT}", *command[2:])


def _port(start: Command | None, text: str) -> int | None:
    if start is None or ("PORT" in text and "Deno.env" in text) or any("${PORT}" in word for word in start):
        return None
    flags = re.search(r"--port[= ](\d+)", " ".join(start))
    found = flags or _PORT.search(text) or (_CONSTANT.search(text) if "listen" in text or "serve" in text else None)
    return int(found[1]) if found else _USUAL_PORT if "serve(" in text else None


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
