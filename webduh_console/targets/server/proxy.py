"""Traefik's container on a server: its image, its swap for a new one, and the wait until it answers."""

import hashlib
import time
from collections.abc import Generator

import msgspec

from webduh_console.errors import TargetError
from webduh_console.model.events import Event, Output
from webduh_console.model.target import CancelToken
from webduh_console.targets.server.files import OPEN, WRITING, RootFolder
from webduh_console.targets.server.front import Front
from webduh_console.targets.server.networks import EDGE, project_network
from webduh_console.targets.server.survey import CONFIG_LABEL, ROOT_LABEL, VERSION_LABEL, version
from webduh_console.targets.server.traefik import CONFIGURATION, CONTAINER, IMAGE, OLDEST

_ANSWER_WITHIN = 30.0
_NEW, _OLD = f"{CONTAINER}-new", f"{CONTAINER}-old"

_WRITE = OPEN + WRITING + 'cd -- "$2" || exit 77\ntake "$3" "$4" && place "$3"\n'

_VERSION = r"""
docker image inspect "$1" >/dev/null 2>&1 || exit 3
docker run --rm --network none "$1" version | sed -n 's/^Version: *//p'
"""

# Words: container, new, old, edge network, how projects' networks begin, then what `docker create` gets. Everything is
# made ready before the old one stops, since between the two nobody listens.
_SWAP = r"""
name=$1 new=$2 old=$3 projects=$5; shift 5
docker rm -f "$new" >/dev/null 2>&1
docker create --name "$new" "$@" >/dev/null || exit 1
for network in $(docker network ls --format '{{.Name}}'); do
  case $network in
    "$projects"*) docker network connect "$network" "$new" || { docker rm -f "$new" >/dev/null; exit 1; } ;;
  esac
done
if docker inspect "$name" >/dev/null 2>&1; then
  docker rm -f "$old" >/dev/null 2>&1
  docker rename "$name" "$old" && docker stop -t 5 "$old" >/dev/null || exit 1
fi
docker rename "$new" "$name" && docker start "$name" >/dev/null && exit 0
docker rm -f "$name" "$new" >/dev/null 2>&1
docker inspect "$old" >/dev/null 2>&1 && docker rename "$old" "$name" && docker start "$name" >/dev/null
exit 1
"""

_SWAP_BACK = r"""
docker inspect "$2" >/dev/null 2>&1 || exit 0
docker rm -f "$1" >/dev/null 2>&1
docker rename "$2" "$1" && docker start "$1" >/dev/null
"""


class Wanted(msgspec.Struct, frozen=True):
    """How the container should be. `group` is the number of the root folder's group, whose files Traefik must read."""

    root: str
    http: int
    https: int
    group: str
    static: str

    @property
    def argv(self) -> tuple[str, ...]:
        """What `docker create` gets, but for the name, the image and the labels that say what it is."""
        options = {
            "--network": EDGE,
            "--restart": "unless-stopped",
            "--volume": f"{self.root}/traefik:{CONFIGURATION}:ro",
            "--log-driver": "json-file",
            "--security-opt": "no-new-privileges",
            "--cap-drop": "ALL",
            "--cap-add": "NET_BIND_SERVICE",
            **({"--group-add": self.group} if self.group else {}),
        }
        words = [word for pair in options.items() for word in pair]
        publish = ("--publish", f"{self.http}:80", "--publish", f"{self.https}:443")
        return (*words, *publish, "--read-only", "--log-opt", "max-size=10m", "--log-opt", "max-file=3")

    @property
    def digest(self) -> str:
        """Names this configuration; another one is another container."""
        return hashlib.sha256(msgspec.json.encode((IMAGE, self.argv, self.static))).hexdigest()[:16]

    def create(self, tag: str) -> tuple[str, ...]:
        """Everything that `docker create` gets after the name."""
        labels = {"webduh": "traefik", ROOT_LABEL: self.root, CONFIG_LABEL: self.digest, VERSION_LABEL: tag}
        marks = [word for name, value in labels.items() for word in ("--label", f"{name}={value}")]
        return (*self.argv, *marks, IMAGE)


def write(folder: RootFolder, where: str, name: str, text: str) -> None:
    """Write a file of Traefik's below the root: aside, synced, moved."""
    content = text.encode()
    folder.run(_WRITE, where, name, str(len(content)), stdin=content)


def fetch(folder: RootFolder, cancel: CancelToken) -> Generator[Event, None, str]:
    """Have Traefik's image, and return the version in it. TargetError when it cannot be had, or is too old."""
    tag = _version(folder)
    if version(tag) < OLDEST:
        yield Output(text=f"pulling {IMAGE}")
        last = yield from _pull(folder, cancel)
        tag = _version(folder)
        if version(tag) < OLDEST:
            oldest = ".".join(map(str, OLDEST))
            why = f"There is only {tag}, and {oldest} is the oldest without known holes" if tag else last
            raise TargetError(
                f"{folder.machine.name} cannot have the image {IMAGE}.",
                why=f"{why or 'Docker did not say why'}.",
                kept="What served before serves on.",
                hint=f"Let it reach the registry, or bring the image there: `docker save {IMAGE} | ssh … docker load`.",
            )
    return tag


def swap(folder: RootFolder, wanted: Wanted, tag: str) -> None:
    """Put a new container in the place of the one that is there, if any; that one waits, stopped, as it was."""
    words = (CONTAINER, _NEW, _OLD, EDGE, project_network(""))
    answer = folder.machine.sh(_SWAP, *words, *wanted.create(tag), root=folder.sudo, timeout=120)
    if answer.code:
        raise TargetError(
            f"Traefik on {folder.machine.name} does not start.",
            why=f"{' '.join(answer.err.split())[-500:].rstrip('.') or 'Docker did not say why'}.",
            kept="What was there before runs as it did.",
            hint=f"`webduh server check {folder.machine.name}` names who holds its ports.",
        )


def swap_back(folder: RootFolder) -> None:
    """Put the container back that `swap` replaced; nothing happens when there was none."""
    folder.machine.sh(_SWAP_BACK, CONTAINER, _OLD, root=folder.sudo)


def forget_old(folder: RootFolder) -> None:
    """Remove what a swap left, also one that was cut off."""
    folder.machine.sh('docker rm -f "$@" >/dev/null 2>&1; :', _OLD, _NEW, root=folder.sudo)


def remove(folder: RootFolder) -> None:
    """Remove the container; gone already is fine."""
    folder.machine.sh('docker rm -f "$@" >/dev/null 2>&1; :', CONTAINER, _NEW, root=folder.sudo)


def answers(front: Front, cancel: CancelToken, limit: float = _ANSWER_WITHIN) -> str:
    """Wait until Traefik's API answers, and return its version; after `limit` seconds the TargetError it gave last."""
    deadline = time.monotonic() + limit
    while True:
        try:
            if found := front.version():
                return found
        except TargetError:
            if time.monotonic() > deadline:
                raise
        cancel.wait(0.2)


def _version(folder: RootFolder) -> str:
    """The version of Traefik in the image that is there; empty when there is none."""
    return folder.machine.sh(_VERSION, IMAGE, root=folder.sudo).text


def _pull(folder: RootFolder, cancel: CancelToken) -> Generator[Event, None, str]:
    """Pull the image, and return Docker's last words."""
    last = ""
    for stream, text in folder.machine.lines(["docker", "pull", IMAGE], cancel, root=folder.sudo):
        last = text or last
        yield Output(text=text, stream=stream)
    return last
