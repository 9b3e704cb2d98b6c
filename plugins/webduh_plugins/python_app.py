"""Where a Python app begins: its framework, the file and the variable that a server must be given."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from webduh_console.frameworks import Evidence, Source
from webduh_plugins.python_module import App, Module, module
from webduh_plugins.python_project import Project
from webduh_plugins.python_sites import generator

ENTRIES = ("main.py", "app.py", "server.py", "asgi.py", "wsgi.py", "api.py", "index.py", "run.py", "start.py", "web.py")
_STREAMLIT = ("streamlit_app.py", "app.py", "main.py", "Home.py", "home.py")
_VARIABLES = ("app", "application", "api", "server", "demo")
_DISTRIBUTIONS = {
    **{
        name: name
        for name in ("django", "streamlit", "nicegui", "gradio", "fastapi", "litestar", "quart", "flask", "dash")
    },
    **{name: name for name in ("sanic", "falcon", "bottle", "mkdocs")},
    "fasthtml": "python-fasthtml",
}
# Libraries that are used by clients too: to depend on them says nothing, to make an application does.
_TOLD_BY_OBJECT = {"starlette": "starlette", "aiohttp": "aiohttp", "tornado": "tornado", "falcon-asgi": "falcon"}
_FRAMEWORK_WORDS = (
    *("FastAPI", "Flask", "Quart", "Litestar", "Starlette", "Sanic", "Dash", "Bottle", "falcon", "aiohttp", "tornado"),
    *("fasthtml", "streamlit", "gradio", "nicegui", "chainlit", "panel", "gi_application", "BaseSettings"),
)
_OTHER_WORDS = ("environ", "getenv", "decouple", "HTTPServer", "serve", "port=", "__name__", "listen", "bind", ".run(")
_NOT_THE_APP = re.compile(
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


class Entry(NamedTuple):
    """Where the app begins. `variant` is the framework, empty for a plain program; `app` is its object if it has one.

    `declared`: the framework is among the dependencies.
    """

    variant: str
    file: str
    app: App | None
    evidence: tuple[Evidence, ...]
    declared: bool = True


def modules(source: Source) -> dict[str, Module]:
    """The app's own Python files that may matter, likeliest first, and what each says.

    All files at the top are there; what is parsed of them and of those below is bounded, files that name a framework
    first.
    """
    nested = (*source.files("*/*.py"), *source.files("src/*/*.py"), *source.files("app/*/*.py"))
    names = {file for file in (*source.files("*.py"), *nested) if not _NOT_THE_APP.search(file)}
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


def entry(source: Source, found: Project, read: dict[str, Module]) -> Entry | None:
    """Where the app begins; None if no file says so."""
    return (
        _django(source, found)
        or _object(found, read)
        or _streamlit(found, read)
        or _by_import("nicegui", found, read)
        or _by_import("chainlit", found, read)
        or _by_import("panel", found, read)
        or _site(source, found)
        or _dependency(found, read)
        or _program(source, read)
    )


def place(source: Source, file: str, read: dict[str, Module]) -> Place:
    """How a file is imported. A folder whose files import each other by their bare names goes on PYTHONPATH."""
    folder, _, name = file.removesuffix(".py").rpartition("/")
    dotted = file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    if not folder:
        return Place(dotted, "")
    first = {imported.partition(".")[0] for imported in read.get(file, Module()).imports}
    if any(source.exists(f"{folder}/{one}.py") and not source.exists(f"{one}.py") for one in first):
        return Place(name, folder)
    if folder.startswith("src/"):
        return Place(dotted.removeprefix("src."), "src")
    return Place(dotted, "")


def _likelihood(file: str) -> tuple[int, int, str]:
    name = file.rpartition("/")[2]
    return file.count("/"), ENTRIES.index(name) if name in ENTRIES else len(ENTRIES), file


def _django(source: Source, found: Project) -> Entry | None:
    files = (*source.files("manage.py"), *source.files("*/manage.py"))
    file = next((file for file in files if "django" in source.text(file)), None)
    if file is None:
        return None
    evidence = (Evidence(file, "manages a Django project"), *_declares("django", found))
    return Entry("django", file, None, evidence, "django" in found.dependencies)


def _object(found: Project, read: dict[str, Module]) -> Entry | None:
    """The app object in the likeliest file, under the likeliest name; a factory only if there is no object."""
    candidates = [(file, app) for file, one in read.items() for app in one.apps if app.framework != "django"]
    if not candidates:
        return None
    order = list(read)
    file, app = min(candidates, key=lambda pair: (pair[1].factory, _rank(pair[1]), order.index(pair[0])))
    distribution = (_DISTRIBUTIONS | _TOLD_BY_OBJECT)[app.framework]
    made = f"makes the {app.framework} app" if app.factory else f"has the {app.framework} app"
    evidence = (Evidence(file, f"{made} `{app.variable}`"), *_declares(distribution, found))
    return Entry(app.framework.removesuffix("-asgi"), file, app, evidence, distribution in found.dependencies)


def _rank(app: App) -> int:
    return _VARIABLES.index(app.variable) if app.variable in _VARIABLES else len(_VARIABLES)


def _streamlit(found: Project, read: dict[str, Module]) -> Entry | None:
    files = [file for file, one in read.items() if "streamlit" in one.imports]
    known = (name for name in _STREAMLIT if name in files)
    file = next(known, next(iter(files), None))
    if file is None:
        return None
    evidence = (Evidence(file, "imports streamlit"), *_declares("streamlit", found))
    return Entry("streamlit", file, None, evidence, "streamlit" in found.dependencies)


def _by_import(name: str, found: Project, read: dict[str, Module]) -> Entry | None:
    file = next((file for file, one in read.items() if name in one.imports), None)
    if file is None or (name == "panel" and name not in found.dependencies):
        return None
    return Entry(
        name, file, None, (Evidence(file, f"imports {name}"), *_declares(name, found)), name in found.dependencies
    )


def _site(source: Source, found: Project) -> Entry | None:
    told = generator(source, found)
    if told is None:
        return None
    name, file = told
    return Entry(name, file, None, (Evidence(file, "describes the site"), *_declares(name, found)))


def _dependency(found: Project, read: dict[str, Module]) -> Entry | None:
    """A framework that is only depended on: the program is started as it is."""
    variant = next(
        (name for name, one in _DISTRIBUTIONS.items() if one in found.dependencies and name != "mkdocs"), None
    )
    file = next((file for file in read if file in ENTRIES), None)
    if variant is None or file is None:
        return None
    return Entry(variant, file, None, tuple(_declares(_DISTRIBUTIONS[variant], found)))


def _program(source: Source, read: dict[str, Module]) -> Entry | None:
    """The file that is run: one with a usual name, else a package's `__main__.py`, else the only file there is."""
    usual = (file for file in ENTRIES if file in read)
    packages = (*source.files("__main__.py"), *source.files("*/__main__.py"), *source.files("src/*/__main__.py"))
    top = [file for file in read if "/" not in file and not file.startswith("__")]
    mains = [file for file in top if read[file].main or read[file].listens]
    alone = mains[0] if len(mains) == 1 else top[0] if len(top) == 1 else None
    file = next(usual, next((package for package in packages if not _NOT_THE_APP.search(package)), alone))
    return Entry("", file, None, tuple(_signs(file, read.get(file, Module())))) if file else None


def _signs(file: str, one: Module) -> Iterator[Evidence]:
    yield Evidence(file, "is the program")
    if one.reads_port:
        yield Evidence(file, "reads PORT")
    if one.listens:
        yield Evidence(file, "starts a server")


def _declares(distribution: str, found: Project) -> Iterator[Evidence]:
    if distribution in found.dependencies:
        yield Evidence(found.listed, f"depends on {distribution}")
