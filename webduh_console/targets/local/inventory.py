"""What is on this machine: its processes and its file systems."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from webduh_console.config.masking import argv_mask
from webduh_console.model.inventory import DiskRow, Kind, ProcessRow, Row

_BETWEEN = 0.4
_FRESH = 30.0
_FIGURES = ["ppid", "username", "status", "cpu_times", "create_time", "memory_info", "cmdline", "name"]


class Used(NamedTuple):
    """The processor time a process has used, in seconds, and when it began: an id may stand for another one later."""

    busy: float
    began: float


class LocalInventory:
    """It remembers its last look, from which it tells what processes use now. `secrets` are those of the apps."""

    def __init__(self, place: str, secrets: Callable[[], Iterable[str]]) -> None:
        self.place, self._secrets = place, secrets
        self._before: tuple[float, Mapping[int, Used]] = (-_FRESH, {})
        self._known: tuple[float, frozenset[str]] = (-_FRESH, frozenset())

    def of(self, kind: Kind) -> Sequence[Row]:
        """All there is of a kind; nothing of those this machine has none of."""
        if kind == "processes":
            return self._of_processes()
        return self._of_disk() if kind == "disk" else []

    def _of_processes(self) -> list[ProcessRow]:
        at, before = self._before
        if time.monotonic() - at >= _FRESH:
            at, before = time.monotonic(), {each.pid: _used(each.info) for each in _each()}
            time.sleep(_BETWEEN)
        now, clock = time.monotonic(), time.time()
        after: dict[int, Used] = {}
        found, shown = [], argv_mask(self._all_secrets())
        for each in _each():
            info = each.info
            used = after[each.pid] = _used(info)
            first = before.get(each.pid)
            known = first.busy if first is not None and first.began == used.began else 0.0
            memory = info["memory_info"]
            found.append(
                ProcessRow(
                    pid=each.pid,
                    parent=info["ppid"] or 0,
                    user=info["username"] or "?",
                    state=info["status"] or "?",
                    cpu=max(0.0, used.busy - known) / max(now - at, 0.001),
                    memory=memory.rss if memory is not None else 0,
                    age=max(0.0, clock - used.began),
                    command=shown(info["cmdline"]) if info["cmdline"] else f"[{info['name'] or '?'}]",
                    server=self.place,
                )
            )
        self._before = now, after
        return sorted(found, key=lambda row: (-(row.cpu or 0.0), -row.memory, row.pid))

    def _all_secrets(self) -> frozenset[str]:
        at, known = self._known
        if time.monotonic() - at >= _FRESH:
            known = frozenset(self._secrets())
            self._known = time.monotonic(), known
        return known

    def _of_disk(self) -> list[DiskRow]:
        import psutil

        found: dict[str, DiskRow] = {}
        for part in psutil.disk_partitions(all=False):
            try:
                usage = psutil.disk_usage(part.mountpoint)
            except OSError:  # it is not ours to look at, or was taken away
                continue
            other = found.get(part.device)
            if usage.total and (other is None or len(part.mountpoint) < len(other.name)):
                found[part.device] = DiskRow(
                    part.mountpoint, part.fstype, usage.total, usage.used, usage.free,
                    device=part.device, server=self.place,
                )  # fmt: skip
        return sorted(found.values(), key=lambda row: (-(row.used / row.size), row.name))


def _each() -> list[Any]:
    """The processes, each with the figures in its `info`; what may not be known of one is None there."""
    import psutil

    return list(psutil.process_iter(_FIGURES))


def _used(info: Mapping[str, Any]) -> Used:
    times = info["cpu_times"]
    return Used(times.user + times.system if times is not None else 0.0, info["create_time"] or 0.0)
