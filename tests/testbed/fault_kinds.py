"""The kinds of deployments to which faults are done: how each begins, and the next command after it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from command_line import last_json
from fault_world import BRIEF, Subject
from faults import TOPOLOGIES, Topology

WORKER = "exec sleep 1000"
WHOLE = {
    "processes": {"release": "date >> data/migrations", "worker": WORKER},
    "volumes": {"data": "data"},
    "files": {"version": "/etc/version"},
    "hooks": {
        "before-deploy": {"in": "image", "run": "true"},
        "after-deploy": {"in": "image", "run": "true"},
    },
}
BREAKABLE = "[ ! -e broken ] || { sleep 1.5; exit 3; }; exec sleep 1000"
"""Always breaks while it is watched: at once would be, now and then, while it starts."""


@dataclass(frozen=True)
class Kind:
    """A kind of deployment. `prepare` makes ready for the one that a fault befalls, `mend` is the next command.

    `serves`: something serves before it, and must go on; `pauses`: but for the time in which it is replaced.
    """

    name: str
    action: str
    prepare: Callable[[Subject], None]
    mend: Callable[[Subject], str]
    config: Mapping[str, Any] = field(default_factory=dict)
    serves: bool = True
    pauses: bool = False
    topologies: tuple[Topology, ...] = TOPOLOGIES


def _nothing(_: Subject) -> None:
    """There is nothing before a first deployment."""


def _newer(subject: Subject) -> None:
    subject.first.next_version()


def _broken(subject: Subject) -> None:
    subject.first.write(broken="")
    subject.first.next_version()


def _back(subject: Subject) -> None:
    """Have a release to go back to."""
    if subject.turn == 0:
        subject.first.next_version()
        subject.deploy()


def _behind(subject: Subject) -> None:
    """Leave one server out of a deployment."""
    subject.deploy()
    subject.first.next_version()
    with subject.lane.away("c"):
        subject.deploy("--quorum", "2")


def _deployed(subject: Subject) -> str:
    """The same deployment again: its source serves."""
    return subject.deploy("-o", "json")


def _deployed_or_removed(subject: Subject) -> str:
    """The same again, and every other time its removal; in the end it is gone."""
    if subject.turn % 2:
        return subject.removed()
    said = subject.deploy("-o", "json")
    subject.assert_clean()
    subject.removed()
    return said


def _mended(subject: Subject) -> str:
    (subject.first.folder / "broken").unlink(missing_ok=True)
    subject.first.next_version()
    return subject.deploy("-o", "json")


def _newer_deployed(subject: Subject) -> str:
    subject.first.next_version()
    return subject.deploy("-o", "json")


KINDS = {
    kind.name: kind
    for kind in (
        Kind("first", "deploy", _nothing, _deployed_or_removed, {"processes": {"worker": WORKER}}, serves=False),
        Kind("again", "deploy", _newer, _deployed, WHOLE),
        Kind("stop-first", "deploy", _newer, _deployed, {"deploy": {**BRIEF, "overlap": False}}, pauses=True),
        Kind("rollback", "rollback", _back, _newer_deployed, {"deploy": {**BRIEF, "keep": 2}}),
        Kind(
            "taken-back",
            "deploy",
            _broken,
            _mended,
            {"processes": {"worker": BREAKABLE}, "deploy": {**BRIEF, "watch": 4}},
        ),
        Kind("catch-up", "behind", _behind, _deployed, topologies=("three",)),
    )
}


def outcome(said: str) -> str:
    """How a command ended, by its JSON."""
    return str(last_json(said).get("outcome", "done"))
