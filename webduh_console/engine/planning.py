"""Which variables a release gets, and where two people's wishes meet. Pure: values in, values out."""

from collections.abc import Iterable, Mapping

from webduh_console.model.release import Release, Variable


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
