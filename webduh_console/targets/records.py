"""What every target's record has in common: how it is written and read, and what is said when that fails. Pure."""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, TypeVar

import msgspec

from webduh_console.errors import LeaseHeldError, LeaseLostError, NotFoundError, WebduhError
from webduh_console.model.names import AppKey
from webduh_console.model.plan import Plan
from webduh_console.model.release import Release
from webduh_console.model.target import Holder, JournalLine

T = TypeVar("T")


def written(value: object) -> bytes:
    """A value as one line of JSON. Text that is not Unicode, such as a path may be, is escaped: it is for people."""
    try:
        return msgspec.json.encode(value)
    except UnicodeEncodeError:
        return msgspec.json.encode(_unicode(msgspec.to_builtins(value)))


def _unicode(value: Any) -> Any:
    match value:
        case str():
            return printable(value)
        case dict():
            return {_unicode(name): _unicode(inner) for name, inner in value.items()}
        case list() | tuple():
            return [_unicode(inner) for inner in value]
        case _:
            return value


def printable(text: str) -> str:
    """A text in which what is not Unicode is escaped."""
    return text.encode(errors="backslashreplace").decode()


def audit_line(line: str) -> str:
    """A line for an audit log: one line of Unicode, whatever is in it."""
    return "".join(character if character.isprintable() else " " for character in printable(line))


def bare_release(release: Release) -> bytes:
    """A release without its variables, as one line of JSON."""
    return written(msgspec.structs.replace(release, variables={}))


def bare_plan(plan: Plan) -> bytes:
    """A plan without its variables, as one line of JSON."""
    return written(msgspec.structs.replace(plan, variables={}))


def digests(files: Mapping[str, bytes]) -> bytes:
    """What a record's files must hold, by their names: JSON of name → SHA-256, so that an edited one is seen."""
    return msgspec.json.encode({name: hashlib.sha256(content).hexdigest() for name, content in files.items()})


def read_digests(content: str | bytes) -> dict[str, str]:
    """The digests that were written, by the files' names; those that cannot be read are none."""
    try:
        return msgspec.json.decode(content, type=dict[str, str])
    except (msgspec.DecodeError, UnicodeDecodeError):
        return {}


def decoded(content: bytes, kind: type[T], what: str, file: object) -> T:
    """What a file of a record holds; WebduhError names it and says why it cannot be read."""
    try:
        return msgspec.json.decode(content, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise unreadable(what, f"{error}.", file) from error


def unreadable(what: str, why: str, file: object) -> WebduhError:
    """The error of a file that is there but says nothing; `what` names its content."""
    return WebduhError(f"{what} cannot be read.", why=why, kept="Nothing was changed.", hint=f"The file is {file}.")


def release_named(key: AppKey, number: int) -> str:
    """How errors name the record of a release."""
    return f"The record of release {number} of {key}"


def journal_lines(content: bytes) -> list[JournalLine]:
    """The whole lines of a journal; a line torn by a cut is left out, since the act it announces was never begun."""
    whole = []
    for line in content.splitlines():
        try:
            whole.append(msgspec.json.decode(line, type=JournalLine))
        except (msgspec.DecodeError, UnicodeDecodeError):
            continue
    return whole


def no_release(key: AppKey, number: int, kept: Iterable[int]) -> NotFoundError:
    """The error of a release that is not kept."""
    listed = ", ".join(map(str, kept)) or "none"
    return NotFoundError(
        f"{key} has no release {number}.", why=f"Kept are: {listed}.", hint=f"webduh releases {key.app}"
    )


STALE = timedelta(seconds=60)
"""After this long without a heartbeat a holder is dead."""
_LATE = 20
"""Seconds after which a heartbeat should have come."""


def held(key: AppKey, holder: Holder, at: datetime) -> LeaseHeldError:
    """The error of a lease that somebody holds; `at` is the time now by the clock that `holder` was written by."""
    since, heard = (max(0, int((at - moment).total_seconds())) for moment in (holder.since, holder.beat))
    left = int(STALE.total_seconds()) - heard
    late = f"It may have been killed: it was last heard of {heard} s ago, and is given up in {left} s."
    return LeaseHeldError(
        f"{key} is being changed by {holder.owner}, since {since} s ({holder.doing}).",
        why=late if heard > _LATE else "",
        kept="Nothing was changed.",
        hint=f"Wait until it is done, or watch it: `webduh deployments {key.app}`.",
    )


def lost(key: AppKey, holder: Holder | None) -> LeaseLostError:
    """The error of a lease that is no longer ours; `holder` is whose it is now."""
    why = f"{holder.owner} holds it now ({holder.doing})." if holder else "It was given back since."
    return LeaseLostError(
        f"The lease of {key} was lost.",
        why=why,
        kept="Nothing was changed after that.",
        hint=f"`webduh audit {key.app}` says who did what, `webduh status {key.app}` what serves; then deploy again.",
    )
