"""The rooms of a target as table rows: what is on its machines, kind by kind. Pure."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from webduh_console.console.target_cells import container_cells, fullness, key_of
from webduh_console.console.widgets.columns import Column
from webduh_console.console.widgets.table import Cell, TableRow, cell, widths_of
from webduh_console.console.words import bar, cores, counted, size, span, visible
from webduh_console.model.inventory import (
    ContainerRow,
    DiskRow,
    Found,
    ImageRow,
    Kind,
    NetworkRow,
    ProcessRow,
    RouteRow,
    Row,
    VolumeRow,
)

Cells = tuple[tuple[Cell, ...], tuple[Any, ...]]
"""The cells of a row, and what it is sorted by, a value a column."""

SERVER = Column("server", "SERVER", least=5, most=18)
_BAR = 8


class Room(msgspec.Struct, frozen=True):
    """One kind of what there is: its columns, and how often it is asked for while it is shown, in seconds.

    Between two questions there are `rest` times as long as an answer took: asking keeps no server busy.
    """

    columns: tuple[Column, ...]
    cells: Callable[[Any, datetime], Cells]
    every: float
    empty: str
    rest: float = 1.0


class Filled(msgspec.Struct, frozen=True):
    """What was found: rows of the table with their columns' widths, and the same by their keys. `note` sums it up."""

    found: Found
    rows: tuple[TableRow, ...]
    widths: tuple[int, ...]
    by_key: Mapping[str, Row]
    note: str


def filled(kind: Kind, found: Found, before: Found | None, several: bool, now: datetime) -> Filled:
    """The rows of a room. What servers that are silent now said `before` is still there; the note names them."""
    kept = [row for row in before.rows if row.server in found.silent] if before is not None else []
    whole = msgspec.structs.replace(found, rows=(*found.rows, *kept))
    room, rows, by_key = ROOMS[kind], [], {}
    for row in whole.rows:
        key = key_in(row)
        cells, order = room.cells(row, now)
        if several:
            cells = (cell(visible(row.server), "faint" if row.server in found.silent else "accent"), *cells)
            order = (row.server, *order)
        rows.append(TableRow(key, cells, order))
        by_key[key] = row
    widths = widths_of(columns_of(kind, several), rows)
    return Filled(whole, tuple(rows), widths, by_key, note_of(kind, whole))


def key_in(row: Row) -> str:
    """What tells a row from all others of its room."""
    match row:
        case ProcessRow():
            return f"{row.server}/{row.pid}"
        case ImageRow():
            return f"{row.server}/{row.id}"
        case RouteRow():
            return f"{row.server}/{row.protocol}/{row.name}"
        case DiskRow():
            return f"{row.server}/{row.kind}/{row.name}"
        case _:
            return f"{row.server}/{row.name}"


def columns_of(kind: Kind, several: bool) -> tuple[Column, ...]:
    """The columns of a room; of several servers the first one names the server."""
    return (SERVER, *ROOMS[kind].columns) if several else ROOMS[kind].columns


def note_of(kind: Kind, found: Found) -> str:
    """What there is in a few words, and who is silent."""
    rows = found.rows
    parts = [_summed(kind, rows)] if rows else []
    if found.silent:
        names = ", ".join(found.silent)
        does = "does" if len(found.silent) == 1 else "do"
        parts.append(f"! {visible(names)} {does} not answer")
    return " · ".join(parts)


