"""Everything that is asked of a server before it is used, by one constant script in one round trip."""

import re
from datetime import datetime

import msgspec

from webduh_console.clock import now
from webduh_console.errors import TargetError
from webduh_console.targets.server.blame import FILES, files_in
from webduh_console.targets.server.files import RootFolder
from webduh_console.targets.server.networks import EDGE
from webduh_console.targets.server.traefik import CONTAINER

ROOT_LABEL = "webduh.root"
CONFIG_LABEL = "webduh.config"
VERSION_LABEL = "webduh.traefik"

# It is given `root`, `may` and `say`: what may look at schedules each minute, and what does.
TICK_LOOK = r"""
for comm in /proc/[0-9]*/comm; do
  read -r name <"$comm" || continue
  case $name in cron | crond | cronie) say tick.cron "$name"; break ;; esac
done 2>/dev/null
sum() { cat "$@" 2>/dev/null | sha256sum | cut -d ' ' -f 1; }
if [ -d /run/systemd/system ]; then
  unit=/etc/systemd/system/webduh-schedules
  say tick.systemd.digest "$(sum $unit.service $unit.timer)"
  say tick.active "$(systemctl is-active webduh-schedules.timer 2>/dev/null)"
fi
say tick.cron.digest "$(sum /etc/cron.d/webduh)"
command -v crontab >/dev/null && {
  say tick.crontab yes
  crontab -l 2>/dev/null | grep -qF " $root/schedules.sh $root tick" && say tick.line yes
}
$may test -f "$root/schedules.sh" && say tick.script "$($may cat "$root/schedules.sh" 2>/dev/null | sum)"
say tick.last "$($may cat "$root/schedules.last" 2>/dev/null)"
"""

# Words: root, Traefik's container, its network, ports. Writes name=value lines, then the files of Traefik's folder.
SURVEY = (
    r"""
LC_ALL=C; export LC_ALL
PATH=$PATH:/usr/local/bin:/usr/local/sbin:/usr/sbin:/sbin:/snap/bin
say() { printf '%s=%s\n' "$1" "$(printf '%s' "$2" | tr '\n\r' '  ')"; }
say now "$(date +%s.%N)"
root=$1 traefik=$2 edge=$3; shift 3
[ ! -r /etc/os-release ] || (
  . /etc/os-release
  say os.id "$ID"; say os.version "$VERSION_ID"; say os.name "$PRETTY_NAME"
)
say kernel "$(uname -sr)"; say arch "$(uname -m)"
say uid "$(id -u)"; say user "$(id -un)"; say groups "$(id -Gn)"; say home "$HOME"
r=no
if [ "$(id -u)" = 0 ]; then r=
elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then r='sudo -n'
fi
say rights "${r:-root}"
as_root() { [ "$r" != no ] && $r "$@"; }
[ -d /run/systemd/system ] && say init systemd || say init "$(cat /proc/1/comm 2>/dev/null)"
for tool in apt-get dnf apk zypper pacman; do command -v $tool >/dev/null && say packages $tool; done
while read -r name value _; do
  case $name in MemTotal: | MemAvailable: | SwapTotal:) say "memory.${name%:}" "$value" ;; esac
done </proc/meminfo
say ipv6 "$(grep -c '^[23]' /proc/net/if_inet6 2>/dev/null)"

d=
if where=$(command -v docker); then
  say docker.path "$where"
  say docker.client "$(docker --version 2>&1)"
  asked='{{.Server.Version}} {{.Server.APIVersion}}'
  if said=$(docker version --format "$asked" 2>&1); then d=docker; say docker.as "$(id -un)"
  elif said2=$(as_root docker version --format "$asked" 2>&1); then d="${r:+$r }docker"; say docker.as root; said=$said2
  else say docker.error "$(printf '%s' "$said" | grep -v '^ *$' | tail -n 1)"
  fi
fi
[ -e /snap/docker ] && say docker.snap /snap/docker
[ -S /var/run/docker.sock ] && say docker.socket "$(stat -c '%a %U %G' /var/run/docker.sock)"
home=/var/lib/docker
if [ -n "$d" ]; then
  say docker.server "$said"
  # Each of these takes a while, and none needs another. A part is written in one piece.
  part() { told=$("$@" 2>/dev/null) && printf '%s\n' "$told"; }
  { say docker.buildx "$($d buildx version 2>/dev/null | head -n 1)"; } &
  part $d ps --no-trunc --format 'container={{.Names}} {{.Ports}}' &
  part $d network inspect -f 'edge={{range .IPAM.Config}}{{.Subnet}} {{end}}' "$edge" &
  part $d inspect -f "traefik.status={{.State.Status}}
traefik.image={{.Config.Image}}
traefik.root={{index .Config.Labels \"webduh.root\"}}
traefik.config={{index .Config.Labels \"webduh.config\"}}
traefik.version={{index .Config.Labels \"webduh.traefik\"}}
traefik.networks={{range \$name, \$_ := .NetworkSettings.Networks}}{{\$name}} {{end}}" "$traefik" &
  info=$(part $d info --format 'docker.driver={{.Driver}}
docker.root={{.DockerRootDir}}
docker.security={{.SecurityOptions}}
docker.arch={{.Architecture}}
docker.cgroup={{.CgroupVersion}}')
  printf '%s\n' "$info"
  home=$(printf '%s\n' "$info" | sed -n 's/^docker.root=//p')
  wait
fi
for path in / "$home" "$root"; do
  [ -n "$path" ] && [ -e "$path" ] || continue
  say disk "$path|$(df -Pk "$path" 2>/dev/null | tail -n 1)"
  say inodes "$path|$(df -Pi "$path" 2>/dev/null | tail -n 1)"
done

open=$(as_root sh -c 'ls -l /proc/[0-9]*/fd' 2>/dev/null)
for port; do
  for inode in $(awk -v "end=:$(printf '%04X' "$port")" \
    '$4 == "0A" && substr($2, length($2) - 4) == end { print $10 }' /proc/net/tcp /proc/net/tcp6 2>/dev/null); do
    pid=$(printf '%s\n' "$open" | awk -v "name=socket:[$inode]" -F '[/ ]' \
      '/^\/proc/ { pid = $3 } index($0, name) { print pid; exit }')
    say listen "$port ${pid:-?} $(cat "/proc/${pid:-none}/comm" 2>/dev/null)"
  done
done
as_root sshd -T -C "user=$(id -un),host=localhost,addr=127.0.0.1" 2>/dev/null |
  sed -n 's/^\(maxsessions\|allowstreamlocalforwarding\|allowtcpforwarding\) /sshd.\1=/p'

may=
[ -e "$root" ] && [ ! -x "$root" ] && may=as_root
[ -e "$root" ] && say root.mode "$($may stat -c '%a %U %G' "$root" 2>/dev/null)"
[ -w "$root" ] && say root.writable yes
$may test -e "$root/target.json" && say root.mark "$($may cat "$root/target.json")"
say traefik.key "$($may cat "$root/traefik/key" 2>/dev/null)"
say traefik.static "$($may sha256sum "$root/traefik/traefik.yml" 2>/dev/null | cut -d ' ' -f 1)"
say root.group "$(stat -c %g "$root" 2>/dev/null)"
"""
    + TICK_LOOK
    + r"""
echo 'files:'
set -- webduh "$root/traefik/dynamic"
if [ "$may" ]; then $may sh -c '"""
    + FILES.replace("'", "'\\''")
    + r"""' survey "$@"; else """
    + FILES
    + r"""
fi
"""
)
_NUMBERS = re.compile(r"\d+(\.\d+)?")


