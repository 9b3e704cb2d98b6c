"""What a server must have, each as a fact with its fix: judged from one survey by pure functions."""

import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from functools import partial

from webduh_console.errors import TargetError
from webduh_console.model.observe import Fact
from webduh_console.targets.server.blame import UNREAD, problem_in
from webduh_console.targets.server.files import RootFolder
from webduh_console.targets.server.layout import ROOT, Layout
from webduh_console.targets.server.survey import Found, survey, version
from webduh_console.targets.server.tick import tick_fact
from webduh_console.targets.server.traefik import CONTAINER, OLDEST

OLDEST_DOCKER = (23,)
BROKEN_DOCKER = {
    (28, 0, 0): "28.0.0 needs kernel modules that many servers lack, and then no container has a network",
}
TRIED = {"debian": 12.0, "ubuntu": 22.04}
ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
DRIVERS = {"overlay2", "overlayfs", "btrfs", "zfs", "fuse-overlayfs"}
MEMORY, DISK, INODES = 450 * 2**20, 2 * 2**30, 20_000
SKEW = 30.0
"""How many seconds the server's clock may be off."""

Say = Callable[..., Fact]


def server_facts(folder: RootFolder) -> Iterator[Fact]:
    """Everything about a server, read-only; a server that cannot be reached is one fact.

    Its records are looked for where Traefik's container says that they are, else in `folder`.
    """
    place = folder.machine.name
    begun = time.monotonic()
    try:
        found = survey(folder)
        root = found.one("traefik.root") or folder.layout.root
        if root != folder.layout.root:
            found = survey(RootFolder(folder.machine, Layout(root)))
    except TargetError as error:
        yield Fact(place, "reachable", f"{error.what} {error.why}".strip(), False, error.hint)
        return
    yield Fact(place, "reachable", f"told everything in {time.monotonic() - begun:.1f} s")
    yield from judge(place, found, root)


def judge(place: str, found: Found, root: str = ROOT, ports: Sequence[int] = (80, 443)) -> list[Fact]:
    """The facts of a survey, in the order in which they should be mended."""
    say: Say = partial(_fact, place)
    return [
        _system(say, found),
        _architecture(say, found),
        Fact(place, "kernel", found.one("kernel")),
        _rights(say, found),
        _memory(say, found),
        *disks(place, found),
        _clock(say, found),
        *_docker(say, found, place),
        *(_port(say, found, port, place) for port in ports),
        *_root(say, found, root, place),
        *_traefik(say, found, root, place),
        tick_fact(place, found, root),
        *_sshd(say, found),
        Fact(place, "ipv6", "it has a public address" if found.number("ipv6") else "no public address"),
    ]


def owner_of(found: Found, port: int) -> str:
    """Who holds a port, in words: a container by its name, else a program; empty when it is free."""
    for container in found.all("container"):
        name, _, published = container.partition(" ")
        if any(f":{port}->" in part for part in published.split(",")):
            return f"the container {name}"
    for line in found.all("listen"):
        number, _, rest = line.partition(" ")
        if number == str(port):
            pid, _, program = rest.partition(" ")
            named = f"{program} (process {pid})" if program else f"process {pid}"
            if pid != "?":
                return named
            return "a program that has no process there" if found.root else "a program that only root can name"
    return ""


def bad_files(found: Found) -> dict[str, str]:
    """The files of Traefik's folder that it does not take, and why."""
    return {name: why for name, text in found.files.items() if (why := problem_in(name, text))}


def docker_problem(found: Found, place: str = "NAME") -> tuple[str, str]:
    """Why the Docker there cannot be used, and the fix with the server's name; two empty texts when it can."""
    path, client, error = (found.one(f"docker.{name}") for name in ("path", "client", "error"))
    user = found.one("user")
    if path.startswith("/snap/") or (found.one("docker.snap") and not path):
        return "it is snap's, which may not read folders such as ours", (
            "Remove it (`sudo snap remove docker`), then let"
            f" `webduh server setup {place} --install-docker` install the distribution's."
        )
    if not path:
        how = (
            f"`webduh server setup {place} --install-docker` does it."
            if found.one("packages") == "apt-get"
            else "See https://docs.docker.com/engine/install/."
        )
        return "it is not installed", f"Install it: {how}"
    if "podman" in client.lower():
        return "it is Podman under Docker's name", "Install Docker itself; Podman lacks parts of its interface."
    if error and ("permission denied" in error.lower() or "not permitted" in error.lower()):
        return f"{user} may not use it", f"Add {user} to its group: `sudo usermod -aG docker {user}`."
    if error:
        return (
            f"it does not answer: {error}",
            f"Start it: `sudo systemctl enable --now docker`, or `webduh server setup {place}`.",
        )
    if found.docker < OLDEST_DOCKER:
        return f"{_dotted(found.docker)} is too old", f"Upgrade it to {_dotted(OLDEST_DOCKER)} or later."
    if found.docker in BROKEN_DOCKER:
        return BROKEN_DOCKER[found.docker], "Upgrade it."
    if "rootless" in found.one("docker.security"):
        return "it runs without root, and so cannot open the ports 80 and 443", "Install Docker for the whole server."
    return "", ""


