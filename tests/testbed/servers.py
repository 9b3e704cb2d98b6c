"""The testbed: an engine of its own, and in it servers as one rents them, each with sshd, sudo and Docker."""

import ipaddress
import json
import os
import shutil
import tempfile
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path

import host
import images
from bridges import free_subnet, remove_bridge
from engine import Engine
from program import TestbedError, run
from recipes import BARE, SERVER, digest
from seed import copy_seed, make_seed
from server import Server

CACHE = Path(os.environ.get("WEBDUH_TESTBED") or Path.home() / ".cache" / "webduh-testbed")
# Another cache folder is another testbed: they can stand side by side.
OTHER = digest(str(CACHE))[:3] if "WEBDUH_TESTBED" in os.environ else ""
PASSING = Path(f"/run/webduh-testbed{OTHER}")
NETWORK = f"webduh-testbed{OTHER}"
BRIDGE = f"webduh-tb{OTHER or 0}"
LOOPBACK = f"127.0.{int(OTHER, 16) % 250 + 2 if OTHER else 1}"

# Everything but SYS_RESOURCE, which is not there to give in every place where tests run: hence not --privileged.
RIGHTS = (
    *("--cap-add=ALL", "--cap-drop=SYS_RESOURCE", "--cgroupns=host", "--volume=/sys/fs/cgroup:/sys/fs/cgroup:rw"),
    *(f"--security-opt={option}=unconfined" for option in ("seccomp", "apparmor", "systempaths")),
    "--device-cgroup-rule=a *:* rwm",
)


@dataclass(frozen=True)
class Spec:
    """What is rented: `place` (1…99) is the last part of its addresses and ports.

    `memory_disks` are small file systems, path → options of tmpfs, such as `size=64m,nr_inodes=500`.
    """

    name: str
    place: int
    docker: bool = True
    memory_disks: Mapping[str, str] = field(default_factory=dict)

    @property
    def loopback(self) -> str:
        """The address on this machine where its ports are published."""
        return f"{LOOPBACK}.{self.place}"

    @property
    def ports(self) -> dict[int, int]:
        """Its own port → the one published here."""
        return {22: 2200 + self.place, 80: 8080 + self.place, 443: 8440 + self.place}


SPECS = tuple(Spec(f"vps-{letter}", place) for place, letter in enumerate("abcdefgh", 1))
"""Enough for four test processes, of which two need three at once."""
FEW = SPECS[:3]
BARE_SPEC = Spec("bare", 11, docker=False)
TINY_SPEC = Spec("tiny", 12, memory_disks={"/var/lib/docker": "size=700m", "/var/lib/webduh": "size=2m,nr_inodes=200"})