class Found(msgspec.Struct, frozen=True):
    """What a server said. `said` has every value of every name; `asked` and `answered` are our own times, in UTC.

    Traefik's key is among it, so it is never shown whole.
    """

    said: dict[str, tuple[str, ...]]
    files: dict[str, str]
    asked: datetime
    answered: datetime

    def __repr__(self) -> str:
        return f"Found({', '.join(sorted(self.said))})"

    def one(self, name: str) -> str:
        """The first value of a name; empty when it was not said."""
        return next(iter(self.said.get(name, ())), "")

    def all(self, name: str) -> tuple[str, ...]:
        """Every value of a name."""
        return self.said.get(name, ())

    def number(self, name: str) -> float:
        """The first value as a number, 0 when it is none."""
        found = _NUMBERS.match(self.one(name))
        return float(found[0]) if found else 0.0

    @property
    def root(self) -> bool:
        """Whether something can be done as root there."""
        return self.one("rights") in {"root", "sudo -n"}

    @property
    def docker(self) -> tuple[int, ...]:
        """The version of Docker's engine; empty when it does not answer."""
        return version(self.one("docker.server"))


def survey(folder: RootFolder, ports: tuple[int, ...] = (80, 443)) -> Found:
    """Ask a server everything; TargetError when it cannot be reached, or its shell cannot run the script."""
    words = (folder.layout.root, CONTAINER, EDGE, *map(str, ports))
    asked = now()
    answer = folder.machine.sh(SURVEY, *words)
    found = read(answer.text, asked, now())
    if not found.one("uid"):
        raise TargetError(
            f"{folder.machine.name} cannot be looked at.",
            why=f"Its shell says: {' '.join(answer.err.split())[:300] or 'nothing'}.",
            kept="Nothing was changed.",
            hint="A server needs a POSIX shell and the usual small programs, as every Debian or Ubuntu has them.",
        )
    return found


def read(text: str, asked: datetime, answered: datetime) -> Found:
    """Read what the script wrote; what is no name=value line is passed over."""
    facts, _, listing = text.partition("\nfiles:")
    said: dict[str, tuple[str, ...]] = {}
    for line in facts.splitlines():
        name, equals, value = line.partition("=")
        if equals:
            said[name] = (*said.get(name, ()), value.strip())
    return Found(said, files_in(listing), asked, answered)


def version(text: str) -> tuple[int, ...]:
    """The leading numbers of a version such as `26.1.5+dfsg1 1.45`: (26, 1, 5); empty when there are none."""
    found = re.match(r"v?(\d+(?:\.\d+)*)", text)
    return tuple(map(int, found[1].split("."))) if found else ()
