"""A schedule of a release as the files that the tick on a server reads. Pure."""

import csv
import io
import re
import shlex
from collections.abc import Mapping

import msgspec

from webduh_console.errors import TargetError
from webduh_console.model.build import Schedule
from webduh_console.model.cron import fields
from webduh_console.model.release import Release
from webduh_console.targets.server.containers import (
    CONFIG,
    INSTANCE,
    SCHEDULE,
    SLUG,
    TIMEOUT,
    ContainerSpec,
    task_spec,
)
from webduh_console.targets.server.layout import Layout

SOCKET = "unix:///var/run/docker.sock"
_LONGEST_LINE = 32_000
"""Docker's client reads lines of up to 64 KiB from a file of variables."""
_SHORTEST_STAMP = 11
_OWN = re.compile(r"^(PATH|HOME|IFS|PWD|ENV|BASH_ENV|SHELL|USER|TZ|LC_.*|LD_.*|DOCKER_.*|BUILDX_.*)$")
"""What the shell, the loader or Docker's client read themselves: never in their own environment."""
_NAME = re.compile(r"^[A-Za-z_][A-Za-z0-9_]*$")


class Rendered(msgspec.Struct, frozen=True):
    """The files of a schedule by their names."""

    files: dict[str, str]

    def __repr__(self) -> str:
        return f"Rendered({sorted(self.files)})"


def run_spec(release: Release, schedule: Schedule, layout: Layout = Layout()) -> ContainerSpec:
    """The container of a run, but for its own name, which ends with the second it was started in."""
    spec = task_spec(release, schedule.process, layout)
    stem = spec.name if len(spec.name) <= 63 - _SHORTEST_STAMP else spec.name[-(63 - _SHORTEST_STAMP) :].lstrip("-")
    labels = {name: value for name, value in spec.labels.items() if name != INSTANCE}
    labels |= {SCHEDULE: schedule.name, TIMEOUT: f"{schedule.timeout:.0f}"}
    return msgspec.structs.replace(spec, name=stem, labels=labels)


def rendered(release: Release, schedule: Schedule, layout: Layout = Layout()) -> Rendered:
    """What the tick sources, and the variables that Docker's client reads from a file."""
    spec = run_spec(release, schedule, layout)
    inline, exported = split(spec.env)
    text = f"{_when(schedule)}stem={shlex.quote(spec.name)}\n{_start(spec, schedule, exported)}"
    return Rendered({f"{schedule.name}.sh": text, f"{schedule.name}.env": inline})


def split(env: Mapping[str, str]) -> tuple[str, dict[str, str]]:
    """The variables as lines of a file for Docker's client, and those whose values are no such line.

    TargetError for one that can be handed over neither way.
    """
    lines, exported = [], {}
    for name, value in sorted(env.items()):
        if not re.search(r"[\r\n]", value) and len(value.encode()) <= _LONGEST_LINE:
            lines.append(f"{name}={value}\n")
        elif _OWN.match(name) or not _NAME.match(name):
            raise TargetError(
                f"The variable {name} cannot be given to a run of a schedule.",
                why="Its value has several lines or is very long, and programs there read that name themselves.",
                kept="Nothing was changed.",
                hint="Give it another name, or a value of one line.",
            )
        else:
            exported[name] = value
    return "".join(lines), exported


def _when(schedule: Schedule) -> str:
    when = fields(schedule.cron)
    numbers = {
        "minutes": when.minutes,
        "hours": when.hours,
        "days": when.days,
        "months": when.months,
        "weekdays": when.weekdays,
    }
    lines = [f"zone={shlex.quote(schedule.timezone)}"]
    lines += [f"{name}=' {' '.join(map(str, some))} '" for name, some in numbers.items()]
    lines += [f"either={'1' if when.either else ''}", f"fixed={'1' if when.fixed else ''}"]
    return "\n".join(lines) + "\n"


def _start(spec: ContainerSpec, schedule: Schedule, exported: Mapping[str, str]) -> str:
    words = [
        *options(spec),
        *(word for name in exported for word in ("--env", name)),
        spec.image,
        *spec.command,
    ]
    exports = "".join(f"  export {name}={shlex.quote(value)}\n" for name, value in exported.items())
    own = f'"$docker" -H {SOCKET} run --detach --pull never --name "$run" --label "{INSTANCE}=$run"'
    variables = f'--env-file "$root/apps/$slug/releases/$release/schedules/{schedule.name}.env"'
    return f"start() (\n{exports}  exec {own} {variables} {' '.join(map(shlex.quote, words))}\n)\n"


def options(spec: ContainerSpec) -> list[str]:
    """The options of `docker run` that make a container as `ContainerSpec.body` does; without name and variables."""
    labels = {**spec.labels, CONFIG: spec.digest}
    own = {SLUG: spec.labels[SLUG]}
    mounts = [
        _csv("type=volume", f"src={volume}", f"dst={path}", *(f"volume-label={n}={v}" for n, v in own.items()))
        for volume, path in sorted(spec.volumes.items())
    ]
    mounts += [
        _csv("type=bind", f"src={source}", f"dst={path}", "readonly") for source, path in sorted(spec.files.items())
    ]
    return [
        *(word for name, value in sorted(labels.items()) for word in ("--label", f"{name}={value}")),
        *("--network", spec.network, "--restart", "no", "--init"),
        *("--log-driver", "json-file", "--log-opt", "max-size=10m", "--log-opt", "max-file=3"),
        *("--security-opt", "no-new-privileges:true", "--cap-drop", "MKNOD", "--cap-drop", "NET_RAW"),
        *("--pids-limit", str(spec.pids)),
        *(word for mount in mounts for word in ("--mount", mount)),
        *(("--memory", str(spec.memory), "--memory-swap", str(spec.memory)) if spec.memory else ()),
        *(("--cpus", f"{spec.nano_cpus / 1e9:.9f}") if spec.nano_cpus else ()),
        *(("--read-only", "--tmpfs", "/tmp:mode=1777") if spec.read_only else ()),
    ]


def _csv(*parts: str) -> str:
    """The parts of a mount as Docker's client reads them."""
    out = io.StringIO()
    csv.writer(out, lineterminator="").writerow(parts)
    return out.getvalue()
