"""Where a server keeps its records, and what a plan needs there."""

from collections.abc import Iterator, Mapping

from webduh_console.clock import now
from webduh_console.model.names import AppKey
from webduh_console.model.observe import Fact
from webduh_console.model.plan import Plan
from webduh_console.model.release import Release
from webduh_console.targets.processes import processes
from webduh_console.targets.server.checks import disks
from webduh_console.targets.server.containers import aliases
from webduh_console.targets.server.engine import Engine
from webduh_console.targets.server.files import RootFolder
from webduh_console.targets.server.layout import ROOT, Layout
from webduh_console.targets.server.survey import read
from webduh_console.targets.server.traefik import CONTAINER
from webduh_console.transport.machine import Machine

# Words: Traefik's container. The root is a label on it, which everyone who deploys there reads.
_WHERE = r"""
label='{{index .Config.Labels "webduh.root"}}'
if root=$(docker inspect -f "$label" "$1" 2>/dev/null); then echo "user $root"
elif root=$(sudo -n docker inspect -f "$label" "$1" 2>/dev/null); then echo "root $root"
fi
"""

# Words: root, Docker's folder. The same lines as the survey's.
_ROOM = r"""
for path in / "$2" "$1"; do
  [ -n "$path" ] && [ -e "$path" ] || continue
  echo "disk=$path|$(df -Pk "$path" 2>/dev/null | tail -n 1)"
  echo "inodes=$path|$(df -Pi "$path" 2>/dev/null | tail -n 1)"
done
"""


def root_folder(machine: Machine) -> RootFolder:
    """The root as setup left it; where nothing was set up, the one that setup would make."""
    words = machine.sh(_WHERE, CONTAINER).text.split(" ", 1)
    if len(words) != 2 or not words[1].startswith("/"):
        return RootFolder(machine, Layout(ROOT))
    return RootFolder(machine, Layout(words[1]), sudo=words[0] == "root")


def plan_facts(folder: RootFolder, engine: Engine, plan: Plan, others: Mapping[AppKey, Release]) -> Iterator[Fact]:
    """What a plan needs on a server: Docker, Traefik, disk, and domains and names that nobody else has."""
    place = folder.machine.name
    asked = now()
    answer = folder.machine.sh(_ROOM, folder.layout.root, engine.info().get("DockerRootDir", ""), root=folder.sudo)
    yield from (fact for fact in disks(place, read(answer.text, asked, now())) if not fact.ok)
    traefik = engine.container(CONTAINER)
    if traefik is None or not traefik.running:
        says = "it is not there" if traefik is None else f"it is {traefik.status}"
        yield Fact(place, "traefik", says, False, f"`webduh server setup {place}` starts it.")
    for route in plan.spec.routes:
        for key, release in others.items():
            if route.host and any((route.host, route.path) == (own.host, own.path) for own in release.spec.routes):
                fix = f"Take it from {key} (deploy that with another --domain), or choose another."
                yield Fact(place, "domain", f"{route.host} belongs to {key}", False, fix)
    yield from _names(place, plan, others)


def _names(place: str, plan: Plan, others: Mapping[AppKey, Release]) -> Iterator[Fact]:
    """The names in the project's network that another app has: requests would go to both."""
    mine = {name for process in processes(plan.spec) for name in aliases(plan.key, process.name)}
    for key, release in others.items():
        theirs = {name for process in processes(release.spec) for name in aliases(key, process.name)}
        if key.project == plan.key.project and (both := sorted(mine & theirs)):
            says = f"{both[0]} is what {key} is called in the network of the project {key.project}"
            yield Fact(place, "name", says, False, "Give the app another name or project, or the process another name.")
