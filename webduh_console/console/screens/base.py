"""What every screen has: where we are above, what can be done below, the command line between."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar, Literal, TypeVar, cast

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.screen import ModalScreen, Screen
from textual.widget import Widget
from textual.worker import Worker, WorkerState

from webduh_console.console.actions import BY_NAME, Action, allowed, bindings
from webduh_console.console.ink import width_of
from webduh_console.console.places import Place
from webduh_console.console.widgets.asking import Asking, Asks
from webduh_console.console.widgets.bars import ActionBar, Crumbs, Sides
from webduh_console.console.words import Piece

if TYPE_CHECKING:
    from webduh_console.console.app import ConsoleApp
    from webduh_console.console.widgets.command_bar import CommandBar
    from webduh_console.console.widgets.log_pane import LogPane

Answer = TypeVar("Answer")


class Acting(Screen[Answer], inherit_bindings=False):
    """Asks the registry whether an action may be done here and now."""

    TAKES_AHEAD: ClassVar[bool] = True
    """Whether keys count that were typed before it was there; not where one has to read first."""

    def waits_for(self, key: str) -> bool:
        """Whether a key has to wait: what it is meant for is not there yet. Who says so calls `typed_ahead.go_on`."""
        return False

    @property
    def console(self) -> "ConsoleApp":
        """The app."""
        return cast("ConsoleApp", self.app)

    def can(self, action: Action) -> bool:
        """Whether what the action needs is there."""
        return not action.needs

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Neither offered nor run: what changes something in read-only mode, and what has nothing to work on."""
        known = BY_NAME.get(action)
        if known is None:
            return True
        return allowed(known, self.console.read_only) and (self.can(known) if self.is_mounted else True)

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """A worker that broke is named, and nothing waits for its answer any more."""
        self.console.worker_changed(event)
        error = event.worker.error
        if event.state is WorkerState.ERROR and isinstance(error, Exception):
            self.worker_broke(event.worker.group, error)

    def worker_broke(self, group: str, error: Exception) -> None:
        """What the worker of this group would have brought does not come; the app names the defect."""


