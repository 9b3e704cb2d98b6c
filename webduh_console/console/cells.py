"""Values of the model as table rows: apps, deployments, releases, targets. Pure."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

from webduh_console.console.board import cpu, memory, started
from webduh_console.console.deployments import Live
from webduh_console.console.widgets.columns import Column
from webduh_console.console.widgets.table import Cell, TableRow, cell
from webduh_console.console.words import (
    OUTCOMES,
    Piece,
    ago,
    bar,
    cores,
    health,
    seconds,
    size,
    span,
    spark,
    spinner,
    visible,
    what_happened,
)
from webduh_console.model.names import AppKey
from webduh_console.model.release import Deployment, Instance, Release

if TYPE_CHECKING:
    from webduh_console.commands.api import Row
    from webduh_console.state.pending import Pending

SPARK = 14
_WORST_FIRST = {"down": 0, "degraded": 1, "unknown": 2, "serving": 3, "never": 4}

APP_COLUMNS = (
    Column("state", "STATE", least=9, most=14),
    Column("app", "APP", least=6, most=36),
    Column("environment", "ENV", least=6, most=14, rank=1),
    Column("release", "RELEASE", "right", least=4, most=8, rank=2),
    Column("address", "ADDRESS", least=16, most=48, rank=3, grow=True),
    Column("target", "TARGET", least=5, most=14, rank=7),
    Column("cpu", "CPU", "right", least=4, most=6, rank=4),
    Column("memory", "MEM", "right", least=4, most=6, rank=5),
    Column("load", "LOAD", least=SPARK, most=SPARK, rank=8),
    Column("age", "UP", "right", least=3, most=5, rank=6),
    Column("last", "LAST CHANGE", least=12, most=60, rank=9, grow=True),
)

DEPLOYMENT_COLUMNS = (
    Column("outcome", "OUTCOME", least=11, most=13),
    Column("app", "APP", least=8, most=28),
    Column("environment", "ENV", least=6, most=14, rank=2),
    Column("what", "WHAT", least=6, most=18, rank=1),
    Column("how", "DETAIL", least=24, most=60, rank=4, grow=True),
    Column("took", "TOOK", "right", least=4, most=12, rank=3),
    Column("when", "WHEN", "right", least=8, most=12, rank=1),
    Column("by", "BY", least=4, most=16, rank=6),
)

OWN_DEPLOYMENT_COLUMNS = tuple(one for one in DEPLOYMENT_COLUMNS if one.key not in ("app", "environment"))
"""Those of one app in one environment."""

RELEASE_COLUMNS = (
    Column("number", "RELEASE", "right", least=4, most=8),
    Column("state", "STATE", least=9, most=12),
    Column("when", "MADE", least=8, most=20, rank=1),
    Column("from", "FROM", least=10, most=40, rank=2, grow=True),
    Column("digest", "ARTIFACT", least=12, most=12, rank=4),
    Column("size", "SIZE", "right", least=4, most=6, rank=3),
    Column("by", "BY", least=4, most=16, rank=5),
    Column("trigger", "TRIGGER", least=4, most=14, rank=6),
)

INSTANCE_COLUMNS = (
    Column("state", "STATE", least=10, most=12),
    Column("process", "PROCESS", least=5, most=16),
    Column("release", "RELEASE", "right", least=4, most=8, rank=3),
    Column("place", "PLACE", least=5, most=16, rank=5),
    Column("cpu", "CPU", "right", least=4, most=6, rank=1),
    Column("memory", "MEM", "right", least=4, most=6, rank=1),
    Column("up", "UP", "right", least=3, most=5, rank=2),
    Column("restarts", "RESTARTS", "right", least=4, most=8, rank=4),
    Column("port", "PORT", "right", least=4, most=6, rank=6),
    Column("name", "NAME", least=10, most=63, rank=7, grow=True),
)

VARIABLE_COLUMNS = (
    Column("name", "NAME", least=10, most=40),
    Column("kind", "KIND", least=6, most=6, rank=3),
    Column("value", "VALUE", least=10, most=80, rank=1, grow=True),
    Column("state", "STATE", least=10, most=40, rank=2),
)

INSTANCE_STATES = {
    "running": ("●", "good"),
    "starting": ("◔", "busy"),
    "stopping": ("◑", "busy"),
    "stopped": ("○", "faint"),
    "exited": ("✗", "bad"),
    "crashing": ("✗", "bad"),
    "unknown": ("?", "warn"),
}
"""State of an instance → glyph, role."""


_DOING = {"deploy": "deploying", "rollback": "rolling back", "set-up": "setting up", "build": "building"}


def key_text(key: AppKey) -> str:
    """The key as a table's row key."""
    return f"{key.project}/{key.app}/{key.environment}"


