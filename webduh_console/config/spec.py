"""From a build plan and `webduh.yaml` to what a release is: every written value stands over the detected one. Pure."""

from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath
from typing import TypeVar

import msgspec

from webduh_console.config import schedules
from webduh_console.config.load import Loaded
from webduh_console.config.problems import ConfigFileError, Problem
from webduh_console.config.schema import Command as Written
from webduh_console.config.schema import (
    DeployConfig,
    EnvironmentConfig,
    HealthConfig,
    HookConfig,
    ProcessConfig,
    StaticConfig,
)
from webduh_console.model.build import BuildPlan, BuildStep, Command, Process, Schedule, Static, Volume
from webduh_console.model.hooks import POINTS, TIMEOUT, Hook
from webduh_console.model.release import Health, Route, Spec, Variable

S = TypeVar("S", bound=msgspec.Struct)

DRAIN = 30.0
WATCH = 5.0
KEEP = 5
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_BYTES = {"B": 1, "K": 1024, "M": 1024**2, "G": 1024**3}


def overridden(plan: BuildPlan, loaded: Loaded, environment: str) -> BuildPlan:
    """The plan with every value that `webduh.yaml` says, the environment's last; `origin` says where a value came from.

    ConfigFileError if a process is named without a command and the plan has none for it either.
    """
    config, special = loaded.config, loaded.config.environment(environment)
    within = f"environments.{environment}."
    changes: dict[str, object] = {}
    origin = dict(plan.origin)

    def say(field: str, value: object, *paths: str) -> None:
        changes[field] = value
        origin[field] = loaded.origin(*paths)

    if config.framework is not None:
        origin["framework"] = loaded.origin("framework")
    if config.install is not None:
        say("install", _steps("install", config.install, plan.install), "install")
    if config.build is not None:
        say("build", _steps("build", config.build, plan.build), "build")
    if config.port is not None:
        say("port", config.port, "port")
    path = _health_path(special.health) or _health_path(config.health)
    if path is not None:
        say("health", path, f"{within}health" if _health_path(special.health) else "health")
    if config.volumes:
        say("volumes", _volumes(plan.volumes, config.volumes), "volumes")
    if config.variables or special.variables:
        said = {name: value_text(value) for name, value in {**config.variables, **special.variables}.items()}
        say("variables", {**plan.variables, **said}, f"{within}variables", "variables")
    if config.static is not None:
        say("static", _static(config.static), "static")
        changes["dockerfile"] = None
    processes = _processes(plan, loaded, special, within)
    if processes != plan.processes:
        say("processes", processes, f"{within}processes", "processes", "start", "static")
        if _says_web(config.start, config.processes) or _says_web(None, special.processes):
            origin["start"] = loaded.origin(f"{within}processes.web", "processes.web", "start")
    if _says_web(config.start, config.processes) and plan.static is not None and config.static is None:
        say("static", None, "processes.web", "start")
    if config.install is not None or config.build is not None or not _known(plan, processes):
        changes["runtime"] = ()
    return msgspec.structs.replace(plan, **changes, origin=origin)


def spec(plan: BuildPlan, loaded: Loaded, environment: str) -> Spec:
    """How a release of this plan runs in this environment. `plan` is what `overridden` answered."""
    config, special = loaded.config, loaded.config.environment(environment)
    deploy = _deploy(config.deploy, special.deploy)
    runs = any(process.name != "release" for process in plan.processes) or plan.static is None
    memory = special.memory if special.memory is not None else config.memory
    return Spec(
        framework=plan.framework,
        processes=plan.processes,
        static=plan.static,
        port=plan.port,
        health=_health(plan.health, config.health, special.health),
        routes=_routes(loaded, environment),
        volumes=plan.volumes,
        memory=0 if memory is None else size(memory),
        cpus=(config.cpus if special.cpus is None else special.cpus) or 0.0,
        watch=(WATCH if runs else 0.0) if deploy.watch is None else duration(deploy.watch),
        drain=DRAIN if deploy.drain is None else duration(deploy.drain),
        keep=KEEP if deploy.keep is None else deploy.keep,
        overlap=deploy.overlap is not False,
        read_only=plan.static is not None if config.read_only is None else config.read_only,
        schedules=_schedules(plan, loaded, environment),
    )


