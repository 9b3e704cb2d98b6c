"""A detection in words and plain values, as `webduh detect` tells it."""

import re
import shlex

import msgspec

from webduh_console.frameworks.procfile import WITHIN
from webduh_console.model.build import Alternative, BuildStep, Command, Detection, EnvVar, Evidence

_PORT_WORD = re.compile(r"[A-Za-z0-9_@%+=:,./-]*\$\{PORT\}[A-Za-z0-9_@%+=:,./-]*")


class StaticReport(msgspec.Struct, frozen=True):
    """The folder that is served as files, and whether an unknown path gets index.html."""

    dir: str
    spa: bool


class DetectReport(msgspec.Struct, frozen=True):
    """What was detected, ready for JSON. Commands are one line each, as a shell would read them.

    `start` is the command of the process that gets the requests; of the first one, when none does.
    """

    framework: str
    language: str
    variant: str
    evidence: tuple[Evidence, ...]
    alternatives: tuple[Alternative, ...]
    install: tuple[str, ...]
    build: tuple[str, ...]
    start: str | None
    static: StaticReport | None
    port: int | None
    health: str
    versions: dict[str, str]
    version_source: dict[str, str]
    package_manager: str | None
    env: tuple[EnvVar, ...]
    warnings: tuple[str, ...]


def report(detection: Detection) -> DetectReport:
    """The detection as it is told to people and programs."""
    plan = detection.plan
    others = (process.command for process in plan.processes if process.name != "release" and process.command)
    start = plan.start or (None if plan.static else next(others, None))
    return DetectReport(
        framework=plan.framework,
        language=plan.language,
        variant=plan.variant,
        evidence=detection.match.evidence,
        alternatives=detection.alternatives,
        install=_lines(plan.install),
        build=_lines(plan.build),
        start=None if start is None else command_line(start),
        static=None if plan.static is None else StaticReport(plan.static.dir, plan.static.spa),
        port=plan.port,
        health=plan.health,
        versions=plan.versions,
        version_source=plan.version_source,
        package_manager=plan.package_manager,
        env=plan.env,
        warnings=plan.warnings,
    )


def command_line(command: Command) -> str:
    """An argv as one shell line. `${PORT}` stays bare, since that is what a shell would have to expand too."""
    if command[:3] == ("sh", "-c", WITHIN):
        return f"cd {shlex.quote(command[4])} && {command_line(command[5:])}"
    return " ".join(word if _PORT_WORD.fullmatch(word) else shlex.quote(word) for word in command)


def _lines(steps: tuple[BuildStep, ...]) -> tuple[str, ...]:
    return tuple(command_line(step.run) for step in steps)
