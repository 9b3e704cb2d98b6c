"""Where defects go: `<data>/log/console.log`, never onto the screen."""

import traceback
from pathlib import Path
from typing import TYPE_CHECKING

from webduh_console.clock import now
from webduh_console.errors import WebduhError

if TYPE_CHECKING:
    from webduh_console.config.home import Home

_LARGEST = 1_000_000


def log_file(home: "Home") -> Path:
    """The file that has the tracebacks."""
    return home.data / "log" / "console.log"


def defect(home: "Home", error: Exception, what: str, then: str) -> WebduhError:
    """What a person is told where `what` did not come because of a defect; `then` is what can be done."""
    return WebduhError(
        f"{what}: something unexpected went wrong.",
        why=f"{type(error).__name__}: {error}",
        kept="Nothing was changed.",
        hint=f"{then} This is a defect of webduh; {log_file(home)} has it.",
    )


def note(home: "Home", error: BaseException) -> Path:
    """Write an error's traceback to the log file, and answer the file.

    A file that cannot be written changes nothing.
    """
    file = log_file(home)
    text = "".join(traceback.format_exception(error))
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if file.exists() and file.stat().st_size > _LARGEST:
            file.replace(file.with_suffix(".log.1"))
        with file.open("a", encoding="utf-8", errors="replace") as log:
            log.write(f"{now().isoformat()} {text}\n")
    except OSError:
        return file
    return file
