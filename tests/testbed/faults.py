"""Which faults are tried after which lines of the journal. Pure: from the lines that deployments were seen to write."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import Literal, NamedTuple

Fault = Literal["kill", "cut", "gone", "docker", "reboot"]
FAULTS: tuple[Fault, ...] = ("kill", "cut", "gone", "docker")
"""The client is killed (-9); its connections are reset; the same, and none can be made until it has ended; the
server's Docker is restarted. After a few lines the whole server is."""
REBOOTED = frozenset({"do record", "do start", "do route", "do watch", "do retire-N", "undo start"})
Topology = Literal["one", "three"]
TOPOLOGIES: tuple[Topology, ...] = ("one", "three")
ACTS = ("do ", "undo ")
Seen = Mapping[tuple[str, Topology], Sequence[str]]
"""The lines that each kind of deployment wrote on each topology, in their order, each once: `do start a`."""


class Case(NamedTuple):
    """What befalls which deployment, and after which line. `everywhere`: all three servers, not the line's own."""

    kind: str
    topology: Topology
    line: str
    fault: Fault
    everywhere: bool = False

    @property
    def act(self) -> str:
        """The line without its place."""
        return act_of(self.line)

    @property
    def place(self) -> str:
        """The line's own."""
        return self.line.rpartition(" ")[2]


def act_of(line: str) -> str:
    """`do start a` without its place."""
    return line.rpartition(" ")[0]


def all_cases(seen: Seen) -> list[Case]:
    """Every line × every fault × every topology. Of a line that three servers have, each has its turn."""
    cases = []
    for (kind, topology), lines in seen.items():
        for number, (_, own) in enumerate(_by_act(lines)):
            for turn, fault in enumerate(FAULTS):
                line = own[(number + turn) % len(own)]
                cases.append(Case(kind, topology, line, fault, topology == "three" and (number + turn) % 2 == 1))
    return cases


def rebooted_cases(seen: Seen) -> list[Case]:
    """A few lines, after which the line's own server is rebooted."""
    return [
        Case(kind, topology, line, "reboot")
        for (kind, topology), lines in seen.items()
        for act, (line, *_) in _by_act(lines)
        if act in REBOOTED
    ]


def chosen_cases(seen: Seen) -> list[Case]:
    """Every line once; each has the next fault, and the next of the kinds of deployments and topologies that write it.

    Only acts have Docker restarted after them, on all servers at once: that takes long, and between acts nothing is
    under way.
    """
    turns = {True: 0, False: 0}
    cases = []
    for act in sorted({act_of(line) for lines in seen.values() for line in lines}):
        is_act = act.startswith(ACTS)
        turn = turns[is_act]
        turns[is_act] += 1
        offered = FAULTS if is_act else FAULTS[:2]
        where = [place for place, lines in seen.items() if act in map(act_of, lines)]
        kind, topology = where[(turn + turn // len(offered)) % len(where)]
        own = [line for line in seen[kind, topology] if act_of(line) == act]
        fault = offered[turn % len(offered)]
        everywhere = topology == "three" and (fault == "docker" or turn // len(offered) % 2 == 1)
        cases.append(Case(kind, topology, own[turn % len(own)], fault, everywhere))
    return cases


def uncovered(seen: Seen, cases: Iterable[Case]) -> list[str]:
    """What the cases leave out: a line, or a kind of deployment, a fault or a topology that no act had."""
    tried = list(cases)
    acts = [case for case in tried if case.act.startswith(ACTS)]
    left = {act_of(line) for lines in seen.values() for line in lines} - {case.act for case in tried}
    left |= {kind for kind, _ in seen} - {case.kind for case in tried}
    left |= set(FAULTS) - {case.fault for case in acts}
    return sorted(left | (set(TOPOLOGIES) - {case.topology for case in acts}))


def _by_act(lines: Sequence[str]) -> list[tuple[str, list[str]]]:
    """The lines of all places, act by act."""
    return [(act, list(own)) for act, own in groupby(sorted(lines, key=act_of), act_of)]
