"""The plan of a deployment: what would change, shown before anything is done."""

from collections.abc import Callable
from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.message import Message

from webduh_console.console.actions import Action, bindings
from webduh_console.console.crash import defect
from webduh_console.console.screens.base import Dialog
from webduh_console.console.widgets.bars import ActionBar
from webduh_console.console.widgets.lines import Lines, error_lines, labelled, paragraph
from webduh_console.console.widgets.table import titled
from webduh_console.console.words import Piece, fit, seconds, spinner, visible
from webduh_console.errors import WebduhError
from webduh_console.model.plan import Change, Plan
from webduh_console.model.target import CancelToken

Planner = Callable[[dict[str, bool]], Plan]
"""Works out a plan, with answers to its questions: wish → yes. Blocking; WebduhError when it cannot be made."""


class Planned(Message):
    """The plan is worked out, or `error` says why not."""

    def __init__(self, plan: Plan | None, error: WebduhError | None = None) -> None:
        super().__init__()
        self.plan, self.error = plan, error


class PlanScreen(Dialog[Plan], inherit_bindings=False):
    """Opens at once, shows the plan when it is there; the answer is the plan to carry out, or nothing.

    `cancel` is set and every plan that is not carried out is told to `discard` when it is closed.
    """

    BINDINGS: ClassVar[list[BindingType]] = bindings("modal", "plan")
    TAKES_AHEAD = False
    DEFAULT_CSS = """
    PlanScreen > .dialog { width: 100; }
    PlanScreen Lines { height: auto; background: $surface; margin: 1 1 0 1; }
    PlanScreen ActionBar { margin: 1 0 0 0; }
    """

    def __init__(
        self,
        title: str,
        planner: Planner,
        cancel: CancelToken | None = None,
        discard: Callable[[Plan], None] = lambda plan: None,
    ) -> None:
        super().__init__()
        self.title_words, self.planner, self.cancel, self.discard = title, planner, cancel or CancelToken(), discard
        self._made: list[Plan] = []
        self.plan: Plan | None = None
        self.error: WebduhError | None = None
        self.answers: dict[str, bool] = {}

    def compose(self) -> ComposeResult:
        """The plan over what can be done."""
        with Vertical(classes="dialog") as box:
            titled(box, self.title_words)
            yield Lines(ground="surface")
            yield ActionBar()

    def on_mount(self) -> None:
        """Work it out."""
        self._ticking = self.set_interval(0.1, self.fill)
        self.fill()
        self._make_plan(dict(self.answers))

    @work(thread=True, exclusive=True, group="plan", exit_on_error=False)
    def _make_plan(self, answers: dict[str, bool]) -> None:
        try:
            plan = self.planner(answers)
        except WebduhError as error:
            self.post_message(Planned(None, error))
            return
        self._made.append(plan)  # before it is looked whether anybody waits: whoever closes looks the other way round
        if self.cancel.is_set:
            self._discard_made()
        else:
            self.post_message(Planned(plan))

    def _discard_made(self) -> None:
        while self._made:
            self.discard(self._made.pop())

    def on_planned(self, message: Planned) -> None:
        """Show it."""
        self._ticking.pause()
        self.plan, self.error = message.plan, message.error
        self.fill()
        self.refresh_bindings()

    def worker_broke(self, group: str, error: Exception) -> None:
        """A defect ends the working out as an error does."""
        if group == "plan":
            then = "Esc goes back, to try again."
            self.on_planned(Planned(None, defect(self.console.context.home, error, "The plan was not made", then)))

    def can(self, action: Action) -> bool:
        """Only a plan without open questions can be carried out."""
        if action.name == "answer_yes":
            return self.plan is not None and bool(self.plan.questions)
        return self.plan is not None and not self.plan.questions if action.name == "go" else True

    def on_resize(self) -> None:
        """Another width wraps otherwise."""
        self.fill()

    def fill(self) -> None:
        """Put the lines, and make the box as high as they are."""
        lines = self.query_one(Lines)
        width = max(16, min(94, self.size.width - 10))
        lines.put(self._text(width))
        lines.styles.height = max(1, min(len(lines.lines), self.size.height - 6))
        lines.focus()

    def _text(self, width: int) -> list[list[Piece]]:
        if self.error is not None:
            return error_lines(self.error.as_dict(), width)
        if self.plan is None:
            return [[(f"{spinner(self.console.clock())} ", "busy"), ("Working out what would change …", "muted")]]
        return plan_lines(self.plan, width)

    def action_go(self) -> None:
        """Carry it out."""
        if self.plan is not None and not self.plan.questions:
            self._made.remove(self.plan)
            self.dismiss(self.plan)

    def on_unmount(self) -> None:
        """Nobody waits any more: what is fetched for it is stopped, and what was fetched goes away."""
        self.cancel.set()
        if self._made:
            self.app.run_worker(self._discard_made, thread=True, group="discard", exit_on_error=False)

    def action_answer_yes(self) -> None:
        """Answer every question with yes, and plan again."""
        if self.plan is not None:
            self.answers |= {wish(question.option): True for question in self.plan.questions}
            self.plan = None
            self._ticking.resume()
            self.refresh_bindings()
            self._make_plan(dict(self.answers))