def _summed(kind: Kind, rows: Sequence[Any]) -> str:
    if kind == "containers":
        own = sum(key_of(row.app) is not None for row in rows)
        return f"{counted(own, 'of an app', 'of apps')} · {counted(len(rows) - own, 'other')}"
    if kind in ("images", "volumes"):
        unused = [row for row in rows if row.unused]
        room = sum(row.size or 0 for row in unused)
        waste = f" · {counted(len(unused), 'unused', 'unused')}" + (f", {size(room)}" if room else "")
        return counted(len(rows), kind[:-1]) + (waste if unused else "")
    if kind == "routes":
        wrong = sum(row.state != "enabled" or bool(row.down) for row in rows)
        return counted(len(rows), "route") + (f" · ! {wrong} wrong" if wrong else "")
    if kind == "processes":
        return f"{counted(len(rows), 'process', 'processes')} · {cores(sum(row.cpu or 0.0 for row in rows))} cores"
    if kind == "disk":
        return f"Docker keeps {size(sum(row.used for row in rows if row.kind == 'docker'))}" if _docker(rows) else ""
    return counted(len(rows), "network")


def _docker(rows: Sequence[DiskRow]) -> bool:
    return any(row.kind == "docker" for row in rows)


# The cells of each kind.


def _container(row: ContainerRow, now: datetime) -> Cells:
    state, whose, name, cpu, memory, image, status = container_cells(row)
    age, seconds = _age(row.created, now)
    release = f"v{row.release}" if row.release else "–"
    cells = (
        state,
        whose,
        name,
        cpu,
        memory,
        cell(release, "text" if row.release else "faint"),
        cell(visible(" ".join(row.ports)) or "–", "accent" if row.ports else "faint"),
        cell(age, "muted"),
        status,
        image,
    )
    order = (row.state, row.app or "~", row.name, -(row.cpu or 0.0), -(row.memory or 0), row.release or 0)
    return cells, (*order, row.ports, seconds, row.status, row.image)


def _image(row: ImageRow, now: datetime) -> Cells:
    age, seconds = _age(row.created, now)
    names = " ".join(row.names) or "no name"
    state = cell("○ unused", "warn") if row.unused else cell("● used", "good")
    named = ", ".join(row.releases)
    cells = (
        state,
        cell(visible(names), "text" if row.names else "faint"),
        cell(size(row.size), "muted"),
        cell(age, "muted"),
        cell(visible(named) or "–", "bold text" if named else "faint"),
        cell(visible(", ".join(row.containers)) or "–", "muted" if row.containers else "faint"),
    )
    return cells, (row.unused, names, -row.size, seconds, named, row.containers)


def _volume(row: VolumeRow, now: datetime) -> Cells:
    age, seconds = _age(row.created, now)
    key = key_of(row.app)
    cells = (
        cell("○ unused", "warn") if row.unused else cell("● used", "good"),
        cell(visible(str(key or row.app)) or "–", "bold text" if row.app else "faint"),
        cell(visible(row.name), "text"),
        cell(size(row.size) if row.size is not None else "–", "muted"),
        cell(age, "muted"),
        cell(visible(", ".join(row.mounts)) or "–", "muted" if row.mounts else "faint"),
    )
    return cells, (row.unused, row.app or "~", row.name, -(row.size or 0), seconds, row.mounts)


def _network(row: NetworkRow, now: datetime) -> Cells:
    cells = (
        cell(visible(row.name), "text"),
        cell(visible(row.project) or "–", "bold text" if row.project else "faint"),
        cell(visible(row.driver) + (", internal" if row.internal else ""), "muted"),
        cell(visible(" ".join(row.subnets)) or "–", "muted"),
        cell(str(len(row.containers)), "text" if row.containers else "faint"),
        cell(visible(", ".join(row.containers)) or "–", "muted" if row.containers else "faint"),
    )
    return cells, (row.name, row.project or "~", row.driver, row.subnets, -len(row.containers), row.containers)


_ROUTES = {"enabled": ("●", "good"), "warning": ("◐", "warn"), "disabled": ("✗", "bad")}


