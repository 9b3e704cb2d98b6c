"""A target small enough to see through: its steps make and remove files, and write down what they did."""

import threading
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from webduh_console.engine.deployment import apply
from webduh_console.engine.stream import EventStream
from webduh_console.errors import UnhealthyError
from webduh_console.model.build import BuildPlan
from webduh_console.model.events import AnyEvent, Event, Output, Phase
from webduh_console.model.names import AppKey
from webduh_console.model.observe import Fact, LogLine, LogSelector, MetricQuery, Series
from webduh_console.model.plan import Plan
from webduh_console.model.release import Actual, Artifact, Instance, Release, SourceRef, Spec, Variable
from webduh_console.model.target import CancelToken, Run, Step, Work
from webduh_console.targets.local.record import FileRecord

KEY = AppKey("default", "shop", "production")


class Plain:
    """No seal at all."""

    def seal(self, text: str, place: str) -> str:
        return text

    def open(self, sealed: str, place: str) -> str:
        return sealed


class Silent:
    """The logs and figures of files: there are none."""

    def read(self, selector: LogSelector, *when: Any, **how: Any) -> Iterator[LogLine]:
        yield from ()

    def range(self, query: MetricQuery, start: datetime, end: datetime, step: float) -> list[Series]:
        return []


@dataclass
class SmallTarget:
    """`wishes` maps `step` or `step at place` (`undo step` for the way back) to what happens in its middle."""

    root: Path
    places: tuple[str, ...] = ("a",)
    wishes: dict[str, Callable[[Run], None]] = field(default_factory=dict)
    facts_of_plan: tuple[Fact, ...] = ()
    name: str = "small"
    kind: str = "small"
    abilities: frozenset[Any] = frozenset()

    def __post_init__(self) -> None:
        self._lock = threading.Lock()

    @property
    def acts(self) -> list[str]:
        """What was done, in its order: `do start a`."""
        path = self.root / "acts"
        return path.read_text().splitlines() if path.exists() else []

    def act(self, text: str) -> None:
        with self._lock, (self.root / "acts").open("a") as file:
            file.write(text + "\n")

    def wish(self, text: str, place: str, run: Run) -> None:
        for name in (text, f"{text} at {place}"):
            if name in self.wishes:
                self.wishes[name](run)

    def running(self, place: str) -> list[int]:
        """The releases that have an instance at a place."""
        return sorted(int(path.name) for path in (self.root / place).glob("instances/*"))

    def routed(self, place: str) -> str:
        """The release a place's address leads to."""
        path = self.root / place / "route"
        return path.read_text() if path.exists() else ""

    # The protocol

    def facts(self) -> Iterator[Fact]:
        yield from ()

    def setup(self) -> Sequence[Step]:
        return ()

    def keys(self) -> Sequence[AppKey]:
        return (KEY,)

    def observe(self, keys: Sequence[AppKey] | None = None) -> Mapping[AppKey, Actual]:
        instances = tuple(
            Instance(f"{place}-{number}", KEY, "web", number, place, "running")
            for place in self.places
            for number in self.running(place)
        )
        return {KEY: Actual(KEY, instances=instances)}

    def running_releases(self, key: AppKey, place: str) -> set[int]:
        return set(self.running(place))

    def placed(self, key: AppKey, spec: Spec) -> Spec:
        return spec

    def preflight(self, plan: Plan) -> Iterator[Fact]:
        yield from self.facts_of_plan

    def builder(self) -> "SmallTarget":
        return self

    def build(self, plan: Plan, cancel: CancelToken) -> Generator[Event, None, Artifact]:
        yield Output(text="building with hunter22", stream="stdout")
        self.act("build")
        if "build" in self.wishes:
            self.wishes["build"](None)  # type: ignore[arg-type]
        return Artifact("sha256:1", files=2, size=30)

    def steps(self, plan: Plan) -> Sequence[Step]:
        return [
            step
            for place in self.places
            for step in (
                FileStep(self, "start", place, "prepare"),
                FileStep(self, "healthy", place, "prepare"),
                FileStep(self, "route", place, "commit"),
                FileStep(self, "watch", place, "watch"),
            )
        ]

    def url(self, plan: Plan) -> str:
        return "http://shop.test"

    def retire(self, plan: Plan, number: int, place: str) -> Step:
        return FileStep(self, "retire", place, "retire", number)

    def discard(self, release: Release, place: str) -> Step:
        return FileStep(self, "discard", place, "retire", release.number)

    def remove(self, key: AppKey, volumes: bool = False) -> Sequence[Step]:
        return [FileStep(self, f"remove{' all' * volumes}", place, "retire") for place in self.places]

    def record(self, key: AppKey, place: str) -> FileRecord:
        return FileRecord(self.root / place / "record", key, Plain)

    def logs(self) -> "Silent":
        return Silent()

    def metrics(self) -> "Silent":
        return Silent()


@dataclass(frozen=True)
class FileStep:
    target: SmallTarget
    name: str
    place: str
    phase: Phase
    number: int = 0

    def do(self, run: Run) -> Work:
        yield Output(text=f"{self.name} begins")
        self.target.act(f"do {self.name} {self.place}" + (f" {self.number}" if self.number else ""))
        folder = self.target.root / self.place
        if self.name == "start":
            run.fence()
            (folder / "instances").mkdir(parents=True, exist_ok=True)
            (folder / "instances" / str(run.release.number)).touch()
        elif self.name == "route":
            run.fence()
            (folder / "route").write_text(str(run.release.number))
        elif self.name == "retire":
            (folder / "instances" / str(self.number)).unlink(missing_ok=True)
        self.target.wish(self.name, self.place, run)
        return {"count": 1.0}

    def undo(self, run: Run) -> Work:
        yield Output(text=f"{self.name} is taken back")
        self.target.act(f"undo {self.name} {self.place}")
        self.target.wish(f"undo {self.name}", self.place, run)
        folder = self.target.root / self.place
        if self.name == "start":
            (folder / "instances" / str(run.release.number)).unlink(missing_ok=True)
        elif self.name == "route" and run.previous:
            (folder / "route").write_text(str(run.previous.number))
        elif self.name == "route":
            (folder / "route").unlink(missing_ok=True)
        return {}


def plan(number: int = 1, base: int | None = None, **more: Any) -> Plan:
    wishes: dict[str, Any] = {
        "spec": Spec(framework="small", keep=2),
        "build": BuildPlan("small", ""),
        "variables": {"TOKEN": Variable("hunter22", secret=True)},
        **more,
    }
    return Plan(
        f"D{number}", KEY, "small", "deploy", SourceRef("/shop"), by="me", trigger="command", base=base, **wishes
    )


def deploy(target: SmallTarget, number: int = 1, base: int | None = None, **more: Any) -> list[AnyEvent]:
    """All events of a deployment to its end, when the leases are given back too."""
    stream = apply(target, plan(number, base, **more))
    return finished(stream)


def finished(stream: EventStream) -> list[AnyEvent]:
    events = list(stream)
    assert stream.ended.wait(10)
    return events


def fail(run: Run) -> None:
    raise UnhealthyError("It is not well, said hunter22.", why="Because of hunter22.", hint="Mend it.")