def variables(plan: BuildPlan, loaded: Loaded, environment: str) -> dict[str, Variable]:
    """The variables a release starts from: the plan's, then `webduh.yaml`'s, then the environment's."""
    written = {**loaded.config.variables, **loaded.config.environment(environment).variables}
    return {
        **{name: Variable(value, origin="plugin") for name, value in plan.variables.items()},
        **{name: Variable(value_text(value), origin="webduh.yaml") for name, value in written.items()},
    }


def target(loaded: Loaded, environment: str) -> str | None:
    """The target that `webduh.yaml` names for this environment; None if it leaves that open."""
    return loaded.config.environment(environment).on or loaded.config.on


def options(loaded: Loaded) -> dict[str, str]:
    """The framework plugin's own settings as texts."""
    return {name: value_text(value) for name, value in loaded.config.options.items()}


def hooks(loaded: Loaded, folder: Path) -> tuple[Hook, ...]:
    """The commands around a deployment, in their order, to be run in `folder`."""
    found: list[Hook] = []
    for point in POINTS:
        says = getattr(loaded.config.hooks, point.replace("-", "_"))
        if says is None:
            continue
        whole = says if isinstance(says, HookConfig) else HookConfig(run=says)
        timeout = TIMEOUT if whole.timeout is None else duration(whole.timeout)
        commands = [whole.run] if isinstance(whole.run, str) else list(whole.run)
        inside = whole.where == "image"
        found += [Hook(point, argv(command), str(folder), timeout, inside) for command in commands]
    return tuple(found)


def duration(value: float | str) -> float:
    """Seconds of a duration such as 30, `30s`, `2m`, `500ms`."""
    if isinstance(value, str):
        number = value.rstrip("msh")
        return float(number) * _SECONDS[value[len(number) :]]
    return float(value)


def size(value: int | str) -> int:
    """Bytes of an amount of memory such as 1048576 or `512M`."""
    return int(float(value[:-1]) * _BYTES[value[-1]]) if isinstance(value, str) else value


def value_text(value: str | bool | int | float) -> str:
    """A single value as the text a process sees."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def argv(command: Written) -> Command:
    """What is really run for a written command: a text goes to `sh -c`."""
    return ("sh", "-c", command) if isinstance(command, str) else tuple(command)


def _steps(name: str, written: str | Sequence[Written], replaced: tuple[BuildStep, ...]) -> tuple[BuildStep, ...]:
    """The written commands as steps: with the caches of those they stand for; what they read and make is unknown."""
    commands = [written] if isinstance(written, str) else list(written)
    caches = tuple(dict.fromkeys(cache for step in replaced for cache in step.caches))
    return tuple(
        BuildStep(name if index == 1 else f"{name}-{index}", argv(command), caches=caches)
        for index, command in enumerate(commands, start=1)
    )


def _static(written: str | StaticConfig) -> Static:
    if isinstance(written, str):
        return Static(_clean(written))
    return Static(_clean(written.dir), written.spa, written.not_found)


def _clean(path: str) -> str:
    return str(PurePosixPath(path))


def _volumes(plan: tuple[Volume, ...], written: dict[str, str]) -> tuple[Volume, ...]:
    named = {volume.name: volume for volume in plan}
    named |= {name: Volume(name, _clean(path)) for name, path in written.items()}
    return tuple(named.values())


def _known(plan: BuildPlan, processes: Iterable[Process]) -> bool:
    """Whether what runs is in the paths that the plan says run: a written command may need any other file."""
    own = [process.command for process in plan.processes]
    written = [process.command for process in processes if process.command not in own]
    return all(any(path in word for path in plan.runtime for word in command) for command in written)


def _says_web(start: Written | None, processes: dict[str, str | tuple[str, ...] | ProcessConfig]) -> bool:
    web = processes.get("web")
    return start is not None or (web.command if isinstance(web, ProcessConfig) else web) is not None


def _processes(plan: BuildPlan, loaded: Loaded, special: EnvironmentConfig, within: str) -> tuple[Process, ...]:
    """The plan's processes with what is written about them, in the order they are first named."""
    config = loaded.config
    named = {process.name: process for process in plan.processes}
    if config.static is not None:
        named.pop("web", None)
    if config.start is not None:
        named["web"] = msgspec.structs.replace(named.get("web", Process("web", ())), command=argv(config.start))
    for prefix, written in (("", config.processes), (within, special.processes)):
        for name, says in written.items():
            own = Process("web", ()) if name == "web" and plan.dockerfile else None  # the image's own command
            named[name] = _process(name, says, named.get(name, own), loaded, f"{prefix}processes.{name}")
    return tuple(named.values())


