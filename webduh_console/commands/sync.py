"""sync: what a target remembers is learned anew, as on a new laptop."""

from pathlib import Path
from typing import Any

import click
import msgspec

from webduh_console.clock import now
from webduh_console.commands import api
from webduh_console.commands.complete import dry_run_option, target_names, with_context
from webduh_console.commands.context import Context
from webduh_console.commands.language import Changing
from webduh_console.commands.results import Result, Text
from webduh_console.commands.words import count
from webduh_console.model.names import AppKey
from webduh_console.model.release import Deployment, Release
from webduh_console.model.standing import lead
from webduh_console.model.target import Record, Target
from webduh_console.state.apps import AppEntry

UNKNOWN = (
    "What no target keeps, and so cannot be learned: variables that were set elsewhere and wait for a deployment,"
    " and what each deployment printed."
)


class Learned(msgspec.Struct, frozen=True):
    """What a target told of an app. `entry` is where it comes from, None where that is not known on this machine."""

    key: AppKey
    release: int | None
    deployments: tuple[Deployment, ...]
    entry: AppEntry | None


@click.command(cls=Changing)
@click.argument("target", shell_complete=target_names)
@dry_run_option
@with_context
def sync(ctx: Context, target: str, dry_run: bool) -> Result:
    """Learn anew which apps a target has, their releases and deployments, and say what cannot be learned.

    What is known here is never overwritten, and nothing is changed on the target.
    """
    chosen = ctx.target(target)
    found = [_learned(ctx, chosen, key) for key in chosen.keys()]  # noqa: SIM118 - a method
    found = [each for each in found if each.release is not None or each.deployments]
    new = 0
    if not dry_run:
        api.remember(ctx, chosen)
        new = ctx.state.history.learn([deployment for each in found for deployment in each.deployments])
        for each in found:
            if each.entry is not None and ctx.state.apps.get(each.key.app, each.key.project) is None:
                ctx.state.apps.add(each.entry)
    data = {"target": target, "learned": new, "apps": [_data(each) for each in found]}
    page = _page(target, found, new, dry_run)
    if found and chosen.kind == "servers" and ctx.state.registries.named(target) is None:
        page += (
            f"\nNor is it known here whether a registry is used: `webduh target registry {target} ADDRESS` names one."
        )
    return Text(f"sync with {target}", page, data)


def _learned(ctx: Context, target: Target, key: AppKey) -> Learned:
    record = target.record(key, lead(target, key))
    releases, current = record.releases(), record.current()
    busy = record.unfinished() if record.holder() else []
    deployments = tuple(deployment_of(each, record, target) for each in releases if each.number not in busy)
    return Learned(key, current, deployments, _entry(ctx, key, releases))


def deployment_of(release: Release, record: Record, target: Target) -> Deployment:
    """The deployment that made a release, as far as its record tells."""
    lines = record.journal(release.number)
    started = lines[0].at if lines else release.created
    finished = lines[-1].at if lines else release.created
    return Deployment(
        id=release.deployment,
        key=release.key,
        target=target.name,
        action="rollback" if release.restores else "deploy",
        outcome="done" if any(line.kind == "serving" for line in lines) else "interrupted",
        started=started,
        release=release.number,
        base=release.base,
        finished=finished,
        seconds=max(0.0, round((finished - started).total_seconds(), 3)),
        by=release.by,
        trigger=release.trigger,
    )


def _entry(ctx: Context, key: AppKey, releases: list[Release]) -> AppEntry | None:
    """Where an app comes from: as it is known here, the repository of its newest release, or a folder on this machine
    that this user deployed."""
    if (entry := ctx.state.apps.get(key.app, key.project)) is not None:
        return entry
    came = releases[-1].source if releases else None
    if came is not None and came.url:
        return AppEntry(key.project, key.app, "", now(), came.url, came.ref, came.path)
    own = [each.source.app_folder for each in reversed(releases) if each.by == ctx.by and not each.source.url]
    folder = next((folder for folder in own if Path(folder).is_dir()), "")
    return AppEntry(key.project, key.app, folder, now()) if folder else None


def _page(target: str, found: list[Learned], new: int, dry_run: bool) -> str:
    if not found:
        return f"{target} has no apps."
    lines = [f"{target} has {count(len(found), 'app')}:"]
    for each in found:
        release = f"release {each.release}" if each.release is not None else "nothing serves"
        lines.append(f"  ✓ {each.key}: {release}, {count(len(each.deployments), 'deployment')} kept there")
    lines.append(f"{count(new, 'deployment')} learned." if not dry_run else "Nothing was learned: --dry-run.")
    for each in found:
        if each.entry is None:
            name = each.key.app if each.key.project == "default" else f"{each.key.project}/{each.key.app}"
            project = "" if each.key.project == "default" else f" --project {each.key.project}"
            add = f"`webduh app add FOLDER --name {each.key.app}{project}` says where it is."
            lines.append(f"  ? {name}: its folder on this machine is not known. {add}")
    return "\n".join([*lines, UNKNOWN])


def _data(each: Learned) -> dict[str, Any]:
    key = each.key
    return {
        "project": key.project,
        "app": key.app,
        "environment": key.environment,
        "release": each.release,
        "deployments": [deployment.id for deployment in each.deployments],
        "folder": each.entry.folder or None if each.entry else None,
        "url": each.entry.url or None if each.entry else None,
    }
