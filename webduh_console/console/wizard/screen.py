"""The deploy wizard's screen: a source, what it is made with, what is changed in it, and where it goes."""

import time
from collections.abc import Iterable
from contextlib import suppress
from typing import ClassVar

import msgspec
from textual import on
from textual.binding import BindingType
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input

from webduh_console.commands.draft import Draft
from webduh_console.commands.looking import Kept, Looked, forget, hosts, look
from webduh_console.console.actions import BY_NAME, Action, bindings
from webduh_console.console.board import Board
from webduh_console.console.crash import defect
from webduh_console.console.screens.base import ConsoleScreen
from webduh_console.console.widgets.lines import Flowing
from webduh_console.console.widgets.table import Table, TableRow, cell
from webduh_console.console.widgets.tabs import TabBar
from webduh_console.console.wizard import cells
from webduh_console.console.wizard.changing import Changing
from webduh_console.console.wizard.finishing import Finishing
from webduh_console.console.wizard.showing import Showing
from webduh_console.console.wizard.source_pane import SourcePane
from webduh_console.console.words import Piece, visible
from webduh_console.errors import WebduhError
from webduh_console.model.events import Event, Progress
from webduh_console.model.target import CancelToken

_HERE = {
    "add_here": ("settings", "variables", "target"),
    "as_detected": ("settings", "variables"),
    "set_domain": ("target",),
}
PATIENCE = 60.0
"""How long a repository may be silent, in seconds."""


class Seen(Message):
    """A source was looked at, or `error` says why not. `turn` tells which time that was."""

    def __init__(self, turn: int, looked: Looked | None, error: WebduhError | None = None) -> None:
        super().__init__()
        self.turn, self.looked, self.error = turn, looked, error


class Heard(Message):
    """How far the fetching of a repository is."""

    def __init__(self, event: Event) -> None:
        super().__init__()
        self.event = event

    def can_replace(self, message: Message) -> bool:
        """Only the newest counts."""
        return isinstance(message, Heard)


