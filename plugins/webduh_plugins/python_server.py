"""The servers that a Python app object is given: the command for each, and what is added when there is none."""

from typing import NamedTuple

from webduh_console.frameworks import Command, Process
from webduh_plugins.python_app import Place
from webduh_plugins.python_entry import Entry
from webduh_plugins.python_project import Project

_ASGI = ("fastapi", "starlette", "litestar", "quart", "fasthtml", "blacksheep", "connexion", "asgi", "django-asgi")
_WSGI = ("flask", "bottle", "falcon", "dash", "wsgi", "django")
SERVED = (*_ASGI, *_WSGI, "sanic", "falcon-asgi", "dash-wsgi")


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


def server(found: Project, begin: Entry, at: Place) -> Line | None:
    """The words behind `python -m` that serve the app's object; None if only the app's own program serves it."""
    assert begin.app is not None
    _, framework, factory = begin.app
    if framework == "dash":
        return None
    if framework in _ASGI or framework == "falcon-asgi":
        return _asgi(found, f"{at.module}:{begin.app.variable}", factory=factory)
    if begin.variant == "sanic":
        words = ("sanic", f"{at.module}:{begin.app.variable}", "--host", "0.0.0.0", "--port", "${PORT}")
        return Line((*words, "--factory") if factory else words)
    return _wsgi(found, begin.variant, f"{at.module}:{begin.app.variable}", factory=factory)


def added(server: str, found: Project) -> str:
    """What a person is told of a server that is installed besides."""
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
        return Line(line, added("uvicorn", found), "uvicorn")
    where = "(there is no requirements.txt or pyproject.toml)"
    module_name = target.partition(":")[0]
    return Line(line, f"{module_name} needs a server, and uvicorn is not a dependency {where}: the start will fail.")


def _wsgi(found: Project, variant: str, target: str, *, factory: bool) -> Line | None:
    known = found.dependencies
    sockets = _sockets(found) if variant == "flask" else ()
    if "gunicorn" in known:
        return Line(("gunicorn", f"{target}()" if factory else target, "--bind", "0.0.0.0:${PORT}", *sockets))
    if "waitress" in known:
        return Line(("waitress", "--listen=0.0.0.0:${PORT}", *(("--call",) if factory else ()), target))
    if found.installs:
        line = ("gunicorn", f"{target}()" if factory else target, "--bind", "0.0.0.0:${PORT}", *sockets)
        return Line(line, added("gunicorn", found), "gunicorn")
    if variant == "flask":
        warning = "Flask's own server is for development: depend on gunicorn or waitress."
        return Line(("flask", "--app", target, "run", "--host", "0.0.0.0", "--port", "${PORT}"), warning)
    if variant == "bottle" and not factory:
        warning = "Bottle's own server answers one request at a time: depend on gunicorn or waitress."
        return Line(("bottle", "--bind", "0.0.0.0:${PORT}", target), warning)
    return None


def _sockets(found: Project) -> tuple[str, ...]:
    """What gunicorn is told for web sockets of Flask-SocketIO: one worker, which keeps many connections open."""
    known = found.dependencies
    if "flask-socketio" not in known:
        return ()
    if "eventlet" in known:
        return ("--worker-class", "eventlet", "--workers", "1")
    if {"gevent", "gevent-websocket"} <= known:
        return ("--worker-class", "geventwebsocket.gunicorn.workers.GeventWebSocketWorker", "--workers", "1")
    return ("--workers", "1", "--threads", "100")
