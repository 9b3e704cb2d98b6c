"""The steps of a deployment to this machine. Each finds out what is already so, and can be done and undone again."""

import secrets
import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass

from webduh_console.errors import TargetError, UnhealthyError
from webduh_console.model.build import Process
from webduh_console.model.events import Event, Output, Phase, Progress
from webduh_console.model.names import instance_name
from webduh_console.model.release import Release
from webduh_console.model.target import Run, Work
from webduh_console.targets.local import docker, launch, probe
from webduh_console.targets.local.layout import Layout
from webduh_console.targets.local.logs import last_lines
from webduh_console.targets.local.supervisor.client import Supervisor
from webduh_console.targets.local.supervisor.values import InstanceState
from webduh_console.transport.process import Line, end_left_over, run_lines

PLACE = "local"
SHOWN_LINES = 15
ELSEWHERE_AFTER = 3.0
STOP_GRACE = 10.0


@dataclass(frozen=True)
class Parts:
    """What the steps work with. `wake` starts the supervisor and what it should run, if it does not run."""

    layout: Layout
    supervisor: Supervisor
    wake: Callable[[], Iterator[Event]]


@dataclass(frozen=True, kw_only=True)
class LocalStep:
    """The part that all steps share."""

    parts: Parts
    name: str = ""
    phase: Phase = "prepare"
    place: str = PLACE

    def do(self, run: Run) -> Work:
        """Nothing; each step says its own."""
        yield from ()
        return {}

    def undo(self, run: Run) -> Work:
        """Nothing to take back."""
        yield from ()
        return {}

    def alive(self, name: str) -> InstanceState | None:
        """An instance, or None when it or the whole supervisor is gone."""
        return self.parts.supervisor.get(name) if self.parts.supervisor.alive() else None

    def stop(self, names: list[str]) -> Iterator[Event]:
        """Stop instances; those that are gone are fine."""
        if self.parts.supervisor.alive():
            for name in names:
                if self.parts.supervisor.get(name):
                    self.parts.supervisor.stop(name, STOP_GRACE)
                    yield Output(text=f"{name} is stopped")


@dataclass(frozen=True, kw_only=True)
class Address(LocalStep):
    """Binds the app's port; until it is routed it answers that nothing is deployed."""

    name: str = "address"

    def do(self, run: Run) -> Work:
        """Open the port; an app that has another one keeps that until it is switched."""
        yield from self.parts.wake()
        slug = run.release.key.slug
        bound = {route.slug: route.port for route in self.parts.supervisor.routes()}
        for route in run.release.spec.routes[:1]:
            run.fence()
            if slug not in bound:
                self.parts.supervisor.open(slug, route.port)
            yield Output(text=f"port {bound.get(slug, route.port)} is bound")
        return {}

    def undo(self, run: Run) -> Work:
        """Give the port back, unless the release before is reached there."""
        slug = run.release.key.slug
        if self.parts.supervisor.alive() and not (run.previous and launch.web(run.previous)):
            for route in self.parts.supervisor.routes():
                if route.slug == slug:
                    self.parts.supervisor.close(slug)
                    yield Output(text=f"port {route.port} is free again")
        yield from ()
        return {}


@dataclass(frozen=True, kw_only=True)
class CheckArtifact(LocalStep):
    """Makes sure that the artifact is there, and its volumes are where the app looks for them."""

    name: str = "artifact"

    def do(self, run: Run) -> Work:
        """Look, and link the volumes."""
        key, artifact = run.release.key, run.release.artifact
        folder = self.parts.layout.artifact(key, artifact.digest)
        image = docker.image(key, artifact.digest) if artifact.kind == "image" else ""
        if not folder.is_dir() or (image and not docker.succeeds(docker.find_image(image))):
            raise TargetError(
                f"The artifact of release {run.release.number} is gone.",
                why=f"There is no image {image}." if image else f"{folder} does not exist.",
                kept="What serves was not touched.",
                hint="Deploy anew: that builds it again.",
            )
        if not image:
            for volume in run.release.spec.volumes:
                launch.link_volume(self.parts.layout, key, folder, volume)
                yield Output(text=f"volume {volume.name} is at {volume.path}")
        yield from ()
        return {}


