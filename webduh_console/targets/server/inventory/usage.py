"""What containers use, as the kernel counts it for each: one look for all of them, however many they are."""

import re
from collections.abc import Mapping

from webduh_console.targets.server.metrics import Figures, Reading, cores

# A container's folder is named after it wherever Docker was told to put it; there are other files in it with cgroups v2
# than with v1. Their names go through standard input: those of ten thousand containers would not fit into the words of
# a program.
LOOK = r"""
read -r up _ </proc/uptime && echo "uptime:$up"
cd /sys/fs/cgroup 2>/dev/null || exit 0
set -- memory cpuacct
[ ! -f cgroup.controllers ] || set -- .
hex='[0-9a-f][0-9a-f][0-9a-f][0-9a-f]'
find "$@" -maxdepth 5 -type d -name "*$hex$hex$hex$hex$hex$hex*" 2>/dev/null |
  sed 'h; s|$|/cpu.stat|p; g; s|$|/memory.stat|p; g; s|$|/memory.current|p; g
    s|$|/memory.usage_in_bytes|p; g; s|$|/cpuacct.usage|' |
  xargs grep -sHE '^(usage_usec|inactive_file|total_inactive_file) |^[0-9]+$'
:
"""
_LINE = re.compile(r"\S*?([0-9a-f]{64})(?:\.scope)?/([a-z_.]+):(?:([a-z_]+) )?(\d+)")


def readings(text: str) -> dict[str, Reading]:
    """What `LOOK` says of every container that runs, by its id.

    Memory is without what is only cache, as `docker stats` shows it.
    """
    clock, counters = 0.0, dict[str, dict[str, int]]()
    for line in text.splitlines():
        if line.startswith("uptime:"):
            clock = float(line.removeprefix("uptime:"))
        elif found := _LINE.fullmatch(line):
            id_, file, word, number = found.groups()
            counters.setdefault(id_, {})[word or file] = int(number)
    return {id_: Reading(clock, clock, _busy(known), _memory(known)) for id_, known in counters.items() if _told(known)}


def _told(known: Mapping[str, int]) -> bool:
    return "memory.current" in known or "memory.usage_in_bytes" in known


def _busy(known: Mapping[str, int]) -> float:
    """Seconds of processor time: v2 counts microseconds, v1 nanoseconds."""
    return known["usage_usec"] / 1e6 if "usage_usec" in known else known.get("cpuacct.usage", 0) / 1e9


def _memory(known: Mapping[str, int]) -> int:
    used = known.get("memory.current", known.get("memory.usage_in_bytes", 0))
    cache = known.get("total_inactive_file", known.get("inactive_file", 0))
    return used - cache if cache < used else used


def figures(before: Mapping[str, Reading], after: Mapping[str, Reading]) -> dict[str, Figures]:
    """What every container uses now, by its id: the processor between two looks, the memory at the second.

    One that is new between them has used 0 so far.
    """
    return {
        id_: Figures((cores(before[id_], now) if id_ in before else None) or 0.0, now.memory)
        for id_, now in after.items()
    }
