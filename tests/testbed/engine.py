"""A Docker engine of the tests' own, that shares neither folder nor socket with any other Docker of this machine."""

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bridges import make_bridge, remove_bridge
from program import run, until

OWN = ("--iptables=false", "--ip6tables=false", "--containerd-namespace=webduh")


@dataclass(frozen=True)
class Engine:
    """A dockerd. What it keeps is in `folder`, what goes when it ends in `passing`. `bridge` is its default network.

    It shares no bridge and no rule of a firewall with a Docker of this machine: without its own bridge it would use
    or remove `docker0`. Published ports are served by its proxy.
    It may outlive the process that started it, and is found again by its pid file.
    """

    folder: Path
    passing: Path
    bridge: str

    @property
    def host(self) -> str:
        """Its address, as DOCKER_HOST has it."""
        return f"unix://{self.passing}/docker.sock"

    def docker(self, *words: str, stdin: bytes = b"") -> str:
        """What a Docker command prints. TestbedError when it fails."""
        return run("docker", "--host", self.host, *words, stdin=stdin)

    def says(self, *words: str) -> bool:
        """Whether a Docker command succeeds."""
        argv = ["docker", "--host", self.host, *words]
        return subprocess.run(argv, capture_output=True, check=False).returncode == 0

    def running(self) -> bool:
        """Whether it answers."""
        return self._pid() is not None and self.says("version")

    def start(self) -> None:
        """Start it, unless it runs; what a killed one left is cleared away."""
        if self.running():
            return
        self._end_what_hangs()
        for folder in (self.folder, self.passing):
            folder.mkdir(parents=True, exist_ok=True)
        self._pidfile.unlink(missing_ok=True)
        make_bridge(self.bridge)
        with self._log.open("ab") as log:
            # Its parent is not this process: it outlives it, and is nobody's zombie.
            argv = ["setsid", "--fork", *self._argv()]
            subprocess.run(argv, stdout=log, stderr=log, env=self._environment(), check=True)
        until(self.running, "dockerd did not start", words=self._last_words)

    def stop(self) -> None:
        """End it and all that runs in it."""
        pid = self._pid()
        if pid is not None:
            os.kill(pid, signal.SIGTERM)
            until(lambda: self._pid() is None, "dockerd does not end", words=self._last_words)
        self._unmount()
        remove_bridge(self.bridge)
        self._pidfile.unlink(missing_ok=True)

    @property
    def _pidfile(self) -> Path:
        return self.passing / "docker.pid"

    @property
    def _log(self) -> Path:
        return self.folder.parent / f"{self.folder.name}.log"

    def _last_words(self) -> str:
        return self._log.read_text(errors="replace")[-3000:]

    def _argv(self) -> list[str]:
        places = {"data-root": self.folder, "exec-root": self.passing / "exec", "pidfile": self._pidfile}
        named = [f"--{option}={place}" for option, place in places.items()]
        return ["dockerd", *named, "--host", self.host, "--group", "root", "--log-level", "warn", *OWN]

    def _environment(self) -> dict[str, str]:
        """Ours; but a kept one (lifetime.py) is not what a run of the tests left, and carries no mark of it."""
        kept = (self.passing / "kept").exists()
        return {name: value for name, value in os.environ.items() if not (kept and name == "WEBDUH_TESTS")}

    def _pid(self) -> int | None:
        """The process of the pid file, if it is this engine's and alive."""
        try:
            pid = int(self._pidfile.read_text())
            argv = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        except (OSError, ValueError):
            return None
        return pid if f"--pidfile={self._pidfile}".encode() in argv else None

    def _end_what_hangs(self) -> None:
        """A killed dockerd leaves its containerd, the containers' shims, their mounts and their control groups.

        A container is not started in a group that has groups in it, as a killed server's has of its own containers.
        """
        pid = self._pid()
        if pid is not None:
            os.kill(pid, signal.SIGKILL)
            until(lambda: self._pid() is None, "dockerd does not end")
        marks = [str(self.passing / "exec"), *(path.name for path in self.folder.glob("containers/*"))]
        until(lambda: not _kill_all(marks), "what a killed dockerd left does not end")
        for group in Path("/sys/fs/cgroup").glob("*/docker/*"):
            if group.name in marks:
                _remove_group(group)
        self._unmount()
        shutil.rmtree(self.passing / "exec", ignore_errors=True)

    def _unmount(self) -> None:
        for line in reversed(Path("/proc/mounts").read_text().splitlines()):
            place = Path(line.split()[1])
            if place.is_relative_to(self.passing) or place.is_relative_to(self.folder):
                run("umount", "--lazy", str(place))


@contextmanager
def passing_engine(folder: Path) -> Iterator[Engine]:
    """An engine that goes when this ends. Its sockets have short paths, which must end at 104 characters."""
    with tempfile.TemporaryDirectory(prefix="webduh", dir="/run") as passing:
        engine = Engine(folder / "kept", Path(passing), Path(passing).name)
        try:
            engine.start()
            yield engine
        finally:
            engine.stop()


def _remove_group(group: Path) -> None:
    """Remove a control group and those in it; their files need not go first."""
    for folder, _, _ in os.walk(group, topdown=False):
        Path(folder).rmdir()


def _kill_all(marks: Sequence[str]) -> bool:
    """Kill every process that has one of these in its arguments or its cgroup's name; whether there was one."""
    found = False
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            known_by = (folder / "cmdline").read_bytes() + (folder / "cgroup").read_bytes()
            if (
                any(mark.encode() in known_by for mark in marks)
                and "\nState:\tZ" not in (folder / "status").read_text()
            ):
                os.kill(int(folder.name), signal.SIGKILL)
                found = True
        except OSError:
            continue  # it has ended meanwhile
    return found
