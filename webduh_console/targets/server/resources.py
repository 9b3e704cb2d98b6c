"""What Docker says of itself, and of images, networks and volumes, as values. Pure."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from webduh_console.targets.server.containers import moment

NEWEST_API = "1.45"
"""The newest version of the Engine API that this program was tried with (Docker 26)."""


class Version(msgspec.Struct, frozen=True, kw_only=True):
    """A Docker engine. `api` is the version of its API that is spoken with it."""

    version: str
    api: str
    os: str = ""
    arch: str = ""
    kernel: str = ""


class Image(msgspec.Struct, frozen=True, kw_only=True):
    """An image that is there; `size` in bytes, `arch` as Docker writes it (`amd64`), both empty if it tells none.

    `env` are the names of the variables that it sets by itself; a list of images does not tell them. `digests` are
    those that registries know it by, as `REPOSITORY@sha256:…`.
    """

    id: str
    tags: tuple[str, ...] = ()
    size: int = 0
    os: str = ""
    arch: str = ""
    created: datetime | None = None
    labels: dict[str, str] = {}
    env: tuple[str, ...] = ()
    digests: tuple[str, ...] = ()


class Network(msgspec.Struct, frozen=True, kw_only=True):
    """A network; `containers` maps the ids of those that run in it to their names, and is empty in one from a list."""

    id: str
    name: str
    driver: str = ""
    subnets: tuple[str, ...] = ()
    gateway: str = ""
    labels: dict[str, str] = {}
    containers: dict[str, str] = {}


class Volume(msgspec.Struct, frozen=True, kw_only=True):
    """A volume, and where the server keeps it."""

    name: str
    labels: dict[str, str] = {}
    mountpoint: str = ""


def version(answer: Mapping[str, Any]) -> Version:
    """The answer to `GET /version`, and the version to speak: the newest one both sides know."""
    newest, oldest = answer.get("ApiVersion") or NEWEST_API, answer.get("MinAPIVersion") or "0"
    return Version(
        version=answer.get("Version") or "",
        api=max(min(NEWEST_API, newest, key=_order), oldest, key=_order),
        os=answer.get("Os") or "",
        arch=answer.get("Arch") or "",
        kernel=answer.get("KernelVersion") or "",
    )


def image(answer: Mapping[str, Any]) -> Image:
    """An image, inspected or from a list."""
    created = answer.get("Created")
    labels = answer.get("Labels") or (answer.get("Config") or {}).get("Labels") or {}
    return Image(
        id=answer["Id"],
        tags=tuple(tag for tag in answer.get("RepoTags") or () if tag != "<none>:<none>"),
        size=answer.get("Size") or 0,
        os=answer.get("Os") or "",
        arch=answer.get("Architecture") or "",
        created=moment(created) if isinstance(created, str) else None,
        labels=labels,
        env=tuple(pair.partition("=")[0] for pair in (answer.get("Config") or {}).get("Env") or ()),
        digests=tuple(answer.get("RepoDigests") or ()),
    )


def network(answer: Mapping[str, Any]) -> Network:
    """A network, inspected or from a list."""
    pools = (answer.get("IPAM") or {}).get("Config") or []
    return Network(
        id=answer["Id"],
        name=answer["Name"],
        driver=answer.get("Driver") or "",
        subnets=tuple(pool["Subnet"] for pool in pools if pool.get("Subnet")),
        gateway=next((pool["Gateway"] for pool in pools if pool.get("Gateway")), ""),
        labels=answer.get("Labels") or {},
        containers={id_: each.get("Name") or "" for id_, each in (answer.get("Containers") or {}).items()},
    )


def volume(answer: Mapping[str, Any]) -> Volume:
    """A volume, inspected or from a list."""
    return Volume(name=answer["Name"], labels=answer.get("Labels") or {}, mountpoint=answer.get("Mountpoint") or "")


def _order(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdecimal())
