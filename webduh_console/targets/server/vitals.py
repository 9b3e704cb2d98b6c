"""How a server is: its load, memory, disk, and the containers on it."""

from typing import NamedTuple

import msgspec

from webduh_console.targets.server.engine import Engine
from webduh_console.transport.machine import Machine

_LOOK = r"""
cat /proc/loadavg
sed -n 's/^MemTotal: *\([0-9]*\).*/total \1/p; s/^MemAvailable: *\([0-9]*\).*/available \1/p' /proc/meminfo
df -kP / | sed -n '2s/ \{1,\}/ /gp'
nproc 2>/dev/null || getconf _NPROCESSORS_ONLN 2>/dev/null || :
"""


class Share(msgspec.Struct, frozen=True):
    """How much of something is used, both in bytes."""

    used: int
    total: int


class Loaded(NamedTuple):
    """How busy and how full a machine is: its load averages of one and five minutes, and its cores (0: unknown)."""

    load: float
    load_5: float
    memory: Share
    disk: Share
    cores: int


class Vitals(msgspec.Struct, frozen=True):
    """A server's figures: `load` and `load_5` are the averages of one and of five minutes, `docker` the version of its
    engine. `cores` is 0 where that is not known.
    """

    apps: int
    containers: int
    load: float
    memory: Share
    disk: Share
    docker: str
    load_5: float = 0.0
    cores: int = 0


def load(machine: Machine) -> Loaded:
    """Look once at the machine."""
    return parsed(machine.sh(_LOOK).text)


def vitals(loaded: Loaded, engine: Engine, apps: int) -> Vitals:
    """A server's figures: what a look at it said, and Docker's own."""
    info = engine.info()
    running, version = info.get("ContainersRunning", 0), info.get("ServerVersion", "")
    return Vitals(apps, running, loaded.load, loaded.memory, loaded.disk, version, loaded.load_5, loaded.cores)


def parsed(text: str) -> Loaded:
    """What `_LOOK` prints, read."""
    lines = text.splitlines()
    kib = {word: int(number) * 1024 for word, number in (line.split() for line in lines[1:3])}
    _, total, used, *_ = lines[3].split()
    memory = Share(kib["total"] - kib["available"], kib["total"])
    load, load_5, *_ = map(float, lines[0].split()[:2])
    cores = int(lines[4]) if len(lines) > 4 and lines[4].isdigit() else 0
    return Loaded(load, load_5, memory, Share(int(used) * 1024, int(total) * 1024), cores)
