"""What every target must be able to do, so that the engine, the commands and the console know only this."""

import threading
from collections.abc import Generator, Iterator, Mapping, Sequence, Set
from datetime import datetime
from enum import Enum
from typing import Literal, Protocol, runtime_checkable

import msgspec

from webduh_console.errors import CancelledError
from webduh_console.model.audit import Act
from webduh_console.model.drift import Drift
from webduh_console.model.events import Event, Part, Phase
from webduh_console.model.names import AppKey
from webduh_console.model.observe import Fact, LogSource, MetricSource
from webduh_console.model.plan import Plan
from webduh_console.model.release import Actual, Artifact, Release, Spec

Figures = dict[str, float]
Work = Generator[Event, None, Figures]
"""What a step yields while it works, and the figures it ends with."""


class Ability(Enum):
    """What a target can do beyond the least."""

    OVERLAP = "overlap"
    DRAIN = "drain"
    VOLUMES = "volumes"
    SHELL = "shell"
    ONE_OFF = "one-off"
    SCALE = "scale"


class CancelToken:
    """Says that the work is to be taken back. Safe to use from any thread."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def set(self) -> None:
        """Ask for the way back."""
        self._event.set()

    @property
    def is_set(self) -> bool:
        """Whether the way back was asked for."""
        return self._event.is_set()

    def check(self) -> None:
        """Raise CancelledError once the way back was asked for."""
        if self._event.is_set():
            raise CancelledError("The deployment was cancelled.")

    def wait(self, seconds: float) -> None:
        """Wait, but not longer than until the way back is asked for; then raise CancelledError."""
        self._event.wait(seconds)
        self.check()


class Run(Protocol):
    """What a step knows while it runs, at its place."""

    plan: Plan
    cancel: CancelToken

    @property
    def release(self) -> Release:
        """The release this deployment makes live. The engine writes it before the first step."""

    @property
    def previous(self) -> Release | None:
        """The release that served before."""

    @property
    def lease(self) -> "Lease | None":
        """The lease under which it works; None for work that belongs to no app."""

    def fence(self) -> None:
        """Raise LeaseLostError unless the lease of this deployment is still held. Every mutation asks first."""


class Step(Protocol):
    """One part of a deployment at one place. `do` and `undo` may be repeated: both find out what is already so."""

    @property
    def name(self) -> str:
        """The step's word, the same at every place."""

    @property
    def place(self) -> str:
        """Where it works."""

    @property
    def phase(self) -> Phase:
        """When it is done."""

    def do(self, run: Run) -> Work:
        """Do it; what is raised starts the way back."""

    def undo(self, run: Run) -> Work:
        """Take it back, whether it was done, half done or never begun."""


class Builder(Protocol):
    """Makes artifacts."""

    def build(self, plan: Plan, cancel: CancelToken) -> Generator[Event, None, Artifact]:
        """Build the plan's source.

        Holds no lease; leaves nothing behind when it fails; the same input gives the same artifact.
        """

    def explain(self, plan: Plan, artifact: Artifact) -> Sequence[Part]:
        """Where the seconds of the build went that was made last, and the bytes of its artifact. Read-only."""


class JournalLine(msgspec.Struct, frozen=True):
    """What the engine writes before and after each act.

    `serving`: every commit step is done. `kept`: the watch is over and there is no way back. `end`: nothing is left
    to do. `epoch` is the fencing number of the lease it was written under, 0 in journals from before it was kept: in
    the order of time it never falls.
    """

    kind: Literal["begin", "do", "did", "undo", "undid", "serving", "kept", "end"]
    deployment: str
    at: datetime
    step: str = ""
    place: str = ""
    detail: str = ""
    epoch: int = 0


class Holder(msgspec.Struct, frozen=True):
    """Who holds a lease: `epoch` is the fencing number; `doing` is a deployment's id or words."""

    owner: str
    epoch: int
    since: datetime
    beat: datetime
    doing: str


class Lease(Protocol):
    """The lock of an app in an environment."""

    @property
    def holder(self) -> Holder:
        """What was written when it was taken."""

    def renew(self) -> None:
        """Say that we live; LeaseLostError if somebody else holds it now."""

    def check(self) -> None:
        """LeaseLostError unless it is still ours."""

    def release(self) -> None:
        """Give it back; nothing happens when it is no longer ours."""


