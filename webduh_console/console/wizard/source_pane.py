"""Where a source is chosen: a folder by its path, with completion, or a repository with branch and folder."""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.events import Key
from textual.message import Message
from textual.widgets import Input

from webduh_console.commands.draft import Draft
from webduh_console.console.actions import bindings
from webduh_console.console.widgets.lines import Lines
from webduh_console.console.wizard.cells import short
from webduh_console.console.words import Piece, visible
from webduh_console.transport.git.address import is_address

HERE = "."


def folders(text: str) -> list[str]:
    """The folders a typed path may become, each with a `/` at its end; hidden ones only when asked for.

    Reads the disk.
    """
    head, _, start = text.rpartition("/")
    base = Path(os.path.expanduser(f"{head}/" if "/" in text else ".")).absolute()  # noqa: PTH111 - as typed
    try:
        with os.scandir(base) as entries:
            found = [entry.name for entry in entries if entry.name.startswith(start) and _is_folder(entry)]
    except (OSError, ValueError):
        return []
    prefix = f"{head}/" if "/" in text else ""
    return [f"{prefix}{name}/" for name in sorted(found) if start or not name.startswith(".")]


def _is_folder(entry: "os.DirEntry[str]") -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False


def source_of(text: str) -> str:
    """What a typed text stands for: the address of a repository as it is, else an absolute folder."""
    text = text.strip()
    return text if is_address(text) else os.path.abspath(os.path.expanduser(text))  # noqa: PTH100, PTH111 - links stay


class FoldersFound(Message):
    """Folders for a text, and whether it names a repository, from a worker."""

    def __init__(self, text: str, paths: list[str], repository: bool) -> None:
        super().__init__()
        self.text, self.paths, self.repository = text, paths, repository


