"""The steps of a deployment to a server, up to healthy. Each finds out what is already so, and can be done again."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from webduh_console.errors import TargetError, UnhealthyError
from webduh_console.model.build import Process
from webduh_console.model.events import Event, Output, Phase, Progress
from webduh_console.model.mask import masker
from webduh_console.model.names import instance_name
from webduh_console.model.release import Release
from webduh_console.model.target import Run, Work
from webduh_console.targets.probing import Answer
from webduh_console.targets.processes import names_of, processes
from webduh_console.targets.server import instances, networks, probe, tasks
from webduh_console.targets.server.containers import (
    Container,
    container_spec,
    image_name,
    port_of,
    task_spec,
    volume_name,
)
from webduh_console.targets.server.engine import Engine
from webduh_console.targets.server.files import RootFolder
from webduh_console.targets.server.front import Front
from webduh_console.targets.server.lease import RemoteLease
from webduh_console.targets.server.refusals import EngineError
from webduh_console.targets.server.traefik import CONTAINER
from webduh_console.transport.machine import Machine

SHOWN_LINES = 15
ELSEWHERE_AFTER = 3.0
STOP_GRACE = 10.0
IN_USE = 409
ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64", "armv7l": "arm"}


@dataclass(frozen=True)
class Parts:
    """What the steps work with on one server."""

    place: str
    folder: RootFolder
    engine: Engine
    front: Front

    @property
    def machine(self) -> Machine:
        """The server."""
        return self.folder.machine


@dataclass(frozen=True, kw_only=True)
class ServerStep:
    """The part that all steps share."""

    parts: Parts
    name: str = ""
    phase: Phase = "prepare"

    @property
    def place(self) -> str:
        """The server's name."""
        return self.parts.place

    def do(self, run: Run) -> Work:
        """Nothing; each step says its own."""
        yield from ()
        return {}

    def undo(self, run: Run) -> Work:
        """Nothing to take back."""
        yield from ()
        return {}

    def last(self, release: Release, name: str) -> list[str]:
        """The last lines an instance wrote, masked."""
        return instances.last_lines(self.parts.engine, name, SHOWN_LINES, masked(release))


def lease_of(run: Run) -> RemoteLease:
    """The lease of a deployment to a server."""
    assert isinstance(run.lease, RemoteLease)
    return run.lease


def masked(release: Release) -> Callable[[str], str]:
    """Masks the release's secrets."""
    return masker([variable.value for variable in release.variables.values() if variable.secret])


def web(release: Release) -> tuple[Process, ...]:
    """The process that gets the requests, if there is one."""
    return tuple(process for process in processes(release.spec) if process.name == "web")


def web_names(release: Release) -> list[str]:
    """The names of the instances that get the requests."""
    return [name for process in web(release) for name in names_of(release, process)]


@dataclass(frozen=True, kw_only=True)
class Network(ServerStep):
    """The project's network is there, and Traefik has joined it."""

    name: str = "network"

    def do(self, run: Run) -> Work:
        """Make it unless it is there; where Traefik runs and has joined, that is one question."""
        run.fence()
        project, traefik = run.release.key.project, self.parts.engine.container(CONTAINER)
        if traefik is None or not traefik.running or networks.project_network(project) not in traefik.addresses:
            yield from networks.ensure_project(self.parts.folder, project)
        return {}


@dataclass(frozen=True, kw_only=True)
class CheckArtifact(ServerStep):
    """The image is there, and made for this machine; images that no release has are gone."""

    name: str = "artifact"

    def do(self, run: Run) -> Work:
        """Look, and see that the volumes are there."""
        key, artifact = run.release.key, run.release.artifact
        image = self.parts.engine.image(image_name(key, artifact.digest))
        if image is None:
            raise TargetError(
                f"The image of release {run.release.number} is gone from {self.place}.",
                why=f"There is no image {image_name(key, artifact.digest)}.",
                kept="What serves was not touched.",
                hint="Deploy anew: that builds it again.",
            )
        arch = self.parts.engine.version().arch
        if image.arch != ARCHITECTURES.get(arch, arch):
            raise TargetError(
                f"The image of release {run.release.number} cannot run on {self.place}.",
                why=f"It is made for {image.arch}, and the server is {arch}.",
                kept="What serves was not touched.",
                hint="Let its Dockerfile name no `--platform`, and begin with an image that is made for the server.",
            )
        for volume in run.release.spec.volumes:
            run.fence()
            name = volume_name(key, volume.name)
            self.parts.engine.create_volume(name, {"webduh.slug": key.slug})
            yield Output(text=f"volume {volume.name} is at {volume.path}")
        yield from self._forget_attempts(run)
        return {"bytes": float(image.size)}

    def _forget_attempts(self, run: Run) -> Iterator[Event]:
        """Remove the images of attempts that came to nothing: those that no release names.

        Not on the way back: the image of an attempt that is taken back may be the one that was just built again.
        """
        key, engine = run.release.key, self.parts.engine
        kept = {image_name(key, r.artifact.digest) for r in lease_of(run).look().releases}
        for reference in sorted({tag for image in engine.images(key.slug) for tag in image.tags} - kept):
            run.fence()
            try:
                engine.remove_image(reference)
            except EngineError as error:
                if error.status != IN_USE:
                    raise
                continue  # `webduh server prune` takes the container first
            yield Output(text=f"the image {reference} is removed: no release has it")


