"""What the supervisor is told and what it answers: the instances, the routes, the figures, and the calls themselves.

The protocol is one JSON object a line over TCP on 127.0.0.1: a `Request` to the supervisor, a `Reply` back. The
supervisor knows no records: whoever starts it tells it everything, and tells it again after it was restarted.
"""

import os
from collections.abc import Callable
from datetime import datetime

import msgspec

from webduh_console.model.build import Restart, Static
from webduh_console.model.release import State
from webduh_console.model.schedules import ScheduledRun

INFO = "supervisor.json"
LOCK = "supervisor.lock"
LOG = "supervisor.log"
MARK = "WEBDUH_SUPERVISOR"
"""The variable that every process of a supervisor carries, so that what it left behind can be found."""

PROTOCOL = 3
"""Raised when the calls change; a client that finds another number asks for a restart."""


class InstanceSpec(msgspec.Struct, frozen=True, kw_only=True):
    """Everything about one instance.

    `env` is the whole environment (nothing is inherited); PORT and HOST are added. `${PORT}` in a word of `argv` is
    replaced. With `static` there is no process: the files of `cwd/static.dir` are served. `log` is the path of its
    log file, `masks` the secrets that are never written there. `needs_port` picks a free port on 127.0.0.1, for static
    output too, unless `port` says which. `memory` is a limit in bytes, 0 none. When it ends by itself it is restarted,
    as `restart` says, at most `max_retries` times (0: without end), once it was marked good (`keep`).
    """

    name: str
    slug: str
    process: str
    release: int
    cwd: str
    argv: tuple[str, ...] = ()
    env: dict[str, str] = {}
    static: Static | None = None
    log: str
    masks: tuple[str, ...] = ()
    needs_port: bool = True
    port: int = 0
    memory: int = 0
    restart: Restart = "always"
    max_retries: int = 0
    scheduled: bool = False


class ScheduleSpec(msgspec.Struct, frozen=True, kw_only=True):
    """A schedule of an app: when it is due, and what a run is; each gets a name and a log of its own after `spec`'s.

    `history` is the path of the file that says what became of the runs; `timeout` in seconds, 0 none.
    """

    cron: str
    timezone: str
    timeout: float
    history: str
    spec: InstanceSpec


class Planned(msgspec.Struct, frozen=True):
    """When a schedule is due next (UTC; None: never again), and the run that goes on now."""

    slug: str
    name: str
    release: int
    next: datetime | None = None
    running: ScheduledRun | None = None


class InstanceState(msgspec.Struct, frozen=True, kw_only=True):
    """One instance now.

    `state` is `running` once its process was started (whether it is healthy is for others to find out), `exited` after
    it ended, `crashing` while it waits to be restarted, `stopping` on its way out. `exit` is the last exit code,
    negative a signal's number; `oom` says that memory was the reason. `host` is where it was last reached (`127.0.0.1`
    or `::1`). `cpu` in cores and `memory` in bytes are those of its whole process tree, `listening` the TCP ports that
    tree listens on now. `in_flight` counts requests and upgraded connections under way, `served` those that ended,
    `errors` the answers of 500 and above and the failed connections.
    """

    name: str
    slug: str
    process: str
    release: int
    state: State
    pid: int = 0
    port: int = 0
    host: str = "127.0.0.1"
    restarts: int = 0
    exit: int | None = None
    started: datetime | None = None
    cpu: float = 0.0
    memory: int = 0
    in_flight: int = 0
    oom: bool = False
    listening: tuple[int, ...] = ()
    static: bool = False
    served: int = 0
    errors: int = 0
    scheduled: bool = False


class RouteState(msgspec.Struct, frozen=True, kw_only=True):
    """An app's port, and the release and instances it leads to (None and none: it answers 503)."""

    slug: str
    port: int
    release: int | None = None
    instances: tuple[str, ...] = ()
    requests: int = 0
    errors: int = 0


class Sample(msgspec.Struct, frozen=True, array_like=True):
    """The figures of an instance: seconds since the epoch, cores, bytes of its process tree, requests finished."""

    at: float
    cpu: float
    memory: int
    requests: int


class Info(msgspec.Struct, frozen=True, kw_only=True):
    """What `supervisor.json` says: where the supervisor answers, to whom, and who it is."""

    pid: int
    port: int
    token: str
    started: datetime
    version: str
    protocol: int = PROTOCOL


