"""schedule: what is run again and again, when next, and what became of it."""

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import click
import msgspec
from click.shell_completion import CompletionItem

from webduh_console.clock import now
from webduh_console.commands.apps import find, key_of, target_of
from webduh_console.commands.complete import (
    app_argument,
    apps_and_folders,
    dry_run_option,
    environment_option,
    with_context,
)
from webduh_console.commands.context import Context
from webduh_console.commands.language import Changing, Noun, Reading
from webduh_console.commands.noting import note_app
from webduh_console.commands.results import Column, Done, Lines, Listing, Result
from webduh_console.commands.words import RUN_SIGNS, ago, moment, span
from webduh_console.engine.differences import words as command_words
from webduh_console.errors import UsageError, WebduhError
from webduh_console.model.names import AppKey
from webduh_console.model.observe import LogLine, LogSelector
from webduh_console.model.schedules import ScheduledRun, ScheduleState, Scheduling
from webduh_console.model.standing import Several, apart
from webduh_console.model.target import Target

_LOOK = 0.5
_FINAL = 20


@click.group(cls=Noun)
def schedule() -> None:
    """List and run schedules, and see what became of their runs."""


def names(ctx: click.Context, parameter: click.Parameter, text: str) -> list[CompletionItem]:
    """The schedules of the app that was named before, as they were seen last."""
    try:
        known = ctx.find_object(Context) or Context.open()
        app = find(known, ctx.params.get("app") or ".")
        seen = [entry.actual for entry in known.state.memory.recall()]
    except WebduhError:
        return []
    own = [a.release for a in seen if (a.key.project, a.key.app) == (app.project, app.name) and a.release is not None]
    found = {s.name for release in own for s in release.spec.schedules}
    return [CompletionItem(name) for name in sorted(found) if name.startswith(text)]


def scheduling(target: Target) -> Scheduling:
    """A target as one that has schedules; UsageError for one that has none."""
    if not isinstance(target, Scheduling):
        raise UsageError(f"{target.name} knows no schedules.", kept="Nothing was done.")
    return target


@schedule.command("ls", cls=Reading)
@click.argument("app", required=False, shell_complete=apps_and_folders)
@environment_option
@with_context
def schedule_ls(ctx: Context, app: str | None, environment: str | None) -> Result:
    """List what is run again and again, when it is due, and how the last run ended; of every app, or of one.

    A target that does not answer is named in the last lines, and makes the exit code 1.
    """
    if app is not None:
        key = key_of(find(ctx, app), environment)
        whole = ctx.target(target_of(ctx, key))
        scheduling(whole)
        found, silent = _asked([(whole.name, one) for one in apart(whole)], [key])
    else:
        found, silent = _asked([(name, ctx.target(name)) for name in ctx.target_names()])
        found = [pair for pair in found if environment in (None, pair[1].key.environment)]
    columns = (
        Column("app", "APP"),
        Column("name", "SCHEDULE"),
        Column("cron", "CRON"),
        Column("zone", "ZONE"),
        Column("next", "NEXT"),
        Column("last", "LAST RUN"),
        Column("place", "ON"),
        Column("command", "COMMAND"),
        Column("note", "NOTE"),
    )
    rows = [_words(state) for _, state in found]
    nothing = dict.fromkeys((column.key for column in columns), "")
    rows += [{**nothing, "app": "?", "place": p, "note": f"{e.what} {e.why}".strip()} for p, e in silent.items()]
    empty = "Nothing is on schedule. `schedules:` in webduh.yaml says what is."
    data = [_data(target, state) for target, state in found]
    return Listing("schedules", columns, rows, data, empty, int(bool(silent)))


def _asked(
    chosen: Sequence[tuple[str, Target]], keys: Sequence[AppKey] | None = None
) -> tuple[list[tuple[str, ScheduleState]], dict[str, WebduhError]]:
    """The schedules of targets, all asked at once, each with the name it is listed under; and who does not answer."""
    able = [(name, target) for name, target in chosen if isinstance(target, Scheduling)]
    with ThreadPoolExecutor(max_workers=min(max(len(able), 1), 32)) as pool:
        answers = list(pool.map(lambda pair: _states(pair[1], keys), able))
    found, silent = [], {}
    for (name, target), answer in zip(able, answers, strict=True):
        if not isinstance(answer, WebduhError):
            found += [(name, state) for state in answer]
        elif not isinstance(target, Several):  # whose servers are asked themselves
            silent[target.name] = answer
    return found, silent


def _states(target: Scheduling, keys: Sequence[AppKey] | None) -> Sequence[ScheduleState] | WebduhError:
    try:
        return target.schedules(keys)
    except WebduhError as error:
        return error


def _words(state: ScheduleState) -> dict[str, object]:
    own, last = state.schedule, state.last
    since = state.running.started if state.running else None
    return {
        "app": str(state.key),
        "name": own.name,
        "cron": own.cron,
        "zone": own.timezone,
        "next": _due(state.next, own.timezone),
        "last": f"{RUN_SIGNS[last.outcome]} {last.outcome}, {ago(last.ended or last.at)}" if last else "never",
        "place": state.place,
        "command": command_words(own.command),
        "note": "; ".join(filter(None, (f"started {ago(since)}" if since else "", state.why))),
    }


def _due(at: datetime | None, zone: str) -> str:
    """A time in the schedule's own zone, and how long until then."""
    if at is None:
        return ""
    return f"{at.astimezone(ZoneInfo(zone)):%a %Y-%m-%d %H:%M}, in {span(max((at - now()).total_seconds(), 0))}"