class Record(Protocol):
    """What a target remembers of an app in an environment, at one place.

    It is the truth; the local state is a memory of it.
    """

    @property
    def key(self) -> AppKey:
        """The app in the environment."""

    def acquire(self, owner: str, doing: str) -> Lease:
        """Take the lease, or raise LeaseHeldError that says who holds it. A dead holder's lease is taken over."""

    def holder(self) -> Holder | None:
        """Who holds the lease now."""

    def current(self) -> int | None:
        """The number of the serving release."""

    def set_current(self, lease: Lease, number: int | None) -> None:
        """Move the mark of the serving release; None when nothing serves."""

    def releases(self) -> list[Release]:
        """All kept releases, oldest first, without the values of their variables."""

    def release(self, number: int) -> Release:
        """One release without the values of its variables; NotFoundError lists those that are kept."""

    def read(self, number: int) -> Release:
        """One release with its variables; NotFoundError lists those that are kept."""

    def write(self, lease: Lease, release: Release, plan: Plan) -> None:
        """Write a release and the plan it came from."""

    def remove(self, lease: Lease, number: int) -> None:
        """Forget a release with all that belongs to it."""

    def erase(self, lease: Lease) -> None:
        """Forget the app in this environment: every release, and the lease with it."""

    def unfinished(self) -> list[int]:
        """The releases whose journal has no end, oldest first: deployments that were cut off, or are under way."""

    def next_number(self) -> int:
        """The largest number here plus one."""

    def plan(self, number: int) -> Plan | None:
        """The plan a release was written with, without variables; None when it was not written yet."""

    def journal(self, number: int) -> list[JournalLine]:
        """The journal of a release's deployment; a torn last line is left out."""

    def append(self, lease: Lease, number: int, *lines: JournalLine) -> None:
        """Write lines, on disk before this returns. LeaseLostError unless the lease is still ours: then none of them is
        written."""

    def audit(self, line: str) -> None:
        """Append a line on who did what, as `model.audit.line` makes it, with the time there."""

    def audits(self) -> list[Act]:
        """Who did what to this app in this environment, oldest first; also after it was removed."""


class Target(Protocol):
    """Where releases run. It supplies the steps; the engine runs them."""

    name: str
    kind: str
    abilities: frozenset[Ability]
    places: tuple[str, ...]

    def facts(self) -> Iterator[Fact]:
        """Everything it needs, read-only."""

    def setup(self) -> Sequence[Step]:
        """What must be done once; doing it again changes nothing."""

    def keys(self) -> Sequence[AppKey]:
        """Every app and environment that has a record here."""

    def observe(self, keys: Sequence[AppKey] | None = None) -> Mapping[AppKey, Actual]:
        """What serves now, of these apps or of all that have a record here. One without a record is `never`."""

    def running_releases(self, key: AppKey, place: str) -> Set[int]:
        """The numbers of the releases of which an instance runs at a place."""

    def placed(self, key: AppKey, spec: Spec) -> Spec:
        """The spec with what the target decides by itself, such as the port of an address. Changes nothing."""

    def preflight(self, plan: Plan) -> Iterator[Fact]:
        """What this plan needs, read-only; a fact that is not `ok` stops the deployment before it begins."""

    def builder(self) -> Builder:
        """Where its artifacts are made."""

    def steps(self, plan: Plan) -> Sequence[Step]:
        """The steps of a plan, in their order: prepare, commit, retire. Pure."""

    def url(self, plan: Plan) -> str:
        """Where the app answers once the plan is live; empty when it has nothing that answers."""

    def retire(self, plan: Plan, number: int, place: str) -> Step:
        """The step that drains and stops the instances of a release that no longer serves."""

    def discard(self, release: Release, place: str) -> Step:
        """The step that removes what a release no longer kept has left, such as an artifact no other release names."""

    def remove(self, key: AppKey, volumes: bool = False) -> Sequence[Step]:
        """The steps that stop an app and remove what it left, but for its record; `volumes` too if asked."""

    def record(self, key: AppKey, place: str) -> Record:
        """What it remembers of an app in an environment."""

    def logs(self) -> LogSource:
        """The logs of its instances."""

    def metrics(self) -> MetricSource:
        """The figures of its instances."""


@runtime_checkable
class Startable(Protocol):
    """A target that can be started and stopped as a whole, as this machine can."""

    def wake(self) -> Iterator[Event]:
        """Start it, and everything that should serve there; nothing happens when it runs."""

    def stop(self) -> None:
        """Stop everything that runs there. Releases, volumes and logs stay."""


@runtime_checkable
class Enterable(Protocol):
    """A target in which a person can run a program inside an app, in the terminal of this process."""

    def enter(self, key: AppKey, process: str) -> int:
        """A shell in a running instance of a process; its exit code. NotFoundError when none runs."""

    def run(self, key: AppKey, argv: Sequence[str]) -> int:
        """A program once, beside the serving release and like it; its exit code. NotFoundError when none serves."""


@runtime_checkable
class Itemizing(Protocol):
    """A target that can say what a kept release is made of."""

    def sbom(self, release: Release, version: str) -> bytes:
        """A CycloneDX document in JSON, kept beside the release's record from then on; `version` is that of webduh.

        TargetError when what was built is not there any more.
        """


@runtime_checkable
class Driftable(Protocol):
    """A target that can say what somebody changed there by hand."""

    def recorded(self) -> Sequence[AppKey]:
        """Every app that has a record here, those of targets of several servers too."""

    def drift(self, keys: Sequence[AppKey] | None = None) -> Iterator[Drift]:
        """How these apps, or all and the target itself, differ from what the records say. Read-only."""


@runtime_checkable
class Audited(Protocol):
    """A target that remembers who did what to it as a whole, and tells of all its apps at once."""

    def note(self, line: str) -> None:
        """Append a line on who did what to the target itself, such as its set-up."""

    def audits(self) -> list[Act]:
        """Who did what to the target and to every app there, removed ones too; oldest first."""
