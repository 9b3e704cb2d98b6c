"""Looks this machine over for what somebody changed by hand. Read-only."""

from collections.abc import Iterator, Mapping, Sequence

from webduh_console.model.drift import Drift, Kind
from webduh_console.model.names import AppKey
from webduh_console.model.release import Release
from webduh_console.targets.local import docker, launch
from webduh_console.targets.local.layout import Layout, short
from webduh_console.targets.local.record import FileRecord
from webduh_console.targets.local.supervisor.client import Supervisor
from webduh_console.targets.local.supervisor.values import InstanceState, RouteState

PLACE = "local"


def drift(layout: Layout, supervisor: Supervisor, records: Sequence[FileRecord]) -> Iterator[Drift]:
    """What is not as the serving releases say; an app that serves nothing has no drift."""
    serving = {record.key: (record, number) for record in records if (number := record.current()) is not None}
    if not serving:
        return
    if not supervisor.alive():
        yield Drift(PLACE, None, "server", "supervisor", "running", "stopped", "webduh target start local")
    awake = supervisor.alive()
    states = {state.name: state for state in supervisor.list()} if awake else {}
    routes = {route.slug: route for route in supervisor.routes()} if awake else {}
    for key, (record, number) in serving.items():
        release = record.release(number)
        if awake:
            yield from instances_drift(release, states, routes.get(key.slug), set(record.unfinished()))
        yield from _files(layout, release, record)


def instances_drift(
    release: Release, states: Mapping[str, InstanceState], route: RouteState | None, busy: set[int]
) -> Iterator[Drift]:
    """How the instances and the address of a release differ from what they should be. Pure."""
    names = launch.by_name(release)
    for name, process in names.items():
        state = states.get(name)
        if state is not None and state.state == "exited" and process.ends_well(state.exit):
            continue
        if state is None or state.state != "running":
            yield _said(release.key, "container", name, "running", state.state if state else "removed")
    for name, state in states.items():
        own = state.slug == release.key.slug
        if own and name not in names and state.release not in busy and state.state == "running":
            if state.scheduled or state.release != release.number:
                continue  # a run of a schedule, or an old release that the next deployment stops
            yield _said(release.key, "container", name, "not there", "added, running")
    if launch.web(release) and (route is None or route.release != release.number):
        leads = "leads nowhere" if route is None or route.release is None else f"leads to release {route.release}"
        yield _said(release.key, "route", launch.url(release), f"leads to release {release.number}", leads)


def _files(layout: Layout, release: Release, record: FileRecord) -> Iterator[Drift]:
    key, artifact = release.key, release.artifact
    if artifact.kind == "image":
        there = docker.succeeds(docker.find_image(docker.image(key, artifact.digest)))
    else:
        there = layout.artifact(key, artifact.digest).is_dir()
    if not there:
        yield _said(key, "artifact", short(artifact.digest), "there", "removed")
    for volume in release.spec.volumes:
        if not layout.volume(key, volume.name).exists():
            yield _said(key, "volume", volume.name, f"at {volume.path}", "removed, with what was in it")
    for file in record.edited(release.number):
        yield _said(key, "record", f"releases/{release.number}/{file}", "as it was written", "edited, or not whole")


def _said(key: AppKey, kind: Kind, name: str, wanted: str, found: str) -> Drift:
    app = key.app if key.project == "default" else f"{key.project}/{key.app}"
    environment = "" if key.environment == "production" else f" -e {key.environment}"
    return Drift(PLACE, key, kind, name, wanted, found, f"webduh deploy {app}{environment} --force")
