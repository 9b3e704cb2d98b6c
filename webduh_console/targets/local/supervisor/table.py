"""The machine's processes at one moment: whose child each is, what it uses, which ports it listens on."""

import os
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

_PROC = Path("/proc")
_GONE = (FileNotFoundError, ProcessLookupError, PermissionError)
_TICK = 1 / os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")
_LISTENING = "0A"


class Row(NamedTuple):
    """One process: parent, session, seconds of CPU, resident bytes, when it began (good only to compare), zombie."""

    parent: int
    session: int
    cpu: float
    memory: int
    born: float
    zombie: bool

    def lives_since(self, born: float) -> bool:
        """Whether it is alive and the same that began then."""
        return self.born == born and not self.zombie


class Table:
    """The processes by their ids. Reading it takes about 10 µs a process."""

    def __init__(self, rows: Mapping[int, Row]) -> None:
        self.rows = rows
        self._children: dict[int, list[int]] = defaultdict(list)
        self._sessions: dict[int, list[int]] = defaultdict(list)
        for pid, row in rows.items():
            if not row.zombie:
                self._children[row.parent].append(pid)
                self._sessions[row.session].append(pid)

    @classmethod
    def read(cls) -> "Table":
        """The processes of now."""
        return cls(_from_proc() if sys.platform == "linux" else _from_psutil())

    def session(self, leader: int) -> list[int]:
        """The living processes of a session."""
        return self._sessions.get(leader, [])

    def tree(self, leader: int) -> set[int]:
        """The living processes of a session and the descendants of its leader that have left it."""
        found, new = set(), set(self.session(leader))
        while new:
            found |= new
            new = {child for pid in new for child in self._children.get(pid, ())} - found
        return found


def born(pid: int) -> float:
    """When a process began, comparable with `Row.born`; 0 when it is gone."""
    row = Table.read().rows.get(pid) if sys.platform != "linux" else _row(pid)
    return row.born if row else 0.0


def boot() -> str:
    """What names this run of the machine: ids and start times of processes mean nothing beyond it."""
    with suppress(OSError):
        return (_PROC / "sys/kernel/random/boot_id").read_text().strip()
    import psutil

    return str(psutil.boot_time())


def carries(pid: int, mark: str) -> bool:
    """Whether a process was started with `mark`, `NAME=VALUE`, in its environment."""
    if sys.platform == "linux":
        try:
            return mark.encode() in (_PROC / str(pid) / "environ").read_bytes().split(b"\0")
        except _GONE:
            return False
    import psutil

    name, _, value = mark.partition("=")
    try:
        return psutil.Process(pid).environ().get(name) == value
    except psutil.Error:
        return False


def oom_kills() -> int:
    """How many processes the kernel has ended for want of memory since boot; 0 where it does not say."""
    with suppress(OSError):
        for line in (_PROC / "vmstat").read_text().splitlines():
            if line.startswith("oom_kill "):
                return int(line.split()[1])
    return 0


def listening(trees: Mapping[str, Iterable[int]]) -> dict[str, tuple[int, ...]]:
    """The TCP ports each tree of processes listens on, sorted."""
    if sys.platform != "linux":
        return {name: _psutil_ports(pids) for name, pids in trees.items()}
    ports = _listening_sockets()
    return {
        name: tuple(sorted({ports[link] for pid in pids for link in _sockets(pid) & ports.keys()}))
        for name, pids in trees.items()
    }


def _from_proc() -> dict[int, Row]:
    rows = {}
    for name in os.listdir(_PROC):  # noqa: PTH208 - half a second a day matters less than it reads, but this is called at every tick
        if name.isdigit() and (row := _row(int(name))):
            rows[int(name)] = row
    return rows


def _row(pid: int) -> Row | None:
    """One process from `/proc/PID/stat`; proc(5) has the fields, of which the name may hold blanks and parentheses."""
    try:
        with open(f"/proc/{pid}/stat", "rb", buffering=0) as file:  # noqa: PTH123
            fields = file.read(1024).rpartition(b")")[2].split()
    except _GONE:
        return None
    cpu = (int(fields[11]) + int(fields[12])) * _TICK
    return Row(
        int(fields[1]), int(fields[3]), cpu, int(fields[21]) * _PAGE, float(fields[19]), fields[0] in (b"Z", b"X")
    )


def _from_psutil() -> dict[int, Row]:
    import psutil

    rows = {}
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError), process.oneshot():
            times, memory = process.cpu_times(), process.memory_info().rss
            zombie = process.status() == psutil.STATUS_ZOMBIE
            cpu = times.user + times.system
            rows[process.pid] = Row(process.ppid(), os.getsid(process.pid), cpu, memory, process.create_time(), zombie)
    return rows


def _psutil_ports(pids: Iterable[int]) -> tuple[int, ...]:
    import psutil

    ports = set()
    for pid in pids:
        with suppress(psutil.Error):
            found = psutil.Process(pid).net_connections("tcp")
            ports |= {one.laddr.port for one in found if one.status == psutil.CONN_LISTEN}
    return tuple(sorted(ports))


def _listening_sockets() -> dict[str, int]:
    """The ports of all listening TCP sockets by what `/proc/PID/fd` calls them."""
    ports = {}
    for table in ("tcp", "tcp6"):
        with suppress(OSError), (_PROC / "net" / table).open() as file:
            next(file, "")
            for fields in map(str.split, file):
                if fields[3] != _LISTENING:
                    break  # The kernel lists the listening ones first; of the others there may be thousands.
                ports[f"socket:[{fields[9]}]"] = int(fields[1].rpartition(":")[2], 16)
    return ports


def _sockets(pid: int) -> set[str]:
    links = set()
    with suppress(*_GONE):
        for descriptor in (_PROC / str(pid) / "fd").iterdir():
            with suppress(*_GONE):
                links.add(str(descriptor.readlink()))
    return links
