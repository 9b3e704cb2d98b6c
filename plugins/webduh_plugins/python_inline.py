"""Dependencies that no project file lists: those of inline metadata (PEP 723), and those that imports tell."""

import re
import tomllib
from collections.abc import Iterable
from typing import NamedTuple

from webduh_console.frameworks import Source, SourceError, strings

_BLOCK = re.compile(r"^# /// script[ \t]*\n((?:#(?: [^\n]*)?\n)*?)# ///[ \t]*$", re.MULTILINE)
_MOST_FILES = 40
KNOWN = {
    **{
        name: name
        for name in (
            *("django", "fastapi", "flask", "litestar", "quart", "starlette", "sanic", "falcon", "bottle", "dash"),
            *("aiohttp", "tornado", "streamlit", "gradio", "nicegui", "chainlit", "panel", "requests", "httpx"),
            *("numpy", "pandas", "sqlalchemy", "jinja2", "pydantic", "redis", "pymongo", "aiogram", "rich"),
        )
    },
    "fasthtml": "python-fasthtml",
    "discord": "discord.py",
    "telegram": "python-telegram-bot",
    "flask_cors": "flask-cors",
    "flask_login": "flask-login",
    "flask_sqlalchemy": "flask-sqlalchemy",
    "pydantic_settings": "pydantic-settings",
    "psycopg": "psycopg[binary]",
    "psycopg2": "psycopg2-binary",
    "yaml": "pyyaml",
    "PIL": "pillow",
    "dotenv": "python-dotenv",
    "bs4": "beautifulsoup4",
    "sklearn": "scikit-learn",
    "jwt": "pyjwt",
}
"""What is imported → the distribution that has it. Only these are installed unasked: other names may be anybody's."""


class Inline(NamedTuple):
    """What a script says it needs: requirements, and a version of Python (empty: any)."""

    file: str
    requirements: tuple[str, ...]
    python: str = ""


def inline(source: Source) -> Inline | None:
    """The first script at the top that has inline metadata; SourceError if that is no TOML."""
    for file in source.files("*.py")[:_MOST_FILES]:
        text = source.text(file)
        if "# /// script" not in text or not (block := _BLOCK.search(text)):
            continue
        try:
            said = tomllib.loads("".join(line[2:] + "\n" for line in block[1].splitlines()))
        except tomllib.TOMLDecodeError as error:
            line = text.count("\n", 0, block.start(1)) + 1
            what, why = f"The metadata in {file} is not TOML.", f"{error}, from line {line} on."
            raise SourceError(what, why, f"Mend {file} there and try again.", file=file, line=line, column=1) from error
        python = said.get("requires-python")
        return Inline(file, strings(said.get("dependencies")), python if isinstance(python, str) else "")
    return None


def imported(names: Iterable[str]) -> tuple[str, ...]:
    """The distributions, among those that are known, of what is imported by these full names."""
    heads = {name.partition(".")[0] for name in names}
    return tuple(sorted(KNOWN[head] for head in heads if head in KNOWN))
