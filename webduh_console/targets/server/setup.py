"""What makes a server ready, as steps. Each finds out what is already so; done again, they change nothing."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from webduh_console.errors import TargetError
from webduh_console.model.events import Event, Output
from webduh_console.model.target import Run, Work
from webduh_console.targets.server import networks, proxy
from webduh_console.targets.server.checks import owner_of
from webduh_console.targets.server.docker_setup import InstallDocker, StartDocker
from webduh_console.targets.server.files import RootFolder
from webduh_console.targets.server.front import Front
from webduh_console.targets.server.setting_up import Look, Options, SetupStep, settled
from webduh_console.targets.server.survey import Found, version
from webduh_console.targets.server.tick_setup import MakeTick
from webduh_console.targets.server.traefik import CONTAINER, IMAGE, OLDEST, guard_file, static_file

__all__ = ["Look", "Options", "SetupStep", "settled", "setup_steps"]

# Words: root. Folders of ours get their modes; what is in them is left alone.
_FOLDER = r"""
umask 007
root=$1
[ -d "$root" ] || echo made
group=$(sed -n 's/^docker:.*/docker/p' /etc/group)
[ "$(id -u)" = 0 ] || case " $(id -Gn) " in *" docker "*) ;; *) group= ;; esac
for folder in "$root" "$root/apps" "$root/traefik" "$root/traefik/dynamic" "$root/traefik/certs"; do
  mkdir -p "$folder" || exit 1
  [ -O "$folder" ] || [ "$(id -u)" = 0 ] || continue
  [ -z "$group" ] || chgrp "$group" "$folder" || exit 1
  chmod 2770 "$folder" || exit 1
done
if [ ! -s "$root/traefik/key" ]; then
  head -c 32 /dev/urandom | od -An -v -tx1 | tr -d ' \n' >"$root/traefik/.key.new" || exit 1
  mv "$root/traefik/.key.new" "$root/traefik/key" || exit 1
fi
if [ ! -s "$root/target.json" ]; then
  printf '{"version":1,"created":"%s"}\n' "$(date -u +%Y-%m-%dT%H:%M:%SZ)" >"$root/.target.json.new" || exit 1
  mv "$root/.target.json.new" "$root/target.json" || exit 1
fi
for file in traefik/key target.json; do
  [ ! -O "$root/$file" ] && [ "$(id -u)" != 0 ] || chmod 0660 "$root/$file" || exit 1
  [ -z "$group" ] || chgrp "$group" "$root/$file" 2>/dev/null
done
sync
"""

_UNDO_FOLDER = r"""
[ -z "$(ls -A "$1/apps" 2>/dev/null)" ] && rm -rf -- "$1"
"""


@dataclass(kw_only=True)
class MakeFolder(SetupStep):
    """The root folder, for all who deploy."""

    name: str = "folder"
    as_root: bool = False

    def describe(self, found: Found) -> str:
        """Whether the folder would be made, or mended."""
        root = self.folder.layout.root
        if not found.one("root.mode"):
            return f"make {root}, for everyone in the group docker"
        right = found.one("root.mode").startswith("2770 ") and found.one("root.mark") and found.one("traefik.key")
        return "" if right else f"mend {root}"

    def change(self, run: Run, found: Found) -> Iterator[Event]:
        """Make the folders, the mark and the key."""
        root = self.folder.layout.root
        self.as_root = found.root and not root.startswith(f"{found.one('home')}/")
        answer = self.machine.sh(_FOLDER, root, root=self.as_root)
        if answer.code:
            hint = "Connect as root or as a user with sudo, or set up in a folder of your own."
            raise self.failed(f"{root} on {self.place} cannot be made.", answer.err, hint)
        if answer.text == "made":
            self.made.append(root)
        yield Output(text=f"{root} is ready")

    def undo(self, run: Run) -> Work:
        """Remove the folder if this run made it and nothing was deployed."""
        for root in self.made:
            self.machine.sh(_UNDO_FOLDER, root, root=self.as_root)
            yield Output(text=f"{root} is removed")
        self.made.clear()
        return {}


@dataclass(kw_only=True)
class MakeNetwork(SetupStep):
    """Traefik's own network."""

    name: str = "network"

    def describe(self, found: Found) -> str:
        """Whether the network would be made."""
        return "" if found.one("edge") else f"make the network {networks.EDGE}"

    def change(self, run: Run, found: Found) -> Iterator[Event]:
        """Make it, with a /24 of ours."""
        done = networks.ensure(self.folder, networks.EDGE, join=False)
        if done.network == "made":
            self.made.append(done.name)
        yield Output(text=f"network {done.name} has {done.subnet or 'been there'}")

    def undo(self, run: Run) -> Work:
        """Remove it if this run made it."""
        for name in self.made:
            if networks.drop(self.folder, name):
                yield Output(text=f"network {name} is removed")
        self.made.clear()
        return {}


