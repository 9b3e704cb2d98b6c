"""What somebody changed by hand: how a target differs from what its records say."""

from typing import Literal

import msgspec

from webduh_console.model.names import AppKey

Kind = Literal[
    "container",
    "image",
    "variable",
    "limit",
    "command",
    "network",
    "volume",
    "file",
    "route",
    "record",
    "artifact",
    "server",
]
"""What differs. `record` is a file of the target's own records, `server` what set-up made."""


class Drift(msgspec.Struct, frozen=True):
    """One difference at a place: what should be there, what was found, and the command that mends it.

    Of variables only names are told. `key` is None for what belongs to no app. `mend` may be empty: then `found` says
    what a person has to look at.
    """

    place: str
    key: AppKey | None
    kind: Kind
    name: str
    wanted: str
    found: str
    mend: str
