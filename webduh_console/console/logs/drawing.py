"""How a kept line looks: its gutter, and its text in one row, wrapped, or unfolded."""

import os
from collections.abc import Iterable, Mapping, Sequence
from datetime import tzinfo

import msgspec
from rich.cells import cell_len, get_character_cell_size

from webduh_console.console.logs.entries import Entry
from webduh_console.console.logs.escapes import colored, plain
from webduh_console.console.logs.fields import fields_of, logfmt_of, logfmt_pieces, short, unfolded
from webduh_console.console.logs.filters import Filter, spans
from webduh_console.console.logs.levels import SIGNS, Level
from webduh_console.console.logs.times import Clock, time_width, time_words
from webduh_console.console.words import Piece, fit, grouped

LONGEST_SHOWN = 4_000
"""Characters of a line in one row; the rest is shown when it is opened."""

NAME = 14
"""Cells of a source's name at most."""

_STREAMS = {"stdout": (" ", "text"), "stderr": ("▎", "bad"), "webduh": ("·", "accent")}
_SOURCES = ("accent", "busy", "loud", "good", "muted")
_TEXTS = {Level.ERROR: "bad", Level.WARN: "warn", Level.DEBUG: "muted"}
_JOINTS = "-_/@.:"


class Look(msgspec.Struct, frozen=True):
    """How lines are drawn: `width` cells of a row in all, at most `height` rows a line.

    `names` are the sources' short names, none if there is only one source; `dated` shows the day beside the time.
    """

    width: int
    height: int
    times: bool = False
    clock: Clock = "local"
    dated: bool = False
    zone: tzinfo | None = None
    wrap: bool = False
    unfold: bool = False
    names: Mapping[str, Piece] = {}
    sought: tuple[Filter, ...] = ()

    @property
    def gutter(self) -> int:
        """The cells before the text."""
        names = max((cell_len(name) for name, _ in self.names.values()), default=-2) + 2
        return 3 + (time_width(self.clock, self.dated) + 1 if self.times else 0) + names


def short_names(sources: Sequence[str]) -> dict[str, Piece]:
    """Source → its short name and role; nothing when there is only one. What all names begin with is left out."""
    if len(sources) < 2:
        return {}
    prefix = os.path.commonprefix(list(sources))  # noqa: RUF071 - names, not paths
    while prefix and prefix[-1] not in _JOINTS:
        prefix = prefix[:-1]
    cut = len(prefix) if max(map(cell_len, sources)) > NAME else 0
    return {
        name: (fit(name[cut:], NAME).rstrip(), _SOURCES[number % len(_SOURCES)]) for number, name in enumerate(sources)
    }


def gutter(entry: Entry, look: Look, now: float) -> list[Piece]:
    """What stands before the text, but for the sign of the cursor: level or stream, time, source."""
    sign = SIGNS[entry.level] if entry.level else _STREAMS[entry.stream]
    pieces: list[Piece] = [sign, (" ", "text")]
    if look.times:
        pieces.append((time_words(entry.at, look.clock, look.zone, now, look.dated) + " ", "faint"))
    if look.names:
        name, role = look.names.get(entry.source, (entry.source, "muted"))
        room = look.gutter - 1 - sum(len(text) for text, _ in pieces)
        pieces.append((fit(name, room - 2) + "  ", role))
    return pieces


def body(entry: Entry, look: Look, opened: bool) -> list[list[Piece]]:
    """The text's rows: one, or as many as it takes wrapped or unfolded, up to `look.height`.

    `opened` turns round what `look.unfold` says.
    """
    fields = fields_of(entry.text) if entry.text.startswith("{") else None
    width = max(1, look.width - look.gutter)
    if fields is not None and look.unfold is not opened:
        lines = [highlighted(line, look.sought) for line in unfolded(fields)]
        if look.wrap:
            lines = [row for line in lines for row in wrapped(line, width, look.height)[0]]
        return lines if len(lines) <= look.height else _cut(lines, look.height)
    pieces, more = _cut_text(_pieces(entry, fields), LONGEST_SHOWN)
    pieces = highlighted(pieces, look.sought)
    if not look.wrap:
        return [[*pieces, *_more(more)]]
    rows, left = wrapped(pieces, width, look.height)
    if more + left:
        cut = wrapped(rows[-1], max(1, width - len(_more(more + left)[0][0])), 1)
        rows[-1] = [*cut[0][0], *_more(more + left + cut[1])]
    return rows


