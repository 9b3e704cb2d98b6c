"""releases, deployments."""

from typing import Any

import click
import msgspec

from webduh_console.commands import api
from webduh_console.commands.apps import find, key_of, target_of
from webduh_console.commands.complete import app_argument, apps_and_folders, environment_option, with_context
from webduh_console.commands.context import Context
from webduh_console.commands.language import Reading
from webduh_console.commands.results import Column, Listing, Result, Text
from webduh_console.commands.words import OUTCOMES, ago, moment, size, span
from webduh_console.model.release import Deployment, Release, SourceRef
from webduh_console.model.standing import lead


@click.command(cls=Reading)
@app_argument
@environment_option
@click.option("--show", type=click.IntRange(min=1), metavar="RELEASE", help="Show one release whole.")
@with_context
def releases(ctx: Context, app: str, environment: str | None, show: int | None) -> Result:
    """List the kept releases of an app, the newest first."""
    key = key_of(find(ctx, app), environment)
    target = ctx.target(target_of(ctx, key))
    record = target.record(key, lead(target, key))
    current = record.current()
    if show is not None:
        release = record.read(show)
        return Text(f"release {show} of {key}", _page(release, show == current), _data(release, current))
    kept = list(reversed(record.releases()))
    columns = (
        Column("number", "RELEASE", "right"),
        Column("state", "STATE"),
        Column("artifact", "ARTIFACT"),
        Column("commit", "COMMIT"),
        Column("created", "CREATED"),
        Column("by", "BY"),
        Column("trigger", "TRIGGER"),
    )
    words = [
        {
            "number": release.number,
            "state": "● serving" if release.number == current else "kept",
            "artifact": release.artifact.digest.partition(":")[2][:12],
            "commit": release.source.commit[:8] + ("*" if release.source.dirty else ""),
            "created": ago(release.created),
            "by": release.by,
            "trigger": f"rollback to {release.restores}" if release.restores else release.trigger,
        }
        for release in kept
    ]
    data = [_data(release, current) for release in kept]
    return Listing(f"releases of {key}", columns, words, data, f"{key} was never deployed.")


def _data(release: Release, current: int | None) -> dict[str, Any]:
    """A release for a program: everything but the values of its secrets."""
    whole: dict[str, Any] = msgspec.to_builtins(msgspec.structs.replace(release, variables={}))
    whole["variables"] = {name: None if v.secret else v.value for name, v in release.variables.items()}
    whole["serving"] = release.number == current
    return whole


def _commit(source: SourceRef) -> str:
    return f", commit {source.commit[:8]}" + (" with changes" if source.dirty else "") if source.commit else ""


def _page(release: Release, serving: bool) -> str:
    source, artifact = release.source, release.artifact
    rows = {
        "release": f"{release.number} of {release.key}" + (" (serving)" if serving else ""),
        "created": f"{moment(release.created)} by {release.by} ({release.trigger})",
        "source": source.words + _commit(source),
        "artifact": f"{artifact.digest[:19]}, {artifact.files} files, {size(artifact.size)}",
        "framework": release.spec.framework,
        "address": ", ".join(f"{r.host or 'localhost'}:{r.port}" for r in release.spec.routes),
        "processes": ", ".join(f"{p.name} × {p.instances}" for p in release.spec.processes) or "static files",
        "volumes": ", ".join(f"{v.name} at {v.path}" for v in release.spec.volumes),
        "variables": ", ".join(release.variables),
    }
    return "\n".join(f"{name:<10} {value}" for name, value in rows.items() if value)


@click.command(cls=Reading)
@click.argument("app", required=False, shell_complete=apps_and_folders)
@environment_option
@click.option("--show", metavar="ID", help="Show everything that happened in one; the first letters of its id will do.")
@click.option("--limit", type=click.IntRange(1, 1000), default=30, show_default=True, help="How many at most.")
@with_context
def deployments(ctx: Context, app: str | None, environment: str | None, show: str | None, limit: int) -> Result:
    """List what was deployed, when, by whom, and how it ended; the newest first."""
    if show is not None:
        deployment = ctx.state.history.get(show)
        events = api.events(ctx, deployment.id)
        data = {**_deployment(deployment), "events": msgspec.to_builtins(events)}
        return Text(f"deployment {deployment.id}", "\n".join(event_lines(events)), data)
    key = key_of(find(ctx, app), environment) if app else None
    found = api.deployments(ctx, key, limit)
    columns = (
        Column("id", "ID"),
        Column("outcome", "OUTCOME"),
        Column("app", "APP"),
        Column("action", "ACTION"),
        Column("release", "RELEASE", "right"),
        Column("started", "STARTED"),
        Column("seconds", "TOOK", "right"),
        Column("by", "BY"),
        Column("error", "ERROR"),
    )
    words = [
        {
            "id": d.id,
            "outcome": f"{OUTCOMES[d.outcome]} {d.outcome}",
            "app": str(d.key),
            "action": d.action,
            "release": d.release or "",
            "started": ago(d.started),
            "seconds": span(d.seconds) if d.finished else "",
            "by": d.by,
            "error": d.error.get("what", "").partition("\n")[0],
        }
        for d in found
    ]
    return Listing("deployments", columns, words, [_deployment(d) for d in found], "Nothing was deployed yet.")


def _deployment(deployment: Deployment) -> dict[str, Any]:
    whole: dict[str, Any] = msgspec.to_builtins(deployment)
    return {**whole.pop("key"), **whole}


def event_lines(events: list[Any]) -> list[str]:
    """A deployment's events as lines: when, where, what."""
    return [
        f"{event.at.astimezone():%H:%M:%S} {event.step:<10} {words}"
        for event in events
        if (words := event_words(event))
    ]


def event_words(event: Any) -> str:
    """What an event says in one line; empty for one that is only worth seeing while it happens."""
    kind = type(event).__struct_config__.tag
    if kind in ("progress", "step-started"):
        return ""
    says = getattr(event, "text", "") or getattr(event, "reason", "") or getattr(event, "outcome", "") or ""
    if kind == "serving":
        says = f"release {event.release} at {event.url}"
    elif kind == "finished" and event.error:
        says = " ".join(filter(None, (says, *(event.error[part] for part in ("what", "why", "hint")))))
    return f"{kind:<14} {says}".rstrip()
