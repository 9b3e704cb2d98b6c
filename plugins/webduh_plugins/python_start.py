"""How a Python app is started: the command for each framework and server, the port, and what a person should know."""

import re

from webduh_console.frameworks import Command, Process, Source, argv
from webduh_plugins.python_app import place
from webduh_plugins.python_django import django
from webduh_plugins.python_entry import Entry
from webduh_plugins.python_module import Module
from webduh_plugins.python_project import Project
from webduh_plugins.python_scripts import script_command
from webduh_plugins.python_server import SERVED, Start, added, server
from webduh_plugins.python_sites import SITES
from webduh_plugins.python_tools import TOOLS, tool_command
from webduh_plugins.python_workers import answers, is_bot

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


def start(source: Source, found: Project, begin: Entry, read: dict[str, Module]) -> Start:
    """The processes of an app that begins at `begin`."""
    match begin.variant:
        case "django" if begin.app is None:
            return django(source, found, begin)
        case "pyramid" if begin.app is None:
            return _pyramid(source, found, begin)
        case "streamlit":
            return _streamlit(found, begin)
        case _ if begin.variant in SITES:
            return Start()
        case _ if begin.variant in TOOLS:
            return _tool(source, found, begin, read)
        case _ if begin.app is not None and begin.app.framework in SERVED:
            return _served(source, found, begin, read)
        case _:
            return _program(source, found, begin, read)


def procfile_processes(lines: dict[str, str], found: Project) -> tuple[Process, ...]:
    """The processes of a Procfile, with the dependencies' programs run by the interpreter that sees them."""
    return tuple(Process(name, inside(argv(line), found)) for name, line in lines.items())


def inside(words: Command, found: Project) -> Command:
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
    line = server(found, begin, at)
    if line is None:
        return _program(source, found, begin, read)
    return Start(
        (Process("web", (found.python, "-m", *line.words)),),
        variables={"PYTHONPATH": at.path} if at.path else {},
        warnings=tuple(filter(None, (line.warning,))),
        adds=tuple(filter(None, (line.adds,))),
    )


def _pyramid(source: Source, found: Project, begin: Entry) -> Start:
    """Pyramid's own program, which reads where to listen in the file of settings: a name there may stand for PORT."""
    server = source.text(begin.file).partition("[server:")[2].partition("\n[")[0]
    told = re.search(
        r"^(?:listen|port|http_port|bind)\s*=\s*(?:\S*:)?(?:(\d+)|%\((\w*port\w*)\)s)\s*$", server, re.MULTILINE
    )
    words = (f"{told[2]}=${{PORT}}",) if told and told[2] else ()
    command = (found.python, "-m", "pyramid.scripts.pserve", begin.file, *words)
    return Start((Process("web", command),), port=int(told[1]) if told and told[1] else None)


def _streamlit(found: Project, begin: Entry) -> Start:
    options = ("--server.port", "${PORT}", "--server.address", "0.0.0.0", "--server.headless", "true")
    command = (found.python, "-m", "streamlit", "run", begin.file, *options)
    return Start((Process("web", command),), health="/_stcore/health")


def _tool(source: Source, found: Project, begin: Entry, read: dict[str, Module]) -> Start:
    """A file that the framework's own program runs."""
    one, at = TOOLS[begin.variant], place(source, begin.file, read)
    adds = (one.adds,) if one.adds and one.adds not in found.dependencies and found.installs else ()
    return Start(
        (Process("web", tool_command(found.python, begin.variant, begin.file, at.module)),),
        variables={"PYTHONPATH": at.path} if at.path else {},
        warnings=tuple(filter(None, (one.warning, *(added(name, found) for name in adds)))),
        adds=adds,
    )


def _program(source: Source, found: Project, begin: Entry, read: dict[str, Module]) -> Start:
    """A file that is run as it is, and finds its port itself."""
    one = read.get(begin.file, Module())
    command, variables = _run(source, found, begin, read)
    if begin.variant in ("gradio", "dash", "robyn"):
        return _told_by_variables(found, begin)
    if not begin.variant and is_bot(one) and not answers(one):
        return Start((Process("worker", command),), variables=variables)
    if is_bot(one) and not one.ports:
        one = next((other for other in read.values() if other.ports), one)
    port = None if _reads_port(read) or len(one.ports) != 1 else one.ports[0]
    warnings = tuple(_about_port(begin.file, one, port, reads=_reads_port(read)))
    return Start((Process("web", command),), port=port, variables=variables, warnings=warnings)


def _run(source: Source, found: Project, begin: Entry, read: dict[str, Module]) -> tuple[Command, dict[str, str]]:
    if begin.file.endswith("/__main__.py"):
        at = place(source, begin.file, read)
        return (found.python, "-m", at.module.removesuffix(".__main__")), {"PYTHONPATH": at.path} if at.path else {}
    if begin.script is not None:
        root = "src" if begin.file.startswith("src/") else ""
        return script_command(found.python, *begin.script), {"PYTHONPATH": root} if root else {}
    if begin.line:
        return inside(argv(begin.line), found), {}
    return (found.python, begin.file), {}


def _told_by_variables(found: Project, begin: Entry) -> Start:
    """Gradio, Dash and Robyn take address and port from variables of their own."""
    words = {
        "gradio": ("GRADIO_SERVER_NAME=0.0.0.0", "GRADIO_SERVER_PORT=${PORT}"),
        "dash": ("HOST=0.0.0.0", "PORT=${PORT}"),
        "robyn": ("ROBYN_HOST=0.0.0.0", "ROBYN_PORT=${PORT}"),
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
