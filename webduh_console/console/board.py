"""What the console knows of all apps and targets: first what is remembered, then what was last observed."""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from textual.message import Message

from webduh_console.errors import WebduhError
from webduh_console.model.names import AppKey
from webduh_console.model.observe import Fact, Series
from webduh_console.model.release import Actual, Deployment

if TYPE_CHECKING:
    from webduh_console.commands.api import Heard, Row

LOADS = 60
_OLD = 10.0


class Observed(Message):
    """The local state was read, or `error` says why not. `targets` tell what is there, answered or not."""

    def __init__(
        self,
        rows: "Sequence[Row]",
        targets: "Sequence[Heard]",
        deployments: Sequence[Deployment],
        error: WebduhError | None = None,
    ) -> None:
        super().__init__()
        self.rows, self.targets, self.deployments, self.error = rows, targets, deployments, error


@dataclass
class Board:
    """Apps by key; targets by name, and when each answered last; deployments, newest first.

    `loads` are the CPU of every app at the last observations, in cores, and of every server as its own average;
    `checks` the facts of the targets when they were checked last, and when that was.
    """

    rows: "dict[AppKey, Row]" = field(default_factory=dict)
    targets: "dict[str, Heard]" = field(default_factory=dict)
    answered: dict[str, datetime] = field(default_factory=dict)
    deployments: Sequence[Deployment] = ()
    loads: dict[AppKey | str, deque[float]] = field(default_factory=dict)
    checks: dict[str, tuple[Sequence[Fact], datetime]] = field(default_factory=dict)
    error: WebduhError | None = None
    _loaded: dict[AppKey, datetime] = field(default_factory=dict)

    def hear(self, heard: "Heard", past: Mapping[AppKey, Sequence[Series]], now: datetime) -> None:
        """Take what a target answered at `now`, and its apps' figures from before."""
        name = heard.row.name
        self.targets[name] = heard
        if name not in self.silent():
            self.answered[name] = now
        for key, all_series in past.items():
            self.loads[key] = deque((value for _, value in summed(all_series)), maxlen=LOADS)
        if heard.vitals is not None:
            self.loads.setdefault(name, deque(maxlen=LOADS)).append(heard.vitals.load)

    def take(self, seen: Observed) -> None:
        """Take what the local state knows."""
        self.error = seen.error
        if seen.error is not None:
            return
        self.rows = _latest(seen.rows)
        self.deployments = seen.deployments
        self.targets = {one.row.name: self.targets.get(one.row.name, one) for one in seen.targets}
        self.answered = {name: at for name, at in self.answered.items() if name in self.targets}
        for row in seen.rows:
            if row.at is not None and row.at != self._loaded.get(row.key) and row.target in self.answered:
                self._loaded[row.key] = row.at
                self.loads.setdefault(row.key, deque(maxlen=LOADS)).append(cpu(row.actual))

    def silent(self) -> dict[str, str]:
        """The targets that do not answer, and why: the reason is theirs."""
        rows = (heard.row for heard in self.targets.values())
        return {row.name: row.detail for row in rows if row.state in ("unreachable", "unready")}

    def as_of(self) -> datetime | None:
        """When the oldest of what is shown was seen; None if nothing ever was."""
        return min((row.at for row in self.rows.values() if row.at is not None), default=None)

    def fresh(self, now: datetime) -> bool:
        """Whether what is shown is what is there now; targets that do not answer are shown as such."""
        silent = self.silent()
        asked = [self.answered.get(name) for name in self.targets if name not in silent]
        return any(asked) and all(at is not None and (now - at).total_seconds() < _OLD for at in asked)


def _latest(rows: "Sequence[Row]") -> "dict[AppKey, Row]":
    """A row an app: where it was deployed last, when it is on more than one target."""
    found: dict[AppKey, Row] = {}
    for row in rows:
        other = found.get(row.key)
        if other is None or other.last is None or (row.last is not None and row.last.started >= other.last.started):
            found[row.key] = row
    return found


def cpu(actual: Actual) -> float:
    """The CPU of an app's instances, in cores."""
    return sum(instance.cpu for instance in actual.instances)


def memory(actual: Actual) -> int:
    """The memory of an app's instances, in bytes."""
    return sum(instance.memory for instance in actual.instances)


def started(actual: Actual) -> datetime | None:
    """When the oldest running instance of an app was started; else when its release was made."""
    times = [one.started for one in actual.instances if one.started is not None and one.state == "running"]
    return min(times, default=actual.release.created if actual.release is not None else None)


def summed(all_series: Sequence[Series]) -> list[tuple[float, float]]:
    """One line of all instances' samples: those within the same second are added."""
    total: dict[int, float] = {}
    for series in all_series:
        for at, value in series.points:
            total[int(at)] = total.get(int(at), 0.0) + value
    return [(float(at), total[at]) for at in sorted(total)]
