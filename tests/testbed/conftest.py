"""Real Docker engines and real servers. Where none can be had these tests are skipped, and say so; in CI they fail."""

import os
import shutil
import tarfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import host
import lifetime
import pytest
from engine import Engine, passing_engine
from server import Server
from server_world import ServerWorld, rented_world
from servers import BARE_SPEC, SPECS, TINY_SPEC, Testbed

APPLETS = ("sh", "httpd", "cat", "echo", "sleep", "env")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whatever raises servers may take minutes, the first time; the test itself may not."""
    for item in items:
        if "testbed" in getattr(item, "fixturenames", ()) and item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(120, func_only=True))


@pytest.fixture(scope="session")
def docker_host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an engine that was started for these tests; `busybox` is there."""
    absent = [name for name in ("docker", "dockerd", "busybox", "iptables") if shutil.which(name) is None]
    _demand("it needs root" if os.geteuid() else f"there is no {', '.join(absent)} here" if absent else "")
    folder = tmp_path_factory.mktemp("engine")
    with passing_engine(folder) as engine:
        _import_busybox(folder, engine)
        yield engine.host


@pytest.fixture(scope="session")
def testbed() -> Iterator[tuple[Testbed, list[Server]]]:
    """The testbed with all its servers, shared with whoever else uses it."""
    _demand(host.missing())
    bed = Testbed()
    with lifetime.used(bed, SPECS) as servers:
        yield bed, servers


@pytest.fixture(scope="session")
def servers(testbed: tuple[Testbed, list[Server]]) -> list[Server]:
    """All servers, shared with other tests: to be taken with `lifetime.one_of` and `lifetime.some_of`."""
    return testbed[1]


@pytest.fixture
def server(servers: list[Server]) -> Iterator[Server]:
    """A server to oneself: nothing is deployed there, nothing is set up, nothing is broken."""
    # From the end: whoever works with the testbed by hand begins at its start.
    with lifetime.one_of(servers[::-1]) as mine:
        mine.reset()
        yield mine


@pytest.fixture(scope="module")
def world(servers: list[Server], tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerWorld]:
    """A user with a server that is added and set up, for the tests of one file."""
    with rented_world(servers, tmp_path_factory.mktemp("user")) as world:
        yield world.ready()


@pytest.fixture
def three_servers(servers: list[Server]) -> Iterator[list[Server]]:
    """Three to oneself, and as good as new."""
    with lifetime.some_of(servers) as mine, ThreadPoolExecutor(len(mine)) as hands:
        list(hands.map(Server.reset, mine))
        yield mine


@pytest.fixture
def bare_server(testbed: tuple[Testbed, list[Server]]) -> Iterator[Server]:
    """A fresh server without Docker; apt-get can install it, and then it has the images that the others have."""
    with lifetime.rented(testbed[0], BARE_SPEC) as server:
        yield server


@pytest.fixture
def tiny_server(testbed: tuple[Testbed, list[Server]]) -> Iterator[Server]:
    """A fresh server with 700 MB for Docker, 2 MB and 200 files in /var/lib/webduh, and no image but those loaded."""
    with lifetime.rented(testbed[0], TINY_SPEC) as server:
        yield server


def _demand(missing: str) -> None:
    if missing and os.environ.get("CI"):
        pytest.fail(f"No Docker engine can be started: {missing}.")
    if missing:
        pytest.skip(f"NOT TESTED: no Docker engine can be started: {missing}.")


def _import_busybox(folder: Path, engine: Engine) -> None:
    root = folder / "root"
    (root / "bin").mkdir(parents=True)
    (root / "tmp").mkdir()
    shutil.copy2(shutil.which("busybox") or "", root / "bin" / "busybox")
    for applet in APPLETS:
        (root / "bin" / applet).symlink_to("busybox")
    with tarfile.open(folder / "root.tar", "w") as archive:
        archive.add(root, ".")
    engine.docker("import", str(folder / "root.tar"), "busybox:latest")
