"""A real Docker engine of its own for each run, with one small image and no registry."""

import os
import shutil
import subprocess
import tarfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

APPLETS = ("sh", "httpd", "cat", "echo", "sleep", "env")


@pytest.fixture(scope="session")
def docker_host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an engine that was started for these tests; `busybox` is there."""
    _needs_an_engine()
    folder = tmp_path_factory.mktemp("engine")
    host = f"unix://{folder}/docker.sock"
    paths = {"data-root": "data", "exec-root": "exec", "pidfile": "pid"}
    argv = ["dockerd", *(f"--{option}={folder / name}" for option, name in paths.items())]
    with (folder / "log").open("wb") as log:
        engine = subprocess.Popen([*argv, "--host", host, "--group", "root"], stdout=log, stderr=log)
    try:
        _until_it_answers(engine, host, folder / "log")
        _import_busybox(folder, host)
        yield host
    finally:
        engine.terminate()
        engine.wait(30)


def _needs_an_engine() -> None:
    missing = [name for name in ("docker", "dockerd", "busybox", "iptables") if shutil.which(name) is None]
    says = "it needs root" if os.geteuid() else f"there is no {', '.join(missing)} here" if missing else ""
    if says and os.environ.get("CI"):
        pytest.fail(f"No Docker engine can be started: {says}.")
    if says:
        pytest.skip(f"NOT TESTED: no Docker engine can be started: {says}.")


def _until_it_answers(engine: "subprocess.Popen[bytes]", host: str, log: Path) -> None:
    deadline = time.monotonic() + 40
    while subprocess.run(["docker", "--host", host, "version"], capture_output=True, check=False).returncode:
        if engine.poll() is not None or time.monotonic() > deadline:
            pytest.fail(f"dockerd did not start:\n{log.read_text()[-3000:]}")
        time.sleep(0.1)


def _import_busybox(folder: Path, host: str) -> None:
    root = folder / "root"
    (root / "bin").mkdir(parents=True)
    (root / "tmp").mkdir()
    shutil.copy2(shutil.which("busybox") or "", root / "bin" / "busybox")
    for applet in APPLETS:
        (root / "bin" / applet).symlink_to("busybox")
    with tarfile.open(folder / "root.tar", "w") as archive:
        archive.add(root, ".")
    subprocess.run(
        ["docker", "--host", host, "import", str(folder / "root.tar"), "busybox:latest"],
        check=True,
        capture_output=True,
    )
