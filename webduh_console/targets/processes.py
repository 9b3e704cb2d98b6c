"""Which processes of a release keep running, and what their instances are called. Pure."""

from webduh_console.model.build import Process
from webduh_console.model.names import instance_name
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
    running = processes(release.spec, release.artifact.kind == "image")
    return [name for process in running for name in names_of(release, process)]
