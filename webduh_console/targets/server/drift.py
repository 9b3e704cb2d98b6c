"""Looks a server over for what somebody changed by hand. Read-only."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from webduh_console.model.drift import Drift
from webduh_console.model.names import AppKey
from webduh_console.model.release import Release
from webduh_console.targets import records
from webduh_console.targets.processes import all_names
from webduh_console.targets.server.comparing import Seen, app_drift, stray_routes
from webduh_console.targets.server.containers import image_name, network_name
from webduh_console.targets.server.engine import Engine
from webduh_console.targets.server.files import OPEN, RootFolder
from webduh_console.targets.server.record import RemoteRecord
from webduh_console.targets.server.setup import setup_steps
from webduh_console.targets.server.snapshots import Snapshot, snapshot
from webduh_console.targets.server.survey import survey

# Words: root, slug, number. What the files of a release's record should be, then a line a file with what it is.
_DIGESTS = (
    OPEN
    + r"""
cd "apps/$2/releases/$3" || exit 77
[ -f digests.json ] || exit 0
head -n 1 digests.json
for file in *.json; do printf '%s %s\n' "$file" "$(sha256sum "$file" | cut -d ' ' -f 1)"; done
"""
)


def drift(folder: RootFolder, engine: Engine, keys: Sequence[AppKey] | None = None) -> Iterator[Drift]:
    """What is not as the serving releases of these apps say; None: of every app, and of the server itself.

    An app that serves nothing has no drift. TargetError when the server cannot be asked.
    """
    looks = snapshot(folder, keys)
    if keys is None:
        yield from _of_server(folder, looks)
    for key, look in looks.items():
        if look.current is not None:
            yield from _of_app(folder, engine, look, RemoteRecord(folder, key).read(look.current))


def _of_server(folder: RootFolder, looks: Mapping[AppKey, Snapshot]) -> Iterator[Drift]:
    place, found = folder.machine.name, survey(folder)
    for step in setup_steps(folder):
        if says := step.describe(found):
            yield Drift(place, None, "server", step.name, "as set-up left it", says, f"webduh server setup {place}")
    known = {key.slug for key, look in looks.items() if look.current is not None or look.holder is not None}
    yield from stray_routes(place, folder.layout, found.files, known)


def _of_app(folder: RootFolder, engine: Engine, look: Snapshot, release: Release) -> Iterator[Drift]:
    key = release.key
    exact = {name: answer for name, answer in engine.each(all_names(release), engine.raw) if answer is not None}
    image = engine.image(image_name(key, release.artifact.digest))
    network = engine.network(network_name(key.project))
    seen = Seen(
        exact=exact,
        containers=tuple(engine.containers(key.slug)),
        image=image.id if image else "",
        digest=release.artifact.digest if names_by_digest(engine.info()) else "",
        image_env=frozenset(image.env) if image else frozenset(),
        networked=frozenset(network.containers.values()) if network else frozenset(),
        volumes=frozenset(volume.name for volume in engine.volumes(key.slug)),
        route=(folder.read(folder.layout.route_file(key)) or b"").decode(errors="replace"),
        busy=frozenset(look.unfinished),
        kept=frozenset(look.kept),
        edited=tuple(edited(folder.run(_DIGESTS, key.slug, str(release.number)).text)),
    )
    yield from app_drift(folder.machine.name, release, seen)


def names_by_digest(info: Mapping[str, Any]) -> bool:
    """Whether Docker's image store names an image by the digest of its configuration, as containerd's does not."""
    return not any("containerd" in str(value) for pair in info.get("DriverStatus") or () for value in pair)


def edited(answer: str) -> Iterator[str]:
    """The files of a release's record that are not what they were written as; `answer` is what the script says."""
    said, _, listed = answer.partition("\n")
    found = dict(line.partition(" ")[::2] for line in listed.splitlines())
    yield from (file for file, digest in records.read_digests(said).items() if found.get(file) != digest)
