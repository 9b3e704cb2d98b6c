"""What is built, recorded and runs: artifacts, releases, instances, deployments."""

from datetime import datetime
from typing import Literal

import msgspec

from webduh_console.model.build import Mount, Process, Schedule, Static, Volume
from webduh_console.model.names import AppKey
from webduh_console.model.schedules import ScheduledRun


class Variable(msgspec.Struct, frozen=True):
    """A value of the environment a process runs in. Its representation never shows a secret.

    `origin` says who set it: `plugin`, `webduh.yaml`, or `set` (by the commands env and secret).
    """

    value: str
    secret: bool = False
    origin: str = "set"

    def __repr__(self) -> str:
        return "Variable(secret)" if self.secret else f"Variable({self.value!r})"


class Health(msgspec.Struct, frozen=True):
    """When a new instance is healthy: `path` answers `status` (first, last) twice in a row within `timeout` seconds."""

    path: str = "/"
    status: tuple[int, int] = (200, 399)
    timeout: float = 60.0
    interval: float = 0.25


class Route(msgspec.Struct, frozen=True, order=True):
    """Where an app is reached: a host (empty: any), a path prefix, and a port (0: the target's default)."""

    host: str = ""
    path: str = "/"
    port: int = 0


class SourceRef(msgspec.Struct, frozen=True):
    """What an app was built from.

    `digest` covers the files' names, modes and contents; `dirty` means beyond the commit. What came from a repository
    has its `url`, the `ref` that was asked for (empty: its default branch) and the folder `path` in it; `folder` is
    then a tree that is gone when the deployment is over. Where a workspace was built from its root, `path` is the
    app's folder in that.
    """

    folder: str
    digest: str = ""
    commit: str = ""
    branch: str = ""
    dirty: bool = False
    url: str = ""
    ref: str = ""
    path: str = ""

    @property
    def app_folder(self) -> str:
        """The app's own folder, which of a workspace is one below `folder`."""
        return f"{self.folder.rstrip('/')}/{self.path}" if self.path and not self.url else self.folder

    @property
    def words(self) -> str:
        """The folder, or the repository with what of it was asked for: `URL`, `URL REF`, `URL REF in PATH`."""
        within = f"in {self.path}" if self.path else ""
        return " ".join(filter(None, (self.url, self.ref, within))) if self.url else self.app_folder


class Artifact(msgspec.Struct, frozen=True):
    """What a build made, named by its digest. `kind` says how to read `digest`; `size` in bytes."""

    digest: str
    kind: Literal["tree", "image"] = "tree"
    size: int = 0
    files: int = 0
    built_in: float = 0.0


class Spec(msgspec.Struct, frozen=True):
    """Everything that decides how a release runs, but for its artifact and its variables' values.

    `memory` in bytes and `cpus` in cores limit each instance (0: no limit). Without `overlap` the old instances are
    stopped before the new ones start. `read_only`: in a container nothing can be written but /tmp and volumes.
    """

    framework: str
    processes: tuple[Process, ...] = ()
    static: Static | None = None
    port: int | None = None
    health: Health = Health()
    routes: tuple[Route, ...] = ()
    volumes: tuple[Volume, ...] = ()
    memory: int = 0
    cpus: float = 0.0
    watch: float = 5.0
    drain: float = 30.0
    keep: int = 5
    overlap: bool = True
    files: tuple[Mount, ...] = ()
    read_only: bool = False
    schedules: tuple[Schedule, ...] = ()

    def overlaps(self, process: Process) -> bool:
        """Whether the old instances of a process run on while the new ones start."""
        return self.overlap if process.overlap is None else process.overlap


class Release(msgspec.Struct, frozen=True):
    """An immutable, numbered record. `variables` are kept apart on disk, sealed.

    `base` is the release that served when it was planned, `restores` the one a rollback brought back.
    """

    number: int
    key: AppKey
    target: str
    spec: Spec
    artifact: Artifact
    source: SourceRef
    created: datetime
    by: str
    trigger: str
    deployment: str
    base: int | None = None
    restores: int | None = None
    variables: dict[str, Variable] = {}


State = Literal["starting", "running", "exited", "crashing", "stopping", "stopped", "unknown"]


class Instance(msgspec.Struct, frozen=True):
    """One running copy of a process of a release, as observed.

    `cpu` in cores, `memory` in bytes; `exit` is the last exit code (negative: a signal's number); `in_flight` counts
    requests under way. A `scheduled` one is a run of the schedule that `process` names.
    """

    name: str
    key: AppKey
    process: str
    release: int
    place: str
    state: State
    pid: int = 0
    port: int = 0
    restarts: int = 0
    exit: int | None = None
    started: datetime | None = None
    cpu: float = 0.0
    memory: int = 0
    in_flight: int = 0
    scheduled: bool = False


class Actual(msgspec.Struct, frozen=True):
    """What a target says about an app in an environment: the serving release, its instances, and how well it is.

    `behind` are the places of a target of several where an older release serves. `ended` has the last run of each
    schedule, if it has ended.
    """

    key: AppKey
    release: Release | None = None
    instances: tuple[Instance, ...] = ()
    url: str = ""
    health: Literal["serving", "degraded", "down", "never", "unknown"] = "never"
    reason: str = ""
    busy: str = ""
    behind: tuple[str, ...] = ()
    ended: tuple[ScheduledRun, ...] = ()

    @property
    def failing(self) -> list[ScheduledRun]:
        """The last runs of those schedules whose last run did not end well."""
        return [run for run in self.ended if run.outcome != "done"]


Outcome = Literal["running", "done", "failed", "reverted", "cancelled", "interrupted"]


class StepRecord(msgspec.Struct, frozen=True):
    """One step of a deployment as the history keeps it."""

    name: str
    place: str
    outcome: str
    seconds: float


class Deployment(msgspec.Struct, frozen=True):
    """One attempt to make a release live; `id` is a ULID.

    `outcome` is `reverted` when the way back was taken to its end.
    """

    id: str
    key: AppKey
    target: str
    action: str
    outcome: Outcome
    started: datetime
    release: int | None = None
    base: int | None = None
    finished: datetime | None = None
    seconds: float = 0.0
    url: str = ""
    by: str = ""
    trigger: str = ""
    error: dict[str, str] = {}
    steps: tuple[StepRecord, ...] = ()
