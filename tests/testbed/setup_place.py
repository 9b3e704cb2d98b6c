"""A server that is set up by the product itself, and small apps on it, for tests of its front door."""

import http.client
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from docker_place import reached
from server import Server

from webduh_console.engine.setup import run_steps
from webduh_console.model.events import Event, Finished, Output, StepFinished
from webduh_console.model.names import AppKey
from webduh_console.model.release import Route
from webduh_console.model.target import CancelToken
from webduh_console.targets.server.checks import server_facts
from webduh_console.targets.server.files import RootFolder
from webduh_console.targets.server.front import Front
from webduh_console.targets.server.layout import Layout
from webduh_console.targets.server.lease import acquire
from webduh_console.targets.server.networks import ensure_project
from webduh_console.targets.server.setup import Options, settled, setup_steps
from webduh_console.targets.server.survey import survey
from webduh_console.targets.server.traefik import route_file
from webduh_console.transport.ssh.machine import SSHMachine

GUEST = AppKey("default", "guest", "production")
ROUTES = (Route("guest.example.com"),)
TOKEN = "t" * 32
PORT = 8080

# Words: what every page says. The path /cgi-bin/slow takes two seconds, /cgi-bin/broken answers 500.
APP = """
mkdir -p /www/cgi-bin; echo "$1" >/www/index.html
printf '#!/bin/sh\\nsleep 2\\necho "Content-Type: text/plain"; echo; echo "$1"\\n' >/www/cgi-bin/slow
printf '#!/bin/sh\\necho "Status: 500 Broken"; echo; echo\\n' >/www/cgi-bin/broken
chmod +x /www/cgi-bin/*
exec httpd -f -p 8080 -h /www
"""


@dataclass
class SetUp:
    """How a run of setup ended, what it said, and which steps changed something."""

    outcome: str
    says: list[str]
    changed: dict[str, bool]
    error: dict[str, str] = field(default_factory=dict)


@contextmanager
def machine_of(server: Server, folder: Path, user: str = "") -> Iterator[SSHMachine]:
    """The server over SSH."""
    machine = reached(server, folder, user)
    try:
        yield machine
    finally:
        machine.close()


@contextmanager
def rented_user(server: Server, folder: Path, name: str, *groups: str) -> Iterator[SSHMachine]:
    """The server as a user of these groups and without sudo, who is gone afterwards."""
    server.sh(
        'useradd -m -s /bin/bash -G "$2" "$1" && mkdir -p "/home/$1/.ssh" && chmod 700 "/home/$1/.ssh"'
        ' && cp /root/.ssh/authorized_keys "/home/$1/.ssh/" && chown -R "$1:" "/home/$1/.ssh"',
        name,
        ",".join(groups),
    )
    try:
        with machine_of(server, folder, name) as machine:
            yield machine
    finally:
        server.sh('pkill -KILL -u "$1"; userdel -rf "$1" 2>/dev/null; true', name)


def root_of(machine: SSHMachine) -> RootFolder:
    """Where the server's records are or will be."""
    bare = RootFolder(machine, Layout())
    return settled(bare, survey(bare))


def set_up(machine: SSHMachine, options: Options = Options(), cancel: CancelToken | None = None) -> SetUp:
    """Set the server up, and read what happens to the end."""
    steps = setup_steps(root_of(machine), options)
    events: Sequence[Event] = list(run_steps(machine.name, steps, "test", cancel or CancelToken(), "set-up"))
    (finished,) = [event for event in events if isinstance(event, Finished)]
    done = [event for event in events if isinstance(event, StepFinished) and event.outcome == "done"]
    return SetUp(
        finished.outcome,
        [event.text for event in events if isinstance(event, Output)],
        {event.step: bool(event.figures.get("changed")) for event in done},
        finished.error,
    )


def planned(machine: SSHMachine, options: Options = Options()) -> dict[str, str]:
    """What setup would do, step by step."""
    folder = root_of(machine)
    found = survey(folder, options.ports)
    return {step.name: step.describe(found) for step in setup_steps(folder, options)}


def amiss(machine: SSHMachine) -> dict[str, str]:
    """The facts that are not well."""
    return {fact.name: fact.value for fact in server_facts(RootFolder(machine, Layout())) if not fact.ok}


def run_app(server: Server, folder: RootFolder, release: int, key: AppKey = GUEST) -> str:
    """Start an instance of a release in its project's network, and return its `name:port`."""
    list(ensure_project(folder, key.project))
    if not server.sh("docker images --quiet busybox:1"):
        server.load("busybox:1")
    name = f"{key.slug}--web--{release}"
    network = f"webduh-p-{key.project}"
    argv = ("docker", "run", "-d", "--init", "--name", name, "--network", network, "busybox:1")
    server.exec(*argv, "sh", "-c", APP, "app", f"release {release}")
    return f"{name}:{PORT}"


def switch(front: Front, release: int, upstream: str, key: AppKey = GUEST, routes: Sequence[Route] = ROUTES) -> None:
    """Lead the app's hosts to a release, and wait until they do."""
    text = route_file(key, release, routes, (upstream,), TOKEN)
    place(front, key, text)
    front.wait(key, text, CancelToken())


def place(front: Front, key: AppKey, text: str) -> None:
    """Make a text an app's route file, as a deployment does that holds the app's lease."""
    lease = acquire(front.folder, key, "test", "switch")
    try:
        front.place(lease, text)
    finally:
        lease.release()


def ask(server: Server, path: str = "/", host: str = "guest.example.com") -> tuple[int, str]:
    """Ask from outside the server; status and text, or 0 and what went wrong."""
    connection = http.client.HTTPConnection(server.host, server.http, timeout=15)
    try:
        connection.request("GET", path, headers={"Host": host})
        answer = connection.getresponse()
        return answer.status, answer.read().decode(errors="replace").strip()
    except (OSError, http.client.HTTPException) as error:
        return 0, repr(error)
    finally:
        connection.close()


def until_answered(server: Server, status: int, text: str = "", path: str = "/", limit: float = 30.0) -> None:
    """Ask from outside until this comes; AssertionError shows what came last."""
    deadline = time.monotonic() + limit
    while (last := ask(server, path)) != (status, text):
        assert time.monotonic() < deadline, f"{path} never gave {(status, text)} within {limit:g} s, but {last}"
        time.sleep(0.02)
