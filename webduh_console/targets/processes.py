"""Which processes of a release keep running, and what their instances are called. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from webduh_console.model.build import Process
from webduh_console.model.names import instance_name
from webduh_console.model.plan import Plan
from webduh_console.model.release import Release, Spec


def processes(spec: Spec, image: bool = True) -> tuple[Process, ...]:
    """The processes that keep running, in an image or in a tree of files.

    Static output, an image that says nothing of its processes and one from the app's own Dockerfile have a `web`.
    """
    running = tuple(process for process in spec.processes if process.name != "release")
    answers = spec.static or (image and (not running or spec.framework == "dockerfile"))
    if answers and not any(process.name == "web" for process in running):
        return (Process("web", ()), *running)
    return running


def names_of(release: Release, process: Process) -> list[str]:
    """The names of a process's instances."""
    return [instance_name(release.key, process.name, release.number, i + 1) for i in range(process.instances)]


def all_names(release: Release) -> list[str]:
    """The names of every instance of a release."""
    return list(by_name(release))


def by_name(release: Release) -> dict[str, Process]:
    """Every instance of a release by its name, with the process that it runs."""
    running = processes(release.spec, release.artifact.kind == "image")
    return {name: process for process in running for name in names_of(release, process)}


def schedules_change(plan: Plan) -> bool:
    """Whether a deployment has to do with schedules: its release has some, or the one that serves had."""
    return bool(plan.spec.schedules) or any(change.kind == "schedule" for change in plan.changes)


@dataclass(frozen=True)
class Chosen:
    """Some of a release's processes, by name: one, or (without `only`) all but the `spared`."""

    only: str = ""
    spared: frozenset[str] = frozenset()

    def __contains__(self, process: object) -> bool:
        return process == self.only if self.only else process not in self.spared


def stopped_first(spec: Spec, running: Sequence[Process]) -> dict[str, Chosen]:
    """Before the start of which process which old ones are stopped; `running` are those of the new release.

    An app that must not overlap as a whole is stopped before the first of its processes starts, so that nothing of it
    is twice, even what the new release has no more.
    """
    alone = sorted((p for p in running if not spec.overlaps(p)), key=lambda p: p.name != "web")
    if spec.overlap or not alone:
        return {process.name: Chosen(only=process.name) for process in alone}
    return {alone[0].name: Chosen(spared=frozenset(p.name for p in running if spec.overlaps(p)))}


def stop_name(process: str) -> str:
    """What the step is called that stops the old instances before those of a process start."""
    return "stop" if process == "web" else f"stop-{process}"
