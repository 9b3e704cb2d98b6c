"""What an app consists of as table rows: processes, schedules, routes, volumes, mounted files. Pure."""

from collections.abc import Iterator, Sequence
from datetime import datetime, tzinfo

from webduh_console.commands.words import RUN_SIGNS
from webduh_console.console.widgets.columns import Column
from webduh_console.console.widgets.table import Cell, TableRow, cell
from webduh_console.console.words import ago, counted, moment, size, span, visible
from webduh_console.engine.differences import words as command_words
from webduh_console.model.release import Instance, Release
from webduh_console.model.schedules import ScheduleState
from webduh_console.targets.processes import processes

PART_COLUMNS = (
    Column("kind", "PART", least=8, most=9),
    Column("name", "NAME", least=8, most=40),
    Column("state", "STATE", least=12, most=34, rank=1),
    Column("what", "WHAT", least=12, most=120, rank=2, grow=True),
)
_ROLES = {"done": "good", "failed": "bad", "timeout": "bad", "lost": "warn", "running": "busy"}
SCHEDULE = "schedule "
"""What the key of a schedule's row begins with."""


def part_rows(
    release: Release | None,
    instances: Sequence[Instance],
    schedules: Sequence[ScheduleState],
    now: datetime,
    zone: tzinfo | None,
) -> list[TableRow]:
    """The parts of what serves: how each is, and what it does."""
    if release is None:
        return []
    return [
        *_processes(release, instances),
        *(_schedule(state, now, zone) for state in schedules),
        *_rest(release),
    ]


def _row(kind: str, name: str, state: Cell, what: str) -> TableRow:
    cells = (cell(kind, "muted"), cell(visible(name), "bold text"), state, cell(visible(what), "text"))
    return TableRow(f"{kind} {name}", cells)


def _processes(release: Release, instances: Sequence[Instance]) -> Iterator[TableRow]:
    for process in processes(release.spec, release.artifact.kind == "image"):
        own = [i for i in instances if i.process == process.name and i.release == release.number]
        running = sum(i.state == "running" for i in own)
        places = len({i.place for i in own}) or 1
        wanted = process.instances * places
        role = "good" if running >= wanted else "bad" if not running else "warn"
        restarts = sum(i.restarts for i in own)
        state = [(f"{'●' if role == 'good' else '◐' if running else '○'} {running} of {wanted}", role)]
        if restarts:
            state.append((f"  {counted(restarts, 'restart')}", "warn"))
        words = command_words(process.command) if process.command else "as the image says"
        notes = [
            "" if process.restart == "always" else f"restarts {process.restart}",
            "" if release.spec.overlaps(process) else "stopped before the new one starts",
        ]
        yield _row("process", process.name, tuple(state), "; ".join([words, *filter(None, notes)]))
    once = next((process for process in release.spec.processes if process.name == "release"), None)
    if once is not None:
        yield _row("process", "release", cell("once a release", "muted"), command_words(once.command))


def _schedule(state: ScheduleState, now: datetime, zone: tzinfo | None) -> TableRow:
    own, last = state.schedule, state.last
    if state.running is not None:
        since = state.running.started or state.running.at
        pieces = [(f"▶ runs, since {span((now - since).total_seconds())}", "busy")]
    elif last is None:
        pieces = [("· never ran", "faint")]
    else:
        role = _ROLES.get(last.outcome, "muted")
        pieces = [(f"{RUN_SIGNS[last.outcome]} {last.outcome} {ago(last.ended or last.at, now)}", role)]
    if state.next is not None:
        when = f"{own.cron}, next {moment(state.next, zone)}, in {span(max((state.next - now).total_seconds(), 0))}"
    else:
        when = f"{own.cron}, not due: {state.why}" if state.why else f"{own.cron}, not due"
    return _row("schedule", own.name, tuple(pieces), f"{when} on {state.place}: {command_words(own.command)}")


def _rest(release: Release) -> Iterator[TableRow]:
    spec = release.spec
    for route in spec.routes:
        port = f":{route.port}" if route.port else ""
        leads = "static files" if spec.static else "web" + (f" on {spec.port}" if spec.port else "")
        yield _row("route", f"{route.host or '*'}{port}{route.path}", cell("", "text"), f"leads to {leads}")
    for volume in spec.volumes:
        yield _row("volume", volume.name, cell("outlives releases", "muted"), volume.path)
    for mount in spec.files:
        yield _row("file", mount.source, cell(f"read-only, {size(mount.size)}", "muted"), mount.path)
