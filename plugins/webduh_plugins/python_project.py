"""A Python project's dependencies, its package manager, and the version of Python it asks for."""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from webduh_console.frameworks import Source, Version, first_version, line_version, strings, table, tool_version
from webduh_plugins.python_given import Given, conda, hatch, imported, script
from webduh_plugins.python_scripts import setup_cfg
from webduh_plugins.python_sites import bare_site, site_packages

VENV_PYTHON = ".venv/bin/python"
REQUIREMENTS = (
    "requirements.txt",
    *(f"requirements/{name}.txt" for name in ("production", "prod", "base", "requirements", "common")),
    *(f"requirements{mark}{name}.txt" for mark in "-._" for name in ("prod", "production")),
    *("requirements.lock", "requirements.in"),
)
"""Files that list what is installed, the likeliest first."""
_SERVERS = frozenset({"gunicorn", "uwsgi", "uvicorn", "hypercorn", "daphne", "granian", "waitress", "mod-wsgi"})
_BELOW = tuple(f"{folder}/requirements.txt" for folder in ("backend", "server", "api", "app", "src"))
_OF_DOCS = ("docs/requirements.txt", "doc/requirements.txt", "docs/source/requirements.txt", "requirements-docs.txt")
LOCKS = {"uv.lock": "uv", "poetry.lock": "poetry", "pdm.lock": "pdm", "Pipfile.lock": "pipenv", "Pipfile": "pipenv"}
"""File → whose it is; the first that fits the project counts."""
LISTS = (*REQUIREMENTS, *_BELOW, *_OF_DOCS)
_REQUIREMENT = re.compile(r"\s*([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*(\[[^\]]*\])?")
_EGG = re.compile(r"#egg=([A-Za-z0-9._-]+)")
_INCLUDE = re.compile(r"\s*(?:-r|--requirement)[\s=]+(\S+)")
_SETUP = re.compile(r"install_requires\s*=\s*\[(.*?)\]", re.DOTALL)
_SETUP_NAMED = re.compile(r"install_requires\s*=\s*([A-Za-z_]\w*)\s*[,)]")
_SETUP_PYTHON = re.compile(r"python_requires\s*=\s*[\"']([^\"']+)[\"']")
_BACKENDS = {"poetry.core": "poetry", "poetry.masonry": "poetry", "pdm.backend": "pdm", "uv_build": "uv"}
# What a framework's extra brings along, as far as it decides how the app is started.
_EXTRAS = {
    ("fastapi", "standard"): "uvicorn",
    ("fastapi", "all"): "uvicorn",
    ("litestar", "standard"): "uvicorn",
    ("channels", "daphne"): "daphne",
    ("connexion", "uvicorn"): "uvicorn",
}
_BRINGS = {"python-fasthtml": "uvicorn", "gradio": "uvicorn", "nicegui": "uvicorn"}


class Manager(NamedTuple):
    """A package manager, and the file that says so."""

    name: str
    file: str


class Project(NamedTuple):
    """What the project's files say. `dependencies` are normalized names (PEP 503), `listed` the file that lists them.

    `package`: the project itself is built and installed, not only its dependencies. `given` are requirements that are
    in no list for a package manager.
    """

    manager: Manager | None
    dependencies: frozenset[str]
    listed: str
    package: bool
    given: Given | None = None

    @property
    def installs(self) -> bool:
        """Whether there is anything to install."""
        return self.manager is not None and (bool(self.dependencies) or self.package)

    @property
    def python(self) -> str:
        """The interpreter that sees the dependencies, relative to the app's folder."""
        return VENV_PYTHON if self.installs else "python3"

    def declares(self, distribution: str) -> bool:
        """Whether somebody wrote down that the project depends on this."""
        return distribution in self.dependencies and not (self.given and self.given.guessed)


def project(source: Source, files: Iterable[str] = ()) -> Project:
    """The project in `source`; without a manager if none of the files is there. SourceError if one is broken.

    `files` are those of the app's own where dependencies are looked for when nothing lists them.
    """
    manager = _manager(source)
    if manager is None:
        return _without_list(source, tuple(files))
    pyproject = source.toml("pyproject.toml")
    listed = _listed(source, manager)
    found = frozenset(_names(source, listed)) if listed else frozenset()
    built = bool(table(pyproject, "build-system")) and bool(table(pyproject, "project"))
    package = built if listed == "pyproject.toml" else listed in ("setup.py", "setup.cfg")
    if manager is not None and manager.name in ("poetry", "pipenv"):
        package = False
    return Project(manager, found | {_BRINGS[name] for name in found & _BRINGS.keys()}, listed, package)


def _without_list(source: Source, files: tuple[str, ...]) -> Project:
    given = script(source, files) or conda(source)
    guess = (imported(source, files) or _of_site(source)) if given is None else None
    kind = "uv" if given is not None and given.file.endswith(".py") else "pip"
    given = given or guess
    if given is None:
        return Project(None, frozenset(), "", package=False)
    found = frozenset(name for requirement in given.requirements for name in _named(requirement))
    found |= {_BRINGS[name] for name in found & _BRINGS.keys()}
    return Project(Manager(kind, given.file), found, given.file, package=False, given=given)


def _of_site(source: Source) -> Given | None:
    """What a site needs that nobody lists; with pelicanconf.py or conf.py it is all the Python there is."""
    found = bare_site(source)
    return Given(found[1], site_packages(source, *found), guessed=True) if found else None


