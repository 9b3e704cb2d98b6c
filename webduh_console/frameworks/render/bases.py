"""The images that ship: which one a language starts from, and which version of it an app gets."""

import re
from collections.abc import Iterable, Mapping
from math import inf
from typing import NamedTuple

from webduh_console.model.build import BuildPlan

Release = tuple[float, ...]


class Base(NamedTuple):
    """An image to start from. `image` has `{version}` in it, `version` is what an app gets that asks for none.

    `known` are the lines of versions that are kept up, newest first: of those, a range such as `>=3.11` gets one.
    `aliases` are names of versions.
    """

    image: str
    version: str
    known: tuple[str, ...] = ()
    aliases: Mapping[str, str] = {}  # a tuple's default: never changed

    def named(self, version: str) -> str:
        """The name of the image of a version."""
        return self.image.replace("{version}", version)


BASES: Mapping[str, Base] = {
    "python": Base("python:{version}-slim", "3.13", ("3.14", "3.13", "3.12", "3.11", "3.10")),
    "node": Base(
        "node:{version}-slim",
        "22",
        ("24", "22", "20"),
        {"lts/hydrogen": "18", "lts/iron": "20", "lts/jod": "22", "lts/krypton": "24"},
    ),
    "bun": Base("oven/bun:{version}-slim", "1", ("1",)),
    "site": Base("nginx:{version}-alpine-slim", "1"),
    "other": Base("debian:{version}-slim", "trixie"),
}
"""Official images, small ones. `site` serves files; `other` is for an app in no language that is known."""

_PROGRAMS = {
    **dict.fromkeys(("python", "python3", "pip", "uv", "poetry", "pdm", "pipenv", "gunicorn", "uvicorn"), "python"),
    **dict.fromkeys(("node", "npm", "npx", "pnpm", "yarn"), "node"),
    **dict.fromkeys(("bun", "bunx"), "bun"),
}
_LANGUAGES = {"python": "python", "javascript": "node"}
_EXACT = re.compile(r"(?:v|=|==|python-|cpython-)?\s*(\d+(?:\.\d+){0,2})(?:\.[x*])*", re.IGNORECASE)
_COMPARISON = re.compile(r"(===|==|~=|!=|>=|<=|[<>^~=])?\s*v?(\d+(?:\.\d+)*)((?:\.[x*])*)", re.IGNORECASE)
_BOUNDS = ("", "=", "==", "===", "^", "~", "~=", ">=")


def base_of(plan: BuildPlan) -> str:
    """The key of the base an app is built on and runs on: its language's, or that of the first program it names."""
    if plan.package_manager == "bun":
        return "bun"
    named = (_PROGRAMS[word] for word in programs(plan) if word in _PROGRAMS)
    return _LANGUAGES.get(plan.language) or next(named, "other")


def programs(plan: BuildPlan, *, built: bool = True) -> list[str]:
    """The words that may be programs, in order: of the steps if `built`, then of the processes."""
    commands = [step.run for step in (*plan.install, *plan.build)] if built else []
    commands += [process.command for process in plan.processes]
    return [word for command in commands for word in called(command)]


def called(command: Iterable[str]) -> list[str]:
    """The words of a command, and those inside a line that a shell is given, without their folders."""
    parts = (part for word in command for part in re.split(r"[\s;&|()]+", word))
    return [part.rpartition("/")[2] for part in parts if part]


def choose(base: Base, asked: str) -> tuple[str, bool]:
    """The version an app gets that asks for `asked`, and whether that is what it asked for.

    An exact version is taken as it is written; of a range, the usual version if it is in it, else the newest known one.
    """
    text = base.aliases.get(asked.strip().lower(), asked.strip())
    if found := _EXACT.fullmatch(text):
        return found[1], True
    ranges = [_comparisons(part) for part in text.split("||")]
    if not text or not all(ranges):
        return base.version, not text or text.lower() in ("*", "x", "lts", "lts/*", "node", "latest", "stable")
    for version in dict.fromkeys((base.version, *base.known)):
        if any(all(_holds(_newest(version), *one) for one in part) for part in ranges):
            return version, True
    bound = next((release for part in ranges for operator, release in part if operator in _BOUNDS), None)
    if bound is None:
        return base.version, False
    return ".".join(f"{number:g}" for number in bound[:2]), True


def _comparisons(text: str) -> list[tuple[str, Release]]:
    """`>=3.11,<4` → its parts; none if it is no range."""
    text = re.sub(r"(\S+)\s+-\s+(\S+)", r">=\1 <=\2", text.strip())
    if re.sub(r"[\s,]+", "", _COMPARISON.sub("", text)):
        return []
    return [(operator, _release(number)) for operator, number, _ in _COMPARISON.findall(text)]


def _release(text: str) -> Release:
    return tuple(float(part) for part in text.split("."))


def _newest(line: str) -> Release:
    """The newest version of a line: 3.13 stands for the last 3.13.x there will be."""
    return (*_release(line), inf, inf)


def _holds(version: Release, operator: str, bound: Release) -> bool:
    """Whether a version is in a comparison, which counts as far as it is written: `<=3.12` has 3.12.9 in it."""
    same = version[: len(bound)]
    # `~=3.11` and `^3` leave the first part as it is, `~=3.11.2` and `~3.11` the first two.
    kept = {"^": 1, "~": min(len(bound), 2), "~=": max(len(bound) - 1, 1)}.get(operator)
    if kept is not None:
        return same >= bound and version[:kept] == bound[:kept]
    match operator:
        case ">=":
            return same >= bound
        case "<=":
            return same <= bound
        case ">":
            return same > bound
        case "<":
            return same < bound
        case "!=":
            return same != bound
        case _:
            return same == bound
