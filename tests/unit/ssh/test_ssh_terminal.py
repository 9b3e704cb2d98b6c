"""A program of a server in a terminal here: a real pseudo-terminal, and pipes."""

import fcntl
import json
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
from collections.abc import Iterator
from pathlib import Path

import pytest
from own_sshd import OwnSshd, Relay
from waiting import wait_until

ATTENDING = Path(__file__).with_name("attending.py")


class Seat:
    """A terminal of 80 by 24 in which a program of a server runs."""

    def __init__(self, sshd: OwnSshd, port: int, argv: list[str]) -> None:
        with sshd.machine():
            self._ours, self._its = pty.openpty()
        self.resize(80, 24)
        self.before = termios.tcgetattr(self._its)
        self.shown = ""
        words = [sys.executable, str(ATTENDING), str(port), str(sshd.key), str(sshd.folder / "known_hosts")]
        self.process = subprocess.Popen(
            [*words, json.dumps(argv)], stdin=self._its, stdout=self._its, stderr=self._its, start_new_session=True
        )

    def resize(self, columns: int, lines: int) -> None:
        fcntl.ioctl(self._its, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def type(self, keys: bytes) -> None:
        os.write(self._ours, keys)

    def shows(self, text: str) -> bool:
        while select.select([self._ours], [], [], 0)[0]:
            self.shown += os.read(self._ours, 65_536).decode(errors="replace")
        return text in self.shown

    def wait_for(self, text: str) -> None:
        wait_until(lambda: self.shows(text), f"the terminal shows {text!r}: {self.shown!r}")

    @property
    def as_before(self) -> bool:
        return termios.tcgetattr(self._its) == self.before

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._ours)
        os.close(self._its)


@pytest.fixture
def seats(sshd: OwnSshd) -> Iterator[list[Seat]]:
    taken: list[Seat] = []
    yield taken
    for seat in taken:
        seat.close()


def seated(seats: list[Seat], sshd: OwnSshd, *argv: str, port: int = 0) -> Seat:
    seats.append(Seat(sshd, port or sshd.port, list(argv)))
    return seats[-1]


def test_a_program_gets_a_terminal_with_its_size_and_keys_and_its_exit_code_comes_back(
    seats: list[Seat], sshd: OwnSshd
) -> None:
    script = (
        'stty size; tty; stty raw -echo; printf "ready\\r\\n"; key=$(head -c 1 | od -An -tx1); echo "got$key"; exit 5'
    )
    seat = seated(seats, sshd, "sh", "-c", script)
    seat.wait_for("ready")
    assert "24 80" in seat.shown
    assert "/dev/pts/" in seat.shown
    assert not seat.as_before
    seat.type(b"\x03")

    seat.wait_for("got 03")
    assert seat.process.wait(10) == 5
    assert seat.as_before


def test_a_terminal_that_is_resized_is_resized_there(seats: list[Seat], sshd: OwnSshd) -> None:
    seat = seated(seats, sshd, "sh", "-c", "trap 'stty size; exit' WINCH; echo ready; while :; do sleep 0.1; done")
    seat.wait_for("ready")
    seat.resize(160, 48)

    seat.wait_for("48 160")
    assert seat.process.wait(10) == 0


def test_the_terminal_is_as_before_when_we_are_told_to_end(seats: list[Seat], sshd: OwnSshd) -> None:
    seat = seated(seats, sshd, "sh", "-c", "echo ready; sleep 600")
    seat.wait_for("ready")
    assert not seat.as_before
    seat.process.send_signal(signal.SIGTERM)

    assert seat.process.wait(10) == 128 + signal.SIGTERM
    assert seat.as_before


def test_the_terminal_is_as_before_when_the_connection_is_cut(seats: list[Seat], sshd: OwnSshd, relay: Relay) -> None:
    with sshd.machine(port=relay.port):
        seat = seated(seats, sshd, "sh", "-c", "echo ready; sleep 600", port=relay.port)
    seat.wait_for("ready")
    relay.cut()

    seat.wait_for("was lost while running sh")
    assert seat.process.wait(10) == 99
    assert seat.as_before


def test_a_program_that_is_killed_gives_the_signal(seats: list[Seat], sshd: OwnSshd) -> None:
    seat = seated(seats, sshd, "sh", "-c", "kill -9 $$")

    assert seat.process.wait(10) == 256 - 9


def test_without_a_terminal_bytes_are_passed_on_and_errors_stay_apart(sshd: OwnSshd) -> None:
    with sshd.machine():
        words = [sys.executable, str(ATTENDING), str(sshd.port), str(sshd.key), str(sshd.folder / "known_hosts")]
    content = os.urandom(3_000_000)
    script = "cat; test -t 0 || echo no terminal >&2; exit 4"
    done = subprocess.run(
        [*words, json.dumps(["sh", "-c", script])], input=content, capture_output=True, timeout=60, check=False
    )

    assert (done.returncode, done.stdout == content, done.stderr) == (4, True, b"no terminal\n")


def test_without_any_input_a_program_reads_an_end(sshd: OwnSshd) -> None:
    with sshd.machine():
        words = [sys.executable, str(ATTENDING), str(sshd.port), str(sshd.key), str(sshd.folder / "known_hosts")]
    done = subprocess.run(
        [*words, json.dumps(["cat"])], stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=False
    )

    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
