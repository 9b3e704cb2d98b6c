"""What no release on a server names any more: images and containers that were left behind, and old build cache."""

import msgspec

from webduh_console.targets.server.containers import image_name
from webduh_console.targets.server.engine import Engine
from webduh_console.targets.server.files import RootFolder
from webduh_console.targets.server.snapshots import snapshot


class Surplus(msgspec.Struct, frozen=True):
    """The names of containers and images of ours that no release names."""

    containers: tuple[str, ...]
    images: tuple[str, ...]


def surplus(folder: RootFolder, engine: Engine) -> Surplus:
    """What is left over. What belongs to a deployment under way is named by its release, or has no end yet."""
    seen = snapshot(folder)
    busy = {key.slug for key, record in seen.items() if record.holder is not None}
    kept = {(key.slug, number) for key, record in seen.items() for number in record.numbers}
    images = {image_name(key, release.artifact.digest) for key, record in seen.items() for release in record.releases}
    containers = [c.name for c in engine.containers() if c.slug not in busy and (c.slug, c.release) not in kept]
    tags = [tag for image in engine.images() for tag in image.tags if image.labels.get("webduh.slug") not in busy]
    return Surplus(
        tuple(sorted(containers)), tuple(sorted({tag for tag in tags if tag.startswith("webduh/")} - images))
    )


def prune(folder: RootFolder, engine: Engine, cache: int) -> int:
    """Remove it, and build cache beyond `cache` bytes; the bytes that are free again."""
    found = surplus(folder, engine)
    before = engine.df().get("LayersSize", 0)
    for name in found.containers:
        engine.remove(name)
    for tag in found.images:
        engine.remove_image(tag)
    freed = engine.prune_build_cache(cache)
    return int(before - engine.df().get("LayersSize", 0)) + freed