def _process(
    name: str, says: str | tuple[str, ...] | ProcessConfig, before: Process | None, loaded: Loaded, path: str
) -> Process:
    whole = says if isinstance(says, ProcessConfig) else ProcessConfig(command=says)
    if whole.command is None and before is None:
        raise _wrong(loaded, path, "has no command, and none was detected")
    if name == "release" and whole.restart is not None:
        raise _wrong(loaded, f"{path}.restart", "the release process runs once, and is never started again")
    command = argv(whole.command) if whole.command is not None else before.command if before else ()
    fields = ("instances", "overlap", "restart", "max_retries")
    said = {field: getattr(whole, field) for field in fields if getattr(whole, field) is not None}
    if before is not None and whole.restart not in (None, "on-failure") and whole.max_retries is None:
        said["max_retries"] = 0
    process = msgspec.structs.replace(before or Process(name, command), command=command, **said)
    if process.max_retries and process.restart != "on-failure":
        raise _wrong(loaded, f"{path}.max_retries", "means something with `restart: on-failure` alone")
    return process


def _schedules(plan: BuildPlan, loaded: Loaded, environment: str) -> tuple[Schedule, ...]:
    """What is run again and again, in the order of the file; ConfigFileError if a detected process has the name."""
    found = schedules.chosen(loaded.config, environment)
    for process in plan.processes:
        if process.name in found:
            raise _wrong(loaded, found[process.name][0], f"{process.name} is a process already: name it otherwise")
    return tuple(
        Schedule(name, says.cron.strip(), argv(says.run), says.timezone, duration(says.timeout or 0))
        for name, (_, says) in found.items()
    )


def _wrong(loaded: Loaded, path: str, says: str) -> ConfigFileError:
    file = loaded.file.name if loaded.file else "webduh.yaml"
    return ConfigFileError(str(loaded.file or file), (Problem(file, loaded.lines.get(path, 1), 1, path, says),))


def _health_path(written: str | HealthConfig | None) -> str | None:
    return written.path if isinstance(written, HealthConfig) else written


def _health(path: str, *written: str | HealthConfig | None) -> Health:
    """When an instance is healthy: without any wish, every answer below 500 on `/` will do."""
    wishes = HealthConfig()
    for says in written:
        wishes = _over(wishes, HealthConfig(path=says) if isinstance(says, str) else says)
    plain = Health() if path or wishes.status is not None else Health(status=(200, 499))
    return Health(
        path=path or "/",
        status=plain.status if wishes.status is None else _status(wishes.status),
        timeout=plain.timeout if wishes.timeout is None else duration(wishes.timeout),
        interval=plain.interval if wishes.interval is None else duration(wishes.interval),
    )


def _status(written: int | str) -> tuple[int, int]:
    if isinstance(written, str):
        first, last = written.split("-")
        return int(first), int(last)
    return written, written


def _deploy(*written: DeployConfig) -> DeployConfig:
    wishes = DeployConfig()
    for says in written:
        wishes = _over(wishes, says)
    return wishes


def _over(wishes: S, says: S | None) -> S:
    """The wishes with every field that is said replaced."""
    if says is None:
        return wishes
    said = {name: value for name, value in msgspec.structs.asdict(says).items() if value is not None}
    return msgspec.structs.replace(wishes, **said)


def domains(loaded: Loaded, environment: str) -> tuple[str, ...]:
    """The hosts that are written to lead to it."""
    special = loaded.config.environment(environment).domains
    return tuple((special if special is not None else loaded.config.domains) or ())


def _routes(loaded: Loaded, environment: str) -> tuple[Route, ...]:
    config, special = loaded.config, loaded.config.environment(environment)
    port = special.local.port or config.local.port or 0
    return tuple(Route(host=domain, port=port) for domain in domains(loaded, environment) or ("",))
