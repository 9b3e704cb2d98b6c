"""What is wrong now with a target or an app, and what to do: out of what is known of it anyway. Pure.

All thresholds stand here; docs/servers.md names them.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Literal

import msgspec

from webduh_console.commands.words import count
from webduh_console.model.names import AppKey
from webduh_console.model.observe import Fact
from webduh_console.model.release import Actual, Deployment, Instance

if TYPE_CHECKING:
    from webduh_console.targets.server.vitals import Vitals

FULL, BRIMMING = 0.90, 0.95
"""The share of a disk or of memory that is used: from the first on it is an alert, from the second on a grave one."""
BUSY = 1.0
"""The load over five minutes for each core, above which a server has more to do than it can."""
RESTARTS, RESTARTED_WITHIN = 3, 600.0
"""An instance that was restarted so often, the last time within so many seconds, does it again and again."""
CHECKED_WITHIN = 3600.0
"""Seconds after which a check says nothing of now any more."""

Name = Literal["unready", "docker", "traefik", "disk", "memory", "load", "clock", "checks", "restarts", "deployment"]
_OWN: dict[str, Name] = {"docker": "docker", "traefik": "traefik", "disk": "disk", "clock": "clock"}
_GRAVE = ("docker", "traefik", "disk")


class Alert(msgspec.Struct, frozen=True):
    """Something that is wrong now: `about` is the server or the app, `says` what it is, `do` what mends it.

    A `grave` one is broken, or about to be.
    """

    name: Name
    about: str
    says: str
    do: str
    grave: bool = False


def of_unready(server: str, why: str) -> list[Alert]:
    """A server that is reached and cannot be used, and why: Docker does not answer, most often."""
    return [Alert("unready", server, why, f"`webduh server check {server}` says what to mend.", True)]


def of_vitals(server: str, vitals: "Vitals") -> list[Alert]:
    """What a server has too little of."""
    found: list[Alert] = []
    name: Name
    for name, share, says, do in (
        (
            "disk",
            vitals.disk,
            "full",
            f"`webduh server show {server} disk` says what takes the room, `webduh server prune {server}` frees some.",
        ),
        (
            "memory",
            vitals.memory,
            "used",
            "`webduh top` names who uses it: limit that (`memory:` in webduh.yaml), move it, or add memory.",
        ),
    ):
        part = share.used / share.total if share.total else 0.0
        if part >= FULL:
            found.append(Alert(name, server, f"{name} {_percent(part)} {says}", do, part >= BRIMMING))
    if vitals.cores and vitals.load_5 > BUSY * vitals.cores:
        says = f"load {vitals.load_5:.1f} over five minutes on {count(vitals.cores, 'core')}"
        do = f"`webduh top` names who is busy; `webduh server show {server} processes` knows every process."
        found.append(Alert("load", server, says, do))
    return found


def of_facts(facts: Iterable[Fact]) -> list[Alert]:
    """The checks that failed, those of a server that are no danger by themselves together."""
    failed: dict[str, list[Fact]] = {}
    for fact in facts:
        if not fact.ok and fact.name != "reachable":  # its state says so
            failed.setdefault(fact.place, []).append(fact)
    found: list[Alert] = []
    for place, its in failed.items():
        own = [fact for fact in its if fact.name in _OWN]
        found += [Alert(_OWN[f.name], place, f"{f.name}: {f.value}", f.fix, f.name in _GRAVE) for f in own]
        others = [fact for fact in its if fact.name not in _OWN]
        if len(others) == 1:
            found.append(Alert("checks", place, f"{others[0].name}: {others[0].value}", others[0].fix))
        elif others:
            says = f"{len(others)} checks failed: {', '.join(dict.fromkeys(fact.name for fact in others))}"
            found.append(Alert("checks", place, says, f"`webduh target check {place}` has a fix for each."))
    return found


def of_app(key: AppKey, actual: Actual, last: Deployment | None, now: datetime) -> list[Alert]:
    """What is wrong with an app in an environment, beyond its health."""
    about = key.app if key.environment == "production" else f"{key.app} ({key.environment})"
    argument = f"{key.project}/{key.app}" if key.project != "default" else key.app
    argument += "" if key.environment == "production" else f" -e {key.environment}"
    found: list[Alert] = []
    again: dict[str, int] = {}
    for one in actual.instances:
        if not one.scheduled and _restarts(one, now):
            again[one.process] = again.get(one.process, 0) + one.restarts
    for process, times in again.items():
        often = f", {count(times, 'time')} so far" if times else ""
        do = f"`webduh logs {argument} --process {process}` says why; `webduh rollback {argument}` goes back."
        found.append(Alert("restarts", about, f"{process} restarts again and again{often}", do, True))
    if last is not None and last.outcome == "interrupted":
        number = f" v{last.release}" if last.release is not None else ""
        do = f"`webduh deploy {argument}` first finishes what was begun, or takes it back."
        found.append(Alert("deployment", about, f"{last.action}{number} was interrupted", do))
    return found


def of_server(name: str, unready: str = "", vitals: "Vitals | None" = None, facts: Sequence[Fact] = ()) -> list[Alert]:
    """Everything of a server, the grave first: `unready` says why it cannot be used, `facts` are its last checks."""
    checked, found = of_facts(facts), of_vitals(name, vitals) if vitals is not None else []
    if any(alert.name == "disk" for alert in found):
        checked = [alert for alert in checked if not (alert.name == "disk" and alert.says.endswith(" at /"))]
    if unready and not any(alert.grave for alert in checked):  # else they say it better
        found += of_unready(name, unready)
    return worst_first(found + checked)


def worst_first(alerts: Iterable[Alert]) -> list[Alert]:
    """The grave ones first."""
    return sorted(alerts, key=lambda alert: not alert.grave)


def lately(facts: Sequence[Fact], checked: datetime | None, now: datetime) -> Sequence[Fact]:
    """The facts, if they still say something of now."""
    return facts if checked is not None and (now - checked).total_seconds() <= CHECKED_WITHIN else ()


def _restarts(one: Instance, now: datetime) -> bool:
    if one.state == "crashing":
        return True
    fresh = one.started is not None and (now - one.started).total_seconds() <= RESTARTED_WITHIN
    return fresh and one.restarts >= RESTARTS


def _percent(part: float) -> str:
    """Never rounded up: 100 % is full."""
    return f"{int(part * 100)} %"
