"""A server as tests see it: where it is, how to look behind the product's back, and what can befall it."""

from dataclasses import dataclass, field
from pathlib import Path

from engine import Engine
from images import all_names
from program import TestbedError, until
from seed import load

# Let sshd begin anew, and wait until it listens on new sockets.
RENEW = """
sockets() { ss -ltnHe 'sport = :22' | grep -o 'ino:[0-9]*'; }
renew() {
    old=$(sockets)
    kill -HUP "$(cat /run/sshd.pid)"
    until new=$(sockets) && [ -n "$new" ] && [ "$new" != "$old" ]; do sleep 0.05; done
}
"""
# What a test may have left, but for Docker's build cache: that one makes the next test fast, and lies about nothing.
RESET = """
iptables -t raw -F; iptables -t mangle -F; tc qdisc del dev eth0 root 2>/dev/null
cat /run/sshd-more-*.pid 2>/dev/null | xargs -r kill
docker ps -aq | xargs -r docker rm -fv >/dev/null
docker network prune -f >/dev/null
docker volume prune -af >/dev/null
docker images -q 'webduh/*' | sort -u | xargs -r docker rmi -f >/dev/null
rm -f /etc/cron.d/webduh; crontab -u deploy -r 2>/dev/null
pkill -CONT -x cron; [ ! -x /etc/init.d/cron ] || service cron start >/dev/null
rm -rf /etc/docker/certs.d
find /var/lib/webduh -mindepth 1 -delete 2>/dev/null
[ -d /var/lib/webduh ] && { mountpoint -q /var/lib/webduh || rmdir /var/lib/webduh; }
for user in deploy plain; do
    id -u "$user" >/dev/null 2>&1 || useradd --create-home --shell /bin/bash "$user"
done
for home in /root /home/*; do
    find "$home" -mindepth 1 -maxdepth 1 -exec rm -rf {} +
    install -m 700 -d "$home/.ssh" && install -m 600 /testbed/authorized_keys "$home/.ssh/"
    chown -R --reference="$home" "$home/.ssh"
done
if [ -e /etc/ld.so.preload ] || ! cmp -s /testbed/ssh_host_ed25519_key /etc/ssh/ssh_host_ed25519_key; then
    rm -f /etc/ld.so.preload /etc/faketimerc /etc/ssh/ssh_host_*
    cp /testbed/ssh_host_* /etc/ssh/ && chmod 600 /etc/ssh/ssh_host_*_key && renew
fi
docker images --format '{{.Repository}}:{{.Tag}}' 2>/dev/null
exit 0
"""
# The library stands in for a clock of its own, which a container cannot have: what starts with it believes it.
CLOCK = """
printf '%s\\n' "$1" > /etc/faketimerc
find /usr/lib -name libfaketime.so.1 > /etc/ld.so.preload
renew
"""

# No sshd listens on more.
SOCKETS = 16


