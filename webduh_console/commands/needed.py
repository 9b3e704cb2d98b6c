"""The variables that an app needs and nobody has set, and what counts over what its source says."""

from collections.abc import Mapping, Sequence

from webduh_console.engine import planning
from webduh_console.errors import UsageError
from webduh_console.model.build import BuildPlan
from webduh_console.model.names import AppKey
from webduh_console.model.release import Variable


def unset(build: BuildPlan, variables: Mapping[str, Variable], key: AppKey) -> list[str]:
    """What is said of those that a process needs; UsageError for those that the build itself cannot do without."""
    missing = [env for env in build.env if env.required and env.default is None and env.name not in variables]
    first = [env for env in missing if env.when != "run"]
    if first:
        names = ", ".join(env.name for env in first)
        command = "secret set" if any(env.secret for env in first) else "env set"
        value = "" if command == "secret set" else "=VALUE"
        environment = "" if key.environment == "production" else f" -e {key.environment}"
        raise UsageError(
            f"{key.app} cannot be built without {names}.",
            why=" ".join(f"{env.name} is {env.why}, and is not set." for env in first),
            kept="Nothing was changed, and no build was begun.",
            hint=f"`webduh {command} {key.app} {first[0].name}{value}{environment}`.",
        )
    return [f"{env.name} is not set, and the app needs it ({env.why})." for env in missing]


def overruled(variables: dict[str, Variable], written: dict[str, Variable]) -> list[str]:
    """What is said of variables in `webduh.yaml` over which somebody has set another value."""
    names = planning.overruled(variables, written)
    return [f"{name} was set by hand; the value in webduh.yaml is not used." for name in names]


def kept_here(paths: Sequence[str], key: AppKey) -> list[str]:
    """What is said of settings of this machine, which nobody else's deployment of the repository has."""
    app = key.app if key.project == "default" else f"{key.project}/{key.app}"
    says = f"Kept here, over what the repository says: {', '.join(paths)} (`webduh config show {app}`)."
    return [says] if paths else []
