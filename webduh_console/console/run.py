"""Opens the console in a terminal."""

import gc
import os
import sys

from webduh_console.console import collector
from webduh_console.errors import UsageError


def run_console(at: str | None = None) -> int:
    """Run the console until it is left, at an app if one is named; the answer is the exit code.

    UsageError when there is no terminal to draw on or to read keys from; StateError when the local state cannot be
    opened.
    """
    _draw_on_terminal()
    _read_keys_from_terminal()
    collector.wait()
    from webduh_console.commands.context import Context

    context = Context.open("console")
    try:
        from webduh_console.console.app import ConsoleApp

        app = ConsoleApp(context, at=at)
        code = app.run()
    finally:
        gc.enable()
        context.close()
    return app.return_code or code or 0


def _draw_on_terminal() -> None:
    """With standard error redirected, as into a file, it is drawn on the terminal itself."""
    if not sys.stderr.isatty():
        why = "It draws on standard error, that is not a terminal, and there is no other to draw on."
        _take_terminal(2, os.O_WRONLY, why)


def _read_keys_from_terminal() -> None:
    """With something piped in, keys are read from the terminal itself."""
    if sys.stdin is None or not sys.stdin.isatty():
        _take_terminal(0, os.O_RDONLY, "Standard input is not a terminal, and there is no other to read keys from.")


def _take_terminal(stream: int, how: int, why: str) -> None:
    """Put the terminal in the place of a stream; UsageError where there is none."""
    try:
        terminal = os.open("/dev/tty", how)
    except OSError as error:
        raise UsageError(
            "The console cannot open.",
            why=why,
            hint="Run it in a terminal, or use a command such as `webduh status`.",
        ) from error
    os.dup2(terminal, stream)
    os.close(terminal)
