"""How the console words times, sizes and states. Pure: values in, text out."""

import unicodedata
from datetime import datetime, tzinfo
from functools import lru_cache

from rich.cells import cell_len, get_character_cell_size

from webduh_console.commands.words import ENDS
from webduh_console.model.release import Actual, Deployment
from webduh_console.model.schedules import ScheduledRun

Piece = tuple[str, str]
"""A text and the role it is drawn in, such as `("3 s", "muted")`."""

SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
SPARKS = " ▁▂▃▄▅▆▇█"

HEALTH: dict[str, tuple[str, str, str]] = {
    "serving": ("●", "serving", "good"),
    "degraded": ("◐", "degraded", "warn"),
    "down": ("✗", "down", "bad"),
    "never": ("○", "not deployed", "faint"),
    "unknown": ("?", "unknown", "warn"),
}
"""Health of an app → glyph, word, role."""

OUTCOMES: dict[str, tuple[str, str, str]] = {
    "running": ("▶", "running", "busy"),
    "done": (ENDS["done"], "done", "good"),
    "failed": (ENDS["failed"], "failed", "bad"),
    "reverted": (ENDS["reverted"], "reverted", "warn"),
    "cancelled": (ENDS["cancelled"], "cancelled", "warn"),
    "interrupted": (ENDS["interrupted"], "interrupted", "bad"),
}
"""Outcome of a deployment → glyph, word, role."""

TARGETS: dict[str, tuple[str, str, str]] = {
    "up": ("●", "up", "good"),
    "stopped": ("○", "stopped", "faint"),
    "unreachable": ("✗", "unreachable", "bad"),
    "unready": ("!", "not ready", "warn"),
    "": ("◌", "asking", "faint"),
    "unknown": ("?", "unknown", "warn"),
}
"""State of a target → glyph, word, role."""

_UNITS = ("B", "K", "M", "G", "T", "P")
_BIDI = {chr(code) for code in (0x200E, 0x200F, 0x061C, *range(0x202A, 0x202F), *range(0x2066, 0x206A))}


def health(actual: Actual) -> tuple[str, str, str]:
    """Glyph, word and role of an app; what is being done to it comes before how well it is."""
    if actual.busy:
        return "▶", "deploying", "busy"
    return HEALTH.get(actual.health, HEALTH["unknown"])


