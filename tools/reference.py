"""Writes docs/reference from the code: commands, webduh.yaml, JSON, exit codes. With `--check` it only compares.

What `-o json` answers is read off real answers: two of the examples are deployed in a home that is thrown away.
"""

import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args, get_type_hints

import click
import msgspec

from webduh_console import errors
from webduh_console.cli.face import summary
from webduh_console.commands import language
from webduh_console.commands.alerts import Alert
from webduh_console.commands.context import Context
from webduh_console.commands.executing import ExecRow
from webduh_console.commands.results import Done, Lines, Listing, Stream, Text
from webduh_console.commands.server import ServerRow
from webduh_console.config import project
from webduh_console.config.schema import schema
from webduh_console.model import events
from webduh_console.model.inventory import ROWS
from webduh_console.model.observe import Fact, LogLine

HOME = Path(__file__).parent.parent
FOLDER = HOME / "docs" / "reference"
WIDTH = 96
NOTE = "<!-- Written by `make reference` from the code. -->\n\n"
NAME = re.compile(r"(app|config|env|plugin|secret|target)? ?[a-z]+")
ASKED = (
    "deploy {site} --watch 0 --drain 0",
    "deploy {python} --watch 0 --drain 0",
    "env set guestbook-python GREETING=hello",
    "secret set guestbook-python API_KEY --from-env WEBDUH_KEY",
    "plan {python}",
    "detect {python}",
    "apply {python} --dry-run",
    "drift",
    "audit --limit 3",
    "sync local --dry-run",
    "status",
    "top",
    "releases guestbook-python",
    "deployments --limit 5",
    "env ls guestbook-python",
    "secret ls guestbook-python",
    "app ls",
    "target ls",
    "target show",
    "target check",
    "build {python} --show",
    "config get",
    "config images",
    "config path",
    "plugin ls",
    "config check {python}",
    "open guestbook-python --print",
    "demo --dry-run",
    "app rm guestbook-python --yes",
)


NESTED = ("key", "artifact", "source", "static")


def main() -> int:
    """Write or compare; 1 when something is out of date."""
    pages = {"commands.md": commands(), "webduh-yaml.md": webduh_yaml(), "json.md": json_page()}
    whole = project.schema()
    pages["webduh-project.schema.json"] = msgspec.json.format(msgspec.json.encode(whole)).decode() + "\n"
    pages["webduh.schema.json"] = msgspec.json.format(msgspec.json.encode(schema())).decode() + "\n"
    if "--check" in sys.argv[1:]:
        return _compare(pages)
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, text in pages.items():
        (FOLDER / name).write_text(text, "utf-8")
        print(f"docs/reference/{name}")
    return 0


def _compare(pages: dict[str, str]) -> int:
    old = [name for name, text in pages.items() if _text(FOLDER / name) != text]
    for name in old:
        print(f"docs/reference/{name} is not what the code says. Write it anew: make reference", file=sys.stderr)
    if not old:
        print("docs/reference is up to date.")
    return int(bool(old))


def _text(path: Path) -> str | None:
    return path.read_text("utf-8") if path.exists() else None


# commands.md


def commands() -> str:
    """Every command's help, with those of its verbs."""
    parts = [
        "# Commands\n",
        NOTE + "`webduh COMMAND`, a line `COMMAND` of a script and `:COMMAND` in the console are the same thing. "
        "`APP` is the name of an app, `project/app`, or a folder; the folder you are in if left out.\n",
    ]
    names = language.root.context_settings["help_option_names"]
    for path, command in _walk((), language.root):
        words = " ".join(("webduh", *path))
        context = click.Context(command, info_name=words, terminal_width=WIDTH, help_option_names=names)
        parts.append(f"{'#' * (1 + len(path))} {' '.join(path)}\n\n```text\n{command.get_help(context)}\n```\n")
    return "\n".join(parts)


def _walk(path: tuple[str, ...], group: click.Group) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        yield (*path, name), command
        if isinstance(command, click.Group):
            yield from _walk((*path, name), command)


