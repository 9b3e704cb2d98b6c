"""A real sshd of a test's own on 127.0.0.1, and a relay in front of it that can be cut, held and slowed."""

import contextlib
import os
import select
import signal
import socket
import subprocess
import threading
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest
from loopback import free_port
from waiting import wait_until

from webduh_console.transport.ssh.address import Endpoint, Patience
from webduh_console.transport.ssh.hostkeys import HostKeys
from webduh_console.transport.ssh.machine import SSHMachine

SSHD = "/usr/sbin/sshd"
StartSshd = Callable[..., "OwnSshd"]


def needed() -> None:
    """Skip the test where there is no sshd; fail where CI runs it."""
    if Path(SSHD).exists() and os.geteuid() == 0:
        return
    if os.environ.get("CI") == "true":
        pytest.fail(f"{SSHD} and root are needed: nothing about SSH was tested")
    warnings.warn("no sshd or not root: nothing about SSH was tested", stacklevel=2)
    pytest.skip(f"{SSHD} and root are needed")


def make_key(path: Path, kind: str = "ed25519", passphrase: str = "") -> Path:
    """A key pair at `path` and `path.pub`."""
    bits = ["-b", "2048"] if kind == "rsa" else []
    subprocess.run(
        ["ssh-keygen", "-q", "-t", kind, *bits, "-N", passphrase, "-C", "a test", "-f", str(path)], check=True
    )
    return path


class OwnSshd:
    """An sshd with its keys in `folder`. `options` are lines of its configuration, before all others."""

    def __init__(self, folder: Path, *options: str, kinds: tuple[str, ...] = ("ed25519",)) -> None:
        self.folder, self.port = folder, free_port()
        folder.mkdir(parents=True, exist_ok=True)
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
        self.key = make_key(folder / "id_user")
        for kind in kinds:
            make_key(folder / f"host_{kind}", kind)
        (folder / "authorized").write_bytes((folder / "id_user.pub").read_bytes())
        self._config = folder / "sshd_config"
        self._options = [
            *options,
            *(f"HostKey {folder}/host_{kind}" for kind in kinds),
            f"AuthorizedKeysFile {folder}/authorized",
            f"PidFile {folder}/pid",
            *("ListenAddress 127.0.0.1", "StrictModes no", "PasswordAuthentication no", "UsePAM no"),
            *("KbdInteractiveAuthentication no", "PermitRootLogin yes", "PrintMotd no", "MaxStartups 100"),
        ]
        self.configure()
        self._log = (folder / "log").open("ab")
        self.process: subprocess.Popen[bytes] | None = None

    def configure(self, *options: str) -> None:
        self._config.write_text("\n".join([*options, *self._options]) + "\n")

    def start(self) -> "OwnSshd":
        self.process = subprocess.Popen(
            [SSHD, "-D", "-e", "-f", str(self._config), "-p", str(self.port)],
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=self._log,
            start_new_session=True,
        )
        wait_until(self._listens, "sshd listens")
        return self

    def _listens(self) -> bool:
        assert self.process
        assert self.process.poll() is None, (self.folder / "log").read_text()
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
            return True
        return False

    def stop(self) -> None:
        """End it with every connection it has."""
        if self.process:
            for pid in [*self.children(), self.process.pid]:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            self.process.wait()
            self.process = None

    def children(self) -> list[int]:
        """The processes of its connections: not those of the programs they run."""
        assert self.process
        found, parents = [], {self.process.pid}
        for stat in Path("/proc").glob("[0-9]*/stat"):
            with contextlib.suppress(OSError):
                name, _, rest = stat.read_text(errors="replace").rpartition(")")
                if int(rest.split()[1]) in parents and "(sshd" in name:
                    found.append(int(stat.parent.name))
        return found

    def endpoint(self, **changed: object) -> Endpoint:
        values: dict[str, object] = {
            "host": "127.0.0.1",
            "port": self.port,
            "user": "root",
            "identities": (str(self.key),),
            "jumps": (),
            "words": f"root@127.0.0.1:{self.port}",
            "only": True,
        }
        return Endpoint(**{**values, **changed})  # type: ignore[arg-type]

    def host_keys(self, name: str = "known_hosts") -> HostKeys:
        return HostKeys(self.folder / name, theirs=())

    def machine(self, patience: Patience = Patience(), **changed: object) -> SSHMachine:
        """A machine that is this one, its host key accepted."""
        machine = SSHMachine("prod", self.endpoint(**changed), self.host_keys(), patience)
        machine.accept("new")
        return machine

    def close(self) -> None:
        self.stop()
        self._log.close()


class Relay:
    """Passes TCP connections on to `port`, until it is told to hold or to cut them."""

    def __init__(self, port: int) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port, self._target = int(self._listener.getsockname()[1]), port
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        self._flowing = threading.Event()
        self._flowing.set()
        self.open = True
        threading.Thread(target=self._accept, daemon=True).start()

    def hold(self) -> None:
        """Pass nothing on, in neither direction, and say nothing."""
        self._flowing.clear()

    def flow(self) -> None:
        self._flowing.set()

    def cut(self) -> None:
        """End every connection."""
        for pair in self._pairs:
            for end in pair:
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
        self._pairs.clear()

    def close(self) -> None:
        self.open = False
        self.flow()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
                far = socket.create_connection(("127.0.0.1", self._target), 5)
            except OSError:
                if not self.open:
                    return
                near.close()
                continue
            far.settimeout(None)
            self._pairs.append((near, far))
            threading.Thread(target=self._pass, args=(near, far), daemon=True).start()

    def _pass(self, near: socket.socket, far: socket.socket) -> None:
        with contextlib.suppress(OSError), near, far:
            while True:
                for source in select.select([near, far], [], [], 0.2)[0]:
                    self._flowing.wait()
                    content = source.recv(65_536)
                    if not content:
                        return
                    (far if source is near else near).sendall(content)
