"""webduh as people install it: built, installed into an environment of its own, used, and stopped."""

import json
import shutil
import subprocess
import sys
import tomllib
import venv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from loopback import page

CHECKOUT = Path(__file__).parents[2]
MARK = "WEBDUH_WHEEL_TEST"
GREETING = "This page came from a wheel."

pytestmark = pytest.mark.timeout(600)


class Installed:
    """An installed webduh and the empty machine it believes to be on: home, working folder and temporary folder."""

    def __init__(self, root: Path, bin: Path) -> None:
        self.root, self.bin, self.environment = root, bin, bin.parent
        for folder in ("user", "work", "tmp"):
            (root / folder).mkdir()
        self.env = {
            "PATH": "/usr/bin:/bin",
            "HOME": str(root / "user"),
            "TMPDIR": str(root / "tmp"),
            "WEBDUH_HOME": str(root / "home"),
            "LANG": "C.UTF-8",
            MARK: str(root),
        }

    def run(self, *words: str | Path) -> str:
        """What a command says."""
        done = subprocess.run(
            [self.bin / "webduh", *words],
            cwd=self.root / "work",
            env=self.env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def asked(self, *words: str | Path) -> dict[str, Any]:
        """The last line that a command answers as JSON."""
        answer: dict[str, Any] = json.loads(self.run(*words, "-o", "json").splitlines()[-1])
        return answer

    def running(self) -> list[str]:
        """The processes that were started by it and are still there."""
        found = []
        for process in psutil.process_iter():
            try:
                if process.environ().get(MARK) == str(self.root) and process.status() != psutil.STATUS_ZOMBIE:
                    found.append(" ".join(process.cmdline()))
            except psutil.Error:
                continue
        return found


def files(folder: Path) -> set[str]:
    """The files below a folder, without what Python compiles by itself."""
    paths = (path.relative_to(folder) for path in folder.rglob("*") if not path.is_dir())
    return {str(path) for path in paths if "__pycache__" not in path.parts}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel, made from the source distribution alone."""
    dist = tmp_path_factory.mktemp("dist")
    done = subprocess.run(
        [sys.executable, "-m", "build", "--outdir", dist, CHECKOUT], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return next(dist.glob("*.whl"))


@pytest.fixture(scope="module")
def environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with the wheel and what it needs."""
    environment = tmp_path_factory.mktemp("installed") / "venv"
    venv.create(environment, with_pip=True)
    pip: list[str | Path] = [environment / "bin" / "python", "-m", "pip", "install", "-q", wheel]
    done = subprocess.run(pip, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return environment


@pytest.fixture
def installed(environment: Path, tmp_path: Path) -> Iterator[Installed]:
    webduh = Installed(tmp_path, environment / "bin")
    yield webduh
    subprocess.run([webduh.bin / "webduh", "target", "stop", "local"], env=webduh.env, capture_output=True, check=False)


def test_an_installed_webduh_deploys_its_examples_rolls_back_and_leaves_nothing(installed: Installed) -> None:
    before = files(installed.environment)
    demo = installed.root / "demo"

    installed.run("demo", demo)
    site, first = demo / "hello-static", page(installed.asked("open", "hello-static", "--print")["url"])
    (site / "index.html").write_text(f"<p>{GREETING}</p>")
    second = installed.asked("deploy", site, "--watch", "0", "--drain", "0")
    changed = page(second["url"])
    back = installed.asked("rollback", "hello-static", "--watch", "0", "--drain", "0")

    assert (CHECKOUT / "examples/hello-static/index.html").read_text() == first
    assert changed == f"<p>{GREETING}</p>"
    assert (second["release"], back["release"], back["url"]) == (2, 3, second["url"])
    assert page(back["url"]) == first
    states = {row["app"]: row["state"] for row in json.loads(installed.run("status", "-o", "json"))}
    clock = ["clock-node"] if shutil.which("node", path=installed.env["PATH"]) else []
    assert states == dict.fromkeys(["guestbook-python", "hello-static", *clock], "serving")

    installed.run("target", "stop", "local")

    assert installed.running() == []
    assert files(installed.environment) == before
    assert {name: files(installed.root / name) for name in ("user", "work", "tmp")} == {
        "user": set(),
        "work": set(),
        "tmp": set(),
    }


def test_an_installed_webduh_has_its_plugins_themes_and_types(installed: Installed) -> None:
    plugins = {row["name"]: row["error"] for row in json.loads(installed.run("plugin", "ls", "-o", "json"))}

    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]
    assert plugins == dict.fromkeys(project["entry-points"]["webduh.frameworks"], "")
    packages = next(installed.environment.glob("lib/python3*/site-packages"))
    assert {"day.toml", "night.toml"} <= {file.name for file in (packages / "webduh_themes").iterdir()}
    assert (packages / "webduh_console" / "py.typed").is_file()
    assert files(packages / "webduh_console" / "examples") == files(CHECKOUT / "examples")
    assert installed.run("--version") == "webduh 0.1.0\n"
