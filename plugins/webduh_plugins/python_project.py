"""A Python project's dependencies, its package manager, how they are installed, and the version it asks for."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from webduh_console.frameworks import (
    BuildStep,
    Source,
    Version,
    first_version,
    line_version,
    strings,
    table,
    tool_version,
)
from webduh_plugins.python_inline import inline

VENV_PYTHON = ".venv/bin/python"
_PIP = {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1"}
REQUIREMENTS = (
    "requirements.txt",
    *(f"requirements/{name}.txt" for name in ("production", "prod", "base", "requirements", "common")),
    *("requirements-prod.txt", "requirements-production.txt"),
)
"""Files that list what is installed, the likeliest first."""
_REQUIREMENT = re.compile(r"\s*([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*(\[[^\]]*\])?")
_EGG = re.compile(r"#egg=([A-Za-z0-9._-]+)")
_INCLUDE = re.compile(r"\s*(?:-r|--requirement)[\s=]+(\S+)")
_SETUP = re.compile(r"install_requires\s*=\s*\[(.*?)\]", re.DOTALL)
# What a framework's extra brings along, as far as it decides how the app is started.
_EXTRAS = {("fastapi", "standard"): "uvicorn", ("fastapi", "all"): "uvicorn", ("litestar", "standard"): "uvicorn"}
_BRINGS = {"python-fasthtml": "uvicorn", "gradio": "uvicorn", "nicegui": "uvicorn"}


class Manager(NamedTuple):
    """A package manager, and the file that says so."""

    name: str
    file: str


class Project(NamedTuple):
    """What the project's files say. `dependencies` are normalized names (PEP 503), `listed` the file that lists them.

    `package`: the project itself is built and installed, not only its dependencies. `inline` are requirements that
    stand in no file of a package manager.
    """

    manager: Manager | None
    dependencies: frozenset[str]
    listed: str
    package: bool
    inline: tuple[str, ...] = ()

    @property
    def installs(self) -> bool:
        """Whether there is anything to install."""
        return self.manager is not None and (bool(self.dependencies) or self.package)

    @property
    def python(self) -> str:
        """The interpreter that sees the dependencies, relative to the app's folder."""
        return VENV_PYTHON if self.installs else "python3"


def project(source: Source) -> Project:
    """The project in `source`; without a manager if none of the files is there. SourceError if one is broken."""
    manager = _manager(source)
    if manager is None and (script := inline(source)) is not None:
        return unlisted(Manager("uv", script.file), script.requirements)
    pyproject = source.toml("pyproject.toml")
    listed = _listed(source, manager)
    found = frozenset(_names(source, listed)) if listed else frozenset()
    built = bool(table(pyproject, "build-system")) and bool(table(pyproject, "project"))
    package = built if listed == "pyproject.toml" else listed in ("setup.py", "setup.cfg")
    if manager is not None and manager.name in ("poetry", "pipenv"):
        package = False
    return Project(manager, found | {_BRINGS[name] for name in found & _BRINGS.keys()}, listed, package)


def unlisted(manager: Manager, requirements: tuple[str, ...]) -> Project:
    """A project of requirements that the manager's file does not list in any way of its own."""
    names = frozenset(name for requirement in requirements for name in _named(requirement))
    return Project(
        manager, names | {_BRINGS[name] for name in names & _BRINGS.keys()}, manager.file, False, requirements
    )


def own_program(source: Source, found: Project) -> str:
    """The program of `[project.scripts]` that starts the app: the only one, or that with a usual name; else empty."""
    if not found.package:
        return ""
    project = table(source.toml("pyproject.toml"), "project")
    names = list(table(project, "scripts"))
    usual = (name for name in names if name in ("start", "serve", "server", "web", "app", "main", project.get("name")))
    return names[0] if len(names) == 1 else next(usual, "")


def python_version(source: Source) -> Version | None:
    """The version of Python that the app asks for: exact files first, then ranges."""
    pyproject = source.toml("pyproject.toml")
    pipfile = table(source.toml("Pipfile"), "requires")
    script = inline(source) if _manager(source) is None else None
    return first_version(
        (
            line_version(source, ".python-version", "python-"),
            tool_version(source, "python"),
            line_version(source, "runtime.txt", "python-"),
            _version(pipfile.get("python_full_version") or pipfile.get("python_version"), "Pipfile"),
            _version(table(pyproject, "project").get("requires-python"), "pyproject.toml"),
            _version(table(pyproject, "tool", "poetry", "dependencies").get("python"), "pyproject.toml"),
            _version(script.python or None, script.file) if script else None,
        )
    )