class ConsoleScreen(Acting[None], inherit_bindings=False):
    """A full screen. Subclasses give its body, its crumb, and what the filter filters."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("screen")

    def body(self) -> Iterable[Widget]:
        """The widgets between the first line and the last."""
        raise NotImplementedError

    def crumb(self) -> Piece:
        """What this screen is called on the way to it."""
        raise NotImplementedError

    @property
    def place(self) -> Place | None:
        """How one comes back here; None where there is no way back to."""
        return None

    @property
    def chosen_place(self) -> Place | None:
        """What is marked as a place from here."""
        return self.place

    def on_screen_resume(self) -> None:
        """One is here now."""
        if self.is_current and self.place is not None:
            self.console.going.arrived(self.place)

    def on_screen_suspend(self) -> None:
        """One was here, with this tab."""
        if self.place is not None:
            self.console.going.trail.correct(self.place)

    def compose(self) -> ComposeResult:
        """First line, body, footer.

        The command line is made when it is first wanted, since it costs a tenth of the start.
        """
        yield Crumbs(self._first_line)
        yield from self.body()
        yield ActionBar()

    def _first_line(self, width: int) -> Sides:
        left: list[Piece] = [(" ▚ ", "accent"), ("webduh", "bold text")]
        for screen in self.app.screen_stack:
            if isinstance(screen, ConsoleScreen):
                text, role = screen.crumb()
                left += [(" › ", "faint"), (text, f"bold {role}" if screen is self else role)]
        if self.console.read_only:
            left.append(("  read-only", "bold warn"))
        right = self.console.summary(width)
        return left, right if width_of(left) + width_of(right) < width else self.console.summary(0)

    async def open_bar(self, mode: Literal["command", "filter"], text: str = "") -> None:
        """Open the command line, or the filter."""
        (await self._bar()).open(mode, text)
        self.app.call_later(self._line_opened)

    async def on_asks(self, message: Asks) -> None:
        """A widget asks for a line of text."""
        message.stop()
        await self.ask_for(message.asking)

    async def ask_for(self, asking: Asking) -> None:
        """Ask for a line of text."""
        (await self._bar()).ask(asking)
        self.app.call_later(self._line_opened)

    def waits_for(self, key: str) -> bool:
        """Any key, while the line opens that it is meant for."""
        return self._line_opens

    def _line_opened(self) -> None:
        """The line has the focus, which it asked for before."""
        self._line_opens = False
        self.console.typed_ahead.go_on()

    async def _bar(self) -> "CommandBar":
        from webduh_console.console.widgets.command_bar import CommandBar

        self._line_opens = True
        self._focused_before = self.focused
        if not self.query(CommandBar):
            bar = CommandBar(self.console.completions, self.console.command_history)
            await self.mount(bar, before=self.query_one(ActionBar))
        return self.query_one(CommandBar)

    def on_log_pane_opened(self, message: "LogPane.Opened") -> None:
        """Show a line of a log whole."""
        from webduh_console.console.screens.log_screens import LineScreen

        message.stop()
        self.app.push_screen(LineScreen(message.entry))

    def on_log_pane_sources_asked(self, message: "LogPane.SourcesAsked") -> None:
        """Show whose lines there are, to choose from."""
        from webduh_console.console.screens.log_screens import SourcesScreen

        message.stop()
        self.app.push_screen(SourcesScreen(message.counts, message.hidden, message.choose))

    def look_for(self, needle: str) -> None:
        """Show only what matches."""

    def needle(self) -> str:
        """The filter that is on."""
        return ""

    def refresh_line(self) -> None:
        """Draw the first line anew."""
        self.query_one(Crumbs).refresh()

    async def action_filter(self) -> None:
        """Type a filter."""
        await self.open_bar("filter", self.needle())

    _focused_before: Widget | None = None
    _line_opens = False

    def on_command_bar_closed(self) -> None:
        """Give the keys back to what had them."""
        if self._focused_before is not None and self._focused_before.is_attached:
            self._focused_before.focus()

    def on_command_bar_filtered(self, message: "CommandBar.Filtered") -> None:
        """Filter as it is typed."""
        self.look_for(message.text)

    def on_command_bar_entered(self, message: "CommandBar.Entered") -> None:
        """Run what was typed."""
        self.console.run_line(message.text)

    def action_back(self) -> None:
        """Drop the filter; else go out one level."""
        if self.needle():
            self.look_for("")
        elif len(self.app.screen_stack) > 1:
            self.app.pop_screen()

    def action_go_back(self) -> None:
        """To where one was before."""
        self.console.going.step(-1)

    def action_go_forward(self) -> None:
        """To where one went back from."""
        self.console.going.step(1)

    def action_bookmark(self) -> None:
        """Mark this place, or forget it."""
        if self.chosen_place is not None:
            self.console.going.mark(self.chosen_place)

    def action_next_pane(self) -> None:
        """Focus the next pane."""
        self.focus_next()

    def action_previous_pane(self) -> None:
        """Focus the pane before."""
        self.focus_previous()

    def action_copy(self) -> None:
        """Copy the selected text; without any, say how to leave."""
        text = self.get_selected_text()
        if text:
            self.app.copy_to_clipboard(text)
            self.notify("Copied.", markup=False)
        else:
            self.notify("Press q to leave the console.", markup=False)


class Dialog(ModalScreen[Answer], Acting[Answer], inherit_bindings=False):
    """A dialog over a screen, which ends with an answer or with None."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("modal")
    DEFAULT_CSS = """
    Dialog { align: center middle; background: $background 60%; }
    Dialog > .dialog {
        width: 84; max-width: 96%; height: auto; max-height: 94%; padding: 0 1;
        background: $surface; border: round $accent; border-title-color: $text; border-subtitle-color: $muted;
    }
    Dialog ActionBar { dock: bottom; }
    """

    def action_back(self) -> None:
        """Close it without an answer."""
        self.dismiss(None)

    def action_next_pane(self) -> None:
        """Focus the next pane."""
        self.focus_next()

    def action_previous_pane(self) -> None:
        """Focus the pane before."""
        self.focus_previous()

    def action_copy(self) -> None:
        """Copy the selected text."""
        if text := self.get_selected_text():
            self.app.copy_to_clipboard(text)
