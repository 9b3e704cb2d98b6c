"""Figures of this machine's instances, as the supervisor sampled them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Literal

from webduh_console.model.observe import MetricQuery, Series
from webduh_console.targets.local.supervisor.client import Supervisor
from webduh_console.targets.local.supervisor.values import Sample
from webduh_console.targets.thinning import Point
from webduh_console.targets.thinning import thinned as thinned

UNITS: dict[str, Literal["cores", "bytes", "requests"]] = {"cpu": "cores", "memory": "bytes", "requests": "requests"}


@dataclass(frozen=True)
class LocalMetrics:
    """A `MetricSource`; the last quarter of an hour is there."""

    supervisor: Supervisor

    def range(self, query: MetricQuery, start: datetime, end: datetime, step: float) -> list[Series]:
        """See `MetricSource.range`; nothing when the supervisor does not run."""
        if not self.supervisor.alive():
            return []
        slugs = {state.name: (state.slug, state.process, state.release) for state in self.supervisor.list()}
        found = []
        for name, samples in sorted(self.supervisor.samples(start.timestamp()).items()):
            slug, process, release = slugs.get(name, ("", "", 0))
            if (query.key is not None and query.key.slug != slug) or query.instance not in (None, name):
                continue
            points = thinned([p for p in values(query.metric, samples) if p[0] <= end.timestamp()], step)
            labels = {"instance": name, "process": process, "release": str(release), "app": slug}
            found.append(Series(labels, UNITS[query.metric], tuple(points)))
        return found


def values(metric: str, samples: Sequence[Sample]) -> list[Point]:
    """The points of one figure; requests are counted, so they become requests a second between two samples."""
    if metric == "requests":
        return [(b.at, (b.requests - a.requests) / (b.at - a.at)) for a, b in pairwise(samples) if b.at > a.at]
    return [(sample.at, sample.cpu if metric == "cpu" else float(sample.memory)) for sample in samples]