def _route(row: RouteRow, now: datetime) -> Cells:
    glyph, role = _ROUTES.get(row.state, ("?", "warn"))
    if row.down and role == "good":
        glyph, role = "◐", "warn"
    word = f"{len(row.down)} down" if row.down and row.state == "enabled" else row.state
    key = key_of(row.app)
    own = row.name.endswith("@internal") or row.service.endswith("@internal")
    if row.errors:
        leads: Cell = cell(visible("; ".join(row.errors)), "bad")
    elif row.upstreams:
        leads = [piece for url in row.upstreams for piece in _upstream(url, url in row.down)]
    else:
        leads = cell("Traefik itself", "faint") if own else cell("nowhere", "warn")
    cells = (
        cell(f"{glyph} {visible(word)}", role),
        cell(visible(str(key or row.service)), "bold text" if key else "faint" if own else "text"),
        cell(visible(row.rule) or "everything", "muted" if own else "text"),
        cell(visible(" ".join(row.entry_points)) or "–", "muted"),
        cell(visible(row.tls) or "–", "good" if row.tls else "faint"),
        leads,
    )
    return cells, (row.state, row.service, row.rule, row.entry_points, row.tls, row.upstreams)


def _upstream(url: str, down: bool) -> list[tuple[str, str]]:
    return [(visible(url.removeprefix("http://")), "bad" if down else "text"), (" is down  " if down else "  ", "bad")]


_PROCESSES = {"running": "good", "waiting": "warn", "disk-sleep": "warn", "zombie": "bad", "stopped": "warn"}


def _process(row: ProcessRow, now: datetime) -> Cells:
    busy = row.cpu is not None and row.cpu >= 0.005
    kernel = row.command.startswith("[") and not row.memory
    cells = (
        cell(str(row.pid), "muted"),
        cell(visible(row.user), "text"),
        cell(visible(row.state), _PROCESSES.get(row.state, "faint")),
        cell(cores(row.cpu) if row.cpu is not None else "–", "text" if busy else "faint"),
        cell(size(row.memory) if row.memory else "–", "text" if row.memory else "faint"),
        cell(span(row.age), "muted"),
        cell(visible(row.container) or "–", "accent" if row.container else "faint"),
        cell(visible(row.command), "faint" if kernel else "text"),
    )
    order = (row.pid, row.user, row.state, -(row.cpu or 0.0), -row.memory, row.age, row.container or "~", row.command)
    return cells, order


def _disk(row: DiskRow, now: datetime) -> Cells:
    docker = row.kind == "docker"
    part = row.used / row.size if row.size and not docker else 0.0
    full, empty = bar(part, _BAR)
    role = fullness(part)
    gauge: Cell = [(full, "busy" if role == "text" else role), (empty, "line"), (f" {part:>4.0%}", role)]
    inodes = row.inodes or 0.0
    away = f"{size(row.reclaimable)} can go" if row.reclaimable else ""
    note = counted(row.count or 0, "of it", "of them") if docker else visible(row.device)
    cells = (
        cell(f"Docker  {visible(row.name)}" if docker else visible(row.name), "text" if docker else "bold text"),
        cell(visible(row.kind) or "–", "muted"),
        cell(size(row.used), "text"),
        cell(size(row.size) if not docker else "–", "muted" if not docker else "faint"),
        gauge if not docker else cell("", "faint"),
        cell(size(row.free) if row.free is not None else "–", role if row.free is not None else "faint"),
        cell(f"{inodes:.0%}" if row.inodes is not None else "–", fullness(inodes) if row.inodes else "faint"),
        cell("  ".join(filter(None, (away, note))), "accent" if away else "faint"),
    )
    order = (row.name, row.kind, -row.used, -row.size, -part, row.free or 0, -inodes, -(row.reclaimable or 0))
    return cells, order


def _age(created: datetime | None, now: datetime) -> tuple[str, float]:
    """How old something is, in words and in seconds."""
    if created is None:
        return "–", float("inf")
    seconds = (now - created).total_seconds()
    return span(seconds), seconds


