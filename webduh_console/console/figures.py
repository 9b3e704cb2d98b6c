"""The figures of an app or a server as lines of a chart: what is kept of before, then what is live."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from webduh_console.console.board import summed
from webduh_console.console.charts.samples import Line, Sample
from webduh_console.console.charts.window import Window
from webduh_console.console.rates import LIVE, added
from webduh_console.console.widgets.chart import Mark
from webduh_console.console.words import OUTCOMES, seconds
from webduh_console.model.names import AppKey
from webduh_console.model.observe import Series
from webduh_console.model.release import Actual, Deployment
from webduh_console.state.figures import Bucket, Figures, app_subject, server_subject

if TYPE_CHECKING:
    from webduh_console.commands.context import Context

METRICS = ("cpu", "memory", "requests")

_STEP = 2.0


def together(kept: Iterable[Bucket], live: Sequence[Sample]) -> list[Sample]:
    """What was kept, up to the first live sample, and the live ones."""
    first = live[0].at if live else float("inf")
    before = [Sample(float(one.at), one.low, one.high, float(one.step)) for one in kept if one.at + one.step <= first]
    return [*before, *live]


def live_samples(metric: str, all_series: Sequence[Series]) -> list[Sample]:
    """What targets remember, of all instances together. A rate is that of the time up to when it was looked at."""
    if metric == "requests":
        rates = added([series.points for series in all_series])
        return [Sample(one.at - one.seconds, one.value, one.value, one.seconds) for one in rates]
    return [Sample(at, value, value, _STEP) for at, value in summed(all_series)]


def by_instance(metric: str, all_series: Sequence[Series], key: AppKey) -> list[Line]:
    """A line for each instance, by its name without the app's."""
    return [
        Line(
            _name(series.labels, key),
            live_samples(metric, [series]),
        )
        for series in all_series
    ]


def server_lines(figures: Figures, servers: Sequence[str], window: Window, now: float) -> dict[str, list[Line]]:
    """The lines of every figure that is kept of some servers, one for each. Reads the disk."""
    start, end = window.bounds(now)
    return {
        metric: [Line(name, together(figures.past(server_subject(name), metric, start, end), ())) for name in servers]
        for metric in ("load", "memory", "disk")
    }


def _name(labels: Mapping[str, str], key: AppKey) -> str:
    instance, place = labels.get("instance", "all").removeprefix(f"{key.slug}--"), labels.get("place")
    return f"{instance} on {place}" if place else instance


def app_lines(context: "Context", key: AppKey, window: Window, now: float, each: bool) -> dict[str, list[Line]]:
    """The lines of every figure of an app in a window: of all its instances together, or of each. Blocking."""
    from webduh_console.commands import api

    start, end = window.bounds(now)
    found = {}
    for metric in METRICS:
        live = api.metrics(context, key, metric, LIVE)
        if each:
            found[metric] = by_instance(metric, live, key)
        else:
            kept = context.state.figures.past(app_subject(key), metric, start, end)
            found[metric] = [Line("", together(kept, live_samples(metric, live)))]
    return found


def span_of(lines: Iterable[Line], now: datetime) -> float:
    """How many seconds before now a small chart begins: 1, 2, 5 or 10 minutes, the least that shows all samples."""
    first = min((line.samples[0].at for line in lines if line.samples), default=now.timestamp())
    age = now.timestamp() - first
    return next((minutes * 60.0 for minutes in (1, 2, 5) if age <= minutes * 60), 600.0)


def limits(actual: Actual, each: bool) -> dict[str, float]:
    """What an app's instances may use, of all together or of each."""
    spec = actual.release.spec if actual.release is not None else None
    count = 1 if each else max(1, len(actual.instances))
    said = {"cpu": spec.cpus * count, "memory": float(spec.memory * count)} if spec is not None else {}
    return {name: value for name, value in said.items() if value}


def deployment_marks(deployments: Iterable[Deployment]) -> list[Mark]:
    """A mark where each deployment ended."""
    marks = []
    for one in deployments:
        if one.finished is not None:
            _, word, role = OUTCOMES.get(one.outcome, ("", one.outcome, "muted"))
            number = f"v{one.release}" if one.release is not None else one.action
            label = number if one.outcome == "done" else f"✗{number}"
            words = f"{one.action} {number} {word}, {seconds(one.seconds)}"
            marks.append(Mark(one.finished.timestamp(), label, role, words))
    return marks
