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

FIRST_FRAME = """
import json, sys
from webduh_console.commands.context import Context
from webduh_console.console.app import ConsoleApp

async def end(pilot):
    await pilot.pause()
    print(json.dumps(sorted(sys.modules)))
    pilot.app.exit()

ConsoleApp(Context.open("console"), every=0).run(headless=True, auto_pilot=end)
"""
LATER = (
    *("click", "docker", "hashlib", "paramiko", "webduh_plugins"),
    *("webduh_console.cli", "webduh_console.engine", "webduh_console.frameworks", "webduh_console.targets"),
    *("webduh_console.transport", "webduh_console.commands.language", "webduh_console.console.charts"),
    *("webduh_console.console.logs", "webduh_console.console.wizard", "webduh_console.console.timeline"),
)
"""What the console needs only once something is opened, done or asked; with all that is in it."""


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


def test_the_first_frame_is_there_before_anything_is_imported_that_is_only_opened_later(env: dict[str, str]) -> None:
    run = [sys.executable, "-c", FIRST_FRAME]
    subprocess.run(run, env=env, capture_output=True, timeout=60, check=True)  # the very first makes the state
    done = subprocess.run(run, env=env, capture_output=True, text=True, timeout=60, check=True)
    modules = set(json.loads(done.stdout.splitlines()[-1]))

    assert {name for name in modules if any(f"{name}.".startswith(f"{later}.") for later in LATER)} == set()
    assert not modules & (HEAVY - {"asyncio", "textual"})
    parts = {name.removeprefix("webduh_console.console.") for name in modules}
    assert {part for part in parts if part.startswith("screens.")} == {"screens.base", "screens.home"}
    assert {part for part in parts if part.startswith("widgets.")} == {
        f"widgets.{name}" for name in ("asking", "bars", "columns", "inked", "lines", "table")
    }
