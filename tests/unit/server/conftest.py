"""A root folder on this machine, reached by each of the shells and tool sets that servers have."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from record_house import record_on
from script_machine import ScriptMachine, busybox_tools, tools_without

from webduh_console.targets.server.record import RemoteRecord

SHELLS = ("sh", "bash", "sh without flock", "busybox")


@pytest.fixture(scope="session")
def shells(tmp_path_factory: pytest.TempPathFactory) -> dict[str, ScriptMachine]:
    """The machines by what they have; busybox only where it is installed."""
    folder = tmp_path_factory.mktemp("tools")
    machines = {
        "sh": ScriptMachine(),
        "bash": ScriptMachine(program=("bash",)),
        "sh without flock": ScriptMachine(tools=tools_without(folder / "without", "flock")),
    }
    if busybox := busybox_tools(folder / "busybox"):
        machines["busybox"] = ScriptMachine(program=("busybox", "sh"), tools=busybox)
    return machines


@pytest.fixture(params=SHELLS)
def machine(shells: dict[str, ScriptMachine], request: pytest.FixtureRequest) -> ScriptMachine:
    """A machine, once for each kind."""
    if request.param not in shells:
        pytest.skip("busybox is not installed")
    return shells[request.param]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """An empty root folder, as setup leaves it."""
    folder = tmp_path / "webduh root"
    folder.mkdir()
    folder.chmod(0o2770)
    return folder


@pytest.fixture
def record(machine: ScriptMachine, root: Path) -> Iterator[RemoteRecord]:
    """A record that is empty yet, once for each kind of machine."""
    machine.asked.clear()
    yield record_on(machine, root)
    machine.asked.clear()
