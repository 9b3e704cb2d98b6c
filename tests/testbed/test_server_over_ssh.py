"""What needs a server of one's own: users that are not root, with sudo and without."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from docker_place import reached
from server import Server
from waiting import wait_until

from webduh_console.errors import CancelledError, TargetError
from webduh_console.model.target import CancelToken
from webduh_console.transport.machine import Answer
from webduh_console.transport.ssh.machine import SSHMachine

SOCKET = "/var/run/docker.sock"
PING = b"GET /_ping HTTP/1.0\r\n\r\n"
RENT_A_USER = """
useradd -m -s /bin/sh lodger
cp -r "$1" /home/lodger/.ssh
chown -R lodger:lodger /home/lodger/.ssh"""


@pytest.fixture
def machine(server: Server, tmp_path: Path) -> Iterator[SSHMachine]:
    with reached(server, tmp_path) as machine:
        yield machine


@pytest.fixture
def lodger(server: Server, machine: SSHMachine, tmp_path: Path) -> Iterator[SSHMachine]:
    """The same server as a user who may do nothing special."""
    home = machine.sh('echo "$HOME"').text
    made = machine.sh(RENT_A_USER, f"{home}/.ssh", root=True)
    assert made.code == 0, made.err
    with reached(server, tmp_path, "lodger") as machine_of_plain:
        yield machine_of_plain
    machine.sh("pkill -u lodger; userdel -rf lodger", root=True)


def alive(machine: SSHMachine, pid: str) -> bool:
    return machine.sh('[ -e "/proc/$1" ]', pid, root=True).code == 0


def test_a_user_with_sudo_runs_scripts_and_programs_as_root_and_as_themselves(machine: SSHMachine) -> None:
    assert machine.sh("id -un").text == machine.endpoint.user
    assert machine.sh("id -un; cat", root=True, stdin=b"a\0b") == Answer(0, b"root\na\0b", "")
    assert next(machine.lines(["id", "-un"], CancelToken(), root=True)) == ("stdout", "root")
    assert next(machine.lines(["id", "-un"], CancelToken())) == ("stdout", machine.endpoint.user)


def test_a_program_of_root_ends_when_it_is_cancelled_by_a_user(machine: SSHMachine) -> None:
    cancel = CancelToken()
    work = machine.lines(["sh", "-c", "echo $$; sleep 600 & echo $!; wait"], cancel, root=True)
    pids = [next(work)[1], next(work)[1]]
    assert [alive(machine, pid) for pid in pids] == [True, True]
    cancel.set()

    with pytest.raises(CancelledError):
        next(work)
    wait_until(lambda: not any(alive(machine, pid) for pid in pids), "the programs have ended")


def test_sudo_in_a_terminal_of_its_own_changes_nothing(machine: SSHMachine) -> None:
    content = bytes(range(256)) * 20
    machine.sh("echo 'Defaults use_pty' >/etc/sudoers.d/zz_test", root=True)
    machine.close()
    try:
        assert machine.sh("cat", root=True, stdin=content) == Answer(0, content, "")
        work = machine.lines(["sh", "-c", "echo $$; sleep 600"], CancelToken(), root=True)
        pid = next(work)[1]
        work.close()
        wait_until(lambda: not alive(machine, pid), "the program has ended")
    finally:
        machine.sh("rm /etc/sudoers.d/zz_test", root=True)


def test_a_user_without_sudo_is_told_what_to_allow(lodger: SSHMachine) -> None:
    for act in (
        lambda: lodger.sh("true", root=True),
        lambda: next(lodger.lines(["true"], CancelToken(), root=True)),
        lambda: lodger.pipe(["cat"], root=True),
    ):
        with pytest.raises(TargetError) as caught:
            act()
        assert "does not let 'lodger' become root" in caught.value.what
        assert "password" in caught.value.why.lower()
        assert "NOPASSWD" in caught.value.hint
    assert lodger.sh("id -un").text == "lodger"


def test_a_user_outside_the_docker_group_is_told_who_owns_the_socket(lodger: SSHMachine) -> None:
    with pytest.raises(TargetError) as caught:
        lodger.dial(SOCKET)

    assert caught.value.why == "'lodger' may not write to it (srw-rw---- root docker)."
    assert "usermod -aG docker lodger" in caught.value.hint


@pytest.mark.parametrize("way", ["socket", "pipe", "pipe as root"])
def test_docker_is_reached_by_its_socket_and_through_a_program(machine: SSHMachine, way: str) -> None:
    argv = ["docker", "system", "dial-stdio"]
    stream = machine.dial(SOCKET) if way == "socket" else machine.pipe(argv, root=way == "pipe as root")
    stream.settimeout(20)
    stream.sendall(PING)

    answer = b""
    while not answer.endswith(b"OK"):
        came = stream.recv(4096)
        assert came, answer
        answer += came
    stream.close()


def test_sixty_streams_to_docker_at_once_need_no_more_sessions(machine: SSHMachine) -> None:
    streams = [machine.dial(SOCKET) for _ in range(60)]
    for stream in streams:
        stream.settimeout(20)
        stream.sendall(PING)

    assert {stream.recv(15) for stream in streams} == {b"HTTP/1.0 200 OK"}
    for stream in streams:
        stream.close()
