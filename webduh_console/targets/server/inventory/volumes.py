"""The volumes on a server, and whose they are."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from webduh_console.model.inventory import VolumeRow
from webduh_console.targets.server.containers import SLUG, moment


def rows(
    answer: Mapping[str, Any], containers: Iterable[Mapping[str, Any]], sizes: Mapping[str, int]
) -> list[VolumeRow]:
    """The answer to `GET /volumes`, with the containers that have each (`GET /containers/json`), and sizes where they
    are known; those of apps first, those that nobody has last.
    """
    mounts: dict[str, list[str]] = {}
    for container in containers:
        name = next(iter(container.get("Names") or ["/"])).removeprefix("/")
        for mount in container.get("Mounts") or ():
            if mount.get("Type") == "volume" and mount.get("Name"):
                mounts.setdefault(mount["Name"], []).append(f"{name}:{mount.get('Destination') or '?'}")
    found = (_row(each, mounts, sizes) for each in answer.get("Volumes") or ())
    return sorted(found, key=lambda row: (row.unused, not row.app, row.name))


def _row(each: Mapping[str, Any], mounts: Mapping[str, list[str]], sizes: Mapping[str, int]) -> VolumeRow:
    own = tuple(sorted(mounts.get(each["Name"], ())))
    return VolumeRow(
        name=each["Name"],
        app=(each.get("Labels") or {}).get(SLUG, ""),
        mounts=own,
        size=sizes.get(each["Name"]),
        created=_created(each.get("CreatedAt")),
        driver=each.get("Driver") or "",
        kept=each.get("Mountpoint") or "",
        unused=not own,
    )


def _created(text: str | None) -> datetime | None:
    """When it was made; None where the driver of the volume tells no time."""
    try:
        return moment(text)
    except ValueError:
        return None
