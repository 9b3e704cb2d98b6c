"""Which columns of a table are shown in a width, and how wide each is. Pure."""

from collections.abc import Sequence
from typing import Literal

import msgspec

GAP = 2


class Column(msgspec.Struct, frozen=True):
    """A column. It is as wide as its content, between `least` and `most` cells; the last shown one that
    may `grow` takes what is left over.

    `rank` is its importance: when the width is too small, the columns of the highest rank go first.
    """

    key: str
    title: str
    align: Literal["left", "right"] = "left"
    least: int = 3
    most: int = 40
    rank: int = 0
    grow: bool = False


def layout(columns: Sequence[Column], natural: Sequence[int], width: int) -> list[tuple[int, int]]:
    """(index of the column, its width) of those that are shown.

    With the gaps between them they take at most `width`.
    """
    wanted = [max(column.least, min(column.most, size)) for column, size in zip(columns, natural, strict=True)]
    shown = list(range(len(columns)))

    def least(indexes: Sequence[int]) -> int:
        return sum(min(columns[index].least, wanted[index]) for index in indexes) + GAP * (len(indexes) - 1)

    while len(shown) > 1 and _comfortable(columns, wanted, shown) > width:
        worst = max(shown, key=lambda index: (columns[index].rank, index))
        if columns[worst].rank == 0:
            break
        shown.remove(worst)
    while len(shown) > 1 and least(shown) > width:
        shown.pop()
    widths = {index: wanted[index] for index in shown}
    over = sum(widths.values()) + GAP * (len(shown) - 1) - width
    for index in sorted(shown, key=lambda index: columns[index].least - widths[index]):
        if over > 0:
            cut = min(over, widths[index] - min(columns[index].least, widths[index]))
            widths[index] -= cut
            over -= cut
    if over > 0:
        widths[shown[0]] = max(1, widths[shown[0]] - over)
    growing = [index for index in shown if columns[index].grow]
    for index in growing[-1:]:
        widths[index] += max(0, -over)
    return [(index, widths[index]) for index in shown]


def _comfortable(columns: Sequence[Column], wanted: Sequence[int], shown: Sequence[int]) -> int:
    """The width at which the shown columns lose nothing but what may be cut: growing columns count with their least."""
    sizes = (min(columns[index].least, wanted[index]) if columns[index].grow else wanted[index] for index in shown)
    return sum(sizes) + GAP * (len(shown) - 1)
