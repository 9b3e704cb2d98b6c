"""What somebody changed by hand on a server, judged from what the record and Docker say. Pure."""

import re
import shlex
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from webduh_console.errors import WebduhError
from webduh_console.model.drift import Drift, Kind
from webduh_console.model.names import AppKey
from webduh_console.model.release import Release
from webduh_console.targets.processes import names_of, processes
from webduh_console.targets.server.containers import (
    Container,
    ContainerSpec,
    container_spec,
    image_name,
    network_name,
    volume_name,
)
from webduh_console.targets.server.layout import Layout
from webduh_console.targets.server.switching import routes_of
from webduh_console.targets.server.traefik import CONTAINER, PROBE_HEADER

_TOKEN = re.compile(rf"Header\(`{PROBE_HEADER}`, `([A-Za-z0-9_-]{{16,128}})`\)")
_ONE_OFF = "run"


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """What stands on a server for an app. `exact` has Docker's whole answer for each instance that is there.

    `image` is the id of the image that the release's name stands for now (empty: gone), `digest` the id of the built
    one (empty where Docker's store gives ids of its own), `image_env` the names that the image itself sets. `route` is
    the app's route file (empty: none). `networked` are the containers in the project's network, `busy` the releases
    whose deployment has no end yet, `edited` the files of the record that are not as they were written.
    """

    exact: dict[str, dict[str, Any]] = {}
    containers: tuple[Container, ...] = ()
    image: str = ""
    digest: str = ""
    image_env: frozenset[str] = frozenset()
    networked: frozenset[str] = frozenset()
    volumes: frozenset[str] = frozenset()
    route: str = ""
    busy: frozenset[int] = frozenset()
    kept: frozenset[int] = frozenset()
    edited: tuple[str, ...] = ()


def app_drift(place: str, release: Release, seen: Seen) -> Iterator[Drift]:
    """Everything that is not as the serving release says."""
    say = _Say(place, release.key)
    for process in processes(release.spec):
        for index, name in enumerate(names_of(release, process), 1):
            ended = process.ends_well(_exit(seen.exact.get(name)))
            yield from _instance(say, container_spec(release, process, index), seen.exact.get(name), seen, ended)
    yield from _others(say, release, seen)
    if not seen.image:
        yield say("image", image_name(release.key, release.artifact.digest), "there", "removed")
    yield from _network(say, release, seen)
    for volume in release.spec.volumes:
        if volume_name(release.key, volume.name) not in seen.volumes:
            yield say("volume", volume.name, f"mounted at {volume.path}", "removed, with what was in it")
    yield from _route(say, release, seen.route)
    for file in seen.edited:
        name = f"releases/{release.number}/{file}"
        yield say("record", name, "as it was written", "edited, or not whole")


class _Say:
    """Makes differences of one app, each with the command that mends it."""

    def __init__(self, place: str, key: AppKey) -> None:
        self.place, self.key = place, key
        name = key.app if key.project == "default" else f"{key.project}/{key.app}"
        environment = "" if key.environment == "production" else f" -e {key.environment}"
        self.deploy = f"webduh deploy {name}{environment} --force"

    def __call__(self, kind: Kind, name: str, wanted: str, found: str, mend: str = "") -> Drift:
        return Drift(self.place, self.key, kind, name, wanted, found, mend or self.deploy)


def _exit(answer: Mapping[str, Any] | None) -> int | None:
    """The code a container ended with; None while it runs."""
    state = (answer or {}).get("State") or {}
    return state.get("ExitCode") if state.get("Status") == "exited" else None


def _instance(
    say: _Say, spec: ContainerSpec, answer: Mapping[str, Any] | None, seen: Seen, ended: bool
) -> Iterator[Drift]:
    """What is not as the release says of an instance that runs, or has `ended` well."""
    if answer is None:
        yield say("container", spec.name, "running", "removed")
        return
    state = answer.get("State") or {}
    if state.get("Status") != "running" and not ended:
        code = f", exit {state['ExitCode']}" if state.get("Status") == "exited" else ""
        yield say("container", spec.name, "running", f"{state.get('Status') or 'unknown'}{code}")
    config, host = answer.get("Config") or {}, answer.get("HostConfig") or {}
    yield from _image(say, spec, str(answer.get("Image") or ""), seen)
    yield from _environment(say, spec, config.get("Env") or [], seen.image_env)
    if spec.command and list(spec.command) != (config.get("Cmd") or []):
        yield say("command", spec.name, "as the release says", "another command")
    limits = {
        "memory": (spec.memory, host.get("Memory") or 0),
        "cpus": (spec.nano_cpus, host.get("NanoCpus") or 0),
        "processes": (spec.pids, host.get("PidsLimit") or 0),
    }
    for name, (wanted, found) in limits.items():
        if wanted != found:
            yield say("limit", f"{spec.name} {name}", _amount(name, wanted), _amount(name, found))
    mounted = {(mount.get("Name"), mount.get("Destination")) for mount in answer.get("Mounts") or []}
    bound = {mount.get("Destination") for mount in answer.get("Mounts") or [] if not mount.get("RW")}
    for path in spec.files.values():
        if path not in bound:
            yield say("file", path, f"mounted read-only in {spec.name}", "not mounted there")
    for volume, path in spec.volumes.items():
        if (volume, path) not in mounted:
            yield say("volume", volume, f"mounted at {path} in {spec.name}", "not mounted there")


