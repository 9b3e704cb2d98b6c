"""Roles to colours: the one place that turns `("3 s", "muted")` into what a terminal draws."""

from collections.abc import Iterable, Mapping

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from webduh_console.console.words import Piece, clip

_ATTRIBUTES = {"bold", "italic", "underline", "reverse", "strike"}


class Ink:
    """The colours of a theme by role.

    A role is a colour's name, with `bold`, `italic`, `underline` or `reverse` before it.
    """

    def __init__(self, colors: Mapping[str, str]) -> None:
        self.colors = colors
        self._styles: dict[tuple[str, str], Style] = {}

    def style(self, role: str, ground: str = "background") -> Style:
        """The style of a role on a ground.

        The ground is always set, since a blank cell without one shows the terminal's own.
        """
        found = self._styles.get((role, ground))
        if found is None:
            words = role.split()
            color = next((self.colors[word] for word in words if word not in _ATTRIBUTES), self.colors["text"])
            found = Style(color=drawn(color), bgcolor=drawn(self.colors[ground]))
            found += Style.parse(" ".join(word for word in words if word in _ATTRIBUTES))
            self._styles[role, ground] = found
        return found

    def strip(self, pieces: Iterable[Piece], width: int, ground: str = "background", start: int = 0) -> Strip:
        """The cells `start` to `start + width` of the pieces, as one strip of exactly `width` cells."""
        segments: list[Segment] = []
        skip, room = start, width
        for text, role in pieces:
            length = len(text) if text.isascii() else cell_len(text)
            if skip >= length:
                skip -= length
                continue
            if skip or length > room:
                text = clip(text, room, skip)
                length, skip = cell_len(text), 0
            segments.append(Segment(text, self.style(role, ground)))
            room -= length
            if room <= 0:
                break
        if room > 0:
            segments.append(Segment(" " * room, self.style("text", ground)))
        return Strip(segments, width)


def width_of(pieces: Iterable[Piece]) -> int:
    """How many cells the pieces take."""
    return sum(cell_len(text) for text, _ in pieces)


def joined(left: list[Piece], right: list[Piece], width: int, ground_role: str = "text") -> list[Piece]:
    """One line with `left` at its start and `right` at its end; `left` is cut when both do not fit, then `right`."""
    room = width - width_of(right)
    if room < 1:
        return left
    kept: list[Piece] = []
    for text, role in left:
        length = cell_len(text)
        if length > room:
            kept.append((clip(text, room), role))
            room = 0
            break
        kept.append((text, role))
        room -= length
    return [*kept, (" " * room, ground_role), *right]


def fitted(pieces: Iterable[Piece], width: int, align: str = "left") -> list[Piece]:
    """The pieces in exactly `width` cells: cut with `…` at the end, or padded."""
    whole = list(pieces)
    length = width_of(whole)
    if length <= width:
        space = (" " * (width - length), "text")
        return [space, *whole] if align == "right" else [*whole, space]
    shown: list[Piece] = []
    room = width - 1
    for text, role in whole:
        length = cell_len(text)
        if length > room:
            cut = clip(text, room)
            shown.append((cut + "…" + " " * (room - cell_len(cut)), role))
            return shown
        shown.append((text, role))
        room -= length
    return shown


def drawn(color: str) -> str:
    """A colour as Rich names it: `#rrggbb`, or one of the terminal's own."""
    return color.removeprefix("ansi_")


def blend(first: str, second: str, part: float) -> str:
    """The colour `part` of the way from one `#rrggbb` to another; the second if a terminal's own is among them."""
    if not (first.startswith("#") and second.startswith("#")):
        return drawn(second)
    pairs = ((int(first[at : at + 2], 16), int(second[at : at + 2], 16)) for at in (1, 3, 5))
    return "#" + "".join(f"{round(a + (b - a) * part):02x}" for a, b in pairs)
