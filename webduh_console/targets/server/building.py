"""What runs on a server to build an image, in words for its shell. The rest is in `builder`."""

from webduh_console.targets.server.sync import RECEIVE

# Secrets come on standard input and stand in a folder that is in memory where there is such a thing, is nobody else's,
# and goes when the script ends. Under SIGKILL it stays: the next build of the app, which has the lock, removes it.
# `docker` runs beside the shell, so that a signal is answered at once.
_PRIVATE = """\
private='' child=''
forget() { [ -z "$private" ] || rm -rf "$private"; private=''; }
trap forget EXIT
trap 'forget; [ -z "$child" ] || { kill "$child"; wait "$child"; } 2>/dev/null; exit 143' HUP INT TERM
take() {
    [ "$private" ] || make_private || return
    case $1 in
    file) printf %s "$3" | base64 -d > "$private/$2" ;;
    secret) printf %s "$3" | base64 -d > "$private/secret.$2" ;;
    key) printf '%s\\n' "$2" > builds.key ;;
    *) return 1 ;;
    esac
}
make_private() {
    above=/dev/shm
    [ -w "$above" ] || above=${TMPDIR:-/tmp}
    stem="$above/webduh-build-$(printf %s "$PWD" | cksum | cut -d ' ' -f 1)"
    rm -rf "$stem".* 2>/dev/null
    private=$(umask 077 && mktemp -d "$stem.XXXXXX")
}
"""

# An image is named by its configuration's digest, which every store tells alike; the store of containerd knows it by
# that of its manifest.
_BUILD = """\
socket=$1 repository=$2 slug=$3 inputs=$4 dockerfile=$5 cgroup=$6
shift 6
unset DOCKER_CONTEXT
export DOCKER_HOST="unix://$socket" DOCKER_BUILDKIT=1 DOCKER_CLI_HINTS=false
export BUILDX_BUILDER=default BUILDX_CONFIG="$private/buildx"
if [ "$dockerfile" ]; then dockerfile="source/$dockerfile"; else dockerfile="$private/Dockerfile"; fi
for file in "$private"/secret.*; do
    [ ! -f "$file" ] || set -- "$@" --secret "id=${file##*/secret.},src=$file"
done
echo building
docker buildx build --progress plain --provenance false --metadata-file "$private/made" --label "webduh.slug=$slug" \\
    --file "$dockerfile" ${cgroup:+--cgroup-parent "$cgroup"} "$@" source </dev/null &
child=$!
wait "$child"
code=$?
child=''
if [ $code != 0 ]; then
    docker buildx version >/dev/null 2>&1 || { echo failed buildx; exit 1; }
    kept=$(docker info --format '{{.DockerRootDir}}' 2>/dev/null) || echo gone
    echo "bytes $(df -Pk "${kept:-.}" 2>/dev/null | tail -n 1)"
    echo "inodes $(df -Pi "${kept:-.}" 2>/dev/null | tail -n 1)"
    echo "ended $code"
    exit 1
fi
read_digest() { sed -n "s/.*\\"$1\\": *\\"\\(sha256:[0-9a-f]\\{64\\}\\)\\".*/\\1/p" "$private/made" | head -n 1; }
manifest=$(read_digest containerimage.digest)
digest=$(read_digest containerimage.config.digest)
digest=${digest:-$manifest}
tag=${digest#sha256:}
tag="$repository:$(printf %.16s "$tag")"
docker tag "$digest" "$tag" 2>/dev/null || docker tag "$manifest" "$tag" || { echo failed tag; exit 1; }
size=$(docker image inspect --format '{{.Size}}' "$tag") || { echo failed tag; exit 1; }
{
    tail -n 49 builds.jsonl 2>/dev/null
    printf '{"inputs":"%s","image":"%s","size":%s}\\n' "$inputs" "$digest" "$size"
} > builds.jsonl.new && mv builds.jsonl.new builds.jsonl
echo "image $digest $size"
"""

BUILD = _PRIVATE + RECEIVE + _BUILD
"""Words: the root, the app's folder, the token of what was seen there; Docker's socket, the images' name, the app's
slug, the digest of the inputs, the app's own Dockerfile in its source (empty: the one on standard input), a cgroup
(empty: none); then further words for `docker buildx build`.

On standard input: `file NAME BASE64`, `secret NAME BASE64`, `key HEX`, then what RECEIVE takes. On standard output, a
line each: `waiting`, `changed`, `synced`, `building`, `image DIGEST SIZE`, or `failed WHAT`, or, after a failed build,
`gone` if Docker no longer answers, `bytes` and `inodes` with a line of df, `ended CODE`."""
