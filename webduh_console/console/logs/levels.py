"""How grave a log line is, found in plain text, logfmt and JSON."""

import re
from enum import IntEnum
from typing import Any

import msgspec


class Level(IntEnum):
    """How grave; NONE where a line does not say it. Traces count as DEBUG, notices as INFO, fatal ones as ERROR."""

    NONE = 0
    DEBUG = 1
    INFO = 2
    WARN = 3
    ERROR = 4


SIGNS: dict[int, tuple[str, str]] = {
    Level.NONE: (" ", "text"),
    Level.DEBUG: ("D", "faint"),
    Level.INFO: ("I", "busy"),
    Level.WARN: ("W", "bold warn"),
    Level.ERROR: ("E", "bold bad"),
}
"""Level → letter and role: never the colour alone."""

_WORDS = {
    Level.DEBUG: "trace trc debug dbg verbose silly finest finer fine",
    Level.INFO: "info inf information informational notice log config",
    Level.WARN: "warn warning wrn",
    Level.ERROR: "error err fatal ftl critical crit panic dpanic severe emerg emergency alert eror failure",
}
_NAMED = {word: level for level, words in _WORDS.items() for word in words.split()}

KEYS = ("level", "severity", "lvl", "loglevel", "log.level", "levelname", "log_level", "@l", "severity_text")
"""The keys of a JSON object or of logfmt that say the level, the first that is there."""

_SPOKEN = {"fatal", "critical", "panic", "severe", "error", "err", "warning", "warn", "notice", "info"}
_SPOKEN |= {"debug", "trace"}
"""Words that say a level in small letters, too, where a level is written."""

_LOUD = {word.upper() for word in _SPOKEN} | {"CRIT", "EMERG", "ALERT", "WRN", "INF", "DBG", "TRC"}
"""Words that say a level wherever they stand in capitals."""

_STEMS = ("err", "warn", "wrn", "inf", "deb", "dbg", "trace", "trc", "notice", "fatal", "crit", "panic", "severe",
          "emerg", "alert", "excep")  # fmt: skip
_WORD = re.compile(r"[A-Za-z]{3,}")
_LOGFMT = re.compile(r'(?:^|[ {,])(?:level|severity|lvl|loglevel|log\.level|levelname)="?([A-Za-z]+|\d+)\b')
_KLOG = re.compile(r"([IWEF])\d{4} \d\d:\d\d:\d\d")
_SYSLOG = re.compile(r"<(\d{1,3})>")
_AFTER = re.compile(r" ?:| +-(?: |$)| [A-Z]+\d+:|\[|!|$")
_BROKEN = re.compile(r"Traceback \(most recent|panic: |thread '.*' panicked|fatal: |npm (?i:(err|error|warn))\b")
_LOOKED_AT = 160
"""Characters of a plain line that are looked at: what says its level stands near the start."""


class _Leveled(msgspec.Struct):
    level: Any = None
    severity: Any = None
    lvl: Any = None
    loglevel: Any = None
    dotted: Any = msgspec.field(name="log.level", default=None)
    levelname: Any = None
    log_level: Any = None
    serilog: Any = msgspec.field(name="@l", default=None)
    severity_text: Any = None
    log: Any = None


_decoder = msgspec.json.Decoder(_Leveled)


def level_of(text: str) -> Level:
    """The level that a line says it has, without its colours."""
    if text.startswith("{") and text.endswith("}"):
        try:
            said = _decoder.decode(text)
        except (msgspec.DecodeError, msgspec.ValidationError, UnicodeEncodeError, RecursionError):
            return _of_text(text)
        return _of_object(said)
    return _of_text(text)


def _of_object(said: _Leveled) -> Level:
    for value in (
        said.level, said.severity, said.lvl, said.loglevel, said.dotted, said.levelname, said.log_level, said.serilog,
        said.severity_text,
    ):  # fmt: skip
        if value is not None:
            return level_of_value(value)
    return level_of_value(said.log.get("level")) if isinstance(said.log, dict) else Level.NONE


def level_of_value(value: object) -> Level:
    """The level that a value stands for: a word, pino's and bunyan's numbers (10 to 60), syslog's (0 to 7)."""
    if isinstance(value, str):
        word = value.strip().lower()
        if word.isascii() and word.isdigit() and len(word) < 4:
            return level_of_value(int(word))
        return _NAMED.get(word, Level.NONE)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return Level.NONE
    if value < 10:
        return Level.ERROR if value <= 3 else Level.WARN if value <= 4 else Level.INFO if value <= 6 else Level.DEBUG
    return Level.DEBUG if value < 30 else Level.INFO if value < 40 else Level.WARN if value < 50 else Level.ERROR


def _of_text(text: str) -> Level:
    if "l=" in text or "y=" in text or "me=" in text:
        found = _LOGFMT.search(text)
        if found is not None:
            return level_of_value(found[1])
    head = text[:_LOOKED_AT]
    if head[1:5].isdigit():
        found = _KLOG.match(head)
        if found is not None:
            return {"I": Level.INFO, "W": Level.WARN}.get(found[1], Level.ERROR)
    lower = head.lower()
    for stem in _STEMS:
        if stem in lower:
            return _of_words(head)
    if head.startswith("<"):
        found = _SYSLOG.match(head)
        return level_of_value(int(found[1]) % 8) if found else Level.NONE
    return Level.ERROR if head.startswith("Segmentation fault") else Level.NONE


def _of_words(head: str) -> Level:
    """The level of a line in which a word may say it: the first that stands where levels are written."""
    broken = _BROKEN.match(head)
    if broken is not None:
        return Level.WARN if (broken[1] or "").lower() == "warn" else Level.ERROR
    for found in _WORD.finditer(head):
        word, start, end = found[0], found.start(), found.end()
        if word.lower() in _NAMED and _says(head, word, start, end):
            return _NAMED[word.lower()]
        if word.endswith(("Error", "Exception")) and head[end : end + 1] in (":", "") and word[0].isupper():
            return Level.ERROR
    return Level.NONE


def _says(head: str, word: str, start: int, end: int) -> bool:
    """Whether a level's word stands where a level is written."""
    before, after = head[max(0, start - 1) : start], head[end : end + 1]
    if before.isalnum() or (before and before in "_./-") or after.isalnum() or (after and after in "_=/-"):
        return False
    if word in _LOUD:
        return True
    left = head[:start].rstrip()[-1:]
    if left and left in "[(<|" and head[end:].lstrip()[:1] in ("]", ")", ">", "|"):
        return word.upper() in _LOUD
    begins = not left or left.isdigit() or left in "Z])>:|"
    return word.lower() in _SPOKEN and begins and _AFTER.match(head, end) is not None