# webduh-yaml.md


def webduh_yaml() -> str:
    """The keys of webduh.yaml, as tables, from its schema."""
    whole = schema()
    parts = [
        "# webduh.yaml\n",
        NOTE + f"{whole['description']} An unknown key is an error that names its line. For editors, the same as "
        "[JSON Schema](webduh.schema.json): put `# yaml-language-server: $schema=…` into the first line, or "
        "`webduh config schema` into a file.\n",
        _keys(whole),
    ]
    for name, part in whole["$defs"].items():
        parts.append(f"## {_title(name)}\n\n{part['description']}\n\n{_keys(part)}")
    return "\n".join(parts)


def _title(name: str) -> str:
    return name.removesuffix("Config").lower()


def _keys(part: dict[str, Any]) -> str:
    rows = ["| key | value | default | says | example |", "|---|---|---|---|---|"]
    for name, entry in part["properties"].items():
        default = _shown(entry.get("default")) if "default" in entry else "required"
        example = ", ".join(_shown(value) for value in entry.get("examples", ()))
        rows.append(f"| `{name}` | {_words(entry)} | {default} | {entry.get('description', '')} | {example} |")
    return "\n".join(rows) + "\n"


def _shown(value: Any) -> str:
    return "" if value is None or value in ({}, []) else f"`{msgspec.json.encode(value).decode()}`".replace("|", "\\|")


def _words(entry: dict[str, Any]) -> str:
    """A type in words."""
    if "$ref" in entry:
        title = _title(entry["$ref"].rpartition("/")[2])
        return f"[{title}](#{title})"
    if "anyOf" in entry:
        kinds = (_words(kind) for kind in entry["anyOf"] if kind.get("type") != "null")
        return " or ".join(dict.fromkeys(kinds))
    if "enum" in entry:
        return " or ".join(f"`{value}`" for value in entry["enum"])
    match entry.get("type"):
        case "array":
            return f"list of ({_words(entry['items'])})"
        case "object":
            return f"map to ({_words(entry.get('additionalProperties', {}))})"
        case "string" | "integer" | "number" | "boolean" as kind:
            return str({"string": "text", "boolean": "true or false"}.get(kind, kind))
    return "anything"


# json.md


def json_page() -> str:
    """Exit codes, errors, events, and the keys of every answer."""
    parts = [
        "# JSON, events and exit codes\n",
        NOTE + "With `-o json` an answer is one line: an array for a list, an object for all else. Log lines are an "
        "object a line. A deployment is its events, an object a line, and then one object that sums it up. Times are "
        'UTC in RFC 3339, durations seconds, sizes bytes. An error is `{"error": {…}}`.\n',
        "## Exit codes\n\n" + _codes(),
        "## Errors\n\n| name | exit code | means |\n|---|---|---|\n" + _errors(),
        "An error has the keys " + _list(errors.WebduhError("x").as_dict()) + "; each but `name` is words.\n",
        "## Events\n\nEvery event has the keys " + _list(events.Event.__struct_fields__) + " and `event`, which is its "
        "kind. `seq` counts from 1 within a deployment; later versions may add kinds and keys.\n",
        *(_event(kind) for kind in events.AnyEvent.__args__),
        "## Log lines\n\n" + _fields(LogLine),
        "## Answers\n\nThe keys of each answer; those of the objects in a list are named after it.\n",
        *_answers(),
        *_of_servers(),
    ]
    return "\n".join(parts)


def _codes() -> str:
    means = {
        0: "done",
        1: "failed",
        2: "wrong usage or configuration",
        3: "a plan has changes (`plan --exit-code`)",
        4: "somebody else holds the lease",
        130: "interrupted",
    }
    unknown = {error.code for error in _classes()} - set(means)
    assert not unknown, f"exit codes without words: {unknown}"
    return "| code | means |\n|---|---|\n" + "".join(f"| {code} | {words} |\n" for code, words in means.items())


