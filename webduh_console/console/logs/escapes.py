"""Escape sequences in log lines: colours are kept, everything else is taken out before a line is kept."""

import re
from functools import lru_cache

from webduh_console.console.words import Piece, visible

_SGR = re.compile(r"\x1b\[([0-9;:]*)m")
_SEQUENCE = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # CSI: colours, cursor movement, erasing
    r"|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)"  # OSC: titles, links, the clipboard
    r"|\x1b[PX^_][^\x1b]*\x1b\\"  # DCS, SOS, PM, APC
    r"|\x1b[ -/]+[0-~]|\x1b[0-OQ-WYZ\\`-~]"  # character sets, keypad modes, reset
)
_COLORS = ("faint", "bad", "good", "warn", "accent", "loud", "busy", "text")
"""The terminal's eight colours in the roles of our themes, so that each can be read on every ground."""


def safe(text: str) -> str:
    """A line as it is kept: colours stay as `ESC [ … m`, other sequences go, control characters become symbols.

    The carriage return at the end of a line of DOS goes, too. Tabs become spaces.
    """
    if text.isascii() and text.isprintable():
        return text
    text = text.rstrip("\r\n")
    if "\x1b" not in text:
        return visible(text)
    text = _SEQUENCE.sub(lambda found: found[0] if _SGR.fullmatch(found[0]) else "", text)
    parts = _SGR.split(text)
    shown = _visible_around(parts[::2])
    return shown[0] + "".join(f"\x1b[{code}m{part}" for code, part in zip(parts[1::2], shown[1:], strict=True))


def _visible_around(parts: list[str]) -> list[str]:
    """The parts between the colours of a line, each shown as `visible` does, tabs at the columns they have without."""
    column, shown = 0, []
    for part in parts:
        before = column % 8
        padded = visible(" " * before + part)[before:]
        column += len(padded)
        shown.append(padded)
    return shown


def plain(text: str) -> str:
    """A kept line without its colours."""
    return _SGR.sub("", text) if "\x1b" in text else text


def colored(text: str, role: str = "text") -> list[Piece]:
    """A kept line as pieces in the roles that its colours stand for; what has no colour of its own has `role`."""
    if "\x1b" not in text:
        return [(text, role)]
    parts = _SGR.split(text)
    state = ("", False, False, False, False)
    pieces: list[Piece] = [(parts[0], role)] if parts[0] else []
    for codes, part in zip(parts[1::2], parts[2::2], strict=True):
        state = _after(codes, state)
        if part:
            pieces.append((part, _role(state, role)))
    return pieces


State = tuple[str, bool, bool, bool, bool]
"""Role of the colour, bold, italic, underline, reverse."""


@lru_cache(1024)
def _after(codes: str, state: State) -> State:
    """The state after the codes of one sequence."""
    role, bold, italic, underline, reverse = state
    numbers = [int(code or 0) for code in re.split("[;:]", codes) if len(code) < 6]
    at = 0
    while at < len(numbers):
        code = numbers[at]
        if code == 0:
            role, bold, italic, underline, reverse = "", False, False, False, False
        elif code in (1, 22):
            bold = code == 1
        elif code in (3, 23):
            italic = code == 3
        elif code in (4, 24):
            underline = code == 4
        elif code in (7, 27):
            reverse = code == 7
        elif 30 <= code <= 37 or 90 <= code <= 97:
            role = _COLORS[code % 10]
        elif code in (2, 39):
            role = "faint" if code == 2 else ""
        elif code in (38, 48):
            given, used = _given(numbers[at + 1 :])
            role = given if code == 38 else role
            at += used
        at += 1
    return role, bold, italic, underline, reverse


def _given(numbers: list[int]) -> tuple[str, int]:
    """The role for a colour of the 256 (`5;n`) or by its parts (`2;r;g;b`), and how many numbers said so."""
    if numbers[:1] == [5] and len(numbers) > 1:
        number = numbers[1]
        if number < 16:
            return _COLORS[number % 8], 2
        if number >= 232:
            return "muted", 2
        steps = divmod(number - 16, 36)
        return _nearest(steps[0] * 51, steps[1] // 6 * 51, steps[1] % 6 * 51), 2
    if numbers[:1] == [2] and len(numbers) > 3:
        return _nearest(*numbers[1:4]), 4
    return "", len(numbers)


def _nearest(red: int, green: int, blue: int) -> str:
    """The role of the eight colours that has the same parts above the middle."""
    middle = (max(red, green, blue) + min(red, green, blue)) / 2
    if max(red, green, blue) - min(red, green, blue) < 40:
        return "text" if middle > 160 else "muted"
    return _COLORS[(red > middle) + 2 * (green > middle) + 4 * (blue > middle)]


def _role(state: State, usual: str) -> str:
    role, *flags = state
    words = [word for word, so in zip(("bold", "italic", "underline", "reverse"), flags, strict=True) if so]
    return " ".join([*words, role or usual.split()[-1]]) if words or role else usual
