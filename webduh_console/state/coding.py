"""How values are written into columns: times that sort as text, structs as JSON."""

from datetime import UTC, datetime
from functools import cache
from typing import Any

import msgspec

from webduh_console.errors import StateError


def encoded(value: Any) -> str:
    """The value as JSON. What is no Unicode, such as half of a surrogate pair in a file's name, is replaced."""
    try:
        return msgspec.json.encode(value).decode()
    except UnicodeEncodeError:
        return msgspec.json.encode(_unicode(msgspec.to_builtins(value))).decode()


def decoded(text: str, kind: Any) -> Any:
    """The value of type `kind` that was encoded; StateError if the text is not one."""
    try:
        return _decoder(kind).decode(text)
    except msgspec.DecodeError as error:
        raise StateError(
            "A record of the local state cannot be read.",
            why=f"{error}.",
            hint="If a newer webduh wrote it, update this one.",
        ) from error


def text_of(at: datetime) -> str:
    """A time as text in UTC; texts sort as their times do."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def time_of(text: str) -> datetime:
    """The time of such a text, in UTC."""
    return datetime.fromisoformat(text)


@cache
def _decoder(kind: Any) -> "msgspec.json.Decoder[Any]":
    return msgspec.json.Decoder(kind)


def _unicode(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {_unicode(key): _unicode(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_unicode(inner) for inner in value]
    return value
