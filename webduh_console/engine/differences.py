"""Everything a deployment would change, as a list of differences. Pure: values in, values out.

Values of variables are never among them: a plan is shown, logged and pasted, so it says names alone.
"""

import shlex
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from webduh_console.model.build import BuildPlan, BuildStep, Process, Schedule
from webduh_console.model.plan import Change, Kind, Plan
from webduh_console.model.release import Release, SourceRef, Spec, Variable

NONE = ""
_UNNAMED = frozenset(
    {"framework", "processes", "static", "port", "health", "routes", "volumes", "files", "memory", "cpus", "schedules"}
)
_TIMES = {"watch": "{:g} s", "drain": "{:g} s", "keep": "{} releases"}
_PROCESS = frozenset({"name", "command", "instances"})


def differences(serving: Release | None, plan: Plan, built: BuildPlan | None = None) -> tuple[Change, ...]:
    """What the plan would change of what serves, in the order a person wants to read it; empty when nothing.

    `built` is the build plan that the serving release was made with (None: not known, then it is not compared).
    """
    old, new = (serving.spec if serving else None), plan.spec
    return (
        *_artifact(serving, plan),
        *_build(serving, built, plan),
        *_variables(serving.variables if serving else {}, plan.variables),
        *_changed("route", _routes(old), _routes(new)),
        *_processes(old, new),
        *_changed("schedule", _schedules(old), _schedules(new)),
        *_changed("health", _health(old), _health(new)),
        *_changed("resource", _resources(old), _resources(new)),
        *_changed("volume", _volumes(old), _volumes(new)),
        *_changed("file", _files(old), _files(new)),
        *_changed("port", _port(old), _port(new)),
        *_changed("setting", _settings(old), _settings(new)),
    )


def _artifact(serving: Release | None, plan: Plan) -> list[Change]:
    """The source of a deployment; of a rollback the artifact, which it already has."""
    if plan.artifact is not None:
        before = short(serving.artifact.digest) if serving else NONE
        return _changed("artifact", {"digest": before}, {"digest": short(plan.artifact.digest)})
    before = serving.source.digest if serving else NONE
    if serving is not None and before == plan.source.digest:
        return []
    return [Change("artifact", "source", source_words(serving.source) if serving else NONE, source_words(plan.source))]


def _build(serving: Release | None, built: BuildPlan | None, plan: Plan) -> list[Change]:
    old = {"framework": serving.spec.framework} if serving else {}
    new = {"framework": plan.spec.framework}
    if plan.build is not None and (serving is None or built is not None):
        old |= _recipe(built) if built is not None else {}
        new |= _recipe(plan.build)
    return _changed("build", old, new)


def _recipe(build: BuildPlan) -> dict[str, str]:
    """What decides what a build makes, in words by name."""
    whole = {
        **_steps(build.install),
        **_steps(build.build),
        **build.versions,
        "variant": build.variant,
        "package manager": build.package_manager or NONE,
        "Dockerfile": build.dockerfile or NONE,
    }
    return {name: text for name, text in whole.items() if text}


def _steps(steps: Sequence[BuildStep]) -> dict[str, str]:
    return {step.name: words(step.run) for step in steps}


def _variables(old: Mapping[str, Variable], new: Mapping[str, Variable]) -> list[Change]:
    found = []
    for name in sorted({*old, *new}):
        before, after = old.get(name), new.get(name)
        if before is None or after is None or (before.value, before.secret) != (after.value, after.secret):
            kinds = _kind(before), _kind(after)
            another = f"another {kinds[1]}" if kinds[0] == kinds[1] else kinds[1]
            found.append(Change("variable", name, kinds[0], another))
    return found


def _kind(variable: Variable | None) -> str:
    if variable is None:
        return NONE
    return "secret" if variable.secret else "value"


def _routes(spec: Spec | None) -> dict[str, str]:
    routes = spec.routes if spec else ()
    return {f"{r.host or '*'}{r.path}": f"port {r.port}" if r.port else "leads here" for r in routes}


def _processes(old: Spec | None, new: Spec) -> list[Change]:
    """One that comes or goes is one line; of one that stays, everything that is different has its own."""
    before, after = ({p.name: p for p in spec.processes} if spec else {} for spec in (old, new))
    found = []
    for name in [*after, *(name for name in before if name not in after)]:
        was, will = before.get(name), after.get(name)
        if was is None or will is None:
            found.append(Change("process", name, _process(was), _process(will)))
        else:
            found += _changed("process", _parts(was), _parts(will))
    return found


