"""audit: who did what, when, from where."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import click

from webduh_console.clock import now
from webduh_console.commands.apps import find
from webduh_console.commands.complete import apps_and_folders, environment_option, target_names, with_context
from webduh_console.commands.context import Context
from webduh_console.commands.language import Reading
from webduh_console.commands.logs import Duration
from webduh_console.commands.results import Column, Listing, Result
from webduh_console.commands.words import moment
from webduh_console.errors import WebduhError
from webduh_console.model.audit import Act
from webduh_console.model.standing import apart
from webduh_console.model.target import Audited, Target

COLUMNS = (
    Column("at", "WHEN"),
    Column("app", "APP"),
    Column("target", "TARGET"),
    Column("act", "ACT"),
    Column("what", "WHAT"),
    Column("by", "BY"),
    Column("via", "VIA"),
    Column("trigger", "TRIGGER"),
)


@click.command(cls=Reading)
@click.argument("app", required=False, shell_complete=apps_and_folders)
@environment_option
@click.option("--on", metavar="TARGET", shell_complete=target_names, help="Only what was done there.")
@click.option("--since", type=Duration(), help="Only the last 30m, 2h, 7d.")
@click.option(
    "-n", "--limit", type=click.IntRange(min=1), default=200, show_default=True, help="How many of the last at most."
)
@with_context
def audit(
    ctx: Context, app: str | None, environment: str | None, on: str | None, since: timedelta | None, limit: int
) -> Result:
    """Say who did what, when and from where, the newest last: as the targets and this machine wrote it down.

    A target that does not answer is named in the last lines, and makes the exit code 1.
    """
    wanted = _app(ctx, app)
    chosen = apart(ctx.target(on)) if on else [ctx.target(name) for name in ctx.target_names()]
    chosen = [target for target in chosen if isinstance(target, Audited)]  # others are made of these
    with ThreadPoolExecutor(max_workers=min(len(chosen), 32)) as pool:
        answers = list(pool.map(_asked, chosen))
    silent = [answer for answer in answers if isinstance(answer, WebduhError)]
    acts = [act for answer in answers if not isinstance(answer, WebduhError) for act in answer]
    named = {on, *(target.name for target in chosen)}
    acts += [act for act in ctx.state.acts.all() if on is None or act.target in named]
    first = now() - since if since is not None else None
    found = sorted(_chosen(acts, wanted, environment, first), key=lambda act: act.at)[-limit:]
    rows = [_words(act) for act in found]
    rows += [{**dict.fromkeys(_words(_NOBODY), ""), "act": "?", "what": f"{e.what} {e.why}".strip()} for e in silent]
    return Listing("audit", COLUMNS, rows, [_data(act) for act in found], "Nobody did anything.", int(bool(silent)))


_NOBODY = Act(datetime.min, "", "")


def _asked(target: Target) -> list[Act] | WebduhError:
    """What a target wrote down."""
    try:
        assert isinstance(target, Audited)
        return target.audits()
    except WebduhError as error:
        return error


def _app(ctx: Context, word: str | None) -> tuple[str, str] | None:
    """Project and name of an app; one that nobody knows any more may have been removed, and is taken by its name."""
    if word is None:
        return None
    try:
        entry = find(ctx, word)
    except WebduhError:
        project, _, name = word.rpartition("/")
        return project, name
    return entry.project, entry.name


def _chosen(
    acts: list[Act], app: tuple[str, str] | None, environment: str | None, first: datetime | None
) -> Iterator[Act]:
    for act in acts:
        key = act.key
        if app is not None and (key is None or key.app != app[1] or app[0] not in ("", key.project)):
            continue
        if environment is not None and (key is None or key.environment != environment):
            continue
        if first is None or act.at >= first:
            yield act


def _words(act: Act) -> dict[str, object]:
    """An act for a person."""
    return {
        "at": moment(act.at) if act.by else "",
        "app": str(act.key) if act.key else "",
        "target": act.target,
        "act": act.act,
        "what": act.what,
        "by": act.by,
        "via": act.via,
        "trigger": act.trigger,
    }


def _data(act: Act) -> dict[str, Any]:
    """An act for a program."""
    key = act.key
    return {
        "at": act.at,
        "project": key.project if key else None,
        "app": key.app if key else None,
        "environment": key.environment if key else None,
        **{name: getattr(act, name) for name in ("target", "act", "what", "by", "via", "trigger")},
    }
