"""Compares what is wanted with what serves. Pure: values in, values out."""

from collections.abc import Iterable, Mapping, Sequence

from webduh_console.model.build import Process
from webduh_console.model.plan import Change
from webduh_console.model.release import Release, SourceRef, Spec, Variable

SECRET = "•••"
NONE = ""


def merged_variables(
    serving: Mapping[str, Variable], written: Mapping[str, Variable], pending: Iterable[tuple[str, Variable | None]]
) -> dict[str, Variable]:
    """The variables of the next release.

    It starts from what the serving release was given by hand, over what the plugin and `webduh.yaml` say now; the
    pending changes come last, where None takes a variable away. What a file said once and no longer says is gone.
    """
    result = dict(written)
    result |= {name: variable for name, variable in serving.items() if variable.origin == "set"}
    for name, variable in pending:
        if variable is None:
            result.pop(name, None)
            if name in written:
                result[name] = written[name]
        else:
            result[name] = variable
    return dict(sorted(result.items()))


def overruled(variables: Mapping[str, Variable], written: Mapping[str, Variable]) -> list[str]:
    """The names that were set by hand and so hide another value in `webduh.yaml`."""
    return [
        name
        for name, variable in written.items()
        if variable.origin == "webduh.yaml" and name in variables and variables[name].value != variable.value
    ]


def conflicts(
    pending: Iterable[tuple[str, int | None]], serving: Release | None, kept: Mapping[int, Mapping[str, Variable]]
) -> list[str]:
    """The pending names whose value another deployment changed after they were set here.

    `kept` has the variables of the kept releases that pending changes were based on, by number.
    """
    if serving is None:
        return []
    changed = []
    for name, base in pending:
        if base is None or base == serving.number or base not in kept:
            continue
        if kept[base].get(name) != serving.variables.get(name):
            changed.append(name)
    return changed


def changes(
    serving: Release | None, source: SourceRef, spec: Spec, variables: Mapping[str, Variable]
) -> tuple[Change, ...]:
    """Everything a deployment would change, in the order a person wants to read it."""
    old_spec = serving.spec if serving else Spec(framework="")
    old_variables = serving.variables if serving else {}
    old_source = serving.source.digest[:12] if serving else NONE
    found = []
    if old_source != source.digest[:12]:
        found.append(Change("artifact", "source", old_source, source.digest[:12] + _commit(source)))
    found += _variable_changes(old_variables, variables)
    found += _differences("process", _processes(old_spec.processes), _processes(spec.processes))
    found += _differences("route", _routes(old_spec), _routes(spec))
    found += _differences("volume", {v.name: v.path for v in old_spec.volumes}, {v.name: v.path for v in spec.volumes})
    found += _differences("setting", _settings(old_spec) if serving else {}, _settings(spec))
    return tuple(found)


def _commit(source: SourceRef) -> str:
    dirty = ", with changes that are not committed" if source.dirty else ""
    return f" (commit {source.commit[:8]}{dirty})" if source.commit else ""


def _variable_changes(old: Mapping[str, Variable], new: Mapping[str, Variable]) -> list[Change]:
    found = []
    for name in sorted({*old, *new}):
        before, after = old.get(name), new.get(name)
        if before is None or after is None or (before.value, before.secret) != (after.value, after.secret):
            found.append(Change("variable", name, _shown(before), _shown(after)))
    return found


def _shown(variable: Variable | None) -> str:
    """A variable as it may be seen: names are shown, secret values never."""
    if variable is None:
        return NONE
    return SECRET if variable.secret else variable.value


def _differences(kind: str, old: Mapping[str, str], new: Mapping[str, str]) -> list[Change]:
    names = [*old, *(name for name in new if name not in old)]
    return [
        Change(kind, name, old.get(name, NONE), new.get(name, NONE)) for name in names if old.get(name) != new.get(name)
    ]


def _processes(processes: Sequence[Process]) -> dict[str, str]:
    times = {process.name: f" × {process.instances}" if process.instances != 1 else "" for process in processes}
    return {process.name: words(process.command) + times[process.name] for process in processes}


def words(command: Sequence[str]) -> str:
    """A command as a person writes it: `sh -c` is left away."""
    import shlex

    return command[2] if len(command) == 3 and command[:2] == ("sh", "-c") else shlex.join(command)


def _routes(spec: Spec) -> dict[str, str]:
    return {f"{route.host or '*'}{route.path}": f"port {route.port}" for route in spec.routes}


def _settings(spec: Spec) -> dict[str, str]:
    health = spec.health
    shown = {
        "framework": spec.framework,
        "health": f"{health.path} answers {health.status[0]}-{health.status[1]} within {health.timeout:g} s",
        "watch": f"{spec.watch:g} s",
        "drain": f"{spec.drain:g} s",
        "keep": f"{spec.keep} releases",
    }
    if spec.static:
        fallback = ", unknown paths get index.html" if spec.static.spa else ""
        shown["static"] = f"{spec.static.dir}{fallback}"
    if spec.port:
        shown["port"] = str(spec.port)
    if spec.memory:
        shown["memory"] = f"{spec.memory / 2**20:g} MiB"
    if spec.cpus:
        shown["cpus"] = f"{spec.cpus:g}"
    return shown