def wish(option: str) -> str:
    """What a planner calls the option that answers a question: `--overwrite` → `overwrite`."""
    return option.lstrip("-").partition(" ")[0].replace("-", "_")


def plan_lines(plan: Plan, width: int) -> list[list[Piece]]:
    """A plan for a person: what and where, what changes, what is doubtful, how long it will take."""
    base = f"v{plan.base}" if plan.base is not None else "nothing"
    target: list[Piece] = [(plan.target, "text")]
    environment = plan.key.environment
    role = "bold loud" if environment == "production" else "bold text"
    facts: list[tuple[str, list[Piece]]] = [
        (
            "app",
            [(f"{plan.key.project}/" if plan.key.project != "default" else "", "faint"), (plan.key.app, "bold text")],
        ),
        ("environment", [(environment, role)]),
        ("target", target),
        (
            "domain",
            [(visible(", ".join(f"{r.host}{r.path.rstrip('/')}" for r in plan.spec.routes if r.host)), "accent")],
        ),
        ("from", [(visible(plan.source.words), "text")]),
        ("framework", [(plan.spec.framework, "text")]),
        ("now serving", [(base, "text" if plan.base is not None else "faint")]),
        ("goes back to", [(f"v{plan.to}" if plan.to is not None else "", "bold text")]),
        ("takes about", [(seconds(sum(plan.usual.values())) if plan.usual else "", "text")]),
    ]
    lines = labelled(facts)
    if plan.changes:
        lines += [[], [("What changes", "bold text")], *change_lines(plan.changes, width)]
    elif plan.base is not None:
        lines += [[], [("Nothing changes", "bold text"), (" but the release's number.", "muted")]]
    if plan.warnings:
        lines.append([])
        for warning in plan.warnings:
            lines += paragraph(warning, width, "text", "!", "bold warn")
    if plan.questions:
        lines += [[], [("To be answered first", "bold text")]]
        for question in plan.questions:
            lines += paragraph(question.text, width, "text", "?", "bold accent")
            lines.append([(f"   {question.option}", "faint")])
    return lines


def change_lines(changes: tuple[Change, ...], width: int) -> list[list[Piece]]:
    """A line a change: `+` added, `-` taken away, `~` another value."""
    kind = max(len(change.kind) for change in changes)
    name = min(28, max(len(change.name) for change in changes))
    room = max(8, width - kind - name - 8)
    lines: list[list[Piece]] = []
    for change in changes:
        sign, role = ("+", "good") if not change.before else ("-", "bad") if not change.after else ("~", "warn")
        before, after = visible(_short(change.before)), visible(_short(change.after))
        value: list[Piece] = [(fit(after or before, room).rstrip(), "text" if after else "muted")]
        if before and after:
            value = [(before, "muted"), (" → ", "faint"), (after, "text")]
            if len(before) + len(after) + 3 > room:
                value = [
                    (fit(before, room // 2 - 2).rstrip(), "muted"),
                    (" → ", "faint"),
                    (fit(after, room // 2 - 1).rstrip(), "text"),
                ]
        lines.append(
            [
                (f"  {sign} ", f"bold {role}"),
                (change.kind.ljust(kind + 2), "faint"),
                (fit(change.name, name) + "  ", "text"),
                *value,
            ]
        )
    return lines


def _short(value: str) -> str:
    """A digest is known by its first twelve digits."""
    digest = value.removeprefix("sha256:")
    is_digest = len(digest) >= 40 and all(character in "0123456789abcdef" for character in digest)
    return digest[:12] if is_digest else value