class WizardScreen(Changing, Finishing, Showing, ConsoleScreen, inherit_bindings=False):
    """From a folder or a repository to a plan."""

    CSS_PATH = "wizard.tcss"
    BINDINGS: ClassVar[list[BindingType]] = bindings("screen", "wizard")
    AUTO_FOCUS = None

    def __init__(self, draft: Draft = Draft(), patience: float = PATIENCE) -> None:
        super().__init__()
        self.draft, self.patience = draft, patience
        self.looked: Looked | None = None
        self.error: WebduhError | None = None
        self.note = self.says_then = ""
        self.kept: Kept | None = None
        self.taken: dict[str, str] = {}
        self.half: dict[str, str] = {}
        self.offered = {}
        self.tab = "source"
        self.turn = 0
        self.cancel: CancelToken | None = None
        self.progress = ""
        self.preparing = None
        self._heard = 0.0

    # What it consists of.

    def crumb(self) -> Piece:
        """deploy"""
        return ("deploy", "text")

    def on_mount(self) -> None:
        """Begin at the source; one that is given is looked at."""
        self.console.board_signal.subscribe(self, self._board_changed)
        self._ticking = self.set_interval(0.1, self._tick, pause=True)
        self.run_worker(self._learn_hosts, thread=True, group="hosts", exit_on_error=False)
        self.show_tab("source")
        self.fill()
        if self.draft.source:
            self._take_up(self.draft)

    def _learn_hosts(self) -> None:
        with suppress(WebduhError):  # the plan tells of a state that cannot be read
            self.taken = {host: str(key) for host, key in hosts(self.console.context).items()}

    def on_unmount(self) -> None:
        """What was set for a deployment that did not come is as it was, and nothing is fetched any more."""
        if self.cancel is not None:
            self.cancel.set()
        if self.kept is not None:
            try:
                forget(self.console.context, self.kept)
            except WebduhError as error:
                self.app.notify(f"{error.what} {error.why}", severity="error", markup=False)

    def body(self) -> Iterable[Widget]:
        """What is decided, the tabs, a pane a tab, the script beside them, and what is to be said."""
        return self.panes()

    def _board_changed(self, board: Board) -> None:
        self.fill_targets()

    # What is found out.

    @on(SourcePane.Typed)
    def _source_typed(self, message: SourcePane.Typed) -> None:
        chosen = message.text == cells.short(self.draft.source)
        self.console.drafts.text = "" if chosen else message.text

    @on(SourcePane.Chosen)
    def _source_chosen(self, message: SourcePane.Chosen) -> None:
        draft, before = Draft(message.source, message.ref, message.path), self.draft
        self.console.drafts.text = ""
        if (before.source, before.path) == (draft.source, draft.path):
            self._begin(msgspec.structs.replace(before, ref=draft.ref), self.half)
            return
        says = f"What was typed for {cells.short(before.source)} is kept: choose it again."
        self._take_up(draft, says if before.typed or self.half else "")

    def _take_up(self, draft: Draft, says: str = "") -> None:
        """Begin with a source, or go on with what was typed for it before."""
        begun = self.console.drafts.of(draft)
        if begun is None or draft.typed:
            self._begin(draft, {}, says)
            return
        self._begin(msgspec.structs.replace(begun.draft, ref=draft.ref or begun.draft.ref), begun.half, says)
        self.query_one(SourcePane).put(self.draft)
        if self.draft.typed or self.half:
            self.says_then = "What was typed for it before is here again. ^n starts afresh."

    def _begin(self, draft: Draft, half: dict[str, str], says: str = "") -> None:
        self.draft, self.looked, self.half, self.says_then = draft, None, half, says
        self.remember()
        self._offer(())
        candidates = self.query_one("#candidates", Table)
        candidates.put([])
        candidates.empty = [[("Every plugin is being asked.", "faint")]]
        self.query_one("#details", Flowing).flow(lambda width: ())
        self.show_tab("detected")
        self.look()

    def remember(self) -> None:
        """Keep what was typed for as long as the console runs."""
        if self.draft.source:
            self.console.drafts.keep(self.draft, self.half)

    def action_start_afresh(self) -> None:
        """Forget what was typed for this source, once that is agreed."""
        from webduh_console.console.screens.dialogs import ConfirmScreen

        def afresh(agreed: bool | None) -> None:
            if agreed:
                self._begin(Draft(self.draft.source, self.draft.ref, self.draft.path), {})

        says = f"What was typed for {cells.short(self.draft.source)} is forgotten: settings, variables, target, domain."
        self.app.push_screen(ConfirmScreen("Start afresh?", [says]), afresh)

    def look(self) -> None:
        """Look at the draft's source, in a worker; what was begun before does not count any more."""
        self.turn, self.cancel, self.error, self.note = self.turn + 1, CancelToken(), None, ""
        self._heard, self.progress = time.monotonic(), "Looking at it …"
        turn, draft, cancel = self.turn, self.draft, self.cancel

        def work() -> None:
            try:
                looked = look(self.console.context, draft, cancel, self._hear)
            except WebduhError as error:
                self.post_message(Seen(turn, None, error))
            else:
                self.post_message(Seen(turn, looked))

        self.run_worker(work, thread=True, exclusive=True, group="look", exit_on_error=False)
        self._ticking.resume()
        self.say()
        self.refresh_bindings()

    def _hear(self, event: Event) -> None:
        self.post_message(Heard(event))

    def on_heard(self, message: Heard) -> None:
        """It goes on."""
        self._heard = time.monotonic()
        if isinstance(message.event, Progress):
            one = message.event
            self.progress = f"Fetching it: {one.unit} {one.done:.0f} of {one.total:.0f} …"

    def _tick(self) -> None:
        if self.draft.of_repository and time.monotonic() - self._heard > self.patience:
            self._stop(
                WebduhError(
                    f"{self.draft.source} does not answer.",
                    why=f"Nothing was heard from it for {self.patience:g} s.",
                    kept="Nothing was changed.",
                    hint="Check the address and the network; Enter tries again.",
                )
            )
        else:
            self.say()

    def _stop(self, error: WebduhError | None) -> None:
        """Wait no longer."""
        if self.cancel is not None:
            self.cancel.set()
        self.turn, self.cancel, self.error = self.turn + 1, None, error
        self.note = "" if error else "It was not looked at. Enter tries again."
        self._settled()
        if self.looked is None:
            self.show_tab("source")

    def worker_broke(self, group: str, error: Exception) -> None:
        """A defect ends the looking as an error does: it is said, and another try is offered."""
        if group == "look" and self.cancel is not None:
            then = "Enter tries again." if self.looked is None else "Enter on the first tab tries again."
            self._stop(defect(self.console.context.home, error, f"{cells.short(self.draft.source)} was not read", then))
        elif group == "prepare":
            self.preparing = None
            self._settled()

    def _settled(self) -> None:
        self._ticking.pause()
        self.fill()
        self.refresh_bindings()
        self.console.typed_ahead.go_on()

    def on_seen(self, message: Seen) -> None:
        """Show it; the first time go on to what was detected."""
        if message.turn != self.turn:
            return
        first, self.cancel, self.error = self.looked is None, None, message.error
        if message.looked is not None:
            self.looked = message.looked
            self.note, self.says_then = self.says_then, ""
        members = getattr(message.error, "members", ()) if message.looked is None else message.looked.below
        self.query_one("#candidates", Table).empty = [[("No plugin knows it.", "faint")]]
        self._settled()
        if self.looked is None or (first and members):
            self.show_tab("source")
            self._offer(tuple(members))

    def _offer(self, members: tuple[str, ...]) -> None:
        """Show the apps of a tree of several, to choose one."""
        table = self.query_one("#members", Table)
        table.put(TableRow(path, (cell(visible(path), "bold text"),)) for path in members)
        self.query_one("#tab-source").set_class(bool(members), "-several")
        if members:
            table.focus()

    @on(Table.Chosen, "#members")
    def _member_chosen(self) -> None:
        member = self.query_one("#members", Table).key
        if member is None:
            return
        if self.draft.of_repository:
            path = "/".join(filter(None, (self.draft.path, member)))
            draft = msgspec.structs.replace(self.draft, path=path)
        else:
            draft = msgspec.structs.replace(self.draft, source=f"{self.draft.source}/{member}")
        self._take_up(draft)

    # Ways in it.

    def show_tab(self, name: str) -> None:
        """Show one tab, and give it the keys."""
        self.tab = name
        self.query_one(TabBar).shown = name
        for pane in self.query(".tab"):
            pane.set_class(pane.id == f"tab-{name}", "-shown")
        focus = {"detected": "#candidates", "settings": "#all-settings", "dockerfile": "#dockerfile-text"}
        focus |= {"variables": "#needs", "target": "#targets"}
        if name == "source":
            self.query_one(SourcePane).take_focus()
        else:
            self.query_one(focus[name]).focus()
        if name == "target":
            self.query_one("#targets", Table).go_to(self.draft.on or (self.looked.target if self.looked else ""))
        self.refresh_bindings()

    def can(self, action: Action) -> bool:
        """There is more to do once a source was looked at."""
        if action.name == "start_afresh":
            return bool(self.draft.source and (self.draft.typed or self.half))
        if action.name in _HERE:
            return self.looked is not None and self.tab in _HERE[action.name] and self._fits(action.name)
        if action.name in ("plan_it", "copy_script"):
            return self.looked is not None and self.cancel is None and self.error is None and not self.looked.problem
        if "wizard" in action.scopes and action.name != "choose_source":
            return self.looked is not None
        return True

    def waits_for(self, key: str) -> bool:
        """A key about what is not known yet waits until it is; one about the console, or for a text, does not."""
        if super().waits_for(key):
            return True
        if isinstance(self.focused, Input):
            return self.tab == "source" and self.query_one(SourcePane).waits_for(key)
        preparing = self.preparing is not None and not self.preparing.is_finished
        if self.cancel is None and not preparing:
            return False
        bound = self.active_bindings.get(key)
        action = BY_NAME.get(bound.binding.id or "") if bound is not None and bound.enabled else None
        if action is None:
            return True
        return (preparing or self.looked is None) and not {"anywhere", "screen"} & set(action.scopes)

    @on(SourcePane.Listed)
    def _folders_listed(self) -> None:
        self.console.typed_ahead.go_on()

    def _fits(self, name: str) -> bool:
        """Whether there is something to take back."""
        return name != "as_detected" or self.was_typed()

    @on(TabBar.Clicked)
    def _tab_clicked(self, message: TabBar.Clicked) -> None:
        if message.name == "source" or self.looked is not None:
            self.show_tab(message.name)

    # Going through it.

    @on(SourcePane.Left)
    async def _left(self) -> None:
        self.action_back()

    def action_back(self) -> None:
        """Stop what goes on; to the source; out, with what was typed kept."""
        if self.cancel is not None:
            self._stop(None)
        elif self.tab != "source":
            self.show_tab("source")
        elif self.query_one("#members", Table).has_focus:
            self.query_one(SourcePane).take_focus()
        else:
            self.leave()
