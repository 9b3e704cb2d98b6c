"""What a deployment would change, worked out without changing anything."""

from datetime import UTC, datetime
from typing import Literal

import msgspec

from webduh_console.model.build import BuildPlan, Content
from webduh_console.model.hooks import Hook
from webduh_console.model.names import AppKey
from webduh_console.model.release import Artifact, SourceRef, Spec, Variable

Action = Literal["deploy", "rollback", "catch-up"]


Kind = Literal[
    "artifact",
    "build",
    "variable",
    "route",
    "process",
    "schedule",
    "health",
    "resource",
    "volume",
    "file",
    "port",
    "setting",
    "server",
]
"""What a change is about. `artifact` is the source or the image, `build` how it is built."""


class Change(msgspec.Struct, frozen=True):
    """One difference: what it is about, its name there, and the words for it `before` and `after` (empty: none).

    Of a variable the words are `value` or `secret`, never the value itself.
    """

    kind: Kind
    name: str
    before: str
    after: str

    @property
    def sign(self) -> Literal["+", "-", "~"]:
        """`+` comes, `-` goes, `~` changes."""
        return "+" if not self.before else "-" if not self.after else "~"


class Question(msgspec.Struct, frozen=True):
    """Something that must be answered before anything is done; `option` answers it on the command line."""

    name: str
    text: str
    option: str


class Plan(msgspec.Struct, frozen=True):
    """The whole of a deployment before it starts. `variables` holds values and is left out of every journal and JSON.

    A rollback has no `build` but an `artifact` and `to`, the release it goes back to. `usual` is what each step took
    at its last success,
    in seconds. `made` is when it was planned, in UTC. `consumes` are the pending variable changes that this
    deployment carries out. On a target of several places `batch` is how many are switched at once (0: a third),
    `quorum` how many are enough (0: all), and `places` where alone it is carried out (empty: everywhere); a
    `catch-up` brings `to`, the release that serves elsewhere, to those that are behind. `hooks` are run here.
    `files` are the contents of what the spec mounts: kept with the plan, since nothing else brings them back.
    """

    id: str
    key: AppKey
    target: str
    action: Action
    source: SourceRef
    spec: Spec
    by: str
    trigger: str
    build: BuildPlan | None = None
    artifact: Artifact | None = None
    to: int | None = None
    base: int | None = None
    changes: tuple[Change, ...] = ()
    questions: tuple[Question, ...] = ()
    warnings: tuple[str, ...] = ()
    usual: dict[str, float] = {}
    variables: dict[str, Variable] = {}
    consumes: tuple[str, ...] = ()
    made: datetime = datetime(1970, 1, 1, tzinfo=UTC)
    wait: bool = True
    force: bool = False
    batch: int = 0
    quorum: int = 0
    places: tuple[str, ...] = ()
    hooks: tuple[Hook, ...] = ()
    files: tuple[Content, ...] = ()
