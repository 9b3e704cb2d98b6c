"""What no release on a server names any more: images, containers and folders that were left behind, old build cache."""

import msgspec

from webduh_console.targets.server.containers import image_name
from webduh_console.targets.server.engine import Engine
from webduh_console.targets.server.files import LOCKING, OPEN, RootFolder
from webduh_console.targets.server.layout import key_of
from webduh_console.targets.server.snapshots import snapshot

# Whether nothing but what builds need is in the folder where it is called, and who did what.
_BARE = r"""
bare() {
  [ ! -e current ] && [ -z "$(ls -A releases 2>/dev/null)" ] || return 1
  [ ! -e lease.json ] || grep -q '"holder":null' lease.json
}
"""
# Says the folders of apps that have no release, and something that can go.
_FIND = (
    OPEN
    + _BARE
    + r"""
cd apps 2>/dev/null || exit 0
for app in *--*--*; do
  [ -d "$app" ] && cd "$app" || continue
  if bare; then
    if [ ! -e audit.log ] || [ -e source ] || [ -e builds.key ]; then printf '%s\n' "$app"; fi
  fi
  cd ..
done
"""
)
# Words: such folders. What builds keep goes, and the folder with it unless it says who did what. One in which somebody
# builds or begins to deploy is left.
_CLEAR = (
    OPEN
    + _BARE
    + LOCKING
    + r"""
shift
for app; do (
  cd "apps/$app" 2>/dev/null || exit 0
  if command -v flock >/dev/null 2>&1; then exec 8>>source.lock && flock -n 8 || exit 0; fi
  lock && bare || exit 0
  if [ -e audit.log ]; then
    rm -rf source source.json source.listing source.lock builds.key builds.jsonl releases
  else
    rm -rf "$PWD"
  fi
) || exit 74
done
"""
)


class Surplus(msgspec.Struct, frozen=True):
    """The names of containers and images of ours that no release names, and the slugs of apps without a release.

    Of those, something is left in their folders.
    """

    containers: tuple[str, ...]
    images: tuple[str, ...]
    folders: tuple[str, ...] = ()

    @property
    def words(self) -> list[str]:
        """All of it, for a person."""
        return [*self.containers, *self.images, *(f"apps/{slug}" for slug in self.folders)]


def surplus(folder: RootFolder, engine: Engine) -> Surplus:
    """What is left over. What belongs to a deployment under way is named by its release, or has no end yet."""
    seen = snapshot(folder)
    busy = {key.slug for key, record in seen.items() if record.holder is not None}
    kept = {(key.slug, number) for key, record in seen.items() for number in record.numbers}
    images = {image_name(key, release.artifact.digest) for key, record in seen.items() for release in record.releases}
    containers = [c.name for c in engine.containers() if c.slug not in busy and (c.slug, c.release) not in kept]
    tags = [tag for image in engine.images() for tag in image.tags if image.labels.get("webduh.slug") not in busy]
    folders = (slug for slug in folder.run(_FIND).text.splitlines() if (key := key_of(slug)) and key not in seen)
    return Surplus(
        tuple(sorted(containers)),
        tuple(sorted({tag for tag in tags if tag.startswith("webduh/")} - images)),
        tuple(sorted(folders)),
    )


def prune(folder: RootFolder, engine: Engine, cache: int) -> int:
    """Remove it, and build cache beyond `cache` bytes; the bytes that are free again."""
    found = surplus(folder, engine)
    before = engine.df().get("LayersSize", 0)
    for name in found.containers:
        engine.remove(name)
    for tag in found.images:
        engine.remove_image(tag)
    if found.folders:
        folder.run(_CLEAR, *found.folders)
    freed = engine.prune_build_cache(cache)
    return int(before - engine.df().get("LayersSize", 0)) + freed
