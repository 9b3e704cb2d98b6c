"""The local target: releases run on this machine, under one supervisor, and need nothing but Python.

What only some commands need is imported where it is used, so that `status` starts at once.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from webduh_console.model.audit import Act
from webduh_console.model.events import Event
from webduh_console.model.inventory import Found, Kind
from webduh_console.model.names import AppKey
from webduh_console.model.observe import Fact
from webduh_console.model.plan import Plan
from webduh_console.model.release import Actual, Release, Spec
from webduh_console.model.target import Ability, Step
from webduh_console.targets.local import launch
from webduh_console.targets.local.layout import Layout
from webduh_console.targets.local.observing import observe
from webduh_console.targets.local.record import FileRecord, Seals, audit, audits
from webduh_console.targets.local.supervisor.client import Supervisor

if TYPE_CHECKING:
    from webduh_console.model.drift import Drift
    from webduh_console.model.schedules import ScheduledRun, ScheduleState
    from webduh_console.targets.local.builder import LocalBuilder
    from webduh_console.targets.local.inventory import LocalInventory
    from webduh_console.targets.local.logs import LocalLogs
    from webduh_console.targets.local.metrics import LocalMetrics
    from webduh_console.targets.local.steps import Parts

PLACE = "local"


class LocalTarget:
    """A `Target` whose one place is this machine. `root` holds everything; `cache` is what builds may keep."""

    kind = "local"
    kinds: tuple[Kind, ...] = ("processes", "disk")
    abilities = frozenset({Ability.OVERLAP, Ability.DRAIN, Ability.VOLUMES, Ability.SCALE})
    places: tuple[str, ...] = (PLACE,)

    def __init__(self, name: str, root: Path, cache: Path, sealer: Callable[[], Seals]) -> None:
        self.name = name
        self.layout = Layout(root)
        self.supervisor = Supervisor(root)
        self._cache, self._sealer = cache, sealer

    @cached_property
    def _parts(self) -> "Parts":
        from webduh_console.targets.local.steps import Parts

        return Parts(self.layout, self.supervisor, self.wake)

    def wake(self) -> Iterator[Event]:
        """Start the supervisor if it does not run, and in it everything that should serve."""
        from webduh_console.targets.local.waking import wake

        return wake(self.layout, self.supervisor, lambda key: self.record(key, PLACE))

    def facts(self) -> Iterator[Fact]:
        """Everything it needs, read-only."""
        from webduh_console.targets.local.checks import machine_facts

        return machine_facts(self.layout, self.supervisor)

    def setup(self) -> Sequence[Step]:
        """One step: wake."""
        from webduh_console.targets.local.waking import Wake

        return (Wake(parts=self._parts, name="wake"),)

    def keys(self) -> Sequence[AppKey]:
        """Every app and environment that has a folder here."""
        return self.layout.all_keys()

    def observe(self, keys: Sequence[AppKey] | None = None) -> Mapping[AppKey, Actual]:
        """What serves now."""
        found = observe(self.keys() if keys is None else keys, self.supervisor, lambda key: self.record(key, PLACE))
        return {key: self._with_runs(seen) for key, seen in found.items()}

    def _with_runs(self, seen: Actual) -> Actual:
        if seen.release is None or not seen.release.spec.schedules:
            return seen
        from webduh_console.targets.local.schedules import ended

        return msgspec.structs.replace(seen, ended=ended(self.layout, seen.release))

    def running_releases(self, key: AppKey, place: str) -> Set[int]:
        """The releases that the supervisor has an instance of."""
        states = self.supervisor.list() if self.supervisor.alive() else []
        return {state.release for state in states if state.slug == key.slug and not state.scheduled}

    def placed(self, key: AppKey, spec: Spec) -> Spec:
        """The spec with a stable port."""
        from webduh_console.targets.local import ports

        return ports.placed(f"{self.layout.root}/{key.slug}", spec, self._current(key), self._taken(key))

    def preflight(self, plan: Plan) -> Iterator[Fact]:
        """Tools, disk, port and domains."""
        from webduh_console.targets.local.checks import plan_facts

        others = {key: release for key in self.keys() if key != plan.key and (release := self._current(key))}
        return plan_facts(plan, self.layout, self.supervisor, others)

    def builder(self) -> "LocalBuilder":
        """Builds in a folder of its own."""
        from webduh_console.targets.local.builder import LocalBuilder

        def named(key: AppKey) -> set[str]:
            return {release.artifact.digest for release in self.record(key, PLACE).releases()}

        return LocalBuilder(self.layout, self._cache, named)

    def steps(self, plan: Plan) -> Sequence[Step]:
        """Address, artifact, release process, start, healthy; route, workers; watch."""
        from webduh_console.targets.local.order import deployment_steps

        return deployment_steps(self._parts, plan)

    def url(self, plan: Plan) -> str:
        """`http://localhost:PORT`."""
        image = launch.makes_image(plan)
        web = any(process.name == "web" for process in launch.processes(plan.spec, image))
        return launch.address(plan.spec, web)

    def retire(self, plan: Plan, number: int, place: str) -> Step:
        """Drain and stop a release's instances."""
        from webduh_console.targets.local.steps import Retire

        return Retire(parts=self._parts, name=f"retire-{number}", number=number)

    def discard(self, release: Release, place: str) -> Step:
        """Remove a release's logs, and its artifact if no other release names it."""
        from webduh_console.targets.local.removal import Discard

        return Discard(
            parts=self._parts,
            name=f"discard-{release.number}",
            phase="retire",
            release=release,
            record=self.record(release.key, place),
        )

    def remove(self, key: AppKey, volumes: bool = False) -> Sequence[Step]:
        """Stop, give the port back, remove artifacts and logs."""
        from webduh_console.targets.local.removal import RemoveFiles, StopAll

        return (
            StopAll(parts=self._parts, name="stop", phase="retire", key=key),
            RemoveFiles(parts=self._parts, name="files", phase="retire", key=key, volumes=volumes),
        )

    def record(self, key: AppKey, place: str) -> FileRecord:
        """What it remembers of an app in an environment."""
        return FileRecord(self.layout.app(key), key, self._sealer)

    def recorded(self) -> Sequence[AppKey]:
        """Every app and environment that has a folder here."""
        return self.keys()

    def drift(self, keys: Sequence[AppKey] | None = None) -> "Iterator[Drift]":
        """What somebody changed by hand in these apps, or in all of them. Read-only."""
        from webduh_console.targets.local.drift import drift

        chosen = self.keys() if keys is None else keys
        return drift(self.layout, self.supervisor, [self.record(key, PLACE) for key in chosen])

    def sbom(self, release: Release, version: str) -> bytes:
        """The packages in the folder of a release, as CycloneDX."""
        from webduh_console.targets.local.itemizing import bill

        return bill(self.layout, self.layout.app(release.key) / "releases" / str(release.number), release, version)

    def note(self, line: str) -> None:
        """Append a line on who did what to this machine as a target."""
        audit(self.layout.root / "audit.log", line)

    def audits(self) -> list[Act]:
        """Who did what here, oldest first; to removed apps, too."""
        found = [act for key in self.keys() for act in self.record(key, PLACE).audits()]
        return sorted([*audits(self.layout.root / "audit.log"), *found], key=lambda act: act.at)

    def inventory(self, kind: Kind) -> Found:
        """All there is of a kind on this machine."""
        return Found(tuple(self._inventory.of(kind)))

    @cached_property
    def _inventory(self) -> "LocalInventory":
        from webduh_console.targets.local.inventory import LocalInventory

        return LocalInventory(self.name, self._secrets)

    def _secrets(self) -> Iterator[str]:
        """The secret values of every kept release."""
        for record in (self.record(key, PLACE) for key in self.keys()):
            for release in record.releases():
                yield from (each.value for each in record.read(release.number).variables.values() if each.secret)

    def schedules(self, keys: Sequence[AppKey] | None = None) -> "Sequence[ScheduleState]":
        """The schedules of what serves here."""
        from webduh_console.targets.local.schedules import states

        chosen = self.keys() if keys is None else keys
        return states(self.layout, self.supervisor, [r for key in chosen if (r := self._current(key))])

    def runs(self, key: AppKey, name: str | None = None) -> "Sequence[ScheduledRun]":
        """What became of the runs of an app's schedules."""
        from webduh_console.targets.local.schedules import runs

        return runs(self.layout, self.supervisor, key, name)

    def run_now(self, key: AppKey, name: str, by: str) -> "ScheduledRun":
        """Start a run now; the supervisor is started if it does not run."""
        from webduh_console.targets.local.schedules import run_now

        return run_now(self._parts, self._current(key), key, name, by)

    def logs(self) -> "LocalLogs":
        """The logs of its instances."""
        from webduh_console.targets.local.logs import LocalLogs

        return LocalLogs(self.layout)

    def metrics(self) -> "LocalMetrics":
        """The figures of its instances."""
        from webduh_console.targets.local.metrics import LocalMetrics

        return LocalMetrics(self.supervisor)

    def stop(self) -> None:
        """Stop everything that runs here; the next deployment, or `webduh target start local`, starts it again."""
        self.supervisor.shutdown()

    def _current(self, key: AppKey) -> Release | None:
        record = self.record(key, PLACE)
        number = record.current()
        return record.release(number) if number is not None else None

    def _taken(self, key: AppKey) -> set[int]:
        """The ports of the other apps here."""
        others = (self._current(other) for other in self.keys() if other != key)
        return {route.port for release in others if release for route in release.spec.routes}
