"""The server target: releases run in Docker on one machine reached over SSH, behind Traefik.

What only some commands need is imported where it is used, so that `status` starts at once.
"""

from collections.abc import Iterator, Mapping, Sequence, Set
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from webduh_console.errors import NotFoundError
from webduh_console.model.inventory import KINDS, Found, Kind
from webduh_console.model.names import AppKey
from webduh_console.model.observe import Fact
from webduh_console.model.plan import Plan
from webduh_console.model.release import Actual, Instance, Release, Route, Spec
from webduh_console.model.schedules import last_ended
from webduh_console.model.target import Ability, Step
from webduh_console.targets.server.calls import import_sdk
from webduh_console.targets.server.containers import url_of
from webduh_console.targets.server.engine import Engine
from webduh_console.targets.server.files import RootFolder
from webduh_console.targets.server.keeping import kept
from webduh_console.targets.server.layout import Layout
from webduh_console.transport.machine import Machine

if TYPE_CHECKING:
    from webduh_console.model.audit import Act
    from webduh_console.model.drift import Drift
    from webduh_console.model.schedules import ScheduledRun, ScheduleState
    from webduh_console.targets.server.builder import ServerBuilder
    from webduh_console.targets.server.front import Front
    from webduh_console.targets.server.inventory.asking import Inventory
    from webduh_console.targets.server.logs import ServerLogs
    from webduh_console.targets.server.metrics import Figures, ServerMetrics
    from webduh_console.targets.server.record import RemoteRecord
    from webduh_console.targets.server.snapshots import Snapshot
    from webduh_console.targets.server.steps import Parts
    from webduh_console.targets.server.vitals import Vitals


