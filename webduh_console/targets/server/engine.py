"""The Docker Engine API of a server: the calls that are needed, typed, with errors in words."""

import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from http.client import HTTPResponse
from typing import Any, Literal, NamedTuple, TypeVar
from urllib.parse import quote, urlencode

from webduh_console.model.target import CancelToken
from webduh_console.targets.server import resources
from webduh_console.targets.server.calls import Calls
from webduh_console.targets.server.containers import SLUG, Container, ContainerSpec, inspected, listed
from webduh_console.targets.server.refusals import EngineError
from webduh_console.targets.server.resources import Image, Network, Version, Volume
from webduh_console.targets.server.streams import LogEntry as LogEntry
from webduh_console.targets.server.streams import Stream as Stream
from webduh_console.targets.server.streams import blocks, entries, frames, objects
from webduh_console.transport.machine import Machine

T = TypeVar("T")
SOCKET = "/var/run/docker.sock"
_REMOVAL_LIMIT = 60.0
_ENDING_LIMIT = 10.0
_EXEC_LIMIT = 300.0
_AT_ONCE = 6
_GONE, _CONFLICT = 404, 409
_STDERR = 2
RestartPolicy = Literal["no", "on-failure", "unless-stopped"]


class ExecAnswer(NamedTuple):
    """What a program in a container left: its exit code and output."""

    code: int
    out: bytes
    err: bytes