def _image(say: _Say, spec: ContainerSpec, runs: str, seen: Seen) -> Iterator[Drift]:
    """Whether the instance runs what was built, and whether the image's name still stands for that."""
    docker = f"webduh server exec {say.place} -- docker"
    if seen.digest and runs != seen.digest:
        untag = f"{docker} rmi -f {spec.image}"
        yield say("image", spec.image, f"what was built, in {spec.name}", "another image runs there", mend=untag)
    elif seen.image and runs != seen.image:
        tag = f"{docker} tag {runs} {spec.image}"
        yield say("image", spec.image, f"what {spec.name} runs", "another image has its name", mend=tag)


def _environment(say: _Say, spec: ContainerSpec, pairs: Sequence[str], of_image: frozenset[str]) -> Iterator[Drift]:
    """Variables by their names; values are told by nobody."""
    found = dict(pair.partition("=")[::2] for pair in pairs)
    for name in sorted({*spec.env, *found}):
        if name not in found:
            yield say("variable", f"{spec.name} {name}", "set", "not set")
        elif name not in spec.env:
            if name not in of_image:
                yield say("variable", f"{spec.name} {name}", "not set", "set by hand")
        elif spec.env[name] != found[name]:
            yield say("variable", f"{spec.name} {name}", "as the release says", "another value")


def _amount(name: str, value: int) -> str:
    if not value:
        return "no limit"
    if name == "memory":
        return f"{value / 2**20:g} MiB"
    return f"{value / 1e9:g}" if name == "cpus" else str(value)


def _others(say: _Say, release: Release, seen: Seen) -> Iterator[Drift]:
    """Containers that say they are the app's, and are not of what serves. Stopped ones of kept releases may stay."""
    own = {name for process in processes(release.spec) for name in names_of(release, process)}
    for container in seen.containers:
        if (
            container.name in own
            or container.release in seen.busy
            or container.process == _ONE_OFF
            or container.scheduled
        ):
            continue
        if container.release in seen.kept and not container.running:
            continue
        remove = f"webduh server exec {say.place} -- docker rm -f {container.name}"
        yield say("container", container.name, "not there", f"added, {container.status}", mend=remove)


def _network(say: _Say, release: Release, seen: Seen) -> Iterator[Drift]:
    network = network_name(release.key.project)
    running = {name for name, answer in seen.exact.items() if (answer.get("State") or {}).get("Status") == "running"}
    for name in sorted(running):
        joined = set(((seen.exact[name].get("NetworkSettings") or {}).get("Networks") or {}).keys())
        if network not in joined:
            yield say("network", network, f"with {name} in it", "left")
        for other in sorted(joined - {network}):
            leave = f"webduh server exec {say.place} -- docker network disconnect {other} {name}"
            yield say("network", other, f"without {name}", "joined", mend=leave)
    if CONTAINER not in seen.networked:
        yield say("network", network, f"with {CONTAINER} in it", "left, or removed")


def _route(say: _Say, release: Release, text: str) -> Iterator[Drift]:
    found = _TOKEN.search(text)
    try:
        wanted = routes_of(release, found[1] if found else "0" * 16)
    except WebduhError as error:  # a release that another version wrote, and this one cannot route
        yield say("route", f"{release.key.slug}.yml", f"release {release.number}", f"{error.what} {error.why}")
        return
    if text.strip() == wanted.strip():
        return
    says = "removed" if not text else "added by hand" if not wanted else "edited"
    hosts = ", ".join(route.host for route in release.spec.routes if route.host)
    leads = f"leads {hosts} to release {release.number}" if wanted else "not there"
    yield say("route", f"{release.key.slug}.yml", leads, says)


def stray_routes(place: str, layout: Layout, files: Iterable[str], known: Collection[str]) -> Iterator[Drift]:
    """The files in Traefik's folder that belong to no app; `known` are the slugs of those that serve, or are begun."""
    own = {layout.guard_file, *(f"{layout.dynamic}/{slug}.yml" for slug in known)}
    for path in sorted(f"{layout.dynamic}/{name}" for name in files):
        if path not in own:
            remove = f"webduh server exec {place} -- rm {shlex.quote(path)}"
            yield Drift(place, None, "route", path.rpartition("/")[2], "not there", "added by hand", remove)
