"""What is on a machine, kind by kind: containers, images, volumes, networks, routes, processes, disk."""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal, Protocol, TypeAlias, get_args, runtime_checkable

import msgspec

Kind = Literal["containers", "images", "volumes", "networks", "routes", "processes", "disk"]
KINDS: tuple[Kind, ...] = get_args(Kind)


class ContainerRow(msgspec.Struct, frozen=True):
    """A container; `app` is the slug of the app it belongs to, empty for one that is none of ours.

    `cpu` in cores and `memory` in bytes are known while it runs. `ports` are those it publishes, `80→8080/tcp`: the
    machine's, then its own.
    """

    name: str
    state: str
    image: str
    app: str
    status: str
    cpu: float | None = None
    memory: int | None = None
    process: str = ""
    release: int | None = None
    ports: tuple[str, ...] = ()
    created: datetime | None = None
    id: str = ""
    server: str = ""


class ImageRow(msgspec.Struct, frozen=True):
    """An image; `size` in bytes, shared layers included. `releases` name it (`blog v7`), `containers` were made from
    it; with neither it is `unused`.
    """

    id: str
    names: tuple[str, ...]
    size: int
    created: datetime | None
    releases: tuple[str, ...] = ()
    containers: tuple[str, ...] = ()
    unused: bool = False
    server: str = ""


class VolumeRow(msgspec.Struct, frozen=True):
    """A volume; `app` is the slug of the app it belongs to, `mounts` are `container:/path`, for each that has it.

    `size` in bytes is None where nobody has measured it; `kept` is where the machine keeps it.
    """

    name: str
    app: str
    mounts: tuple[str, ...]
    size: int | None = None
    created: datetime | None = None
    driver: str = ""
    kept: str = ""
    unused: bool = False
    server: str = ""


class NetworkRow(msgspec.Struct, frozen=True):
    """A network; `project` is the one of ours whose it is, `containers` are on it, `name address`."""

    name: str
    driver: str
    subnets: tuple[str, ...]
    containers: tuple[str, ...]
    project: str = ""
    internal: bool = False
    server: str = ""


class RouteRow(msgspec.Struct, frozen=True):
    """A router as the proxy sees it: requests that match `rule` at `entry_points` go to the `upstreams`.

    `state` is the proxy's own word: `enabled`, `warning` or `disabled`, with its `errors`. `down` are the upstreams it
    holds for down. `tls` is empty for plain HTTP, else who gives the certificate. `app` is a slug.
    """

    name: str
    rule: str
    entry_points: tuple[str, ...]
    service: str
    upstreams: tuple[str, ...]
    state: str
    tls: str = ""
    errors: tuple[str, ...] = ()
    down: tuple[str, ...] = ()
    middlewares: tuple[str, ...] = ()
    priority: int = 0
    protocol: str = "http"
    app: str = ""
    server: str = ""


class ProcessRow(msgspec.Struct, frozen=True):
    """A process; `cpu` in cores (None before it was looked at twice), `memory` in bytes, `age` in seconds.

    In `command` secrets are masked. One without a command line, such as a thread of the kernel, is `[named]`.
    `container` is the name of the one it runs in.
    """

    pid: int
    parent: int
    user: str
    state: str
    cpu: float | None
    memory: int
    age: float
    command: str
    container: str = ""
    server: str = ""


class DiskRow(msgspec.Struct, frozen=True):
    """A file system (`kind` says of what type, `name` where it is mounted), or what Docker keeps (`kind` is `docker`).

    Bytes. `free` and the share of `inodes` in use (0 to 1) are a file system's, `reclaimable` and the `count` of
    things Docker's.
    """

    name: str
    kind: str
    size: int
    used: int
    free: int | None = None
    inodes: float | None = None
    device: str = ""
    reclaimable: int | None = None
    count: int | None = None
    server: str = ""


Row: TypeAlias = ContainerRow | ImageRow | VolumeRow | NetworkRow | RouteRow | ProcessRow | DiskRow

ROWS: Mapping[Kind, type[Row]] = dict(zip(KINDS, get_args(Row), strict=True))
"""The rows of each kind."""


class Found(msgspec.Struct, frozen=True):
    """What there is of a kind; of several servers `silent` maps those that did not answer to why not."""

    rows: tuple[Row, ...]
    silent: Mapping[str, str] = {}


@runtime_checkable
class Inventoried(Protocol):
    """A target that can say what is on its machines; `kinds` are those it can answer, in the order of `KINDS`."""

    kinds: tuple[Kind, ...]

    def inventory(self, kind: Kind) -> Found:
        """All there is of a kind, read-only. TargetError when nobody answers."""
