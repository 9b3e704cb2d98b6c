"""Small dialogs: an error, a question, all keys, leaving while something runs."""

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.screen import Screen

from webduh_console.console.actions import ACTIONS, SCOPES, Action, allowed, bindings, key_sign
from webduh_console.console.deployments import Live
from webduh_console.console.ink import fitted
from webduh_console.console.screens.base import Dialog
from webduh_console.console.widgets.bars import ActionBar
from webduh_console.console.widgets.lines import Lines, error_lines, paragraph
from webduh_console.console.widgets.table import titled
from webduh_console.console.words import Piece
from webduh_console.errors import WebduhError

WIDTH = 78
_COLUMN = 66


class TextDialog(Dialog[Any], inherit_bindings=False):
    """A dialog around lines."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("modal")
    DEFAULT_CSS = """
    TextDialog .text { height: auto; max-height: 100%; margin: 1 1 0 1; }
    TextDialog .text { background: $surface; scrollbar-background: $surface; }
    TextDialog ActionBar { margin: 1 0 0 0; }
    """
    title_words = ""
    widest = WIDTH

    def text(self, width: int) -> list[list[Piece]]:
        """The lines, for a width."""
        raise NotImplementedError

    def compose(self) -> ComposeResult:
        """The lines over what can be done."""
        with Vertical(classes="dialog") as box:
            titled(box, self.title_words)
            lines = Lines(ground="surface")
            lines.add_class("text")
            yield lines
            yield ActionBar()

    def on_mount(self) -> None:
        """Fill it."""
        self.fill()

    def on_resize(self) -> None:
        """Another width wraps otherwise."""
        self.fill()

    def fill(self) -> None:
        """Put the lines, and make the box as high as they are."""
        lines = self.query_one(Lines)
        lines.put(self.text(max(16, min(self.widest, self.size.width - 10))))
        lines.styles.height = max(1, min(len(lines.lines), self.size.height - 6))
        lines.focus()


class ErrorScreen(TextDialog, inherit_bindings=False):
    """What failed, why, what was kept, what to do next."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("modal")

    def __init__(self, error: WebduhError, title: str = "") -> None:
        super().__init__()
        self.error, self.title_words = error, title or "Not done"

    def text(self, width: int) -> list[list[Piece]]:
        """The error's parts, each labelled."""
        return error_lines(self.error.as_dict(), width)


class ConfirmScreen(TextDialog, inherit_bindings=False):
    """A question before something is changed; the answer is True, or nothing."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("modal", "confirm")
    TAKES_AHEAD = False

    def __init__(self, title: str, says: Sequence[str]) -> None:
        super().__init__()
        self.title_words, self.says = title, says

    def text(self, width: int) -> list[list[Piece]]:
        """What will happen."""
        lines: list[list[Piece]] = []
        for says in self.says:
            lines += [*paragraph(says, width), []]
        return lines[:-1]

    def action_agree(self) -> None:
        """Yes."""
        self.dismiss(True)

    def action_disagree(self) -> None:
        """No."""
        self.dismiss(None)


class LeaveScreen(ConfirmScreen, inherit_bindings=False):
    """Leaving while deployments run in this process: cancel them and leave when they are taken back, or stay."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("modal", "confirm")

    def __init__(self, running: Sequence[Live]) -> None:
        names = ", ".join(live.title for live in running)
        super().__init__(
            "Leave while something runs?",
            [
                f"{len(running)} running here: {names}.",
                "Yes cancels, takes back what was done so far, and leaves when that is at its end. "
                "No stays; the console can be left when they are done.",
            ],
        )
        self.running = running
        self.leaving = False

    def text(self, width: int) -> list[list[Piece]]:
        """The question, or how far the way back is."""
        if not self.leaving:
            return super().text(width)
        lines: list[list[Piece]] = [[("Taking back; then the console closes.", "text")], []]
        for live in self.running:
            step = live.timeline.current()
            word = "done" if live.over else step.name if step else "…"
            lines.append([("↩ ", "warn"), (f"{live.subject}  ", "text"), (word, "muted")])
        return lines

    def on_mount(self) -> None:
        """Go along with what runs."""
        super().on_mount()
        self.console.deployment_signal.subscribe(self, self._moved)

    def _moved(self, live: Live) -> None:
        if self.leaving and all(one.over for one in self.running):
            self.app.exit(0)
        elif not self.leaving and all(one.over for one in self.running):
            self.dismiss(None)
        self.fill()

    def action_agree(self) -> None:
        """Cancel all, and leave when they are over."""
        self.leaving = True
        for live in self.running:
            if live.cancel is not None:
                live.cancel.set()
        self.fill()


