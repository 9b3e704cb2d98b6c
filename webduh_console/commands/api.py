"""The commands as functions, for the console: values in, values or events out."""

from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from threading import Event as Flag
from typing import TYPE_CHECKING

import msgspec

from webduh_console.clock import now
from webduh_console.commands.apps import PRODUCTION, find, target_of
from webduh_console.commands.context import LOCAL, Context
from webduh_console.commands.words import tried_last
from webduh_console.errors import StateError, WebduhError
from webduh_console.model.events import AnyEvent, Finished
from webduh_console.model.inventory import Found, Kind
from webduh_console.model.names import AppKey
from webduh_console.model.observe import Fact, LogLine, LogSelector, MetricQuery, Series
from webduh_console.model.plan import Plan
from webduh_console.model.release import Actual, Deployment, Release
from webduh_console.model.schedules import ScheduleState, Scheduling
from webduh_console.model.standing import lead
from webduh_console.model.target import CancelToken, Target

if TYPE_CHECKING:
    from webduh_console.engine.stream import EventStream
    from webduh_console.targets.server.target import ServerTarget
    from webduh_console.targets.server.vitals import Vitals


AT_ONCE = 100
"""How many targets are asked at once: it is waiting, most of it."""


class Row(msgspec.Struct, frozen=True):
    """An app in an environment on a target.

    `at` is when it was observed (None: never), `pending` counts the changes of variables that are not deployed yet.
    """

    key: AppKey
    target: str
    actual: Actual
    at: datetime | None
    folder: str
    last: Deployment | None
    pending: int


class TargetRow(msgspec.Struct, frozen=True):
    """A target. `cpu` in cores and `memory` in bytes are the sums of its instances'."""

    name: str
    kind: str
    state: str
    detail: str
    apps: int
    cpu: float
    memory: int


class Heard(msgspec.Struct, frozen=True):
    """What one target said when it was asked; `state` is `unready` when it is reached and cannot be used,
    and empty before it was asked.

    `vitals` are a server's own figures; `why` is the short form of why there is no answer.
    """

    row: TargetRow
    vitals: "Vitals | None" = None
    why: str = ""


def remembered(ctx: Context) -> list[Row]:
    """Every app as it was observed last, from the local state alone."""
    seen = {(entry.target, entry.actual.key): entry for entry in ctx.state.memory.recall()}
    folders = {(entry.project, entry.name): entry.folder for entry in ctx.state.apps.all()}
    pending = ctx.state.pending.counts()
    last: dict[tuple[str, AppKey], Deployment] = {}
    for deployment in ctx.state.history.list(limit=500):
        last.setdefault((deployment.target, deployment.key), deployment)
    rows = [
        Row(
            key,
            target,
            seen[target, key].actual if (target, key) in seen else Actual(key),
            seen[target, key].at if (target, key) in seen else None,
            folders.get((key.project, key.app), ""),
            last.get((target, key)),
            pending.get(key, 0),
        )
        for target, key in {*seen, *(place for place, d in last.items() if d.outcome == "running")}
    ]
    known = {(row.key.project, row.key.app) for row in rows}
    for (project, app), folder in folders.items():
        if (project, app) not in known:
            place, key = _tried(ctx, last, project, app)
            tried = last.get((place, key))
            actual = Actual(key, reason=tried_last(tried.outcome) if tried else "")
            rows.append(Row(key, place, actual, None, folder, tried, pending.get(key, 0)))
    return sorted(rows, key=lambda row: (row.key, row.target))


def _tried(ctx: Context, last: Iterable[tuple[str, AppKey]], project: str, app: str) -> tuple[str, AppKey]:
    """Where an app that serves nowhere was tried last, newest first in `last`; else where it would be deployed."""
    names = ctx.target_names()
    own = ((place, key) for place, key in last if (key.project, key.app) == (project, app) and place in names)
    return next(own, (LOCAL, AppKey(project, app, PRODUCTION)))


def observe(ctx: Context) -> list[Row]:
    """Every app as it is now: asks the targets all at once, and remembers what they say.

    What a target that does not answer said last is shown as unknown, and why.
    """
    at = now()
    chosen = {name: ctx.target(name) for name in ctx.target_names()}
    with ThreadPoolExecutor(max_workers=min(len(chosen), AT_ONCE)) as pool:
        both = dict(zip(chosen, pool.map(_observed, chosen.values()), strict=True))
    ctx.state.history.mark_interrupted()
    _learn(ctx, {name: found for name, found in both.items() if not isinstance(found, WebduhError)}, at)
    return rows(ctx, {name: _reason(found) for name, found in both.items() if isinstance(found, WebduhError)})


def rows(ctx: Context, silent: Mapping[str, str]) -> list[Row]:
    """What is remembered; the apps of `silent` targets, name → reason, are unknown."""
    return [_unknown(row, silent[row.target]) if row.target in silent else row for row in remembered(ctx)]


def known_targets(ctx: Context) -> list[Heard]:
    """Every target, before any of them is asked."""
    entries = [("local", "local"), *((entry.name, entry.kind) for entry in ctx.state.targets.all())]
    return [Heard(TargetRow(name, kind, "", "", 0, 0.0, 0)) for name, kind in entries]


