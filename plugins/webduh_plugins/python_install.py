"""How the dependencies of a Python project get into `.venv`: the steps of each package manager."""

import re

from webduh_console.frameworks import BuildStep, Source
from webduh_plugins.python_given import hatch
from webduh_plugins.python_project import LISTS, VENV_PYTHON, Project, pyproject_requirements, requirement_lines


def install_steps(source: Source, found: Project) -> tuple[BuildStep, ...]:
    """The steps that put the dependencies into `.venv`; none if there is nothing to install."""
    if not found.installs or found.manager is None:
        return ()
    match found.manager.name:
        case "uv" if found.given is not None:
            return _uv_script(found)
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
        {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1"},
    )


def _pip(source: Source, found: Project) -> tuple[BuildStep, ...]:
    pip = (VENV_PYTHON, "-m", "pip", "install")
    inputs: tuple[str, ...] = (found.listed,)
    if found.listed in LISTS:
        included: set[str] = set()
        lines = list(requirement_lines(source, found.listed, included))
        inputs = tuple(sorted(file for file in included if source.exists(file)))
        # A requirement that is a folder of the app itself depends on everything in it.
        local = any(re.match(r"\s*(-e\s|\.)", line) for line in source.text(found.listed).splitlines()) or "." in lines
        inputs = () if local else inputs
        words: tuple[str, ...] = ("-r", found.listed)
    elif found.given is not None:
        words = found.given.requirements
    elif found.package:
        inputs, words = (), (".", *hatch(source.toml("pyproject.toml")))
    else:
        words = tuple(pyproject_requirements(source))
    step = BuildStep(
        "install the dependencies",
        (*pip, *words),
        ("python3",),
        inputs,
        (".venv",),
        ("~/.cache/pip",),
        {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1"},
    )
    venv = BuildStep(
        "make the virtual environment", ("python3", "-m", "venv", ".venv"), ("python3",), inputs, (".venv",)
    )
    return venv, step


def _uv_script(found: Project) -> tuple[BuildStep, ...]:
    """What a script says that it needs (PEP 723), beside it: `uv run` would fetch it at each start."""
    assert found.given is not None
    kept = (("uv",), (found.listed,), (".venv",), ("~/.cache/uv",))
    words = ("uv", "pip", "install", "--python", VENV_PYTHON, *found.given.requirements)
    return (
        BuildStep("make the virtual environment", ("uv", "venv", ".venv"), *kept),
        BuildStep("install the dependencies", words, *kept),
    )


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
