"""What the configuration files of JavaScript's frameworks say, as far as can be told without running them."""

import re
from typing import NamedTuple

from webduh_console.frameworks import Check, Command, Source, SourceError, Static, table

_COMMENTS = re.compile(r"/\*.*?\*/|(?<![:\"'\w])//[^\n]*", re.DOTALL)


class Output(NamedTuple):
    """What a build makes: files to serve, or a server to start (or neither: the start script knows).

    `steps` are commands to run after the build; `outputs` the folders that it makes, `env` what its build is told,
    `variables` what the app is given while it runs. `build` is what builds instead of the app's script, `default` what
    does without one; `volumes` are names and folders, `adds` packages that the build needs and the app does not depend
    on. `listens`: the app's own program says where it listens. `files`, `runtime`, `writes` and `checks` are as in a
    plan.
    """

    static: Static | None = None
    command: Command | None = None
    outputs: tuple[str, ...] = ()
    variables: dict[str, str] = {}  # noqa: RUF012  # a tuple's default: never changed
    steps: tuple[Command, ...] = ()
    warning: str = ""
    env: dict[str, str] = {}  # noqa: RUF012
    health: str = ""
    build: Command | None = None
    default: Command | None = None
    files: dict[str, str] = {}  # noqa: RUF012
    runtime: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    checks: tuple[Check, ...] = ()
    volumes: tuple[tuple[str, str], ...] = ()
    adds: tuple[str, ...] = ()
    listens: bool = False


def config(source: Source, *names: str) -> str:
    """The text of a framework's configuration files, whatever their ending, without comments."""
    return uncommented("".join(source.text(file) for name in names for file in source.files(f"{name}.*")))


def uncommented(text: str) -> str:
    """A program's text, or JSON with comments, without them."""
    return _COMMENTS.sub("", text)


def commented_json(source: Source, file: str) -> dict[str, object]:
    """What a file of JSON with comments, and commas at its ends, holds. SourceError names the line that is broken."""
    import yaml

    try:  # YAML takes it once the comments are gone
        return table(yaml.safe_load(uncommented(source.text(file)).replace("\t", " ")))
    except yaml.YAMLError as error:  # a mark is missing where a character is one that no text has
        mark = getattr(error, "problem_mark", None)
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        problem = getattr(error, "problem", None) or "it has characters that are no text"
        what, why = f"{file} is not JSON.", f"Line {line}: {problem}."
        raise SourceError(
            what, why, f"Mend {file} there and try again.", file=file, line=line, column=column
        ) from error


def says(text: str, key: str, value: str) -> bool:
    """Whether a setting has a value."""
    return re.search(rf"\b{key}[\"']?\s*:\s*[\"'`]?{value}\b", text) is not None


def text_of(text: str, key: str) -> str:
    """The text that a setting has; empty if it has none, or one that is worked out."""
    found = re.search(rf"\b{key}[\"']?\s*:\s*[\"'`]([^\"'`$]+)[\"'`]", text)
    return plain(found[1]) if found else ""


def resolved(text: str, key: str) -> str:
    """The folder that a setting has, be it a text or `path.resolve(__dirname, "dist")`."""
    call = re.search(rf"\b{key}[\"']?\s*:\s*(?:path\.)?(?:resolve|join)\(\s*[\w.]+(?:\(\))?\s*,\s*([^)]*)\)", text)
    if not call:
        return text_of(text, key)
    return "/".join(filter(None, (plain(part.strip(" \"'`\n")) for part in call[1].split(","))))


def plain(path: str) -> str:
    """A path without what changes nothing about it."""
    return path.strip().removeprefix("./").strip("/")


def flag(line: str, *names: str) -> str:
    """The value of an option in a script; empty if it is not given."""
    found = re.search(rf"(?:^|\s)(?:{'|'.join(names)})[= ]+[\"']?([^\s\"'&|;]+)", line)
    return found[1] if found else ""
