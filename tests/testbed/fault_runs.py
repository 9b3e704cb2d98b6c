"""Faults are done to deployments: each after its line, with visitors from outside, and a look at what is left."""

import itertools
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

from fault_client import HaltingClient
from fault_kinds import KINDS, Kind, outcome
from fault_world import Lane, Subject, make_subject
from faults import Case, Topology
from program import until
from server import Server
from visiting import Visits

W = TypeVar("W")
T = TypeVar("T")
PATIENCE = 60.0
BRIEF_PATIENCE = 3.0
"""How long the client tries again what goes wrong: as everybody's does, and where the line stays cut."""
LIMIT = 150.0
BACK_WITHIN = 30.0
"""In how many seconds an app must be answered once its server's Docker is back. Nothing may fail after that."""
RESTARTS: Mapping[str, Callable[[Server], None]] = {"docker": Server.restart_docker, "reboot": Server.reboot}
Strike = Callable[[HaltingClient], None]


@dataclass
class Result:
    """What came of a case: how both commands ended, and the longest silence; `wrong` is empty when all is well."""

    case: Case
    client: str = ""
    then: str = ""
    silent: float = 0.0
    wrong: str = ""
    seconds: float = 0.0
    said: list[str] = field(default_factory=list)


class Bench:
    """Lanes, and the apps that each has for a kind of deployment on a topology."""

    def __init__(self, lanes: Sequence[Lane], kinds: Iterable[str] = KINDS) -> None:
        self.lanes = list(lanes)
        self.kinds = [KINDS[name] for name in kinds]
        self._subjects: dict[tuple[int, str, Topology], Subject] = {}
        self._numbers = itertools.count(1)

    def seen(self) -> dict[tuple[str, Topology], list[str]]:
        """The lines of every kind of deployment, found out by one that nothing befalls."""
        wanted = [(kind, topology) for kind in self.kinds for topology in kind.topologies]
        found = self._shared(wanted, lambda lane, each: self._lines(lane, *each))
        return {(kind.name, topology): lines for (kind, topology), lines in zip(wanted, found, strict=True)}

    def run(self, cases: Sequence[Case], tell: Callable[[Result], None] = lambda _: None) -> list[Result]:
        """Every case once: those that befall one client share the lanes out; Docker is restarted for all at once."""
        alone = [case for case in cases if case.fault not in RESTARTS]
        results = self._shared(
            alone, lambda lane, case: self._told(tell, lane, case, strike_of(lane, case)), self._cost
        )
        for batch in self._rounds([case for case in cases if case.fault in RESTARTS]):
            results += self._restarted(batch, tell)
        return results

    def _lines(self, lane: Lane, kind: Kind, topology: Topology) -> list[str]:
        subject = self._subject(lane, kind, topology)
        kind.prepare(subject)
        client = HaltingClient(lane.world, "", PATIENCE, kind.action, word_of(subject, kind))
        try:
            ended = client.ended(LIMIT)
            wanted = "reverted" if kind.name == "taken-back" else "done"
            assert ended["outcome"] == wanted, (kind.name, topology, ended, client.said)
            lines = list(dict.fromkeys(client.lines))
        finally:
            client.close()
        kind.mend(subject)
        subject.turn += 1
        return lines

    def _told(self, tell: Callable[[Result], None], lane: Lane, case: Case, strike: Strike) -> Result:
        began, kind, result = time.monotonic(), KINDS[case.kind], Result(case)
        try:
            befall(self._subject(lane, kind, case.topology), kind, result, strike)
        except Exception as error:  # noqa: BLE001 - it is what the table says of the case; the others go on
            result.wrong = f"{type(error).__name__}: {error}"
            self._subjects.pop((lane.number, kind.name, case.topology), None)  # whatever is left of it
        result.seconds = time.monotonic() - began
        tell(result)
        return result

    def _subject(self, lane: Lane, kind: Kind, topology: Topology) -> Subject:
        place = (lane.number, kind.name, topology)
        if place not in self._subjects:
            name = f"{kind.name}-{topology}-{next(self._numbers)}"
            config = {**kind.config, "project": name} if not kind.serves else kind.config
            self._subjects[place] = made = make_subject(lane, name, config, topology == "three")
            if kind.serves:
                made.deploy()
        return self._subjects[place]

    def _cost(self, lane: Lane, case: Case) -> int:
        """0 when a lane has the app to which it is done, for one more is a deployment more; 2 when another has it."""
        has = {number for number, *rest in list(self._subjects) if rest == [case.kind, case.topology]}
        return 0 if lane.number in has else 2 if has else 1

    # Lanes

    def _shared(
        self, works: Sequence[W], do: Callable[[Lane, W], T], cost: Callable[[Lane, W], int] = lambda *_: 0
    ) -> list[T]:
        """Do all of them; each lane that is free takes what costs it least. The answers are in the order of `works`."""
        waiting, taking = dict(enumerate(works)), threading.Lock()
        answers: dict[int, T] = {}

        def work(lane: Lane) -> None:
            while True:
                with taking:
                    if not waiting:
                        return
                    number = min(waiting, key=lambda n: (cost(lane, waiting[n]), n))
                    each = waiting.pop(number)
                answers[number] = do(lane, each)

        with ThreadPoolExecutor(len(self.lanes)) as hands:
            list(hands.map(work, self.lanes))
        return [answers[number] for number in range(len(works))]

    def _rounds(self, cases: Sequence[Case]) -> Iterator[list[Case]]:
        """As many cases at once as there are lanes, whose Dockers or servers are restarted together."""
        groups: dict[tuple[str, str], list[Case]] = {}
        for case in cases:
            where = "all" if case.topology == "one" or case.everywhere else case.place
            groups.setdefault((case.fault, where), []).append(case)
        for own in groups.values():
            for start in range(0, len(own), len(self.lanes)):
                yield own[start : start + len(self.lanes)]

    def _restarted(self, cases: Sequence[Case], tell: Callable[[Result], None]) -> list[Result]:
        case, lane = cases[0], self.lanes[0]
        everywhere = case.topology == "one" or case.everywhere
        servers = lane.world.servers if everywhere else [lane.world[case.place]]
        restart = Restart(RESTARTS[case.fault], servers, len(cases))
        free = list(self.lanes)
        chosen: list[tuple[Lane, Case]] = []
        for each in cases:
            chosen.append((min(free, key=partial(self._cost, case=each)), each))
            free.remove(chosen[-1][0])
        with ThreadPoolExecutor(len(cases)) as hands:
            return list(hands.map(lambda each: self._told(tell, *each, restart), chosen))