@dataclass(frozen=True, kw_only=True)
class ReleaseProcess(ServerStep):
    """Runs the app's release process (migrations) once, in the new image."""

    process: Process
    name: str = "release"

    def do(self, run: Run) -> Work:
        """Run it to its end; what it changed in volumes or databases stays."""
        run.fence()
        release = run.release
        spec = task_spec(release, self.process, self.parts.folder.layout)
        last: list[str] = []
        code, oomed = yield from tasks.run(self.parts.engine, spec, masked(release), run.cancel, last)
        if code:
            oom = " for memory" if oomed else ""
            raise UnhealthyError(
                f"The release process of {release.key} exited with {code}{oom}.",
                why="\n".join(last),
                kept="The release before serves on. What the process had already changed in its data stays changed.",
                hint="Mend it and deploy again.",
            )
        return {}

    def undo(self, run: Run) -> Work:
        """End it if it still runs; what it did cannot be taken back by us."""
        self.parts.engine.remove(instance_name(run.release.key, self.process.name, run.release.number))
        yield from ()
        return {}


@dataclass(frozen=True, kw_only=True)
class Start(ServerStep):
    """Starts the new instances of a process beside the old."""

    process: Process

    def do(self, run: Run) -> Work:
        """Start each; one that runs is left as it is."""
        for index in range(1, self.process.instances + 1):
            spec = container_spec(run.release, self.process, index, self.parts.folder.layout)
            container = instances.start(self.parts.engine, spec, run.fence)
            if self.process.name != "web":  # which is kept when it is routed to
                instances.keep(self.parts.engine, container.name, self.process)
            yield Output(text=f"{container.name} runs")
        return {"instances": float(self.process.instances)}

    def undo(self, run: Run) -> Work:
        """Stop and remove them."""
        for name in names_of(run.release, self.process):
            there = self.parts.engine.container(name)
            run.fence()  # what was seen before it is ours, and goes by its id
            if there and instances.stop(self.parts.engine, there.id, STOP_GRACE):
                instances.remove(self.parts.engine, there.id)
                yield Output(text=f"{name} is removed")
        return {}


@dataclass(frozen=True, kw_only=True)
class Healthy(ServerStep):
    """Waits until every new web instance is healthy; an exit or a wrong port ends the wait at once."""

    name: str = "healthy"

    def do(self, run: Run) -> Work:
        """Probe each through SSH, until it answers well twice in a row."""
        for name in web_names(run.release):
            yield from self._wait(run, name)
        return {}

    def again(self, run: Run) -> Iterator[Event]:
        """See that each still is: Docker may have been restarted since, and did not start them again by itself."""
        engine = self.parts.engine
        for name, container in engine.inspect(web_names(run.release)).items():
            if not container.running:
                run.fence()
                engine.start(name)
                yield Output(text=f"{name} had ended; it runs again")
            elif self._answer(run, container).suits(run.release.spec.health):
                continue
            yield from self._wait(run, name)

    def _answer(self, run: Run, container: Container) -> Answer:
        spec = run.release.spec
        host = next((route.host for route in spec.routes if route.host), "")
        return probe.ask_container(self.parts.machine, container, port_of(spec), spec.health, host)

    def _wait(self, run: Run, name: str) -> Iterator[Event]:
        health, port = run.release.spec.health, port_of(run.release.spec)
        began, good, shown = time.monotonic(), 0, ""
        misplaced_since: float | None = None
        while True:
            container = self.parts.engine.container(name)
            seconds = time.monotonic() - began
            if container is None or not container.running or container.restarts:
                raise probe.ended(container, name, seconds, self.last(run.release, name))
            answer = self._answer(run, container)
            good = good + 1 if answer.suits(health) else 0
            if good == 2:
                yield Output(text=f"{name} is healthy: {answer} twice, after {seconds:.1f} s")
                return
            misplaced_since = self._misplaced(run, container, port, answer.status, seconds, misplaced_since)
            if seconds > health.timeout:
                raise probe.never(name, health, answer, self.last(run.release, name))
            if str(answer) != shown:
                shown = str(answer)
                yield Output(text=f"{name}: {shown}")
            yield Progress(done=round(seconds, 1), total=health.timeout, unit="s")
            run.cancel.wait(0.02 if good else min(health.interval, 0.05 + seconds / 4))

    def _misplaced(
        self, run: Run, container: Container, port: int, status: int, seconds: float, since: float | None
    ) -> float | None:
        """Since when it listens where nobody can reach it; UnhealthyError when that lasts."""
        if status or seconds < 1:
            return None
        found = probe.listeners(self.parts.machine, container.pid)
        if not probe.misplaced(found, port):
            return None
        if since is not None and seconds - since > ELSEWHERE_AFTER:
            raise probe.elsewhere(container.name, found, port, self.last(run.release, container.name))
        return since or seconds
