"""One user's machine for a journey: a home, apps to deploy, the real command line, and a look for left-overs."""

import http.client
import json
import os
import re
import shutil
import signal
import sys
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
from command_line import PROGRAM as PROGRAM
from command_line import CommandLine
from command_line import last_json as last_json
from command_line import words_of as words_of
from loopback import free_port as free_port
from visiting import Visits
from waiting import wait_until as wait_until

from webduh_console.config.home import Home
from webduh_console.model.names import AppKey
from webduh_console.targets.local.target import LocalTarget

HERE = Path(__file__).parent


def get(port: int, path: str = "/", timeout: float = 5.0) -> tuple[int, str]:
    """Status and body of one answer on a connection of its own; OSError or HTTPException when there is none."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode(errors="replace")
    finally:
        connection.close()


class Visitor(Visits):
    """Asks the app at a port again and again."""

    def __init__(self, port: int, allowed: Collection[str] = ()) -> None:
        super().__init__(partial(get, port), allowed)


@dataclass
class World(CommandLine):
    """A user's machine whose apps run on it, too."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.local = self.home / "data" / "local"

    def app(self, name: str, program: str = "small_app.py", **config: object) -> "App":
        """A folder with an app and its `webduh.yaml`; `local.port` is free at first."""
        folder = self.root / name
        folder.mkdir()
        shutil.copy(HERE / "apps" / program, folder / "program.py")
        port = free_port()
        app = App(self, folder, port)
        app.write(version="1")
        app.configure(
            **{
                "name": name,
                "start": [sys.executable, "program.py"],
                "local": {"port": port},
                "health": {"timeout": 15, "interval": 0.05, "path": "/"},
                "deploy": {"watch": 0, "drain": 1},
                **config,
            }
        )
        return app

    def target(self) -> LocalTarget:
        """The local target of this home, to look at; it can read no secret."""

        def no_key() -> Any:
            raise AssertionError("a journey looks at records without their secrets")

        home = Home(self.home / "data", self.home / "config", self.home / "cache")
        return LocalTarget("local", self.local, home.cache, no_key)

    def processes(self) -> dict[int, str]:
        """Every living process that belongs to this home: by its environment, its words or its folder."""
        found = {}
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit() and int(entry.name) != os.getpid():
                with suppress(OSError):
                    words = (entry / "cmdline").read_bytes().replace(b"\0", b" ")
                    here = str(self.root).encode()
                    if not words:
                        continue
                    if here in words or here in (entry / "environ").read_bytes() or self._within(entry):
                        found[int(entry.name)] = words.decode(errors="replace")
        return found

    def _within(self, entry: Path) -> bool:
        return str((entry / "cwd").readlink()).startswith(str(self.root))

    def supervisor_pid(self) -> int:
        """The supervisor's process."""
        info = self.target().supervisor.info()
        assert info is not None
        return info.pid

    def finish(self) -> None:
        """Stop everything; nothing may be left."""
        try:
            if self.local.exists():
                self.good("target", "stop", "local")
            wait_until(lambda: not self.processes(), f"nothing of {self.root} runs any more")
        finally:
            for pid, words in self.processes().items():
                print(f"left over: {words}")
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)


@dataclass
class App:
    """The source folder of an app, and its port."""

    world: World
    folder: Path
    port: int

    @property
    def name(self) -> str:
        """The app's name, as its folder's."""
        return self.folder.name

    @property
    def key(self) -> AppKey:
        """The app in production."""
        return AppKey("default", self.name, "production")

    @property
    def kept(self) -> Path:
        """Where the target keeps everything of it."""
        return self.world.local / "apps" / self.key.slug

    def write(self, **files: str) -> None:
        """Write files of the source by their names."""
        for name, text in files.items():
            (self.folder / name).write_text(text)

    def configure(self, **config: object) -> None:
        """Write `webduh.yaml`: JSON is YAML. None takes a key away."""
        path = self.folder / "webduh.yaml"
        before = json.loads(path.read_text()) if path.exists() else {}
        kept = {name: value for name, value in {**before, **config}.items() if value is not None}
        path.write_text(json.dumps(kept, indent=1))

    def deploy(self, *words: str) -> str:
        """Deploy; it must end well."""
        return self.world.good("deploy", str(self.folder), *words)

    def body(self) -> str:
        """What it answers now; it must answer well."""
        status, body = get(self.port)
        assert status == 200, (status, body)
        return body


def assert_settled(app: App) -> int:
    """The number of the one release that runs, is routed to and is current; nothing is half done."""
    target = app.world.target()
    record = target.record(app.key, "local")
    current = record.current()
    actual = target.observe([app.key])[app.key]
    routes = {route.slug: route.release for route in target.supervisor.routes()}
    assert actual.health == "serving", actual.reason
    assert {instance.release for instance in actual.instances} == {current}
    assert {instance.state for instance in actual.instances} == {"running"}
    if actual.url:
        assert routes[app.key.slug] == current
    assert record.unfinished() == []
    assert not (left := left_over_in(app.kept)), left
    assert current is not None
    return current


def left_over_in(kept: Path) -> list[str]:
    """Half files and folders of an app: files aside, removed releases, artifacts without a marker, born files."""
    aside = [path for path in kept.glob("*") if path.name.startswith(".")]
    aside += [path for path in kept.glob("releases/**/*") if path.name.startswith(".")]
    aside += list(kept.glob("artifacts/.*"))
    aside += [path for path in kept.glob("releases/*") if not (path / "release.json").exists()]
    aside += [path for path in kept.glob("artifacts/*") if path.is_dir() and not path.with_suffix(".json").exists()]
    aside += [path for path in (kept / "releasing", kept / "artifacts" / "building") if path.exists()]
    return sorted(str(path.relative_to(kept)) for path in aside)


def outcomes(world: World, app: App) -> list[str]:
    """How the deployments of an app ended, newest first."""
    return [entry["outcome"] for entry in world.read("deployments", app.name, "--limit", "1000")]


def has_words(text: str, patterns: Sequence[str]) -> list[str]:
    """The patterns that do not occur."""
    return [pattern for pattern in patterns if not re.search(pattern, text)]


def same(left: object, right: object) -> bool:
    """Whether two values are equal as JSON."""
    return msgspec.json.encode(left) == msgspec.json.encode(right)
