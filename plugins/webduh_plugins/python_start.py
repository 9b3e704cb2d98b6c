"""How a Python app is started: the command for each framework and server, the port, and what a person should know."""

import re
from typing import Literal, NamedTuple

from webduh_console.frameworks import Command, Process, Source, argv
from webduh_plugins.python_app import Entry, Place, place
from webduh_plugins.python_module import Module, module
from webduh_plugins.python_project import Project
from webduh_plugins.python_sites import SITES

_ASGI = ("fastapi", "starlette", "litestar", "quart", "fasthtml")
_WSGI = ("flask", "bottle", "falcon", "dash")
# The dependencies' programs, and how each is run as a module: a script in .venv/bin names the folder it was made in.
_PROGRAMS = {
    **{
        name: name
        for name in ("gunicorn", "uvicorn", "hypercorn", "granian", "daphne", "celery", "flask", "quart", "fastapi")
    },
    **{
        name: name
        for name in ("litestar", "streamlit", "sanic", "alembic", "dramatiq", "arq", "mkdocs", "bottle", "chainlit")
    },
    "waitress-serve": "waitress",
    "django-admin": "django",
    "rq": "rq.cli",
}
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


class Start(NamedTuple):
    """How the app runs. `port` is None if it listens on PORT; `adds` are packages that it lacks and is given."""

    processes: tuple[Process, ...] = ()
    port: int | None = None
    health: str = ""
    variables: dict[str, str] = {}  # noqa: RUF012  # a tuple's default: never changed
    warnings: tuple[str, ...] = ()
    adds: tuple[str, ...] = ()


class Line(NamedTuple):
    """A command, what should be known about it, and the package that it needs besides what is installed."""

    words: Command
    warning: str = ""
    adds: str = ""


def start(source: Source, found: Project, begin: Entry, read: dict[str, Module]) -> Start:
    """The processes of an app that begins at `begin`."""
    match begin.variant:
        case "django":
            return _django(source, found, begin)
        case "streamlit":
            return _streamlit(found, begin)
        case "chainlit" | "panel":
            return Start((Process("web", _command_of(begin.variant, found, begin.file)),))
        case _ if begin.variant in SITES:
            return Start()
        case _ if begin.app is not None and begin.variant in (*_ASGI, *_WSGI, "sanic"):
            return _served(source, found, begin, read)
        case _:
            return _program(source, found, begin, read)


def procfile_processes(lines: dict[str, str], found: Project) -> tuple[Process, ...]:
    """The processes of a Procfile, with the dependencies' programs run by the interpreter that sees them."""
    return tuple(Process(name, _inside(argv(line), found)) for name, line in lines.items())


def _inside(words: Command, found: Project) -> Command:
    if words[0] in ("python", "python3"):
        return (found.python, *words[1:])
    if not found.installs:
        return words
    if words[0] in _PROGRAMS:
        return (found.python, "-m", _PROGRAMS[words[0]], *words[1:])
    line = words[2] if words[:2] == ("sh", "-c") else 'exec "$@"'
    script = f'PATH="$PWD/.venv/bin:$PATH"; export PATH; {line}'
    return ("sh", "-c", script) if words[:2] == ("sh", "-c") else ("sh", "-c", script, "webduh", *words)


def _served(source: Source, found: Project, begin: Entry, read: dict[str, Module]) -> Start:
    """An app object that a server is given."""
    at = place(source, begin.file, read)
    line = _server(found, begin, at)
    if line is None:
        return _program(source, found, begin, read)
    return Start(
        (Process("web", (found.python, "-m", *line.words)),),
        variables={"PYTHONPATH": at.path} if at.path else {},
        warnings=tuple(filter(None, (line.warning,))),
        adds=tuple(filter(None, (line.adds,))),
    )


def _server(found: Project, begin: Entry, at: Place) -> Line | None:
    assert begin.app is not None
    _, framework, factory = begin.app
    if framework == "dash":
        return None
    if begin.variant in _ASGI or framework == "falcon-asgi":
        return _asgi(found, f"{at.module}:{begin.app.variable}", factory=factory)
    if begin.variant == "sanic":
        words = ("sanic", f"{at.module}:{begin.app.variable}", "--host", "0.0.0.0", "--port", "${PORT}")
        return Line((*words, "--factory") if factory else words)
    return _wsgi(found, begin.variant, f"{at.module}:{begin.app.variable}", factory=factory)