class SourceInput(Input):
    """A text field: Textual's editing keys, and the completion's."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("source")

    @property
    def pane(self) -> "SourcePane":
        """The pane it stands in."""
        return next(node for node in self.ancestors if isinstance(node, SourcePane))

    def action_leave_source(self) -> None:
        """One level back."""
        self.pane.post_message(SourcePane.Left())

    def action_take_folder(self) -> None:
        """Take the folder that is marked; of a repository, go on to the next field."""
        if self.id == "source" and not self.pane.of_repository:
            self.pane.complete()
        else:
            self.screen.focus_next(SourceInput)

    def action_folder_above(self) -> None:
        """The folder above."""
        self.pane.move(-1)

    def action_folder_below(self) -> None:
        """The folder below."""
        self.pane.move(1)

    def action_look_at(self) -> None:
        """Choose what is typed or marked."""
        self.pane.choose()

    def on_key(self, event: Key) -> None:
        """What is typed right after Enter is for what opens: it is no text of this field.

        Textual runs a binding once the key has gone all the way up; another is typed into the field meanwhile.
        """
        bound = self.screen.active_bindings.get(event.key)
        if self.pane.chosen:
            event.prevent_default()
        elif bound is not None and bound.binding.id == "look_at":
            event.prevent_default().stop()
            self.action_look_at()


class SourcePane(Vertical):
    """A field over what it may become; an address has two fields more.

    Before something is typed the drafts that were `begun` stand among the folders. `half` is a text that was left.
    """

    DEFAULT_CSS = """
    SourcePane SourceInput, SourcePane SourceInput:focus {
        border: none; height: 1; padding: 0 1; background: $raised; margin: 0 1 1 1;
    }
    SourcePane .of-repository { display: none; }
    SourcePane.-repository .of-repository { display: block; }
    SourcePane Lines { height: 1fr; margin: 0 1; }
    """

    class Chosen(Message):
        """A source was chosen."""

        def __init__(self, source: str, ref: str, path: str) -> None:
            super().__init__()
            self.source, self.ref, self.path = source, ref, path

    class Left(Message):
        """Esc."""

    class Listed(Message):
        """The folders are there."""

    class Typed(Message):
        """The field has another text."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    def __init__(self, start: Draft, begun: Sequence[Draft] = (), half: str = "", id: str | None = None) -> None:
        super().__init__(id=id)
        self.start, self.half = start, half
        self.begun = {f"{short(draft.source)} {draft.path}".strip(): draft for draft in begun}
        self.paths: list[str] = []
        self.at = 0
        self.marked = self.chosen = False
        self._listed: str | None = None

    def compose(self) -> ComposeResult:
        """The fields, and the folders."""
        text = short(self.start.source) or self.half
        fields = (
            ("source", text, "path of a folder, or https://… git@… of a repository", ""),
            ("ref", self.start.ref, "branch, tag or commit; empty: its own branch", "of-repository"),
            ("path", self.start.path, "folder in the repository; empty: all of it", "of-repository"),
        )
        for id_, text, says, classes in fields:
            yield SourceInput(
                text, placeholder=says, id=id_, classes=classes, compact=True, select_on_focus=False, highlighter=None
            )
        lines = Lines(id="folders")
        lines.can_focus = False
        yield lines

    def on_mount(self) -> None:
        """Look for folders at once; a text that was left goes away when another is typed."""
        self._find(self.text)
        if self.half and not self.start.source:
            self.query_one("#source", SourceInput).select_all()

    def put(self, draft: Draft) -> None:
        """Show another source in the fields."""
        for name, text in (("source", short(draft.source)), ("ref", draft.ref), ("path", draft.path)):
            self.query_one(f"#{name}", SourceInput).value = text

    @property
    def text(self) -> str:
        """What is typed."""
        return self.query_one("#source", SourceInput).value

    @property
    def of_repository(self) -> bool:
        """Whether that is an address."""
        return self.has_class("-repository")

    def waits_for(self, key: str) -> bool:
        """Whether a key is about the folders, and those are still looked for."""
        about = key in ("up", "down", "tab") or (key == "enter" and not self.text.strip())
        return about and self._listed != self.text

    def take_focus(self) -> None:
        """Begin to type."""
        self.chosen = False
        self.query_one("#source", SourceInput).focus()

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        event.stop()
        if event.input.id == "source":
            self.set_class("://" in event.value, "-repository")  # what the disk must be asked for comes later
            self._find(event.value)
            self.post_message(self.Typed(event.value))

    def choose(self) -> None:
        """Tell what was chosen, if anything was; until the field has the keys again it takes no more."""
        text = self.text.strip()
        if self.of_repository:
            ref, path = (self.query_one(f"#{name}", SourceInput).value.strip() for name in ("ref", "path"))
            self._tell(source_of(text), ref, path)
        elif self.paths and (self.marked or not text):
            draft = self.begun.get(self.paths[self.at]) if not text else None
            draft = draft or Draft(source_of(self.paths[self.at]))
            self._tell(draft.source, draft.ref, draft.path)
        elif text:
            self._tell(source_of(text), "", "")

    def _tell(self, source: str, ref: str, path: str) -> None:
        self.chosen = True
        self.post_message(self.Chosen(source, ref, path))

    @work(thread=True, exclusive=True, group="folders", exit_on_error=False)
    def _find(self, text: str) -> None:
        first = [] if text else [HERE, *self.begun]
        self.post_message(FoldersFound(text, [*first, *folders(text)], is_address(text.strip())))

    def on_folders_found(self, message: FoldersFound) -> None:
        """Show them, if the text is still the same."""
        message.stop()
        if message.text == self.text:
            self.paths, self.at, self.marked, self._listed = message.paths, 0, False, message.text
            self.set_class(message.repository, "-repository")
            self._draw()
            self.post_message(self.Listed())

    def on_resize(self) -> None:
        """There may be room for more."""
        self._draw()

    def move(self, step: int) -> None:
        """Mark another folder."""
        self.at, self.marked = max(0, min(len(self.paths) - 1, self.at + step)), True
        self._draw()

    def complete(self) -> None:
        """Take the folder that is marked."""
        if self.paths and self.paths[self.at] != HERE:
            field = self.query_one("#source", SourceInput)
            draft = self.begun.get(self.paths[self.at]) if not field.value else None
            field.value = short(draft.source) if draft else self.paths[self.at]
            field.cursor_position = len(field.value)

    def _draw(self) -> None:
        lines = self.query_one("#folders", Lines)
        lines.put(list(self._shown(max(1, lines.size.height))))

    def _shown(self, room: int) -> Iterable[list[Piece]]:
        if self.of_repository:
            yield [("  ⏎ fetches it. ", "faint"), ("⇥ branch, and the folder in it", "faint")]
            return
        if not self.paths:
            yield [("  no folder begins so", "faint")]
        fits = max(1, room - 1)
        first = max(0, min(self.at - fits // 2, len(self.paths) - fits))
        for index, path in enumerate(self.paths[first : first + fits], first):
            here = index == self.at
            role = "bold text" if here else "muted"
            pieces: list[Piece] = [("▌ " if here else "  ", "accent"), (visible(path), role)]
            if path == HERE:
                pieces = [pieces[0], ("the current folder  ", role), (visible(short(str(Path.cwd()))), "accent")]
            elif not self.text and path in self.begun:
                pieces.append(("  begun, not deployed", "accent"))
            yield pieces
        if (more := len(self.paths) - first - fits) > 0:
            yield [(f"  {more} more", "faint")]