def environment_role(environment: str) -> str:
    """Production is loud."""
    return "loud" if environment == "production" else "muted"


def live_cell(live: Live) -> Cell:
    """What something that runs is about: an app, or a target."""
    return app_cell(live.key) if live.key.app else cell(live.target, "bold text")


def app_cell(key: AppKey) -> Cell:
    """The app's name, its project before it unless that is the default."""
    project: list[Piece] = [] if key.project == "default" else [(f"{key.project}/", "faint")]
    return (*project, (key.app, "bold text"))


def app_row(row: "Row", live: Live | None, loads: Sequence[float], now: datetime, fresh: bool) -> TableRow:
    """An app in an environment as a row of `APP_COLUMNS`. Figures that are not fresh are faint."""
    actual = row.actual
    glyph, word, role = health(actual) if live is None else (spinner(now), "deploying", "busy")
    number = actual.release.number if actual.release else None
    began = started(actual)
    shown = bool(actual.instances)
    figure = "text" if shown and fresh else "faint"
    pending: tuple[Piece, ...] = ((f" +{row.pending}", "warn"),) if row.pending else ()
    cells: tuple[Cell, ...] = (
        cell(f"{glyph} {word}", role),
        app_cell(row.key),
        cell(row.key.environment, environment_role(row.key.environment)),
        (*cell(f"v{number}" if number else "–", "text" if number else "faint"), *pending),
        cell(actual.url.removeprefix("http://") or "–", "accent" if actual.url else "faint"),
        cell(row.target, "muted"),
        cell(cores(cpu(actual)) if shown else "–", figure),
        cell(size(memory(actual)) if shown else "–", figure),
        _trend(loads),
        cell(span((now - began).total_seconds()) if began and actual.health != "never" else "–", "muted"),
        _last(row.last, now),
    )
    order = (
        _WORST_FIRST.get(actual.health, 2),
        (row.key.project, row.key.app),
        row.key.environment,
        number or 0,
        actual.url,
        row.target,
        -cpu(actual),
        -memory(actual),
        -sum(loads),
        (now - began).total_seconds() if began else 0.0,
        -row.last.started.timestamp() if row.last else 0.0,
    )
    return TableRow(key_text(row.key), cells, order)


def _trend(loads: Sequence[float]) -> Cell:
    """The last figures as blocks; what is not known yet is dotted, so that the track is seen as a whole."""
    known = list(loads)[-SPARK:]
    return (("·" * (SPARK - len(known)), "line"), (spark(known, len(known), top=0.1), "busy"))


def _last(deployment: Deployment | None, now: datetime) -> Cell:
    if deployment is None:
        return cell("–", "faint")
    glyph, _, role = OUTCOMES[deployment.outcome]
    return ((f"{glyph} ", role), (what_happened(deployment), "muted"), (f" · {ago(deployment.started, now)}", "faint"))


def of_one_app(row: TableRow) -> TableRow:
    """A row of `DEPLOYMENT_COLUMNS` as one of `OWN_DEPLOYMENT_COLUMNS`."""
    return msgspec.structs.replace(row, cells=(row.cells[0], *row.cells[3:]))


def deployment_row(deployment: Deployment, live: Live | None, now: datetime) -> TableRow:
    """A deployment as a row of `DEPLOYMENT_COLUMNS`; one that runs here shows its step."""
    if live is not None and not live.over:
        return live_row(live, now, deployment.by)
    glyph, word, role = OUTCOMES[deployment.outcome]
    how = deployment.error.get("what", "").replace(f"{deployment.key.slug}--", "") if deployment.error else ""
    if deployment.outcome == "running":
        how = "in another webduh"
    took = seconds(deployment.seconds) if deployment.outcome != "running" else ""
    return TableRow(
        deployment.id,
        (
            cell(f"{glyph} {word}", role),
            app_cell(deployment.key),
            cell(deployment.key.environment, environment_role(deployment.key.environment)),
            cell(what_happened(deployment), "text"),
            cell(how or deployment.url.removeprefix("http://"), "muted" if how else "faint"),
            cell(took, "muted"),
            cell(ago(deployment.started, now), "faint"),
            cell(deployment.by, "faint"),
        ),
    )


