"""Every container on a server, ours or not."""

from collections.abc import Iterable, Mapping
from typing import Any

from webduh_console.model.inventory import ContainerRow
from webduh_console.targets.server.containers import Container, listed
from webduh_console.targets.server.metrics import Figures


def rows(answer: Iterable[Mapping[str, Any]], now: Mapping[str, Figures]) -> list[ContainerRow]:
    """The answer to `GET /containers/json`, with what each uses by its id; ours first, then by name."""
    return sorted((row(each, now) for each in answer), key=lambda row: (not row.app, row.name))


def row(each: Mapping[str, Any], now: Mapping[str, Figures]) -> ContainerRow:
    """A container of that answer."""
    container = listed(each)
    used = now.get(container.id) if container.running else None
    return ContainerRow(
        name=container.name,
        state=container.status,
        image=container.image,
        app=container.slug,
        status=each.get("Status") or "",
        cpu=used.cpu if used else None,
        memory=used.memory if used else None,
        process=container.process if container.slug else "",
        release=container.release if container.slug else None,
        ports=published(each.get("Ports") or ()),
        created=container.created,
        id=container.id[:12],
    )


def published(ports: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    """The ports of the machine that lead into a container; the same one of IPv4 and IPv6 is one.

    An address is named where it is not all of them: `127.0.0.1:5432→5432/tcp`.
    """
    found: dict[tuple[int, str], set[str]] = {}
    for port in ports:
        if port.get("PublicPort"):
            way = f"{port['PublicPort']}→{port.get('PrivatePort', '?')}/{port.get('Type') or 'tcp'}"
            found.setdefault((port["PublicPort"], way), set()).add(port.get("IP") or "")
    return tuple(
        f"{_host(address)}{way}"
        for (_, way), addresses in sorted(found.items())
        for address in sorted({"" if each in ("0.0.0.0", "::") else each for each in addresses})
    )


def _host(address: str) -> str:
    if not address:
        return ""
    return f"[{address}]:" if ":" in address else f"{address}:"


def containers(answer: Iterable[Mapping[str, Any]]) -> list[Container]:
    """The same answer as values."""
    return [listed(each) for each in answer]
