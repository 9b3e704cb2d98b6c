"""The networks on a server, and who is on them."""

from collections.abc import Iterable, Mapping
from typing import Any

from webduh_console.model.inventory import NetworkRow
from webduh_console.targets.server.networks import EDGE, project_network
from webduh_console.targets.server.resources import network

_OURS = project_network("")


def rows(answer: Iterable[Mapping[str, Any]], containers: Iterable[Mapping[str, Any]]) -> list[NetworkRow]:
    """The answer to `GET /networks`, with the running containers on each (`GET /containers/json`); ours first."""
    on: dict[str, list[str]] = {}
    for container in containers:
        if container.get("State") not in ("running", "paused", "restarting"):
            continue
        name = next(iter(container.get("Names") or ["/"])).removeprefix("/")
        for joined, endpoint in ((container.get("NetworkSettings") or {}).get("Networks") or {}).items():
            address = (endpoint or {}).get("IPAddress") or (endpoint or {}).get("GlobalIPv6Address") or ""
            on.setdefault(joined, []).append(f"{name} {address}".strip())
    found = (_row(each, on) for each in answer)
    return sorted(found, key=lambda row: (not (row.project or row.name == EDGE), row.name))


def _row(each: Mapping[str, Any], on: Mapping[str, list[str]]) -> NetworkRow:
    known = network(each)
    return NetworkRow(
        name=known.name,
        driver=known.driver,
        subnets=known.subnets,
        containers=tuple(sorted(on.get(known.name, ()))),
        project=known.name.removeprefix(_OURS) if known.name.startswith(_OURS) else "",
        internal=bool(each.get("Internal")),
    )
