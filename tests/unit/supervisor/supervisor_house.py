"""A supervisor of its own for each test, and apps for it to run."""

import os
import socket
import sys
from pathlib import Path
from typing import Any

from loopback import free_port
from waiting import wait_until

from webduh_console.model.build import Static
from webduh_console.targets.local.supervisor.client import Supervisor
from webduh_console.targets.local.supervisor.reading import read_lines
from webduh_console.targets.local.supervisor.values import InstanceSpec, InstanceState

APPS = Path(__file__).parent / "apps"


class House:
    """A supervisor in a folder of its own, and the apps a test has it run."""

    def __init__(self, root: Path) -> None:
        self.root = root / "local"
        self.folder = root
        self.supervisor = Supervisor(self.root)

    def spec(self, name: str, *argv: str, **more: Any) -> InstanceSpec:
        env = {"PATH": os.environ["PATH"], "NAME": name, **more.pop("env", {})}
        more = {"slug": "app", "process": "web", "release": 1, "cwd": str(self.folder), **more}
        return InstanceSpec(name=name, argv=argv, env=env, log=str(self.log(name)), **more)

    def run(self, name: str, *argv: str, **more: Any) -> InstanceState:
        return self.supervisor.start(self.spec(name, *argv, **more))

    def python(self, name: str, code: str, **more: Any) -> InstanceState:
        return self.run(name, sys.executable, "-u", "-c", code, **more)

    def app(self, name: str, script: str = "web.py", **more: Any) -> InstanceState:
        """A test app that listens."""
        self.run(name, sys.executable, "-u", str(APPS / script), **more)
        return wait_until(lambda: state if (state := self.state(name)).listening else None)

    def site(self, name: str, files: dict[str, str], **more: Any) -> InstanceState:
        for path, text in files.items():
            file = self.folder / name / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        (self.folder / name).mkdir(exist_ok=True)
        return self.run(name, static=Static(name, **more.pop("static", {})), **more)

    def serve(self, *names: str, slug: str = "app", release: int = 1, probe: str = "") -> int:
        """Lead the app's port to these instances; the port."""
        known = {route.slug: route.port for route in self.supervisor.routes()}
        port = known.get(slug) or self.supervisor.open(slug, free_port()).port
        self.supervisor.route(slug, release, names, probe)
        return port

    def state(self, name: str) -> InstanceState:
        state = self.supervisor.get(name)
        assert state is not None
        return state

    def until_state(self, name: str, wanted: str) -> InstanceState:
        return wait_until(lambda: state if (state := self.state(name)).state == wanted else None)

    def log(self, name: str) -> Path:
        return self.folder / "logs" / f"{name}.log"

    def said(self, name: str, stream: str = "stdout") -> list[str]:
        return [line.text for line in read_lines(self.log(name)) if line.stream == stream]


class Browser:
    """A connection to an app's port, written and read byte by byte."""

    def __init__(self, port: int, host: str = "127.0.0.1") -> None:
        self.socket = socket.create_connection((host, port), timeout=20)
        self.stream = self.socket.makefile("rb")

    def __enter__(self) -> "Browser":
        return self

    def __exit__(self, *_: object) -> None:
        self.stream.close()
        self.socket.close()

    def send(self, text: bytes) -> None:
        self.socket.sendall(text)

    def head(self) -> tuple[int, dict[str, str]]:
        """Status and headers (by lower-case name) of the next head."""
        status = int(self.stream.readline().split()[1])
        headers = {}
        while line := self.stream.readline().strip():
            name, _, value = line.decode("latin-1").partition(":")
            headers[name.lower()] = value.strip()
        return status, headers

    def answer(self, body: bool = True) -> tuple[int, dict[str, str], bytes]:
        """The next answer with its body, by length or in chunks."""
        status, headers = self.head()
        if not body:
            return status, headers, b""
        if headers.get("transfer-encoding") == "chunked":
            return status, headers, b"".join(iter(self.chunk, b""))
        return status, headers, self.stream.read(int(headers["content-length"]))

    def chunk(self) -> bytes:
        size = int(self.stream.readline(), 16)
        text = self.stream.read(size)
        self.stream.readline()
        return text

    def get(self, path: str, *headers: str, method: str = "GET") -> tuple[int, dict[str, str], bytes]:
        lines = [f"{method} {path} HTTP/1.1", "Host: app.localhost", *headers]
        self.send("\r\n".join(lines).encode() + b"\r\n\r\n")
        return self.answer(body=method != "HEAD")
