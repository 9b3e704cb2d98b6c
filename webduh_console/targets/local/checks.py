"""What the local target and a plan for it need, each with a fix."""

import os
import platform
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

from webduh_console.model.names import AppKey
from webduh_console.model.observe import Fact
from webduh_console.model.plan import Plan
from webduh_console.model.release import Release
from webduh_console.targets.local import docker, launch, ports
from webduh_console.targets.local.layout import Layout
from webduh_console.targets.local.supervisor.client import Supervisor
from webduh_console.targets.local.supervisor.ports import holder

PLACE = "local"
ROOM = 64 * 2**20
FEW_INODES = 1000
TOOLS = {
    "node": "Install Node.js (https://nodejs.org), or your distribution's package nodejs.",
    "npm": "Install Node.js with npm (https://nodejs.org), or your distribution's packages nodejs and npm.",
    "docker": "A Dockerfile app needs Docker on this machine: install or start it, and let this user reach it.",
    "uv": "Install uv: `pipx install uv`.",
}


def machine_facts(layout: Layout, supervisor: Supervisor) -> Iterator[Fact]:
    """Everything the target needs or uses."""
    yield Fact(PLACE, "python", f"{platform.python_version()} on {platform.system()} {platform.machine()}")
    yield _disk(layout.root)
    awake = supervisor.alive()
    apps = layout.all_keys()
    yield Fact(
        PLACE,
        "supervisor",
        "running" if awake else "not running",
        ok=awake or not apps,
        fix="" if awake else "`webduh target start local` starts it, and everything that should serve.",
    )
    yield Fact(PLACE, "apps", str(len(apps)))
    for tool in TOOLS:
        where = shutil.which(tool)
        yield Fact(PLACE, tool, where or "not installed (only needed by apps that use it)")


def plan_facts(plan: Plan, layout: Layout, supervisor: Supervisor, others: Mapping[AppKey, Release]) -> Iterator[Fact]:
    """What a plan needs: disk, tools, a port and domains that nobody else has."""
    yield _disk(layout.root)
    yield from _tools(plan)
    yield from _addresses(plan, others)
    yield from _port(plan, supervisor)
    yield from _files(plan)


def _files(plan: Plan) -> Iterator[Fact]:
    """An app that runs in a folder has no file system of its own."""
    absolute = [mount.path for mount in plan.spec.files if mount.path.startswith("/")]
    if absolute and not launch.makes_image(plan):
        fix = "Say a relative path under `files:` in webduh.yaml, and let the app use that."
        yield Fact(PLACE, "files", f"{', '.join(absolute)} is outside of the app's folder", False, fix)


def _disk(root: Path) -> Fact:
    folder = next(path for path in (root, *root.parents) if path.exists())
    usage = os.statvfs(folder)
    free, inodes = usage.f_bavail * usage.f_frsize, usage.f_favail if usage.f_files else 1_000_000
    writable = os.access(folder, os.W_OK)
    room = f"{free / 2**30:.1f} GiB" + ("" if inodes > FEW_INODES else f" and {inodes} inodes")
    says = f"{room} free at {folder}" if writable else f"{folder} is not writable"
    fix = (
        "Free some space, or move everything with WEBDUH_HOME."
        if writable
        else f"Make {folder} writable, or set WEBDUH_HOME."
    )
    return Fact(PLACE, "disk", says, ok=writable and free > ROOM and inodes > FEW_INODES, fix=fix)


def _tools(plan: Plan) -> Iterator[Fact]:
    if launch.makes_image(plan) and (reason := docker.why_not()):
        yield Fact(PLACE, "docker", reason, False, TOOLS["docker"])
    build = plan.build
    needed = {tool: step.name for step in (*build.install, *build.build) for tool in step.needs} if build else {}
    for tool, step in needed.items():
        if shutil.which(tool) is None:
            fix = TOOLS.get(tool, f"Install {tool}, or say other commands in webduh.yaml.")
            yield Fact(PLACE, tool, f"it is not installed on this machine, and the step {step} needs it", False, fix)
    yield from _programs(plan, set(needed))


def _programs(plan: Plan, said: set[str]) -> Iterator[Fact]:
    """The programs that processes start by name; a path may be made by the build, and PATH by a variable."""
    if launch.makes_image(plan) or "PATH" in plan.variables:
        return
    for process in plan.spec.processes:
        program = process.command[0] if process.command else ""
        if program and "/" not in program and program not in said and shutil.which(program) is None:
            fix = TOOLS.get(program, f"Install {program}, or correct the process {process.name} in webduh.yaml.")
            says = f"it is not installed on this machine, and the process {process.name} needs it"
            yield Fact(PLACE, program, says, False, fix)


def _addresses(plan: Plan, others: Mapping[AppKey, Release]) -> Iterator[Fact]:
    for route in plan.spec.routes:
        for key, release in others.items():
            for taken in release.spec.routes:
                if route.host and route.host == taken.host:
                    fix = f"Take it from {key} (remove it there and deploy), or choose another."
                    yield Fact(PLACE, "domain", f"{route.host} belongs to {key}", False, fix)
                if route.port == taken.port:
                    fix = "Choose another: `local: {port: …}` in webduh.yaml."
                    yield Fact(PLACE, "port", f"{route.port} belongs to {key}", False, fix)


def _port(plan: Plan, supervisor: Supervisor) -> Iterator[Fact]:
    awake = supervisor.alive()
    ours = {route.port for route in supervisor.routes() if route.slug == plan.key.slug} if awake else set()
    for port in {route.port for route in plan.spec.routes} - ours:
        if not ports.is_free(port):
            fix = "End what listens there, or choose another: `local: {port: …}` in webduh.yaml."
            yield Fact(PLACE, "port", f"{port} is taken by {holder(port) or 'another program'}", False, fix)
