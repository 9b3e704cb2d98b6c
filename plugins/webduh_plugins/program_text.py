"""What the source of a program says, in any language: the variables it reads, where it listens, the files it reads."""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from webduh_console.frameworks import EnvVar, Source, is_secret

# These begin with what is rare, since they are tried at every character of every file.
_READ = re.compile(
    r"(?:env|Env|ENV)\w*(?:\(\))?(?:\.getOrDefault|\.get|\.fetch|::var|\.var|::get)?"
    r"(?:_os|\?)?!?[ \t]*[\[( ][ \t]*(?:\w+,[ \t]*)?"
    r"[\"']([A-Z][A-Z0-9_]{1,60})[\"'](?:[ \t]*\))?(?:[ \t]*(?:,|\?\?|\|\||\?:)[ \t]*[\"']([^\"'\n]*)[\"'])?"
)
_TAGGED = re.compile(r"env(?<!\wenv)(?:config)?[ \t]*[:=][ \t]*\"([A-Z][A-Z0-9_]{1,60})\"")
_FILLED = re.compile(r"\$\{\??([A-Z][A-Z0-9_]{1,60})(?::([^}\n]*))?\}")
_ADDRESS = re.compile(
    r"[\"'](https?://)?(|0\.0\.0\.0|127\.0\.0\.1|localhost|\[::1?\]|[*+]):(\d{2,5})[\"'/]"
    r"|[\"'](0\.0\.0\.0|127\.0\.0\.1|localhost|::1?)[\"'][ \t]*,[ \t\n]*(?:[\w ]+[:=])?[ \t]*(\d{2,5})\b"
    r"|\[[ \t]*(\d{1,3}(?:,[ \t]*\d{1,3}){3})[ \t]*\][ \t]*,[ \t]*(\d{2,5})\b"
)
_PORT = re.compile(
    r"(?:[pP]ort|PORT)\b(?:[ \t]*:[ \t]*[\w:]+)?[ \t]*[(=:][ \t]*(\d{2,5})\b"
    r"|\.(?:listen|start|bind)\([ \t]*(\d{2,5})\b|\b(?:scotty|run)[ \t]+(\d{4,5})\b"
)
_TWO_DIGITS = re.compile(r"\d\d")
_ITSELF = frozenset({"127.0.0.1", "localhost", "[::1]", "::1"})
# Databases, caches, queues, mail, telemetry: what an app connects to.
_OTHERS = frozenset(
    {*(22, 25, 53, 465, 587, 1025, 1433, 1521, 2379, 3306, 4222, 4317, 4318, 5432, 5672, 6379, 8086, 8125, 9042, 9092)}
    | {9200, 11211, 15672, 26257, 27017}
)
_OF_THE_TOOLS = re.compile(r"(CARGO|GITHUB|CI|RUST)(_|$)|(GOOS|GOARCH|OUT_DIR|PROFILE|TARGET|ENV|VARIABLE)$")
_NOT_THE_APP = re.compile(
    r"_test\.\w+$|Tests?\.\w+$|(^|/)(?:tests?|testdata|spec|benches|vendor)/|^(?:examples?|docs?)/"
)
_LITERAL = re.compile(r"[\"'`]([^\"'`\n]{1,200})")
_COMMENT = re.compile(r"^[ \t]*(?://|#(?!\[)|--|\*|/\*).*$", re.MULTILINE)
_FOLDERS = frozenset(
    {*("templates", "views", "static", "public", "assets", "migrations", "locales", "i18n", "translations", "content")}
    | {*("config", "configs", "conf", "resources", "Resources", "Public", "wwwroot", "certs", "seeds", "fixtures")}
)
_MOST_FILES, _MOST_CHARACTERS = 50, 150_000


class Reading(NamedTuple):
    """What texts say. `ports` are the numbers that are listened on; `itself`: at the machine's own address alone."""

    texts: dict[str, str]
    env: tuple[EnvVar, ...]
    ports: tuple[int, ...]
    reads_port: bool
    itself: bool

    @property
    def port(self) -> int | None:
        """The one port it listens on, whatever PORT says; None if it reads PORT, or nothing is sure."""
        return None if self.reads_port or len(self.ports) != 1 else self.ports[0]

    def has(self, pattern: str) -> bool:
        """Whether a text has what a pattern describes."""
        return any(re.search(pattern, text, re.MULTILINE) for text in self.texts.values())


def reading(source: Source, *patterns: str) -> Reading:
    """What the files of these patterns say, as many as are worth a look, those nearest to the top first."""
    return said(dict(_texts(source, patterns)))


