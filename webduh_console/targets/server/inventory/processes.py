"""The processes of a server, from /proc in one look."""

import re
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence

import msgspec

from webduh_console.model.inventory import ProcessRow

# Words: the way to /proc. `head` puts the name of each file before what is in it, and the arguments of a process are
# its own to choose: the way is written differently each time, so that no process can show itself as another one.
LOOK = r"""
echo "clock $(cut -d ' ' -f 1 /proc/uptime) $(getconf CLK_TCK 2>/dev/null || echo 100) \
$(getconf PAGESIZE 2>/dev/null || echo 4096)"
for pid in /proc/[0-9]*; do echo "$pid"; done | xargs stat -c 'user %n %U %u' 2>/dev/null
for pid in "$1"/[0-9]*; do
  printf '%s\n' "$pid/stat" "$pid/cgroup" "$pid/cmdline"
done | xargs head -v -c 2048 2>/dev/null
:
"""
_CONTAINER = re.compile(r"[/-]([0-9a-f]{64})(?:\.scope)?(?:/|$)", re.MULTILINE)
_STATES = {
    "R": "running",
    "S": "sleeping",
    "D": "waiting",
    "Z": "zombie",
    "T": "stopped",
    "t": "traced",
    "I": "idle",
    "X": "dead",
}


class Seen(msgspec.Struct, frozen=True):
    """A process at one look: `busy` are seconds of processor time since it `began`, in seconds since the boot.

    `container` is the id of the one it runs in, empty for none.
    """

    pid: int
    parent: int
    user: str
    name: str
    state: str
    busy: float
    began: float
    memory: int
    argv: tuple[str, ...]
    container: str


class Look(msgspec.Struct, frozen=True):
    """All processes by their ids, `clock` seconds after the boot."""

    clock: float
    processes: Mapping[int, Seen]


def way() -> str:
    """A way to /proc that nobody can have known before."""
    return "/proc" + "".join("/." if bit == "1" else "/./" for bit in f"{secrets.randbits(32):032b}")


def looked(content: bytes, way: str) -> Look:
    """Read what `LOOK` wrote that was given this way.

    A process that ended while it was looked at is left out, and so are those that look.
    """
    head, _, rest = content.partition(f"==> {way}/".encode())
    clock, ticks, page = 0.0, 100, 4096
    users: dict[int, str] = {}
    for line in head.decode(errors="replace").splitlines():
        words = line.split()
        if words[:1] == ["clock"]:
            clock, ticks, page = float(words[1]), int(words[2]), int(words[3])
        elif words[:1] == ["user"] and len(words) == 4:
            users[int(words[1].rpartition("/")[2])] = words[2] if words[2] != "UNKNOWN" else words[3]
    parts = dict(_parts(rest, way))
    found = {}
    for (pid, file), stat in parts.items():
        if file == "stat" and (fields := _fields(stat)):
            name, state, numbers = fields
            found[pid] = Seen(
                pid=pid,
                parent=numbers[0],
                user=users.get(pid, "?"),
                name=name,
                state=_STATES.get(state, state),
                busy=(numbers[10] + numbers[11]) / ticks,
                began=numbers[18] / ticks,
                memory=numbers[20] * page,
                argv=_argv(parts.get((pid, "cmdline"), b"")),
                container=_container(parts.get((pid, "cgroup"), b"")),
            )
    own = {pid for pid, seen in found.items() if any(way in word for word in seen.argv)}
    return Look(clock, {pid: seen for pid, seen in found.items() if pid not in own and seen.parent not in own})


def _parts(rest: bytes, way: str) -> Iterator[tuple[tuple[int, str], bytes]]:
    """What each file holds, by the process and the file's name."""
    for part in rest.split(f"\n==> {way}/".encode()):
        name, end, content = part.partition(b" <==\n")
        pid, _, file = name.decode(errors="replace").partition("/")
        if end and pid.isdecimal():
            yield (int(pid), file), content


def _fields(stat: bytes) -> tuple[str, str, list[int]] | None:
    """The name, the state, and the numbers after it of /proc/PID/stat; the name may hold anything, brackets too."""
    text = stat.decode(errors="replace")
    first, last = text.find("("), text.rfind(") ")
    words = text[last + 2 :].split()
    if first < 0 or last < 0 or len(words) < 22:
        return None
    return text[first + 1 : last], words[0], [int(word) for word in words[1:22]]


def _argv(cmdline: bytes) -> tuple[str, ...]:
    words = cmdline.rstrip(b"\0\n").split(b"\0")
    return tuple(word.decode(errors="replace") for word in words) if words != [b""] else ()


def _container(cgroup: bytes) -> str:
    """The innermost one: Docker may itself run in a container, and not every hierarchy of groups need go as deep."""
    found = [_CONTAINER.findall(line) for line in cgroup.decode(errors="replace").splitlines()]
    deepest = max(found, key=len, default=[])
    return deepest[-1] if deepest else ""


def rows(
    before: Look | None, now: Look, names: Mapping[str, str], shown: Callable[[Sequence[str]], str]
) -> list[ProcessRow]:
    """The processes of a look, who uses most first; `names` are those of containers by id, `shown` words a command
    without its secrets. Without a look before nobody knows what they use.
    """
    found = (_row(before, now, seen, names, shown) for seen in now.processes.values())
    return sorted(found, key=lambda row: (-(row.cpu or 0.0), -row.memory, row.pid))


def _row(
    before: Look | None, now: Look, seen: Seen, names: Mapping[str, str], shown: Callable[[Sequence[str]], str]
) -> ProcessRow:
    return ProcessRow(
        pid=seen.pid,
        parent=seen.parent,
        user=seen.user,
        state=seen.state,
        cpu=_cores(before, now, seen),
        memory=seen.memory,
        age=max(0.0, now.clock - seen.began),
        command=shown(seen.argv) if seen.argv else f"[{seen.name}]",
        container=names.get(seen.container, seen.container[:12]),
    )


def _cores(before: Look | None, now: Look, seen: Seen) -> float | None:
    """What it used between both looks; one that began between them has used all it used since then."""
    if before is None or now.clock <= before.clock:
        return None
    first = before.processes.get(seen.pid)
    known = first.busy if first is not None and first.began == seen.began else 0.0
    return max(0.0, seen.busy - known) / (now.clock - before.clock)
