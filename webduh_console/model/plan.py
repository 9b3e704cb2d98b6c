"""What a deployment would change, worked out without changing anything."""

from datetime import UTC, datetime
from typing import Literal

import msgspec

from webduh_console.model.build import BuildPlan
from webduh_console.model.names import AppKey
from webduh_console.model.release import Artifact, SourceRef, Spec, Variable

Action = Literal["deploy", "rollback"]


class Change(msgspec.Struct, frozen=True):
    """One difference: `kind` is artifact, variable, route, process, volume or setting.

    Secret values are never shown.
    """

    kind: str
    name: str
    before: str
    after: str


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
    deployment carries out.
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
