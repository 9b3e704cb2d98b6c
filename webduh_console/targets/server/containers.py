"""How a release becomes containers, and what Docker's answers say of them. Pure."""

import hashlib
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import Any, Literal

import msgspec

from webduh_console.model.build import Process
from webduh_console.model.names import AppKey, instance_name
from webduh_console.model.release import Instance, Release, Spec, State
from webduh_console.targets.processes import processes
from webduh_console.targets.server.layout import Layout

DEFAULT_PORT = 8080
PIDS_LIMIT = 4096
_LABEL_LIMIT = 63
SLUG, PROCESS, RELEASE = "webduh.slug", "webduh.process", "webduh.release"
INDEX, INSTANCE, CONFIG = "webduh.index", "webduh.instance", "webduh.config"
SCHEDULE, TIMEOUT = "webduh.schedule", "webduh.timeout"

_DROPPED = ("MKNOD", "NET_RAW")
"""Capabilities Docker grants and no app needs: with raw packets a container can pose as its neighbours."""

_LOGS = {"Type": "json-file", "Config": {"max-size": "10m", "max-file": "3"}}
_EXIT = re.compile(r"\((-?\d+)\)")

Status = Literal["created", "running", "paused", "restarting", "removing", "exited", "dead"]
_STATES: dict[str, State] = {
    "created": "starting",
    "running": "running",
    "paused": "stopped",
    "restarting": "crashing",
    "removing": "stopping",
    "exited": "exited",
    "dead": "exited",
}


class ContainerSpec(msgspec.Struct, frozen=True, kw_only=True):
    """A container that is to be. Its representation shows no value of its environment.

    `volumes` maps a volume's name to a path inside, `files` a path on the server to one, read-only. `memory` is in
    bytes and `nano_cpus` in billionths of a core (0: no limit), `pids` how many processes and threads it may have. It
    publishes no port, has no name in its network but its own and `aliases`, and is not restarted when it ends, until it
    is kept. What is `read_only` can write to /tmp and its volumes alone.
    """

    name: str
    image: str
    network: str
    command: tuple[str, ...] = ()
    env: dict[str, str] = {}
    labels: dict[str, str] = {}
    aliases: tuple[str, ...] = ()
    volumes: dict[str, str] = {}
    files: dict[str, str] = {}
    memory: int = 0
    nano_cpus: int = 0
    user: str = ""
    stop_signal: str = ""
    pids: int = PIDS_LIMIT
    read_only: bool = False

    def __repr__(self) -> str:
        return f"ContainerSpec({self.name!r}, {self.image!r}, env={sorted(self.env)})"

    @property
    def digest(self) -> str:
        """Twelve hexadecimal characters of everything above; a container carries them as the label `webduh.config`."""
        return hashlib.sha256(msgspec.json.encode(self, order="deterministic")).hexdigest()[:12]

    def body(self) -> dict[str, object]:
        """What the Engine API is sent to create it."""
        body: dict[str, object] = {
            "Image": self.image,
            "Env": [f"{name}={value}" for name, value in sorted(self.env.items())],
            "Labels": {**self.labels, CONFIG: self.digest},
            "Tty": False,
            "HostConfig": self._host(),
            "NetworkingConfig": {"EndpointsConfig": {self.network: {"Aliases": list(self.aliases)}}},
        }
        wishes = {"Cmd": list(self.command), "User": self.user, "StopSignal": self.stop_signal}
        return {**body, **{name: wish for name, wish in wishes.items() if wish}}

    def _host(self) -> dict[str, object]:
        host: dict[str, object] = {
            "NetworkMode": self.network,
            "RestartPolicy": {"Name": "no"},
            "LogConfig": _LOGS,
            "Init": True,
            "SecurityOpt": ["no-new-privileges:true"],
            "CapDrop": list(_DROPPED),
            "PidsLimit": self.pids,
            "Mounts": [
                *(self._mount(volume, path) for volume, path in sorted(self.volumes.items())),
                *(
                    {"Type": "bind", "Source": source, "Target": path, "ReadOnly": True}
                    for source, path in sorted(self.files.items())
                ),
            ],
        }
        if self.memory:  # as much swap as nothing: at its limit a container is killed, not slowed down
            host |= {"Memory": self.memory, "MemorySwap": self.memory}
        if self.nano_cpus:
            host["NanoCpus"] = self.nano_cpus
        if self.read_only:
            host |= {"ReadonlyRootfs": True, "Tmpfs": {"/tmp": "mode=1777"}}
        return host

    def _mount(self, volume: str, path: str) -> dict[str, object]:
        labels = {SLUG: self.labels[SLUG]} if SLUG in self.labels else {}
        return {"Type": "volume", "Source": volume, "Target": path, "VolumeOptions": {"Labels": labels}}


