"""The part of the log pane that searches and filters, and says how far that is."""

from collections.abc import Callable
from typing import ClassVar

from webduh_console.console.logs.filters import BadPatternError, Filter, View, filters
from webduh_console.console.logs.levels import Level
from webduh_console.console.widgets.asking import Asking, Asks
from webduh_console.console.widgets.log_view import LogView
from webduh_console.console.words import Piece, counted, grouped

_NEXT = {Level.NONE: Level.INFO, Level.INFO: Level.WARN, Level.WARN: Level.ERROR, Level.ERROR: Level.NONE}
_WORDS = {Level.INFO: "no debug", Level.WARN: "warnings and errors", Level.ERROR: "only errors"}


class LogSearch(LogView, inherit_bindings=False):
    """Filters stay as chips; a search marks what it finds and goes from one to the next."""

    search_history: ClassVar[list[str]] = []
    filter_history: ClassVar[list[str]] = []
    problem = ""
    _leap = False

    @property
    def needle(self) -> str:
        """The filters that are on, as they were typed."""
        return " ".join(one.text for one in self.log_lines.view.filters)

    def look_for(self, needle: str) -> None:
        """Show only lines that match; empty: all, of every level and source. A bad pattern changes nothing."""
        if needle:
            self._try(needle, lambda found: self.show(self._with(found)))
        else:
            self.problem = ""
            self.show(View())

    def _with(self, chosen: tuple[Filter, ...]) -> View:
        view = self.log_lines.view
        return View(chosen, view.level, view.hidden)

    def show(self, view: View) -> None:
        """Show what passes a view; the cursor stays on its line, or goes to the next that is shown."""
        if view != self.log_lines.view:
            self.log_lines.show(view)
        self.restyle()
        self.refresh_bindings()

    def seek(self, sought: tuple[Filter, ...]) -> None:
        """Search for lines that match, mark what is found, and go to the nearest at or before the cursor."""
        if sought != self.log_lines.sought:
            self.log_lines.seek(sought)
            self._leap = bool(sought)
        self.restyle()
        self.found_more()
        self.refresh_bindings()

    def found_more(self) -> None:
        """Go to what is searched for, as soon as something was found."""
        log = self.log_lines
        index = log.first_hit() if self._leap else None
        if index is not None and log.has(index) and (index <= log.cursor or not log.running):
            self._leap = False
            self.go_near(index)

    def _try(self, text: str, use: Callable[[tuple[Filter, ...]], None]) -> str:
        """Use what was typed; a bad regular expression is said, and nothing else changes."""
        try:
            found = filters(text)
        except BadPatternError as error:
            self.problem = str(error)
            self.restyle()
            return f"✗ {error}; what was on before stays"
        self.problem = ""
        use(found)
        return ""

    def chips(self) -> list[Piece]:
        """What is searched for and how far that is, the filters, what is wrong."""
        log = self.log_lines
        chips: list[Piece] = []
        if log.sought:
            chips += [(f" /{' '.join(one.text for one in log.sought)} ", "bold reverse accent")]
            chips += [(self._found_words(), "text")]
        chips += [(f" {one.text} ", "reverse muted") for one in log.view.filters]
        if log.view.level:
            chips.append((f" {_WORDS[log.view.level]} ", "reverse warn"))
        if log.view.hidden:
            chips.append((f" {counted(len(log.view.hidden), 'source')} hidden ", "reverse muted"))
        if any(finding.running or finding.stopped for finding in (log.shown, log.hits) if finding is not None):
            chips.append((self._scan_words(), "busy"))
        if self.problem:
            chips.append((f"✗ {self.problem}", "bold bad"))
        return [piece for chip in chips for piece in (chip, (" ", "text"))]

    def _found_words(self) -> str:
        hits = self.log_lines.hits
        at, count = self.log_lines.hit()
        if hits is not None and hits.running:
            return f"{grouped(count)} so far"
        more = "+" if hits is not None and hits.stopped else ""
        if not count:
            return f"nothing found{' so far' if more else ''}"
        return f"{at} of {grouped(count)}{more}" if at else f"{grouped(count)}{more} found"

    def _scan_words(self) -> str:
        log = self.log_lines
        done = min(one.done for one in (log.shown, log.hits) if one is not None)
        return f"looked through {done:.0%}, esc stops" if log.running else f"stopped at {done:.0%}"

    def empty_words(self) -> str:
        """Why there is no line."""
        if self.log_lines.running:
            return "Searching …"
        if self.log_lines.shown is not None and len(self.log_lines.buffer):
            return "Nothing matches; esc shows all lines."
        return self.empty

    def action_search(self) -> None:
        """Ask what to search for; it is searched while it is typed."""
        before, row = self.log_lines.sought, self.log_lines.cursor
        follows = self.following

        def use(text: str) -> str:
            return self._try(text, self.seek)

        def leave() -> None:
            self.problem = ""
            self.seek(before)
            self._leap = False
            self.go(self.log_lines.row(row), follow=follows)

        hint = "words, !without, ~regular expression; then n and N go on"
        self.post_message(Asks(Asking("/", hint, use, use, leave, history=self.search_history)))

    def action_filter_lines(self) -> None:
        """Ask what to show only; it is added to the filters."""
        before = self.log_lines.view

        def add(found: tuple[Filter, ...]) -> None:
            self.show(View((*before.filters, *found), before.level, before.hidden))

        def use(text: str) -> str:
            return self._try(text, add)

        def leave() -> None:
            self.problem = ""
            self.show(before)

        hint = "words, !without, ~regular expression, key=value; backspace drops the last"
        self.post_message(Asks(Asking("&", hint, use, use, leave, history=self.filter_history)))

    def action_drop_filter(self) -> None:
        """Drop the last filter; without any, the level, then the hidden sources."""
        view = self.log_lines.view
        if view.filters:
            self.show(self._with(view.filters[:-1]))
        else:
            self.show(View((), Level.NONE, view.hidden if view.level else frozenset()))

    def action_clear_view(self) -> None:
        """Stop a running search; else end the range, drop the search, drop the filters."""
        log = self.log_lines
        if log.running:
            log.stop()
            self._leap = False
            self.restyle()
        elif log.anchor is not None:
            log.anchor = None
            self.settle()
        elif log.sought or self.problem:
            self.problem = ""
            self.seek(())
        else:
            self.show(View())
        self.refresh_bindings()

    def go_to(self, index: int | None) -> None:
        """Go to a line that was looked for, if there is one."""
        if index is not None:
            self._leap = False
            self.go_near(index)
            self.post_message(self.Changed())

    def action_next_match(self) -> None:
        """To the next line that was found."""
        self.go_to(self.log_lines.next_hit(1))

    def action_previous_match(self) -> None:
        """To the line before that was found."""
        self.go_to(self.log_lines.next_hit(-1))

    def action_levels(self) -> None:
        """Show all levels; all but debug; warnings and errors; errors; all again."""
        view = self.log_lines.view
        self.show(View(view.filters, _NEXT[view.level], view.hidden))
