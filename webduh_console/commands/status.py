"""status, top."""

from typing import Any

import click
import msgspec

from webduh_console.clock import now
from webduh_console.commands import alerts, api
from webduh_console.commands.complete import apps_and_folders, environment_option, with_context
from webduh_console.commands.context import Context
from webduh_console.commands.language import Reading
from webduh_console.commands.results import Column, Listing, Result
from webduh_console.commands.words import SIGNS, ago, count, failed_run, size


@click.command(cls=Reading)
@click.argument("app", required=False, shell_complete=apps_and_folders)
@environment_option
@with_context
def status(ctx: Context, app: str | None, environment: str | None) -> Result:
    """Show what runs, and whether it is well: every app, or one."""
    rows = _chosen(ctx, api.observe(ctx), app, environment)
    columns = (
        Column("state", "STATE"),
        Column("app", "APP"),
        Column("environment", "ENVIRONMENT"),
        Column("release", "RELEASE", "right"),
        Column("target", "TARGET"),
        Column("url", "ADDRESS"),
        Column("cpu", "CPU", "right"),
        Column("memory", "MEMORY", "right"),
        Column("age", "SINCE"),
        Column("note", "NOTE"),
    )
    return Listing(
        "status", columns, [_words(row) for row in rows], [_data(row) for row in rows], "Nothing is deployed yet."
    )


def _chosen(ctx: Context, rows: list[api.Row], app: str | None, environment: str | None) -> list[api.Row]:
    if app is not None:
        from webduh_console.commands.apps import find

        entry = find(ctx, app)
        rows = [row for row in rows if (row.key.project, row.key.app) == (entry.project, entry.name)]
    return [row for row in rows if environment in (None, row.key.environment)]


def _words(row: api.Row) -> dict[str, object]:
    actual = row.actual
    release = actual.release
    notes = [
        actual.reason,
        actual.busy and f"busy: {actual.busy}",
        row.pending and f"{count(row.pending, 'change')} to deploy",
        *(alert.says for alert in _alerts(row)),
        *(failed_run(run) for run in actual.failing),
    ]
    old = [i for i in actual.instances if not i.scheduled and (not release or i.release != release.number)]
    if not actual.busy:
        newest = release.number if release else 0
        notes.append(_listed("retiring", {i.release for i in old if i.release < newest}))
        notes.append(_listed("never came to serve", {i.release for i in old if i.release > newest}))
    return {
        "state": f"{SIGNS[actual.health]} {actual.health}",
        "app": row.key.app if row.key.project == "default" else f"{row.key.project}/{row.key.app}",
        "environment": row.key.environment,
        "release": release.number if release else "",
        "target": row.target,
        "url": actual.url,
        "cpu": f"{sum(i.cpu for i in actual.instances):.2f}" if actual.instances else "",
        "memory": size(sum(i.memory for i in actual.instances)) if actual.instances else "",
        "age": ago(release.created if release else None),
        "note": "; ".join(str(note) for note in notes if note),
    }


def _listed(what: str, releases: set[int]) -> str:
    """What is so of some releases; empty for none."""
    return f"{what}: " + ", ".join(f"release {number}" for number in sorted(releases)) if releases else ""


def _data(row: api.Row) -> dict[str, Any]:
    actual = row.actual
    return {
        "project": row.key.project,
        "app": row.key.app,
        "environment": row.key.environment,
        "target": row.target,
        "state": actual.health,
        "reason": actual.reason,
        "release": actual.release.number if actual.release else None,
        "created": actual.release.created if actual.release else None,
        "url": actual.url,
        "busy": actual.busy,
        "behind": list(actual.behind),
        "pending": row.pending,
        "failing": [{"schedule": r.schedule, "outcome": r.outcome, "code": r.code, "at": r.at} for r in actual.failing],
        "alerts": [msgspec.to_builtins(alert) for alert in _alerts(row)],
        "folder": row.folder,
        "instances": [_instance(instance) for instance in actual.instances],
    }


def _alerts(row: api.Row) -> list[alerts.Alert]:
    return alerts.of_app(row.key, row.actual, row.last, now())


def _instance(instance: Any) -> dict[str, Any]:
    return {
        "name": instance.name,
        "process": instance.process,
        "release": instance.release,
        "place": instance.place,
        "state": instance.state,
        "pid": instance.pid,
        "port": instance.port,
        "restarts": instance.restarts,
        "exit": instance.exit,
        "started": instance.started,
        "cpu": instance.cpu,
        "memory": instance.memory,
        "in_flight": instance.in_flight,
        "scheduled": instance.scheduled,
    }


@click.command(cls=Reading)
@click.argument("app", required=False, shell_complete=apps_and_folders)
@environment_option
@with_context
def top(ctx: Context, app: str | None, environment: str | None) -> Result:
    """Show the CPU and memory of every instance, the busiest first."""
    rows = _chosen(ctx, api.observe(ctx), app, environment)
    instances = sorted((i for row in rows for i in row.actual.instances), key=lambda i: (-i.cpu, -i.memory, i.name))
    several = len({i.name for i in instances}) < len(instances)
    columns = (
        Column("name", "INSTANCE"),
        *((Column("place", "SERVER"),) if several else ()),
        Column("state", "STATE"),
        Column("cpu", "CPU", "right"),
        Column("memory", "MEMORY", "right"),
        Column("in_flight", "IN FLIGHT", "right"),
        Column("restarts", "RESTARTS", "right"),
        Column("started", "STARTED"),
    )
    words = [
        {
            "name": i.name,
            "place": i.place,
            "state": i.state,
            "cpu": f"{i.cpu:.2f}",
            "memory": size(i.memory),
            "in_flight": i.in_flight,
            "restarts": i.restarts,
            "started": ago(i.started),
        }
        for i in instances
    ]
    return Listing("top", columns, words, [_instance(i) for i in instances], "Nothing runs.")
