"""Which process does something, in a way that a later process can tell whether it still lives."""

import os
from pathlib import Path


def born(pid: int) -> str | None:
    """When a process was born, as text that tells it from a later one with its number; None if it is gone.

    Linux counts clock ticks since boot, which no change of the clock moves; elsewhere it is the time as psutil has it.
    """
    try:
        fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return None if Path("/proc/self/stat").exists() else _born_elsewhere(pid)
    return None if fields[0] in (b"Z", b"X") else f"{boot}/{fields[19].decode()}"


def me() -> tuple[int, str]:
    """This process: its number and its birth."""
    pid = os.getpid()
    return pid, born(pid) or ""


def lives(pid: int, birth: str) -> bool:
    """Whether the process that had this number and birth is still there."""
    return born(pid) == birth


def _born_elsewhere(pid: int) -> str | None:
    import psutil

    try:
        return f"{psutil.Process(pid).create_time():.0f}"
    except psutil.Error:
        return None
