"""What the console knows of all apps and targets: first what is remembered, then what was last observed."""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from textual.message import Message

from webduh_console.errors import WebduhError
from webduh_console.model.names import AppKey
from webduh_console.model.observe import Series
from webduh_console.model.release import Actual, Deployment

if TYPE_CHECKING:
    from webduh_console.commands.api import Row, TargetRow

LOADS = 60
_OLD = 10.0


class Observed(Message):
    """The targets answered, or `error` says why not."""

    def __init__(
        self,
        rows: "Sequence[Row]",
        targets: "Sequence[TargetRow]",
        deployments: Sequence[Deployment],
        error: WebduhError | None = None,
    ) -> None:
        super().__init__()
        self.rows, self.targets, self.deployments, self.error = rows, targets, deployments, error
        self.past: Mapping[AppKey, Sequence[Series]] = {}


@dataclass
class Board:
    """Apps by key, targets, deployments, newest first, and the CPU of every app at the last observations, in cores."""

    rows: "dict[AppKey, Row]" = field(default_factory=dict)
    targets: "Sequence[TargetRow]" = ()
    deployments: Sequence[Deployment] = ()
    loads: dict[AppKey, deque[float]] = field(default_factory=dict)
    observed: datetime | None = None
    error: WebduhError | None = None

    def remember(
        self, rows: "Sequence[Row]", targets: "Sequence[TargetRow]", deployments: Sequence[Deployment]
    ) -> None:
        """Take what the local state knows."""
        self.rows = {row.key: row for row in rows}
        self.targets, self.deployments = targets, deployments

    def take(self, seen: Observed, now: datetime) -> None:
        """Take what the targets answered at `now`."""
        self.error = seen.error
        if seen.error is not None:
            return
        self.remember(seen.rows, seen.targets, seen.deployments)
        self.observed = now
        for key, all_series in seen.past.items():
            self.loads[key] = deque((value for _, value in summed(all_series)), maxlen=LOADS)
        for row in seen.rows:
            self.loads.setdefault(row.key, deque(maxlen=LOADS)).append(cpu(row.actual))

    def as_of(self) -> datetime | None:
        """When the oldest of what is shown was seen; None if nothing ever was."""
        return min((row.at for row in self.rows.values() if row.at is not None), default=None)

    def fresh(self, now: datetime) -> bool:
        """Whether what is shown is what is there now."""
        return self.observed is not None and (now - self.observed).total_seconds() < _OLD


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