class Testbed:
    """Raises servers and takes them away. Whoever calls holds the lock of `lifetime.py`."""

    __test__ = False  # pytest, this is no test

    def __init__(self) -> None:
        self.engine = Engine(CACHE / "engine", PASSING, f"webduh-id{OTHER or 0}")

    def raise_all(self, specs: Iterable[Spec] = FEW) -> list[Server]:
        """Raise what is not up, or is up but made otherwise by now; in the order of `specs`."""
        self.engine.start()
        stand_ins = images.make_all(self.engine, CACHE / "wheels")
        subnet = self._lay_network()
        self._make_keys()
        seed = make_seed(self.engine, CACHE / "seeds", stand_ins, SERVER.names[0], RIGHTS)
        with ThreadPoolExecutor(4) as hands:
            return list(hands.map(lambda spec: self._raise(spec, subnet, seed), specs))

    def remove(self, spec: Spec) -> None:
        """Take one away with all that it kept, but for its host key."""
        if self.engine.says("container", "inspect", spec.name):
            self.engine.docker("rm", "--force", "--volumes", spec.name)
        shutil.rmtree(self._folder(spec) / "docker", ignore_errors=True)

    def take_down(self) -> None:
        """End everything; the cache stays."""
        if self.engine.running():
            if names := self.engine.docker("ps", "--all", "--quiet").split():
                self.engine.docker("rm", "--force", "--volumes", *names)
            if self.engine.says("network", "inspect", NETWORK):
                self.engine.docker("network", "rm", NETWORK)
            self.engine.stop()
        _close_firewall()
        remove_bridge(BRIDGE)
        for folder in (CACHE / "servers").glob("*/docker"):
            shutil.rmtree(folder)
        shutil.rmtree(PASSING, ignore_errors=True)
        (CACHE / "servers.json").unlink(missing_ok=True)

    def write_list(self, servers: Iterable[Server]) -> None:
        """Say in servers.json what is up, for whoever works with it by hand."""
        shown = [asdict(server) | {"key": str(server.key), "engine": self.engine.host} for server in servers]
        aside = CACHE / "servers.json.new"
        aside.write_text(json.dumps(shown, indent=2) + "\n")
        aside.rename(CACHE / "servers.json")

    # One server

    def _raise(self, spec: Spec, subnet: ipaddress.IPv4Network, seed: Path) -> Server:
        folder = self._folder(spec)
        recipe = SERVER if spec.docker else BARE
        made_by = digest(recipe.tag(images.base_digest()), repr(spec), repr(RIGHTS), str(subnet), seed.name)
        server = self._server(spec, subnet)
        if self._label(spec) != made_by:
            with images.progress(spec.name):
                self.remove(spec)
                self._write_settings(folder)
                if "/var/lib/docker" not in spec.memory_disks:
                    copy_seed(seed, folder / "docker")
                self.engine.docker("run", *self._words(spec, server, folder, made_by), recipe.names[0])
                server.until_up()
        elif not server.running():
            server.start()
        return server

    def _words(self, spec: Spec, server: Server, folder: Path, made_by: str) -> list[str]:
        places = {folder / "testbed": "/testbed:ro", folder / "resolv.conf": "/etc/resolv.conf:ro"}
        if "/var/lib/docker" not in spec.memory_disks:
            places[folder / "docker"] = "/var/lib/docker"
        return [
            *("--detach", "--init", "--name", spec.name, "--hostname", spec.name, f"--label=webduh-testbed={made_by}"),
            *("--network", NETWORK, "--ip", server.address, *RIGHTS),
            *(f"--volume={here}:{there}" for here, there in places.items()),
            *(f"--tmpfs={path}:{options}" for path, options in spec.memory_disks.items()),
            *(f"--publish={spec.loopback}:{here}:{there}" for there, here in spec.ports.items()),
        ]

    def _server(self, spec: Spec, subnet: ipaddress.IPv4Network) -> Server:
        return Server(
            name=spec.name,
            address=str(subnet[10 + spec.place]),
            host=spec.loopback,
            ssh=spec.ports[22],
            http=spec.ports[80],
            https=spec.ports[443],
            user="deploy",
            key=CACHE / "keys" / "id_ed25519",
            host_key=self._host_key(spec).with_suffix(".pub").read_text().rsplit(maxsplit=1)[0],
            fingerprint=run("ssh-keygen", "-lf", str(self._host_key(spec))).split()[1],
            engine=self.engine,
        )

    def _label(self, spec: Spec) -> str:
        """What the container was made by; empty when there is none."""
        if not self.engine.says("container", "inspect", spec.name):
            return ""
        return self.engine.docker("inspect", "--format", '{{index .Config.Labels "webduh-testbed"}}', spec.name).strip()

    def _folder(self, spec: Spec) -> Path:
        return CACHE / "servers" / spec.name

    # What is written for servers

    def _make_keys(self) -> None:
        _make_key(CACHE / "keys" / "id_ed25519", "webduh-testbed")

    def _host_key(self, spec: Spec) -> Path:
        """Made once and kept: a server that is raised again is the same server."""
        key = self._folder(spec) / "testbed" / "ssh_host_ed25519_key"
        _make_key(key, spec.name)
        return key

    def _write_settings(self, folder: Path) -> None:
        (folder / "resolv.conf").write_text(host.name_servers())
        shutil.copy2(CACHE / "keys" / "id_ed25519.pub", folder / "testbed" / "authorized_keys")

    # The network

    def _lay_network(self) -> ipaddress.IPv4Network:
        if not self.engine.says("network", "inspect", NETWORK):
            options = {"com.docker.network.bridge.name": BRIDGE, "com.docker.network.driver.mtu": str(host.mtu())}
            named = [f"--opt={name}={value}" for name, value in options.items()]
            self.engine.docker("network", "create", f"--subnet={free_subnet()}", *named, NETWORK)
        shown = self.engine.docker("network", "inspect", "--format", "{{(index .IPAM.Config 0).Subnet}}", NETWORK)
        subnet = ipaddress.IPv4Network(shown.strip())
        _open_firewall(subnet)
        return subnet


def _make_key(path: Path, comment: str) -> None:
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent) as aside:
            run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", f"{aside}/key")
            Path(aside, "key.pub").rename(f"{path}.pub")
            Path(aside, "key").rename(path)


def _open_firewall(subnet: ipaddress.IPv4Network) -> None:
    """Let the servers reach what this machine reaches; rules that are there stay, for somebody may be using them."""
    rules = [
        ("filter", "FORWARD", "-i", BRIDGE, "-j", "ACCEPT"),
        ("filter", "FORWARD", "-o", BRIDGE, "-j", "ACCEPT"),
        ("nat", "POSTROUTING", "-s", str(subnet), "!", "-o", BRIDGE, "-j", "MASQUERADE"),
    ]
    for table, *rule in rules:
        try:
            run("iptables", "-w", "-t", table, "-C", *rule)
        except TestbedError:
            run("iptables", "-w", "-t", table, "-I", *rule)


def _close_firewall() -> None:
    for table in ("filter", "nat"):
        for rule in run("iptables", "-w", "-t", table, "-S").splitlines():
            if f"-i {BRIDGE} " in rule or f"-o {BRIDGE} " in rule:
                run("iptables", "-w", "-t", table, "-D", *rule.split()[1:])