def _process(process: Process | None) -> str:
    if process is None:
        return NONE
    return _command(process) + (f" × {process.instances}" if process.instances != 1 else "")


def _parts(process: Process) -> dict[str, str]:
    name = process.name
    more = {f"{name} {field}": str(_plain(value)) for field, value in _more(process, Process, _PROCESS)}
    return {name: _command(process), f"{name} replicas": str(process.instances), **more}


def _command(process: Process) -> str:
    return words(process.command) or "the image's own command"


def _schedules(spec: Spec | None) -> dict[str, str]:
    return {schedule.name: schedule_words(schedule) for schedule in spec.schedules} if spec else {}


def schedule_words(schedule: Schedule) -> str:
    """When a schedule runs, and what."""
    zone = "" if schedule.timezone == "UTC" else f" {schedule.timezone}"
    limit = f", at most {schedule.timeout:g} s" if schedule.timeout else ""
    return f"{schedule.cron}{zone}: {words(schedule.command)}{limit}"


def _health(spec: Spec | None) -> dict[str, str]:
    if spec is None:
        return {}
    health = spec.health
    return {
        "path": health.path,
        "status": f"{health.status[0]}-{health.status[1]}",
        "timeout": f"{health.timeout:g} s",
        "interval": f"{health.interval:g} s",
    }


def _resources(spec: Spec | None) -> dict[str, str]:
    if spec is None:
        return {}
    found = {"memory": f"{spec.memory / 2**20:g} MiB" if spec.memory else NONE}
    return {**found, "cpus": f"{spec.cpus:g}" if spec.cpus else NONE}


def _volumes(spec: Spec | None) -> dict[str, str]:
    return {volume.name: volume.path for volume in spec.volumes} if spec else {}


def _files(spec: Spec | None) -> dict[str, str]:
    return {mount.path: f"{mount.source} {short(mount.digest)}" for mount in spec.files} if spec else {}


def _port(spec: Spec | None) -> dict[str, str]:
    return {"listens on": str(spec.port)} if spec and spec.port else {}


def _settings(spec: Spec | None) -> dict[str, str]:
    """All that has no kind of its own, so that no field of a spec can change unseen."""
    if spec is None:
        return {}
    found = {}
    if spec.static:
        fallback = ", unknown paths get index.html" if spec.static.spa else f", else {spec.static.not_found}"
        found["static"] = f"{spec.static.dir}{fallback}"
    return found | {name: _TIMES.get(name, "{}").format(_plain(value)) for name, value in _more(spec, Spec, _UNNAMED)}


def _more(value: msgspec.Struct, kind: type[msgspec.Struct], known: frozenset[str]) -> list[tuple[str, Any]]:
    """The fields that are not `known` and are said; what has its type's default is not, but for times."""
    fields = {field.encode_name: field.default for field in msgspec.structs.fields(kind)}
    pairs = [(name, getattr(value, name)) for name in fields if name not in known]
    return [(name, inner) for name, inner in pairs if name in _TIMES or inner not in (fields[name], None, (), {}, "")]


def _plain(value: Any) -> Any:
    """A number as it is; anything else as one line."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float | str):
        return value
    return msgspec.json.encode(value).decode()


def _changed(kind: Kind, old: Mapping[str, str], new: Mapping[str, str]) -> list[Change]:
    names = [*new, *(name for name in old if name not in new)]
    pairs = [(name, old.get(name, NONE), new.get(name, NONE)) for name in names]
    return [Change(kind, name, before, after) for name, before, after in pairs if before != after]


def source_words(source: SourceRef) -> str:
    """What a source is known by: the first digits of its digest, and its commit."""
    dirty = ", with changes that are not committed" if source.dirty else ""
    return short(source.digest) + (f" (commit {source.commit[:8]}{dirty})" if source.commit else "")


def short(digest: str) -> str:
    """The first twelve digits of a digest."""
    return digest.rpartition(":")[2][:12]


def words(command: Sequence[str]) -> str:
    """A command as a person writes it: `sh -c` is left away."""
    return command[2] if len(command) == 3 and tuple(command[:2]) == ("sh", "-c") else shlex.join(command)