def ask(ctx: Context, name: str) -> Heard:
    """Ask one target how it is and what serves there, and remember that. One that does not answer says why.

    StateError when what it says cannot be kept.
    """
    target, at = ctx.target(name), now()
    try:
        heard, found = _told(ctx, target)
    except StateError:
        raise
    except WebduhError as error:
        state = "unready" if target.kind == "server" and met(ctx.server(name)) else "unreachable"
        if state == "unready":
            ctx.look_anew(name)
        return Heard(TargetRow(name, target.kind, state, _reason(error), 0, 0.0, 0), why=error.why or error.what)
    _learn(ctx, {name: found}, at)
    return heard


def met(server: "ServerTarget") -> bool:
    """Whether there is a connection: then it is not the way there that fails."""
    return server.met


def remember(ctx: Context, target: Target) -> None:
    """Ask a target what serves there, and remember it. TargetError when it does not answer."""
    at = now()
    _learn(ctx, {target.name: target.observe()}, at)


def _told(ctx: Context, target: Target) -> tuple[Heard, Mapping[AppKey, Actual]]:
    if target.kind != "server":
        facts = {fact.name: fact for fact in target.facts()}
        found = target.observe()
        return Heard(_row_of(target, facts, found)), found
    found, vitals = ctx.server(target.name).told()
    return Heard(_row_of(target, {}, found), vitals), found


def _learn(ctx: Context, answers: Mapping[str, Mapping[AppKey, Actual]], at: datetime) -> None:
    """Remember what targets said, by their names, and forget what is no longer there."""
    there = {name: [a for a in found.values() if not _gone(a)] for name, found in answers.items()}
    ctx.state.memory.remember_all(there, at)
    kept = {(name, actual.key) for name, actuals in there.items() for actual in actuals}
    for name, key in ctx.state.memory.kept():
        if name in there and (name, key) not in kept:
            ctx.state.memory.forget(name, key)


def _observed(target: Target) -> Mapping[AppKey, Actual] | WebduhError:
    try:
        return target.observe()
    except WebduhError as error:
        return error


def _unknown(row: Row, reason: str) -> Row:
    actual = msgspec.structs.replace(row.actual, health="unknown", reason=reason, instances=())
    return msgspec.structs.replace(row, actual=actual)


def _reason(error: WebduhError) -> str:
    return f"{error.what} {error.why}".strip()


def _gone(actual: Actual) -> bool:
    return actual.release is None and not actual.instances and not actual.busy


def targets(ctx: Context) -> list[TargetRow]:
    """Every target with what runs there."""
    names = ctx.target_names()
    chosen = [ctx.target(name) for name in names]
    with ThreadPoolExecutor(max_workers=min(len(names), AT_ONCE)) as pool:
        return list(pool.map(_target_row, chosen))


def _target_row(target: Target) -> TargetRow:
    try:
        facts = {fact.name: fact for fact in target.facts()}
        return _row_of(target, facts, target.observe())
    except WebduhError as error:
        return TargetRow(target.name, target.kind, "unreachable", _reason(error), 0, 0.0, 0)


def _row_of(target: Target, facts: Mapping[str, Fact], found: Mapping[AppKey, Actual]) -> TargetRow:
    instances = [instance for actual in found.values() for instance in actual.instances]
    supervisor = facts.get("supervisor")
    return TargetRow(
        target.name,
        target.kind,
        "stopped" if supervisor and supervisor.value != "running" else "up",
        facts["disk"].value if "disk" in facts else "",
        len(found),
        sum(instance.cpu for instance in instances),
        sum(instance.memory for instance in instances),
    )


def releases(ctx: Context, key: AppKey, target: str | None = None) -> list[Release]:
    """The kept releases, oldest first, without the values of variables."""
    chosen = ctx.target(target or target_of(ctx, key))
    return chosen.record(key, lead(chosen, key)).releases()


def read_releases(ctx: Context, key: AppKey, numbers: Iterable[int]) -> list[Release]:
    """Kept releases with their variables; NotFoundError when one is kept no longer."""
    target = ctx.target(target_of(ctx, key))
    record = target.record(key, lead(target, key))
    return [record.read(number) for number in numbers]


def serving(ctx: Context, key: AppKey) -> Release | None:
    """The serving release with its variables."""
    target = ctx.target(target_of(ctx, key))
    record = target.record(key, lead(target, key))
    number = record.current()
    return record.read(number) if number is not None else None


def schedules(ctx: Context, key: AppKey) -> list[ScheduleState]:
    """The schedules of what serves, with their runs; none where a target has none."""
    target = ctx.target(target_of(ctx, key))
    return list(target.schedules([key])) if isinstance(target, Scheduling) else []


def deployments(ctx: Context, key: AppKey | None = None, limit: int = 50) -> list[Deployment]:
    """The deployments of an app, or all, newest first. Those whose owner died are marked as interrupted."""
    ctx.state.history.mark_interrupted()
    return ctx.state.history.list(key, limit)


