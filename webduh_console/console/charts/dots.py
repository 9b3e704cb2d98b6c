"""Braille: two by four dots a cell, as an area from zero or as lines."""

from collections.abc import Sequence

from webduh_console.console.charts.samples import Column

_LEFT = (0x40, 0x44, 0x46, 0x47)
_RIGHT = (0x80, 0xA0, 0xB0, 0xB8)
_DOTS = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))
"""Of the left and the right column of a cell, from the upper row to the lower."""

Cells = list[list[tuple[str, int]]]
"""Rows, the upper first, of a character and the number of the series that it belongs to; -1 for none."""


def dot(value: float, height: int, top: float) -> int:
    """At which of `height` rows of dots a value is, from 1; a measured zero is no gap."""
    return 0 if top <= 0 else max(1, min(height, round(value / top * height)))


def area(values: Sequence[Column], height: int, top: float) -> list[str]:
    """Rows of braille, the upper first; two columns a character, filled from zero to the greatest value."""
    dots = [0 if value is None else dot(value[1], height * 4, top) for value in values]
    rows = []
    for row in range(height - 1, -1, -1):
        line = ""
        for left, right in zip(dots[::2], dots[1::2], strict=True):
            code = 0
            for size, patterns in ((left, _LEFT), (right, _RIGHT)):
                part = max(0, min(4, size - row * 4))
                code |= patterns[part - 1] if part else 0
            line += chr(0x2800 + code) if code else " "
        rows.append(line)
    return rows


def lines(all_values: Sequence[Sequence[Column]], height: int, top: float) -> Cells:
    """One line a series, from the least to the greatest value of each column, without a break but for gaps.

    Where several meet in a cell, all their dots are drawn in the colour of the last.
    """
    width = max((len(values) for values in all_values), default=0) // 2
    codes = [[0] * width for _ in range(height)]
    whose = [[-1] * width for _ in range(height)]
    for number, values in enumerate(all_values):
        before: tuple[int, int] | None = None
        for x, value in enumerate(values[: width * 2]):
            if value is None:
                before = None
                continue
            low, high = (dot(each, height * 4, top) for each in value)
            joined = (low, high) if before is None else (min(low, before[1]), max(high, before[0]))
            for y in range(joined[0], joined[1] + 1):
                row = height - 1 - (y - 1) // 4
                codes[row][x // 2] |= _DOTS[x % 2][3 - (y - 1) % 4]
                whose[row][x // 2] = number
            before = (low, high)
    return [
        [(chr(0x2800 + code) if code else " ", owner) for code, owner in zip(row, owners, strict=True)]
        for row, owners in zip(codes, whose, strict=True)
    ]
