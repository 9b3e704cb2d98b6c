"""What is on servers, as functions for the console and as a listing: containers, images, routes, processes …"""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from webduh_console.clock import now
from webduh_console.commands.context import Context
from webduh_console.commands.noting import note_target
from webduh_console.commands.results import Column, Listing
from webduh_console.commands.words import size, span
from webduh_console.errors import UsageError
from webduh_console.model.events import Warned
from webduh_console.model.inventory import (
    ContainerRow,
    DiskRow,
    Found,
    ImageRow,
    Inventoried,
    Kind,
    NetworkRow,
    ProcessRow,
    RouteRow,
    Row,
    VolumeRow,
)

if TYPE_CHECKING:
    from webduh_console.targets.server.inventory.changing import Act

Words = Mapping[str, object]


def inventory(ctx: Context, target: str, kind: Kind) -> Found:
    """All there is of a kind on a target, read-only. UsageError where there is no such kind; TargetError when nobody
    answers.
    """
    chosen = ctx.target(target)
    kinds: tuple[Kind, ...] = chosen.kinds if isinstance(chosen, Inventoried) else ()
    if not isinstance(chosen, Inventoried) or kind not in kinds:
        raise UsageError(
            f"{target} has no {kind} to show.",
            kept="Nothing was changed.",
            hint=f"There is: {', '.join(kinds)}." if kinds else "`webduh server ls` lists the servers.",
        )
    return chosen.inventory(kind)


def act(ctx: Context, server: str, container: str, what: "Act") -> None:
    """Start, stop or restart a container on a server, and write that down."""
    from webduh_console.targets.server.inventory import changing

    chosen = ctx.server(server)
    changing.act(chosen, container, what)
    note_target(ctx, chosen, what, f"container {container}")


def surplus(ctx: Context, server: str, what: Literal["image", "volume"], name: str) -> ImageRow | VolumeRow:
    """An image or a volume that nobody needs; TargetError when somebody does."""
    from webduh_console.targets.server.inventory import changing

    return changing.surplus(ctx.server(server), what, name)


def remove(ctx: Context, server: str, found: ImageRow | VolumeRow) -> None:
    """Remove it, and write that down."""
    from webduh_console.targets.server.inventory import changing

    chosen = ctx.server(server)
    changing.remove(chosen, found)
    note_target(ctx, chosen, "remove", lost(found))


def lost(found: ImageRow | VolumeRow) -> str:
    """What goes when it is removed, in words."""
    if isinstance(found, ImageRow):
        return f"the image {' '.join(found.names) or found.id} ({size(found.size)})"
    measured = f" ({size(found.size)})" if found.size is not None else ""
    return f"the volume {found.name}{measured} with all that is in it"


# As a listing.


def listing(ctx: Context, name: str, kind: Kind, found: Found) -> Listing:
    """What was found, as a table; a server that did not answer is told of, and makes it a failure."""
    for place, why in found.silent.items():
        ctx.told(Warned(code="silent", text=f"{place}: {why}"))
    several = len({row.server for row in found.rows} | set(found.silent)) > 1
    columns, words = _SHOWN[kind]
    return Listing(
        f"{kind} of {name}",
        (*((Column("server", "SERVER"),) if several else ()), *columns),
        [{"server": row.server, **words(row)} for row in found.rows],
        [msgspec.to_builtins(row) for row in found.rows],
        f"{name} has no {kind}.",
        int(bool(found.silent)),
    )


def _container(row: Any) -> Words:
    assert isinstance(row, ContainerRow)
    return {
        **msgspec.structs.asdict(row),
        "cpu": "" if row.cpu is None else f"{row.cpu:.2f}",
        "memory": "" if row.memory is None else size(row.memory),
        "ports": " ".join(row.ports),
    }


def _image(row: Any) -> Words:
    assert isinstance(row, ImageRow)
    return {
        "name": " ".join(row.names) or row.id,
        "size": size(row.size),
        "age": _age(row.created),
        "needed": _some([*row.releases, *row.containers]) if not row.unused else "unused",
    }


def _volume(row: Any) -> Words:
    assert isinstance(row, VolumeRow)
    return {
        "name": row.name,
        "app": row.app,
        "size": "" if row.size is None else size(row.size),
        "age": _age(row.created),
        "needed": _some(row.mounts) if not row.unused else "unused",
    }


def _network(row: Any) -> Words:
    assert isinstance(row, NetworkRow)
    return {
        "name": row.name,
        "project": row.project,
        "driver": row.driver + (", internal" if row.internal else ""),
        "subnets": " ".join(row.subnets),
        "containers": _some(row.containers),
    }


def _route(row: Any) -> Words:
    assert isinstance(row, RouteRow)
    return {
        "state": row.state if not row.down else f"{row.state}, {len(row.down)} down",
        "rule": row.rule,
        "entry": " ".join(row.entry_points),
        "tls": row.tls,
        "service": row.service,
        "upstreams": " ".join(row.upstreams),
        "errors": "; ".join(row.errors),
    }


def _process(row: Any) -> Words:
    assert isinstance(row, ProcessRow)
    return {
        "pid": row.pid,
        "user": row.user,
        "cpu": "" if row.cpu is None else f"{row.cpu:.2f}",
        "memory": size(row.memory),
        "age": span(row.age),
        "container": row.container,
        "command": row.command,
    }


def _disk(row: Any) -> Words:
    assert isinstance(row, DiskRow)
    docker = row.kind == "docker"
    return {
        "name": f"Docker: {row.name}" if docker else row.name,
        "kind": f"{row.count} of them" if docker else row.kind,
        "used": size(row.used),
        "size": "" if docker else size(row.size),
        "free": "" if row.free is None else size(row.free),
        "inodes": "" if row.inodes is None else f"{row.inodes:.0%}",
        "reclaimable": "" if row.reclaimable is None else size(row.reclaimable),
    }


def _columns(*named: str) -> tuple[Column, ...]:
    """Columns by their keys; those that begin with `>` stand on the right."""
    return tuple(Column(n.lstrip(">"), n.lstrip(">").upper(), "right" if n[0] == ">" else "left") for n in named)


def _age(created: Any) -> str:
    return "" if created is None else span((now() - created).total_seconds())


def _some(names: Sequence[str], most: int = 3) -> str:
    """The first of several names, and how many more there are."""
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more} more" if more > 0 else "")


_SHOWN: Mapping[Kind, tuple[tuple[Column, ...], Callable[[Row], Words]]] = {
    "containers": (_columns("name", "state", "image", ">cpu", ">memory", "app", "ports", "status"), _container),
    "images": (_columns("name", ">size", ">age", "needed"), _image),
    "volumes": (_columns("name", "app", ">size", ">age", "needed"), _volume),
    "networks": (_columns("name", "project", "driver", "subnets", "containers"), _network),
    "routes": (_columns("state", "rule", "entry", "tls", "service", "upstreams", "errors"), _route),
    "processes": (_columns(">pid", "user", ">cpu", ">memory", ">age", "container", "command"), _process),
    "disk": (_columns("name", "kind", ">used", ">size", ">free", ">inodes", ">reclaimable"), _disk),
}
