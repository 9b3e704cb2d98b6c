"""The steps of a deployment: what each is doing, how long it takes, and how long it usually takes."""

from datetime import datetime
from typing import ClassVar

from textual.binding import BindingType

from webduh_console.commands.words import ENDS
from webduh_console.console.actions import bindings
from webduh_console.console.ink import fitted
from webduh_console.console.timeline import StepView, Timeline
from webduh_console.console.widgets.inked import Rows
from webduh_console.console.words import Piece, bar, seconds, size, spinner

_NOTABLE = 0.1

STATES: dict[str, tuple[str, str, str]] = {
    "waiting": ("·", "waiting", "faint"),
    "running": ("▶", "running", "busy"),
    "done": (ENDS["done"], "done", "good"),
    "failed": (ENDS["failed"], "failed", "bad"),
    "cancelled": (ENDS["cancelled"], "cancelled", "warn"),
    "undoing": (ENDS["undone"], "undoing", "warn"),
    "undone": (ENDS["undone"], "undone", "warn"),
    "skipped": (ENDS["skipped"], "skipped", "faint"),
}
"""State of a step → glyph, word, role."""


class Steps(Rows, inherit_bindings=False):
    """A deployment's steps under a cursor that goes along with the work until it is moved."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("steps")

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id)
        self.timeline = Timeline()
        self.now = datetime.min
        self.follows = True

    def put(self, timeline: Timeline, now: datetime) -> None:
        """Show a timeline as it is at a point in time."""
        fresh = timeline is not self.timeline or self.virtual_size.height != len(timeline.steps)
        self.timeline, self.now = timeline, now
        if fresh:
            self.resized()
        current = timeline.current()
        if self.follows and current is not None:
            self.cursor = timeline.steps.index(current)
        self.refresh()

    @property
    def step(self) -> StepView | None:
        """The step under the cursor."""
        return self.timeline.steps[self.cursor] if self.timeline.steps else None

    def count(self) -> int:
        """How many steps there are."""
        return len(self.timeline.steps)

    def draw(self, index: int, width: int) -> list[Piece]:
        """Glyph, name, word, seconds, a bar against the usual time, and how far it is."""
        step = self.timeline.steps[index]
        glyph, word, role = STATES[step.state]
        working = step.state in ("running", "undoing")
        if step.state == "waiting" and (self.timeline.finished or self.timeline.reverting is not None):
            word = "not begun"
        if step.state == "running":
            glyph = spinner(self.now)
        name = max((len(other.name) for other in self.timeline.steps), default=4)
        places = {other.place for other in self.timeline.steps if other.place}
        pieces: list[Piece] = [
            (f"{glyph} ", role),
            (step.name.ljust(name + 2), "bold text" if working else "faint" if step.state == "waiting" else "text"),
        ]
        if len(places) > 1:
            pieces.append((step.place.ljust(max(map(len, places)) + 2), "muted"))
        pieces.append((word.ljust(11), role))
        elapsed = step.elapsed(self.now)
        if step.state not in ("waiting", "skipped"):
            pieces.append((seconds(elapsed).rjust(9) + "  ", "muted"))
        else:
            pieces.append((" " * 11, "text"))
        room = width - sum(len(text) for text, _ in pieces)
        pieces += self._bar(step, elapsed, room)
        return fitted(pieces, width)

    def _bar(self, step: StepView, elapsed: float, room: int) -> list[Piece]:
        """How far it is, if it says so; else its time against the usual one, which fills the bar."""
        if step.state == "running" and step.total > 0 and room > 24:
            filled, rest = bar(step.done / step.total, 12)
            done, total = (size(step.done), size(step.total)) if step.unit == "bytes" else (step.done, step.total)
            words = f" {done} of {total}" if step.unit == "bytes" else f" {done:.0f} of {total:.0f} {step.unit}"
            return [(filled, "busy"), (rest, "line"), (words, "muted")]
        if (
            not step.usual
            or step.usual < _NOTABLE
            or room < 14
            or step.state not in ("waiting", "running", "done", "failed")
        ):
            return []
        wide = min(18, room - 8)
        words = f" usual {seconds(step.usual)}" if room > wide + 14 else ""
        if step.state == "waiting":
            return [(" " * wide, "text"), (words, "faint")]
        over = elapsed - step.usual
        slow = elapsed > step.usual * 1.5 and over > 1.0
        filled, rest = bar(elapsed / step.usual, wide)
        role = "warn" if slow else "busy" if step.state == "running" else "bad" if step.state == "failed" else "good"
        pieces: list[Piece] = [(filled, role), (rest, "line"), (words, "faint")]
        if slow and room > wide + 30:
            pieces.append((f"  {seconds(over)} slower", "warn"))
        return pieces

    def action_up(self) -> None:
        """One step up; the cursor no longer goes along."""
        self.follows = False
        super().action_up()

    def action_first(self) -> None:
        """To the first step; the cursor no longer goes along."""
        self.follows = False
        super().action_first()

    def action_down(self) -> None:
        """One step down; the cursor no longer goes along."""
        self.follows = False
        super().action_down()

    def action_last(self) -> None:
        """Go along with the work again."""
        self.follows = True
        super().action_last()
