"""How a release becomes instances on this machine: names, commands, environments, volumes.

Pure but for `link_volume`.
"""

import shutil
from collections.abc import Callable
from pathlib import Path, PurePosixPath

import msgspec

from webduh_console.errors import TargetError
from webduh_console.model.build import Command, Process, Schedule, Volume
from webduh_console.model.mask import masker
from webduh_console.model.names import AppKey, instance_name
from webduh_console.model.plan import Plan
from webduh_console.model.release import Release, Spec
from webduh_console.targets.local import docker
from webduh_console.targets.local.environment import FOR_DOCKER, OWN, of_this_machine, run_environment, secret_values
from webduh_console.targets.local.layout import Layout
from webduh_console.targets.local.supervisor.values import InstanceSpec, InstanceState, ScheduleSpec


def processes(spec: Spec, image: bool = False) -> tuple[Process, ...]:
    """The processes that keep running. Static output and an image without processes count as one `web`."""
    running = tuple(process for process in spec.processes if process.name != "release")
    if (spec.static or image) and not any(process.name == "web" for process in running):
        return (Process("web", ()), *running)
    return running


def makes_image(plan: Plan) -> bool:
    """Whether the plan's artifact is an image."""
    return bool(plan.build and plan.build.dockerfile) or bool(plan.artifact and plan.artifact.kind == "image")


def web(release: Release) -> tuple[Process, ...]:
    """The process that gets the requests, if there is one."""
    image = release.artifact.kind == "image"
    return tuple(process for process in processes(release.spec, image) if process.name == "web")


def all_names(release: Release) -> list[str]:
    """The names of every instance of a release."""
    return list(by_name(release))


def by_name(release: Release) -> dict[str, Process]:
    """Every instance of a release by its name, with the process that it runs."""
    image = release.artifact.kind == "image"
    return {
        instance_name(release.key, process.name, release.number, index + 1): process
        for process in processes(release.spec, image)
        for index in range(process.instances)
    }


def instance(layout: Layout, release: Release, process: Process, index: int) -> InstanceSpec:
    """What the supervisor is told of one instance."""
    name = instance_name(release.key, process.name, release.number, index)
    static = release.spec.static if process.name == "web" and not process.command else None
    return InstanceSpec(
        name=name,
        slug=release.key.slug,
        process=process.name,
        release=release.number,
        cwd=str(layout.artifact(release.key, release.artifact.digest)),
        argv=() if static else command(layout, release, process, name),
        env=environment(release),
        static=static,
        log=str(layout.log(release.key, name)),
        masks=secret_values(release.variables),
        needs_port=process.name == "web",
        port=own_port(release, process),
        memory=0 if release.artifact.kind == "image" else release.spec.memory,
        restart=process.restart,
        max_retries=process.max_retries,
    )


def schedule(layout: Layout, release: Release, own: Schedule) -> ScheduleSpec:
    """What the supervisor is told of a schedule."""
    spec = msgspec.structs.replace(instance(layout, release, own.process, 1), scheduled=True)
    history = layout.schedule(release.key, own.name)
    return ScheduleSpec(cron=own.cron, timezone=own.timezone, timeout=own.timeout, history=str(history), spec=spec)


def schedules(layout: Layout, release: Release | None) -> tuple[ScheduleSpec, ...]:
    """All schedules of a release."""
    return tuple(schedule(layout, release, own) for own in release.spec.schedules) if release else ()


def own_port(release: Release, process: Process) -> int:
    """The port that a process has for itself: the app's own, where old and new never run side by side; else 0."""
    alone = process.name == "web" and process.instances == 1 and not release.spec.overlaps(process)
    return release.spec.port or 0 if alone and release.artifact.kind == "tree" else 0


def environment(release: Release) -> dict[str, str]:
    """What a release's processes see. Docker's client is also told which engine to use, and hands on what it must."""
    own = run_environment(release.key, release.number, release.variables)
    return {**of_this_machine(FOR_DOCKER), **own} if release.artifact.kind == "image" else own


def command(
    layout: Layout, release: Release, process: Process, name: str, handed_on: frozenset[str] = frozenset()
) -> Command:
    """The argv of a process, run by Docker when the artifact is an image; that is `handed_on` more variables."""
    if release.artifact.kind == "tree":
        return process.command
    volumes = {_inside(volume): layout.volume(release.key, volume.name) for volume in release.spec.volumes}
    return docker.run(
        name,
        docker.image(release.key, release.artifact.digest),
        process.command,
        {*release.variables, *OWN, *handed_on},
        volumes,
        (release.spec.port or docker.DEFAULT_PORT) if process.name == "web" else None,
        release.spec.memory,
        {
            str(PurePosixPath("/app") / mount.path): layout.mount(release.key, release.number, number)
            for number, mount in enumerate(release.spec.files)
        },
    )


def _inside(volume: Volume) -> str:
    return str(PurePosixPath("/app") / volume.path)


def link_volume(layout: Layout, key: AppKey, folder: Path, volume: Volume) -> None:
    """Put a volume where the app looks for it. What the source brings at that path fills a new volume."""
    kept, here = layout.volume(key, volume.name), folder / volume.path
    path = PurePosixPath(volume.path)
    if path.is_absolute() or ".." in path.parts or not path.parts:
        raise TargetError(
            f"The volume {volume.name} cannot be put at {volume.path} on this machine.",
            why="The app has no file system of its own here: a volume's path must be inside its folder.",
            kept="Nothing was changed.",
            hint="Say a relative path in webduh.yaml, and let the app use that.",
        )
    if here.is_symlink() and here.readlink() == kept:
        kept.mkdir(parents=True, exist_ok=True)  # somebody may have removed it by hand
        return
    if not kept.exists():
        kept.parent.mkdir(parents=True, exist_ok=True)
        if here.is_dir():
            shutil.copytree(here, kept, symlinks=True)
        else:
            kept.mkdir()
    if here.is_symlink() or here.is_file():
        here.unlink()
    elif here.is_dir():
        shutil.rmtree(here)
    here.parent.mkdir(parents=True, exist_ok=True)
    here.symlink_to(kept)


def lost(release: Release, name: str) -> InstanceState:
    """The state of an instance that the supervisor does not know any more."""
    return InstanceState(name=name, slug=release.key.slug, process="web", release=release.number, state="unknown")


def mask(release: Release) -> Callable[[str], str]:
    """Masks the release's secrets."""
    return masker(secret_values(release.variables))


def url(release: Release) -> str:
    """Where the release answers on this machine; empty for one without a web process."""
    return address(release.spec, bool(web(release)))


def address(spec: Spec, has_web: bool) -> str:
    """The address of a spec's first route."""
    return f"http://localhost:{spec.routes[0].port}" if spec.routes and has_web else ""