def events(ctx: Context, deployment: str) -> list[AnyEvent]:
    """Everything that happened in a deployment, so far."""
    return ctx.state.history.events(deployment)


def plan(
    ctx: Context,
    app_or_folder: str,
    environment: str | None = None,
    on: str | None = None,
    cancel: CancelToken | None = None,
    **options: object,
) -> Plan:
    """The plan of a deployment; options are the fields of `Wishes`. CancelledError once `cancel` is set."""
    from webduh_console.commands.planning import Wishes, plan_deploy

    return plan_deploy(ctx, app_or_folder, environment, on, msgspec.convert(options, Wishes), cancel)


def discard(ctx: Context, plan: Plan) -> None:
    """Take away what was fetched for a plan that is not carried out."""
    from webduh_console.commands.sources import discard as of_source

    of_source(ctx, plan.source)


def catch_up_plan(
    ctx: Context, app: str, environment: str | None = None, on: str | None = None, **options: object
) -> Plan:
    """The plan of bringing the servers that are behind up to the newest release; no changes when none is."""
    from webduh_console.commands.catching_up import plan_catch_up
    from webduh_console.commands.planning import Wishes

    return plan_catch_up(ctx, app, environment, on, msgspec.convert(options, Wishes))


def rollback_plan(
    ctx: Context, app: str, environment: str | None = None, to: int | None = None, **options: object
) -> Plan:
    """The plan of a return to a kept release, by default the one before."""
    from webduh_console.commands.planning import Wishes, plan_rollback

    return plan_rollback(ctx, app, environment, to, msgspec.convert(options, Wishes))


def adopt(ctx: Context, plan: Plan) -> None:
    """Know the plan's folder or repository as the app's from now on; UsageError if its name belongs to another."""
    from webduh_console.commands.sources import entry_of

    ctx.state.apps.add(entry_of(ctx, plan))


def apply(ctx: Context, plan: Plan, cancel: CancelToken | None = None) -> "EventStream":
    """Carry a plan out. Its folder is the app's from now on; its events are kept whether they are read here or not."""
    from webduh_console.commands.recording import Recorder
    from webduh_console.commands.sources import take_away
    from webduh_console.engine.deployment import apply as start

    if plan.action == "deploy":
        adopt(ctx, plan)
    target = ctx.target(plan.target)
    after = (partial(_remember_after, ctx, target, plan.key), partial(take_away, ctx, plan))
    return start(target, plan, cancel, sinks=[Recorder(ctx.state, plan), *after])


def _remember_after(ctx: Context, target: Target, key: AppKey, event: AnyEvent) -> None:
    """What serves after a deployment is known at once: the app runs here from now on, whatever else was seen before."""
    if isinstance(event, Finished) and event.outcome == "done":
        at = now()
        with suppress(WebduhError):  # it is deployed; whoever looks next is told what is wrong
            ctx.state.memory.remember(target.name, [target.observe([key])[key]], at)


def logs(
    ctx: Context,
    key: AppKey,
    process: str | None = None,
    tail: int | None = 500,
    follow: bool = True,
    stop: Flag | None = None,
    since: timedelta | None = None,
    release: int | None = None,
) -> Iterator[LogLine]:
    """The lines of an app's instances, oldest first."""
    source = ctx.target(target_of(ctx, key)).logs()
    first = now() - since if since is not None else None
    return source.read(LogSelector(key, process, release), since=first, tail=tail, follow=follow, stop=stop)


def metrics(ctx: Context, key: AppKey, metric: str, seconds: int = 600, step: float = 2.0) -> list[Series]:
    """The figures of an app's instances over the last seconds."""
    source = ctx.target(target_of(ctx, key)).metrics()
    end = now()
    query = msgspec.convert({"metric": metric, "key": key}, MetricQuery)
    return source.range(query, end - timedelta(seconds=seconds), end, step)


def requests(ctx: Context, name: str, seconds: float) -> dict[AppKey, list[Series]]:
    """The requests a second, over the last seconds, of each app that runs on a target: a series an instance or a place.

    An app that runs on other targets too is told by the one where it was deployed last.
    """
    running = [(entry.target, entry.actual.key) for entry in ctx.state.memory.recall() if entry.actual.instances]
    elsewhere = {key for place, key in running if place != name}
    own = [key for place, key in running if place == name and (key not in elsewhere or target_of(ctx, key) == name)]
    if not own:
        return {}
    source, end = ctx.target(name).metrics(), now()

    def of(key: AppKey | None) -> list[Series]:
        return source.range(MetricQuery("requests", key), end - timedelta(seconds=seconds), end, 0.0)

    found: dict[str, list[Series]] = {}
    for series in of(None):  # all in one look
        found.setdefault(series.labels["app"], []).append(series)
    return {key: found.get(key.slug) or of(key) for key in own}


def inventory(ctx: Context, target: str, kind: Kind) -> Found:
    """All there is of a kind on a target's machines: containers, images, routes, processes …; read-only."""
    from webduh_console.commands.inventory import inventory as of_target

    return of_target(ctx, target, kind)


def folder_of(ctx: Context, app: str) -> Path:
    """The folder of an app."""
    return Path(find(ctx, app).folder)
