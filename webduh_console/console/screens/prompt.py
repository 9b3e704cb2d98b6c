"""Asks for a folder, with completion of its path."""

import os
from pathlib import Path
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import Input

from webduh_console.console.actions import bindings
from webduh_console.console.screens.base import Dialog
from webduh_console.console.widgets.lines import Lines
from webduh_console.console.widgets.table import titled
from webduh_console.console.words import Piece, visible

_SHOWN = 8


def folders(text: str) -> list[str]:
    """The folders a typed path may become, each with a `/` at its end; hidden ones only when asked for.

    Reads the disk.
    """
    head, _, start = text.rpartition("/")
    base = Path(os.path.expanduser(f"{head}/" if "/" in text else ".")).absolute()  # noqa: PTH111 - as typed
    try:
        with os.scandir(base) as entries:
            found = [entry.name for entry in entries if entry.name.startswith(start) and entry.is_dir()]
    except OSError:
        return []
    prefix = f"{head}/" if "/" in text else ""
    return [f"{prefix}{name}/" for name in sorted(found) if start or not name.startswith(".")]


class FoldersFound(Message):
    """Folders for a text, from a worker."""

    def __init__(self, text: str, paths: list[str]) -> None:
        super().__init__()
        self.text, self.paths = text, paths


class PathInput(Input):
    """The text field: Textual's editing keys, and the completion's."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("bar")

    @property
    def _prompt(self) -> "FolderScreen":
        assert isinstance(self.screen, FolderScreen)
        return self.screen

    def action_dismiss_bar(self) -> None:
        """Close the dialog."""
        self._prompt.dismiss(None)

    def action_complete(self) -> None:
        """Take the folder that is marked."""
        self._prompt.complete()

    def action_older(self) -> None:
        """The folder above."""
        self._prompt.move(-1)

    def action_newer(self) -> None:
        """The folder below."""
        self._prompt.move(1)


class FolderScreen(Dialog[str], inherit_bindings=False):
    """The answer is the typed path, or nothing."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("modal")
    DEFAULT_CSS = """
    FolderScreen PathInput, FolderScreen PathInput:focus {
        border: none; height: 1; padding: 0; background: $raised; margin: 1 1 0 1;
    }
    FolderScreen Lines { height: 9; background: $surface; margin: 1 1 0 1; }
    """

    def __init__(self, start: str) -> None:
        super().__init__()
        self.start = start
        self.paths: list[str] = []
        self.at = 0

    def compose(self) -> ComposeResult:
        """A text field over what it may become."""
        with Vertical(classes="dialog") as box:
            titled(box, "Deploy a folder", "⇥ complete · ↑↓ choose · ⏎ plan · esc back")
            yield PathInput(
                self.start, compact=True, select_on_focus=False, highlighter=None, placeholder="path of a folder"
            )
            lines = Lines(ground="surface")
            lines.can_focus = False
            yield lines

    def on_mount(self) -> None:
        """Look for folders at once."""
        self._find(self.start)

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        self._find(event.value)

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        text = event.value.strip()
        if text:
            self.dismiss(text)

    @work(thread=True, exclusive=True, group="folders", exit_on_error=False)
    def _find(self, text: str) -> None:
        self.post_message(FoldersFound(text, folders(text)))

    def on_folders_found(self, message: FoldersFound) -> None:
        """Show them, if the text is still the same."""
        if message.text == self.query_one(PathInput).value:
            self.paths, self.at = message.paths, 0
            self._draw()

    def move(self, step: int) -> None:
        """Mark another folder."""
        self.at = max(0, min(len(self.paths) - 1, self.at + step))
        self._draw()

    def complete(self) -> None:
        """Take the folder that is marked."""
        if self.paths:
            field = self.query_one(PathInput)
            field.value = self.paths[self.at]
            field.cursor_position = len(field.value)

    def _draw(self) -> None:
        first = max(0, min(self.at - _SHOWN // 2, len(self.paths) - _SHOWN))
        lines: list[list[Piece]] = []
        for index, path in enumerate(self.paths[first : first + _SHOWN], first):
            here = index == self.at
            lines.append([("▌ " if here else "  ", "accent"), (visible(path), "bold text" if here else "muted")])
        more = len(self.paths) - first - _SHOWN
        if more > 0:
            lines.append([(f"  {more} more", "faint")])
        self.query_one(Lines).put(lines or [[("  no folder begins so", "faint")]])