def _fact(place: str, name: str, value: str, ok: bool = True, fix: str = "") -> Fact:
    """A fact; what is well needs no fix."""
    return Fact(place, name, value, ok, "" if ok else fix)


def _system(say: Say, found: Found) -> Fact:
    name, system = found.one("os.name") or "unknown", found.one("os.id")
    tried = TRIED.get(system)
    if tried is None:
        return say("system", f"{name}; tried are Debian and Ubuntu")
    old = found.number("os.version") < tried and bool(found.one("os.version"))
    return say("system", name, not old, f"Upgrade it: {system} {tried:g} is the oldest that was tried.")


def _architecture(say: Say, found: Found) -> Fact:
    machine = found.one("arch")
    if machine in ARCHITECTURES:
        return say("architecture", ARCHITECTURES[machine])
    return say("architecture", machine or "unknown", False, "Use a server of x86_64 or aarch64: Traefik runs there.")


def _rights(say: Say, found: Found) -> Fact:
    user, rights = found.one("user"), found.one("rights")
    if rights == "root":
        return say("user", "root")
    if rights == "sudo -n":
        return say("user", f"{user}, with sudo and no password")
    if "docker" in found.one("groups").split() or found.one("docker.server"):
        return say("user", f"{user}, in the group docker, without sudo")
    fix = f"As root there: `usermod -aG docker {user}`, or allow sudo without a password, or connect as root."
    return say("user", f"{user} has neither sudo without a password nor Docker", False, fix)


def _memory(say: Say, found: Found) -> Fact:
    total, free, swap = (found.number(f"memory.{name}") * 1024 for name in ("MemTotal", "MemAvailable", "SwapTotal"))
    says = f"{_size(total)}, {_size(free)} free" + (f", {_size(swap)} swap" if swap else "")
    return say("memory", says, not total or total + swap >= MEMORY, "Add swap or memory: builds need about 512 MiB.")


def disks(place: str, found: Found) -> Iterator[Fact]:
    """Room on each file system once: the root's, Docker's, ours."""
    inodes = dict(line.rpartition("|")[::2] for line in found.all("inodes"))
    told = set()
    for line in found.all("disk"):
        path, _, row = line.rpartition("|")
        fields = row.split(maxsplit=5)
        if len(fields) < 6 or fields[5] in told or not fields[3].lstrip("-").isdigit():
            continue
        told.add(fields[5])
        free = int(fields[3]) * 1024
        counts = inodes.get(path, "").split()
        left = int(counts[3]) if len(counts) > 3 and counts[1].strip("0").isdigit() else None
        says = f"{_size(free)} free" + (f", {left} inodes" if left is not None else "") + f" at {path}"
        ok = free >= DISK and (left is None or left >= INODES)
        yield _fact(place, "disk", says, ok, "Free some: `webduh server prune`, or `docker system prune` there.")


def _clock(say: Say, found: Found) -> Fact:
    if not found.number("now"):
        return say("clock", "unknown")
    there = datetime.fromtimestamp(found.number("now"), UTC)
    ahead = (there - found.answered).total_seconds()
    behind = (found.asked - there).total_seconds()
    off = max(ahead, behind, 0.0)
    if off < 1.5:  # a `date` without fractions is up to a second behind
        return say("clock", "right")
    says = f"{off:.0f} s {'ahead of' if ahead > 0 else 'behind'} this machine"
    return say("clock", says, off <= SKEW, "Let it follow a time server: `sudo timedatectl set-ntp true`.")


