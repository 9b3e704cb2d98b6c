"""What an action of the console is."""

from typing import Literal

import msgspec

Kind = Literal["read", "change", "destroy"]
Need = Literal[
    "", "app", "release", "deployment", "address", "running", "questions", "server", "shell",
    "variable", "secret", "waiting", "schedule", "container", "surplus",
]  # fmt: skip


class Action(msgspec.Struct, frozen=True):
    """One thing that can be done.

    `scopes` are the screens and widgets where it applies, `keys` its default keys, `words` what the footer says and
    `help` what the help screen says. `kind` tells whether it changes or destroys something out there; `needs` what must
    be selected for it to make sense. `shown` is its place in the footer, 0 for not there.
    """

    name: str
    words: str
    help: str
    scopes: tuple[str, ...]
    keys: tuple[str, ...]
    kind: Kind = "read"
    needs: Need = ""
    shown: int = 0
    priority: bool = False