def _pieces(entry: Entry, fields: Mapping[str, object] | None) -> list[Piece]:
    role = _TEXTS.get(Level(entry.level), "text")
    if fields is not None:
        return [(text, role if at == 0 and was == "text" else was) for at, (text, was) in enumerate(short(fields))]
    if "\x1b" not in entry.text and logfmt_of(entry.text[:LONGEST_SHOWN]):
        return [(text, role if was == "text" else was) for text, was in logfmt_pieces(entry.text)]
    return colored(entry.text, role)


def _more(count: int) -> list[Piece]:
    return [(f" … {grouped(count)} more", "bold accent")] if count else []


def _cut(lines: list[list[Piece]], height: int) -> list[list[Piece]]:
    more = len(lines) - height + 1
    return [*lines[: height - 1], [(f"… {more} more lines", "bold accent")]]


def _cut_text(pieces: Sequence[Piece], length: int) -> tuple[list[Piece], int]:
    """The first characters of the pieces, and how many are left."""
    kept: list[Piece] = []
    room = length
    for text, role in pieces:
        if room > 0:
            kept.append((text[:room], role))
        room -= len(text)
    return kept, max(0, -room)


def highlighted(pieces: Iterable[Piece], sought: tuple[Filter, ...]) -> list[Piece]:
    """The pieces with what was searched for in reverse."""
    whole = list(pieces)
    found = list(spans(sought, "".join(text for text, _ in whole))) if sought else []
    if not found:
        return whole
    shown: list[Piece] = []
    at = 0
    for text, role in whole:
        begin, end = at, at + len(text)
        for start, stop in found:
            if stop <= at or start >= end:
                continue
            if start > at:
                shown.append((text[at - begin : start - begin], role))
                at = start
            shown.append((text[at - begin : min(stop, end) - begin], "bold reverse accent"))
            at = min(stop, end)
        if at < end:
            shown.append((text[at - begin :], role))
            at = end
    return shown


def wrapped(pieces: Iterable[Piece], width: int, limit: int) -> tuple[list[list[Piece]], int]:
    """The pieces in rows of at most `width` cells, at most `limit` of them, and how many characters are left over.

    No wide character is halved; one that combines stays with the one before it.
    """
    rows: list[list[Piece]] = [[]]
    room, left = width, 0
    for text, role in pieces:
        at = len(text) if left else 0
        left += at
        while at < len(text):
            count, cells = _fitting(text, at, room)
            if count == 0 and room == width:
                count, cells = 1, width  # wider than a row: it is given one
            if count:
                rows[-1].append((text[at : at + count], role))
                at, room = at + count, room - cells
            if at < len(text):
                if len(rows) == limit:
                    left += len(text) - at
                    break
                rows.append([])
                room = width
    return rows, left


def _fitting(text: str, at: int, room: int) -> tuple[int, int]:
    """How many characters from `at` on fit into `room` cells, and the cells they take."""
    if text.isascii():
        count = min(room, len(text) - at)
        return count, count
    cells = 0
    for number in range(at, len(text)):
        size = get_character_cell_size(text[number])
        if cells + size > room:
            return number - at, cells
        cells += size
    return len(text) - at, cells


def saved_line(entry: Entry, zone: tzinfo | None) -> str:
    """A line as it is written to a file or copied with its time: when, source, stream, text without colours."""
    at = entry.moment().astimezone(zone).isoformat(timespec="milliseconds")
    return f"{at} {entry.source} {entry.stream} {plain(entry.text)}"
