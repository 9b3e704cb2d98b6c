"""The steps of setup that are about Docker itself: it is installed from the distribution if asked, and started."""

from collections.abc import Iterator
from dataclasses import dataclass

from webduh_console.errors import TargetError
from webduh_console.model.events import Event, Output
from webduh_console.model.target import Run, Work
from webduh_console.targets.server.checks import OLDEST_DOCKER, docker_problem
from webduh_console.targets.server.setting_up import SetupStep
from webduh_console.targets.server.survey import Found

PACKAGES = ("docker.io", "docker-cli", "docker-buildx", "ca-certificates")
_NOT_INSTALLED = "it is not installed"

# Words: the oldest version that will do, packages. An apt that somebody else runs is waited for, up to five minutes.
_INSTALL = r"""
export DEBIAN_FRONTEND=noninteractive LC_ALL=C
oldest=$1; shift; tries=0
until said=$(apt-get update 2>&1); do
  case $said in *'get lock'* | *'to lock'*) ;; *) printf '%s\n' "$said" >&2; exit 1 ;; esac
  [ $tries -lt 60 ] || { printf '%s\n' "$said" >&2; exit 1; }
  [ $((tries % 3)) -ne 0 ] || echo 'another apt is at work: waiting for it'
  tries=$((tries + 1)); sleep 5
done
candidate=$(apt-cache policy docker.io | sed -n 's/^ *Candidate: //p')
case $candidate in '' | '(none)') exit 3 ;; esac
dpkg --compare-versions "$candidate" ge "$oldest" || { echo "$candidate"; exit 4; }
wanted=
for package; do
  case $(apt-cache policy "$package" | sed -n 's/^ *Candidate: //p') in
    '' | '(none)') ;;
    *) wanted="$wanted $package" ;;
  esac
done
apt-get -o DPkg::Lock::Timeout=300 install -y --no-install-recommends $wanted
"""

_START = r"""
if [ -d /run/systemd/system ]; then systemctl enable --now docker
elif command -v rc-service >/dev/null; then rc-update add docker default; rc-service docker start
elif [ -x /etc/init.d/docker ]; then update-rc.d docker defaults >/dev/null 2>&1; /etc/init.d/docker start
else echo 'there is no systemd, and no /etc/init.d/docker' >&2; exit 1
fi >&2 || exit 1
tries=0
until said=$(docker version --format '{{.Server.Version}}' 2>&1); do
  [ $tries -lt 60 ] || { printf '%s\n' "$said" >&2; exit 1; }
  tries=$((tries + 1)); sleep 1
done
"""


@dataclass(kw_only=True)
class InstallDocker(SetupStep):
    """Docker from the distribution, if it is not there."""

    name: str = "docker"

    def describe(self, found: Found) -> str:
        """Which packages would be installed, or what stands in the way."""
        why, _ = docker_problem(found)
        if why == _NOT_INSTALLED:
            return f"install Docker from {found.one('os.name') or 'the distribution'}: {', '.join(PACKAGES[:3])}"
        return "" if not why or _silent(found, why) else f"refuse the Docker that is there: {why}"

    def refusal(self, found: Found) -> TargetError | None:
        """A Docker that cannot be used, or that may not or cannot be installed."""
        why, fix = docker_problem(found, self.place)
        if not why or _silent(found, why):
            return None
        if why != _NOT_INSTALLED:
            return self.failed(f"The Docker on {self.place} cannot be used.", why[:1].upper() + why[1:], fix)
        if not self.options.install_docker or found.one("packages") != "apt-get":
            return self.failed(f"{self.place} has no Docker.", "It is not installed", fix)
        if not found.root:
            fix = "Connect as root, or allow sudo without a password."
            return self.failed(f"Docker cannot be installed on {self.place}.", "That needs root", fix)
        return None

    def change(self, run: Run, found: Found) -> Iterator[Event]:
        """Install it."""
        argv = ["sh", "-c", _INSTALL, "webduh", ".".join(map(str, OLDEST_DOCKER)), *PACKAGES]
        last: list[str] = []
        lines = self.machine.lines(argv, run.cancel, root=True)
        while True:
            try:
                stream, text = next(lines)
            except StopIteration as end:
                code = end.value
                break
            last = [*last[-9:], text]
            yield Output(text=text, stream=stream)
        if code in (3, 4):
            why = f"The newest there is {last[-1]}" if code == 4 and last else "The distribution has none"
            hint = "Install Docker from docker.com: https://docs.docker.com/engine/install/."
            raise self.failed(f"{found.one('os.name')} has no Docker that will do.", why, hint)
        if code:
            hint = "Mend apt there (`sudo apt-get update`), then do it again."
            raise self.failed(f"Docker was not installed on {self.place}.", "\n".join(last), hint)
        self.made.append("docker")

    def undo(self, run: Run) -> Work:
        """Packages stay: to remove them could take other things along."""
        if self.made:
            yield Output(text="Docker stays installed")
        return {}


@dataclass(kw_only=True)
class StartDocker(SetupStep):
    """Docker's engine runs, and starts with the server."""

    name: str = "engine"

    def describe(self, found: Found) -> str:
        """Whether Docker would be started."""
        if not found.one("docker.path"):
            return "start Docker now and at every boot"
        return "start Docker now and at every boot" if _silent(found, docker_problem(found)[0]) else ""

    def change(self, run: Run, found: Found) -> Iterator[Event]:
        """Start it and wait for it."""
        yield Output(text="starting Docker")
        answer = self.machine.sh(_START, root=True, timeout=120)
        if answer.code:
            hint = "`journalctl -u docker` or /var/log/docker.log there says more."
            raise self.failed(f"Docker on {self.place} does not start.", answer.err, hint)


def _silent(found: Found, why: str) -> bool:
    """Whether the only thing that is wrong with Docker is that it does not answer."""
    return bool(found.one("docker.error")) and why.startswith("it does not answer")
