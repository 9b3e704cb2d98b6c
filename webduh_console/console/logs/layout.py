"""Which rows of which lines a screen shows, when lines take one row or more."""

from collections.abc import Callable

Heights = Callable[[int], int]
"""Row of a line → how many rows of the screen it takes."""


def first_row(last: int, height: int, rows_of: Heights) -> int:
    """The first line that is seen whole when the one at `last` is the lowest of a screen of `height` rows."""
    room = height - rows_of(last)
    while last > 0:
        room -= rows_of(last - 1)
        if room < 0:
            break
        last -= 1
    return last


def seen_rows(top: int, count: int, height: int, rows_of: Heights, at_end: bool) -> list[tuple[int, int]]:
    """What each row of the screen shows, from the line `top` on: the line, and which of its rows.

    `at_end` fills what is left below the last line with the rows of the one before `top`.
    """
    rows: list[tuple[int, int]] = []
    line = top
    while line < count and len(rows) < height:
        rows += [(line, at) for at in range(rows_of(line))]
        line += 1
    left = height - len(rows)
    if at_end and left > 0 and top > 0:
        rows = [(top - 1, at) for at in range(rows_of(top - 1))][-left:] + rows
    return rows[:height]
