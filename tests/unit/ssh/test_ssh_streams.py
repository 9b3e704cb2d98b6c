"""Streams to sockets and ports of a server over SSH, and ports of this machine that lead there; the sshd is real."""

import os
import socket
import threading
from pathlib import Path
from typing import Any

import pytest
from own_sshd import OwnSshd, StartSshd

from webduh_console.errors import TargetError
from webduh_console.transport.machine import Answer
from webduh_console.transport.ssh.machine import SSHMachine


def test_a_stream_leads_to_a_unix_socket(machine: SSHMachine, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "s"))
        listener.listen()
        stream = machine.dial(str(tmp_path / "s"))
        there, _ = listener.accept()
        with there:
            stream.sendall(b"hello")
            assert there.recv(10) == b"hello"
            there.sendall(b"you")
            there.shutdown(socket.SHUT_WR)
            assert (stream.recv(10), stream.recv(10)) == (b"you", b"")
        stream.close()


def test_a_socket_that_cannot_be_reached_says_why(machine: SSHMachine, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(tmp_path / "silent"))

        whys = {}
        for name in ("file", "silent", "missing", "missing/docker.sock"):
            with pytest.raises(TargetError) as caught:
                machine.dial(str(tmp_path / name))
            whys[name] = caught.value.why

    assert whys == {
        "file": "That is not a socket.",
        "silent": "Nothing answers there.",
        "missing": "There is no such socket.",
        "missing/docker.sock": "There is no such socket.",
    }


def test_a_socket_on_which_somebody_begins_to_listen_meanwhile_is_reached(sshd: OwnSshd, tmp_path: Path) -> None:
    """As Docker's when it is restarted just then; it is not the SSH server that forbids it."""
    with socket.socket(socket.AF_UNIX) as late:
        late.bind(str(tmp_path / "s"))

        class Meanwhile(SSHMachine):
            def sh(self, *words: Any, **options: Any) -> Answer:
                late.listen()
                return super().sh(*words, **options)

        with Meanwhile("prod", sshd.endpoint(), sshd.host_keys()) as machine:
            machine.accept("new")
            machine.dial(str(tmp_path / "s")).close()


def test_a_server_that_forbids_streams_says_by_which_option_and_a_pipe_is_the_way(start_sshd: StartSshd) -> None:
    own = start_sshd("AllowStreamLocalForwarding no", "AllowTcpForwarding no")
    with own.machine() as machine:
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(own.folder / "s"))
            listener.listen()
            with pytest.raises(TargetError, match="AllowStreamLocalForwarding"):
                machine.dial(str(own.folder / "s"))
        with pytest.raises(TargetError, match="AllowTcpForwarding"):
            machine.connect("127.0.0.1", own.port)

        pipe = machine.pipe(["cat"])
        pipe.sendall(b"a\0b")
        assert pipe.recv(10) == b"a\0b"
        pipe.close()


def test_a_stream_leads_to_a_port(machine: SSHMachine, sshd: OwnSshd) -> None:
    stream = machine.connect("127.0.0.1", sshd.port)

    assert stream.recv(4) == b"SSH-"
    stream.close()


def test_a_port_that_nobody_listens_on_refuses(machine: SSHMachine) -> None:
    with pytest.raises(ConnectionRefusedError):
        machine.connect("127.0.0.1", 1)


def test_a_port_that_does_not_answer_is_given_up(machine: SSHMachine) -> None:
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        waiting = [socket.socket() for _ in range(4)]
        for each in waiting:
            each.setblocking(False)
            each.connect_ex(full.getsockname())

        with pytest.raises(TimeoutError):
            machine.connect("127.0.0.1", full.getsockname()[1], timeout=0.3)

        for each in waiting:
            each.close()
    assert machine.sh("echo on").text == "on"


def test_a_port_of_this_machine_leads_to_one_there_until_it_is_closed(machine: SSHMachine, sshd: OwnSshd) -> None:
    tunnel = machine.forward(0, "127.0.0.1", sshd.port)
    with socket.create_connection(("127.0.0.1", tunnel.port), 5) as one:
        assert one.recv(4) == b"SSH-"
        tunnel.close()
        one.settimeout(5)
        assert one.recv(1000)[-1:] in (b"", b"\n")
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", tunnel.port), 5)


def test_a_port_of_this_machine_leads_to_a_socket_there(machine: SSHMachine, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "s"))
        listener.listen()
        tunnel = machine.forward(0, str(tmp_path / "s"))
        with tunnel, socket.create_connection(("127.0.0.1", tunnel.port), 5) as here:
            there, _ = listener.accept()
            with there:
                content = os.urandom(1_000_000)
                sender = threading.Thread(target=lambda: (here.sendall(content), here.shutdown(socket.SHUT_WR)))
                sender.start()
                got = b"".join(iter(lambda: there.recv(65_536), b""))
                sender.join()
                there.sendall(b"thanks")
            assert (got, here.recv(10)) == (content, b"thanks")


def test_a_port_that_is_taken_here_is_named(machine: SSHMachine, sshd: OwnSshd) -> None:
    with pytest.raises(TargetError, match=f"Port {sshd.port} of this machine"):
        machine.forward(sshd.port, "127.0.0.1", 1)
