"""Several servers as one target: each does what a single server does, and their answers are put together."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

from webduh_console.errors import NotFoundError, TargetError, WebduhError
from webduh_console.model.inventory import KINDS, Found, Kind
from webduh_console.model.names import AppKey
from webduh_console.model.observe import Fact, LogSource, MetricSource
from webduh_console.model.plan import Plan
from webduh_console.model.registry import Registry
from webduh_console.model.release import Actual, Release, Spec
from webduh_console.model.schedules import ScheduledRun, ScheduleState, newest_first
from webduh_console.model.standing import Standing
from webduh_console.model.target import Builder, Record, Step
from webduh_console.targets.scheduling import missing
from webduh_console.targets.server import merging
from webduh_console.targets.server.containers import url_of
from webduh_console.targets.server.keeping import kept
from webduh_console.targets.server.target import ServerTarget

if TYPE_CHECKING:
    from webduh_console.targets.server.registries import Spread

T = TypeVar("T")
AT_ONCE = 100
SILENT_FOR = 20.0
"""Seconds for which a server that did not answer is not asked again, so that a command waits for it once."""


class Silence:
    """Which servers did not answer a moment ago. Shared by all who ask the same servers; safe from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._since: dict[str, tuple[float, TargetError]] = {}

    def of(self, place: str) -> TargetError | None:
        """Why a server did not answer; None when it may be asked."""
        with self._lock:
            at, error = self._since.get(place, (0.0, None))
        return error if error is not None and time.monotonic() - at < SILENT_FOR else None

    def keep(self, place: str, error: TargetError) -> None:
        """Take note of a server that did not answer."""
        with self._lock:
            self._since[place] = (time.monotonic(), error)


