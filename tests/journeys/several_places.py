"""A target of several local targets, for deployments to several places at once."""

import os
import signal
import sys
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from webduh_console.frameworks.tree import fingerprint
from webduh_console.model.build import BuildPlan, Process
from webduh_console.model.names import AppKey
from webduh_console.model.observe import Fact
from webduh_console.model.plan import Plan
from webduh_console.model.release import Actual, Artifact, Health, Release, Route, SourceRef, Spec
from webduh_console.model.target import Builder, CancelToken, Figures, Record, Run, Step, Work
from webduh_console.targets.local.target import LocalTarget

KEY = AppKey("default", "shop", "production")
PLACES = ("a", "b", "c")


@dataclass(frozen=True)
class At:
    """A local step at one of several places, where the app has its own port. With `kills` the client dies after it."""

    step: Any
    place: str
    port: int
    kills: bool = False

    @property
    def name(self) -> str:
        """The step's word."""
        return str(self.step.name)

    @property
    def phase(self) -> Any:
        """The step's phase."""
        return self.step.phase

    def do(self, run: Run) -> Work:
        """Do it with this place's port."""
        answer: Figures = yield from self.step.do(self._here(run))
        if self.kills:
            os.kill(os.getpid(), signal.SIGKILL)
        return answer

    def undo(self, run: Run) -> Work:
        """Undo it with this place's port."""
        answer: Figures = yield from self.step.undo(self._here(run))
        return answer

    def _here(self, run: Any) -> Any:
        previous = with_port(run.previous, self.port) if run.previous else None
        release = with_port(run.release, self.port)
        return type(run)(run.plan, run.cancel, release, previous, run.record, run.lease)


def with_port(release: Release, port: int) -> Release:
    """The release as it is at a place with this port."""
    return msgspec.structs.replace(release, spec=msgspec.structs.replace(release.spec, routes=(Route(port=port),)))


@dataclass
class SpreadBuilder:
    """Builds at every place, one after the other."""

    builders: list[Any]

    def build(self, plan: Plan, cancel: CancelToken) -> Any:
        """The artifact, the same everywhere."""
        artifact: Artifact | None = None
        for builder in self.builders:
            artifact = yield from builder.build(plan, cancel)
        assert artifact is not None
        return artifact


@dataclass
class Spread:
    """A target of several local targets, each with a supervisor of its own.

    `kills` is `PLACE STEP`: after that the client dies.
    """

    targets: dict[str, LocalTarget]
    ports: dict[str, int]
    kills: str = ""
    name: str = "spread"
    kind: str = "spread"
    abilities: frozenset[Any] = frozenset()
    places: tuple[str, ...] = field(default=PLACES)

    def facts(self) -> Iterator[Fact]:
        """Those of every place."""
        for target in self.targets.values():
            yield from target.facts()

    def setup(self) -> Sequence[Step]:
        """Nothing."""
        return ()

    def keys(self) -> Sequence[AppKey]:
        """Every app anywhere."""
        return sorted({key for target in self.targets.values() for key in target.keys()})  # noqa: SIM118

    def observe(self, keys: Sequence[AppKey] | None = None) -> Mapping[AppKey, Actual]:
        """The instances of every place, each with its place."""
        keys = self.keys() if keys is None else keys
        seen = {place: target.observe(keys) for place, target in self.targets.items()}
        return {
            key: msgspec.structs.replace(
                seen[PLACES[0]][key],
                instances=tuple(
                    msgspec.structs.replace(instance, place=place)
                    for place in PLACES
                    for instance in seen[place][key].instances
                ),
            )
            for key in keys
        }

    def running_releases(self, key: AppKey, place: str) -> Set[int]:
        """Those of one place."""
        return self.targets[place].running_releases(key, place)

    def placed(self, key: AppKey, spec: Spec) -> Spec:
        """The spec as it is."""
        return spec

    def preflight(self, plan: Plan) -> Iterator[Fact]:
        """Nothing is in the way."""
        yield from ()

    def builder(self) -> Builder:
        """Builds everywhere."""
        return SpreadBuilder([target.builder() for target in self.targets.values()])

    def steps(self, plan: Plan) -> Sequence[Step]:
        """The steps of every place."""
        return [self._at(step, place) for place, target in self.targets.items() for step in target.steps(plan)]

    def url(self, plan: Plan) -> str:
        """The first place's."""
        return f"http://localhost:{self.ports[PLACES[0]]}"

    def retire(self, plan: Plan, number: int, place: str) -> Step:
        """At one place."""
        return self._at(self.targets[place].retire(plan, number, "local"), place)

    def discard(self, release: Release, place: str) -> Step:
        """At one place."""
        return self._at(self.targets[place].discard(release, "local"), place)

    def remove(self, key: AppKey, volumes: bool = False) -> Sequence[Step]:
        """At every place."""
        return [self._at(step, place) for place, target in self.targets.items() for step in target.remove(key, volumes)]

    def record(self, key: AppKey, place: str) -> Record:
        """Of one place."""
        return self.targets[place].record(key, "local")

    def logs(self) -> Any:
        """Of the first place."""
        return self.targets[PLACES[0]].logs()

    def metrics(self) -> Any:
        """Of the first place."""
        return self.targets[PLACES[0]].metrics()

    def _at(self, step: Any, place: str) -> At:
        return At(step, place, self.ports[place], self.kills == f"{place} {step.name}")


def no_key() -> Any:
    """These apps have no variables to seal."""
    raise AssertionError("no variable is to be sealed")


def spread(root: Path, ports: Sequence[int], kills: str = "") -> Spread:
    """Three places under a root."""
    targets = {place: LocalTarget(place, root / place, root / "cache", no_key) for place in PLACES}
    return Spread(targets, dict(zip(PLACES, ports, strict=True)), kills)


def plan(source: Path, number: int, base: int | None) -> Plan:
    """The plan of a deployment."""
    start = (sys.executable, "program.py")
    process = (Process("web", start), Process("worker", ("sleep", "1000")))
    return Plan(
        id=f"deployment-{number}",
        key=KEY,
        target="spread",
        action="deploy",
        source=SourceRef(str(source), fingerprint(source).digest),
        spec=Spec(
            framework="custom",
            processes=process,
            health=Health(timeout=10, interval=0.05),
            routes=(Route(port=1),),
            watch=0,
            drain=1,
        ),
        by="ada@here",
        trigger="command",
        build=BuildPlan(framework="custom", language="python", processes=process),
        base=base,
        made=datetime.now(UTC),
    )
