"""What starting up imports, seen from outside: what is heavy is imported only where it is used."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
HEAVY = {
    *("asyncio", "cryptography", "h11", "httpx", "importlib.metadata", "keyring", "pathspec", "psutil"),
    *("sqlite_utils", "textual", "ulid", "yaml"),
}
REPORTING = """
import json, sys
from webduh_console.cli import main
sys.argv = ["webduh", *sys.argv[1:]]
try:
    main()
finally:
    print("\\n" + json.dumps(sorted(sys.modules)))
"""


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    return {**os.environ, "WEBDUH_HOME": str(tmp_path / "home"), "WEBDUH_KEY": "file"}


def imported(env: dict[str, str], *words: str) -> set[str]:
    """The modules that are there when a command has ended."""
    done = subprocess.run(
        [sys.executable, "-c", REPORTING, *words], env=env, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return set(json.loads(done.stdout.splitlines()[-1]))


def test_the_version_needs_nothing_but_the_name_of_the_package(env: dict[str, str]) -> None:
    ours = {name for name in imported(env, "--version") if name.startswith("webduh")}

    assert ours == {"webduh_console", "webduh_console.cli"}


def test_the_help_loads_no_command(env: dict[str, str]) -> None:
    modules = imported(env, "--help")

    assert not modules & HEAVY
    commands = {name for name in modules if name.startswith("webduh_console.commands.")}
    assert commands == {f"webduh_console.commands.{name}" for name in ("context", "language", "results")}


def test_the_status_of_what_runs_needs_nothing_heavy(env: dict[str, str]) -> None:
    deploy = [sys.executable, "-m", "webduh_console", "deploy", str(EXAMPLES / "hello-static"), "--watch", "0"]
    subprocess.run(deploy, env=env, capture_output=True, timeout=60, check=True)
    try:
        assert not imported(env, "status") & HEAVY
    finally:
        stop = [sys.executable, "-m", "webduh_console", "target", "stop", "local"]
        subprocess.run(stop, env=env, capture_output=True, timeout=60, check=True)


@pytest.mark.parametrize("room", ["model.target", "frameworks", "engine.planning", "commands.api", "errors"])
def test_a_room_is_entered_without_anything_heavy(room: str) -> None:
    code = f"import sys, webduh_console.{room}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)

    assert not set(done.stdout.split()) & HEAVY


def test_the_console_opens_without_the_parts_that_deploy() -> None:
    code = "import sys, webduh_console.console.app; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)

    deploying = {"cryptography", "h11", "keyring", "pathspec", "psutil", "sqlite_utils", "ulid", "yaml"}
    assert not set(done.stdout.split()) & deploying
