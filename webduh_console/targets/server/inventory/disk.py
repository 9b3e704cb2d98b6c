"""The disk of a server: its file systems, and what Docker keeps on them."""

from collections.abc import Iterable, Mapping
from typing import Any

from webduh_console.model.inventory import DiskRow

# What busybox has no option for is asked without it. A file system that does not answer makes df complain, and the
# others are told all the same.
LOOK = r"""
sizes=$(df -klPT 2>/dev/null) || [ -n "$sizes" ] || sizes=$(df -kPT 2>/dev/null) || sizes=$(df -kP 2>/dev/null)
printf '%s\n' "$sizes"
echo inodes
df -lPi 2>/dev/null || df -Pi 2>/dev/null
:
"""
_OF_THE_KERNEL = frozenset({
    "autofs", "binfmt_misc", "bpf", "cgroup", "cgroup2", "configfs", "debugfs", "devpts", "devtmpfs", "efivarfs",
    "fuse.lxcfs", "fusectl", "hugetlbfs", "mqueue", "nsfs", "overlay", "proc", "pstore", "ramfs", "rpc_pipefs",
    "securityfs", "squashfs", "sysfs", "tmpfs", "tracefs",
})  # fmt: skip
"""What takes no disk, or shows what another one has."""


def file_systems(text: str) -> list[DiskRow]:
    """What `LOOK` says, the fullest first; one that is mounted at several places is there once."""
    sizes, _, inodes = text.partition("\ninodes\n")
    used = dict(_inodes(inodes.splitlines()))
    found: dict[str, DiskRow] = {}
    for line in sizes.splitlines()[1:]:
        row = _file_system(line, used)
        if row is not None:
            other = found.get(row.device)
            if other is None or len(row.name) < len(other.name):
                found[row.device] = row
    return sorted(found.values(), key=lambda row: (-(row.used / row.size), row.name))


def _file_system(line: str, inodes: Mapping[str, float]) -> DiskRow | None:
    """A line of df; None for what takes no disk. Without a type there is one word less before the numbers."""
    words = line.split()
    at = next((at for at in (1, 2) if len(words) > at + 4 and words[at].isdecimal()), None)
    if at is None:
        return None
    kind = words[1] if at == 2 else ""
    size, used, free = (max(0, int(word)) * 1024 for word in words[at : at + 3])
    where = " ".join(words[at + 4 :])
    if not size or (where != "/" and (kind in _OF_THE_KERNEL or (not kind and words[0] in _OF_THE_KERNEL))):
        return None
    return DiskRow(where, kind, size, used, free, inodes.get(where), words[0])


def _inodes(lines: Iterable[str]) -> Iterable[tuple[str, float]]:
    """The share of the inodes in use, by where a file system is mounted; those that have no end have none."""
    for line in lines:
        words = line.split()
        if len(words) > 5 and words[1].isdecimal() and words[2].isdecimal() and int(words[1]):
            yield " ".join(words[5:]), int(words[2]) / int(words[1])


def of_docker(answer: Mapping[str, Any]) -> list[DiskRow]:
    """The answer to `GET /system/df`, as `docker system df` adds it up."""
    images, containers = answer.get("Images") or (), answer.get("Containers") or ()
    cache = answer.get("BuildCache") or ()
    volumes = [each.get("UsageData") or {} for each in answer.get("Volumes") or ()]
    layers = answer.get("LayersSize") or 0
    sized = [each for each in images if (each.get("SharedSize") or 0) >= 0]
    needed = sum((each.get("Size") or 0) - (each.get("SharedSize") or 0) for each in sized if each.get("Containers"))
    written = [(each.get("SizeRw") or 0, each.get("State")) for each in containers]
    measured = [(max(0, each.get("Size", -1)), each.get("RefCount", 0)) for each in volumes]
    kept = [(each.get("Size") or 0, bool(each.get("InUse"))) for each in cache if not each.get("Shared")]
    return [
        _docker("images", layers, max(0, layers - needed), len(images)),
        _docker("containers", *_sums(written, lambda state: state in ("running", "paused", "restarting"))),
        _docker("volumes", *_sums(measured, lambda users: users > 0)),
        _docker("build cache", *_sums(kept, bool)),
    ]


def _sums(sizes: list[tuple[int, Any]], needed: Any) -> tuple[int, int, int]:
    """All of it, what could go, and how many there are."""
    return sum(size for size, _ in sizes), sum(size for size, of in sizes if not needed(of)), len(sizes)


def _docker(name: str, used: int, reclaimable: int, count: int) -> DiskRow:
    return DiskRow(name, "docker", used, used, reclaimable=reclaimable, count=count)


def sizes_of_volumes(answer: Mapping[str, Any]) -> dict[str, int]:
    """The bytes in every volume that was measured, by name, from the answer to `GET /system/df`."""
    found = ((each["Name"], (each.get("UsageData") or {}).get("Size", -1)) for each in answer.get("Volumes") or ())
    return {name: size for name, size in found if size >= 0}
