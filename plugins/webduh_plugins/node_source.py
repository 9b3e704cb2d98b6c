"""What the JavaScript and TypeScript of an app says: the variables it reads and the port it listens on."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from webduh_console.frameworks import EnvVar, Source, is_secret

_PATTERNS = (
    *(f"*.{ending}" for ending in ("js", "mjs", "cjs", "ts", "mts", "tsx", "jsx")),
    *(f"{folder}/*" for folder in ("src", "server", "app", "lib", "api", "pages")),
    *("src/*/*", "app/*/*"),
)
_SOURCES = re.compile(r"\.(?:[cm]?[jt]s|[jt]sx|vue|svelte|astro)$")
_NOT_THE_APP = re.compile(r"\.(?:test|spec|d|stories)\.|(^|/)(?:__tests__|tests?)/|\.min\.js$")
_READ = re.compile(
    r"(?:process\.env|import\.meta\.env|Bun\.env)(?:\.([A-Za-z_]\w*)|\[\s*[\"']([A-Za-z_]\w*)[\"']\s*\])"
    r"(?:\s*(?:\|\||\?\?)\s*(?:\"([^\"\n]*)\"|'([^'\n]*)'|(\d[\d_.]*)))?"
)
_UNPACKED = re.compile(r"\{([^{}]*)\}\s*=\s*process\.env\b")
_LISTEN = re.compile(r"\.listen\(\s*(?:\{[^}]*?\bport\s*:\s*)?(\d{2,5}|[A-Za-z_$][\w$]*)")
_SERVE = re.compile(
    r"(?:\bserve\(\s*(?:[\w.]+\s*,\s*)?|\.server\(\s*|\bexport\s+default\s*)\{[^}]*?\bport\s*:\s*(\d{2,5}|[A-Za-z_$][\w$]*)",
    re.DOTALL,
)
_HERE = re.compile(
    r"\.listen\([^()]*[\"'`](?:localhost|127\.0\.0\.1)[\"'`]|\bhost(?:name)?\s*[:=]\s*[\"'`](?:localhost|127\.0\.0\.1)[\"'`]"
)
_BUILD_TIME = ("NEXT_PUBLIC_", "VITE_", "REACT_APP_", "GATSBY_", "PUBLIC_", "VUE_APP_")
_OF_THE_TOOLS = re.compile(r"npm_|NODE_ENV$|CI$|(MODE|DEV|PROD|SSR|BASE_URL)$|VERCEL|NETLIFY|NEXT_RUNTIME$|__")
_MOST_FILES, _MOST_CHARACTERS = 80, 300_000


class Reading(NamedTuple):
    """What the files say. `ports` are numbers that are listened on; `listens`: a server is started somewhere.

    `only_here`: one listens on 127.0.0.1; `reads_host`: the variable HOST or HOSTNAME is read.
    """

    env: tuple[EnvVar, ...]
    ports: tuple[int, ...]
    reads_port: bool
    listens: bool
    only_here: bool = False
    reads_host: bool = False


def reading(source: Source) -> Reading:
    """What the app's own files say, as many as are worth a look."""
    env: list[EnvVar] = []
    ports: dict[int, None] = {}
    reads_port = listens = only_here = reads_host = False
    for file, text in _texts(source):
        found = list(_variables(file, text))
        reads_port = reads_port or any(variable.name == "PORT" for variable in found)
        reads_host = reads_host or any(variable.name in ("HOST", "HOSTNAME") for variable in found)
        env += found
        places = [*_LISTEN.findall(text), *_SERVE.findall(text)]
        listens = listens or bool(places)
        only_here = only_here or (bool(places) and _HERE.search(text) is not None)
        ports |= dict.fromkeys(port for word in places if (port := _number(word, text)))
    return Reading(tuple(env), tuple(ports), reads_port, listens, only_here, reads_host)


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


def _number(word: str, text: str) -> int | None:
    """The port that a number or the constant of that name stands for."""
    if not word.isdecimal():
        constant = re.search(rf"\b(?:const|let|var)\s+{re.escape(word)}\s*(?::\s*number\s*)?=\s*(\d{{2,5}})\b", text)
        word = constant[1] if constant else "0"
    return int(word) if 0 < int(word) < 65536 else None
