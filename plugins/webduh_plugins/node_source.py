"""What the JavaScript and TypeScript of an app says: the variables it reads and the port it listens on."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from webduh_console.frameworks import EnvVar, Source, is_secret
from webduh_plugins.node_listen import LOOPBACK, listened

_PATTERNS = (
    *(f"*.{ending}" for ending in ("js", "mjs", "cjs", "ts", "mts", "tsx", "jsx")),
    *(f"{folder}/*" for folder in ("src", "server", "app", "lib", "api", "pages", "backend", "config")),
    *("src/*/*", "app/*/*", "server/*/*", "apps/*/src/main.ts", "bin/*"),
)
_SOURCES = re.compile(r"\.(?:[cm]?[jt]s|[jt]sx|vue|svelte|astro)$|^bin/[\w-]+$")
_NOT_THE_APP = re.compile(r"\.(?:test|spec|d|stories)\.|(^|/)(?:__tests__|tests?)/|\.min\.js$")
_READ = re.compile(
    r"(?:process\.env|import\.meta\.env|Bun\.env)(?:\.([A-Za-z_]\w*)|\[\s*[\"']([A-Za-z_]\w*)[\"']\s*\])"
    r"(?:\s*(?:\|\||\?\?)\s*(?:\"([^\"\n]*)\"|'([^'\n]*)'|(\d[\d_.]*)))?"
)
_UNPACKED = re.compile(r"\{([^{}]*)\}\s*=\s*process\.env\b")
_BUILD_TIME = ("NEXT_PUBLIC_", "VITE_", "REACT_APP_", "GATSBY_", "PUBLIC_", "VUE_APP_")
_OF_THE_TOOLS = re.compile(r"npm_|NODE_ENV$|CI$|(MODE|DEV|PROD|SSR|BASE_URL)$|VERCEL|NETLIFY|NEXT_RUNTIME$|__")
_BUN = re.compile(r"\bBun\.(?:serve|file|env|sql|write|spawn)\b|from\s+[\"']bun(?::\w+)?[\"']")
# A server that is given a port of its settings, the files that hold such, and a port among them.
_OF_SETTINGS = re.compile(r"\.listen\(\s*(?:\{\s*port\s*:\s*)?\w+(?:\.\w+)*\.port\b", re.IGNORECASE)
_SETTINGS = re.compile(r"(?:^|/)(?:config|settings|constants|conf|env|environment)(?:/|\.[cm]?[jt]s$)")
_SET_PORT = re.compile(r"\b(?:server_?)?port\s*[:=]\s*(\d{4,5})\b(?!\s*[+*])", re.IGNORECASE)
_OF_OTHERS = frozenset({1025, 1433, 3306, 5432, 5672, 6379, 6432, 9092, 9200, 11211, 27017})
"""Ports of databases, queues and mail servers, which settings name too."""
_MOST_FILES, _MOST_CHARACTERS = 80, 300_000


class Reading(NamedTuple):
    """What the files say. `ports` are numbers that are listened on; `listens`: a server is started somewhere.

    `loopback` is the file whose server listens where nobody outside its container reaches it; empty if there is none.
    `bun`: some file calls what only Bun has; `calls`: some file starts a server itself, and not only gives one away.
    """

    env: tuple[EnvVar, ...]
    ports: tuple[int, ...]
    reads_port: bool
    listens: bool
    loopback: str = ""
    bun: bool = False
    calls: bool = False


def reading(source: Source) -> Reading:
    """What the app's own files say, as many as are worth a look."""
    env: list[EnvVar] = []
    ports: dict[int, None] = {}
    reads_port = listens = bun = calls = of_settings = False
    told: set[int] = set()
    loopback = ""
    for file, text in _texts(source):
        found = list(_variables(file, text))
        reads_port = reads_port or any(variable.name == "PORT" for variable in found)
        env += found
        places = list(listened(text))
        listens = listens or bool(places)
        calls = calls or any(place.called for place in places)
        bun = bun or _BUN.search(text) is not None
        ports |= dict.fromkeys(place.port for place in places if place.port)
        of_settings = of_settings or _OF_SETTINGS.search(text) is not None
        told |= set(map(int, _SET_PORT.findall(text))) - _OF_OTHERS if _SETTINGS.search(file) else set()
        loopback = loopback or (file if any(place.host in LOOPBACK for place in places) else "")
    if of_settings and not ports and len(told) == 1:
        ports = dict.fromkeys(told)
    return Reading(tuple(env), tuple(ports), reads_port, listens, loopback, bun, calls)


def _texts(source: Source) -> Iterator[tuple[str, str]]:
    files = dict.fromkeys(file for pattern in _PATTERNS for file in source.files(pattern))
    wanted = (file for file in files if _SOURCES.search(file) and not _NOT_THE_APP.search(file))
    characters = 0
    for _, file in zip(range(_MOST_FILES), wanted, strict=False):
        text = source.text(file)
        characters += len(text)
        if characters > _MOST_CHARACTERS:
            return
        yield file, text


def _variables(file: str, text: str) -> Iterator[EnvVar]:
    for dotted, quoted, double, single, number in _READ.findall(text):
        name = dotted or quoted
        if not _OF_THE_TOOLS.match(name):
            yield _variable(name, file, double or single or number or None)
    for names in _UNPACKED.findall(text):
        for part in names.split(","):
            name, equals, default = (word.strip() for word in part.partition("="))
            name = name.partition(":")[0].strip()
            if name.isidentifier() and not _OF_THE_TOOLS.match(name):
                yield _variable(name, file, default.strip("\"'`") if equals else None)


def _variable(name: str, file: str, default: str | None) -> EnvVar:
    built_in = name.startswith(_BUILD_TIME)
    why = f"read in {file}, and written into the build" if built_in else f"read in {file}"
    return EnvVar(name, why, "build" if built_in else "run", False, is_secret(name), default)