def _classes() -> list[type[errors.WebduhError]]:
    found = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.WebduhError)]
    return sorted(found, key=lambda kind: (kind.code, kind.name))


def _errors() -> str:
    return "".join(f"| `{kind.name}` | {kind.code} | {_sentence(kind)} |\n" for kind in _classes())


def _sentence(kind: type) -> str:
    """The first sentence of a docstring."""
    return " ".join((kind.__doc__ or "").split()).partition(". ")[0].rstrip(".")


def _event(kind: type[msgspec.Struct]) -> str:
    doc = " ".join((kind.__doc__ or "").split())
    return f"### `{kind.__struct_config__.tag}`\n\n{doc}\n\n{_fields(kind, set(events.Event.__struct_fields__))}"


def _fields(kind: type[msgspec.Struct], without: set[str] | None = None) -> str:
    (_, parts) = msgspec.json.schema_components((kind,))
    properties = parts[kind.__name__]["properties"]
    rows = [
        f"| `{name}` | {_words(entry)}{' or null' if {'type': 'null'} in entry.get('anyOf', ()) else ''} |\n"
        for name, entry in properties.items()
        if name not in (without or set()) and name != "event"
    ]
    return "| key | value |\n|---|---|\n" + "".join(rows)


def _answers() -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="webduh-reference-") as home:
        os.environ |= {"WEBDUH_HOME": home, "WEBDUH_KEY": "file"}
        ctx = Context.open()
        folders = {"site": HOME / "examples/hello-static", "python": HOME / "examples/guestbook-python"}
        try:
            for line in ASKED:
                if line == "drift":  # its answer has keys only where something differs
                    shutil.rmtree(next(Path(home).rglob("volumes/data")))
                answer = language.run_line(ctx, line.format(**folders))
                keys = _answer_keys(answer)  # reads a deployment to its end
                if not keys:
                    raise ValueError(f"`{line}` answers with nothing here, so its keys are not known")
                if line != ASKED[1]:
                    yield f"`{NAME.match(line)[0].strip()}`: {keys}\n"  # type: ignore[index]
        finally:
            ctx.target("local").stop()  # type: ignore[attr-defined]
            ctx.close()


OF_SERVERS: dict[str, type[msgspec.Struct]] = {
    "server ls": ServerRow,
    **{f"server show NAME {kind}": row for kind, row in ROWS.items()},
    "server check": Fact,
    "server exec": ExecRow,
}


def _of_servers() -> Iterator[str]:
    """What is answered about servers, read off the types: none is at hand here."""
    for line, kind in OF_SERVERS.items():
        yield f"`{line}`: {_list(kind.__struct_fields__)}\n"
    keys, names = _list(Alert.__struct_fields__), _list(get_args(get_type_hints(Alert)["name"]))
    yield f"Each of the `alerts` in `status` and `server ls`: {keys}. Its name is one of {names}.\n"


def _answer_keys(answer: Any) -> str:
    """The keys of an answer's objects, in their order, with those of lists inside."""
    match answer:
        case Listing():
            values = list(answer.data)
        case Text() | Done():
            values = [answer.data]
        case Stream():
            values = [summary(answer, list(answer.events))]
        case Lines() | _:
            raise TypeError(f"an answer of another kind: {answer!r}")
    return _list(_flat(msgspec.to_builtins(values)))


def _flat(values: list[dict[str, Any]], before: str = "") -> list[str]:
    found: dict[str, None] = {}
    for value in values:
        for key, inner in value.items():
            found[before + key] = None
            if isinstance(inner, list | tuple) and inner and isinstance(inner[0], dict):
                found |= dict.fromkeys(_flat(list(inner), f"{before}{key}[]."))
            elif key in NESTED and isinstance(inner, dict):
                found |= dict.fromkeys(_flat([inner], f"{before}{key}."))
    return list(found)


def _list(names: Any) -> str:
    return ", ".join(f"`{name}`" for name in names)


if __name__ == "__main__":
    sys.exit(main())