class Fleet:
    """A `Target` whose places are servers, by their names; each can be asked alone (`Several`)."""

    kind = "servers"
    kinds = KINDS
    abilities = ServerTarget.abilities

    def __init__(
        self,
        name: str,
        servers: Mapping[str, ServerTarget],
        whole: "Fleet | None" = None,
        registry: Callable[[], Registry | None] = lambda: None,
    ) -> None:
        self.name = name
        self._registry = registry
        self.servers = {place: servers[place] for place in sorted(servers)}
        self.places = tuple(self.servers)
        self._whole = whole or self
        self._silence: Silence = whole._silence if whole else Silence()

    def at(self, place: str) -> ServerTarget:
        """One of its servers; NotFoundError names those there are."""
        if place not in self.servers:
            raise NotFoundError(
                f"{place} is no server of {self.name}.",
                kept="Nothing was changed.",
                hint=f"There is: {', '.join(self.places)}.",
            )
        return self.servers[place]

    @kept
    def spread(self) -> "Spread":
        """How an image comes from one server to the others through a registry, if one is configured."""
        from webduh_console.targets.server.registries import Spread

        return Spread(self.name, self._registry)

    def only(self, places: tuple[str, ...]) -> "Fleet":
        """The same target with these servers alone."""
        return Fleet(self.name, {place: self.at(place) for place in places}, self._whole)

    def asked(self, ask: Callable[[ServerTarget], T]) -> dict[str, T | WebduhError]:
        """Ask every server the same, all at once; in the order of places, an error for one that has no answer."""

        def one(place: str) -> T | WebduhError:
            if (silent := self._silence.of(place)) is not None:
                return silent
            server = self.servers[place]
            try:
                return ask(server)
            except TargetError as error:
                if not server.met:
                    self._silence.keep(place, error)
                return error
            except WebduhError as error:
                return error

        with ThreadPoolExecutor(min(AT_ONCE, len(self.places))) as pool:
            return dict(zip(self.places, pool.map(one, self.places), strict=True))

    def _answered(self, ask: Callable[[ServerTarget], T]) -> dict[str, T]:
        """The answers of those that have one; the first error when nobody has."""
        answers = self._answers(ask)
        return {place: answer for place, answer in answers.items() if not isinstance(answer, WebduhError)}

    def _answers(self, ask: Callable[[ServerTarget], T]) -> dict[str, T | WebduhError]:
        """As `asked`; the first error when nobody has an answer."""
        answers = self.asked(ask)
        errors = [answer for answer in answers.values() if isinstance(answer, WebduhError)]
        if len(errors) == len(answers):
            raise errors[0]
        return answers

    def facts(self) -> Iterator[Fact]:
        """Everything each server needs, read-only; one that does not answer is a fact, too."""
        for place, answer in self.asked(lambda server: list(server.facts())).items():
            yield from merging.facts(place, answer)

    def inventory(self, kind: Kind) -> Found:
        """All there is of a kind on every server that answers, and which do not; TargetError when none does."""
        answers = self._answers(lambda server: server.inventory(kind))
        return merging.inventories(answers)

    def setup(self) -> Sequence[Step]:
        """Every server's, one after the other."""
        return [step for server in self.servers.values() for step in server.setup()]

    def keys(self) -> Sequence[AppKey]:
        """Every app that was deployed to this target and has a record on a server that answers."""
        found = self._answered(lambda server: server.keys_of(self.name))
        return sorted({key for keys in found.values() for key in keys})

    def observe(self, keys: Sequence[AppKey] | None = None) -> Mapping[AppKey, Actual]:
        """What serves now, merged; a server that does not answer, or is behind, is named in the reason."""
        if keys is None:
            answers = self.asked(lambda server: server.observe_of(self.name))
        else:
            answers = self.asked(lambda server: server.observe(keys))
        found = {place: answer for place, answer in answers.items() if not isinstance(answer, WebduhError)}
        silent = {place: answer for place, answer in answers.items() if isinstance(answer, WebduhError)}
        if not found:
            raise next(iter(silent.values()))
        why = {place: merging.reason(error) for place, error in silent.items()}
        chosen = sorted({key for answer in found.values() for key in answer}) if keys is None else keys
        return {
            key: merging.actual(key, {place: answer.get(key, Actual(key)) for place, answer in found.items()}, why)
            for key in chosen
        }

    def running_releases(self, key: AppKey, place: str) -> Set[int]:
        """The releases of which a container runs on one server."""
        return self.at(place).running_releases(key, place)

    def standing(self, key: AppKey) -> Standing:
        """What serves where; the first error when no server answers."""
        answers = self.asked(lambda server: _current(server, key))
        current = {p: answer for p, answer in answers.items() if not isinstance(answer, WebduhError)}
        if not current:
            raise next(answer for answer in answers.values() if isinstance(answer, WebduhError))
        silent = {p: merging.reason(answer) for p, answer in answers.items() if isinstance(answer, WebduhError)}
        return Standing(current, silent)

    def placed(self, key: AppKey, spec: Spec) -> Spec:
        """The spec as on any of its servers."""
        return self.servers[self.places[0]].placed(key, spec)

    def preflight(self, plan: Plan) -> Iterator[Fact]:
        """What each server says, and whether it can run what the first that answers builds."""
        chosen = self.only(plan.places) if plan.places else self
        answers = chosen.asked(lambda server: (list(server.preflight(plan)), server.engine.version().arch))
        processors: dict[str, str] = {}
        for place, answer in answers.items():
            if isinstance(answer, WebduhError):
                yield merging.unreachable(place, answer)
            else:
                yield from answer[0]
                processors[place] = answer[1]
        yield from merging.architectures(processors)

    def builder(self) -> Builder:
        """Builds on the first server alone; the others are brought the image."""
        return self.servers[self.places[0]].builder()

    def steps(self, plan: Plan) -> Sequence[Step]:
        """Those of every server as one of several; none of a server that does not answer."""
        from webduh_console.targets.server.bringing import as_one_of

        sources = self._whole.asked(lambda server: server.parts)
        every = [parts for parts in sources.values() if not isinstance(parts, WebduhError)]
        first, *others = self.places
        return [
            step
            for parts in every
            if parts.place in self.servers
            for step in as_one_of(
                plan,
                self.at(parts.place).steps(plan),
                parts,
                every,
                self._whole.spread,
                parts.place == first,
                bool(others),
            )
        ]

    def url(self, plan: Plan) -> str:
        """`http://` and the first host; empty when nothing leads to it."""
        return url_of(plan.spec)

    def retire(self, plan: Plan, number: int, place: str) -> Step:
        """Drain and stop a release's instances on one server."""
        return self.at(place).retire(plan, number, place)

    def discard(self, release: Release, place: str) -> Step:
        """Remove what a release left on one server."""
        return self.at(place).discard(release, place)

    def remove(self, key: AppKey, volumes: bool = False) -> Sequence[Step]:
        """The steps of every server."""
        return [step for server in self.servers.values() for step in server.remove(key, volumes)]

    def record(self, key: AppKey, place: str) -> Record:
        """What one server remembers of an app."""
        return self.at(place).record(key, place)

    def sbom(self, release: Release, version: str) -> bytes:
        """The packages in the image of a release, told by the first server that has it."""
        return self.at(self.standing(release.key).lead).sbom(release, version)

    def schedules(self, keys: Sequence[AppKey] | None = None) -> Sequence[ScheduleState]:
        """The schedules of what serves, each on the one server that runs it."""
        answers = self._answered(lambda server: server.schedules(server.keys_of(self.name) if keys is None else keys))
        return [state for states in answers.values() for state in states]

    def runs(self, key: AppKey, name: str | None = None) -> Sequence[ScheduledRun]:
        """What became of the runs, wherever they were."""
        answers = self._answered(lambda server: server.runs(key, name))
        return newest_first(run for runs in answers.values() for run in runs)

    def run_now(self, key: AppKey, name: str, by: str) -> ScheduledRun:
        """Start a run on the server that runs the schedule."""
        states = self.schedules([key])
        place = next((state.place for state in states if state.schedule.name == name), None)
        if place is None:
            raise missing(key, name, [state.schedule.name for state in states])
        return self.at(place).run_now(key, name, by)

    def logs(self) -> LogSource:
        """The logs of all servers, merged by time."""
        from webduh_console.targets.server.fleet_logs import FleetLogs

        return FleetLogs({place: server.logs() for place, server in self.servers.items()})

    def metrics(self) -> MetricSource:
        """The figures of all servers, each series labelled with its place."""
        from webduh_console.targets.server.merging import FleetMetrics

        return FleetMetrics(self)

    def enter(self, key: AppKey, process: str) -> int:
        """A shell in a running instance, on the first server that has one."""
        return self._host(key).enter(key, process)

    def run(self, key: AppKey, argv: Sequence[str]) -> int:
        """A program once, on the first server where the newest release serves."""
        return self._host(key).run(key, argv)

    def _host(self, key: AppKey) -> ServerTarget:
        return self.at(self.standing(key).lead)


def _current(server: ServerTarget, key: AppKey) -> Release | None:
    from webduh_console.targets.server.snapshots import look

    seen = look(server.folder, key)
    return seen.release(seen.current) if seen.current is not None else None
