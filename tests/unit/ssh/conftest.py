"""A real sshd for the tests of the SSH transport. Where there is none they are skipped, and fail where CI runs them."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from own_sshd import OwnSshd, Relay, StartSshd, needed

from webduh_console.transport.ssh.machine import SSHMachine


@pytest.fixture(scope="module")
def sshd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnSshd]:
    """An ordinary sshd that the tests of a module share."""
    needed()
    own = OwnSshd(tmp_path_factory.mktemp("sshd")).start()
    yield own
    own.close()


@pytest.fixture
def start_sshd(tmp_path: Path) -> Iterator[StartSshd]:
    """Starts an sshd for one test, with lines of configuration."""
    needed()
    started: list[OwnSshd] = []

    def start(*options: str, kinds: tuple[str, ...] = ("ed25519",)) -> OwnSshd:
        own = OwnSshd(tmp_path / f"sshd{len(started)}", *options, kinds=kinds).start()
        started.append(own)
        return own

    yield start
    for own in started:
        own.close()


@pytest.fixture
def machine(sshd: OwnSshd) -> Iterator[SSHMachine]:
    """A machine reached through the shared sshd."""
    with sshd.machine() as reached:
        yield reached


@pytest.fixture
def relay(sshd: OwnSshd) -> Iterator[Relay]:
    """A relay in front of the shared sshd."""
    own = Relay(sshd.port)
    yield own
    own.close()