@dataclass(kw_only=True)
class RunTraefik(SetupStep):
    """Traefik runs as it should, and its API answers."""

    name: str = "traefik"

    def describe(self, found: Found) -> str:
        """Whether Traefik would be started, started anew or replaced."""
        options, static = self.options, static_file()
        http, https = options.http, options.https
        status = found.one("traefik.status")
        if not status:
            return f"run {IMAGE} as {CONTAINER} on the ports {http} and {https}"
        wanted = self._wanted(found)
        running = version(found.one("traefik.version"))
        if found.one("traefik.config") != wanted.digest or running < OLDEST:
            return f"replace {CONTAINER}, which is of another version or configuration"
        if found.one("traefik.static") != hashlib.sha256(static.encode()).hexdigest():
            return f"write Traefik's configuration anew, and replace {CONTAINER}"
        if status != "running" or networks.EDGE not in found.one("traefik.networks").split():
            return f"start {CONTAINER}, which is {status}"
        return "" if self._guarded(found) else "write the guard of Traefik's API anew"

    def refusal(self, found: Found) -> TargetError | None:
        """A port that is taken, unless a Docker that is only started later may hold it for Traefik."""
        if found.one("docker.path") and not found.one("docker.server"):
            return None
        for port in self.options.ports:
            owner = owner_of(found, port)
            if owner and owner != f"the container {CONTAINER}":
                hint = f"Stop that, then `webduh server setup {self.place}`: Traefik needs the port."
                return self.failed(f"Port {port} of {self.place} is taken.", f"It is held by {owner}", hint)
        return None

    def change(self, run: Run, found: Found) -> Iterator[Event]:
        """Fetch the image, write the files, swap the containers, wait for the API."""
        folder, layout = self.folder, self.folder.layout
        key = found.one("traefik.key")
        proxy.write(folder, "traefik", "traefik.yml", static_file())
        proxy.write(folder, "traefik/dynamic", layout.guard_file.rpartition("/")[2], guard_file(key))
        wanted = self._wanted(found)
        running = found.one("traefik.status") == "running" and found.one("traefik.config") == wanted.digest
        static = hashlib.sha256(static_file().encode()).hexdigest()
        if not running or found.one("traefik.static") != static or version(found.one("traefik.version")) < OLDEST:
            tag = yield from proxy.fetch(folder, run.cancel)
            yield Output(text=f"starting Traefik {tag}")
            proxy.swap(folder, wanted, tag)
            if not found.one("traefik.status"):
                self.made.append(CONTAINER)
        try:
            answered = proxy.answers(Front(folder), run.cancel)
        except TargetError:
            proxy.swap_back(folder)
            raise
        proxy.forget_old(folder)
        yield Output(text=f"Traefik {answered} answers")

    def undo(self, run: Run) -> Work:
        """Remove the container if this run made it."""
        if self.made:
            proxy.remove(self.folder)
            self.made.clear()
            yield Output(text=f"{CONTAINER} is removed")
        return {}

    def _wanted(self, found: Found) -> proxy.Wanted:
        layout, options = self.folder.layout, self.options
        static = static_file()
        return proxy.Wanted(layout.root, options.http, options.https, found.one("root.group"), static)

    def _guarded(self, found: Found) -> bool:
        if not found.one("traefik.key"):
            return False
        name = self.folder.layout.guard_file.rpartition("/")[2]
        return found.files.get(name, "").strip() == guard_file(found.one("traefik.key")).strip()


def setup_steps(folder: RootFolder, options: Options = Options()) -> Sequence[SetupStep]:
    """Everything that makes a server ready, in order. Nothing is asked before a step is done."""
    kinds = (InstallDocker, StartDocker, MakeFolder, MakeNetwork, RunTraefik, MakeTick)
    look = Look(folder, options.ports)
    return tuple(kind(look=look, options=options) for kind in kinds)
