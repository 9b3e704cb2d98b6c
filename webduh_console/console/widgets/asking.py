"""What a widget asks for in the line at the bottom: text that acts while it is typed."""

from collections.abc import Callable
from dataclasses import dataclass, field

from textual.message import Message


def _nothing() -> None:
    pass


@dataclass
class Asking:
    """A question for one line of text.

    `typed` is told each change and `entered` the end; both answer what is wrong with the text, or nothing. `left` is
    told when the line is closed without an answer. A `secret` text is not shown while it is typed, nor kept.
    """

    sign: str
    hint: str
    entered: Callable[[str], str]
    typed: Callable[[str], str] = lambda text: ""
    left: Callable[[], None] = _nothing
    text: str = ""
    secret: bool = False
    history: list[str] = field(default_factory=list)


class Asks(Message):
    """A widget asks; the screen opens its line."""

    def __init__(self, asking: Asking) -> None:
        super().__init__()
        self.asking = asking
