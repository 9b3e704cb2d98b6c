"""Which version of a language an app asks for, and which of its files says so."""

import re
from collections.abc import Iterable
from typing import NamedTuple

from webduh_console.model.build import Source


class Version(NamedTuple):
    """A version as it is written, exact (`3.12.1`) or a range (`>=3.11`), and the file it is written in."""

    text: str
    file: str


def first_version(candidates: Iterable[Version | None]) -> Version | None:
    """The first version that is there: candidates come strongest first, and those after it are not read."""
    return next((version for version in candidates if version is not None and version.text), None)


def line_version(source: Source, file: str, prefix: str = "") -> Version | None:
    """The version in a file that holds nothing else (`.nvmrc`), without `prefix` or a leading `v`."""
    lines = (line.partition("#")[0].strip() for line in source.text(file).splitlines())
    text = next(filter(None, lines), "").removeprefix(prefix)
    return Version(re.sub(r"^v(?=\d)", "", text), file) if text else None


def tool_version(source: Source, *tools: str) -> Version | None:
    """The version of a tool, under any of its names, in `.tool-versions` or `mise.toml`."""
    for line in source.text(".tool-versions").splitlines():
        words = line.partition("#")[0].split()
        if len(words) > 1 and words[0] in tools:
            return Version(words[1], ".tool-versions")
    for file in ("mise.toml", ".mise.toml", "mise/config.toml", ".mise/config.toml", ".config/mise.toml"):
        chosen = table(source.toml(file), "tools")
        for tool in tools:
            if (text := _mise(chosen.get(tool))) is not None:
                return Version(text, file)
    return None


def table(value: object, *path: str) -> dict[str, object]:
    """The table at `path` inside nested tables; empty if there is none, or something else."""
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def strings(value: object) -> tuple[str, ...]:
    """The strings in a list; empty for anything else."""
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()


def _mise(value: object) -> str | None:
    """mise takes a version, a list of them, or a table with one."""
    if isinstance(value, list):
        value = value[0] if value else None
    if isinstance(value, dict):
        value = value.get("version")
    return value if isinstance(value, str) else None