def _data(target: str, state: ScheduleState) -> dict[str, Any]:
    own, key = state.schedule, state.key
    return {
        "project": key.project,
        "app": key.app,
        "environment": key.environment,
        "target": target,
        "place": state.place,
        "schedule": own.name,
        "cron": own.cron,
        "timezone": own.timezone,
        "command": list(own.command),
        "timeout": own.timeout,
        "release": state.release,
        "next": state.next,
        "last": _run_data(state.last) if state.last else None,
        "running": _run_data(state.running) if state.running else None,
        "why": state.why,
    }


def _run_data(run: ScheduledRun) -> dict[str, Any]:
    return {**msgspec.structs.asdict(run), "seconds": run.seconds}


@schedule.command("history", cls=Reading)
@app_argument
@click.argument("name", required=False, shell_complete=names)
@environment_option
@click.option("-n", "--limit", type=click.IntRange(1, 1000), default=30, show_default=True, help="How many at most.")
@with_context
def schedule_history(ctx: Context, app: str, name: str | None, environment: str | None, limit: int) -> Result:
    """Say what became of the runs of an app's schedules, or of one; the newest first."""
    key = key_of(find(ctx, app), environment)
    found = list(scheduling(ctx.target(target_of(ctx, key))).runs(key, name))[:limit]
    columns = (
        Column("at", "DUE"),
        Column("schedule", "SCHEDULE"),
        Column("outcome", "OUTCOME"),
        Column("code", "EXIT", "right"),
        Column("took", "TOOK", "right"),
        Column("release", "RELEASE", "right"),
        Column("trigger", "TRIGGER"),
        Column("place", "ON"),
        Column("why", "WHY"),
    )
    rows = [
        {
            "at": moment(run.at),
            "schedule": run.schedule,
            "outcome": f"{RUN_SIGNS[run.outcome]} {run.outcome}",
            "code": "" if run.code is None else run.code,
            "took": "" if run.seconds is None else span(run.seconds),
            "release": run.release,
            "trigger": run.trigger,
            "place": run.place,
            "why": run.why,
        }
        for run in found
    ]
    return Listing(f"runs of {key}", columns, rows, [_run_data(run) for run in found], f"Nothing of {key} was run yet.")


@schedule.command("run", cls=Changing)
@click.argument("app", shell_complete=apps_and_folders)
@click.argument("name", shell_complete=names)
@environment_option
@click.option("--detach", is_flag=True, help="Do not wait for its end.")
@click.option("--raw", is_flag=True, help="The lines alone, as they were written.")
@dry_run_option
@with_context
def schedule_run(
    ctx: Context, app: str, name: str, environment: str | None, detach: bool, raw: bool, dry_run: bool
) -> Result:
    """Run a schedule now, unless it runs already; follows what it writes, and ends with its exit code."""
    key = key_of(find(ctx, app), environment)
    target = ctx.target(target_of(ctx, key))
    able = scheduling(target)
    if dry_run:
        from webduh_console.targets.scheduling import missing

        known = [state.schedule.name for state in able.schedules([key])]
        if name not in known:
            raise missing(key, name, known)
        return Done(f"{name} of {key} would be run.", {"schedule": name, "outcome": "planned"})
    run = able.run_now(key, name, ctx.by)
    note_app(ctx, target, key, "schedule", f"run {name}")
    if detach:
        return Done(f"{name} of {key} runs as {run.instance}.", _run_data(run))
    stop = threading.Event()
    return Lines(_followed(target, able, key, run, stop), stop, raw, lambda: _ended(able, key, run))


def _followed(
    target: Target, able: Scheduling, key: AppKey, run: ScheduledRun, stop: threading.Event
) -> Iterator[LogLine]:
    """The lines of a run until it has ended and the last of them was read."""
    over = threading.Event()

    def watch() -> None:
        while not stop.wait(_LOOK):
            try:
                if _state(able, key, run).outcome != "running":
                    break
            except WebduhError:  # it cannot be asked now; it will be, or whoever reads hears of it
                continue
        over.set()
        stop.set()

    threading.Thread(target=watch, daemon=True).start()
    source, selector = target.logs(), LogSelector(key, run.schedule, None, run.instance)
    last: LogLine | None = None
    for line in source.read(selector, follow=True, stop=stop):
        last = line
        yield line
    if over.is_set():
        yield from (line for line in source.read(selector, tail=_FINAL) if last is None or line.at > last.at)


def _state(able: Scheduling, key: AppKey, run: ScheduledRun) -> ScheduledRun:
    return next((found for found in able.runs(key, run.schedule) if found.instance == run.instance), run)


def _ended(able: Scheduling, key: AppKey, run: ScheduledRun) -> Done:
    """How it ended; a person may have stopped reading before it did."""
    found = _state(able, key, run)
    data = _run_data(found)
    if found.outcome == "running":
        return Done(f"{run.schedule} goes on as {run.instance}.", data)
    took = "" if found.seconds is None else f" after {span(found.seconds)}"
    code = "" if found.code is None else f" (exit {found.code})"
    exit = 0 if found.outcome == "done" else found.code if found.code and 0 < found.code < 256 else 1
    return Done(
        f"{RUN_SIGNS[found.outcome]} {run.schedule}: {found.outcome}{code}{took}. {found.why}".strip(), data, exit
    )
