"""How a Django project runs: its settings, its server, its migrations and static files."""

import re
from typing import Literal

from webduh_console.frameworks import Process, Source
from webduh_plugins.python_entry import Entry
from webduh_plugins.python_module import module
from webduh_plugins.python_project import Project
from webduh_plugins.python_server import Line, Start, added


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
    folder, settings = _folder(begin), settings_module(source, begin)[0]
    at = _at(folder, settings)
    return source.text(f"{at}.py") or source.text(f"{at}/__init__.py")


def _folder(begin: Entry) -> str:
    """The folder that holds manage.py."""
    return begin.file.rpartition("/")[0]


def _at(folder: str, dotted: str) -> str:
    return "/".join(filter(None, (folder, dotted.replace(".", "/"))))


def settings_module(source: Source, begin: Entry) -> tuple[str, bool]:
    """The module of the settings that the app is served with, and whether a file of the project names another one.

    wsgi.py and asgi.py are for serving, manage.py is for whoever develops; where all of them name the settings of
    development, those of production beside them are taken.
    """
    folder = _folder(begin)
    own = module(source.text(begin.file)).settings
    pattern = f"{folder}/*/" if folder else "*/"
    files = (file for end in ("wsgi.py", "asgi.py") for file in source.files(pattern + end))
    serving = [named for file in files if (named := module(source.text(file)).settings)]
    settings = next((one for one in serving if not _is_empty(source, _at(folder, one))), "") or own
    settings = settings or "config.settings"
    parent, _, last = settings.rpartition(".")
    if parent and last in ("dev", "development", "local", "settings_dev"):
        beside = (f"{parent}.{name}" for name in ("production", "prod"))
        settings = next((one for one in beside if source.exists(f"{_at(folder, one)}.py")), settings)
    return settings, not {one for one in (own, *serving) if one} <= {settings}


def _is_empty(source: Source, at: str) -> bool:
    """Whether settings are a package with nothing in it but others to choose from."""
    return (
        source.exists(f"{at}/__init__.py")
        and not source.exists(f"{at}.py")
        and not source.text(f"{at}/__init__.py").strip()
    )


def django(source: Source, found: Project, begin: Entry) -> Start:
    """A Django project with manage.py."""
    folder, (settings, other) = _folder(begin), settings_module(source, begin)
    line = _django_server(source, found, begin, settings)
    migrates = (Process("release", (found.python, begin.file, "migrate", "--noinput")),)
    said = f"manage.py, wsgi.py and asgi.py name different settings: DJANGO_SETTINGS_MODULE is {settings} here."
    return Start(
        (Process("web", (found.python, *line.words)), *(migrates if _has_database(source, begin) else ())),
        variables={
            **({"PYTHONPATH": folder} if folder else {}),
            **({"DJANGO_SETTINGS_MODULE": settings} if other else {}),
        },
        warnings=tuple(filter(None, (line.warning, said if other else ""))),
        adds=tuple(filter(None, (line.adds,))),
    )


def _applications(source: Source, begin: Entry, settings: str) -> tuple[str, str]:
    """The objects for a WSGI and for an ASGI server, as `module:variable`; empty if there is none.

    They are beside the settings, or where WSGI_APPLICATION and ASGI_APPLICATION say.
    """
    folder, text = _folder(begin), _settings_text(source, begin)
    package = settings.partition(".settings")[0] if ".settings" in settings else settings.rpartition(".")[0]

    def of(kind: str) -> str:
        said = re.search(rf"^{kind.upper()}_APPLICATION\s*=\s*[\"']([\w.]+)\.(\w+)[\"']", text, re.MULTILINE)
        where = (said[1], said[2]) if said else ("", "")
        for dotted, variable in ((f"{package}.{kind}", "application"), where):
            if dotted and source.exists(f"{_at(folder, dotted)}.py"):
                return f"{dotted}:{variable}"
        return ""

    return of("wsgi"), of("asgi")


def _django_server(source: Source, found: Project, begin: Entry, settings: str) -> Line:
    wsgi, asgi = _applications(source, begin, settings)
    known = found.dependencies
    sockets = bool(asgi) and "channels" in known
    if "gunicorn" in known and wsgi and not sockets:
        return Line(("-m", "gunicorn", wsgi, "--bind", "0.0.0.0:${PORT}"))
    if "uvicorn" in known and asgi:
        return Line(("-m", "uvicorn", asgi, "--host", "0.0.0.0", "--port", "${PORT}"))
    if "daphne" in known and asgi:
        return Line(("-m", "daphne", "-b", "0.0.0.0", "-p", "${PORT}", asgi))
    if "hypercorn" in known and asgi:
        return Line(("-m", "hypercorn", asgi, "--bind", "0.0.0.0:${PORT}"))
    if sockets and found.installs:
        return Line(("-m", "daphne", "-b", "0.0.0.0", "-p", "${PORT}", asgi), added("daphne", found), "daphne")
    if "waitress" in known and wsgi:
        return Line(("-m", "waitress", "--listen=0.0.0.0:${PORT}", wsgi))
    if found.installs and wsgi:
        line = ("-m", "gunicorn", wsgi, "--bind", "0.0.0.0:${PORT}")
        return Line(line, added("gunicorn", found), "gunicorn")
    warning = "Django's own server is for development: depend on gunicorn or uvicorn."
    return Line((begin.file, "runserver", "0.0.0.0:${PORT}", "--noreload"), warning)
