"""The Python files of an app that may matter, and how Python finds each."""

import re
from collections.abc import Iterator
from typing import NamedTuple

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
_MOST_PARSED = 30_000


class Place(NamedTuple):
    """How Python finds a file: the dotted `module`, with `path` on PYTHONPATH (empty: the app's folder)."""

    module: str
    path: str


def modules(source: Source) -> dict[str, Module]:
    """The app's own Python files that may matter, likeliest first, and what each says.

    All files at the top are there; what is parsed of them and of those below is bounded, files that name a framework
    first.
    """
    nested = (
        file for pattern in ("*/*.py", "src/*/*.py", "app/*/*.py", "src/*/*/*.py") for file in source.files(pattern)
    )
    names = {file for file in (*source.files("*.py"), *nested) if not NOT_THE_APP.search(file)}
    likely = sorted(names, key=_likelihood)[:_MOST_FILES]
    parsed = set(_worth_parsing({file: source.text(file) for file in likely}))
    return {
        file: module(source.text(file)) if file in parsed else Module()
        for file in likely
        if _top(file) or file in parsed
    }


def _worth_parsing(texts: dict[str, str]) -> Iterator[str]:
    """The files that name a framework, then those that may read a variable or start a server, while there is time."""
    framed = [file for file, text in texts.items() if any(word in text for word in _FRAMEWORK_WORDS)]
    others = [file for file, text in texts.items() if any(word in text for word in _OTHER_WORDS)]
    characters = 0
    for number, file in enumerate(dict.fromkeys((*framed, *others))):
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
    if any(source.exists(f"{folder}/{one}.py") and not source.exists(f"{one}.py") for one in first):
        return Place(name, folder)
    if folder.startswith("src/"):
        return Place(dotted.removeprefix("src."), "src")
    return Place(dotted, "")


def _likelihood(file: str) -> tuple[int, int, str]:
    name = file.rpartition("/")[2]
    return file.count("/"), ENTRIES.index(name) if name in ENTRIES else len(ENTRIES), file
