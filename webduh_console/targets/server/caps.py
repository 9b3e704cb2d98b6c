"""How much of a server a build may use, so that what serves there goes on serving.

BuildKit takes no memory or CPU limit with a build (`docker buildx build --memory` is for builders of other kinds), but
it runs every step inside the cgroup that `--cgroup-parent` names. The limits are put on that cgroup: all builds of a
server share them.
"""

from typing import NamedTuple

from webduh_console.errors import TargetError
from webduh_console.model.events import Warned
from webduh_console.transport.machine import Machine

_PERIOD = 100_000
_WEIGHT = 20
"""Of 100, which what serves has: a build gets the processors that nobody else wants."""

# Answers the cgroup's path and its memory limit in bytes. Version 2 has one tree, version 1 one for each controller.
_MAKE = f"""\
name=$1 memory=$2 quota=$3
[ "$memory" != 0 ] || memory=$(($(sed -n 's/^MemTotal: *\\([0-9]*\\) kB/\\1/p' /proc/meminfo) * 768))
top=/sys/fs/cgroup
set -e
if [ -f $top/cgroup.controllers ]; then
    echo '+memory +cpu' > $top/cgroup.subtree_control
    mkdir -p $top/$name
    echo $memory > $top/$name/memory.max
    ! [ -f $top/$name/memory.swap.max ] || echo 0 > $top/$name/memory.swap.max
    echo {_WEIGHT} > $top/$name/cpu.weight
    [ $quota != 0 ] || quota=max
    echo "$quota {_PERIOD}" > $top/$name/cpu.max
else
    mkdir -p $top/memory/$name $top/cpu/$name
    echo 1 > $top/memory/$name/memory.use_hierarchy 2>/dev/null || true
    echo $memory > $top/memory/$name/memory.limit_in_bytes
    echo {_WEIGHT * 1024 // 100} > $top/cpu/$name/cpu.shares
    [ $quota != 0 ] || quota=-1
    echo $quota > $top/cpu/$name/cpu.cfs_quota_us
fi
echo "/$name $memory"
"""


class Caps(NamedTuple):
    """What a server's builds may use together: `memory` in bytes (0: three quarters of the machine's), `cpus` in cores.

    Whatever `cpus` says (0: no limit), what serves is served first. The `cgroup` keeps its name when the limits change,
    since BuildKit would do every step again under another one.
    """

    memory: int = 0
    cpus: float = 0.0
    cgroup: str = "webduh-builds"


NO_WISH = Caps()


def capped(machine: Machine, caps: Caps) -> tuple[str, Warned | None]:
    """Make sure of the cgroup for builds, which needs root: its path, or empty with a warning that says why not."""
    quota = round(caps.cpus * _PERIOD)
    try:
        answer = machine.sh(_MAKE, caps.cgroup, str(caps.memory), str(quota), root=True)
        why = answer.err.strip().splitlines()
        path = answer.text.partition(" ")[0] if answer.code == 0 else ""
    except TargetError as error:
        path, why = "", [error.why or error.what]
    if path:
        return path, None
    text = f"Builds on {machine.name} are not limited in memory and CPU: {why[-1] if why else 'no cgroup can be made'}"
    hint = "Limits need root: deploy as root, or allow `sudo` without a password."
    return "", Warned(code="build-uncapped", text=text, hint=hint)