def live_row(live: Live, now: datetime, by: str = "") -> TableRow:
    """A deployment that runs in this console, with the step it is at."""
    timeline = live.timeline
    at, of = timeline.position()
    step = timeline.current()
    filled, rest = bar(at / of if of else 0.0, 8)
    back = timeline.reverting is not None
    how: Cell = (
        (f"{step.name if step else 'starting'} ", "text"),
        (f"{at}/{of} ", "faint"),
        (filled, "warn" if back else "busy"),
        (rest, "line"),
    )
    word = "taking back" if back else _DOING.get(live.action, live.action)
    return TableRow(
        live.id,
        (
            cell(f"{spinner(now)} {word}", "warn" if back else "busy"),
            live_cell(live),
            cell(live.key.environment, environment_role(live.key.environment)),
            cell(live.action, "text"),
            how,
            cell(seconds(timeline.elapsed(now)), "muted"),
            cell("now", "busy"),
            cell(by, "faint"),
        ),
    )


def release_row(release: Release, serving: int | None, marked: int | None, now: datetime) -> TableRow:
    """A release as a row of `RELEASE_COLUMNS`."""
    here = release.number == serving
    state = cell("● serving", "good") if here else cell("○ kept", "faint")
    if release.number == marked:
        state = cell("= marked", "accent")
    source = release.source
    commit = f"{source.commit[:8]}{'+' if source.dirty else ''}" if source.commit else ""
    came: list[Piece] = [(f"{source.branch} ", "muted")] if source.branch else []
    came.append((commit, "accent") if commit else (_tail(source.app_folder), "muted"))
    return TableRow(
        str(release.number),
        (
            cell(f"v{release.number}", "bold text" if here else "text"),
            state,
            cell(ago(release.created, now), "muted"),
            came,
            cell(release.artifact.digest.removeprefix("sha256:")[:12], "faint"),
            cell(size(release.artifact.size), "muted"),
            cell(release.by, "muted"),
            cell(release.trigger, "faint"),
        ),
    )


def _tail(folder: str) -> str:
    """A folder by its own name: the end of a path says more than its beginning."""
    name = folder.rstrip("/").rpartition("/")[2]
    return f"…/{name}" if name else folder


def instance_row(instance: Instance, now: datetime) -> TableRow:
    """An instance as a row of `INSTANCE_COLUMNS`."""
    glyph, role = INSTANCE_STATES[instance.state]
    word = instance.state if instance.exit is None or instance.state == "running" else f"exit {instance.exit}"
    up = span((now - instance.started).total_seconds()) if instance.started and instance.state == "running" else "–"
    return TableRow(
        instance.name,
        (
            cell(f"{glyph} {word}", role),
            cell(instance.process, "bold text"),
            cell(f"v{instance.release}"),
            cell(instance.place, "muted"),
            cell(cores(instance.cpu)),
            cell(size(instance.memory)),
            cell(up, "muted"),
            cell(str(instance.restarts), "warn" if instance.restarts else "faint"),
            cell(str(instance.port) if instance.port else "–", "muted"),
            cell(instance.name, "faint"),
        ),
    )


def variable_rows(serving: Release | None, pending: "Sequence[Pending]") -> list[TableRow]:
    """The variables of the serving release and the changes not deployed yet, as rows of `VARIABLE_COLUMNS`."""
    variables = serving.variables if serving is not None else {}
    changes = {one.name: one for one in pending}
    rows = []
    for name in sorted({*variables, *changes}):
        variable, change = variables.get(name), changes.get(name)
        shown = change.variable if change is not None and change.variable is not None else variable
        secret = shown is None or shown.secret
        value = (
            cell("••••••••", "faint") if secret else cell(visible(shown.value if shown else "") or "(empty)", "text")
        )
        state = cell(f"✓ in v{serving.number}" if serving is not None else "", "faint")
        if change is not None:
            word = "taken away" if change.variable is None else "changed" if variable is not None else "new"
            state = cell(f"! {word}, at the next deployment", "warn")
        kind = cell("secret" if secret else "plain", "muted")
        rows.append(TableRow(name, (cell(name, "bold text"), kind, value, state)))
    return rows