def _docker(say: Say, found: Found, place: str) -> Iterator[Fact]:
    why, fix = docker_problem(found, place)
    if why:
        yield say("docker", why, False, fix)
        return
    by = f", as {found.one('docker.as')}" if found.one("docker.as") != found.one("user") else ""
    yield say("docker", f"{found.one('docker.server').split()[0]}{by}")
    buildx = found.one("docker.buildx")
    words = buildx.split()
    yield say(
        "builds",
        f"buildx {next((word for word in words if version(word)), words[0])}"
        if words
        else "no buildx: nothing can be built",
        bool(words),
        "Install it: `sudo apt-get install docker-buildx` (docker-buildx-plugin if Docker is from docker.com).",
    )
    driver = found.one("docker.driver")
    fix = "Let Docker use overlay2: every layer is copied whole now, slowly and at many times the size."
    yield say("storage", driver, driver in DRIVERS, fix)


def _port(say: Say, found: Found, port: int, place: str) -> Fact:
    owner = owner_of(found, port)
    if not owner:
        return say(f"port {port}", "free")
    ours = owner == f"the container {CONTAINER}"
    fix = f"Stop it, then `webduh server setup {place}`: Traefik needs the port."
    if owner.endswith("only root can name"):
        fix = f"As root there, `ss -ltnp 'sport = :{port}'` names it; or connect as a user who may use Docker."
    return say(f"port {port}", "ours" if ours else f"held by {owner}", ours, fix)


def _root(say: Say, found: Found, root: str, place: str) -> Iterator[Fact]:
    setup = f"`webduh server setup {place}`"
    if not found.one("root.mode") and not found.one("root.mark"):
        yield say("root folder", f"{root} is not there", False, f"{setup} makes it.")
        return
    mode, _, owners = found.one("root.mode").partition(" ")
    writable = found.one("root.writable") == "yes" or found.root
    fits = mode == "2770" or owners.split()[:1] != ["root"]
    says = f"{root}, {mode} {':'.join(owners.split())}"
    if not found.one("root.mark"):
        yield say("root folder", f"{says}, not set up to its end", False, f"{setup} finishes it.")
    elif not writable:
        yield say("root folder", f"{says}: {found.one('user')} may not write there", False, f"{setup} mends its modes.")
    else:
        yield say("root folder", says)
        if not fits:
            yield say("modes", f"{root} is {mode}, and should be 2770", False, f"{setup} mends it.")


def _traefik(say: Say, found: Found, root: str, place: str) -> Iterator[Fact]:
    setup = f"`webduh server setup {place}`"
    status, running = found.one("traefik.status"), version(found.one("traefik.version"))
    if not status:
        yield say("traefik", "it is not there", False, f"{setup} starts it.")
    elif status != "running":
        yield say("traefik", f"it is {status}", False, f"{setup} starts it; `docker logs {CONTAINER}` there says why.")
    elif found.one("traefik.root") != root:
        fix = f"Somebody keeps the records of this server in {found.one('traefik.root') or 'another folder'}: use that."
        yield say("traefik", "it serves another root folder", False, fix)
    elif running and running < OLDEST:
        yield say("traefik", f"{_dotted(running)} has known holes", False, f"{setup} replaces it.")
    else:
        yield say("traefik", found.one("traefik.version") or found.one("traefik.image"))
    for name, why in bad_files(found).items():
        path = f"{root}/traefik/dynamic/{name}"
        yield say("routes", f"{path}: {why}", False, UNREAD)
    if found.files and not bad_files(found):
        yield say("routes", f"{len(found.files)} files, all well formed")


def _sshd(say: Say, found: Found) -> Iterator[Fact]:
    sessions = int(found.number("sshd.maxsessions"))
    if sessions:
        fix = "Set `MaxSessions 10` in /etc/ssh/sshd_config, and reload sshd."
        yield say("ssh sessions", f"{sessions} at once", sessions >= 4, fix)
    for name, words in (("allowtcpforwarding", "ports"), ("allowstreamlocalforwarding", "sockets")):
        value = found.one(f"sshd.{name}")
        if value:
            ok = value in {"yes", "all", "local"}
            needed = name == "allowtcpforwarding"  # Docker's socket can be reached by a program instead
            fix = (
                f"Set `{'AllowTcpForwarding' if needed else 'AllowStreamLocalForwarding'} yes` in sshd's configuration."
            )
            yield say(f"ssh {words}", "forwarded" if ok else "not forwarded", ok or not needed, fix)


def _size(bytes_: float) -> str:
    return f"{bytes_ / 2**30:.1f} GiB" if bytes_ >= 2**30 else f"{bytes_ / 2**20:.0f} MiB"


def _dotted(numbers: Sequence[int]) -> str:
    return ".".join(map(str, numbers))
