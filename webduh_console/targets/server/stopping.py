"""The step that stops old instances on a server before new ones start, where the two must not run side by side."""

from collections.abc import Iterator
from dataclasses import dataclass

from webduh_console.model.events import Event, Output, Phase, Warned
from webduh_console.model.release import Release
from webduh_console.model.target import Run, Work
from webduh_console.targets.probing import answers
from webduh_console.targets.processes import Chosen, names_of, processes
from webduh_console.targets.server import instances, probe
from webduh_console.targets.server.containers import Container, container_spec, port_of
from webduh_console.targets.server.probe import Answer
from webduh_console.targets.server.steps import ServerStep, web

_UP = ("running", "restarting", "paused")


@dataclass(frozen=True, kw_only=True)
class StopFirst(ServerStep):
    """Stops the old instances of some processes; they are kept, stopped, and started again on the way back."""

    chosen: Chosen
    phase: Phase = "commit"

    def do(self, run: Run) -> Work:
        """Ask them all to end; they have the plan's drain for it."""
        engine, grace = self.parts.engine, run.plan.spec.drain
        found = [c for c in engine.containers(run.release.key.slug) if self._to_stop(c)]
        old = [container.name for container in found if container.release != run.release.number]
        run.fence()
        for name, _ in engine.each(old, lambda name: instances.stop(engine, name, grace)):
            yield Output(text=f"{name} is stopped")
        return {"stopped": float(len(old))}

    def _to_stop(self, container: Container) -> bool:
        """Whether it runs and is one of those; a run of a schedule goes on, whatever is deployed."""
        return container.process in self.chosen and container.status in _UP and not container.scheduled

    def undo(self, run: Run) -> Work:
        """Start the instances of the release before again, and wait until it answers."""
        if run.previous is None:
            return {}
        yield from ()
        run.fence()
        again = 0
        for process in processes(run.previous.spec):
            for index, name in enumerate(names_of(run.previous, process), start=1):
                if process.name in self.chosen and instances.resume(
                    self.parts.engine, container_spec(run.previous, process, index, self.parts.folder.layout), process
                ):
                    again += 1
                    yield Output(text=f"{name} runs again")
        if again:
            yield from self._answers(run.previous)
        return {"started": float(again)}

    def _answers(self, release: Release) -> Iterator[Event]:
        """Wait for the web instances; one that stays silent is a warning, for it was asked for as it was."""
        host = next((route.host for route in release.spec.routes if route.host), "")
        for process in web(release):
            for name in names_of(release, process) if process.name in self.chosen else ():
                answer = answers(lambda name=name: self._ask(release, name, host), release.spec.health)  # type: ignore[misc]
                if not answer.suits(release.spec.health):
                    yield Warned(code="downtime", text=f"{name} runs again and is not healthy: {answer}.")

    def _ask(self, release: Release, name: str, host: str) -> Answer:
        container = self.parts.engine.container(name)
        if container is None:
            return Answer(reason="it is gone")
        return probe.ask_container(self.parts.machine, container, port_of(release.spec), release.spec.health, host)
