"""The programs that a Python project says it has: console scripts, and the tasks of its package manager."""

import re
from collections.abc import Iterator, Mapping
from configparser import ConfigParser, Error

from webduh_console.frameworks import Command, Source, strings, table

_USUAL = ("start", "serve", "server", "web", "run", "app", "main", "api", "prod", "production", "bot")
_ENTRY = re.compile(r"([\w.]+)\s*:\s*([\w.]+)\s*(?:\[.*\])?")
_SETUP = re.compile(r"[\"']console_scripts[\"']\s*:\s*\[([^\]]*)\]")
_TASKS = ("start", "serve", "web", "prod", "production", "server", "run")


def console_script(source: Source) -> tuple[str, str, str] | None:
    """The script that starts the app, as name, module and function; None if none does for sure.

    That is the only one, or one with the project's or a usual name. Its module must be the app's own.
    """
    found = {name: target for name, target in _scripts(source) if _module_file(source, target[0])}
    project = source.toml("pyproject.toml")
    own = table(project, "project").get("name") or table(project, "tool", "poetry").get("name")
    names = (*_USUAL, own, str(own).replace("_", "-"), str(own).replace("-", "_"))
    chosen = next((name for name in names if name in found), next(iter(found)) if len(found) == 1 else None)
    return (chosen, *found[chosen]) if isinstance(chosen, str) else None


def script_file(source: Source, module: str) -> str:
    """The file of a module of the app; empty if it has none."""
    return _module_file(source, module)


def script_command(python: str, name: str, module: str, function: str) -> Command:
    """The command that does what a console script does: its own file names the folder that it was made in."""
    return (
        python,
        "-c",
        f"import sys; from {module} import {function.partition('.')[0]}; "
        f"sys.argv[0] = {name!r}; sys.exit({function}())",
    )


def task(source: Source) -> str | None:
    """The line of the task that starts the app, of Pipenv, PDM, Hatch, Poe or taskipy."""
    pyproject = source.toml("pyproject.toml")
    hatch = table(pyproject, "tool", "hatch", "envs")
    places: tuple[Mapping[str, object], ...] = (
        table(source.toml("Pipfile"), "scripts"),
        table(pyproject, "tool", "pdm", "scripts"),
        *(table(one, "scripts") for one in hatch.values()),
        table(pyproject, "tool", "poe", "tasks"),
        table(pyproject, "tool", "taskipy", "tasks"),
    )
    said = (_line(place[name]) for name in _TASKS for place in places if name in place)
    return next(filter(None, said), None)


def _scripts(source: Source) -> Iterator[tuple[str, tuple[str, str]]]:
    pyproject = source.toml("pyproject.toml")
    said = {**table(pyproject, "tool", "poetry", "scripts"), **table(pyproject, "project", "scripts")}
    lines = [f"{name} = {target}" for name, target in said.items() if isinstance(target, str)]
    lines += setup_cfg(source, "options.entry_points", "console_scripts")
    if block := _SETUP.search(source.text("setup.py")):
        lines += re.findall(r"[\"']([^\"']+)[\"']", block[1])
    for line in lines:
        name, _, target = line.partition("=")
        if entry := _ENTRY.fullmatch(target.strip()):
            yield name.strip(), (entry[1], entry[2])


def setup_cfg(source: Source, section: str, option: str) -> list[str]:
    """The lines of an option in setup.cfg; none if it is not there, or the file is broken."""
    if not source.exists("setup.cfg"):
        return []
    parser = ConfigParser(interpolation=None, strict=False)
    try:
        parser.read_string(source.text("setup.cfg"))
    except Error:
        return []
    said = parser.get(section, option, fallback="")
    return [line.strip() for line in said.splitlines() if line.strip() and not line.lstrip().startswith("#")]


def _module_file(source: Source, module: str) -> str:
    path = module.replace(".", "/")
    files = (f"{root}{path}{end}" for root in ("", "src/", "lib/") for end in (".py", "/__init__.py"))
    return next(filter(source.exists, files), "")


def _line(said: object) -> str:
    """A task is a line, a list of words, or a table with one of them."""
    if isinstance(said, dict):
        said = said.get("cmd") or said.get("shell")
    return " ".join(strings(said)) if isinstance(said, list) else said if isinstance(said, str) else ""
