"""A server target whose machine is this one: its Docker is a daemon of the test's own, its Traefik any HTTP server."""

import os
from pathlib import Path

from docker_daemon import Daemon
from script_machine import ScriptMachine

from webduh_console.targets.server.survey import ROOT_LABEL
from webduh_console.targets.server.target import ServerTarget
from webduh_console.targets.server.traefik import CONTAINER, OPS_PORT
from webduh_console.transport.machine import Duplex

_DOCKER = """#!/bin/sh
echo "running 80 127.0.0.1"
"""


class SiteMachine(ScriptMachine):
    """Docker's socket leads to `docker`, and the port of Traefik's API to `ops`."""

    def __init__(self, name: str, docker: Path, tools: Path, ops: int = 0) -> None:
        super().__init__(name, tools=Path(f"{tools}{os.pathsep}{os.environ['PATH']}"))  # a PATH, whose first is ours
        self.docker, self.ops = docker, ops

    def dial(self, path: str) -> Duplex:
        return super().dial(str(self.docker) if path.endswith("docker.sock") else path)

    def connect(self, host: str, port: int, timeout: float = 10.0) -> Duplex:
        return super().connect(host, self.ops if port == OPS_PORT else port, timeout)


def site(folder: Path, daemon: Daemon, docker: Path, name: str = "fra-1", ops: int = 0) -> ServerTarget:
    """A server that was set up: its records are in `folder/root`, its tools in `folder/tools`."""
    root, tools = folder / "root", folder / "tools"
    for part in ("apps", "traefik/dynamic"):
        (root / part).mkdir(parents=True, exist_ok=True)
    (root / "traefik/key").write_text("k" * 64)
    if not tools.exists():
        tools.mkdir()
        (tools / "docker").write_text(_DOCKER)
        (tools / "docker").chmod(0o755)
    traefik = {
        "Id": "e" * 64,
        "Name": f"/{CONTAINER}",
        "Config": {"Labels": {ROOT_LABEL: str(root)}, "Image": "traefik:v3.7"},
        "State": {"Status": "running"},
    }
    daemon.answers |= {f"/v1.45/containers/{CONTAINER}/json": (200, traefik)}
    return ServerTarget(name, SiteMachine(name, docker, tools, ops), f"ssh://root@{name}")
