"""A server of the testbed as a place to build on, and apps to build there."""

import sys
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from server import Server

from webduh_console.model.build import BuildPlan
from webduh_console.model.events import Event, Output
from webduh_console.model.names import AppKey
from webduh_console.model.plan import Plan
from webduh_console.model.release import Artifact, SourceRef, Spec, Variable
from webduh_console.model.target import CancelToken
from webduh_console.targets.server.builder import ServerBuilder
from webduh_console.targets.server.caps import Caps
from webduh_console.targets.server.layout import Layout
from webduh_console.transport.ssh.address import endpoint
from webduh_console.transport.ssh.hostkeys import HostKeys
from webduh_console.transport.ssh.machine import SSHMachine

ROOT = "/var/lib/webduh"
OWN = BuildPlan("dockerfile", "docker", dockerfile="Dockerfile")


def machine(name: str, address: str, key: Path, fingerprint: str, keys: Path) -> SSHMachine:
    """A server over SSH; the file `keys` keeps its host key."""
    reached = SSHMachine(name, endpoint(address, key, Path("/dev/null")), HostKeys(keys, ()))
    reached.accept(fingerprint)
    return reached


def set_up(server: Server) -> None:
    """Make the root as setup does, and see to it that busybox is there."""
    server.sh(f"mkdir -p {ROOT} && chgrp docker {ROOT} && chmod 2770 {ROOT}")
    if not server.exec("docker", "images", "--quiet", "busybox:latest").strip():
        server.load("busybox:latest")


def planned(folder: Path, build: BuildPlan = OWN, variables: Mapping[str, Variable] | None = None) -> Plan:
    """A deployment of an app that is named by its folder."""
    return Plan(
        id="01J",
        key=AppKey("default", folder.name, "production"),
        target="prod",
        action="deploy",
        source=SourceRef(str(folder)),
        spec=Spec(build.framework),
        by="somebody",
        trigger="cli",
        build=build,
        variables=dict(variables or {}),
    )


def run(building: Generator[Event, None, Artifact]) -> tuple[list[Event], Artifact]:
    """The events of a build, and what it made."""
    events = []
    while True:
        try:
            events.append(next(building))
        except StopIteration as end:
            return events, end.value


def said(events: list[Event]) -> list[str]:
    """The lines that a person reads."""
    return [event.text for event in events if isinstance(event, Output)]


@contextmanager
def builder(server: Server, keys: Path, user: str = "deploy", caps: Caps | None = None) -> Iterator[ServerBuilder]:
    """A builder on the server, as a user there."""
    address = f"ssh://{user}@{server.host}:{server.ssh}"
    with machine(server.name, address, server.key, server.fingerprint, keys) as reached:
        yield ServerBuilder(reached, Layout(ROOT), caps=caps or Caps())


def main(name: str, address: str, key: str, fingerprint: str, keys: str, folder: str) -> None:
    """Build an app with a secret, to be killed meanwhile."""
    with machine(name, address, Path(key), fingerprint, Path(keys)) as reached:
        plan = planned(Path(folder), variables={"TOKEN": Variable("killed-and-secret", True)})
        for event in ServerBuilder(reached, Layout(ROOT)).build(plan, CancelToken()):
            print(getattr(event, "text", ""), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
