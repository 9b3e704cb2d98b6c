"""Which version of an image an app gets that asks for one: exactly that, or a kept-up one of a range. Pure."""

import re
from collections.abc import Sequence
from math import inf

Release = tuple[float, ...]

_EXACT = re.compile(r"(?:v|=|==|python-|cpython-|ruby-|go)?\s*(\d+(?:\.\d+){0,2})(?:\.[x*])*(-otp-\d+)?", re.IGNORECASE)
_COMPARISON = re.compile(r"(===|==|~=|~>|!=|>=|<=|[<>^~=])?\s*v?(\d+(?:\.\d+)*)((?:\.[x*])*)", re.IGNORECASE)
_BOUNDS = ("", "=", "==", "===", "^", "~", "~=", "~>", ">=")
_ANY = ("*", "x", "lts", "lts/*", "node", "latest", "stable")


def choose(asked: str, usual: str, known: Sequence[str] = (), parts: int = 3) -> tuple[str, bool]:
    """The version an app gets that asks for `asked`, and whether that is what it asked for.

    An exact version is taken as it is written, but for what is behind its first `parts` numbers; of a range, the
    `usual` version if it is in it, else the first `known` one.
    """
    if found := _EXACT.fullmatch(asked):
        # Elixir is made for a line of Erlang, and images of both are named so.
        return ".".join(found[1].split(".")[:parts]) + (found[2] or ""), True
    ranges = [_comparisons(part) for part in re.split(r"\|\|?", asked)]
    if not asked or not all(ranges):
        return usual, not asked or asked.lower() in _ANY
    for version in dict.fromkeys((usual, *known)):
        if any(all(_holds(_newest(version), *one) for one in part) for part in ranges):
            return version, True
    bound = next((release for part in ranges for operator, release in part if operator in _BOUNDS), None)
    if bound is None:
        return usual, False
    return ".".join(f"{number:g}" for number in bound[: min(parts, 2)]), True


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
    # `~=3.11`, `~> 3.11` and `^3` leave the first part as it is, `~=3.11.2` and `~3.11` the first two.
    kept = {"^": 1, "~": min(len(bound), 2), "~=": max(len(bound) - 1, 1), "~>": max(len(bound) - 1, 1)}.get(operator)
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