def seconds(value: float) -> str:
    """A duration: `0.4 s`, `12 s`, `3 min 20 s`, `2 h 5 min`."""
    if value < 9.95:
        return f"{max(value, 0.0):.1f} s"
    whole = round(value)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s" if whole % 60 else f"{whole // 60} min"
    return f"{whole // 3600} h {whole % 3600 // 60} min" if whole % 3600 >= 60 else f"{whole // 3600} h"


def span(value: float) -> str:
    """A duration in one unit: `12s`, `4m`, `2h`, `3d`."""
    whole = max(0, int(value))
    for size, unit in ((86400, "d"), (3600, "h"), (60, "m")):
        if whole >= size:
            return f"{whole // size}{unit}"
    return f"{whole}s"


def ago(at: datetime, now: datetime) -> str:
    """How long ago: `just now`, `40 s ago`, `3 min ago`, `2 h ago`, `5 d ago`."""
    value = max(0, int((now - at).total_seconds()))
    if value < 5:
        return "just now"
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if value >= size:
            return f"{value // size} {unit} ago"
    return f"{value} s ago"


def failed_run(run: ScheduledRun, now: datetime) -> str:
    """How the last run of a schedule ended that did not end well: `tidy failed 3 min ago`."""
    return f"{run.schedule} {run.outcome} {ago(run.ended or run.at, now)}"


def size(value: float) -> str:
    """Bytes in powers of 1024 with at most four characters: `0`, `812K`, `84M`, `1.2G`."""
    if value < 1:
        return "0"
    for unit in _UNITS:
        if value < 999.5 or unit == _UNITS[-1]:
            return f"{value:.1f}{unit}" if value < 9.95 and unit not in "BK" else f"{value:.0f}{unit}"
        value /= 1024
    raise AssertionError("the last unit takes all")


def cores(value: float) -> str:
    """CPU in cores: `0.00`, `0.12`, `3.4`, `12`."""
    if value < 9.995:
        return f"{value:.2f}"
    return f"{value:.1f}" if value < 99.95 else f"{value:.0f}"


def moment(at: datetime, zone: tzinfo | None) -> str:
    """A point in time, in `zone` (None: that of this machine): `2026-03-04 17:05:09`."""
    return at.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")


def clock_time(at: datetime, zone: tzinfo | None) -> str:
    """The time of day in `zone`: `17:05:09`."""
    return at.astimezone(zone).strftime("%H:%M:%S")


def spinner(now: datetime) -> str:
    """The spinner's glyph at a point in time; ten a second."""
    return SPINNER[int(now.timestamp() * 10) % len(SPINNER)]


def spark(values: list[float], width: int, top: float = 0.0) -> str:
    """The last `width` values as blocks, from zero to the largest of them and `top`; any value above zero is seen."""
    shown = values[-width:]
    largest = max([top, *shown], default=0.0)
    if largest <= 0:
        return ("▁" * len(shown)).rjust(width)
    levels = [1 if value <= 0 else max(1, min(8, round(value / largest * 8))) for value in shown]
    return "".join(SPARKS[level] for level in levels).rjust(width)


def bar(part: float, width: int) -> tuple[str, str]:
    """A thin horizontal bar of `width` cells in halves: the filled and the empty part. `part` is 0 to 1."""
    full, half = divmod(round(max(0.0, min(1.0, part)) * width * 2), 2)
    filled = "━" * full + "╸" * half
    return filled, "─" * (width - len(filled))


def grouped(number: int) -> str:
    """A number with its thousands apart: `1 204`."""
    return f"{number:,}".replace(",", " ")


def counted(number: int, one: str, many: str = "") -> str:
    """A number with its word: `1 line`, `2 000 lines`."""
    return f"{grouped(number)} {one if number == 1 else many or f'{one}s'}"


def what_happened(deployment: Deployment) -> str:
    """What a deployment was about: `deploy v3`, `rollback to v2`."""
    number = f"v{deployment.release}" if deployment.release is not None else ""
    if deployment.action == "rollback":
        return f"rollback {number}".strip()
    return f"{deployment.action} {number}".strip()


@lru_cache(4096)
def _visible_character(character: str) -> str:
    code = ord(character)
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "␡"
    if character in _BIDI or unicodedata.category(character) in ("Cc", "Cs", "Co", "Cn", "Zl", "Zp"):
        return "�"
    return character


def visible(text: str) -> str:
    """The text with tabs as spaces and every control character as a symbol, so that nothing of it is obeyed."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(map(_visible_character, text.expandtabs(8)))


def fit(text: str, width: int, align: str = "left") -> str:
    """The text in exactly `width` cells: cut with `…` or padded. Wide characters are never halved."""
    length = len(text) if text.isascii() else cell_len(text)
    if length > width:
        text, length = clip(text, width - 1), width
        text = text + "…" if width > 0 else ""
        length = cell_len(text)
    space = " " * (width - length)
    return space + text if align == "right" else text + space


def clip(text: str, width: int, start: int = 0) -> str:
    """The cells `start` to `start + width` of a text; a halved wide character becomes a space."""
    if text.isascii():
        return text[start : start + max(width, 0)]
    shown: list[str] = []
    at, end = 0, start + max(width, 0)
    for character in text:
        cells = get_character_cell_size(character)
        if at >= end:
            break
        if at >= start and at + cells <= end:
            shown.append(character)
        elif at + cells > start and cells:
            shown.append(" " * (min(at + cells, end) - max(at, start)))
        at += cells
    return "".join(shown)


def wrapped(text: str, width: int) -> list[str]:
    """The text's lines, broken at words where they are longer than `width`; long words are broken anywhere."""
    import textwrap

    lines: list[str] = []
    for line in text.splitlines() or [""]:
        lines += textwrap.wrap(visible(line), max(8, width), break_on_hyphens=False, drop_whitespace=True) or [""]
    return lines
