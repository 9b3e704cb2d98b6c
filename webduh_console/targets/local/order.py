"""Which steps a deployment to this machine has, in their order; and the one that stops old instances first."""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from webduh_console.model.build import Process
from webduh_console.model.events import Event, Output, Phase, Warned
from webduh_console.model.plan import Plan
from webduh_console.model.release import Release
from webduh_console.model.target import Run, Step, Work
from webduh_console.targets import hooking
from webduh_console.targets.local import launch, probe, waking
from webduh_console.targets.local.hooks import Hooks
from webduh_console.targets.local.mounts import Files
from webduh_console.targets.local.schedules import Schedules
from webduh_console.targets.local.steps import (
    Address,
    CheckArtifact,
    Healthy,
    LocalStep,
    Parts,
    ReleaseProcess,
    Start,
    Switch,
    Watch,
    names_of,
)
from webduh_console.targets.local.supervisor.values import InstanceState
from webduh_console.targets.probing import Answer, answers
from webduh_console.targets.processes import Chosen, schedules_change, stop_name, stopped_first

AT_ONCE = 16


@dataclass(frozen=True, kw_only=True)
class StopFirst(LocalStep):
    """Stops the old instances of some processes before new ones start, where the two must not run side by side."""

    chosen: Chosen
    phase: Phase = "commit"

    def do(self, run: Run) -> Work:
        """Ask them all to end; they have the plan's drain for it."""
        supervisor = self.parts.supervisor
        known = supervisor.list() if supervisor.alive() else []
        old = [s.name for s in known if _is_old(s, run.release) and s.process in self.chosen]
        run.fence()
        with ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(lambda name: supervisor.stop(name, run.plan.spec.drain), old))
        for name in old:
            yield Output(text=f"{name} is stopped")
        return {"stopped": float(len(old))}

    def undo(self, run: Run) -> Work:
        """Start the instances of the release before again, lead the address there, and wait until it answers."""
        if run.previous is None:
            return {}
        supervisor, release = self.parts.supervisor, run.previous
        yield from self.parts.wake()
        run.fence()
        before = {state.name for state in supervisor.list()}
        waking.start(self.parts.layout, supervisor, release, self.chosen)
        own = launch.processes(release.spec, release.artifact.kind == "image")
        again = [n for p in own if p.name in self.chosen for n in names_of(release, p) if n not in before]
        for name in again:
            yield Output(text=f"{name} runs again")
        if again:
            yield from self._answers(release)
        return {"started": float(len(again))}

    def _answers(self, release: Release) -> Iterator[Event]:
        """Wait for the web instances; one that stays silent is a warning, for it was asked for as it was."""
        for process in launch.web(release):
            for name in names_of(release, process) if process.name in self.chosen else ():
                answer = answers(lambda name=name: self._ask(release, name), release.spec.health)  # type: ignore[misc]
                if not answer.suits(release.spec.health):
                    yield Warned(code="downtime", text=f"{name} runs again and is not healthy: {answer}.")

    def _ask(self, release: Release, name: str) -> Answer:
        state = self.alive(name)
        return probe.ask_instance(state, release.spec.health) if state else Answer(reason="it is gone")


def _is_old(state: InstanceState, release: Release) -> bool:
    """Whether it is an instance of an older release; a run of a schedule goes on, whatever is deployed."""
    return state.slug == release.key.slug and state.release != release.number and not state.scheduled


def deployment_steps(parts: Parts, plan: Plan) -> Sequence[Step]:
    """Address, artifact, release process, start, healthy; route, workers; watch.

    Old instances that must not run beside new ones are stopped just before these start.
    """
    running = launch.processes(plan.spec, launch.makes_image(plan))
    web = [process for process in running if process.name == "web"]
    workers = [process for process in running if process.name != "web"]
    migrates = plan.action == "deploy" and any(process.name == "release" for process in plan.spec.processes)
    first = stopped_first(plan.spec, running)
    stops = {name: StopFirst(parts=parts, name=stop_name(name), chosen=chosen) for name, chosen in first.items()}
    phase: Phase = "commit" if "web" in stops else "prepare"
    return (
        *([Address(parts=parts)] if web else []),
        CheckArtifact(parts=parts),
        *([Files(parts=parts)] if plan.spec.files else []),
        *(Hooks(parts=parts, name=point, point=point) for point in hooking.inside(plan, "before")),
        *([ReleaseProcess(parts=parts)] if migrates else []),
        *(stops[process.name] for process in web if process.name in stops),
        *(Start(parts=parts, name="start", phase=phase, process=process) for process in web),
        *([Healthy(parts=parts, phase=phase), Switch(parts=parts)] if web else []),
        *(step for process in workers for step in _worker(parts, process, stops)),
        *([Schedules(parts=parts)] if schedules_change(plan) else []),
        Watch(parts=parts),
        *(
            Hooks(parts=parts, name=point, point=point, phase="watch", only_warn=True)
            for point in hooking.inside(plan, "after")
        ),
    )


def _worker(parts: Parts, process: Process, stops: Mapping[str, Step]) -> Iterator[Step]:
    if process.name in stops:
        yield stops[process.name]
    yield Start(parts=parts, name=f"start-{process.name}", phase="commit", process=process)