def _added(server: str, found: Project) -> str:
    return f"No server for production is a dependency in {found.listed or 'the project'}: {server} is added."


def _asgi(found: Project, target: str, *, factory: bool) -> Line:
    made = ("--factory",) if factory else ()
    known = found.dependencies
    if "uvicorn" in known:
        return Line(("uvicorn", target, *made, "--host", "0.0.0.0", "--port", "${PORT}"))
    called = f"{target}()" if factory else target
    if "hypercorn" in known:
        return Line(("hypercorn", called, "--bind", "0.0.0.0:${PORT}"))
    if "granian" in known:
        return Line(("granian", "--interface", "asgi", target, *made, "--host", "0.0.0.0", "--port", "${PORT}"))
    line = ("uvicorn", target, *made, "--host", "0.0.0.0", "--port", "${PORT}")
    if found.installs:
        return Line(line, _added("uvicorn", found), "uvicorn")
    where = "(there is no requirements.txt or pyproject.toml)"
    module_name = target.partition(":")[0]
    return Line(line, f"{module_name} needs a server, and uvicorn is not a dependency {where}: the start will fail.")


def _wsgi(found: Project, variant: str, target: str, *, factory: bool) -> Line | None:
    known = found.dependencies
    if "gunicorn" in known:
        return Line(("gunicorn", f"{target}()" if factory else target, "--bind", "0.0.0.0:${PORT}"))
    if "waitress" in known:
        return Line(("waitress", "--listen=0.0.0.0:${PORT}", *(("--call",) if factory else ()), target))
    if found.installs:
        line = ("gunicorn", f"{target}()" if factory else target, "--bind", "0.0.0.0:${PORT}")
        return Line(line, _added("gunicorn", found), "gunicorn")
    if variant == "flask":
        warning = "Flask's own server is for development: depend on gunicorn or waitress."
        return Line(("flask", "--app", target, "run", "--host", "0.0.0.0", "--port", "${PORT}"), warning)
    if variant == "bottle" and not factory:
        warning = "Bottle's own server answers one request at a time: depend on gunicorn or waitress."
        return Line(("bottle", "--bind", "0.0.0.0:${PORT}", target), warning)
    return None


def collects_static(source: Source, begin: Entry) -> Literal["no", "runs", "needs variables"]:
    """Whether `collectstatic` has a folder to collect into, and can run where the app's variables are not set."""
    text = _settings_text(source, begin)
    if not re.search(r"^STATIC_ROOT\s*=", text, re.MULTILINE):
        return "no"
    one = module(text)
    wants = any(read.required for read in one.reads) or not one.imports.isdisjoint({"environ", "decouple"})
    return "needs variables" if wants else "runs"


def _has_database(source: Source, begin: Entry) -> bool:
    """Whether there is something to migrate: settings that stand alone and name no database have none."""
    text = _settings_text(source, begin)
    return not text or "DATABASES" in text or re.search(r"^\s*from\s+\S+\s+import\s+\*", text, re.MULTILINE) is not None


def _settings_text(source: Source, begin: Entry) -> str:
    folder, _, settings = _settings(source, begin)
    return source.text("/".join(filter(None, (folder, settings.replace(".", "/")))) + ".py")


def _settings(source: Source, begin: Entry) -> tuple[str, str, str]:
    """The folder that holds manage.py, the project's package and its settings module."""
    settings = module(source.text(begin.file)).settings or "config.settings"
    package = settings.partition(".settings")[0] if ".settings" in settings else settings.rpartition(".")[0]
    return begin.file.rpartition("/")[0], package, settings


def _django(source: Source, found: Project, begin: Entry) -> Start:
    folder, package, _ = _settings(source, begin)
    line = _django_server(source, found, begin.file, folder, package)
    migrates = (Process("release", (found.python, begin.file, "migrate", "--noinput")),)
    return Start(
        (Process("web", (found.python, *line.words)), *(migrates if _has_database(source, begin) else ())),
        variables={"PYTHONPATH": folder} if folder else {},
        warnings=tuple(filter(None, (line.warning,))),
        adds=tuple(filter(None, (line.adds,))),
    )


