"""How a server is: its load, memory, disk, and the containers on it."""

import msgspec

from webduh_console.targets.server.engine import Engine
from webduh_console.transport.machine import Machine

_LOOK = r"""
cat /proc/loadavg
sed -n 's/^MemTotal: *\([0-9]*\).*/total \1/p; s/^MemAvailable: *\([0-9]*\).*/available \1/p' /proc/meminfo
df -kP / | sed -n '2s/ \{1,\}/ /gp'
"""


class Share(msgspec.Struct, frozen=True):
    """How much of something is used, both in bytes."""

    used: int
    total: int


Loaded = tuple[float, Share, Share]
"""The load, the memory and the disk of a machine."""


class Vitals(msgspec.Struct, frozen=True):
    """A server's figures: `load` is the average of one minute, `docker` the version of its engine."""

    apps: int
    containers: int
    load: float
    memory: Share
    disk: Share
    docker: str


def load(machine: Machine) -> Loaded:
    """Look once at the machine."""
    return parsed(machine.sh(_LOOK).text)


def vitals(loaded: Loaded, engine: Engine, apps: int) -> Vitals:
    """A server's figures: what a look at it said, and Docker's own."""
    load, memory, disk = loaded
    info = engine.info()
    return Vitals(apps, info.get("ContainersRunning", 0), load, memory, disk, info.get("ServerVersion", ""))


def parsed(text: str) -> Loaded:
    """Load, memory and disk from what `_LOOK` prints."""
    lines = text.splitlines()
    kib = {word: int(number) * 1024 for word, number in (line.split() for line in lines[1:3])}
    _, total, used, *_ = lines[3].split()
    memory = Share(kib["total"] - kib["available"], kib["total"])
    return float(lines[0].split()[0]), memory, Share(int(used) * 1024, int(total) * 1024)