def image_name(key: AppKey, digest: str) -> str:
    """The name an image is kept under, from its `sha256:…` digest."""
    return f"webduh/{key.slug}:{digest.rpartition(':')[2][:16]}"


def network_name(project: str) -> str:
    """The network of a project's containers."""
    return f"webduh-p-{project}"


def volume_name(key: AppKey, volume: str) -> str:
    """Docker's name of a volume of an app in an environment."""
    return f"webduh--{key.slug}--{volume}"


def port_of(spec: Spec) -> int:
    """The port the web process must listen on."""
    return spec.port or DEFAULT_PORT


def url_of(spec: Spec) -> str:
    """The address of a spec's first route with a host."""
    hosts = [f"http://{route.host}{route.path.rstrip('/')}" for route in spec.routes if route.host]
    answers = any(process.name == "web" for process in processes(spec))
    return hosts[0] if hosts and answers else ""


def environment(release: Release, process: Process) -> dict[str, str]:
    """What a process sees; a web process is told where to listen."""
    key = release.key
    listening = {"PORT": str(port_of(release.spec)), "HOST": "0.0.0.0"} if process.name == "web" else {}
    return {
        "PYTHONUNBUFFERED": "1",
        "NODE_ENV": "production",
        "WEBDUH_PROJECT": key.project,
        "WEBDUH_APP": key.app,
        "WEBDUH_ENVIRONMENT": key.environment,
        "WEBDUH_RELEASE": str(release.number),
        **{name: variable.value for name, variable in release.variables.items()},
        **listening,
    }


def aliases(key: AppKey, process: str) -> tuple[str, ...]:
    """The names by which others of the project find the instances of a process, whichever release they are of.

    `APP-PROCESS`, and for `web` also `APP`; outside of production `APP-ENVIRONMENT` stands for `APP`. What is too long
    for a name in DNS is left out.
    """
    stem = key.app if key.environment == "production" else f"{key.app}-{key.environment}"
    names = (stem, f"{stem}-{process}") if process == "web" else (f"{stem}-{process}",)
    return tuple(name for name in names if len(name) <= _LABEL_LIMIT)


def task_spec(release: Release, process: Process, layout: Layout = Layout()) -> ContainerSpec:
    """The container of a program that runs once: nobody finds it by a name that others share."""
    return msgspec.structs.replace(container_spec(release, process, layout=layout), aliases=())


def inside(path: str) -> str:
    """The whole path in a container of one that may be relative to the app's folder."""
    return str(PurePosixPath("/app") / path)


def container_spec(release: Release, process: Process, index: int = 1, layout: Layout = Layout()) -> ContainerSpec:
    """The container of one instance; an empty command means the image's own. `layout` says where its files are."""
    key, name = release.key, instance_name(release.key, process.name, release.number, index)
    port = str(port_of(release.spec))
    return ContainerSpec(
        name=name,
        image=image_name(key, release.artifact.digest),
        network=network_name(key.project),
        command=tuple(word.replace("${PORT}", port) for word in process.command),
        env=environment(release, process),
        labels={
            SLUG: key.slug,
            PROCESS: process.name,
            RELEASE: str(release.number),
            INDEX: str(index),
            INSTANCE: name,
        },
        aliases=aliases(key, process.name),
        volumes={volume_name(key, v.name): inside(v.path) for v in release.spec.volumes},
        files={
            layout.mount(key, release.number, number): inside(mount.path)
            for number, mount in enumerate(release.spec.files)
        },
        memory=release.spec.memory,
        nano_cpus=round(release.spec.cpus * 1e9),
        read_only=release.spec.read_only,
    )