def side_by_side(blocks: Sequence[list[list[Piece]]], width: int) -> list[list[Piece]]:
    """Blocks of lines in two columns of about the same height, the left one `width` cells wide."""
    half = sum(map(len, blocks)) / 2
    left: list[list[Piece]] = []
    right: list[list[Piece]] = []
    for block in blocks:
        (left if not right and len(left) + len(block) / 2 <= half else right).extend(block)
    count = max(len(left), len(right))
    left += [[]] * (count - len(left))
    right += [[]] * (count - len(right))
    return [[*fitted(one, width), *other] for one, other in zip(left, right, strict=True)]


class HelpScreen(TextDialog, inherit_bindings=False):
    """Every key of the screen below, from the registry and the user's key map."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("modal")
    title_words = "Keys"
    widest = 2 * _COLUMN
    DEFAULT_CSS = """
    HelpScreen > .dialog { width: 138; }
    """

    def __init__(self, below: Screen[Any]) -> None:
        super().__init__()
        self.keys: dict[str, list[str]] = {}
        for key, active in below.active_bindings.items():
            if active.binding.id:
                self.keys.setdefault(active.binding.id, []).append(key_sign(key))

    def groups(self) -> Iterable[tuple[str, list[Action]]]:
        """Title → actions that are possible on the screen below; each action once."""
        seen: set[str] = set()
        order = [
            "exec",
            "home",
            "empty",
            "wizard",
            "app",
            "variables",
            "parts",
            "target",
            "rooms",
            "containers",
            "surplus",
            "deployment",
            "plan",
            "confirm",
            "result",
            "table",
            "lines",
            "steps",
            "log",
            "sources",
            "bar",
            "source",
        ]
        # what applies on several screens belongs to the one that is below: it has keys that no other has
        here = {action.scopes[0] for action in ACTIONS if len(action.scopes) == 1 and action.name in self.keys}
        order.sort(key=lambda scope: scope not in here)
        for scope in [*order, "anywhere", "screen", "modal"]:
            actions = [
                action
                for action in ACTIONS
                if scope in action.scopes
                and action.name in self.keys
                and action.name not in seen
                and allowed(action, self.console.read_only)
            ]
            seen |= {action.name for action in actions}
            if actions:
                yield SCOPES[scope], actions

    def _block(self, title: str, actions: Sequence[Action]) -> list[list[Piece]]:
        lines: list[list[Piece]] = [[(title, "bold text")]]
        for action in actions:
            signs = " ".join(self.keys[action.name])
            mark: Piece = (" · changes things", "warn") if action.kind != "read" else ("", "text")
            lines.append([(f"  {signs:<12}", "bold accent"), (action.help, "muted"), mark])
        return [*lines, []]

    def text(self, width: int) -> list[list[Piece]]:
        """A line an action: keys, what it does; in two columns where there is room."""
        blocks = [self._block(title, actions) for title, actions in self.groups()]
        whole: list[list[Piece]] = [line for block in blocks for line in block]
        lines = whole if width < 2 * _COLUMN else side_by_side(blocks, _COLUMN)
        lines.append([("Keys can be changed in keys.yaml: ", "faint"), ("action: key", "accent")])
        return lines