def word_of(subject: Subject, kind: Kind) -> str:
    """What its command is given."""
    return subject.word if kind.action == "deploy" else subject.first.name


def befall(subject: Subject, kind: Kind, result: Result, strike: Strike) -> None:
    """Let the fault befall a deployment, then run the next command. AssertionError says what is wrong; what came of it
    until then is in the result."""
    case = result.case
    line = case.line if case.topology == "three" else f"{case.act} {subject.lane.own}"
    kind.prepare(subject)
    patience = BRIEF_PATIENCE if case.fault == "gone" else PATIENCE
    visits = subject.visits() if kind.serves else {}
    with ExitStack() as stack:
        for visit in visits.values():
            stack.enter_context(visit)
        client = HaltingClient(subject.lane.world, line, patience, kind.action, word_of(subject, kind))
        stack.callback(client.close)
        stack.callback(lambda: [relay.open() for relay in subject.lane.relays.values()])
        assert client.halted(LIMIT), (
            f"it never wrote {line}, ended with {client.code}: {client.lines} {client.said[-3:]}"
        )
        strike(client)
        if case.fault in RESTARTS:
            await_answers(visits, kind.pauses)
        ended = client.ended(LIMIT)
        result.client = ended["outcome"]
        result.said = [*client.said, *ended["error"].values()]
        name_the_server(case, ended, subject)
        for relay in subject.lane.relays.values():
            relay.open()
        result.then = outcome(kind.mend(subject))
        if kind.pauses:
            await_answers(visits, False)
        for visit in visits.values():
            visit.next_answer()
    result.silent = max((visit.silent for visit in visits.values()), default=0.0)
    subject.turn += 1
    if kind.serves:
        subject.assert_clean()
    failures = {place: visit.failures[:3] for place, visit in visits.items() if visit.failures}
    assert not failures, failures


def name_the_server(case: Case, ended: Mapping[str, object], subject: Subject) -> None:
    """A client that did not do it says where it went wrong."""
    assert ended["outcome"] in ("killed" if case.fault == "kill" else "done", "reverted", "failed"), ended
    error = ended["error"]
    if ended["outcome"] == "failed" and isinstance(error, dict):
        assert any(place in " ".join(error.values()) for place in subject.places), error


def await_answers(visits: Mapping[str, Visits], pauses: bool) -> None:
    """Every server answers again soon; what failed until then is forgiven."""
    if pauses:
        return
    deadline = time.monotonic() + BACK_WITHIN
    for place, visit in visits.items():
        count = visit.good
        while visit.good == count:
            assert time.monotonic() < deadline, f"{place} was not answered in {BACK_WITHIN:g} s: {visit.failures[-1:]}"
            visit.next_answer()
        visit.forgive()


def strike_of(lane: Lane, case: Case) -> Strike:
    """What befalls the client of a lane alone."""
    place = case.place if case.topology == "three" else lane.own
    relays = lane.relays.values() if case.everywhere else [lane.relays[place]]

    def strike(client: HaltingClient) -> None:
        if case.fault == "kill":
            client.kill()
            return
        for relay in relays:
            relay.shut() if case.fault == "gone" else relay.break_off()
        client.go_on()

    return strike


class Restart:
    """Some servers, or their Dockers, are restarted once all who wait for it have halted; they go on while it lasts."""

    def __init__(self, restart: Callable[[Server], None], servers: Sequence[Server], waiting: int) -> None:
        self._how, self._servers = restart, servers
        self._all = threading.Barrier(waiting, self._begin, timeout=2 * LIMIT)
        self._over = threading.Event()

    def __call__(self, client: HaltingClient) -> None:
        """Wait for the others, go on, and wait until Docker is back."""
        self._all.wait()
        client.go_on()
        assert self._over.wait(LIMIT), "Docker did not come back"

    def _begin(self) -> None:
        threading.Thread(target=self._restart, daemon=True).start()
        until(lambda: not any(server.docker_answers() for server in self._servers), "Docker did not stop")

    def _restart(self) -> None:
        with ThreadPoolExecutor(len(self._servers)) as hands:
            list(hands.map(self._how, self._servers))
        self._over.set()
