"""Who did what, when, from where: how it is written as a line, and read again. Pure."""

import re
from datetime import UTC, datetime

import msgspec

from webduh_console.model.mask import one_line
from webduh_console.model.names import AppKey

LONGEST = 600
"""How many characters of what was done are kept."""

_LINE = re.compile(
    r"(?P<at>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ) (?P<by>\S+)(?: (?P<act>\S+))?(?: (?P<what>.*?))??"
    r"(?: \((?P<trigger>command|script|console)\))?(?: via (?P<via>[^\s()]+))?"
)


class Act(msgspec.Struct, frozen=True):
    """Something that somebody changed, or may have.

    `at` in UTC, by the clock of the machine that keeps it; `by` is user@machine of who asked for it and `trigger`
    how; `via` is the user it was done as there, with the address they came from where that is known. `key` is None
    when it belongs to no app. `target` is empty for what was done on this machine alone.
    """

    at: datetime
    by: str
    act: str
    what: str = ""
    trigger: str = ""
    via: str = ""
    key: AppKey | None = None
    target: str = ""


def line(by: str, act: str, what: str, trigger: str = "") -> str:
    """An act as one line, without its time: `me@laptop deploy release 3 made live (command)`."""
    who = "_".join(by.split()) or "somebody"
    said = one_line(what) if len(what) <= LONGEST else one_line(what[: LONGEST - 1]) + "…"
    words = (who, act, said, f"({trigger})" if trigger else "")
    return " ".join(word for word in words if word)


def read(content: bytes, target: str, key: AppKey | None = None) -> list[Act]:
    """The acts that the lines of a log tell of; a line that is none, such as a torn one, is left out."""
    found = []
    for text in content.decode(errors="replace").split("\n"):
        if (match := _LINE.fullmatch(text)) and (at := _time(match["at"])):
            words = {name: one_line(match[name] or "") for name in ("by", "act", "what", "trigger", "via")}
            found.append(Act(at=at, **words, key=key, target=target))
    return found


def _time(text: str) -> datetime | None:
    try:
        return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError:
        return None
