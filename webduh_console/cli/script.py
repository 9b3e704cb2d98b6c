"""`webduh --script FILE`: many commands, parsed as a whole before the first one runs."""

import os
import sys
from pathlib import Path
from typing import Any

import click
import msgspec

from webduh_console.cli.program import face_of, guarded
from webduh_console.commands import language
from webduh_console.commands.context import Context
from webduh_console.errors import UsageError, WebduhError


class Line(msgspec.Struct):
    """One command of a script; with `tolerant` (a `-` before it) the script goes on when it fails."""

    number: int
    words: list[str]
    tolerant: bool


def run_script(file: str, variables: dict[str, str], output: str | None) -> int:
    """Run a script; `-` is standard input. Stops at the first failure, with its exit code."""
    return guarded("script", output, lambda ctx: _run(ctx, file, variables, output))


def _run(ctx: Context, file: str, variables: dict[str, str], output: str | None) -> int:
    lines, wrong = read(_text(file), file, {**os.environ, **variables})
    parsed = []
    for line in lines:
        try:
            parsed.append((line, _parsed(line, ctx, file)))
        except UsageError as error:
            wrong.append(error)
    if wrong:
        raise together(wrong)
    for line, context in parsed:
        if output != "json":
            print(f"$ webduh {' '.join(line.words)}", flush=True)
        code = _one(ctx, context, output or language.output_of(context))
        if code and not line.tolerant:
            return code
    return 0


def together(wrong: list[UsageError]) -> UsageError:
    """All that is wrong with a script, as one error."""
    hints = dict.fromkeys(error.hint for error in wrong if error.hint)
    return UsageError("\n".join(error.what for error in wrong), kept="No line was run.", hint="\n".join(hints))


def _text(file: str) -> str:
    if file == "-":
        return sys.stdin.read()
    try:
        return Path(file).read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(
            f"The script {file} cannot be read.", why=f"{error.strerror}.", kept="No line was run."
        ) from error
    except UnicodeDecodeError as error:
        raise UsageError(f"The script {file} is not UTF-8 text.", why=f"{error}.", kept="No line was run.") from error


def read(text: str, file: str, variables: dict[str, str]) -> tuple[list[Line], list[UsageError]]:
    """The lines of a script, expanded after they are split into words, and what is wrong with the others."""
    lines, wrong = [], []
    for number, raw in enumerate(text.removeprefix("\ufeff").split("\n"), 1):
        where = f"{file}:{number}"
        try:
            words = language.split(raw, where)
            tolerant = bool(words) and words[0] == "-"
            words = language.expand(words[1:] if tolerant else words, variables, where)
        except UsageError as error:
            wrong.append(error)
            continue
        if words and words[0] == "webduh":
            words = words[1:]
        if words:
            lines.append(Line(number, words, tolerant))
    return lines, wrong


def _parsed(line: Line, ctx: Context, file: str) -> click.Context:
    where = f"{file}:{line.number}"
    if {"-h", "--help"} & set(line.words):  # click would print the help and end the script
        raise UsageError(f"{where}: {' '.join(line.words)} does nothing.", kept="No line was run.")
    try:
        context = language.parse(line.words, ctx)
    except WebduhError as error:
        raise UsageError(f"{where}: {error.what}", why=error.why, kept="No line was run.", hint=error.hint) from error
    if isinstance(context.command, click.Group):
        raise UsageError(f"{where}: {' '.join(line.words)} is not a whole command.", kept="No line was run.")
    return context


def _one(ctx: Context, context: click.Context, output: str) -> int:
    face = face_of(output)

    def again(words: str) -> int:
        return _one(ctx, language.parse(language.split(words), ctx), output)

    try:
        result: Any = language.invoke(context)
        return face.show(result, again)
    except WebduhError as error:
        face.error(error)
        return error.code
