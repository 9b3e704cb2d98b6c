"""The Python files of an app that may matter, and how Python finds each."""

import re
from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple
from weakref import WeakKeyDictionary

from webduh_console.frameworks import Source
from webduh_plugins.python_module import Module, module

ENTRIES = ("main.py", "app.py", "server.py", "asgi.py", "wsgi.py", "api.py", "index.py", "run.py", "start.py", "web.py")
PROGRAMS = (*ENTRIES, "bot.py", "worker.py", "hello.py", "script.py", "cli.py")
_FRAMEWORK_WORDS = (
    *("FastAPI", "Flask", "Quart", "Litestar", "Starlette", "Sanic", "Dash", "Bottle", "falcon", "aiohttp", "tornado"),
    *("fasthtml", "streamlit", "gradio", "nicegui", "gi_application", "OpenAPI", "connexion", "blacksheep", "Robyn"),
    *("start_response", "scope, receive", "chainlit", "panel", "shiny", "mesop", "marimo", "flet", "solara", "curdoc"),
)
_OTHER_WORDS = (
    "BaseSettings",
    "Celery(",
    "environ",
    "Config(",
    "getenv",
    "env(",
    "env.",
    "create_app",
    "Bot",
    "bot",
    "decouple",
    "HTTPServer",
    "serve",
    "port=",
    "__name__",
    "listen",
    "bind",
    ".run(",
)
NOT_THE_APP = re.compile(
    r"(^|/)(tests?|docs?|migrations|alembic|examples?|scripts?|benchmarks?)/"
    r"|(^|/)(test_|conftest\.|setup\.|noxfile)|_test\.py$"
)
_MOST_FILES = 80
# Python parses about two characters a microsecond, and all of a detection should take 20 ms.
_MOST_PARSED = 20_000
_READ: WeakKeyDictionary[Source, dict[str, Module]] = WeakKeyDictionary()


class Place(NamedTuple):
    """How Python finds a file: the dotted `module`, with `path` on PYTHONPATH (empty: the app's folder)."""

    module: str
    path: str


def modules(source: Source) -> dict[str, Module]:
    """The app's own Python files that may matter, likeliest first, and what each says.

    All files at the top are there; what is parsed of them and of those below is bounded, files that name a framework
    first. A source is read once.
    """
    known = _READ.get(source)
    if known is None:
        likely = list(islice(_likely(source), _MOST_FILES))
        parsed = set(_worth_parsing({file: source.text(file) for file in likely}))
        known = {
            file: module(source.text(file)) if file in parsed else Module()
            for file in likely
            if _top(file) or file in parsed
        }
        _READ[source] = known
    return known


def _likely(source: Source) -> Iterator[str]:
    """The files of the app itself, those nearest to the top first, and there those with a usual name."""
    seen: set[str] = set()
    for patterns in (("*.py",), ("*/*.py",), ("src/*/*.py", "app/*/*.py"), ("src/*/*/*.py",)):
        files = [file for pattern in patterns for file in source.files(pattern)]
        usual = [file for file in files if file.rpartition("/")[2] in ENTRIES]
        usual.sort(key=lambda file: (ENTRIES.index(file.rpartition("/")[2]), file))
        for file in (*usual, *files):
            if file not in seen and not NOT_THE_APP.search(file):
                seen.add(file)
                yield file


def _has(source: Source, path: str) -> bool:
    """Whether there is a module or a package at a path."""
    return source.exists(f"{path}.py") or bool(source.folder(path) and source.files(f"{path}/*.py"))


def _worth_parsing(texts: dict[str, str]) -> Iterator[str]:
    """The files that name a framework, then those that may read a variable or start a server, while there is time."""
    framed = [file for file, text in texts.items() if any(word in text for word in _FRAMEWORK_WORDS)]
    others = [file for file, text in texts.items() if any(word in text for word in _OTHER_WORDS)]
    programs = [file for file in texts if file in PROGRAMS]
    characters = 0
    for number, file in enumerate(dict.fromkeys((*framed, *programs, *others))):
        characters += len(texts[file])
        if characters > _MOST_PARSED and number:
            return
        yield file


def _top(file: str) -> bool:
    return "/" not in file


def place(source: Source, file: str, read: dict[str, Module]) -> Place:
    """How a file is imported. A folder whose files import each other by their bare names goes on PYTHONPATH."""
    folder, _, name = file.removesuffix(".py").rpartition("/")
    dotted = file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    if not folder:
        return Place(dotted, "")
    first = {imported.partition(".")[0] for imported in read.get(file, Module()).imports} - {name}
    if any(_has(source, f"{folder}/{one}") and not _has(source, one) for one in first):
        return Place(name, folder)
    if folder.startswith("src/"):
        return Place(dotted.removeprefix("src."), "src")
    return Place(dotted, "")
