"""The images on a server, and who still needs them."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from webduh_console.model.inventory import ImageRow
from webduh_console.model.release import Release
from webduh_console.targets.server.containers import Container, image_name


def rows(
    answer: Iterable[Mapping[str, Any]], containers: Iterable[Container], releases: Iterable[Release]
) -> list[ImageRow]:
    """The answer to `GET /images/json`; those that nobody needs come last, else the largest first."""
    made: dict[str, list[str]] = {}
    for container in containers:
        made.setdefault(container.image_id, []).append(container.name)
    named: dict[str, list[str]] = {}
    for release in releases:
        if release.artifact.kind == "image":
            named.setdefault(image_name(release.key, release.artifact.digest), []).append(
                f"{release.key} v{release.number}"
            )
    found = (_row(each, made, named) for each in answer)
    return sorted(found, key=lambda row: (row.unused, -row.size, row.names, row.id))


def _row(each: Mapping[str, Any], made: Mapping[str, list[str]], named: Mapping[str, list[str]]) -> ImageRow:
    names = tuple(sorted(tag for tag in each.get("RepoTags") or () if tag != "<none>:<none>"))
    releases = tuple(release for name in names for release in named.get(name, ()))
    containers = tuple(sorted(made.get(each["Id"], ())))
    created = each.get("Created")
    return ImageRow(
        id=each["Id"].removeprefix("sha256:")[:12],
        names=names or _by_digest(each),
        size=each.get("Size") or 0,
        created=datetime.fromtimestamp(created, UTC) if isinstance(created, int) and created > 0 else None,
        releases=releases,
        containers=containers,
        unused=not releases and not containers,
    )


def _by_digest(each: Mapping[str, Any]) -> tuple[str, ...]:
    """The names of an image that was pulled by its digest alone."""
    digests = (digest for digest in each.get("RepoDigests") or () if not digest.startswith("<none>"))
    return tuple(sorted(digests))