def python_version(source: Source, found: Project) -> Version | None:
    """The version of Python that the app asks for: exact files first, then ranges."""
    setup = _SETUP_PYTHON.search(source.text("setup.py"))
    pyproject = source.toml("pyproject.toml")
    pipfile = table(source.toml("Pipfile"), "requires")
    return first_version(
        (
            line_version(source, ".python-version", "python-"),
            tool_version(source, "python"),
            line_version(source, "runtime.txt", "python-"),
            _version(pipfile.get("python_full_version") or pipfile.get("python_version"), "Pipfile"),
            _version(_locked_version(source), "Pipfile.lock"),
            _version(table(pyproject, "project").get("requires-python"), "pyproject.toml"),
            _version(table(pyproject, "tool", "poetry", "dependencies").get("python"), "pyproject.toml"),
            _version(" ".join(setup_cfg(source, "options", "python_requires")), "setup.cfg"),
            _version(setup[1] if setup else None, "setup.py"),
            Version(found.given.python, found.given.file) if found.given else None,
        )
    )


def _locked_version(source: Source) -> object:
    requires = table(source.json("Pipfile.lock"), "_meta", "requires") if source.exists("Pipfile") else {}
    return requires.get("python_full_version") or requires.get("python_version")


def _version(value: object, file: str) -> Version | None:
    return Version(value, file) if isinstance(value, str) else None


def _manager(source: Source) -> Manager | None:
    fitting = (file for file in LOCKS if source.exists(file) and fits(source, file))
    if file := next(fitting, ""):
        return Manager(LOCKS[file], file)
    tools = table(source.toml("pyproject.toml"), "tool")
    if listed := _of_production(source) or next(filter(source.exists, REQUIREMENTS), None):
        return Manager("pip", listed)
    for name in ("uv", "poetry", "pdm"):
        if name in tools:
            return Manager(name, "pyproject.toml")
    backend = table(source.toml("pyproject.toml"), "build-system").get("build-backend")
    if name := next((name for start, name in _BACKENDS.items() if str(backend).startswith(start)), ""):
        return Manager(name, "pyproject.toml")
    files = (file for file in ("pyproject.toml", "setup.py", "setup.cfg") if describes(source, file))
    below = (file for file in LISTS if file not in REQUIREMENTS and source.exists(file))
    return next((Manager("pip", file) for file in (*files, *below)), None)


def fits(source: Source, lock: str) -> bool:
    """Whether the project is written as the package manager of a lock file reads it."""
    pyproject = source.toml("pyproject.toml")
    match LOCKS[lock]:
        case "pipenv":
            return source.exists("Pipfile")
        case "poetry":
            return bool(table(pyproject, "tool", "poetry") or table(pyproject, "project"))
        case _:
            return bool(table(pyproject, "project"))


def describes(source: Source, file: str) -> bool:
    """Whether a project file describes a project: many only hold the settings of tools."""
    match file:
        case "pyproject.toml":
            tools = source.toml(file)
            return bool(table(tools, "project") or table(tools, "build-system") or hatch(tools))
        case "setup.cfg":
            return bool(setup_cfg(source, "metadata", "name") or setup_cfg(source, "options", "install_requires"))
        case _:
            return source.exists(file)


def _listed(source: Source, manager: Manager | None) -> str:
    if manager is None:
        return ""
    if manager.name == "pipenv":
        return "Pipfile"
    return "pyproject.toml" if manager.name in ("uv", "poetry", "pdm") else manager.file


def _of_production(source: Source) -> str:
    """The list that brings a server beside one that brings none, and most of what that has; empty if there is none."""
    usual = set(_names(source, "requirements.txt")) if source.exists("requirements.txt") else set()
    if not usual or not usual.isdisjoint(_SERVERS):
        return ""
    for file in filter(source.exists, (name for name in REQUIREMENTS if "prod" in name)):
        listed = set(_names(source, file))
        if not listed.isdisjoint(_SERVERS) and 2 * len(listed & usual) >= len(usual):
            return file
    return ""


def _names(source: Source, file: str) -> Iterator[str]:
    """The dependencies that a file lists, normalized."""
    match file:
        case _ if file in LISTS:
            requirements = requirement_lines(source, file, set())
        case "pyproject.toml":
            requirements = pyproject_requirements(source)
        case "Pipfile":
            requirements = iter(table(source.toml(file), "packages"))
        case _:
            setup = source.text("setup.py")
            named = _SETUP_NAMED.search(setup)
            lists = re.search(rf"^{named[1]}\s*=\s*\[(.*?)\]", setup, re.DOTALL | re.MULTILINE) if named else None
            lists = lists or _SETUP.search(setup)
            said = re.findall(r"[\"']([^\"']+)[\"']", lists[1] if lists else "")
            requirements = iter((*said, *setup_cfg(source, "options", "install_requires")))
    for requirement in requirements:
        yield from _named(requirement)


def pyproject_requirements(source: Source) -> Iterator[str]:
    """The requirements in pyproject.toml: the standard list, or Poetry's table."""
    pyproject = source.toml("pyproject.toml")
    said = strings(table(pyproject, "project").get("dependencies"))
    yield from said or hatch(pyproject)
    dynamic = table(pyproject, "tool", "setuptools", "dynamic", "dependencies").get("file")
    for file in (dynamic,) if isinstance(dynamic, str) else strings(dynamic):
        yield from requirement_lines(source, file, set())
    for name, value in table(pyproject, "tool", "poetry", "dependencies").items():
        extras = strings(value.get("extras")) if isinstance(value, dict) else ()
        if name != "python":
            yield f"{name}[{','.join(extras)}]" if extras else name


def requirement_lines(source: Source, file: str, seen: set[str]) -> Iterator[str]:
    """The lines of a requirements file and of those it includes. Each file is read once, so that a circle ends."""
    seen.add(file)
    for line in source.text(file).splitlines():
        if included := _INCLUDE.match(line):
            path = "/".join([*file.split("/")[:-1], included[1].removeprefix("./")])
            if path not in seen:
                yield from requirement_lines(source, path, seen)
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
