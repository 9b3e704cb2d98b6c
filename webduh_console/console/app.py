"""The console: one Textual app over the commands."""

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, tzinfo
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from textual import work
from textual.app import App
from textual.binding import BindingType
from textual.events import Event, Key
from textual.message import Message
from textual.signal import Signal
from textual.worker import Worker, WorkerState

from webduh_console import clock
from webduh_console.console import collector
from webduh_console.console.actions import BY_NAME, allowed, bindings
from webduh_console.console.board import Board, Observed
from webduh_console.console.deployments import Deployments, Live, Moved, drain
from webduh_console.console.drafts import Drafts
from webduh_console.console.going import Going
from webduh_console.console.looks import EVERY, Looks
from webduh_console.console.palette import ActionProvider
from webduh_console.console.screens.home import HomeScreen
from webduh_console.console.typed_ahead import TypedAhead
from webduh_console.console.watching import Broke, Checked, Told, Watching, look
from webduh_console.console.widgets.inked import ink_again
from webduh_console.console.words import Piece, ago, health
from webduh_console.errors import WebduhError
from webduh_console.model.events import AnyEvent
from webduh_console.model.names import AppKey
from webduh_console.model.plan import Plan
from webduh_console.model.target import CancelToken

if TYPE_CHECKING:
    from webduh_console.commands.context import Context
    from webduh_console.console.commanding import Adopted, Answered
    from webduh_console.console.many import PlannedOne

Clock = Callable[[], datetime]

_THREADS = 64
"""At once at most, for what screens ask: each log that is followed keeps one."""


class PastRead(Message):
    """A deployment's events were read from the state, or `error` says why not."""

    def __init__(self, live: Live | None, error: WebduhError | None = None) -> None:
        super().__init__()
        self.live, self.error = live, error