def install_steps(source: Source, found: Project) -> tuple[BuildStep, ...]:
    """The steps that put the dependencies into `.venv`; none if there is nothing to install."""
    if not found.installs or found.manager is None:
        return ()
    if found.inline:
        return _given(found)
    match found.manager.name:
        case "uv":
            return (_uv(source, found),)
        case "poetry":
            return (_poetry(source),)
        case "pdm":
            return (_pdm(source, found),)
        case "pipenv":
            return (_pipenv(source),)
        case _:
            return _pip(source, found)


def fetches(source: Source, found: Project) -> bool:
    """Whether a dependency comes from a repository of Git."""
    return found.installs and any(mark in source.text(found.listed) for mark in ("git+", "git = ", 'git="'))


def adding_step(names: tuple[str, ...], inputs: tuple[str, ...]) -> BuildStep:
    """The step that adds packages to `.venv`, whoever made that from `inputs`: it may have no pip of its own."""
    return BuildStep(
        "add what is missing",
        ("python3", "-m", "pip", "--python", VENV_PYTHON, "install", *names),
        ("python3",),
        inputs,
        (".venv",),
        ("~/.cache/pip",),
        _PIP,
    )


def _version(value: object, file: str) -> Version | None:
    return Version(value, file) if isinstance(value, str) else None


def _manager(source: Source) -> Manager | None:
    locks = {"uv.lock": "uv", "poetry.lock": "poetry", "pdm.lock": "pdm", "Pipfile.lock": "pipenv", "Pipfile": "pipenv"}
    for file, name in locks.items():
        if source.exists(file):
            return Manager(name, file)
    tools = table(source.toml("pyproject.toml"), "tool")
    if listed := next(filter(source.exists, REQUIREMENTS), None):
        return Manager("pip", listed)
    for name in ("uv", "poetry", "pdm"):
        if name in tools:
            return Manager(name, "pyproject.toml")
    files = (file for file in ("pyproject.toml", "setup.py", "setup.cfg") if source.exists(file))
    return next((Manager("pip", file) for file in files), None)


def _listed(source: Source, manager: Manager | None) -> str:
    if manager is None:
        return ""
    if manager.name == "pipenv":
        return "Pipfile"
    return "pyproject.toml" if manager.name in ("uv", "poetry", "pdm") else manager.file


def _names(source: Source, file: str) -> Iterator[str]:
    """The dependencies that a file lists, normalized."""
    match file:
        case _ if file in REQUIREMENTS:
            requirements = _requirements(source, file, set())
        case "pyproject.toml":
            requirements = pyproject_requirements(source)
        case "Pipfile":
            requirements = iter(table(source.toml(file), "packages"))
        case _:
            lists = _SETUP.search(source.text("setup.py"))
            requirements = iter(re.findall(r"[\"']([^\"']+)[\"']", lists[1] if lists else ""))
    for requirement in requirements:
        yield from _named(requirement)


def pyproject_requirements(source: Source) -> Iterator[str]:
    """The requirements in pyproject.toml: the standard list, or Poetry's table."""
    pyproject = source.toml("pyproject.toml")
    yield from strings(table(pyproject, "project").get("dependencies"))
    for name, value in table(pyproject, "tool", "poetry", "dependencies").items():
        extras = strings(value.get("extras")) if isinstance(value, dict) else ()
        if name != "python":
            yield f"{name}[{','.join(extras)}]" if extras else name


def _requirements(source: Source, file: str, seen: set[str]) -> Iterator[str]:
    """The lines of a requirements file and of those it includes. Each file is read once, so that a circle ends."""
    seen.add(file)
    for line in source.text(file).splitlines():
        if included := _INCLUDE.match(line):
            path = "/".join([*file.split("/")[:-1], included[1].removeprefix("./")])
            if path not in seen:
                yield from _requirements(source, path, seen)
        elif egg := _EGG.search(line):
            yield egg[1]
        elif not line.lstrip().startswith(("-", "#")) and "://" not in line.partition("@")[0]:
            yield line


