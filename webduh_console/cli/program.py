"""From words to an exit code."""

import logging
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click

from webduh_console.cli.face import Face, JsonFace, TextFace
from webduh_console.cli.opening import open_console, prepare
from webduh_console.cli.waiting import Waiting
from webduh_console.commands import language
from webduh_console.commands.context import Ask, Context, Trigger, no_terminal
from webduh_console.errors import CancelledError, UsageError, WebduhError

OUTPUTS = ("table", "json")


def run(words: Sequence[str]) -> int:
    """Carry out one command line; returns the exit code."""
    if "_WEBDUH_COMPLETE" in os.environ:
        return _complete()
    prepare()
    try:
        options, rest = _first(list(words))
    except UsageError as error:
        TextFace().error(error)
        return error.code
    if options["script"]:
        from webduh_console.cli.script import run_script

        return run_script(options["script"], options["vars"], options["output"])
    if not rest:
        return _console(options)
    if rest[0] == "console":
        return _console(options, rest[1:])
    if rest[0] == "completion":
        return _completion(rest[1:])
    return command(rest, options["output"])


def command(words: list[str], output: str | None = None) -> int:
    """Run one command and draw what it returns."""
    if {"-h", "--help"} & set(words) or words[0] == "help":
        asked = [word for word in words[words[0] == "help" :] if word not in ("-h", "--help")]
        return guarded("command", output, lambda ctx: _help(ctx, asked))
    return guarded("command", output, lambda ctx: _one(ctx, words, output))


def _one(ctx: Context, words: list[str], output: str | None) -> int:
    parsed = language.parse(words, ctx)
    if isinstance(parsed.command, click.Group):
        print(parsed.get_help())
        return UsageError.code
    chosen = output or language.output_of(parsed)
    face = face_of(chosen)
    try:
        return face.show(language.invoke(parsed), lambda line: _one(ctx, language.split(line), chosen))
    except WebduhError as error:
        face.error(error)
        return error.code


def guarded(trigger: Trigger, output: str | None, work: Callable[[Context], int]) -> int:
    """Run something with a context; every error ends as words and an exit code, a defect also as a log entry."""
    ctx = Context.open(trigger, asker())
    face = face_of(output or "table")
    ctx.told = Waiting().tell
    try:
        code = work(ctx)
        sys.stdout.flush()  # here, where it is known what to do when nobody reads
        return code
    except WebduhError as error:
        face.error(error)
        return error.code
    except click.exceptions.Exit as ended:
        return ended.exit_code
    except (KeyboardInterrupt, click.Abort):
        face.error(CancelledError("Interrupted.", kept="Nothing that was done is undone."))
        return CancelledError.code
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 1
    except Exception as error:  # noqa: BLE001 - the last resort: never a stack trace on the screen
        face.error(_defect(ctx, error))
        return 1
    finally:
        ctx.close()


def face_of(output: str) -> Face:
    """The face of an output format."""
    return JsonFace() if output == "json" else TextFace()


def asker() -> Ask:
    """Who answers questions: the terminal, if there is one."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return no_terminal
    return lambda text, secret: str(click.prompt(text, hide_input=secret, default="", show_default=False, err=True))


def _defect(ctx: Context, error: Exception) -> WebduhError:
    logging.getLogger("webduh").error("unexpected", exc_info=error)
    return WebduhError(
        f"Something unexpected went wrong: {type(error).__name__}: {error}",
        hint=f"This is a defect of webduh. The details are in {ctx.home.data / 'log' / 'webduh.log'}.",
    )


def _first(words: list[str]) -> tuple[dict[str, Any], list[str]]:
    """The options before the command: --script, --var, -o, --at, --version, --help."""
    options: dict[str, Any] = {"script": None, "vars": {}, "output": None, "at": None}
    while words and words[0].startswith("-") and words[0] not in ("-h", "--help"):
        option, equals, value = words.pop(0).partition("=")
        if option not in ("--script", "--var", "-o", "--output", "--at"):
            raise UsageError(f"There is no option {option}.", hint="See `webduh --help`.")
        if not equals:
            if not words:
                raise UsageError(f"{option} needs a value.", hint="See `webduh --help`.")
            value = words.pop(0)
        _keep(options, option, value)
    if options["script"]:
        while words:
            option, words = words[0], words[1:]
            if option not in ("--var", "-o", "--output") or not words:
                raise UsageError(f"{option} does not go with --script.", hint="webduh --script FILE --var NAME=VALUE")
            _keep(options, option, words.pop(0))
    return options, words


def _keep(options: dict[str, Any], option: str, value: str) -> None:
    if option == "--script":
        options["script"] = value
    elif option == "--at":
        options["at"] = value
    elif option == "--var":
        name, equals, text = value.partition("=")
        if not equals or not name.isidentifier():
            raise UsageError(f"--var {value!r} defines nothing.", hint="Write --var NAME=VALUE.")
        options["vars"][name] = text
    elif value not in OUTPUTS:
        raise UsageError(f"There is no output {value!r}.", hint="There are table and json.")
    else:
        options["output"] = value


def _help(ctx: Context, words: list[str]) -> int:
    print(language.help_text(words, ctx))
    if not words:
        print("\nOptions before a command:")
        print("  --script FILE|-   Run a script, a command a line; --var NAME=VALUE gives ${NAME} a value.")
        print("  -o table|json     How to show answers.")
        print(
            "\nwebduh console [--at SCREEN] opens the console; "
            "webduh completion bash|zsh|fish prints a completion script."
        )
    return 0


def _console(options: dict[str, Any], words: list[str] | None = None) -> int:
    if {"-h", "--help"} & set(words or []):
        print(
            "Usage: webduh [console] [--at SCREEN]\n\nOpens the console. SCREEN is home, an app or one of its tabs "
            "(shop, shop@staging, shop:logs), or a target or one of its tabs (prod, prod:images)."
        )
        return 0
    if words and not (words[0] == "--at" and len(words) == 2):
        unknown = f"`webduh console {' '.join(words)}` is not understood."
        TextFace().error(UsageError(unknown, hint="webduh console --at SCREEN"))
        return UsageError.code
    return open_console(words[1] if words else options["at"])


def _complete() -> int:
    from click.shell_completion import shell_complete

    return shell_complete(language.root, {}, "webduh", "_WEBDUH_COMPLETE", os.environ["_WEBDUH_COMPLETE"])


def _completion(words: list[str]) -> int:
    """Print the completion script of a shell."""
    from click.shell_completion import get_completion_class

    shell = words[0] if words else Path(os.environ.get("SHELL", "bash")).name
    found = get_completion_class(shell)
    if found is None:
        TextFace().error(UsageError(f"There is no completion for {shell}.", hint="There is for bash, zsh and fish."))
        return UsageError.code
    print(found(language.root, {}, "webduh", "_WEBDUH_COMPLETE").source())
    return 0
