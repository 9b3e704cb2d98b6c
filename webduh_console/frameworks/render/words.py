"""How words are written in a Dockerfile, so that what arrives is what was meant, whatever a word holds."""

import json
import re
import shlex
from collections.abc import Iterable, Mapping, Sequence

from webduh_console.model.build import Command

_PLAIN_PATH = re.compile(r"[A-Za-z0-9_./@+-]+")
_PLAIN_VALUE = re.compile(r"[A-Za-z0-9_./:@%+,=-]+")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
# In a shell-form RUN a line end ends it, `<<` begins a here-document, and a last backslash takes the next line too.
_NOT_IN_SHELL_FORM = re.compile(r"[\n\r\0]|<<|\\\s*$")
# What begins a line of a RUN so would be read as the JSON form, an option or a comment.
_NOT_FIRST = re.compile(r"\s*(\[|--|#)")


def exec_form(words: Sequence[str]) -> str:
    """Words as a JSON array: a program is started with exactly these, without a shell."""
    return json.dumps(list(words), ensure_ascii=False).replace("<<", "\\u003c\\u003c")


def is_variable(name: str) -> bool:
    """Whether a Dockerfile and a shell can have a variable of this name."""
    return _NAME.fullmatch(name) is not None


def settings(values: Mapping[str, str]) -> list[str]:
    """`NAME=value` for an ENV. What it cannot hold is left out: values with line ends, and names that are none."""
    return [f"{name}={_value(value)}" for name, value in values.items() if is_variable(name) and _fits(value)]


def run(command: Command, env: Mapping[str, str], secrets: Iterable[str] = ()) -> str:
    """What follows RUN and its mounts: the command, with `env` and with secrets read from where BuildKit mounts them.

    A line for `sh -c` is written as it is. A secret's last line ends are lost, as in any `$(…)`.
    """
    read = [f'export {name}="$(cat /run/secrets/{name})"' for name in secrets]
    given = [f"{name}={shlex.quote(value)}" for name, value in env.items() if is_variable(name)]
    line = _line(command)
    if _NOT_IN_SHELL_FORM.search(" ".join([*given, line])) or line.startswith("--"):
        words = ("env", *(f"{name}={value}" for name, value in env.items()), *command) if env else command
        return exec_form(("sh", "-c", f'{"; ".join(read)}; exec "$@"', "sh", *words) if read else words)
    if command[:2] == ("sh", "-c") and line == command[-1]:
        return " && ".join([*read, *([f"export {' '.join(given)}"] if given else []), line])
    return " && ".join([*read, " ".join([*given, line])])


def copy(sources: Sequence[str], destination: str, *options: str) -> str:
    """A COPY of files or folders whose names are taken as they are, without wildcards and variables."""
    words = [*sources, destination]
    if all(map(_PLAIN_PATH.fullmatch, words)):
        return " ".join(("COPY", *options, *words))
    literal = [_unexpanded(_unglobbed(source)) for source in sources]
    return " ".join(("COPY", *options, exec_form([*literal, _unexpanded(destination)])))


def text_file(path: str, text: str) -> list[str]:
    """The lines of a COPY that writes a text to a file, as it is but for a line end at its end."""
    word = "TEXT"
    while word in text:
        word += "S"
    return [f"COPY <<'{word}' {path}", *text.rstrip("\n").split("\n"), word]


def _line(command: Command) -> str:
    """The command as a shell line."""
    if len(command) == 3 and command[:2] == ("sh", "-c") and not _NOT_FIRST.match(command[2]):
        return command[2]
    return shlex.join(command)


def _fits(value: str) -> bool:
    return not re.search(r"[\n\r\0]", value)


def _value(value: str) -> str:
    if _PLAIN_VALUE.fullmatch(value):
        return value
    return '"' + re.sub(r'([\\"$])', r"\\\1", value) + '"'


def _unglobbed(path: str) -> str:
    """A backslash is an escape in a pattern alone, and a path without wildcards is none."""
    if not re.search(r"[*?\[]", path):
        return path
    return re.sub(r"([*?\[])", r"[\1]", path.replace("\\", "\\\\"))


def _unexpanded(path: str) -> str:
    return re.sub(r"([\\$'\"])", r"\\\1", path)
