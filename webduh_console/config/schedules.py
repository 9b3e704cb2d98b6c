"""What `webduh.yaml` says of schedules: what is wrong with it, and what follows for a release. Pure."""

from collections.abc import Iterator

from webduh_console.config.schema import AppConfig, EnvironmentConfig, ScheduleConfig
from webduh_console.model.cron import problem, zone_problem
from webduh_console.model.hooks import POINTS

RESERVED = frozenset({"web", "release", "run", *POINTS})
"""Names that instances bear which are no schedules."""


def mistakes(config: AppConfig) -> Iterator[tuple[str, str, str]]:
    """Everything that is wrong with schedules as they are written: its path, what it is, and what to do."""
    for within, part in _parts(config):
        for name, schedule in part.schedules.items():
            path = f"{within}schedules.{name}"
            if why := problem(schedule.cron):
                yield f"{path}.cron", f'"{schedule.cron}" {why}', ""
            if why := zone_problem(schedule.timezone):
                yield f"{path}.timezone", why, "zones are named as in /usr/share/zoneinfo"
            if name in RESERVED:
                yield path, f"a schedule cannot be called {name}", "give it another name"
            elif name in config.processes or name in part.processes:
                yield path, f"{name} is a process already", "give the schedule another name"


def chosen(config: AppConfig, environment: str) -> dict[str, tuple[str, ScheduleConfig]]:
    """The schedules of an environment by name, each with the path where it is written."""
    parts = dict(_parts(config))
    return {
        name: (f"{within}schedules.{name}", schedule)
        for within in ("", f"environments.{environment}.")
        if within in parts
        for name, schedule in parts[within].schedules.items()
    }


def _parts(config: AppConfig) -> list[tuple[str, AppConfig | EnvironmentConfig]]:
    return [("", config), *((f"environments.{name}.", part) for name, part in config.environments.items())]
