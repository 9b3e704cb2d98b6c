"""A folder of functions: each file answers one route, all of them in one image with a small server of ours."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from webduh_console.errors import UsageError
from webduh_console.frameworks import (
    BuildPlan,
    Evidence,
    Match,
    Option,
    Process,
    Source,
    SourceError,
    is_secret,
    merged,
    named_in_example,
    procfile,
    table,
)
from webduh_console.model.build import EnvVar
from webduh_console.model.names import nearest
from webduh_plugins.python_project import project

FOLDER = "functions"
_AT = ".webduh"
_TIMEOUT = 30.0
_LONGEST = 900.0
_SCRIPT = (".js", ".mjs", ".cjs", ".ts", ".mts")
_EXPORTS = re.compile(
    r"^\s*export\s+(default\b|(async\s+)?function\s*\*?\s*handler\b|(const|let|var)\s+handler\b|\{[^}]*\b(default|handler)\b)"
    r"|\bmodule\.exports\b|\bexports\.(handler|default)\s*=",
    re.MULTILINE,
)
_DEFINES = re.compile(r"^(async\s+)?def\s+(handler|main)\s*\(|^(handler|main)\s*=", re.MULTILINE)
_READS = {
    "javascript": re.compile(r"\bprocess\.env(?:\.([A-Z_][A-Z0-9_]*)|\[['\"](\w+)['\"]\])"),
    "python": re.compile(r"\bos\.(?:environ(?:\.get\(|\[)|getenv\()\s*['\"](\w+)['\"]"),
}
# Whose functions these are: they have another form, and another service runs them.
_OTHERS = ("firebase.json", "netlify.toml", "wrangler.toml", "wrangler.json", "wrangler.jsonc", "supabase/config.toml")
_BEGINS = ("app.py", "main.py", "server.py", "manage.py", "wsgi.py", "asgi.py", "server.js", "index.js", "app.js")


class Function(NamedTuple):
    """One function: its route, its name as it is said in options (`users/list`), its file, and its language."""

    route: str
    name: str
    file: str
    language: str


class Plugin:
    """`functions/NAME.js` or `.py`, each with a handler, beside nothing that starts a server of its own."""

    name = "functions"
    api = 1

    def options(self) -> tuple[Option, ...]:
        """How long the functions may take, and which of them are served."""
        return (
            Option("timeout", f"Seconds that a function may take for a request, up to {_LONGEST:.0f}.", default="30"),
            Option("timeouts", "Seconds of single functions: `report=120, users/list=5`."),
            Option("allow", "The names of the functions that are served: `hello, users/list`. Empty: all are."),
        )

    def detect(self, source: Source) -> Match | None:
        """Every function has a handler, and no other program is there to start."""
        if not source.folder(FOLDER) or any(map(source.exists, _OTHERS)) or source.exists(f"{FOLDER}/package.json"):
            return None
        found = tuple(_functions(source))
        if not found or not all(_handles(source, one) for one in found) or _starts(source):
            return None
        evidence = tuple(Evidence(one.file, f"answers {one.route}") for one in found[:5])
        return Match(self.name, "language", 0.85, evidence, "", ("node", "python"), _needs(source, found))

    def plan(self, source: Source, match: Match, options: dict[str, str]) -> BuildPlan:
        """Our server is brought into the image, with the routes. SourceError if two functions have one route."""
        found = tuple(_functions(source))
        language = _language(found)
        served = _allowed(found, options.get("allow", ""))
        limits = _limits(found, options)
        routes = {one.route: {"file": one.file, "timeout": limits[one.name]} for one in served}
        program = f"{_AT}/functions.{'mjs' if language == 'javascript' else 'py'}"
        python = project(source).python if language == "python" else ""
        return BuildPlan(
            self.name,
            language,
            processes=(Process("web", (python or "node", program)),),
            env=merged((*_read(source, served), *named_in_example(source))),
            variables={"NODE_ENV": "production"} if language == "javascript" else {"PYTHONUNBUFFERED": "1"},
            files={
                program: _server(program.rpartition(".")[2]),
                f"{_AT}/functions.json": json.dumps({"routes": routes}, indent=2, sort_keys=True) + "\n",
            },
            warnings=tuple(_warnings(source, found, served)),
        )


def _server(ending: str) -> str:
    return Path(__file__).with_name(f"functions_server.{ending}").read_text("utf-8")


def _functions(source: Source) -> Iterator[Function]:
    """The functions, sorted by their routes; what begins with `_` or `.` is for them to import, tests are none."""
    for file in source.files(f"{FOLDER}/**/*"):
        name, dot, ending = file.removeprefix(f"{FOLDER}/").rpartition(".")
        words = name.split("/")
        if any(word.startswith(("_", ".")) for word in words) or re.search(r"\.(test|spec|d|config)$|(^|/)test_", name):
            continue
        if f"{dot}{ending}" not in (*_SCRIPT, ".py"):
            continue
        parts = words[:-1] if words[-1] == "index" else words
        language = "python" if ending == "py" else "javascript"
        yield Function("/" + "/".join(parts), name, file, language)


def _handles(source: Source, one: Function) -> bool:
    return bool((_DEFINES if one.language == "python" else _EXPORTS).search(source.text(one.file)))


def _starts(source: Source) -> bool:
    """Whether something else is there that is started: then the folder is a part of that."""
    if procfile(source) or any(map(source.exists, _BEGINS)):
        return True
    found = source.json("package.json")
    return "start" in table(found, "scripts") or isinstance(found.get("main"), str)


def _needs(source: Source, found: tuple[Function, ...]) -> tuple[str, ...]:
    """Whose installation belongs to the app."""
    if found[0].language == "javascript":
        return ("node",) if source.exists("package.json") else ()
    return ("python",) if project(source).installs else ()


def _language(found: tuple[Function, ...]) -> str:
    """The one language that they are in."""
    if not found:
        raise SourceError(
            f"There is no function in {FOLDER}/.",
            f"A function is a file such as {FOLDER}/hello.js or {FOLDER}/hello.py.",
            "Put one there that exports or defines `handler`.",
            file=FOLDER,
        )
    routes: dict[str, Function] = {}
    for one in found:
        other = routes.setdefault(one.route, one)
        if other is not one:
            why = "A route has one function."
            raise SourceError(
                f"{other.file} and {one.file} both answer {one.route}.", why, "Rename one.", file=one.file
            )
    first = {one.language: one for one in reversed(found)}
    if len(first) > 1:
        raise SourceError(
            f"The functions are in two languages: {first['javascript'].file} and {first['python'].file}.",
            "One image runs one of them.",
            "Make two apps of them, each in a folder of its own.",
            file=first["python"].file,
        )
    return found[0].language


def _allowed(found: tuple[Function, ...], said: str) -> tuple[Function, ...]:
    names = _words(said)
    for name in names:
        _known(found, name, "allow")
    return tuple(one for one in found if not names or one.name in names)


def _limits(found: tuple[Function, ...], options: Mapping[str, str]) -> dict[str, float]:
    """Name → seconds."""
    usual = _seconds(options.get("timeout") or str(_TIMEOUT), "timeout")
    limits = dict.fromkeys((one.name for one in found), usual)
    for word in _words(options.get("timeouts", "")):
        name, _, value = word.partition("=")
        _known(found, name.strip(), "timeouts")
        limits[name.strip()] = _seconds(value, "timeouts")
    return limits


def _words(said: str) -> list[str]:
    return [word for word in re.split(r"[,\s]+", re.sub(r"\s*=\s*", "=", said)) if word]


def _seconds(text: str, option: str) -> float:
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*s?\s*", text)
    if found and 0 < float(found[1]) <= _LONGEST:
        return float(found[1])
    raise UsageError(
        f"{option}: {text!r} is no time that a function may take.",
        why=f"It is seconds, more than 0 and at most {_LONGEST:.0f}.",
        kept="Nothing was changed.",
        hint="Write `timeout: 30`, or `timeouts: report=120`.",
    )


def _known(found: tuple[Function, ...], name: str, option: str) -> None:
    names = [one.name for one in found]
    if name not in names:
        near = nearest(name, names)
        raise UsageError(
            f"{option}: there is no function {name}.",
            why=f"There are {', '.join(names)}.",
            kept="Nothing was changed.",
            hint=f"Did you mean {near}?" if near else f"Write a name as it is in {FOLDER}/, without its ending.",
        )


def _read(source: Source, served: tuple[Function, ...]) -> Iterator[EnvVar]:
    for one in served:
        for found in _READS[one.language].finditer(source.text(one.file)):
            name = next(filter(None, found.groups()))
            yield EnvVar(name, f"read in {one.file}", "run", secret=is_secret(name))


def _warnings(source: Source, found: tuple[Function, ...], served: tuple[Function, ...]) -> Iterator[str]:
    if hidden := [one.name for one in found if one not in served]:
        yield f"Not served, since `allow` does not name them: {', '.join(hidden)}."
    for one in served:
        if not _handles(source, one):
            wanted = "defines no `handler`" if one.language == "python" else "exports no function"
            yield f"{one.file} {wanted}: the app will not start."
    if typed := next((one for one in served if one.file.endswith("ts")), None):
        yield f"{typed.file} runs as it is, without its types: that takes Node 22.18, and erasable types."
    page = next((file for file in ("index.html", "public/index.html") if source.exists(file)), None)
    if page:
        yield f"{page} is not served: the functions alone are. Make the site an app of its own."
