"""Where a Python app begins: its framework, the file and the variable that a server must be given."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from webduh_console.frameworks import Evidence, Source
from webduh_plugins.python_app import ENTRIES, NOT_THE_APP, PROGRAMS
from webduh_plugins.python_module import App, Module
from webduh_plugins.python_project import Project
from webduh_plugins.python_scripts import console_script, script_file, task
from webduh_plugins.python_sites import bare_site, generator
from webduh_plugins.python_tools import tool
from webduh_plugins.python_workers import is_bot

_STREAMLIT = ("streamlit_app.py", "app.py", "main.py", "Home.py", "home.py")
_VARIABLES = ("app", "application", "api", "server", "demo")
# What a distribution is called whose name is not the framework's.
_DISTRIBUTIONS = {"fasthtml": "python-fasthtml", "falcon-asgi": "falcon", "dash-wsgi": "dash"}
# To depend on one of these says what the app is: other libraries serve clients too.
_TOLD = (
    *("django", "streamlit", "nicegui", "gradio", "fastapi", "litestar", "quart", "flask", "dash", "sanic", "falcon"),
    *("bottle", "fasthtml", "blacksheep", "connexion", "robyn"),
)
_CALLABLES = ("wsgi", "asgi")
_SERVERS = {"wsgi": {"gunicorn", "waitress", "uwsgi"}, "asgi": {"uvicorn", "hypercorn", "granian", "daphne"}}
_WSGI_APP = re.compile(r"^wsgi_app\s*=\s*[\"']([\w.]+):(\w+)(\(.*\))?[\"']", re.MULTILINE)
_CONFIGURATION = ("conf.py", "pelicanconf.py", "publishconf.py", "gunicorn.conf.py", "fabfile.py")
_CHASED = 3


class Entry(NamedTuple):
    """Where the app begins. `variant` is the framework, empty for a plain program; `app` is its object if it has one.

    `declared`: the framework is among the dependencies. `script` is a console script: its name, module and function;
    `line` a task of the package manager.
    """

    variant: str
    file: str
    app: App | None
    evidence: tuple[Evidence, ...]
    declared: bool = True
    script: tuple[str, str, str] | None = None
    line: str = ""


def entry(source: Source, found: Project, read: dict[str, Module]) -> Entry | None:
    """Where the app begins; None if no file says so."""
    return (
        _django(source, found)
        or _reflex(source, found)
        or _pyramid(source, found)
        or _object(source, found, read)
        or _django_object(found, read)
        or _streamlit(found, read)
        or _by_import("nicegui", found, read)
        or _tool(source, found, read)
        or _site(source, found)
        or _built_inside(found, read)
        or _dependency(found, read)
        or _script(source)
        or _program(source, found, read)
        or _task(source)
        or _bare_site(source, found)
    )


def _django(source: Source, found: Project) -> Entry | None:
    files = (*source.files("manage.py"), *source.files("*/manage.py"))
    file = next((file for file in files if "django" in source.text(file)), None)
    if file is None:
        return None
    evidence = (Evidence(file, "manages a Django project"), *_declares("django", found))
    return Entry("django", file, None, evidence, "django" in found.dependencies)


def _reflex(source: Source, found: Project) -> Entry | None:
    if not source.exists("rxconfig.py"):
        return None
    evidence = (Evidence("rxconfig.py", "configures Reflex"), *_declares("reflex", found))
    return Entry("reflex", "rxconfig.py", None, evidence, "reflex" in found.dependencies)


def _pyramid(source: Source, found: Project) -> Entry | None:
    """A project of Pyramid, whose program is told of app and server by a file of settings."""
    if "pyramid" not in found.dependencies:
        return None
    file = next((name for name in ("production.ini", "prod.ini") if "[server:" in source.text(name)), None)
    if file is None:
        return None
    evidence = (Evidence(file, "says what app and server are"), *_declares("pyramid", found))
    return Entry("pyramid", file, None, evidence)


def _object(source: Source, found: Project, read: dict[str, Module]) -> Entry | None:
    """The app object in the likeliest file, under the likeliest name; a factory only if there is no object."""
    candidates = [
        (file, app)
        for file, app in _objects(read)
        if not app.framework.startswith("django")
        and (app.framework not in _CALLABLES or not found.dependencies.isdisjoint(_SERVERS[app.framework]))
    ]
    if not candidates:
        return None
    order = list(read)
    said = _said(source, read)
    file, app = min(
        candidates,
        key=lambda pair: (
            *((pair[0], pair[1].variable) != said, pair[1].framework in _CALLABLES, pair[1].factory),
            *(_rank(pair[1]), order.index(pair[0])),
        ),
    )
    if (program := _bot_beside(file, app, read)) is not None:
        return program
    made = f"makes the {app.framework} app" if app.factory else f"has the {app.framework} app"
    evidence = (Evidence(file, f"{made} `{app.variable}`"), *_declares(_distribution(app.framework), found))
    if app.framework in _CALLABLES:
        return Entry("", file, app, evidence)
    variant = app.framework.removesuffix("-asgi").removesuffix("-wsgi")
    return Entry(variant, file, app, evidence, _distribution(app.framework) in found.dependencies)


def _objects(read: dict[str, Module]) -> Iterator[tuple[str, App]]:
    """All app objects, also those that a function in another file makes."""
    for file, one in read.items():
        wrapped = {app.framework for app in one.apps if app.framework == "dash-wsgi"}
        yield from ((file, app) for app in one.apps if not (wrapped and app.framework == "dash"))
        for variable, full in one.made:
            if framework := _maker(full, file, read):
                yield file, App(variable, framework)


def _maker(full: str, file: str, read: dict[str, Module], chased: int = 0) -> str:
    """The framework whose app a function of this full name makes, seen from a file; empty if it makes none."""
    one = read.get(file, Module())
    if "." not in full:
        return next((maker.framework for maker in one.makers if maker.variable == full), "")
    owner, _, name = full.rpartition(".")
    target = next(filter(read.__contains__, _files(owner, file)), None) if chased < _CHASED else None
    if target is None:
        return ""
    there = dict(read[target].names).get(name, name)
    return _maker(there, target, read, chased + 1)


def _files(module: str, file: str) -> Iterator[str]:
    """Where a module may be that a file imports, by its full name or with leading dots."""
    folder = file.rpartition("/")[0]
    bare = module.lstrip(".")
    path = bare.replace(".", "/")
    if dots := len(module) - len(bare):
        parts = folder.split("/") if folder else []
        roots = ["/".join(parts[: len(parts) - dots + 1])]
    else:
        roots = ["", folder, "src"]
    for root in roots:
        at = "/".join(filter(None, (root, path)))
        yield from ((f"{at}.py", f"{at}/__init__.py") if path else (f"{at}/__init__.py",))


def _said(source: Source, read: dict[str, Module]) -> tuple[str, str]:
    """The file and the variable that the configuration of gunicorn names."""
    named = _WSGI_APP.search(source.text("gunicorn.conf.py"))
    file = next(filter(read.__contains__, _files(named[1], "")), "") if named else ""
    return (file, named[2]) if named else ("", "")


def _bot_beside(file: str, app: App, read: dict[str, Module]) -> Entry | None:
    """A bot that starts a small server of its own, which only says that it lives."""
    name = file.removesuffix(".py").replace("/", ".")
    for program in (one for one in PROGRAMS if one in read):
        one = read[program]
        starts = program == file or any(full == name or full.startswith(f"{name}.") for full in one.imports)
        if is_bot(one) and starts and one.listens:
            return Entry(app.framework, program, None, (Evidence(program, "is a bot that starts a server"),))
    return None


def _rank(app: App) -> int:
    return _VARIABLES.index(app.variable) if app.variable in _VARIABLES else len(_VARIABLES)


def _django_object(found: Project, read: dict[str, Module]) -> Entry | None:
    """A Django project without manage.py: its wsgi.py, or else its asgi.py."""
    objects = [(file, app) for file, one in read.items() for app in one.apps if app.framework.startswith("django")]
    if not objects:
        return None
    file, app = min(objects, key=lambda pair: pair[1].framework)
    evidence = (Evidence(file, f"has the django app `{app.variable}`"), *_declares("django", found))
    return Entry("django", file, app, evidence, "django" in found.dependencies)


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
    if file is None:
        return None
    return Entry(
        name, file, None, (Evidence(file, f"imports {name}"), *_declares(name, found)), name in found.dependencies
    )


def _tool(source: Source, found: Project, read: dict[str, Module]) -> Entry | None:
    """An app that a program of its framework runs."""
    told = tool(source, found.dependencies, read)
    if told is None:
        return None
    name, file = told
    evidence = (Evidence(file, f"is for {name}"), *_declares(name, found))
    return Entry(name, file, None, evidence, name in found.dependencies)


def _site(source: Source, found: Project) -> Entry | None:
    told = generator(source, found.dependencies)
    if told is None:
        return None
    name, file = told
    return Entry(name, file, None, (Evidence(file, "describes the site"), *_declares(name, found)))


def _bare_site(source: Source, found: Project) -> Entry | None:
    """A site whose generator is named nowhere but by its configuration."""
    told = bare_site(source)
    if told is None or not (found.given and found.given.guessed):
        return None
    return Entry(told[0], told[1], None, (Evidence(told[1], "describes the site"),))


def _built_inside(found: Project, read: dict[str, Module]) -> Entry | None:
    """A program that makes the app inside a function, and serves it itself."""
    for file in sorted(read, key=lambda file: (file not in ENTRIES, list(read).index(file))):
        one = read[file]
        maker = next(iter(one.makers), None)
        if maker is not None and one.listens and not maker.framework.startswith("django"):
            variant = maker.framework.removesuffix("-asgi")
            evidence = (Evidence(file, f"makes the {variant} app"), *_declares(_distribution(variant), found))
            return Entry(variant, file, None, evidence, _distribution(variant) in found.dependencies)
    return None


def _dependency(found: Project, read: dict[str, Module]) -> Entry | None:
    """A framework that is only depended on: the program is started as it is."""
    file = next((file for file in read if file in ENTRIES), None)
    if file is None or is_bot(read[file]):
        return None
    imported = {name.partition(".")[0] for name in read[file].imports} & found.dependencies
    variant = next((name for name in _TOLD if found.declares(_distribution(name)) or name in imported), None)
    if variant is None:
        return None
    return Entry(variant, file, None, tuple(_declares(_distribution(variant), found)))


def _script(source: Source) -> Entry | None:
    """The console script that the project says it has."""
    told = console_script(source)
    if told is None:
        return None
    name, module, function = told
    file = next(filter(source.exists, ("pyproject.toml", "setup.cfg", "setup.py")))
    evidence = (Evidence(file, f"has the script {name}"),)
    return Entry("", script_file(source, module), None, evidence, script=(name, module, function))


def _program(source: Source, found: Project, read: dict[str, Module]) -> Entry | None:
    """The file that is run: the script with metadata, one with a usual name, a package's `__main__.py`, or the only
    file there is."""
    inline = (
        found.given.file for _ in range(1) if found.given and not found.given.guessed and found.given.file in read
    )
    usual = (file for file in PROGRAMS if file in read)
    packages = (*source.files("__main__.py"), *source.files("*/__main__.py"), *source.files("src/*/__main__.py"))
    top = [file for file in read if "/" not in file and not file.startswith("__") and not NOT_THE_APP.search(file)]
    top = [file for file in top if file not in _CONFIGURATION]
    mains = [file for file in top if read[file].main or read[file].listens]
    alone = mains[0] if len(mains) == 1 else top[0] if len(top) == 1 else None
    package = next((package for package in packages if not NOT_THE_APP.search(package)), alone)
    file = next(inline, next(usual, package))
    return Entry("", file, None, tuple(_signs(file, read.get(file, Module())))) if file else None


def _task(source: Source) -> Entry | None:
    line = task(source)
    file = "Pipfile" if source.exists("Pipfile") else "pyproject.toml"
    return Entry("", file, None, (Evidence(file, "says how it is started"),), line=line) if line else None


def _signs(file: str, one: Module) -> Iterator[Evidence]:
    yield Evidence(file, "is the program")
    if one.reads_port:
        yield Evidence(file, "reads PORT")
    if one.listens:
        yield Evidence(file, "starts a server")


def _distribution(framework: str) -> str:
    return _DISTRIBUTIONS.get(framework, framework)


def _declares(distribution: str, found: Project) -> Iterator[Evidence]:
    if found.declares(distribution):
        yield Evidence(found.listed, f"depends on {distribution}")
