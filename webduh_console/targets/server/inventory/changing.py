"""Changes what is on a server, one thing at a time: containers are started and stopped, what nobody needs goes."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from webduh_console.errors import NotFoundError, TargetError
from webduh_console.model.inventory import ContainerRow, ImageRow, Row, VolumeRow
from webduh_console.model.names import nearest

if TYPE_CHECKING:
    from webduh_console.targets.server.target import ServerTarget

Act = Literal["start", "stop", "restart"]


def act(server: "ServerTarget", name: str, what: Act) -> None:
    """Start, stop or restart a container; NotFoundError when there is none of that name."""
    engine = server.engine
    found = engine.container(name)
    if found is None:
        known = [row.name for row in server.inventory("containers").rows if isinstance(row, ContainerRow)]
        raise _missing(server, "container", name, known)
    if what != "start":
        engine.stop(found.name)
    if what != "stop":
        engine.start(found.name)


def surplus(server: "ServerTarget", what: Literal["image", "volume"], name: str) -> ImageRow | VolumeRow:
    """The image or volume of that name, if nobody needs it. TargetError says who does, NotFoundError that
    there is none.

    An image goes by any of its names, or by its id.
    """
    rows: Sequence[Row] = server.inventory("images" if what == "image" else "volumes").rows
    found = next((row for row in rows if name in names_of(row)), None)
    if not isinstance(found, ImageRow | VolumeRow):
        raise _missing(server, what, name, [one for row in rows for one in names_of(row)])
    users = [*found.releases, *found.containers] if isinstance(found, ImageRow) else list(found.mounts)
    if not users and isinstance(found, ImageRow):
        users = _being_deployed(server, found)
    if users:
        raise TargetError(
            f"The {what} {name} is not removed from {server.name}.",
            why=f"It is needed by {', '.join(users[:5])}{' and others' if len(users) > 5 else ''}.",
            kept="Nothing was changed.",
            hint=f"`webduh server show {server.name} {what}s` shows who needs what.",
        )
    return found


def remove(server: "ServerTarget", found: ImageRow | VolumeRow) -> None:
    """Remove what `surplus` gave. EngineError when somebody needs it by now: Docker itself looks again."""
    if isinstance(found, VolumeRow):
        server.engine.remove_volume(found.name)
        return
    tags = [name for name in found.names if "@" not in name]
    for name in tags or [found.id]:
        server.engine.remove_image(name)


def names_of(row: Row) -> tuple[str, ...]:
    """What an image or a volume may be called; a name without a tag means `latest`."""
    if isinstance(row, ImageRow):
        return (*row.names, *(name.removesuffix(":latest") for name in row.names), row.id)
    return (row.name,) if isinstance(row, VolumeRow) else ()


def _being_deployed(server: "ServerTarget", image: ImageRow) -> list[str]:
    """An image of ours that is no surplus is one that was just built: its release is not written yet."""
    own = [name for name in image.names if name.startswith("webduh/")]
    return ["a deployment under way"] if own and not set(own) & set(server.prunable()) else []


def _missing(server: "ServerTarget", what: str, name: str, known: Sequence[str]) -> NotFoundError:
    meant = nearest(name, known)
    hint = f"Did you mean {meant}?" if meant else f"`webduh server show {server.name} {what}s` lists them."
    return NotFoundError(f"There is no {what} {name} on {server.name}.", kept="Nothing was changed.", hint=hint)