def said(texts: dict[str, str]) -> Reading:
    """What texts say: file → text."""
    env: list[EnvVar] = []
    ports: dict[int, None] = {}
    itself = False
    seen: set[str] = set()
    for file, text in texts.items():
        env += _variables(file, text, seen)
        for host, port in _listened(text):
            ports[port] = None
            itself = itself or host in _ITSELF
    reads_port = any(variable.name == "PORT" for variable in env)
    return Reading(texts, tuple(env), tuple(ports), reads_port, itself)


def port_warnings(read: Reading) -> Iterator[str]:
    """What a person should know about where an app listens."""
    if read.itself:
        yield "It listens on 127.0.0.1, where nobody outside its container reaches it: let it listen on 0.0.0.0."
    if read.port is not None:
        yield f"The app listens on port {read.port}, whatever PORT says: two releases cannot run side by side here."
    elif not read.reads_port and len(read.ports) > 1:
        ports = ", ".join(map(str, read.ports))
        yield f"The app listens on several ports ({ports}): say in webduh.yaml which gets requests (`port:`)."
    elif not read.reads_port:
        yield "Nothing was found that reads PORT: if the app listens elsewhere, write `port:` in webduh.yaml."


def beside(source: Source, read: Reading, ending: str | tuple[str, ...], but: Iterable[str] = ()) -> tuple[str, ...]:
    """What a program reads when it runs: files and folders at the top that its texts name, or that are usual.

    `ending` is that of the language's own files: a folder of nothing else is none.
    """
    others = (*((ending,) if isinstance(ending, str) else ending), ".lock", ".mod", ".sum")
    literals = {literal for text in read.texts.values() for literal in _LITERAL.findall(text)}
    words = {word for literal in literals for word in literal.split()}
    named = {word.removeprefix("./").partition("/")[0] for word in words if word[:1] != "/"}
    left = {*but, "bin", "target", "build", "vendor", "node_modules", "src", "test", "tests"}
    found: dict[str, None] = {}
    for path in source.files("*/**"):
        folder = path.partition("/")[0]
        if folder not in left and (folder in named or folder in _FOLDERS) and not path.endswith(ending):
            found[folder] = None
    return (*sorted(found), *(file for file in source.files("*") if file in named and not file.endswith(others)))


def _texts(source: Source, patterns: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    files = dict.fromkeys(file for pattern in patterns for file in source.files(pattern))
    wanted = sorted((file for file in files if not _NOT_THE_APP.search(file)), key=lambda file: (file.count("/"), file))
    characters = 0
    for file in wanted[:_MOST_FILES]:
        text = source.text(file)
        characters += len(text)
        if characters > _MOST_CHARACTERS:
            return
        yield file, text


def _variables(file: str, text: str, seen: set[str]) -> Iterator[EnvVar]:
    """The variables that a text reads, but for those that others before it read: they are added to `seen`."""
    for pattern in (_READ, _TAGGED, _FILLED):
        for match in pattern.finditer(text):
            name = match[1]
            if name not in seen and not _OF_THE_TOOLS.match(name):
                seen.add(name)
                default = match[2] if pattern.groups > 1 else None
                yield EnvVar(name, f"read in {file}", "run", False, is_secret(name), default or None)


def _listened(text: str) -> Iterator[tuple[str, int]]:
    """The addresses that a text names, but for those of other programs: host and port."""
    bare = _COMMENT.sub("", _numbered(text))
    for scheme, first, port, second, other, numbers, last in _ADDRESS.findall(bare):
        host = first or second or re.sub(r",\s*", ".", numbers)
        if _is_port(port or other or last) and not scheme:
            yield host, int(port or other or last)
    for words in _PORT.findall(bare):
        port = next(filter(None, words))
        if _is_port(port):
            yield "", int(port)


def _numbered(text: str) -> str:
    """The lines of a text that have a number, each with the one before it: only those can say where it listens."""
    kept: list[str] = []
    end = 0
    for number in _TWO_DIGITS.finditer(text):
        if number.start() < end:
            continue
        before = text.rfind("\n", 0, number.start())
        begin = text.rfind("\n", 0, before) + 1 if before > 0 else 0
        if begin > end:
            kept.append("//")  # between lines that do not follow each other nothing may be read across
        begin, end = max(begin, end), text.find("\n", number.end()) + 1 or len(text)
        kept.append(text[begin:end].rstrip("\n"))
    return "\n".join(kept)


def _is_port(word: str) -> bool:
    return 80 <= int(word) < 65536 and int(word) not in _OTHERS