def _named(requirement: str) -> Iterator[str]:
    """`FastAPI[standard]>=0.100` → fastapi, uvicorn."""
    found = _REQUIREMENT.match(requirement)
    if not found:
        return
    name = re.sub(r"[-_.]+", "-", found[1]).lower()
    yield name
    for extra in re.split(r"[\s,]+", (found[2] or "").strip("[]")):
        if brought := _EXTRAS.get((name, extra.lower())):
            yield brought


def _pip(source: Source, found: Project) -> tuple[BuildStep, ...]:
    pip = (VENV_PYTHON, "-m", "pip", "install")
    inputs: tuple[str, ...] = (found.listed,)
    if found.listed in REQUIREMENTS:
        included: set[str] = set()
        lines = list(_requirements(source, found.listed, included))
        inputs = tuple(sorted(file for file in included if source.exists(file)))
        # A requirement that is a folder of the app itself depends on everything in it.
        local = any(re.match(r"\s*(-e\s|\.)", line) for line in source.text(found.listed).splitlines()) or "." in lines
        inputs = () if local else inputs
        words: tuple[str, ...] = ("-r", found.listed)
    elif found.package:
        inputs, words = (), (".",)
    else:
        words = tuple(pyproject_requirements(source))
    step = BuildStep(
        "install the dependencies",
        (*pip, *words),
        ("python3",),
        inputs,
        (".venv",),
        ("~/.cache/pip",),
        _PIP,
    )
    venv = BuildStep(
        "make the virtual environment", ("python3", "-m", "venv", ".venv"), ("python3",), inputs, (".venv",)
    )
    return venv, step


def _given(found: Project) -> tuple[BuildStep, ...]:
    """Requirements that are given by name. No file of the app decides what is installed."""
    venv = BuildStep("make the virtual environment", ("python3", "-m", "venv", ".venv"), ("python3",), (), (".venv",))
    command = (VENV_PYTHON, "-m", "pip", "install", *found.inline)
    return venv, BuildStep("install the dependencies", command, ("python3",), (), (".venv",), ("~/.cache/pip",), _PIP)


def _uv(source: Source, found: Project) -> BuildStep:
    frozen = ("--frozen",) if source.exists("uv.lock") else ()
    return BuildStep(
        "install the dependencies",
        ("uv", "sync", *frozen, "--no-dev", *(("--no-editable",) if found.package else ())),
        ("uv",),
        () if found.package else _there(source, "pyproject.toml", "uv.lock", ".python-version"),
        (".venv",),
        ("~/.cache/uv",),
        {"UV_PROJECT_ENVIRONMENT": ".venv"},
    )


def _poetry(source: Source) -> BuildStep:
    return BuildStep(
        "install the dependencies",
        ("poetry", "install", "--only", "main", "--no-root", "--no-interaction"),
        ("poetry",),
        _there(source, "pyproject.toml", "poetry.lock"),
        (".venv",),
        ("~/.cache/pypoetry",),
        {"POETRY_VIRTUALENVS_IN_PROJECT": "true"},
    )


def _pdm(source: Source, found: Project) -> BuildStep:
    verb = ("sync", "--prod") if source.exists("pdm.lock") else ("install", "--prod")
    own = "--no-editable" if found.package else "--no-self"
    return BuildStep(
        "install the dependencies",
        ("pdm", *verb, own),
        ("pdm",),
        () if found.package else _there(source, "pyproject.toml", "pdm.lock"),
        (".venv",),
        ("~/.cache/pdm",),
        {"PDM_CHECK_UPDATE": "false"},
    )


def _pipenv(source: Source) -> BuildStep:
    locked = source.exists("Pipfile.lock")
    return BuildStep(
        "install the dependencies",
        ("pipenv", "sync") if locked else ("pipenv", "install", "--skip-lock"),
        ("pipenv",),
        _there(source, "Pipfile", "Pipfile.lock"),
        (".venv",),
        ("~/.cache/pip", "~/.cache/pipenv"),
        {"PIPENV_VENV_IN_PROJECT": "1"},
    )


def _there(source: Source, *files: str) -> tuple[str, ...]:
    return tuple(filter(source.exists, files))
