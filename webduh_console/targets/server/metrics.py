"""Figures of a server's containers, as Docker's own statistics give them."""

import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any, NamedTuple

from webduh_console.clock import now
from webduh_console.model.names import AppKey
from webduh_console.model.observe import MetricQuery, Series
from webduh_console.targets.server.containers import Container, moment
from webduh_console.targets.server.engine import Engine
from webduh_console.targets.thinning import Point, thinned

KEPT = 450
FRESH = 1.5
_SECOND_LOOK = 0.25
Requests = Callable[[MetricQuery, datetime, datetime, float], list[Series]]


class Reading(NamedTuple):
    """One look at a container.

    `at` is by our clock and `clock` by the server's, in seconds since the epoch; `busy` the processor time used since
    it started, in seconds; `memory` in bytes, without what is only cache.
    """

    at: float
    clock: float
    busy: float
    memory: int


class Figures(NamedTuple):
    """A container now: `cpu` in cores, `memory` in bytes."""

    cpu: float
    memory: int


def reading(answer: Mapping[str, Any], at: float) -> Reading | None:
    """An answer to `GET /containers/NAME/stats`; None for a container that does not run.

    The cache is taken off as `docker stats` does it: cgroup v1 has `total_inactive_file`, v2 `inactive_file`.
    """
    clock, memory = moment(answer.get("read")), answer.get("memory_stats") or {}
    if clock is None or "usage" not in memory:
        return None
    kinds = memory.get("stats") or {}
    cache = kinds.get("total_inactive_file", kinds.get("inactive_file", 0))
    used = memory["usage"] - cache if cache < memory["usage"] else memory["usage"]
    busy = ((answer.get("cpu_stats") or {}).get("cpu_usage") or {}).get("total_usage") or 0
    return Reading(at, clock.timestamp(), busy / 1e9, used)


def cores(before: Reading, after: Reading) -> float | None:
    """What was used between two readings; None when they tell nothing: no time between, or a restart."""
    if after.clock <= before.clock or after.busy < before.busy:
        return None
    return (after.busy - before.busy) / (after.clock - before.clock)


class ServerMetrics:
    """A `MetricSource`. It remembers what it was asked for: nothing on the server does.

    Each question adds a reading unless the last one is fresh, a quarter of an hour of readings two seconds apart is
    kept. `requests` answers what Docker does not know: requests a second.
    """

    def __init__(self, engine: Engine, requests: Requests | None = None) -> None:
        self._engine, self._requests = engine, requests
        self._rings: dict[str, deque[Reading]] = {}
        self._known: dict[str, Container] = {}
        self._looked: dict[str, float] = {}
        self._locks: dict[str, threading.Lock] = {}
        self._lock = threading.Lock()

    def range(self, query: MetricQuery, start: datetime, end: datetime, step: float) -> list[Series]:
        """See `MetricSource.range`; the last reading is taken when it is asked for."""
        if query.metric == "requests":
            return self._requests(query, start, end, step) if self._requests else []
        found = []
        for container, readings in self._readings(query.key):
            if query.instance not in (None, container.name):
                continue
            inside = [p for p in points(query.metric, readings) if start.timestamp() <= p[0] <= end.timestamp()]
            labels = {
                "instance": container.name,
                "process": container.process,
                "release": str(container.release),
                "app": container.slug,
            }
            found.append(Series(labels, "cores" if query.metric == "cpu" else "bytes", tuple(thinned(inside, step))))
        return found

    def now(self, key: AppKey | None = None, running: Sequence[Container] | None = None) -> dict[str, Figures]:
        """The figures of every running container of an app in an environment, or of all, by name.

        Whoever has just asked which of these are `running` saves asking again.
        """
        found = {}
        for container, readings in self._readings(key, running):
            used = cores(readings[-2], readings[-1]) if len(readings) > 1 else None
            found[container.name] = Figures(used or 0.0, readings[-1].memory)
        return found

    def _readings(
        self, key: AppKey | None, running: Sequence[Container] | None = None
    ) -> list[tuple[Container, list[Reading]]]:
        """The running containers with their readings; a container's first needs a second to tell cores from."""
        slug = key.slug if key else ""
        with self._lock:
            lock = self._locks.setdefault(slug, threading.Lock())
        with lock:  # of several panes that ask at once, one looks
            if time.monotonic() - self._looked.get(slug, -FRESH) >= FRESH:
                running = self._engine.containers(slug or None, running=True) if running is None else running
                self._look(running)
                fresh = [c for c in running if len(self._rings.get(c.id, ())) == 1]
                if fresh:
                    time.sleep(_SECOND_LOOK)
                    self._look(fresh)
                self._forget(slug, running)
                self._looked[slug] = time.monotonic()
        with self._lock:
            chosen = sorted(self._known.values(), key=lambda container: container.name)
            return [(c, list(self._rings[c.id])) for c in chosen if slug in ("", c.slug) and self._rings.get(c.id)]

    def _look(self, containers: Sequence[Container]) -> None:
        at = now().timestamp()
        answers = self._engine.each((c.id for c in containers), self._engine.stats)
        with self._lock:
            for container, (_, answer) in zip(containers, answers, strict=True):
                seen = reading(answer, at) if answer is not None else None
                if seen is not None:
                    self._known[container.id] = container
                    self._rings.setdefault(container.id, deque(maxlen=KEPT)).append(seen)

    def _forget(self, slug: str, running: Sequence[Container]) -> None:
        """Those that run no more tell nothing of now."""
        left = {container.id for container in running}
        with self._lock:
            for id_ in [id_ for id_, c in self._known.items() if slug in ("", c.slug) and id_ not in left]:
                del self._known[id_], self._rings[id_]


def points(metric: str, readings: Sequence[Reading]) -> list[Point]:
    """The points of one figure."""
    if metric == "memory":
        return [(each.at, float(each.memory)) for each in readings]
    found = [(after.at, cores(before, after)) for before, after in pairwise(readings)]
    return [(at, used) for at, used in found if used is not None]