class ServerTarget:
    """A `Target` whose one place is a server. Nothing is connected before something is asked.

    `address` is the server's as a person wrote it; `teams` are the targets of several servers that it is one of: what
    was deployed to those is theirs. `images` is the file of a user's own table of images.
    """

    kind = "server"
    kinds = KINDS
    abilities = frozenset(
        {Ability.OVERLAP, Ability.DRAIN, Ability.VOLUMES, Ability.SCALE, Ability.SHELL, Ability.ONE_OFF}
    )

    def __init__(self, name: str, machine: Machine, address: str, images: Path | None = None) -> None:
        self.name, self.machine, self.address, self.images = name, machine, address, images
        self.places: tuple[str, ...] = (name,)
        self.teams: frozenset[str] = frozenset()

    @kept
    def engine(self) -> Engine:
        """Docker on the server."""
        return Engine(self.machine)

    @kept
    def folder(self) -> RootFolder:
        """The records' root there, wherever setup put it."""
        from webduh_console.targets.server.locating import root_folder

        return root_folder(self.machine, self.engine)

    @kept
    def front(self) -> "Front":
        """Traefik on the server."""
        from webduh_console.targets.server.front import Front

        return Front(self.folder)

    @kept
    def parts(self) -> "Parts":
        """What its steps work with."""
        from webduh_console.targets.server.steps import Parts

        return Parts(self.name, self.folder, self.engine, self.front)

    def facts(self) -> Iterator[Fact]:
        """Everything it needs, read-only."""
        from webduh_console.targets.server.checks import server_facts

        return server_facts(RootFolder(self.machine, Layout()))

    def setup(self) -> Sequence[Step]:
        """Root folder, network, Traefik; Docker is not installed unasked."""
        from webduh_console.targets.server.setup import setup_steps

        return setup_steps(RootFolder(self.machine, Layout()))

    def keys(self) -> Sequence[AppKey]:
        """Every app and environment that has a record there, but for those of its teams."""
        return list(self._records())

    def recorded(self) -> Sequence[AppKey]:
        """Every app and environment that has a record there, those of its teams too."""
        from webduh_console.targets.server.snapshots import snapshot

        return list(snapshot(self.folder))

    def keys_of(self, team: str) -> Sequence[AppKey]:
        """Those that were deployed to a target of several servers."""
        return list(self._records(team))

    def _records(self, team: str | None = None) -> "dict[AppKey, Snapshot]":
        """What every record says that is the server's own; or, with a `team`, that one's."""
        from webduh_console.targets.server.snapshots import snapshot

        found = snapshot(self.folder).items()
        return {key: seen for key, seen in found if (seen.target == team if team else seen.target not in self.teams)}

    def observe(self, keys: Sequence[AppKey] | None = None) -> Mapping[AppKey, Actual]:
        """What serves now: one look at the records and at Docker, which from the second time on is one round trip."""
        from webduh_console.targets.server.snapshots import snapshot

        folder = self.folder
        with self.engine.look():
            return self._observed(self._records() if keys is None else snapshot(folder, keys))

    def observe_of(self, team: str) -> Mapping[AppKey, Actual]:
        """The same of all that was deployed to a target of several servers."""
        with self.engine.look():
            return self._observed(self._records(team))

    def _observed(self, records: "Mapping[AppKey, Snapshot]") -> Mapping[AppKey, Actual]:
        from webduh_console.targets.server.observing import actual, containers_of

        if not records:
            return {}
        alone = next(iter(records)) if len(records) == 1 else None
        listed = self.engine.containers(alone.slug if alone else None)
        containers = containers_of(self.engine, list(records), listed)
        figures = self.metrics().now(alone, [c for c in listed if c.running]) if any(containers.values()) else {}
        found = {}
        for key, seen in records.items():
            number = seen.current
            release = seen.release(number) if number is not None else None
            own = [c for c in containers.get(key.slug, []) if c.running or (c.release == number and not c.scheduled)]
            seems = actual(key, self.name, release, own, seen.holder, url_of(release.spec) if release else "")
            used = tuple(_used(i, figures) for i in seems.instances)
            ended = last_ended(seen.last_runs, release.spec.schedules) if release else ()
            placed = tuple(msgspec.structs.replace(run, place=self.name) for run in ended)
            found[key] = msgspec.structs.replace(seems, instances=used, ended=placed)
        return found

    def running_releases(self, key: AppKey, place: str) -> Set[int]:
        """The releases of which a container runs; one question to Docker."""
        running = self.engine.containers(key.slug, running=True)
        return {container.release for container in running if not container.scheduled}

    def placed(self, key: AppKey, spec: Spec) -> Spec:
        """The spec with the routes that lead anywhere here: those with a host; ports are Traefik's own."""
        routes = tuple(Route(route.host, route.path) for route in spec.routes if route.host)
        return msgspec.structs.replace(spec, routes=routes)

    def preflight(self, plan: Plan) -> Iterator[Fact]:
        """Docker, disk, architecture, Traefik, domains; in one look at the server and one at the records."""
        from webduh_console.targets.server.locating import plan_facts
        from webduh_console.targets.server.snapshots import snapshot

        import_sdk()  # which its steps will need; meanwhile the server is asked, and builds
        others = {
            key: seen.release(seen.current)
            for key, seen in snapshot(self.folder).items()
            if key != plan.key and seen.current is not None
        }
        return plan_facts(self.folder, self.engine, plan, others)

    def builder(self) -> "ServerBuilder":
        """Builds on the server, with BuildKit."""
        from webduh_console.frameworks.render import load_bases
        from webduh_console.targets.server.builder import ServerBuilder

        return ServerBuilder(self.machine, self.folder.layout, sudo=self.folder.sudo, bases=load_bases(self.images))

    def steps(self, plan: Plan) -> Sequence[Step]:
        """Network, artifact, release process, start, healthy; route, workers; watch."""
        from webduh_console.targets.server.switching import deployment_steps

        return deployment_steps(self.parts, plan)

    def url(self, plan: Plan) -> str:
        """`http://` and the first host; empty when nothing leads to it."""
        return url_of(plan.spec)

    def retire(self, plan: Plan, number: int, place: str) -> Step:
        """Drain and stop a release's instances."""
        from webduh_console.targets.server.switching import Retire

        return Retire(parts=self.parts, name=f"retire-{number}", number=number)

    def discard(self, release: Release, place: str) -> Step:
        """Remove a release's containers, and its image if no other release names it."""
        from webduh_console.targets.server.removal import Discard

        record = self.record(release.key, place)
        return Discard(parts=self.parts, name=f"discard-{release.number}", release=release, record=record)

    def remove(self, key: AppKey, volumes: bool = False) -> Sequence[Step]:
        """Take its routes away, then its containers and images."""
        from webduh_console.targets.server.removal import RemoveAll, Unroute

        return (Unroute(parts=self.parts, key=key), RemoveAll(parts=self.parts, key=key, volumes=volumes))

    def record(self, key: AppKey, place: str) -> "RemoteRecord":
        """What the server remembers of an app in an environment."""
        from webduh_console.targets.server.record import RemoteRecord

        return RemoteRecord(self.folder, key)

    def drift(self, keys: Sequence[AppKey] | None = None) -> "Iterator[Drift]":
        """What somebody changed by hand in these apps, or in all and on the server itself. Read-only."""
        from webduh_console.targets.server.drift import drift

        return drift(self.folder, self.engine, keys)

    def sbom(self, release: Release, version: str) -> bytes:
        """The packages in the image of a release, as CycloneDX."""
        from webduh_console.targets.server.builder import SOCKET
        from webduh_console.targets.server.itemizing import bill

        return bill(self.folder, SOCKET, release, version)

    def note(self, line: str) -> None:
        """Append a line on who did what to the server itself."""
        from webduh_console.targets.server.audit import note

        note(self.folder, line)

    def audits(self) -> "list[Act]":
        """Who did what to the server and to every app there, oldest first; one round trip."""
        from webduh_console.targets.server.audit import audits

        return audits(self.folder)

    def schedules(self, keys: Sequence[AppKey] | None = None) -> "Sequence[ScheduleState]":
        """The schedules of what serves there."""
        from webduh_console.targets.server.schedules import states

        return states(self.name, self.folder, self.engine, list(self._records()) if keys is None else keys)

    def runs(self, key: AppKey, name: str | None = None) -> "Sequence[ScheduledRun]":
        """What became of the runs of an app's schedules."""
        from webduh_console.targets.server.schedules import runs

        return runs(self.name, self.folder, self.engine, key, name)

    def run_now(self, key: AppKey, name: str, by: str) -> "ScheduledRun":
        """Start a run now, as the tick does it."""
        from webduh_console.targets.server.schedules import run_now

        return run_now(self.name, self.folder, key, name, by)

    def logs(self) -> "ServerLogs":
        """The logs of its containers."""
        from webduh_console.targets.server.logs import ServerLogs

        return ServerLogs(self.engine, self._secrets)

    def metrics(self) -> "ServerMetrics":
        """The figures of its containers, kept as long as this target is."""
        return self._metrics

    @kept
    def _metrics(self) -> "ServerMetrics":
        from webduh_console.targets.server.metrics import ServerMetrics
        from webduh_console.targets.server.traffic import Traffic

        return ServerMetrics(self.engine, Traffic(lambda: self.front.counts()).range)

    def setup_plan(self, install_docker: bool) -> tuple[Sequence[Step], list[tuple[bool, str]]]:
        """The steps of setup, and what each would do: whether it changes something, and the words for it.

        One look at the server. TargetError when a step would refuse the server as it is.
        """
        from webduh_console.targets.server.setup import Options, setup_steps

        steps = setup_steps(RootFolder(self.machine, Layout()), Options(install_docker))
        look = steps[0].look
        found = look.found()
        says = [step.describe(found) for step in steps]
        for step, text in zip(steps, says, strict=True):
            if text and (error := step.refusal(found)):
                raise error
        look.forget()  # whoever is asked may take their time
        return steps, [(bool(text), text or f"{step.name}: ready") for step, text in zip(steps, says, strict=True)]

    def enter(self, key: AppKey, process: str) -> int:
        """A shell in a running container of a process."""
        from webduh_console.targets.server.sessions import at_a_terminal

        found = [c for c in self.engine.containers(key.slug, running=True) if c.process == process]
        if not found:
            raise NotFoundError(f"No {process} of {key} runs on {self.name}.", hint=f"webduh status {key.app}")
        newest = max(found, key=lambda container: container.release)
        options = "-it" if at_a_terminal() else "-i"
        return self._docker("exec", options, newest.name, "sh", "-c", "exec $(command -v bash || echo sh)")

    def run(self, key: AppKey, argv: Sequence[str]) -> int:
        """A program in a container of its own, like those of the serving release."""
        from webduh_console.targets.server.sessions import one_off

        record = self.record(key, self.name)
        number = record.current()
        if number is None:
            raise NotFoundError(f"{key} was never deployed to {self.name}.", hint=f"webduh deploy {key.app}")
        release, layout = record.read(number), self.folder.layout
        return one_off(self.engine, layout, release, argv, lambda name: self._docker("start", "-ai", name))

    def vitals(self) -> "Vitals":
        """How the server is, in one look and one question to Docker."""
        from webduh_console.targets.server.vitals import load, vitals

        return vitals(load(self.machine), self.engine, len(self.keys()))

    def told(self) -> "tuple[Mapping[AppKey, Actual], Vitals]":
        """What serves, and how the server is: both at once."""
        from concurrent.futures import ThreadPoolExecutor

        from webduh_console.targets.server.vitals import load, vitals

        with ThreadPoolExecutor(1) as aside, self.engine.look():
            loaded = aside.submit(load, self.machine)
            found = self.observe()
            return found, vitals(loaded.result(), self.engine, len(found))

    def inventory(self, kind: Kind) -> Found:
        """All there is of a kind on the server, ours or not."""
        return Found(tuple(self._inventory.of(kind)))

    @kept
    def _inventory(self) -> "Inventory":
        from webduh_console.targets.server.inventory.asking import Inventory

        return Inventory(self)

    def prunable(self) -> list[str]:
        """What is left of ours that no release names: containers, images, folders."""
        from webduh_console.targets.server.pruning import surplus

        return surplus(self.folder, self.engine).words

    def prune(self, cache: int) -> int:
        """Remove what is prunable, and build cache beyond `cache` bytes; the bytes that are free again."""
        from webduh_console.targets.server.pruning import prune

        return prune(self.folder, self.engine, cache)

    @property
    def met(self) -> bool:
        """Whether there is a connection, as far as is known without asking."""
        from webduh_console.transport.ssh.machine import SSHMachine

        return isinstance(self.machine, SSHMachine) and self.machine.alive

    def close(self) -> None:
        """End the connections."""
        if "engine" in self.__dict__:
            self.engine.close()
        self.machine.close()

    def _docker(self, *words: str) -> int:
        return self.machine.terminal(("docker", *words), root=self.folder.sudo)

    def _secrets(self, key: AppKey) -> list[str]:
        """The secret values of the kept releases, to be masked in logs."""
        record = self.record(key, self.name)
        releases = [record.read(release.number) for release in record.releases()]
        return sorted({v.value for release in releases for v in release.variables.values() if v.secret})


def _used(instance: Instance, figures: "Mapping[str, Figures]") -> Instance:
    """The instance with what it uses, if that is known."""
    found = figures.get(instance.name)
    return msgspec.structs.replace(instance, cpu=found.cpu, memory=found.memory) if found else instance