@dataclass(frozen=True, kw_only=True)
class ReleaseProcess(LocalStep):
    """Runs the app's release process (migrations) once, in the new artifact."""

    name: str = "release"

    def do(self, run: Run) -> Work:
        """Run it to its end; what it changed in volumes or databases stays."""
        release = run.release
        process = next(process for process in release.spec.processes if process.name == "release")
        run.fence()
        born = self.parts.layout.app(release.key) / "releasing"
        end_left_over(born)
        argv = launch.command(
            self.parts.layout, release, process, instance_name(release.key, process.name, release.number)
        )
        env = launch.environment(release)
        folder = self.parts.layout.artifact(release.key, release.artifact.digest)
        last: list[str] = []
        try:
            code = yield from _shown(run_lines(argv, folder, env, run.cancel, born), last)
        except (FileNotFoundError, PermissionError) as error:
            raise UnhealthyError(
                f"The release process cannot run: {argv[0]} is not there.",
                why=f"{error.strerror}.",
                kept="The release before serves on.",
                hint="Correct `processes.release` in webduh.yaml.",
            ) from error
        if code:
            raise UnhealthyError(
                f"The release process of {release.key} exited with {code}.",
                why="\n".join(last[-SHOWN_LINES:]),
                kept="The release before serves on. What the process had already changed in its data stays changed.",
                hint="Mend it and deploy again.",
            )
        return {}

    def undo(self, run: Run) -> Work:
        """End it if its client was killed under it; what it did cannot be taken back by us."""
        end_left_over(self.parts.layout.app(run.release.key) / "releasing")
        yield from ()
        return {}


def _shown(lines: Generator[Line, None, int], last: list[str]) -> Generator[Event, None, int]:
    while True:
        try:
            stream, text = next(lines)
        except StopIteration as stop:
            return int(stop.value)
        last.append(text)
        yield Output(text=text, stream=stream)


@dataclass(frozen=True, kw_only=True)
class Start(LocalStep):
    """Starts the new instances of a process beside the old."""

    process: Process

    def do(self, run: Run) -> Work:
        """Start each; one that runs is left as it is."""
        for index in range(1, self.process.instances + 1):
            run.fence()
            spec = launch.instance(self.parts.layout, run.release, self.process, index)
            state = self.parts.supervisor.start(spec)
            where = f" on port {state.port}" if state.port else ""
            yield Output(text=f"{state.name} runs{where}" if not spec.static else f"{state.name} serves files")
            if self.process.name != "web":  # which is kept when it is routed to
                self.parts.supervisor.keep(state.name)
        return {"instances": float(self.process.instances)}

    def undo(self, run: Run) -> Work:
        """Stop them; their logs stay with the app's."""
        names = names_of(run.release, self.process)
        yield from self.stop(names)
        if run.release.artifact.kind == "image":
            docker.succeeds(docker.remove(names))
        return {}


def names_of(release: Release, process: Process) -> list[str]:
    """The names of a process's instances."""
    return [instance_name(release.key, process.name, release.number, i + 1) for i in range(process.instances)]


@dataclass(frozen=True, kw_only=True)
class Healthy(LocalStep):
    """Waits until every new web instance is healthy; an exit or a wrong port ends the wait at once."""

    name: str = "healthy"

    def do(self, run: Run) -> Work:
        """Probe each, until it answers well twice in a row."""
        for process in launch.web(run.release):
            for name in names_of(run.release, process):
                yield from self._wait(run, name)
        return {}

    def _wait(self, run: Run, name: str) -> Iterator[Event]:
        health, began, good = run.release.spec.health, time.monotonic(), 0
        elsewhere_since: float | None = None
        shown = ""
        while True:
            state = self.alive(name)
            seconds = time.monotonic() - began
            if state is None or state.state not in ("starting", "running"):
                raise probe.ended(state or launch.lost(run.release, name), seconds, self._last(run, name))
            answer = probe.ask_instance(state, health)
            good = good + 1 if answer.suits(health) else 0
            if good == 2:
                yield Output(text=f"{name} is healthy: {answer} twice, after {seconds:.1f} s")
                return
            moved = not answer.status and state.listening and state.port not in state.listening
            elsewhere_since = (elsewhere_since or seconds) if moved else None
            if elsewhere_since is not None and seconds - elsewhere_since > ELSEWHERE_AFTER:
                raise probe.elsewhere(state)
            if seconds > health.timeout:
                raise probe.never(state, health, answer, self._last(run, name))
            if str(answer) != shown:
                shown = str(answer)
                yield Output(text=f"{name}: {shown}")
            yield Progress(done=round(seconds, 1), total=health.timeout, unit="s")
            run.cancel.wait(0.02 if good else min(health.interval, 0.05 + seconds / 4))

    def _last(self, run: Run, name: str) -> list[str]:
        mask = launch.mask(run.release)
        return [mask(text) for text in last_lines(self.parts.layout.log(run.release.key, name), SHOWN_LINES)]