class Ping(msgspec.Struct, frozen=True, tag="ping"):
    """Answers the supervisor's process id."""


class Start(msgspec.Struct, frozen=True, tag="start"):
    """Start an instance; answers an `InstanceState`."""

    spec: InstanceSpec


class Keep(msgspec.Struct, frozen=True, tag="keep"):
    """Mark an instance good: from now on it is restarted when it ends."""

    name: str


class Get(msgspec.Struct, frozen=True, tag="get"):
    """Answers an `InstanceState`, or null."""

    name: str


class List(msgspec.Struct, frozen=True, tag="list"):
    """Answers all instances."""


class Routes(msgspec.Struct, frozen=True, tag="routes"):
    """Answers all routes."""


class Drain(msgspec.Struct, frozen=True, tag="drain"):
    """Answers true as soon as nothing is in flight on an instance, false after `seconds`."""

    name: str
    seconds: float


class Stop(msgspec.Struct, frozen=True, tag="stop"):
    """Stop an instance; answers when its last process is gone."""

    name: str
    grace: float


class Open(msgspec.Struct, frozen=True, tag="open"):
    """Bind an app's port; answers a `RouteState`."""

    slug: str
    port: int


class Switch(msgspec.Struct, frozen=True, tag="switch"):
    """Lead an app's port to a release's instances from the next request on."""

    slug: str
    release: int
    instances: tuple[str, ...]
    probe: str


class Close(msgspec.Struct, frozen=True, tag="close"):
    """Give an app's port back."""

    slug: str


class Samples(msgspec.Struct, frozen=True, tag="samples"):
    """Answers the figures of each instance after `since`, seconds since the epoch."""

    since: float


class SetSchedules(msgspec.Struct, frozen=True, tag="set-schedules"):
    """These are the schedules of an app from now on, and no others."""

    slug: str
    schedules: tuple[ScheduleSpec, ...]


class RunNow(msgspec.Struct, frozen=True, tag="run-now"):
    """Start a run of a schedule by hand; answers a `ScheduledRun`."""

    slug: str
    name: str
    by: str


class Plans(msgspec.Struct, frozen=True, tag="plans"):
    """Answers a `Planned` for every schedule."""


class Shutdown(msgspec.Struct, frozen=True, tag="shutdown"):
    """Stop every instance and end."""

    grace: float


Call = (
    Ping
    | Start
    | Keep
    | Get
    | List
    | Routes
    | Drain
    | Stop
    | Open
    | Switch
    | Close
    | Samples
    | SetSchedules
    | RunNow
    | Plans
    | Shutdown
)


class Request(msgspec.Struct, frozen=True):
    """One line to the supervisor. A wrong token closes the connection without an answer."""

    token: str
    call: Call


class Failure(msgspec.Struct, frozen=True):
    """Why a call was not carried out, worded for a person."""

    what: str
    why: str = ""
    kept: str = ""
    hint: str = ""


class Reply(msgspec.Struct, frozen=True):
    """One line back: the answer as JSON, or a failure."""

    value: msgspec.Raw = msgspec.Raw(b"null")
    failure: Failure | None = None


def _to_wire(text: str) -> str:
    return os.fsencode(text).decode("latin-1")


def _from_wire(text: str) -> str:
    return os.fsdecode(text.encode("latin-1"))


def to_wire(spec: InstanceSpec) -> InstanceSpec:
    """The spec with its words as bytes in latin-1: an environment may hold bytes that are no UTF-8, JSON may not."""
    return _translated(spec, _to_wire)


def from_wire(spec: InstanceSpec) -> InstanceSpec:
    """The inverse of `to_wire`."""
    return _translated(spec, _from_wire)


def _translated(spec: InstanceSpec, translate: Callable[[str], str]) -> InstanceSpec:
    static = spec.static
    if static is not None:
        static = msgspec.structs.replace(static, dir=translate(static.dir), not_found=translate(static.not_found))
    return msgspec.structs.replace(
        spec,
        cwd=translate(spec.cwd),
        log=translate(spec.log),
        argv=tuple(map(translate, spec.argv)),
        env={translate(name): translate(value) for name, value in spec.env.items()},
        masks=tuple(map(translate, spec.masks)),
        static=static,
    )