@dataclass(frozen=True)
class Server:
    """A server: `address` is its own; its ports are published at `host`, as `ssh`, `http` and `https`."""

    name: str
    address: str
    host: str
    ssh: int
    http: int
    https: int
    user: str
    key: Path
    host_key: str
    fingerprint: str
    engine: Engine = field(repr=False)

    def exec(self, *argv: str, stdin: bytes = b"") -> str:
        """What a program prints that runs there as root. TestbedError when it fails."""
        return self.engine.docker("exec", "--interactive", self.name, *argv, stdin=stdin)

    def sh(self, script: str, *words: str) -> str:
        """What a shell's script prints that runs there as root."""
        return self.exec("sh", "-c", script, "testbed", *words)

    def load(self, *names: str) -> None:
        """Give its Docker images of the testbed."""
        load(self.engine, self.name, names)

    def reset(self) -> None:
        """Take every app, route, file and fault away; the machine, its Docker and its images stay."""
        if not self.running():
            self.start()
        self.unpause()
        left = self.sh(RENEW + RESET).split()
        if left and (lost := set(all_names()) - set(left)):
            self.load(*sorted(lost))

    # What can befall it

    def running(self) -> bool:
        """Whether it is switched on."""
        return self._state() in ("running", "paused")

    def pause(self) -> None:
        """Freeze it: its connections stay open and nothing answers."""
        if self._state() == "running":
            self.engine.docker("pause", self.name)

    def unpause(self) -> None:
        """Go on where it was frozen."""
        if self._state() == "paused":
            self.engine.docker("unpause", self.name)

    def kill(self) -> None:
        """Pull the plug."""
        self.engine.docker("kill", self.name)

    def start(self) -> None:
        """Switch it on, and wait until it can be used."""
        self.engine.docker("start", self.name)
        self.until_up()

    def reboot(self) -> None:
        """Shut it down and switch it on, and wait until it can be used."""
        self.engine.docker("restart", "--time", "20", self.name)
        self.until_up()

    def restart_docker(self) -> None:
        """As an update of its Docker does; running containers end, and those that shall come back do."""
        self.sh("service docker restart")
        self.until_up()

    def docker_answers(self) -> bool:
        """Whether its Docker does."""
        return self.engine.says("exec", self.name, "docker", "version")

    def cut(self) -> None:
        """Not a packet comes or goes, and nobody is told."""
        self.sh("iptables -t raw -A PREROUTING -i eth0 -j DROP; iptables -t mangle -A POSTROUTING -o eth0 -j DROP")

    def heal(self) -> None:
        """Undo `cut` and `slow_down`."""
        self.sh("iptables -t raw -F; iptables -t mangle -F; tc qdisc del dev eth0 root 2>/dev/null; true")

    def slow_down(self, kbit: int) -> None:
        """Let it send no more than that many kilobits a second. For latency, see `Relay`."""
        rate = f"{kbit}kbit"
        self.exec(*f"tc qdisc replace dev eth0 root tbf rate {rate} burst 16kb latency 400ms".split())

    def set_clock(self, seconds: int) -> None:
        """Put its clock forward, or back, for every program that SSH starts from now on; not for its Docker."""
        self.sh(RENEW + CLOCK, f"{seconds:+d}")

    def change_host_key(self) -> None:
        """As after a new installation, or with somebody in between."""
        self.sh(RENEW + "rm /etc/ssh/ssh_host_*; ssh-keygen -q -A; renew")

    def listen(self, *ports: int) -> None:
        """Let another sshd listen there, too: port 80 is taken then, or a hundred servers are one."""
        for first in range(0, len(ports), SOCKETS):
            options = [f"-oPort={port}" for port in ports[first : first + SOCKETS]]
            pidfile = f"-oPidFile=/run/sshd-more-{ports[first]}.pid"
            # Each stands for servers of their own: what is done at one of its ports is not held against the others.
            patient = ("-oMaxStartups=200", "-oPerSourcePenalties=no")
            self.exec("/usr/sbin/sshd", "-oAddressFamily=inet", *patient, pidfile, *options)
        until(lambda: self._listens(*ports), f"{self.name} does not listen on {ports[0]} and more")

    def until_up(self) -> None:
        """Wait until sshd and, where it is installed, Docker answer."""
        until(self._answers, f"{self.name} does not come up", words=self._last_words)

    def _listens(self, *ports: int) -> bool:
        listed = self.exec("ss", "-ltnH")
        return all(f":{port} " in listed for port in ports)

    def _answers(self) -> bool:
        ready = 'ss -ltnH | grep -q ":22 " && { [ ! -x /usr/sbin/dockerd ] || docker version >/dev/null 2>&1; }'
        return self.engine.says("exec", self.name, "sh", "-c", ready)

    def _last_words(self) -> str:
        try:
            return self.sh("tail -n 30 /var/log/docker.log; ss -ltn")
        except TestbedError:
            return self.engine.docker("logs", "--tail", "30", self.name)

    def _state(self) -> str:
        return self.engine.docker("inspect", "--format", "{{.State.Status}}", self.name).strip()
