"""What a supervisor that was killed has left running: written down while it lives, ended by the next one."""

import os
import signal
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

import msgspec

from webduh_console.targets.local.supervisor.table import Table, boot, born, carries

_FILE = "instances.json"
_GRACE = 3.0


class Left(msgspec.Struct, frozen=True):
    """One process: its id, and when it began, to know it from another that got the same id."""

    pid: int
    born: float


class Ledger(msgspec.Struct, frozen=True):
    """The processes of a supervisor. `mark` is in the environment of each, `boot` names the run of the machine."""

    mark: str
    boot: str
    instances: dict[str, Left] = {}


def write(root: Path, mark: str, pids: Mapping[str, int]) -> None:
    """Write down the process of each instance, as a whole; OSError."""
    instances = {name: Left(pid, born(pid)) for name, pid in pids.items()}
    aside = root / f"{_FILE}.new"
    aside.write_bytes(msgspec.json.encode(Ledger(mark, boot(), instances)))
    aside.replace(root / _FILE)


def end(root: Path) -> list[int]:
    """End what the last supervisor of this root has left, exactly that; the process ids."""
    try:
        ledger = msgspec.json.decode((root / _FILE).read_bytes(), type=Ledger)
    except (FileNotFoundError, msgspec.DecodeError):
        return []
    found = left = _left(ledger)
    _signal(left, signal.SIGTERM)
    killing = time.monotonic() + _GRACE
    while left and time.monotonic() < killing + _GRACE:
        time.sleep(0.02)
        rows = Table.read().rows
        left = {pid: born for pid, born in left.items() if pid in rows and rows[pid].lives_since(born)}
        if time.monotonic() > killing:
            _signal(left, signal.SIGKILL)
    return sorted(found)


def forget(root: Path) -> None:
    """The supervisor ends in order: nothing is left."""
    (root / _FILE).unlink(missing_ok=True)


def _left(ledger: Ledger) -> dict[int, float]:
    """The processes that carry the mark, and the trees whose roots are still the same; when each began."""
    table = Table.read()
    found = {pid for pid in table.rows if carries(pid, ledger.mark)}
    if ledger.boot == boot():
        for left in ledger.instances.values():
            row = table.rows.get(left.pid)
            if row is not None and row.born == left.born:
                found |= table.tree(left.pid)
    return {pid: table.rows[pid].born for pid in found - {os.getpid()} if not table.rows[pid].zombie}


def _signal(pids: Iterable[int], number: signal.Signals) -> None:
    for pid in pids:
        with suppress(ProcessLookupError, PermissionError):
            os.kill(pid, number)