def _django_server(source: Source, found: Project, manage: str, folder: str, package: str) -> Line:
    at = "/".join(filter(None, (folder, package.replace(".", "/"))))
    has_wsgi, has_asgi, known = source.exists(f"{at}/wsgi.py"), source.exists(f"{at}/asgi.py"), found.dependencies
    sockets = "channels" in known and has_asgi and not known.isdisjoint({"daphne", "uvicorn"})
    if "gunicorn" in known and has_wsgi and not sockets:
        return Line(("-m", "gunicorn", f"{package}.wsgi:application", "--bind", "0.0.0.0:${PORT}"))
    if "uvicorn" in known and has_asgi:
        return Line(("-m", "uvicorn", f"{package}.asgi:application", "--host", "0.0.0.0", "--port", "${PORT}"))
    if "daphne" in known and has_asgi:
        return Line(("-m", "daphne", "-b", "0.0.0.0", "-p", "${PORT}", f"{package}.asgi:application"))
    if "waitress" in known and has_wsgi:
        return Line(("-m", "waitress", "--listen=0.0.0.0:${PORT}", f"{package}.wsgi:application"))
    if found.installs and has_wsgi:
        line = ("-m", "gunicorn", f"{package}.wsgi:application", "--bind", "0.0.0.0:${PORT}")
        return Line(line, _added("gunicorn", found), "gunicorn")
    warning = "Django's own server is for development: depend on gunicorn or uvicorn."
    return Line((manage, "runserver", "0.0.0.0:${PORT}", "--noreload"), warning)


def _streamlit(found: Project, begin: Entry) -> Start:
    options = ("--server.port", "${PORT}", "--server.address", "0.0.0.0", "--server.headless", "true")
    command = (found.python, "-m", "streamlit", "run", begin.file, *options)
    return Start((Process("web", command),), health="/_stcore/health")


def _command_of(variant: str, found: Project, file: str) -> Command:
    """What serves a file of Chainlit or Panel."""
    if variant == "chainlit":
        return (found.python, "-m", "chainlit", "run", file, "--host", "0.0.0.0", "--port", "${PORT}", "--headless")
    own = ("--address", "0.0.0.0", "--port", "${PORT}", "--allow-websocket-origin", "*")
    return (found.python, "-m", "panel", "serve", file, *own)


def _program(source: Source, found: Project, begin: Entry, read: dict[str, Module]) -> Start:
    """A file that is run as it is, and finds its port itself."""
    one = read.get(begin.file, Module())
    command, variables = _run(source, found, begin, read)
    if begin.variant in ("gradio", "dash"):
        return _told_by_variables(found, begin)
    port = None if _reads_port(read) or len(one.ports) != 1 else one.ports[0]
    warnings = tuple(_about_port(begin.file, one, port, reads=_reads_port(read)))
    return Start((Process("web", command),), port=port, variables=variables, warnings=warnings)


def _run(source: Source, found: Project, begin: Entry, read: dict[str, Module]) -> tuple[Command, dict[str, str]]:
    if begin.file.endswith("/__main__.py"):
        at = place(source, begin.file, read)
        return (found.python, "-m", at.module.removesuffix(".__main__")), {"PYTHONPATH": at.path} if at.path else {}
    return (found.python, begin.file), {}


def _told_by_variables(found: Project, begin: Entry) -> Start:
    """Gradio and Dash take address and port from variables of their own."""
    words = {
        "gradio": ("GRADIO_SERVER_NAME=0.0.0.0", "GRADIO_SERVER_PORT=${PORT}"),
        "dash": ("HOST=0.0.0.0", "PORT=${PORT}"),
    }
    return Start((Process("web", ("env", *words[begin.variant], found.python, begin.file)),))


def _reads_port(read: dict[str, Module]) -> bool:
    return any(one.reads_port for one in read.values())


def _about_port(file: str, one: Module, port: int | None, *, reads: bool) -> list[str]:
    warnings = []
    if port is not None:
        warnings.append(
            f"{file} listens on port {port}, whatever PORT says: two releases cannot run side by side here."
        )
    elif not reads and len(one.ports) > 1:
        ports = ", ".join(map(str, one.ports))
        warnings.append(f"{file} listens on several ports ({ports}): say in webduh.yaml which gets requests (`port:`).")
    elif not reads and one.listens:
        warnings.append(f"{file} starts a server, but nothing reads PORT: write `port:` in webduh.yaml, or read PORT.")
    elif not reads:
        warnings.append(f"{file} does not seem to listen on a port; a program without requests is a `worker` process.")
    if local := next((host for host in one.hosts if host in _LOOPBACK), None):
        warnings.append(f"{file} listens on {local} only: that works on this machine, not in a container.")
    return warnings