class Engine:
    """The engine of one server. Safe to use from several threads.

    Every method raises TargetError when the server cannot be reached and EngineError, a TargetError, when Docker
    refuses or does not answer. What is already as asked is fine: a stopped container is stopped, a gone one removed.
    """

    def __init__(self, machine: Machine, socket: str = SOCKET) -> None:
        self.machine = machine
        self._calls = Calls(machine, socket)

    def close(self) -> None:
        """End the streams that are kept; a later call opens new ones."""
        self._calls.close()

    def version(self) -> Version:
        """What the engine is, as it was when it was first met."""
        return self._calls.way.version()

    def info(self) -> dict[str, Any]:
        """The answer to `GET /info`."""
        return self._calls.read("The state of Docker cannot be read", "/info") or {}

    def read(self, what: str, path: str, **query: object) -> Any:
        """The answer to a `GET`, as Docker gives it; `what` cannot be done when there is none."""
        return self._calls.read(what, path, **query)

    def look(self) -> AbstractContextManager[None]:
        """A look at what runs: what was asked in the last one is asked at once when it begins."""
        return self._calls.looking.look()

    @property
    def through_sudo(self) -> bool:
        """Whether only root may use it."""
        return self._calls.way.through_sudo

    def df(self) -> dict[str, Any]:
        """The answer to `GET /system/df`: what images, containers, volumes and build caches take. It may take long."""
        return self._calls.slow("The use of the disk cannot be read", "GET", "/system/df")

    def prune_build_cache(self, keep: int = 0) -> int:
        """Forget what no build needs, but for `keep` bytes of the newest; the bytes that were freed."""
        path = f"/build/prune?{urlencode({'keep-storage': keep, 'all': 'true'})}"
        return int(self._calls.slow("The build cache cannot be pruned", "POST", path).get("SpaceReclaimed") or 0)

    # containers

    def containers(
        self, slug: str | None = None, labels: Mapping[str, str | None] | None = None, running: bool = False
    ) -> list[Container]:
        """Those of an app in an environment, of all, or with certain labels (None: any value), sorted by name."""
        wanted = {SLUG: slug} if labels is None else labels
        filters = {"label": [name if value is None else f"{name}={value}" for name, value in wanted.items()]}
        what = "The containers cannot be listed"
        found = self._calls.read(what, "/containers/json", all=not running, filters=filters) or []
        return sorted(map(listed, found), key=lambda container: container.name)

    def raw(self, name: str) -> dict[str, Any] | None:
        """The whole answer to `GET /containers/NAME/json`; None when there is none."""
        answer: dict[str, Any] | None = self._calls.read(
            f"{name} cannot be inspected", f"/containers/{quote(name, safe='')}/json"
        )
        return answer

    def container(self, name: str) -> Container | None:
        """A container by its name or id; None when there is none."""
        answer = self.raw(name)
        return inspected(answer) if answer is not None else None

    def inspect(self, names: Iterable[str]) -> dict[str, Container]:
        """Several at once, by the name they were asked for; those that are gone are left out."""
        return {name: found for name, found in self.each(names, self.container) if found is not None}

    def each(self, names: Iterable[str], ask: Callable[[str], T]) -> list[tuple[str, T]]:
        """Ask the same of several names at once, and give the answers in their order."""
        from concurrent.futures import ThreadPoolExecutor

        wanted = list(names)
        if len(wanted) < 2:
            return [(name, ask(name)) for name in wanted]
        with ThreadPoolExecutor(min(_AT_ONCE, len(wanted))) as pool:
            return list(zip(wanted, pool.map(self._calls.looking.within(ask), wanted), strict=True))

    def create(self, spec: ContainerSpec) -> str:
        """Make a container, not started; its id. EngineError with status 409 when the name is taken."""
        return self.create_raw(spec.name, spec.body())

    def create_raw(self, name: str, body: Mapping[str, Any]) -> str:
        """Make a container from the body of `POST /containers/create`; its id."""
        made = self._calls.ask(
            f"{name} cannot be made",
            lambda sdk: sdk.create_container_from_config(dict(body), name),  # type: ignore[no-untyped-call]
        )
        return str(made["Id"])

    def start(self, name: str) -> None:
        """Start it; one that runs is left."""
        self._calls.ask(f"{name} cannot be started", lambda sdk: sdk.start(name))

    def stop(self, name: str, grace: float = 10.0) -> None:
        """Send its stop signal, and SIGKILL after `grace` seconds; returns when it has ended."""
        self._calls.settle(f"{name} cannot be stopped", lambda sdk: sdk.stop(name, timeout=max(0, round(grace))))

    def kill(self, name: str, signal: str = "SIGKILL") -> None:
        """Send it a signal; one that does not run is left."""
        self._calls.settle(f"{name} cannot be sent {signal}", lambda sdk: sdk.kill(name, signal), _CONFLICT)

    def remove(self, name: str, force: bool = True) -> None:
        """Remove it with the volumes that have no name; with `force` though it runs. Its logs go with it."""
        what = f"{name} cannot be removed"
        self._calls.settle(what, lambda sdk: sdk.remove_container(name, v=True, force=force), _CONFLICT)
        deadline = time.monotonic() + _REMOVAL_LIMIT
        while (left := self.container(name)) is not None:  # somebody else removes it, or it runs and may not be ended
            if not (force or left.status == "removing") or time.monotonic() > deadline:
                raise EngineError(f"{what} on {self.machine.name}.", why=f"It is {left.status}.", status=_CONFLICT)
            time.sleep(0.1)
            self._calls.settle(what, lambda sdk: sdk.remove_container(name, v=True, force=force), _CONFLICT)

    def set_restart(self, name: str, policy: RestartPolicy, retries: int = 0) -> None:
        """Say what happens when it ends by itself; `retries` bounds `on-failure` (0: without end)."""
        wish: Any = {"Name": policy, "MaximumRetryCount": retries}  # the SDK's types do not know all of our policies
        deadline = time.monotonic() + _ENDING_LIMIT
        while True:
            try:
                self._calls.ask(f"{name} cannot be kept", lambda sdk: sdk.update_container(name, restart_policy=wish))
                return
            except EngineError as error:
                # What runs is updated where it runs. When it ends at that moment, whoever runs it refuses, each part of
                # it in words of its own; Docker takes the wish once it has seen the end.
                if "Cannot update container" not in error.why or time.monotonic() > deadline:
                    raise
            time.sleep(0.05)

    def wait(self, name: str, cancel: CancelToken, timeout: float | None = None) -> int:
        """Wait until it has ended; its exit code. EngineError when it is gone, or runs after `timeout` seconds."""
        began, pause = time.monotonic(), 0.02
        while True:
            found = self.container(name)
            if found is None:
                raise EngineError(f"{name} is gone from {self.machine.name}.", why="It was removed.", status=_GONE)
            if found.status in ("exited", "dead"):
                return found.exit or 0
            if timeout is not None and time.monotonic() - began > timeout:
                raise EngineError(f"{name} has not ended on {self.machine.name}.", why=f"{timeout:g} s are over.")
            cancel.wait(pause)
            pause = min(pause * 1.5, 0.5)

    # images

    def image(self, reference: str) -> Image | None:
        """An image by its name, id or digest; None when it is not there."""
        answer = self._calls.find(
            f"The image {reference} cannot be read",
            lambda sdk: sdk.inspect_image(reference),  # type: ignore[no-untyped-call]
        )
        return resources.image(answer) if answer is not None else None

    def images(self, slug: str | None = None) -> list[Image]:
        """Those kept for an app in an environment, or for all."""
        filters = {"reference": f"webduh/{slug or '*'}"}
        found = self._calls.ask("The images cannot be listed", lambda sdk: sdk.images(filters=filters))
        return [resources.image(answer) for answer in found]

    def tag(self, reference: str, name: str) -> None:
        """Give an image one more name, `REPOSITORY:TAG`."""
        repository, _, tag = name.rpartition(":")
        self._calls.ask(
            f"The image cannot be named {name}", lambda sdk: sdk.tag(reference, repository, tag, force=True)
        )

    def remove_image(self, reference: str) -> bool:
        """Take a name from an image, and with its last name the image; False when there was none."""
        return self._calls.settle(
            f"The image {reference} cannot be removed", lambda sdk: sdk.remove_image(reference, force=False)
        )

    def layers(self, reference: str) -> tuple[str, ...]:
        """The digests of an image's layers, uncompressed, the lowest first; none when it is not there."""
        answer = self._calls.find(
            f"The image {reference} cannot be read",
            lambda sdk: sdk.inspect_image(reference),  # type: ignore[no-untyped-call]
        )
        return tuple(((answer or {}).get("RootFS") or {}).get("Layers") or ())

    def all_layers(self) -> frozenset[tuple[str, ...]]:
        """The layers of every image that is there."""
        found = self._calls.ask("The images cannot be listed", lambda sdk: sdk.images())
        return frozenset(layers for _, layers in self.each((each["Id"] for each in found), self.layers))

    def export(self, reference: str) -> Stream[bytes]:
        """An image with its name, as the tar archive that `load` takes."""
        path = f"/images/{quote(reference, safe='')}/get"
        return self._calls.stream(f"The image {reference} cannot be sent", "GET", path, blocks, limit=_EXEC_LIMIT)

    def load(self, archive: Iterable[bytes]) -> None:
        """Take images from a tar archive; layers that are there already may be left out of it."""
        for _ in self._calls.upload("The image cannot be loaded", "/images/load?quiet=1", archive, _EXEC_LIMIT):
            continue

    def push(self, repository: str, tag: str, login: str) -> Stream[dict[str, Any]]:
        """Send an image that has this name to its registry; what Docker says of it. `login` is `Registry.login`."""
        path = f"/images/{quote(repository, safe='/:')}/push?{urlencode({'tag': tag})}"
        return self._told(f"{repository}:{tag} cannot be pushed", path, login)

    def pull(self, repository: str, digest: str, login: str) -> Stream[dict[str, Any]]:
        """Fetch an image by the digest of its manifest; what Docker says of it."""
        path = f"/images/create?{urlencode({'fromImage': repository, 'tag': digest})}"
        return self._told(f"{repository} cannot be pulled", path, login)

    def log_in(self, address: str, user: str, password: str) -> None:
        """See whether a registry lets a user in, as the server reaches it. Docker keeps nothing of it."""
        body = {"username": user, "password": password, "serveraddress": address}
        with self._calls.stream(
            f"{user} cannot log in to {address}", "POST", "/auth", blocks, body, _EXEC_LIMIT
        ) as all_:
            for _ in all_:
                continue

    def _told(self, what: str, path: str, login: str) -> Stream[dict[str, Any]]:
        def shape(response: HTTPResponse) -> Iterator[dict[str, Any]]:
            return objects(blocks(response))

        return self._calls.stream(what, "POST", path, shape, limit=_EXEC_LIMIT, headers={"X-Registry-Auth": login})

    # networks and volumes

    def networks(self) -> list[Network]:
        """All of the server's, without what runs in them."""
        return [
            resources.network(each) for each in self._calls.ask("The networks cannot be listed", lambda s: s.networks())
        ]

    def network(self, name: str) -> Network | None:
        """A network with what runs in it; None when there is none."""
        answer = self._calls.find(f"The network {name} cannot be read", lambda sdk: sdk.inspect_network(name))
        return resources.network(answer) if answer is not None and answer.get("Name") == name else None

    def create_network(
        self, name: str, subnet: str = "", labels: Mapping[str, str] | None = None, internal: bool = False
    ) -> Network:
        """Make a bridge network; one of that name is left as it is. Without `subnet` Docker picks one of its own."""
        from docker.types import IPAMConfig, IPAMPool

        ipam = IPAMConfig(pool_configs=[IPAMPool(subnet)]) if subnet else None
        self._calls.settle(
            f"The network {name} cannot be made",
            lambda sdk: sdk.create_network(
                name, "bridge", ipam=ipam, check_duplicate=True, internal=internal, labels=dict(labels or {})
            ),
            _CONFLICT,
        )
        made = self.network(name)
        if made is None:
            raise EngineError(f"The network {name} is not on {self.machine.name}.", why="It was removed at once.")
        return made

    def remove_network(self, name: str) -> bool:
        """Remove it; False when there was none. EngineError while something runs in it."""
        return self._calls.settle(f"The network {name} cannot be removed", lambda sdk: sdk.remove_network(name))

    def join(self, network: str, container: str, aliases: Sequence[str] = ()) -> bool:
        """Put a container into a network too; False when it was there."""
        return self._calls.settle_unless(
            "already exists in network",
            f"{container} cannot join the network {network}",
            lambda sdk: sdk.connect_container_to_network(container, network, aliases=list(aliases)),
        )

    def leave(self, network: str, container: str) -> bool:
        """Take a container out of a network; False when it was not there."""
        return self._calls.settle_unless(
            r"is not connected|no such container|network \S+ not found",
            f"{container} cannot leave the network {network}",
            lambda sdk: sdk.disconnect_container_from_network(container, network, force=True),
        )

    def volumes(self, slug: str | None = None) -> list[Volume]:
        """Those of an app in an environment, or of all, sorted by name."""
        filters = {"label": SLUG if slug is None else f"{SLUG}={slug}"}
        found = self._calls.ask("The volumes cannot be listed", lambda sdk: sdk.volumes(filters=filters))
        return sorted(map(resources.volume, found.get("Volumes") or ()), key=lambda volume: volume.name)

    def create_volume(self, name: str, labels: Mapping[str, str] | None = None) -> Volume:
        """Make a volume; one of that name is left as it is."""
        made = self._calls.ask(
            f"The volume {name} cannot be made", lambda sdk: sdk.create_volume(name, labels=dict(labels or {}))
        )
        return resources.volume(made)

    def remove_volume(self, name: str) -> bool:
        """Remove a volume with all in it; False when there was none. EngineError while a container has it."""
        return self._calls.settle(f"The volume {name} cannot be removed", lambda sdk: sdk.remove_volume(name))

    # what goes on

    def logs(
        self,
        name: str,
        since: int | None = None,
        until: int | None = None,
        tail: int | None = None,
        follow: bool = False,
    ) -> Stream[LogEntry]:
        """The lines of a container, oldest first; the times are in nanoseconds since the epoch, both included.

        `tail` counts the parts that Docker makes of lines of more than 16 KiB.
        """
        wanted: dict[str, str] = {"stdout": "1", "stderr": "1", "timestamps": "1", "follow": "1" if follow else "0"}
        wanted |= {word: _seconds(at) for word, at in (("since", since), ("until", until)) if at is not None}
        wanted |= {"tail": str(tail)} if tail is not None else {}
        return self._calls.stream(
            f"The lines of {name} cannot be read",
            "GET",
            f"/containers/{quote(name)}/logs?{urlencode(wanted)}",
            lambda response: entries(frames(blocks(response))),
            limit=None if follow else _EXEC_LIMIT,
        )

    def events(
        self, filters: Mapping[str, Sequence[str]] | None = None, since: float | None = None
    ) -> Stream[dict[str, Any]]:
        """What happens, from now on or from `since` in seconds since the epoch: the objects of `GET /events`."""
        wanted = {"filters": json.dumps({name: list(values) for name, values in (filters or {}).items()})}
        wanted |= {"since": f"{since:.9f}"} if since is not None else {}
        path = f"/events?{urlencode(wanted)}"
        return self._calls.stream("Its events cannot be read", "GET", path, lambda r: objects(blocks(r)))

    def stats(self, name: str) -> dict[str, Any] | None:
        """One answer to `GET /containers/NAME/stats`, without waiting for a second reading; None when it is gone."""
        path = f"/containers/{quote(name, safe='')}/stats"
        answer: dict[str, Any] | None = self._calls.read(
            f"The figures of {name} cannot be read", path, **{"stream": False, "one-shot": True}
        )
        return answer

    def exec(
        self, name: str, argv: Sequence[str], env: Mapping[str, str] | None = None, user: str = "", workdir: str = ""
    ) -> ExecAnswer:
        """Run a program in a container that runs, to its end; five minutes of silence break it off.

        It has no input. Docker has no way to end it: one that is broken off runs on.
        """
        what = f"{argv[0]} cannot be run in {name}"
        made = self._calls.ask(
            what, lambda sdk: sdk.exec_create(name, list(argv), environment=dict(env or {}), user=user, workdir=workdir)
        )
        body = {"Detach": False, "Tty": False}
        path = f"/exec/{made['Id']}/start"
        written: dict[int, bytearray] = {1: bytearray(), _STDERR: bytearray()}
        with self._calls.stream(what, "POST", path, lambda r: frames(blocks(r)), body, _EXEC_LIMIT) as parts:
            for number, content in parts:
                written[number] += content
        code = self._calls.ask(what, lambda sdk: sdk.exec_inspect(made["Id"]))["ExitCode"]
        return ExecAnswer(int(code or 0), bytes(written[1]), bytes(written[_STDERR]))


def _seconds(nanoseconds: int) -> str:
    """A time as Docker takes it, to the nanosecond."""
    return f"{nanoseconds // 10**9}.{nanoseconds % 10**9:09d}"