@dataclass(frozen=True, kw_only=True)
class Switch(LocalStep):
    """Leads the app's address to the new release and asks through the front door whether it answers."""

    name: str = "route"
    phase: Phase = "commit"

    def do(self, run: Run) -> Work:
        """Switch and verify; from now on the supervisor restarts the instances when they crash."""
        run.fence()
        release = run.release
        names = tuple(name for process in launch.web(release) for name in names_of(release, process))
        for name in names:
            self.parts.supervisor.keep(name)
        token = secrets.token_hex(16)
        self.parts.supervisor.open(release.key.slug, release.spec.routes[0].port)
        self.parts.supervisor.route(release.key.slug, release.number, names, token)
        yield Output(text=f"{launch.url(release)} leads to release {release.number}")
        path = release.spec.health.path
        answer = probe.ask("127.0.0.1", release.spec.routes[0].port, path, {"X-Webduh-Probe": token})
        if answer.release != str(release.number) or not answer.suits(release.spec.health):
            raise UnhealthyError(
                f"{launch.url(release)} is not answered by release {release.number}: {answer}.",
                kept="The address leads to the release before again.",
                hint="Look at `webduh logs` and deploy again.",
            )
        yield Output(text=f"the front door is answered by release {release.number}: {answer}")
        return {}

    def undo(self, run: Run) -> Work:
        """Lead the address back to the release before; without one it is closed by `address`."""
        if run.previous and self.parts.supervisor.alive():
            names = tuple(name for process in launch.web(run.previous) for name in names_of(run.previous, process))
            yield from self.parts.wake()
            if all(self.parts.supervisor.get(name) for name in names) and names:
                number = run.previous.number
                self.parts.supervisor.open(run.release.key.slug, run.previous.spec.routes[0].port)
                self.parts.supervisor.route(run.release.key.slug, number, names, secrets.token_hex(16))
                yield Output(text=f"{launch.url(run.previous)} leads to release {number} again")
        yield from ()
        return {}


@dataclass(frozen=True, kw_only=True)
class Watch(LocalStep):
    """Watches the new release for a while before the way back is given up."""

    name: str = "watch"
    phase: Phase = "watch"

    def do(self, run: Run) -> Work:
        """Look every quarter of a second; a restart, an exit or a majority of 5xx answers ends it."""
        began, watched = time.monotonic(), launch.by_name(run.release)
        while True:
            seconds = time.monotonic() - began
            for name, process in watched.items():
                state = self.alive(name)
                if state is not None and state.state == "exited" and process.ends_well(state.exit):
                    continue
                if state is None or state.state != "running" or state.restarts:
                    last = last_lines(self.parts.layout.log(run.release.key, name), SHOWN_LINES)
                    mask = launch.mask(run.release)
                    raise probe.ended(state or launch.lost(run.release, name), seconds, [mask(text) for text in last])
                if state.errors >= 5 and state.errors * 2 > state.served:
                    raise UnhealthyError(
                        f"{name} answered {state.errors} of {state.served} requests with 5xx while it was watched.",
                        kept="The release before serves again.",
                        hint=f"See why: `webduh logs {run.release.key.app}`.",
                    )
            if seconds >= run.release.spec.watch:
                return {}
            yield Progress(done=round(seconds, 1), total=run.release.spec.watch, unit="s")
            run.cancel.wait(min(0.25, run.release.spec.watch))


@dataclass(frozen=True, kw_only=True)
class Retire(LocalStep):
    """Drains and stops the instances of a release that no longer serves."""

    number: int
    phase: Phase = "retire"

    def do(self, run: Run) -> Work:
        """Wait until nothing is in flight, at most as long as the plan says; then stop."""
        slug = run.plan.key.slug
        states = [
            s for s in self.parts.supervisor.list() if s.slug == slug and s.release == self.number and not s.scheduled
        ]
        deadline = time.monotonic() + run.plan.spec.drain
        for state in states:
            while not self.parts.supervisor.drain(state.name, min(0.25, max(deadline - time.monotonic(), 0))):
                left = deadline - time.monotonic()
                if left <= 0:
                    yield Output(
                        text=f"{state.name} still had requests after {run.plan.spec.drain:g} s; they are cut off"
                    )
                    break
                yield Progress(done=round(run.plan.spec.drain - left, 1), total=run.plan.spec.drain, unit="s")
                run.cancel.check()
        yield from self.stop([state.name for state in states])
        return {}
