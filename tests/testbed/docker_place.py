"""A server's Docker as the product reaches it, with an app whose instances run shell scripts in busybox."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
from server import Server

from webduh_console.model.build import Process
from webduh_console.model.events import EPOCH
from webduh_console.model.names import AppKey
from webduh_console.model.release import Artifact, Release, SourceRef, Spec, Variable
from webduh_console.targets.server import instances
from webduh_console.targets.server.containers import Container, container_spec, image_name, network_name
from webduh_console.targets.server.engine import SOCKET, Engine
from webduh_console.transport.ssh.address import endpoint
from webduh_console.transport.ssh.hostkeys import HostKeys
from webduh_console.transport.ssh.machine import SSHMachine

KEY = AppKey("default", "shop", "production")
DIGEST = "sha256:" + "b" * 64
SECRET = "s3cret-of-the-shop"
DOCKERFILE = b"FROM busybox:1\nLABEL webduh.slug=default--shop--production\n"
FOREVER = "trap 'exit 0' TERM; while :; do sleep 0.1; done"


def reached(server: Server, folder: Path, user: str = "") -> SSHMachine:
    """The server, its host key checked."""
    keys = HostKeys(folder / "known_hosts", ())
    address = endpoint(f"ssh://{user or server.user}@{server.host}:{server.ssh}", server.key)
    machine = SSHMachine(server.name, address, keys)
    machine.accept(server.fingerprint)
    return machine


@dataclass(frozen=True)
class Place:
    """A server, its Docker, and the app `shop` there."""

    server: Server
    machine: SSHMachine
    engine: Engine

    def prepare(self) -> None:
        """The image and the network of the app."""
        if not self.server.sh("docker images --quiet busybox:1"):
            self.server.load("busybox:1")
        self.server.exec("docker", "build", "--quiet", "--tag", image_name(KEY, DIGEST), "-", stdin=DOCKERFILE)
        self.engine.create_network(network_name(KEY.project))

    def run(self, script: str, process: str = "web", number: int = 1, index: int = 1, **spec: object) -> Container:
        """Start an instance that runs a script."""
        made = release((Process(process, ("sh", "-c", script)),), number, **spec)
        return instances.start(self.engine, container_spec(made, made.spec.processes[0], index))


def release(processes: Sequence[Process], number: int = 1, **spec: object) -> Release:
    wanted = msgspec.structs.replace(Spec(framework="test", processes=tuple(processes)), **spec)
    return Release(
        number=number,
        key=KEY,
        target="prod",
        spec=wanted,
        artifact=Artifact(DIGEST, "image"),
        source=SourceRef("/shop"),
        created=EPOCH,
        by="me",
        trigger="command",
        deployment="D1",
        variables={"TOKEN": Variable(SECRET, secret=True), "COLOUR": Variable("two words")},
    )


def placed(server: Server, folder: Path, socket: str = SOCKET) -> Place:
    """The server's Docker, ready for the app."""
    machine = reached(server, folder)
    place = Place(server, machine, Engine(machine, socket))
    place.prepare()
    return place
