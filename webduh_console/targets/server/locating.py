"""Where a server keeps its records, and what a plan needs there."""

from collections.abc import Iterator, Mapping

from webduh_console.clock import now
from webduh_console.model.names import AppKey
from webduh_console.model.observe import Fact
from webduh_console.model.plan import Plan
from webduh_console.model.release import Release, Spec
from webduh_console.targets.processes import processes
from webduh_console.targets.server.blame import UNREAD, problem_in
from webduh_console.targets.server.checks import disks
from webduh_console.targets.server.containers import aliases
from webduh_console.targets.server.engine import Engine
from webduh_console.targets.server.files import RootFolder
from webduh_console.targets.server.layout import ROOT, Layout
from webduh_console.targets.server.refusals import EngineError
from webduh_console.targets.server.survey import ROOT_LABEL, TICK_LOOK, read
from webduh_console.targets.server.tick import plan_facts as tick_plan_facts
from webduh_console.targets.server.tick import wanted_zones
from webduh_console.targets.server.traefik import CONTAINER
from webduh_console.transport.machine import Machine

# Words: root, Docker's folder, the folder of routes. The same lines as the survey's, but only of files that are not
# of our making.
_LOOK = r"""
for path in / "$2" "$1"; do
  [ -n "$path" ] && [ -e "$path" ] || continue
  echo "disk=$path|$(df -Pk "$path" 2>/dev/null | tail -n 1)"
  echo "inodes=$path|$(df -Pi "$path" 2>/dev/null | tail -n 1)"
done
echo files:
for file in "$3"/*; do
  case ${file##*/} in *--*--*.yml | _webduh.yml) continue ;; esac
  [ -f "$file" ] || continue
  printf 'file %s\n' "${file##*/}"
  head -c 65536 -- "$file" 2>/dev/null | sed 's/^/: /'
  echo
done
"""

# Words: root, zones.
_TICK = (
    r"""
LC_ALL=C; export LC_ALL
PATH=$PATH:/usr/sbin:/sbin
say() { printf '%s=%s\n' "$1" "$(printf '%s' "$2" | tr '\n\r' '  ')"; }
root=$1 r=no may=; shift
if [ "$(id -u)" = 0 ]; then r=
elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then r='sudo -n'
fi
say now "$(date +%s)"
say rights "${r:-root}"
[ -x "$root" ] || [ "$r" = no ] || may=$r
[ -d /run/systemd/system ] && say init systemd
for zone; do [ -e "/usr/share/zoneinfo/$zone" ] || say tick.nozone "$zone"; done
"""
    + TICK_LOOK
)


def root_folder(machine: Machine, engine: Engine) -> RootFolder:
    """The root as setup left it, on a label of Traefik's container; where nothing was set up, or Docker cannot be
    asked, the one that setup would make. TargetError when the machine cannot be reached."""
    try:
        traefik, sudo = engine.container(CONTAINER), engine.through_sudo
    except EngineError:
        return RootFolder(machine, Layout(ROOT))
    root = traefik.labels.get(ROOT_LABEL, "") if traefik else ""
    return RootFolder(machine, Layout(root), sudo) if root.startswith("/") else RootFolder(machine, Layout(ROOT))


def plan_facts(folder: RootFolder, engine: Engine, plan: Plan, others: Mapping[AppKey, Release]) -> Iterator[Fact]:
    """What a plan needs on a server: Docker, Traefik and a folder that it reads, disk, domains and names of its own."""
    place, layout = folder.machine.name, folder.layout
    asked, kept = now(), engine.info().get("DockerRootDir", "")
    answer = folder.machine.sh(_LOOK, layout.root, kept, layout.dynamic, root=folder.sudo)
    found = read(answer.text, asked, now())
    yield from (fact for fact in disks(place, found) if not fact.ok)
    for name, text in found.files.items():
        if "{{" not in text and (why := problem_in(name, text)):  # whoever writes templates may know what they do
            yield Fact(place, "routes", f"{layout.dynamic}/{name}: {why}", False, UNREAD)
    traefik = engine.container(CONTAINER)
    if traefik is None or not traefik.running:
        says = "it is not there" if traefik is None else f"it is {traefik.status}"
        yield Fact(place, "traefik", says, False, f"`webduh server setup {place}` starts it.")
    if plan.spec.schedules:
        yield from _schedules(folder, plan)
    yield from taken(place, plan.key, plan.spec, others)


def _schedules(folder: RootFolder, plan: Plan) -> Iterator[Fact]:
    """Whether something looks at schedules there, and knows their time zones; one more look."""
    zones, asked = wanted_zones(plan.spec.schedules), now()
    answer = folder.machine.sh(_TICK, folder.layout.root, *zones)
    yield from tick_plan_facts(folder.machine.name, read(answer.text, asked, now()), folder.layout.root, zones)


def taken(place: str, key: AppKey, spec: Spec, others: Mapping[AppKey, Release]) -> Iterator[Fact]:
    """The domains, and the names in the project's network, that are another app's: requests would go to both."""
    mine = _names(key, spec)
    for other, release in others.items():
        for route in spec.routes:
            if route.host and any((route.host, route.path) == (own.host, own.path) for own in release.spec.routes):
                says = f"{route.host}{route.path.rstrip('/')} belongs to {other}"
                fix = f"Take it from {other} (deploy that with another --domain), or choose another."
                yield Fact(place, "domain", says, False, fix)
        both = sorted(mine & _names(other, release.spec)) if other.project == key.project else []
        if both:
            says = f"{both[0]} is what {other} is called in the network of the project {key.project}"
            yield Fact(place, "name", says, False, "Give the app another name or project, or the process another name.")


def _names(key: AppKey, spec: Spec) -> set[str]:
    """By what names the instances of an app are found in its project's network."""
    return {name for process in processes(spec) for name in aliases(key, process.name)}
