"""One user's machine for a journey: a home, apps to deploy, the real command line, and a look for left-overs."""

import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from webduh_console.config.home import Home
from webduh_console.model.names import AppKey
from webduh_console.targets.local.target import LocalTarget

HERE = Path(__file__).parent
PROGRAM = str(Path(sys.executable).parent / "webduh")
LIMIT = 60.0


def wait_until(holds: Callable[[], Any], what: str, limit: float = 20.0) -> Any:
    """Poll until a condition holds, and return what it answered."""
    deadline = time.monotonic() + limit
    while not (answer := holds()):
        assert time.monotonic() < deadline, f"within {limit:g} s it never came that {what}"
        time.sleep(0.01)
    return answer


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def get(port: int, path: str = "/", timeout: float = 5.0) -> tuple[int, str]:
    """Status and body of one answer on a connection of its own; OSError or HTTPException when there is none."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode(errors="replace")
    finally:
        connection.close()


@dataclass
class Visitor:
    """Asks again and again on new connections, in a thread of its own, and keeps every failure."""

    port: int
    allowed: set[str] = field(default_factory=set)
    answered: int = 0
    failures: list[str] = field(default_factory=list)

    def __enter__(self) -> "Visitor":
        self._stop, self._came = threading.Event(), threading.Condition()
        self._thread = threading.Thread(target=self._ask, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(10)

    def next_answer(self) -> None:
        """Wait for the next answer, a second at most."""
        with self._came:
            self._came.wait(1)

    def _ask(self) -> None:
        while not self._stop.wait(0.01):
            try:
                status, body = get(self.port)
            except (OSError, http.client.HTTPException) as error:
                self.failures.append(f"{type(error).__name__}: {error}")
                continue
            with self._came:
                self.answered += 1
                self._came.notify_all()
            if status != 200 or (self.allowed and body not in self.allowed):
                self.failures.append(f"{status} {body[:80]}")


@dataclass
class World:
    """A home under `root`, and the commands that are run in it."""

    root: Path
    env: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.home = self.root / "home"
        self.local = self.home / "data" / "local"
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("WEBDUH")}
        self.env = {**inherited, "WEBDUH_HOME": str(self.home), "NO_COLOR": "1", **self.env}

    def start(self, *words: str, env: Mapping[str, str] | None = None) -> "subprocess.Popen[str]":
        """Begin a command."""
        return subprocess.Popen(
            [PROGRAM, *words],
            env={**self.env, **(env or {})},
            cwd=self.root,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def run(
        self, *words: str, env: Mapping[str, str] | None = None, given: str = ""
    ) -> "subprocess.CompletedProcess[str]":
        """Run a command to its end."""
        return subprocess.run(
            [PROGRAM, *words],
            env={**self.env, **(env or {})},
            cwd=self.root,
            input=given,
            capture_output=True,
            text=True,
            timeout=LIMIT,
            check=False,
        )

    def good(self, *words: str) -> str:
        """Run a command that must end well; what it printed."""
        done = self.run(*words)
        assert done.returncode == 0, f"{words} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def read(self, *words: str) -> Any:
        """What a command answers as JSON."""
        return json.loads(self.good(*words, "-o", "json"))

    def dying(self, count: int, *words: str, at: str = "journal") -> "subprocess.CompletedProcess[str]":
        """Run `deploy` or `rollback` in a client that is killed (-9) after its `count`-th journal line; see there."""
        argv = [sys.executable, str(HERE / "dying_client.py"), at, str(count), *words]
        return subprocess.run(
            argv, env=self.env, cwd=self.root, capture_output=True, text=True, timeout=LIMIT, check=False
        )

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


def last_json(text: str) -> Any:
    """The last JSON line of an output."""
    return json.loads(text.strip().splitlines()[-1])


def words_of(done: "subprocess.CompletedProcess[str]") -> str:
    """Everything a command said, on both streams."""
    return f"{done.stdout}\n{done.stderr}"


def has_words(text: str, patterns: Sequence[str]) -> list[str]:
    """The patterns that do not occur."""
    return [pattern for pattern in patterns if not re.search(pattern, text)]


def same(left: object, right: object) -> bool:
    """Whether two values are equal as JSON."""
    return msgspec.json.encode(left) == msgspec.json.encode(right)
