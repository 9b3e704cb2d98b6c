"""What comes before every face, and the way to the console, for which nothing of the command language is imported."""

import io
import sys

from webduh_console.cli.logfile import log_to_file
from webduh_console.errors import WebduhError


def prepare() -> None:
    """Send what is logged to its file, and let the streams take any text."""
    log_to_file()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a path need not be Unicode, nor a terminal show all of it


def open_console(at: str | None = None) -> int:
    """Run the console until it is left, at an app if one is named; the answer is the exit code."""
    from webduh_console.console.run import run_console

    try:
        return run_console(at)
    except WebduhError as error:
        from webduh_console.cli.face import TextFace

        TextFace().error(error)
        return error.code
