"""Requests a second of the apps on a server, from what Traefik counts."""

import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from typing import NamedTuple

from webduh_console.clock import now
from webduh_console.errors import TargetError
from webduh_console.model.observe import MetricQuery, Series
from webduh_console.targets.server.front import Requests
from webduh_console.targets.thinning import Point, thinned

KEPT = 450
FRESH = 1.5


class Counted(NamedTuple):
    """A look at Traefik's counters at a time, in seconds since the epoch: the requests of each app by its slug."""

    at: float
    totals: Mapping[str, int]


def rates(looks: Sequence[Counted], slug: str) -> list[Point]:
    """Requests a second between two looks; where Traefik began anew, nothing is known."""
    found = []
    for before, after in pairwise(looks):
        count = after.totals.get(slug, 0) - before.totals.get(slug, 0)
        if count >= 0 and after.at > before.at:
            found.append((after.at, count / (after.at - before.at)))
    return found


class Traffic:
    """Remembers what it was asked for; each question looks at the counters unless the last look is fresh."""

    def __init__(self, counts: Callable[[], Mapping[str, Requests]], clock: Callable[[], datetime] = now) -> None:
        self._counts, self._clock = counts, clock
        self._looks: deque[Counted] = deque(maxlen=KEPT)
        self._lock = threading.Lock()
        self._looked = 0.0

    def range(self, query: MetricQuery, start: datetime, end: datetime, step: float) -> list[Series]:
        """One series an app, or of one; none while Traefik does not answer. See `MetricSource.range`."""
        if query.instance is not None:
            return []
        with self._lock:
            at = self._clock().timestamp()
            if not 0 <= at - self._looked < FRESH:
                self._looked = at
                self._look(at)
            looks = list(self._looks)
        slugs = [query.key.slug] if query.key else sorted({slug for look in looks for slug in look.totals})
        found = []
        for slug in slugs:
            inside = [one for one in rates(looks, slug) if start.timestamp() <= one[0] <= end.timestamp()]
            if inside:
                found.append(Series({"app": slug}, "requests", tuple(thinned(inside, step))))
        return found

    def _look(self, at: float) -> None:
        try:
            counts = self._counts()
        except TargetError:
            return  # the other figures are none the worse for it
        self._looks.append(Counted(at, {slug: each.total for slug, each in counts.items()}))
