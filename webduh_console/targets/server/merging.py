"""How the answers of several servers become one. Pure but for `FleetMetrics`, which asks."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

from webduh_console.errors import WebduhError
from webduh_console.model.inventory import Found
from webduh_console.model.names import AppKey
from webduh_console.model.observe import Fact, MetricQuery, Series
from webduh_console.model.release import Actual
from webduh_console.model.schedules import last_ended
from webduh_console.model.standing import Standing

if TYPE_CHECKING:
    from webduh_console.targets.server.fleet import Fleet


def reason(error: WebduhError) -> str:
    """An error in one sentence or two."""
    return f"{error.what} {error.why}".strip()


def unreachable(place: str, error: WebduhError) -> Fact:
    """A server that has no answer, as a fact."""
    return Fact(place, "reachable", reason(error).rstrip("."), False, error.hint or f"`webduh server check {place}`.")


def facts(place: str, answer: Sequence[Fact] | WebduhError) -> Sequence[Fact]:
    """A server's facts; the one fact that it has no answer."""
    return [unreachable(place, answer)] if isinstance(answer, WebduhError) else answer


def inventories(answers: Mapping[str, Found | WebduhError]) -> Found:
    """What there is on all servers that have an answer, one after the other, and why the others have none."""
    found = {place: answer for place, answer in answers.items() if isinstance(answer, Found)}
    silent = {place: reason(answer) for place, answer in answers.items() if isinstance(answer, WebduhError)}
    return Found(tuple(row for answer in found.values() for row in answer.rows), silent)


def architectures(processors: Mapping[str, str]) -> Iterator[Fact]:
    """A fact for every server that cannot run what the first of them builds; place → architecture."""
    builds, *others = processors or ("",)
    for place in others:
        if processors[place] != processors[builds]:
            says = f"it is {processors[place]}, and images are built on {builds}, which is {processors[builds]}"
            yield Fact(place, "architecture", says, False, "Servers of one target have the same processor.")


def actual(key: AppKey, seen: Mapping[str, Actual], silent: Mapping[str, str]) -> Actual:
    """One app as all servers see it: `seen` by those that answer, `silent` says why others do not.

    It serves when every server serves the newest release, and is degraded while one does.
    """
    standing = Standing({place: each.release for place, each in seen.items()}, dict(silent))
    instances = tuple(instance for each in seen.values() for instance in each.instances)
    busy = next((each.busy for each in seen.values() if each.busy), "")
    newest = standing.newest
    if newest is None:
        return Actual(key, instances=instances, busy=busy, reason="; ".join(standing.words()))
    behind = standing.behind
    good = [place for place, each in seen.items() if each.health in ("serving", "degraded")]
    whole = not behind and not silent and all(each.health == "serving" for each in seen.values())
    reasons = [f"{p}: {each.reason}" for p, each in seen.items() if each.reason and p not in behind]
    return Actual(
        key,
        newest,
        instances,
        seen[standing.lead].url,
        "serving" if whole else "degraded" if good else "down",
        "; ".join(reasons + [words.rstrip(".") for words in standing.words()]),
        busy,
        tuple(behind),
        last_ended([run for each in seen.values() for run in each.ended], newest.spec.schedules),
    )


class FleetMetrics:
    """A `MetricSource` of all servers; one that does not answer has no series."""

    def __init__(self, fleet: "Fleet") -> None:
        self._fleet = fleet

    def range(self, query: MetricQuery, start: datetime, end: datetime, step: float) -> list[Series]:
        """See `MetricSource.range`; the label `place` is the server's name."""
        answers = self._fleet.asked(lambda server: server.metrics().range(query, start, end, step))
        return [
            msgspec.structs.replace(series, labels={**series.labels, "place": place})
            for place, answer in answers.items()
            if not isinstance(answer, WebduhError)
            for series in answer
        ]
