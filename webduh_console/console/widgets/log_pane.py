"""The one log pane, for builds, containers and files: a million lines, live, searched, filtered, marked, saved."""

from collections.abc import Callable
from typing import ClassVar

from textual.binding import BindingType
from textual.message import Message

from webduh_console.console.actions import bindings
from webduh_console.console.logs.drawing import saved_line
from webduh_console.console.logs.entries import Entry
from webduh_console.console.logs.escapes import plain
from webduh_console.console.logs.fields import fields_of
from webduh_console.console.logs.filters import View
from webduh_console.console.logs.times import CLOCKS, typed_time
from webduh_console.console.widgets.asking import Asking, Asks
from webduh_console.console.widgets.log_saving import Saved, asking_path
from webduh_console.console.widgets.log_search import LogSearch
from webduh_console.console.words import counted, grouped

_CLIPBOARD = 75_000
"""Characters that every terminal takes for its clipboard; many take more."""


class LogPane(LogSearch, inherit_bindings=False):
    """Shows log lines as they come. It follows the newest line while the cursor is on it."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("log")
    time_history: ClassVar[list[str]] = []

    class Opened(Message):
        """A line is to be shown whole."""

        def __init__(self, entry: Entry) -> None:
            super().__init__()
            self.entry = entry

    class SourcesAsked(Message):
        """The sources are to be chosen from: their lines by name, the hidden ones, who is told the choice."""

        def __init__(
            self, counts: dict[str, int], hidden: frozenset[str], choose: Callable[[frozenset[str]], None]
        ) -> None:
            super().__init__()
            self.counts, self.hidden, self.choose = counts, hidden, choose

    def state_words(self) -> str:
        """What the border says: lines, following or how many wait, what was forgotten."""
        log = self.log_lines
        shown = f"{grouped(log.count())} of " if log.shown is not None else ""
        words = [f"{shown}{counted(len(log.buffer), 'line')}"]
        if log.buffer.first:
            words.append(f"{grouped(log.buffer.first)} older forgotten")
        waiting = 0 if self.following else log.waiting()
        paused = f"paused, {grouped(waiting)} new" if waiting else "paused"
        return " · ".join([*words, "following" if self.following else paused])

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What has nothing to work on is not offered; escape goes on to the screen then."""
        log = self.log_lines
        if action == "clear_view":
            return log.running or log.anchor is not None or bool(log.sought or self.problem) or not log.view.whole
        if action in ("next_match", "previous_match"):
            return bool(log.sought)
        if action == "drop_filter":
            return not log.view.whole
        if action in ("next_mark", "previous_mark"):
            return bool(log.marks)
        return len(log.buffer.sources) > 1 if action == "sources" else True

    def action_sources(self) -> None:
        """Choose whose lines are shown."""
        log = self.log_lines

        def choose(hidden: frozenset[str]) -> None:
            self.show(View(log.view.filters, log.view.level, hidden))

        self.post_message(self.SourcesAsked(log.buffer.counts(), log.view.hidden, choose))

    # How it looks.

    def action_timestamps(self) -> None:
        """Show or hide the times."""
        self.times = not self.times
        self.restyle()

    def action_clock(self) -> None:
        """Times of this place, in UTC, or how long ago."""
        self.clock = CLOCKS[(CLOCKS.index(self.clock) + 1) % len(CLOCKS)] if self.times else self.clock
        self.times = True
        self.restyle()

    def action_wrap(self) -> None:
        """Wrap long lines, or scroll to the side."""
        self.wrap = not self.wrap
        self.scroll_x = self.scroll_target_x = 0
        self.restyle()

    def action_fold(self) -> None:
        """Unfold or fold the object in the line under the cursor."""
        log = self.log_lines
        if self.count() and fields_of(log.buffer[log.cursor].text) is not None:
            log.turned ^= {log.cursor}
            self.restyle()
            self.go(log.row(log.cursor), follow=self.following)

    def action_fold_all(self) -> None:
        """Unfold or fold the objects in all lines."""
        self.unfold = not self.unfold
        self.log_lines.turned.clear()
        self.restyle()
        self.go(self.log_lines.row(self.log_lines.cursor), follow=self.following)

    # Moving.

    def action_up(self) -> None:
        """One line up."""
        self.step(-1)

    def action_down(self) -> None:
        """One line down."""
        self.step(1)

    def action_page_up(self) -> None:
        """One page up."""
        self.step(-max(1, self.height - 1))

    def action_page_down(self) -> None:
        """One page down."""
        self.step(max(1, self.height - 1))

    def action_first(self) -> None:
        """To the first line."""
        self.go(0)

    def action_last(self) -> None:
        """To the newest line, and stay there."""
        self.go(self.count() - 1, follow=True)

    def action_follow(self) -> None:
        """Stay at the newest line, or not."""
        row = self.log_lines.row(self.log_lines.cursor)
        self.go(row if self.following else self.count() - 1, follow=not self.following)

    def action_left(self) -> None:
        """To the left."""
        self.scroll_relative(x=-8, animate=False, force=True)

    def action_right(self) -> None:
        """To the right."""
        self.scroll_relative(x=8, animate=False, force=True)

    def action_mark(self) -> None:
        """Mark the line under the cursor, or not."""
        if self.count():
            self.log_lines.marks ^= {self.log_lines.cursor}
            self.refresh()
            self.refresh_bindings()

    def action_next_mark(self) -> None:
        """To the next marked line."""
        self.go_to(self.log_lines.next_mark(1))

    def action_previous_mark(self) -> None:
        """To the marked line before."""
        self.go_to(self.log_lines.next_mark(-1))

    def action_go_to_time(self) -> None:
        """Ask for a time, and go to the line nearest it."""
        hint = "14:05 · -10m before now · +5m from here · 2026-03-04T17:05"
        self.post_message(Asks(Asking("@", hint, self._jump, history=self.time_history)))

    def _jump(self, text: str) -> str:
        buffer = self.log_lines.buffer
        if not self.count() or not text.strip():
            return ""
        here = buffer.at(self.log_lines.cursor)
        at = typed_time(text, self.zone, self.now().timestamp(), buffer.newest, here)
        if at is None:
            return "✗ no time; such as 14:05, -10m, 2026-03-04T17:05"
        self.move_to_time(at)
        return ""

    # What is taken out of it.

    def action_open_line(self) -> None:
        """Show the whole line under the cursor."""
        if self.count():
            self.post_message(self.Opened(self.log_lines.buffer[self.log_lines.cursor]))

    def action_range(self) -> None:
        """Begin a range at the cursor, or end it."""
        log = self.log_lines
        log.anchor = log.cursor if log.anchor is None and self.count() else None
        self._follow(False)
        self.settle()
        self.refresh_bindings()

    def action_copy_lines(self) -> None:
        """Copy the line under the cursor, or the range with the lines' times."""
        log = self.log_lines
        rows = log.chosen()
        if not rows:
            return
        alone = log.anchor is None
        entries = map(log.entry, rows)
        text = plain(next(entries).text) if alone else "\n".join(saved_line(one, self.zone) for one in entries)
        self.app.copy_to_clipboard(text)
        more = " Some terminals take less; save them to a file instead." if len(text) > _CLIPBOARD else ""
        self.notify(f"Copied {counted(len(rows), 'line')}.{more}", markup=False)
        log.anchor = None
        self.settle()
        self.refresh_bindings()

    def action_save(self) -> None:
        """Write the shown lines to a file whose path is asked for."""
        self.post_message(Asks(asking_path(self, whole=False)))

    def action_save_all(self) -> None:
        """Write all lines to a file whose path is asked for."""
        self.post_message(Asks(asking_path(self, whole=True)))

    def on_saved(self, message: Saved) -> None:
        """Say where the lines are, or why not."""
        message.stop()
        self.notify(message.words, severity="error" if message.failed else "information", markup=False)