ROOMS: Mapping[Kind, Room] = {
    "containers": Room(
        (
            Column("state", "STATE", least=9, most=12),
            Column("app", "APP", least=6, most=32),
            Column("name", "CONTAINER", least=12, most=48, grow=True),
            Column("cpu", "CPU", "right", least=4, most=6, rank=1),
            Column("memory", "MEM", "right", least=4, most=6, rank=1),
            Column("release", "REL", "right", least=3, most=5, rank=2),
            Column("ports", "PORTS", least=5, most=30, rank=3),
            Column("age", "AGE", "right", least=3, most=4, rank=2),
            Column("status", "STATUS", least=8, most=28, rank=4),
            Column("image", "IMAGE", least=12, most=36, rank=5),
        ),
        _container,
        3.0,
        "No container is there.",
    ),
    "images": Room(
        (
            Column("state", "STATE", least=8, most=8),
            Column("name", "IMAGE", least=16, most=72, grow=True),
            Column("size", "SIZE", "right", least=4, most=6),
            Column("age", "AGE", "right", least=3, most=4, rank=2),
            Column("releases", "RELEASES", least=8, most=36, rank=1),
            Column("containers", "CONTAINERS", least=10, most=48, rank=3),
        ),
        _image,
        10.0,
        "No image is there.",
    ),
    "volumes": Room(
        (
            Column("state", "STATE", least=8, most=8),
            Column("app", "APP", least=6, most=32, rank=1),
            Column("name", "VOLUME", least=12, most=64, grow=True),
            Column("size", "SIZE", "right", least=4, most=6),
            Column("age", "AGE", "right", least=3, most=4, rank=3),
            Column("mounts", "MOUNTED AT", least=12, most=64, rank=2),
        ),
        _volume,
        10.0,
        "No volume is there.",
    ),
    "networks": Room(
        (
            Column("name", "NETWORK", least=10, most=40),
            Column("project", "PROJECT", least=7, most=24, rank=2),
            Column("driver", "DRIVER", least=6, most=18, rank=3),
            Column("subnets", "SUBNET", least=8, most=40, rank=1),
            Column("count", "ON IT", "right", least=5, most=5),
            Column("containers", "WHO", least=12, most=120, rank=1, grow=True),
        ),
        _network,
        10.0,
        "No network is there.",
    ),
    "routes": Room(
        (
            Column("state", "STATE", least=9, most=11),
            Column("app", "SERVICE", least=8, most=36, rank=1),
            Column("rule", "RULE", least=16, most=72),
            Column("entry", "ENTRY", least=5, most=20, rank=3),
            Column("tls", "TLS", least=3, most=16, rank=2),
            Column("leads", "LEADS TO", least=16, most=120, grow=True),
        ),
        _route,
        4.0,
        "Traefik has no route.",
    ),
    "processes": Room(
        (
            Column("pid", "PID", "right", least=5, most=8),
            Column("user", "USER", least=4, most=12),
            Column("state", "STATE", least=7, most=10, rank=3),
            Column("cpu", "CPU", "right", least=4, most=5),
            Column("memory", "MEM", "right", least=4, most=6),
            Column("age", "AGE", "right", least=3, most=4, rank=2),
            Column("container", "CONTAINER", least=9, most=40, rank=4),
            Column("command", "COMMAND", least=16, most=400, grow=True),
        ),
        _process,
        3.0,
        "No process is seen.",
    ),
    "disk": Room(
        (
            Column("name", "WHERE", least=12, most=40),
            Column("kind", "TYPE", least=4, most=10, rank=2),
            Column("used", "USED", "right", least=4, most=6),
            Column("size", "SIZE", "right", least=4, most=6, rank=1),
            Column("part", "", least=_BAR + 5, most=_BAR + 5, rank=1),
            Column("free", "FREE", "right", least=4, most=6),
            Column("inodes", "INODES", "right", least=6, most=6, rank=3),
            Column("note", "", least=12, most=60, rank=4, grow=True),
        ),
        _disk,
        60.0,
        "No file system is seen.",
        rest=20.0,  # Docker goes through all files of all volumes for it
    ),
}
"""The rooms by what they show."""
