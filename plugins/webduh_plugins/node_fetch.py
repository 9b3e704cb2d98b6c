"""A small server of ours, for apps that give away what answers requests and leave it to others to listen."""

import re
from functools import cache
from pathlib import Path

from webduh_console.frameworks import Command

FILE = ".webduh/server.mjs"
"""Where it is put, in the app's folder."""

_GIVES = re.compile(
    r"^\s*(?:export\s+default\s+|module\.exports\s*=\s*)(?:\{[^}]*\bfetch\b|new\s+(?:Hono|Elysia|H3|Koa)\b|(\w+)\s*;?\s*$)",
    re.MULTILINE,
)


def gives_answers(text: str, *, serves: bool) -> bool:
    """Whether a program gives away a handler of requests; `serves`: it is made with a library for servers.

    Without one, only what has a `fetch` is taken for a handler.
    """
    return any(serves or not given[1] for given in _GIVES.finditer(text))


def served(program: str, files: str = "", *loads: str) -> Command:
    """The command that serves what a program gives away, and a folder of files before that."""
    return ("node", *loads, FILE, program, *((files,) if files else ()))


@cache
def server() -> str:
    """The server's text."""
    return Path(__file__).with_name("fetch_server.mjs").read_text("utf-8")
