"""The deploy wizard's screen: a source, what it is made with, what is changed in it, and where it goes."""

import time
from collections.abc import Iterable
from contextlib import suppress
from typing import ClassVar

import msgspec
from textual import on
from textual.binding import BindingType
from textual.containers import Container
from textual.message import Message
from textual.widget import Widget

from webduh_console.commands.draft import Draft
from webduh_console.commands.looking import Kept, Looked, forget, hosts, look
from webduh_console.console.actions import Action, bindings
from webduh_console.console.board import Board
from webduh_console.console.screens.base import ConsoleScreen
from webduh_console.console.target_cells import TARGET_COLUMNS, target_row
from webduh_console.console.widgets.lines import Lines, error_lines, paragraph
from webduh_console.console.widgets.table import Table, TableRow, cell, titled
from webduh_console.console.widgets.tabs import TabBar
from webduh_console.console.wizard import cells
from webduh_console.console.wizard.changing import Changing
from webduh_console.console.wizard.finishing import Finishing
from webduh_console.console.wizard.holding import TABS
from webduh_console.console.wizard.settings import settings
from webduh_console.console.wizard.source_pane import SourcePane
from webduh_console.console.words import Piece, spinner, visible
from webduh_console.errors import WebduhError
from webduh_console.model.events import Event, Progress
from webduh_console.model.target import CancelToken

_HERE = {"add_here": ("variables", "target"), "as_detected": ("settings", "variables"), "set_domain": ("target",)}
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


