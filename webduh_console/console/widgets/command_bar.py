"""The line at the bottom: `:` for a command with completion and history, `/` for a filter, or what a widget asks."""

from collections.abc import Callable
from typing import ClassVar, Literal

from rich.cells import cell_len
from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widgets import Input

from webduh_console.console.actions import bindings
from webduh_console.console.widgets.asking import Asking
from webduh_console.console.widgets.inked import Line
from webduh_console.console.words import Piece

Complete = Callable[[str], list[str]]


class Candidates(Line):
    """What could be typed next."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self.note = ""

    def put(self, words: list[str], note: str = "") -> None:
        """Show other words, or a note; none hides the line."""
        self.words, self.note = words, note
        self.display = bool(words or note)
        self.refresh()

    def sides(self, width: int) -> tuple[list[Piece], list[Piece]]:
        """The first in the accent colour: Tab takes it."""
        pieces: list[Piece] = [("   ", "text")]
        if self.note:
            return [*pieces, (self.note, "bold bad" if self.note.startswith("✗") else "faint")], []
        take = " ⇥ take "
        room = width - 3 - len(take)
        for at, word in enumerate(self.words):
            room -= cell_len(word) + 2
            if at and room < 2:
                pieces.append(("…", "faint"))
                break
            pieces += [(word, "bold accent" if at == 0 else "muted"), ("  ", "text")]
        return pieces, [(take, "faint")]


class Prefix(Line):
    """`:` or `/`, or what is asked for."""

    DEFAULT_CSS = """
    Prefix { width: 3; }
    """
    sign = ":"

    def sides(self, width: int) -> tuple[list[Piece], list[Piece]]:
        """The sign."""
        return [(f" {self.sign} ", "bold accent")], []


class BarInput(Input):
    """The text field of the bar: Textual's editing keys, and the bar's own."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("bar")

    def _bar(self) -> "CommandBar":
        return next(node for node in self.ancestors if isinstance(node, CommandBar))

    def action_dismiss_bar(self) -> None:
        """Close the bar."""
        self._bar().close(keep=False)

    def action_complete(self) -> None:
        """Take the first candidate."""
        self._bar().complete()

    def action_cursor_right(self, select: bool = False) -> None:
        """At the end of the text: take the first candidate."""
        if self.cursor_at_end and not select and self.value:
            self._bar().complete()
        else:
            super().action_cursor_right(select)

    def action_older(self) -> None:
        """The line before."""
        self._bar().recall(-1)

    def action_newer(self) -> None:
        """The next line."""
        self._bar().recall(1)


class Completed(Message):
    """Candidates for a text, from a worker."""

    def __init__(self, text: str, words: list[str]) -> None:
        super().__init__()
        self.text, self.words = text, words


def taken(text: str, word: str) -> str:
    """The line after a candidate is taken: a candidate is a whole line, or stands for the last word."""
    if word.startswith(text) and " " in text:
        return word + " "
    head, _, _ = text.rpartition(" ")
    return f"{head} {word} ".lstrip() if head else f"{word} "


class CommandBar(Vertical):
    """Hidden until `:` or `/`."""

    DEFAULT_CSS = """
    CommandBar { height: auto; display: none; background: $surface; }
    CommandBar Horizontal { height: 1; }
    CommandBar Input, CommandBar Input:focus { border: none; height: 1; padding: 0; background: $surface; width: 1fr; }
    CommandBar Candidates { display: none; }
    """

    class Entered(Message):
        """A command line was typed."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class Filtered(Message):
        """The filter is another; empty: none."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class Closed(Message):
        """The bar is gone."""

    def __init__(self, complete: Complete, history: list[str]) -> None:
        super().__init__()
        self.complete_text, self.history = complete, history
        self.mode: Literal["command", "filter", "ask"] = "command"
        self.asking: Asking | None = None
        self._at = 0

    def compose(self) -> ComposeResult:
        """Candidates above the line."""
        yield Candidates()
        with Horizontal():
            yield Prefix()
            yield BarInput(compact=True, select_on_focus=False, highlighter=None)

    @property
    def input(self) -> BarInput:
        """The text field."""
        return self.query_one(BarInput)

    def open(self, mode: Literal["command", "filter"], text: str = "") -> None:
        """Show it and take the keys."""
        self.mode, self.asking = mode, None
        self._show(":" if mode == "command" else "/", text)
        if mode == "command":
            self._find(text)

    def ask(self, asking: Asking) -> None:
        """Show it with a widget's question."""
        self.mode, self.asking = "ask", asking
        self._show(asking.sign, asking.text)
        self.query_one(Candidates).put([], asking.hint)

    def _lines(self) -> list[str]:
        return self.history if self.asking is None else self.asking.history

    def _show(self, sign: str, text: str) -> None:
        self._at = len(self._lines())
        prefix = self.query_one(Prefix)
        prefix.sign = sign
        prefix.styles.width = len(sign) + 2
        prefix.refresh()
        self.query_one(Candidates).put([])
        self.display = True
        self.input.password = self._secret()
        with self.prevent(Input.Changed):
            self.input.value = text
        self.input.cursor_position = len(text)
        self.input.focus()

    def _secret(self) -> bool:
        return self.asking is not None and self.asking.secret

    def close(self, keep: bool) -> None:
        """Hide it; a filter is dropped unless `keep`."""
        self.display = False
        if self._secret():
            with self.prevent(Input.Changed):
                self.input.value = ""
        if self.asking is not None and not keep:
            self.asking.left()
        if self.mode == "filter" and not keep:
            self.post_message(self.Filtered(""))
        self.post_message(self.Closed())

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        event.stop()
        if self.asking is not None:
            self.query_one(Candidates).put([], self.asking.typed(event.value) or self.asking.hint)
        elif self.mode == "filter":
            self.post_message(self.Filtered(event.value))
        else:
            self._find(event.value)

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        text = event.value.strip()
        wrong = self.asking.entered(text) if self.asking is not None else ""
        if wrong:
            self.query_one(Candidates).put([], wrong)
            return
        self.close(keep=True)
        if self.mode != "filter" and text and not self._secret():
            lines = self._lines()
            if text in lines:
                lines.remove(text)
            lines.append(text)
        if self.mode == "command" and text:
            self.post_message(self.Entered(text))

    def _find(self, text: str) -> None:
        def find() -> None:
            self.post_message(Completed(text, self.complete_text(text)))

        self.screen.run_worker(find, thread=True, exclusive=True, group="completion", exit_on_error=False)

    def on_completed(self, message: Completed) -> None:
        """Show the candidates, if the text is still the same."""
        message.stop()
        if message.text == self.input.value and self.mode == "command":
            self.query_one(Candidates).put(message.words)

    def complete(self) -> None:
        """Take the first candidate."""
        words = self.query_one(Candidates).words
        if words:
            self.input.value = taken(self.input.value, words[0])
            self.input.cursor_position = len(self.input.value)

    def recall(self, step: int) -> None:
        """Go through the history."""
        lines = self._lines()
        self._at = max(0, min(len(lines), self._at + step))
        self.input.value = lines[self._at] if self._at < len(lines) else ""
        self.input.cursor_position = len(self.input.value)
