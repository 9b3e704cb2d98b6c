"""Figures that were taken while somebody looked, so that a chart has a past as soon as it opens."""

from collections.abc import Iterable
from typing import NamedTuple

from webduh_console.model.names import AppKey
from webduh_console.state.database import Database

TIERS: tuple[tuple[int, int], ...] = ((10, 3 * 3600), (60, 2 * 86400), (600, 30 * 86400))
"""Seconds of a bucket, and for how many seconds it is kept: the older, the coarser."""

_TIDY_EVERY = 600.0


def app_subject(key: AppKey) -> str:
    """What an app's figures are kept as."""
    return f"app {key.slug}"


def server_subject(name: str) -> str:
    """What a server's figures are kept as."""
    return f"server {name}"


class Taken(NamedTuple):
    """A figure at a time, in seconds since the epoch: `subject` is whose it is, as `app NAME` or `server NAME`."""

    subject: str
    metric: str
    at: float
    value: float


class Bucket(NamedTuple):
    """What a figure was in the `step` seconds from `at` on."""

    at: int
    step: int
    low: float
    high: float


class Figures:
    """Sums up figures in buckets of three sizes; each is forgotten when a coarser one does."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._tidied = 0.0

    def keep(self, taken: Iterable[Taken]) -> None:
        """Add figures to their buckets, all or none, and forget what is too old."""
        found = list(taken)
        rows = [
            (one.subject, one.metric, step, int(one.at // step * step), one.value, one.value)
            for one in found
            for step, _ in TIERS
        ]
        if not rows:
            return
        self._database.change_all(
            "INSERT INTO figures VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE"
            " SET low = min(low, excluded.low), high = max(high, excluded.high)",
            rows,
        )
        newest = max(one.at for one in found)
        if newest - self._tidied >= _TIDY_EVERY:
            self._tidied = newest
            for step, seconds in TIERS:
                self._database.change("DELETE FROM figures WHERE step = ? AND at < ?", step, int(newest - seconds))

    def past(self, subject: str, metric: str, start: float, end: float) -> list[Bucket]:
        """The buckets between two times, oldest first: of every time the finest that there are."""
        rows = self._database.rows(
            "SELECT at, step, low, high FROM figures WHERE subject = ? AND metric = ? AND at >= ? AND at < ?"
            " ORDER BY step, at",
            subject,
            metric,
            int(start) - TIERS[-1][0],
            int(end) + 1,
        )
        found: list[Bucket] = []
        finer = float("inf")
        for step, _ in TIERS:
            own = [Bucket(*row) for row in rows if row[1] == step and row[0] + step <= finer and row[0] + step > start]
            if own:
                found += own
                finer = min(finer, own[0].at)
        return sorted(found)

    def forget(self, subject: str) -> None:
        """Drop everything of one subject."""
        self._database.change("DELETE FROM figures WHERE subject = ?", subject)
