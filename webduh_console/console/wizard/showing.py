"""What the wizard's screen shows of the draft and of what is known of its source."""

from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING, cast

from textual import on
from textual.containers import Container
from textual.widget import Widget

from webduh_console.console.target_cells import TARGET_COLUMNS, target_row
from webduh_console.console.widgets.lines import Flowing, Lines, error_lines, paragraph
from webduh_console.console.widgets.table import Table, titled
from webduh_console.console.widgets.tabs import TabBar
from webduh_console.console.wizard import cells
from webduh_console.console.wizard.holding import TABS, Holding
from webduh_console.console.wizard.settings import settings
from webduh_console.console.wizard.source_pane import SourcePane
from webduh_console.console.words import Piece, spinner

if TYPE_CHECKING:
    from webduh_console.console.app import ConsoleApp


class Showing(Holding, inherit_bindings=False):
    """The part of the wizard's screen that draws."""

    @property
    def console(self) -> "ConsoleApp":
        """The app."""
        return cast("ConsoleApp", self.app)

    def panes(self) -> Iterable[Widget]:
        """What is decided, the tabs, a pane a tab, the script beside them, and what is to be said."""
        facts, says = Lines(id="facts"), Lines(id="says", ground="surface")
        aside, details, about = Flowing("aside"), Flowing("details"), Flowing("about")
        difference, domain = Lines(id="difference"), Lines(id="domain")
        members = Table(cells.MEMBER_COLUMNS, id="members")
        candidates = Table(cells.CANDIDATE_COLUMNS, [[("No plugin knows it.", "faint")]], id="candidates")
        table, needs = Table(cells.SETTING_COLUMNS, id="all-settings"), Table(cells.NEED_COLUMNS, id="needs")
        needs.empty = [
            [("It reads no variables that could be seen. ", "faint"), ("a", "bold accent"), (" adds one.", "faint")]
        ]
        targets, dockerfile = Table(TARGET_COLUMNS, id="targets"), Lines(id="dockerfile-text")
        for choice in (candidates, targets):
            choice.enter = "choose, plan"
        table.enter, needs.enter = "change", "type"
        for lines in (facts, aside, says, about, difference, domain):
            lines.can_focus = False
        for pane, title in (
            (members, "Apps in it"), (candidates, "Made with"), (details, "How it is built and run"),
            (table, "Settings"), (about, "Selected"), (difference, "What will be written to webduh.yaml"),
            (dockerfile, "Dockerfile"), (needs, "Variables"), (targets, "Target"), (domain, "Domain"),
            (aside, "The same as a script"),
        ):  # fmt: skip
            pane.add_class("pane")
            titled(pane, title)
        begun = [one.draft for one in self.console.drafts.all()]
        panes = (
            ("source", (SourcePane(self.draft, begun, self.console.drafts.text, id="source-pane"), members)),
            ("detected", (candidates, details)),
            ("settings", (table, about, difference)),
            ("dockerfile", (dockerfile,)),
            ("variables", (needs,)),
            ("target", (targets, domain)),
        )
        yield facts
        yield TabBar(TABS, self.tab)
        stack = Container(*(Container(*inner, id=f"tab-{name}", classes="tab") for name, inner in panes), id="tabs")
        yield Container(stack, aside, id="middle")
        yield says

    def fill(self) -> None:
        """Draw all that follows from the draft and from what is known."""
        looked, draft = self.looked, self.draft
        self.query_one("#facts", Lines).put(cells.fact_lines(draft, looked))
        self.fill_targets()
        self.say()
        self.set_class(looked is not None, "-looked")
        if looked is None:
            return
        self.query_one("#aside", Flowing).flow(partial(cells.script_lines, self.script()))
        self.query_one("#candidates", Table).put(cells.candidate_rows(looked))
        self.query_one("#details", Flowing).flow(partial(cells.detail_lines, looked))
        self.offered = {setting.id: setting for setting in settings(looked, draft)}
        self.query_one("#all-settings", Table).put(cells.setting_row(one, draft) for one in self.offered.values())
        self._setting_moved()
        difference = cells.difference_lines(looked.proposed.difference)
        self.query_one("#difference", Lines).put(difference)
        self.query_one("#tab-settings").set_class(bool(difference), "-differs")
        self.query_one("#dockerfile-text", Lines).put(cells.dockerfile_lines(looked.dockerfile))
        self.query_one("#needs", Table).put(cells.need_rows(looked, draft))
        kind = self._kind(draft.on or looked.target)
        titled(self.query_one("#dockerfile-text"), "Dockerfile", "" if kind != "local" else "as a server builds it")

    @on(Table.Moved, "#all-settings")
    def _setting_moved(self) -> None:
        setting = self.offered.get(self.query_one("#all-settings", Table).key or "")
        self.query_one("#about", Flowing).flow(partial(cells.about_lines, setting))
        self.refresh_bindings()

    @on(Table.Moved, "#needs")
    def _need_moved(self) -> None:
        self.refresh_bindings()

    def _kind(self, target: str) -> str:
        heard = self.console.board.targets.get(target)
        return heard.row.kind if heard is not None else ""

    def fill_targets(self) -> None:
        """The targets, with the chosen one marked, and the domain."""
        board, now, table = self.console.board, self.console.clock(), self.query_one("#targets", Table)
        chosen = self.draft.on or (self.looked.target if self.looked else "")
        table.marked = {chosen}
        table.put(target_row(heard, board.answered.get(name), now) for name, heard in board.targets.items())
        table.refresh()
        self.query_one("#domain", Lines).put(cells.domain_lines(self.draft, self.looked, self._kind(chosen)))

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
            if self.error is None:
                lines += cells.way_out(self.looked, width) if self.looked else []
        elif self.note:
            lines = paragraph(self.note, width, "text", " !", "bold warn")
        says.put(lines)
        says.display = bool(lines)
        says.styles.height = max(1, min(len(lines), self.size.height // 3))

    def on_resize(self) -> None:
        """Another width wraps otherwise."""
        if self.is_mounted and self.query("#says"):
            self.call_after_refresh(self.fill)
