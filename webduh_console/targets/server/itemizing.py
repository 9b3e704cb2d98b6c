"""The bill of materials of a release on a server: read out of its image once, and kept beside its record."""

import io
import tarfile

from webduh_console.errors import TargetError
from webduh_console.model.release import Release
from webduh_console.targets.materials import PATTERNS, components, document
from webduh_console.targets.server.containers import image_name
from webduh_console.targets.server.files import OPEN, WRITING, RootFolder

MOST = 64 * 2**20
"""So many bytes of package managers' files are read of an image, compressed, at most."""
NO_IMAGE = 66
TOO_MUCH = 65
_SECONDS = 300.0

# Words: Docker's socket, an image, the most bytes; patterns. Writes a tar archive, compressed. The container is made to
# look into its files: it is never started. Its label is when it was made: one that a cut connection has left is removed
# by the next look, ten minutes later.
READ = r"""
export DOCKER_HOST="unix://$1"
image=$2 most=$3
shift 3
work= id=
leave() { [ -z "$id" ] || docker rm -f "$id" >/dev/null 2>&1; [ -z "$work" ] || rm -rf "$work"; }
trap leave EXIT
trap 'exit 143' HUP INT TERM
docker image inspect "$image" >/dev/null 2>&1 || exit 66
time=$(date +%s)
docker ps -a --filter label=webduh.itemizing --format '{{.ID}} {{.Label "webduh.itemizing"}}' |
  while read -r left made; do
    [ $((time - made)) -lt 600 ] || docker rm -f "$left" >/dev/null 2>&1
  done
work=$(mktemp -d) || exit 74
id=$(docker create --network none --label "webduh.itemizing=$time" "$image" nothing) || exit 70
case $(tar --version 2>/dev/null) in *GNU*) wild=--wildcards ;; *) wild= ;; esac
docker export "$id" | tar -xf - -C "$work" $wild "$@" 2>/dev/null
find "$work" -type l -exec rm -f {} +
(cd "$work" && tar -cf - .) | gzip -1 >"$work.tgz"
size=$(wc -c <"$work.tgz")
if [ "$size" -gt "$most" ]; then rm -f "$work.tgz"; exit 65; fi
cat "$work.tgz"; rm -f "$work.tgz"
"""
# Words: the root, the slug, the release, how many bytes there are. Nothing is written where the release is gone.
_KEEP = (
    OPEN
    + WRITING
    + r"""
[ -d "apps/$2/releases/$3" ] || exit 0
cd "apps/$2/releases/$3" && take sbom.json "$4" && place sbom.json || exit 74
"""
)


def bill(folder: RootFolder, socket: str, release: Release, version: str) -> bytes:
    """The CycloneDX document of a kept release. TargetError when its image is gone, or cannot be looked into."""
    key, number = release.key, release.number
    known = folder.read(f"{folder.layout.app(key)}/releases/{number}/sbom.json")
    if known:
        return known
    image = image_name(key, release.artifact.digest)
    words = (socket, image, str(MOST), *PATTERNS)
    answer = folder.machine.sh(READ, *words, root=folder.sudo, timeout=_SECONDS)
    if answer.code:
        raise _unread(folder.machine.name, release, answer.code, answer.err)
    made = document(release, components(_files(answer.out)), version)
    folder.run(_KEEP, key.slug, str(number), str(len(made)), stdin=made)
    return made


def _files(archive: bytes) -> dict[str, bytes]:
    """The files of an archive by their paths."""
    found = {}
    with tarfile.open(fileobj=io.BytesIO(archive), mode="r:gz") as packed:
        for entry in packed:
            content = packed.extractfile(entry) if entry.isfile() else None
            if content is not None:
                found[entry.name.removeprefix("./")] = content.read()
    return found


def _unread(place: str, release: Release, code: int, err: str) -> TargetError:
    reasons = {
        NO_IMAGE: "The image is not there any more.",
        TOO_MUCH: f"What its package managers left is more than {MOST // 2**20} MiB.",
    }
    what = f"What is in release {release.number} of {release.key} cannot be told on {place}."
    why = reasons.get(code) or " ".join(err.split())[-300:] or f"The look into it ended with {code}."
    return TargetError(what, why=why, kept="Nothing was changed.")
