"""Brings back what should serve after the supervisor was stopped, killed or the machine rebooted."""

import secrets
import time
from collections.abc import Callable, Container, Iterator
from dataclasses import dataclass
from pathlib import Path

from webduh_console.errors import WebduhError
from webduh_console.model.events import Event, Output, Warned
from webduh_console.model.names import AppKey, instance_name
from webduh_console.model.release import Release
from webduh_console.model.target import Record, Run, Work
from webduh_console.targets.local import launch, probe
from webduh_console.targets.local.layout import Layout
from webduh_console.targets.local.steps import LocalStep
from webduh_console.targets.local.supervisor.client import Supervisor
from webduh_console.targets.processes import Chosen
from webduh_console.transport.files import locked, write_file

LISTEN_LIMIT = 10.0
AWAKE = "awake"
"""The file that names the supervisor in which everything was started that should serve."""


def wake(layout: Layout, supervisor: Supervisor, record: Callable[[AppKey], Record]) -> Iterator[Event]:
    """Start the supervisor unless it runs; then start the serving release of every app in it.

    One that cannot be started is a warning: the others still are. Who comes meanwhile waits, for what is started here
    would be led to the release that served before; and when we are killed here, the next one starts the rest.
    """
    with locked(layout.root / "wake.lock"):
        supervisor.ensure()
        info = supervisor.info()
        awake = f"{info.pid} {info.started}".encode() if info else b"?"
        if _read(layout.root / AWAKE) == awake:
            return
        serving = [(key, number) for key in layout.all_keys() if (number := record(key).current()) is not None]
        if serving:
            yield Output(text=f"the supervisor was not running; {len(serving)} apps are started again")
        for key, number in serving:
            try:
                start(layout, supervisor, record(key).read(number))
            except WebduhError as error:
                yield Warned(code="wake", text=f"{key} could not be started again: {error.what}", hint=error.hint)
        write_file(layout.root / AWAKE, awake)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""


def start(layout: Layout, supervisor: Supervisor, release: Release, chosen: Container[str] = Chosen()) -> None:
    """Start the instances of the chosen processes of a release, by default all, and lead its address there as soon as
    its web instances listen."""
    slug = release.key.slug
    supervisor.set_schedules(slug, launch.schedules(layout, release))
    if release.spec.routes and launch.web(release):
        supervisor.open(slug, release.spec.routes[0].port)
    for process in launch.processes(release.spec, release.artifact.kind == "image"):
        for index in range(1, process.instances + 1) if process.name in chosen else ():
            supervisor.start(launch.instance(layout, release, process, index))
            supervisor.keep(instance_name(release.key, process.name, release.number, index))
    web = [
        instance_name(release.key, process.name, release.number, index + 1)
        for process in launch.web(release)
        for index in range(process.instances)
        if process.name in chosen
    ]
    if web:
        deadline = time.monotonic() + LISTEN_LIMIT
        while time.monotonic() < deadline and not all(_listens(supervisor, release, name) for name in web):
            time.sleep(0.05)
        supervisor.route(slug, release.number, tuple(web), secrets.token_hex(16))


def _listens(supervisor: Supervisor, release: Release, name: str) -> bool:
    """Whether an instance answers; for a container Docker itself listens, from its first moment."""
    state = supervisor.get(name)
    if state is None:
        return False
    if release.artifact.kind == "image":
        return probe.ask_instance(state, release.spec.health).status > 0
    return state.static or state.port in state.listening


@dataclass(frozen=True, kw_only=True)
class Wake(LocalStep):
    """The target's set-up: everything that should serve does."""

    def do(self, run: Run) -> Work:
        """Wake."""
        yield from self.parts.wake()
        return {}