class WizardScreen(Changing, Finishing, ConsoleScreen, inherit_bindings=False):
    """From a folder or a repository to a plan."""

    CSS_PATH = "wizard.tcss"
    BINDINGS: ClassVar[list[BindingType]] = bindings("screen", "wizard")
    AUTO_FOCUS = None

    def __init__(self, draft: Draft = Draft(), patience: float = PATIENCE) -> None:
        super().__init__()
        self.draft, self.patience = draft, patience
        self.looked: Looked | None = None
        self.error: WebduhError | None = None
        self.note = ""
        self.kept: Kept | None = None
        self.taken: dict[str, str] = {}
        self.tab = "source"
        self.turn = 0
        self.cancel: CancelToken | None = None
        self.progress = ""
        self._heard = 0.0

    # What it consists of.

    def crumb(self) -> Piece:
        """deploy"""
        return ("deploy", "text")

    def body(self) -> Iterable[Widget]:
        """What is decided, the tabs, a pane a tab, the script beside them, and what is to be said."""
        facts, aside, says = Lines(id="facts"), Lines(id="aside"), Lines(id="says", ground="surface")
        details, difference, domain = Lines(id="details"), Lines(id="difference"), Lines(id="domain")
        members = Table(cells.MEMBER_COLUMNS, id="members")
        candidates = Table(cells.CANDIDATE_COLUMNS, [[("No plugin knows it.", "faint")]], id="candidates")
        table, needs = Table(cells.SETTING_COLUMNS, id="all-settings"), Table(cells.NEED_COLUMNS, id="needs")
        needs.empty = [
            [("It reads no variables that could be seen. ", "faint"), ("a", "bold accent"), (" adds one.", "faint")]
        ]
        targets, dockerfile = Table(TARGET_COLUMNS, id="targets"), Lines(id="dockerfile-text")
        for lines in (facts, aside, says, difference, domain):
            lines.can_focus = False
        for pane, title in (
            (members, "Apps in it"), (candidates, "Made with"), (details, "How it is built and run"),
            (table, "Settings"), (difference, "What will be written to webduh.yaml"), (dockerfile, "Dockerfile"),
            (needs, "Variables"), (targets, "Target"), (domain, "Domain"), (aside, "The same as a script"),
        ):  # fmt: skip
            pane.add_class("pane")
            titled(pane, title)
        panes = (
            ("source", (SourcePane(self.draft, id="source-pane"), members)),
            ("detected", (candidates, details)),
            ("settings", (table, difference)),
            ("dockerfile", (dockerfile,)),
            ("variables", (needs,)),
            ("target", (targets, domain)),
        )
        yield facts
        yield TabBar(TABS, self.tab)
        stack = Container(*(Container(*inner, id=f"tab-{name}", classes="tab") for name, inner in panes), id="tabs")
        yield Container(stack, aside, id="middle")
        yield says

    def on_mount(self) -> None:
        """Begin at the source; one that is given is looked at."""
        self.console.board_signal.subscribe(self, self._board_changed)
        self._ticking = self.set_interval(0.1, self._tick, pause=True)
        self.run_worker(self._learn_hosts, thread=True, group="hosts", exit_on_error=False)
        self.show_tab("source")
        self.fill()
        if self.draft.source:
            self._begin(self.draft)

    def _learn_hosts(self) -> None:
        with suppress(WebduhError):  # the plan tells of a state that cannot be read
            self.taken = {host: str(key) for host, key in hosts(self.console.context).items()}

    def on_unmount(self) -> None:
        """What was set for a deployment that did not come is as it was."""
        if self.kept is not None:
            try:
                forget(self.console.context, self.kept)
            except WebduhError as error:
                self.app.notify(f"{error.what} {error.why}", severity="error", markup=False)

    # What is found out.

    @on(SourcePane.Chosen)
    def _source_chosen(self, message: SourcePane.Chosen) -> None:
        same = (self.draft.source, self.draft.ref, self.draft.path) == (message.source, message.ref, message.path)
        if same or not (self.draft.typed and self.draft.source):
            self._begin(msgspec.structs.replace(self.draft, source=message.source, ref=message.ref, path=message.path))
            return
        from webduh_console.console.screens.dialogs import ConfirmScreen

        def anew(agreed: bool | None) -> None:
            if agreed:
                self._begin(Draft(message.source, message.ref, message.path))

        says = (
            f"What was typed for {cells.short(self.draft.source)} is forgotten: settings, variables, target and domain."
        )
        self.app.push_screen(ConfirmScreen("Another source?", [says]), anew)

    def _begin(self, draft: Draft) -> None:
        self.draft, self.looked = draft, None
        self._offer(())
        candidates = self.query_one("#candidates", Table)
        candidates.put([])
        candidates.empty = [[("Every plugin is being asked.", "faint")]]
        self.query_one("#details", Lines).put([])
        self.show_tab("detected")
        self.look()

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

    def _settled(self) -> None:
        self._ticking.pause()
        self.fill()
        self.refresh_bindings()

    def on_seen(self, message: Seen) -> None:
        """Show it; the first time go on to what was detected."""
        if message.turn != self.turn:
            return
        first, self.cancel, self.error = self.looked is None, None, message.error
        if message.looked is not None:
            self.looked = message.looked
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
            self._begin(msgspec.structs.replace(self.draft, path=path))
        else:
            self._begin(msgspec.structs.replace(self.draft, source=f"{self.draft.source}/{member}"))

    # What is shown.

    def _board_changed(self, board: Board) -> None:
        self._fill_targets()

    def fill(self) -> None:
        """Draw all that follows from the draft and from what is known."""
        looked, draft = self.looked, self.draft
        self.query_one("#facts", Lines).put(cells.fact_lines(draft, looked))
        self._fill_targets()
        self.say()
        aside = self.query_one("#aside", Lines)
        if looked is None:
            aside.put([])
            return
        room = max(20, aside.size.width - 2)
        aside.put([line for text in self.script() for line in paragraph(text, room, "text", "▸", "accent")])
        self.query_one("#candidates", Table).put(cells.candidate_rows(looked))
        details = self.query_one("#details", Lines)
        details.put(cells.detail_lines(looked, max(20, details.size.width - 2)))
        self.offered = {setting.id: setting for setting in settings(looked, draft)}
        self.query_one("#all-settings", Table).put(cells.setting_row(one, draft) for one in self.offered.values())
        difference = cells.difference_lines(looked.proposed.difference)
        self.query_one("#difference", Lines).put(difference)
        self.query_one("#tab-settings").set_class(bool(difference), "-differs")
        self.query_one("#dockerfile-text", Lines).put(cells.dockerfile_lines(looked.dockerfile))
        self.query_one("#needs", Table).put(cells.need_rows(looked, draft))
        kind = self._kind(draft.on or looked.target)
        titled(self.query_one("#dockerfile-text"), "Dockerfile", "" if kind != "local" else "as a server builds it")

    def _kind(self, target: str) -> str:
        heard = self.console.board.targets.get(target)
        return heard.row.kind if heard is not None else ""

    def _fill_targets(self) -> None:
        board, now, table = self.console.board, self.console.clock(), self.query_one("#targets", Table)
        chosen = self.draft.on or (self.looked.target if self.looked else "")
        table.marked = {chosen}
        table.put(target_row(heard, board.answered.get(name), now) for name, heard in board.targets.items())
        table.refresh()
        lines: list[list[Piece]] = [[(f" {visible(' '.join(self.draft.domains))}", "accent")]]
        if not self.draft.domains:
            local = self._kind(chosen) == "local"
            says = (
                "a port of this machine, unless a domain is typed"
                if local
                else "as webduh.yaml says, or as it serves now"
            )
            lines = [[(f" {says}: ", "muted"), ("d", "bold accent")]]
        self.query_one("#domain", Lines).put(lines)

    def say(self) -> None:
        """What goes on, what is wrong, or what is to be done."""
        says, width = self.query_one("#says", Lines), max(16, self.size.width - 4)
        problem = self.error or (self.looked.problem if self.looked else None)
        lines: list[list[Piece]] = []
        if self.cancel is not None:
            glyph = spinner(self.console.clock())
            lines = [[(f" {glyph} ", "busy"), (self.progress, "muted"), ("  esc stops it", "faint")]]
        elif problem is not None:
            lines = error_lines(problem.as_dict(), width)
        elif self.note:
            lines = paragraph(self.note, width, "text", " !", "bold warn")
        says.put(lines)
        says.display = bool(lines)
        says.styles.height = max(1, min(len(lines), self.size.height // 3))

    def on_resize(self) -> None:
        """Another width wraps otherwise."""
        if self.is_mounted and self.query("#says"):
            self.call_after_refresh(self.fill)

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
        if action.name in ("add_here", "as_detected", "set_domain"):
            here = {
                "add_here": ("variables", "target"),
                "as_detected": ("settings", "variables"),
                "set_domain": ("target",),
            }
            return self.looked is not None and self.tab in here[action.name]
        if "wizard" in action.scopes and action.name != "choose_source":
            return self.looked is not None and (self.cancel is None or action.name != "plan_it")
        return True

    @on(TabBar.Clicked)
    def _tab_clicked(self, message: TabBar.Clicked) -> None:
        if message.name == "source" or self.looked is not None:
            self.show_tab(message.name)

    # Going through it.

    @on(SourcePane.Left)
    async def _left(self) -> None:
        self.action_back()

    def action_back(self) -> None:
        """Stop what goes on; to the source; out, and ask if something was typed."""
        if self.cancel is not None:
            self._stop(None)
        elif self.tab != "source":
            self.show_tab("source")
        elif self.query_one("#members", Table).has_focus:
            self.query_one(SourcePane).take_focus()
        elif self.draft.typed or self.query_one(SourcePane).text.strip():
            self.ask_to_leave()
        else:
            self.app.pop_screen()
