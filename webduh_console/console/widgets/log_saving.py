"""Writes the lines of a log pane to a file, in a worker."""

from collections.abc import Iterator
from datetime import tzinfo
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from textual.message import Message

from webduh_console.console.logs.drawing import saved_line
from webduh_console.console.logs.entries import Entry
from webduh_console.console.widgets.asking import Asking
from webduh_console.console.words import counted

if TYPE_CHECKING:
    from webduh_console.console.widgets.log_pane import LogPane

HISTORY: list[str] = []


class Saved(Message):
    """Lines were written, or could not be; the words say where, or why not."""

    def __init__(self, words: str, failed: bool = False) -> None:
        super().__init__()
        self.words, self.failed = words, failed


def write(lines: Iterator[Entry], path: Path, zone: tzinfo | None) -> int:
    """Write lines to a new file; how many there were. OSError when it cannot be written or is there already."""
    count = 0
    with path.open("x", encoding="utf-8", errors="replace") as file:
        for count, entry in enumerate(lines, 1):  # noqa: B007 - the last number is the answer
            file.write(saved_line(entry, zone) + "\n")
    return count


def asking_path(pane: "LogPane", whole: bool) -> Asking:
    """Asks for the path that the shown lines, or all, are written to; a file that is there is not written over."""
    names = (f"webduh-log-{number}.txt" for number in range(1, 10_000))
    free = next(name for name in names if not Path(name).exists())
    what = "all lines" if whole or pane.log_lines.shown is None else "the shown lines"

    def entered(text: str) -> str:
        path = Path(text.strip() or free).expanduser()
        path = path / free if path.is_dir() else path
        if path.exists():
            return f"✗ {path.name} is there already; give another name"
        if not path.parent.is_dir():
            return f"✗ there is no folder {path.parent}"
        save = partial(_save, pane, pane.log_lines.lines(whole), path)
        pane.screen.run_worker(save, thread=True, group=f"save-{id(pane)}", exit_on_error=False)
        return ""

    return Asking("save", f"{what}; the path of a new file", entered, text=free, history=HISTORY)


def _save(pane: "LogPane", lines: Iterator[Entry], path: Path) -> None:
    try:
        count = write(lines, path, pane.zone)
    except OSError as error:
        pane.post_message(Saved(f"{path} cannot be written: {error.strerror}", failed=True))
    else:
        pane.post_message(Saved(f"{counted(count, 'line')} in {path.absolute()}"))
