"""The fields of structured lines: JSON objects and logfmt."""

import re
from collections.abc import Mapping

import msgspec

from webduh_console.console.logs.levels import KEYS as LEVELS
from webduh_console.console.words import Piece, visible

MESSAGES = ("msg", "message", "@m", "@mt", "event", "short_message", "log", "text")
TIMES = ("time", "ts", "timestamp", "@timestamp", "@t", "t", "datetime", "asctime")
_PAIR = re.compile(r'(?:^|(?<=\s))([A-Za-z_@][\w.@/-]*)=("(?:[^"\\]|\\.)*"|[^\s"]*)')
_BARE = re.compile(r"[^\s\"={}\[\],]+")

Fields = Mapping[str, object]


def fields_of(text: str) -> dict[str, object] | None:
    """The fields of a line that is one JSON object; None if it is none."""
    if not (text.startswith("{") and text.endswith("}")):
        return None
    try:
        found = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def logfmt_of(text: str) -> dict[str, str]:
    """The `key=value` pairs of a line, when there are two or more of them; quotes are taken off."""
    pairs = _PAIR.findall(text) if text.count("=") > 1 else []
    if len(pairs) < 2:
        return {}
    return {key: _unquoted(value) for key, value in pairs}


def _unquoted(value: str) -> str:
    if len(value) < 2 or not value.startswith('"'):
        return value
    try:
        return str(msgspec.json.decode(value))
    except (msgspec.DecodeError, UnicodeEncodeError):
        return value[1:-1]


def message_of(fields: Fields) -> tuple[str, str]:
    """The key and the text of the message; both empty when there is none."""
    for key in MESSAGES:
        value = fields.get(key)
        if isinstance(value, str) and value:
            return key, value
    return "", ""


def value_pieces(value: object, quoted: bool = False) -> list[Piece]:
    """A value in the colour of its kind: a text has quotes only where it needs them, nested ones are JSON."""
    if isinstance(value, bool) or value is None:
        return [({True: "true", False: "false", None: "null"}[value], "busy")]
    if isinstance(value, int | float):
        return [(str(value), "loud")]
    if isinstance(value, str):
        whole = not quoted and _BARE.fullmatch(value)
        return [(visible(value) if whole else visible(_json(value)), "good")]
    return [(visible(_json(value)), "muted")]


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode("utf-8", "replace")


def short(fields: Fields) -> list[Piece]:
    """An object in one line: its message, then `key=value`. Time and level are left out: the pane shows them."""
    key, message = message_of(fields)
    pieces: list[Piece] = [(visible(message), "text")] if message else []
    for name, value in fields.items():
        if name == key or name in TIMES or name in LEVELS:
            continue
        pieces += [("  " if pieces else "", "text"), (f"{visible(name)}=", "faint"), *value_pieces(value)]
    return pieces or [(visible(_json(fields)), "muted")]


def logfmt_pieces(text: str) -> list[Piece]:
    """A line with `key=value` pairs, the keys dimmed."""
    pieces: list[Piece] = []
    at = 0
    for found in _PAIR.finditer(text):
        pieces += [(text[at : found.start()], "text"), (f"{found[1]}=", "faint"), (found[2], "good")]
        at = found.end()
    return [piece for piece in (*pieces, (text[at:], "text")) if piece[0]]


def unfolded(value: object, indent: int = 0, key: str = "", comma: bool = False) -> list[list[Piece]]:
    """An object as indented lines; texts of several lines keep them."""
    space: Piece = ("  " * indent, "text")
    head: list[Piece] = [space, *([(visible(key), "accent"), (": ", "faint")] if key else [])]
    tail: Piece = ("," if comma else "", "faint")
    if isinstance(value, dict) and value:
        inner = [(str(name), one) for name, one in value.items()]
        opens, closes = "{", "}"
    elif isinstance(value, list) and value:
        inner = [("", one) for one in value]
        opens, closes = "[", "]"
    elif isinstance(value, str) and "\n" in value.strip("\n"):
        first, *rest = value.strip("\n").split("\n")
        below: list[list[Piece]] = [[("  " * (indent + 1), "text"), (visible(line), "good")] for line in rest]
        return [[*head, (visible(first), "good")], *below]
    else:
        return [[*head, *value_pieces(value, quoted=True), tail]]
    lines: list[list[Piece]] = [[*head, (opens, "faint")]]
    for at, (name, one) in enumerate(inner):
        lines += unfolded(one, indent + 1, name, at < len(inner) - 1)
    return [*lines, [space, (closes, "faint"), tail]]