class Container(msgspec.Struct, frozen=True, kw_only=True):
    """A container as Docker tells of it.

    `addresses` are by network, `exit` is the last exit code and None while it runs. What only an inspection knows
    (`pid`, `oom`, `restarts`, `error`, `started`, `finished`, `restart_policy`) is empty in one from a list.
    """

    id: str
    name: str
    status: Status
    image: str = ""
    image_id: str = ""
    labels: dict[str, str] = {}
    addresses: dict[str, str] = {}
    created: datetime | None = None
    started: datetime | None = None
    finished: datetime | None = None
    exit: int | None = None
    oom: bool = False
    restarts: int = 0
    pid: int = 0
    error: str = ""
    restart_policy: str = ""

    @property
    def running(self) -> bool:
        """Whether its process runs now."""
        return self.status == "running"

    @property
    def slug(self) -> str:
        """The app in the environment it belongs to."""
        return self.labels.get(SLUG, "")

    @property
    def process(self) -> str:
        """Which process of the app it runs."""
        return self.labels.get(PROCESS, "")

    @property
    def scheduled(self) -> bool:
        """Whether it is a run of a schedule: no deployment starts, stops or misses it."""
        return SCHEDULE in self.labels

    @property
    def release(self) -> int:
        """The number of its release; 0 if it tells none."""
        return _number(self.labels.get(RELEASE))

    @property
    def index(self) -> int:
        """Which instance of its process it is, from 1; 0 if it tells none."""
        return _number(self.labels.get(INDEX))

    @property
    def config(self) -> str:
        """The digest of the specification it was made from."""
        return self.labels.get(CONFIG, "")

    @property
    def address(self) -> str:
        """Its address in its project's network, else in any; empty while it has none."""
        own = network_name(self.slug.partition("--")[0])
        return self.addresses.get(own) or next((address for address in self.addresses.values() if address), "")


def listed(answer: Mapping[str, Any]) -> Container:
    """One container of the answer to `GET /containers/json`."""
    code = _EXIT.search(answer.get("Status") or "") if answer["State"] in ("exited", "dead", "restarting") else None
    return Container(
        id=answer["Id"],
        name=next(iter(answer.get("Names") or ["/"])).removeprefix("/"),
        status=answer["State"],
        image=answer.get("Image") or "",
        image_id=answer.get("ImageID") or "",
        labels=answer.get("Labels") or {},
        addresses=_addresses(answer),
        created=datetime.fromtimestamp(answer.get("Created") or 0, UTC),
        exit=int(code[1]) if code else None,
    )


def inspected(answer: Mapping[str, Any]) -> Container:
    """The container of an answer to `GET /containers/NAME/json`."""
    state, config = answer["State"], answer.get("Config") or {}
    status: Status = state["Status"]
    return Container(
        id=answer["Id"],
        name=answer["Name"].removeprefix("/"),
        status=status,
        image=config.get("Image") or "",
        image_id=answer.get("Image") or "",
        labels=config.get("Labels") or {},
        addresses=_addresses(answer),
        created=moment(answer.get("Created")),
        started=moment(state.get("StartedAt")),
        finished=moment(state.get("FinishedAt")),
        exit=None if status in ("running", "paused", "removing") else state.get("ExitCode"),
        oom=bool(state.get("OOMKilled")),
        restarts=answer.get("RestartCount") or 0,
        pid=state.get("Pid") or 0,
        error=state.get("Error") or "",
        restart_policy=((answer.get("HostConfig") or {}).get("RestartPolicy") or {}).get("Name") or "no",
    )


def as_instance(container: Container, place: str) -> Instance:
    """A container in the words of the model; `port` is not known here, since none is published."""
    return Instance(
        name=container.name,
        key=AppKey.from_slug(container.slug),
        process=container.process,
        release=container.release,
        place=place,
        state=_STATES.get(container.status, "unknown"),
        pid=container.pid,
        restarts=container.restarts,
        exit=None if container.status == "created" else container.exit,
        started=container.started or (container.created if container.running else None),
        scheduled=container.scheduled,
    )


def moment(text: str | None) -> datetime | None:
    """A time as Docker writes it, in UTC to the microsecond; None for its zero, the year 1."""
    if not text or text.startswith("0001-"):
        return None
    return datetime.fromisoformat(text).astimezone(UTC)


def _addresses(answer: Mapping[str, Any]) -> dict[str, str]:
    networks = (answer.get("NetworkSettings") or {}).get("Networks") or {}
    return {
        name: (endpoint or {}).get("IPAddress") or (endpoint or {}).get("GlobalIPv6Address") or ""
        for name, endpoint in networks.items()
    }


def _number(text: str | None) -> int:
    return int(text) if text and text.isdecimal() else 0