class ConsoleApp(App[int], inherit_bindings=False):
    """The console over an open context.

    `every` is how often the targets are asked, in seconds; 0 shows only what is remembered. `at` names a place to open
    first.
    """

    TITLE = "webduh"
    # The first screen's styles are read along with the app's: reading them later would parse everything twice.
    CSS_PATH = ["console.tcss", "screens/home.tcss"]  # noqa: RUF012 - as Textual types it
    MODES = {"console": HomeScreen}  # noqa: RUF012 - as Textual types it
    DEFAULT_MODE = "console"
    BINDINGS: ClassVar[list[BindingType]] = bindings("anywhere")
    COMMANDS = {ActionProvider}  # noqa: RUF012 - as Textual types it
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-roomy"), (140, "-wide")]  # noqa: RUF012 - as Textual types it
    VERTICAL_BREAKPOINTS = [(0, "-tiny"), (12, "-short"), (30, "-tall")]  # noqa: RUF012

    def __init__(self, context: "Context", clock: Clock = clock.now, every: float = 2.0, at: str | None = None) -> None:
        super().__init__()
        self.context, self.clock, self.every, self.at = context, clock, every, at
        self.board = Board()
        self.deployments = Deployments()
        self.command_history: list[str] = []
        self.typed_actions: list[str] = []
        self.drafts = Drafts()
        self.typed_ahead = TypedAhead(self)
        self.board_signal: Signal[Board] = Signal(self, "board")
        self.deployment_signal: Signal[Live] = Signal(self, "deployment")
        self.watching = Watching(self)
        self.going = Going(self)
        self._ended: set[str] = set()
        self.looks = Looks(self)
        self.looks.use()
        self.board.take(look(self, {}))

    @property
    def read_only(self) -> bool:
        """Whether nothing may be changed from here."""
        return self.context.settings.read_only

    @property
    def zone(self) -> tzinfo | None:
        """The time zone that times are shown in; None for that of this machine."""
        return UTC if self.context.settings.times == "utc" else None

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Our roles have a value before a theme is chosen."""
        from webduh_console.console.themes import ROLES

        return dict.fromkeys(ROLES, "#808080")

    def on_mount(self) -> None:
        """Say what is wrong with the user's files, and begin to ask the targets."""
        for problem in self.looks.problems:
            self.notify(problem, severity="warning", markup=False, timeout=10)
        if self.at:
            self.going.to_named(self.at)
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(_THREADS))
        self.call_after_refresh(self._shown)

    def on_unmount(self) -> None:
        """Ask nobody any more."""
        self.watching.end()

    def _shown(self) -> None:
        """The first frame is there."""
        collector.begin()
        self.set_interval(EVERY, self.looks.look_again)
        if self.every > 0:
            self.watching.begin()

    async def on_event(self, event: Event) -> None:
        """A key may have to wait for what it is meant for."""
        if not (isinstance(event, Key) and self.typed_ahead.takes(event)):
            await super().on_event(event)

    # What is known.

    def update_board(self) -> None:
        """Ask the targets, but for those that are being asked."""
        self.watching.ask_now()

    def on_told(self, message: Told) -> None:
        """A target answered."""
        self.watching.heard(message)

    def on_checked(self, message: Checked) -> None:
        """Alerts know what was found."""
        self.board.checks[message.name] = (message.facts, self.clock())
        self.board_signal.publish(self.board)

    def on_observed(self, message: Observed) -> None:
        """Show it everywhere."""
        self.board.take(message)
        self.watching.observed(message)
        self.board_signal.publish(self.board)

    def summary(self, width: int) -> list[Piece]:
        """How many apps are well, what runs, how fresh it all is: for the right edge of the first line."""
        now = self.clock()
        pieces: list[Piece] = []
        running = self.deployments.running()
        if running:
            word = "deploying" if all(live.key.app for live in running) else "running"
            pieces.append((f"▶ {len(running)} {word}   ", "busy"))
        if width >= 100 and self.board.rows:
            words = [health(row.actual)[1] for row in self.board.rows.values()]
            pieces += [(f"{words.count('serving')} serving", "good" if "serving" in words else "faint")]
            for word, role in (("degraded", "warn"), ("down", "bad"), ("unknown", "warn")):
                if word in words:
                    pieces += [(" · ", "faint"), (f"{words.count(word)} {word}", role)]
            pieces.append(("   ", "text"))
        as_of = self.board.as_of()
        silent = self.board.silent()
        if silent and width >= 100:
            pieces.append((f"✗ {', '.join(silent) if len(silent) == 1 else f'{len(silent)} targets'} silent   ", "bad"))
        if self.board.error is not None:
            pieces.append(("! not updated ", "warn"))
        elif self.board.fresh(now):
            pieces.append(("● live ", "good"))
        elif as_of is not None:
            pieces.append((f"◌ as of {ago(as_of, now)} ", "warn"))
        elif self.board.rows:
            pieces.append(("◌ not asked yet ", "warn"))
        return pieces

    # Deployments.

    def start(self, plan: Plan, shown: bool = True) -> None:
        """Carry out a plan, and show it; one of many goes on among what happens now."""
        from webduh_console.commands import api

        cancel = CancelToken()
        self.follow(self.deployments.add(plan, cancel), lambda: api.apply(self.context, plan, cancel), shown)

    def on_planned_one(self, message: "PlannedOne") -> None:
        """One of many is planned."""
        from webduh_console.console.many import begin

        begin(self, message)

    def follow(self, live: Live, events: Callable[[], Iterator[AnyEvent]], shown: bool = True) -> None:
        """Read a deployment's events in a worker of its own, and show it."""
        reading = partial(self._read_events, live, events)
        self.run_worker(reading, thread=True, exclusive=True, group=f"deployment-{live.id}", exit_on_error=False)
        if shown:
            self.show_deployment(live)
        else:
            self.deployment_signal.publish(live)

    def on_adopted(self, message: "Adopted") -> None:
        """A script's deployment began; its worker reads the events."""
        self.deployment_signal.publish(self.deployments.adopt(message.live))

    def _read_events(self, live: Live, events: Callable[[], Iterator[AnyEvent]]) -> None:
        try:
            stream = events()
        except WebduhError as error:
            live.error = error
            self.post_message(Moved(live.id))
        else:
            drain(live, stream, self.post_message)

    def on_moved(self, message: Moved) -> None:
        """Add what has arrived, and tell the screens."""
        live = self.deployments.all.get(message.id)
        if live is None:
            return
        live.take()
        self.deployment_signal.publish(live)
        if live.over and live.own and live.id not in self._ended:
            self._ended.add(live.id)
            self._announce_end(live)
            if self.every > 0:
                self.update_board()

    def _announce_end(self, live: Live) -> None:
        """Say how it ended, unless its screen does."""
        from webduh_console.console.screens.deployment import DeploymentScreen

        screen = self.screen
        if isinstance(screen, DeploymentScreen) and screen.live is live:
            return
        outcome = live.timeline.finished.outcome if live.timeline.finished is not None else "failed"
        words = {"done": "is done", "failed": "failed", "reverted": "was taken back", "cancelled": "was cancelled"}
        severity: Any = "information" if outcome == "done" else "error"
        self.notify(f"{live.title.capitalize()} {words[outcome]}.", severity=severity, markup=False)

    def show_deployment(self, live: Live) -> None:
        """Open its screen."""
        from webduh_console.console.screens.deployment import DeploymentScreen

        self.push_screen(DeploymentScreen(live))

    def open_deployment(self, identity: str) -> None:
        """Open a deployment by its id: one that runs here, or what the state has of another."""
        live = self.deployments.all.get(identity)
        if live is not None:
            self.show_deployment(live)
            return
        self._read_past(identity)

    @work(thread=True, exclusive=True, group="past", exit_on_error=False)
    def _read_past(self, identity: str) -> None:
        from webduh_console.commands import api

        try:
            known = self.context.state.history.get(identity)
            live = Live(known.id, known.key, known.action, known.target)
            for event in api.events(self.context, live.id):
                live.arrive(event)
        except WebduhError as error:
            self.post_message(PastRead(None, error))
        else:
            self.post_message(PastRead(live))

    def on_past_read(self, message: "PastRead") -> None:
        """Show a deployment of the past, or of another process."""
        if message.live is not None:
            message.live.take()
            self.show_deployment(message.live)
        elif message.error is not None:
            self.show_error(message.error)

    # Ways to other screens.

    def open_app(self, key: AppKey, tab: str = "overview") -> None:
        """Open an app's screen."""
        from webduh_console.console.screens.app_screen import AppScreen

        self.push_screen(AppScreen(key, tab))

    def open_target(self, name: str, tab: str = "overview") -> None:
        """Open a target's screen."""
        from webduh_console.console.screens.target_screen import TargetScreen

        self.push_screen(TargetScreen(name, tab))

    def run_line(self, line: str) -> None:
        """Run a line of the command language, or an action by its name."""
        from webduh_console.console.commanding import run_line

        run_line(self, line)

    async def on_answered(self, message: "Answered") -> None:
        """Show what a command answered."""
        from webduh_console.console.commanding import show

        await show(self, message)

    def completions(self, text: str) -> list[str]:
        """What could follow in the command line. Blocking: for workers."""
        from webduh_console.console.commanding import completions

        return completions(self, text)

    def show_error(self, error: WebduhError, title: str = "") -> None:
        """Show what failed, why, what was kept and what to do next."""
        from webduh_console.console.screens.dialogs import ErrorScreen

        self.push_screen(ErrorScreen(error, title))

    # Actions that apply everywhere.

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Nothing that changes something in read-only mode."""
        known = BY_NAME.get(action)
        return known is None or allowed(known, self.read_only)

    async def action_command(self) -> None:
        """Open the command line."""
        from webduh_console.console.commanding import own_words
        from webduh_console.console.screens.base import ConsoleScreen

        if isinstance(self.screen, ConsoleScreen):
            self.typed_actions = sorted(own_words(self))
            await self.screen.open_bar("command")

    def action_jump(self) -> None:
        """Go anywhere by a few letters."""
        from webduh_console.console.screens.base import ConsoleScreen

        if isinstance(self.screen, ConsoleScreen):
            self.going.jump()

    def action_help(self) -> None:
        """Show every key of this screen."""
        from webduh_console.console.screens.dialogs import HelpScreen

        if not isinstance(self.screen, HelpScreen):
            self.push_screen(HelpScreen(self.screen))

    def action_next_theme(self) -> None:
        """The next theme that can be used."""
        self.looks.next_theme()

    def redraw_theme(self) -> None:
        """Draw everything in the present theme, whose colours have changed."""
        ink_again(self)
        self._watch_theme(self.theme)

    def action_leave(self) -> None:
        """Leave the console; a deployment that runs here is asked about first."""
        running = self.deployments.running()
        if not running:
            self.exit(0)
            return
        from webduh_console.console.screens.dialogs import LeaveScreen

        if not isinstance(self.screen, LeaveScreen):
            self.push_screen(LeaveScreen(running))

    async def action_quit(self) -> None:
        """As `leave`."""
        self.action_leave()

    # When something is wrong with us.

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """As `worker_changed`."""
        self.worker_changed(event)

    def worker_changed(self, event: Worker.StateChanged) -> None:
        """A worker that broke is written to the log and named; the console goes on."""
        error = event.worker.error
        if event.state is WorkerState.ERROR and isinstance(error, Exception):
            self.on_broke(Broke(error))

    def on_broke(self, message: Broke) -> None:
        """A defect is written to the log and named."""
        from webduh_console.console.crash import note

        file = note(self.context.home, message.error)
        self.notify(f"Something unexpected went wrong; {file} has it.", severity="error", markup=False)

    def _fatal_error(self) -> None:
        """A defect ends the console with one line; the traceback goes to the log file."""
        from webduh_console.console.crash import note

        error = self._exception
        file = note(self.context.home, error) if error is not None else None
        self._exit_renderables.append(f"webduh console stopped: {type(error).__name__}. {file} has the details.")
        self._close_messages_no_wait()
