"""Where defects go: `<data>/log/console.log`, never onto the screen."""

import traceback
from pathlib import Path
from typing import TYPE_CHECKING

from webduh_console.clock import now

if TYPE_CHECKING:
    from webduh_console.config.home import Home

_LARGEST = 1_000_000


def note(home: "Home", error: BaseException) -> Path:
    """Write an error's traceback to the log file, and answer the file.

    A file that cannot be written changes nothing.
    """
    file = home.data / "log" / "console.log"
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
