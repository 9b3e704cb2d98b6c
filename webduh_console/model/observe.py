"""Logs, figures and facts as every target gives them."""

import threading
from collections.abc import Iterator
from datetime import datetime
from typing import Literal, Protocol

import msgspec

from webduh_console.model.names import AppKey


class LogLine(msgspec.Struct, frozen=True, order=True):
    """One line an instance wrote, masked; `at` in UTC. `place` is where, on a target of several places."""

    at: datetime
    instance: str
    process: str
    stream: Literal["stdout", "stderr", "webduh"]
    text: str
    place: str = ""


class LogSelector(msgspec.Struct, frozen=True):
    """Whose lines are wanted: all of an app's in an environment, or of one process, release or instance of it."""

    key: AppKey
    process: str | None = None
    release: int | None = None
    instance: str | None = None


class LogSource(Protocol):
    """Reads logs, oldest first."""

    def read(
        self,
        selector: LogSelector,
        since: datetime | None = None,
        until: datetime | None = None,
        tail: int | None = None,
        follow: bool = False,
        stop: threading.Event | None = None,
    ) -> Iterator[LogLine]:
        """The last `tail` lines between `since` and `until`; with `follow` new ones too, until `stop` is set."""


class Series(msgspec.Struct, frozen=True):
    """Values over time: `points` are (seconds since the epoch, value); a missing sample is simply absent."""

    labels: dict[str, str]
    unit: Literal["cores", "bytes", "requests", "seconds"]
    points: tuple[tuple[float, float], ...]


class MetricQuery(msgspec.Struct, frozen=True):
    """Which figure (`cpu` in cores, `memory` in bytes, `requests` a second), of which app or instance."""

    metric: Literal["cpu", "memory", "requests"]
    key: AppKey | None = None
    instance: str | None = None


class MetricSource(Protocol):
    """Reads figures."""

    def range(self, query: MetricQuery, start: datetime, end: datetime, step: float) -> list[Series]:
        """One series an instance, thinned to at most one point every `step` seconds."""


class Fact(msgspec.Struct, frozen=True):
    """Something found out about a machine; `fix` says what to do when it is not `ok`."""

    place: str
    name: str
    value: str
    ok: bool = True
    fix: str = ""
