"""A server over SSH, asked in every way; the server is a real sshd on this machine."""

import os
import random
import resource
import subprocess
import sys
import threading
from collections.abc import Generator, Iterator
from pathlib import Path

import psutil
import pytest
from own_sshd import OwnSshd, StartSshd, make_key
from waiting import wait_until

from webduh_console.errors import CancelledError, TargetError
from webduh_console.model.target import CancelToken
from webduh_console.transport.machine import Answer, Machine
from webduh_console.transport.process import Line, start_time
from webduh_console.transport.ssh.machine import SSHMachine


def ran(work: Generator[Line, None, int]) -> tuple[list[Line], int]:
    lines = []
    while True:
        try:
            lines.append(next(work))
        except StopIteration as stop:
            return lines, stop.value


def test_it_is_a_machine(machine: SSHMachine) -> None:
    promised: Machine = machine

    assert promised.sh("echo $(id -u)").text == "0"


def test_scripts_run_in_one_shell_and_errors_stay_apart(machine: SSHMachine) -> None:
    assert machine.sh('echo "$1"; echo bad >&2; exit 3', "a 'b'\n") == Answer(3, b"a 'b'\n\n", "bad\n")
    assert machine.sh("echo $PPID").text == machine.sh("echo $PPID").text


def test_forty_threads_of_fifty_scripts_each_get_their_own_answers(machine: SSHMachine) -> None:
    wrong: list[Answer] = []

    def ask(thread: int) -> None:
        for number in range(50):
            answer = machine.sh('printf "%s" "$1"; cat; exit 7', f"{thread}/{number} ", stdin=b"%d" % number)
            if answer != Answer(7, f"{thread}/{number} {number}".encode(), ""):
                wrong.append(answer)

    threads = [threading.Thread(target=ask, args=(thread,)) for thread in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert wrong == []


@pytest.mark.parametrize("size", [0, 1, 5000, 262_144, 262_145, 3_000_000])
def test_input_and_output_of_a_script_are_any_bytes_of_any_size(machine: SSHMachine, size: int) -> None:
    content = random.Random(size).randbytes(size)

    assert machine.sh("cat", stdin=content) == Answer(0, content, "")


@pytest.mark.parametrize("size", [0, 300_000])
def test_a_script_that_takes_too_long_is_ended_there(machine: SSHMachine, size: int, tmp_path: Path) -> None:
    with pytest.raises(TargetError, match="took longer than 2 s"):
        machine.sh('sleep 600 & echo $! >"$1"; wait', str(tmp_path / "pid"), stdin=bytes(size), timeout=2)

    pid = int((tmp_path / "pid").read_text())
    wait_until(lambda: start_time(pid) == 0, "the script's program has ended")
    assert machine.sh("echo on").text == "on"


def test_a_long_script_holds_up_no_short_one(machine: SSHMachine, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    long = threading.Thread(target=lambda: machine.sh('cat "$1"', str(gate)))
    long.start()

    assert machine.sh("echo short").text == "short"
    gate.write_text("go")
    long.join()


@pytest.mark.parametrize(
    ("script", "lines", "code"),
    [
        ("true", [], 0),
        ("exit 3", [], 3),
        ("kill -9 $$", [], -9),
        ("kill -TERM $$", [], -15),
        ("echo a; echo b", [("stdout", "a"), ("stdout", "b")], 0),
        ("echo a >&2; exit 1", [("stderr", "a")], 1),
        ("printf 'no end'", [("stdout", "no end")], 0),
        ("printf 'a\\r\\nb\\n'", [("stdout", "a"), ("stdout", "b")], 0),
        ("printf '10%%\\r20%%\\n'", [("stdout", "10%"), ("stdout", "20%")], 0),
        ("printf '\\377ok\\n'", [("stdout", "\ufffdok")], 0),
        ("printf 'p\\303\\244ss\\n'", [("stdout", "päss")], 0),
        ("printf '\\n\\n'", [("stdout", ""), ("stdout", "")], 0),
        ("printf 'a\\0b\\n'", [("stdout", "a\0b")], 0),
        ("cat", [], 0),
    ],
)
def test_what_a_program_writes_and_how_it_ends(machine: SSHMachine, script: str, lines: list[Line], code: int) -> None:
    assert ran(machine.lines(["sh", "-c", script], CancelToken())) == (lines, code)


def test_a_program_that_is_not_there_says_so(machine: SSHMachine) -> None:
    lines, code = ran(machine.lines(["no-such-program"], CancelToken()))

    assert code == 127
    assert "no-such-program" in lines[0][1]


def test_the_words_of_a_program_arrive_as_they_are(machine: SSHMachine) -> None:
    words = ["", "a b", "'", '"$x`', "päß", "\udcff", "\\n", "*", "~"]
    lines, _ = ran(machine.lines(["printf", "%s|", *words], CancelToken()))

    assert lines == [("stdout", "|".join(words).replace("\udcff", "\ufffd") + "|")]


def test_a_line_of_a_megabyte_comes_in_pieces_and_whole(machine: SSHMachine) -> None:
    lines, code = ran(
        machine.lines(["sh", "-c", "head -c 1000000 /dev/zero | tr '\\0' x; echo; echo end"], CancelToken())
    )

    assert code == 0
    assert lines[-1] == ("stdout", "end")
    assert "".join(text for _, text in lines[:-1]) == "x" * 1_000_000
    assert max(len(text) for _, text in lines) <= 16_384


def test_a_hundred_mebibytes_of_input_are_streamed_in_constant_memory(machine: SSHMachine) -> None:
    piece = os.urandom(65_536)
    machine.sh("true")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    lines, code = ran(machine.lines(["wc", "-c"], CancelToken(), stdin=(piece for _ in range(1600))))

    assert (lines, code) == ([("stdout", "104857600")], 0)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20_000


def test_input_from_a_file_arrives_whole(machine: SSHMachine, tmp_path: Path) -> None:
    (tmp_path / "in").write_bytes(random.Random(1).randbytes(1_000_000))
    expected = subprocess.run(["sha256sum"], stdin=(tmp_path / "in").open("rb"), capture_output=True, check=True)
    with (tmp_path / "in").open("rb") as file:
        lines, _ = ran(machine.lines(["sha256sum"], CancelToken(), stdin=file))

    assert lines == [("stdout", expected.stdout.decode().strip())]


def test_a_program_may_leave_its_input_unread(machine: SSHMachine) -> None:
    endless = (bytes(65_536) for _ in range(10_000))

    assert ran(machine.lines(["sh", "-c", "head -c 3 | wc -c"], CancelToken(), stdin=endless)) == ([("stdout", "3")], 0)


def test_what_the_source_of_the_input_raises_is_raised_and_the_program_ended(
    machine: SSHMachine, tmp_path: Path
) -> None:
    def broken() -> Iterator[bytes]:
        yield b"x"
        wait_until(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text(), "the program runs")
        raise KeyError("the source")

    script = 'echo $$ >"$1"; cat; sleep 600'
    with pytest.raises(KeyError, match="the source"):
        ran(machine.lines(["sh", "-c", script, "x", str(tmp_path / "pid")], CancelToken(), stdin=broken()))

    pid = int((tmp_path / "pid").read_text())
    wait_until(lambda: start_time(pid) == 0, "the program has ended")


TREE = "sleep 600 & echo $!; sh -c 'sleep 600 & echo $!; wait' & wait"


def gone(pids: list[int]) -> None:
    """They have ended. A process that ends closes its output, which is what we see, a moment before it is no more."""
    wait_until(lambda: not any(start_time(pid) for pid in pids), "they have ended", limit=5)


def test_cancelling_ends_a_program_with_all_its_children(machine: SSHMachine) -> None:
    cancel = CancelToken()
    work = machine.lines(["sh", "-c", TREE], cancel)
    pids = [int(next(work)[1]), int(next(work)[1])]
    assert all(start_time(pid) for pid in pids)
    cancel.set()

    with pytest.raises(CancelledError):
        next(work)

    gone(pids)


def test_a_generator_that_is_closed_ends_its_program(machine: SSHMachine) -> None:
    work = machine.lines(["sh", "-c", TREE], CancelToken())
    pids = [int(next(work)[1]), int(next(work)[1])]
    work.close()

    gone(pids)


def test_a_program_that_will_not_end_is_killed_after_five_seconds(machine: SSHMachine) -> None:
    work = machine.lines(["sh", "-c", "trap '' TERM; echo $$; while :; do sleep 1; done"], CancelToken())
    pid = int(next(work)[1])
    work.close()

    wait_until(lambda: start_time(pid) == 0, "the program has been killed")


def test_what_a_program_leaves_behind_in_its_group_ends_with_it(machine: SSHMachine) -> None:
    lines, code = ran(machine.lines(["sh", "-c", "sleep 600 & echo $!"], CancelToken()))

    assert code == 0
    wait_until(lambda: start_time(int(lines[0][1])) == 0, "what was left behind has ended")


def test_a_killed_client_leaves_no_program_running(sshd: OwnSshd, machine: SSHMachine) -> None:
    code = """
import sys
from pathlib import Path
from typing import Any
from webduh_console.model.target import CancelToken
from webduh_console.transport.ssh.address import Endpoint
from webduh_console.transport.ssh.hostkeys import HostKeys
from webduh_console.transport.ssh.machine import SSHMachine
port, key, known, script = sys.argv[1:]
endpoint = Endpoint("127.0.0.1", int(port), "root", (key,), (), "", only=True)
machine = SSHMachine("prod", endpoint, HostKeys(Path(known), ()))
def endless():
    while True:
        yield bytes(65536)
for _, line in machine.lines(["sh", "-c", script], CancelToken(), stdin=endless()):
    print(line, flush=True)
"""
    words = [str(sshd.port), str(sshd.key), str(sshd.folder / "known_hosts"), TREE]
    client = subprocess.Popen([sys.executable, "-c", code, *words], stdout=subprocess.PIPE, text=True)
    assert client.stdout
    pids = [int(client.stdout.readline()), int(client.stdout.readline())]
    assert all(start_time(pid) for pid in pids)
    client.kill()
    client.wait()
    client.stdout.close()

    wait_until(lambda: not any(start_time(pid) for pid in pids), "the remote programs have ended")


def test_twenty_programs_run_at_once_on_as_many_connections_as_the_server_wants(machine: SSHMachine) -> None:
    works = [machine.lines(["sh", "-c", "echo on; cat"], CancelToken(), stdin=iter([b"x"])) for _ in range(20)]

    assert [next(work) for work in works] == [("stdout", "on")] * 20
    assert [ran(work) for work in works] == [([("stdout", "x")], 0)] * 20


def test_a_server_that_grants_two_sessions_a_connection_is_enough(start_sshd: StartSshd) -> None:
    with start_sshd("MaxSessions 2").machine() as machine:
        works = [machine.lines(["sh", "-c", "echo on; sleep 600"], CancelToken()) for _ in range(3)]

        assert [next(work) for work in works] == [("stdout", "on")] * 3
        assert machine.sh("echo on").text == "on"
        for work in works:
            work.close()


def test_a_closed_machine_leaves_no_thread_and_connects_anew(machine: SSHMachine) -> None:
    before = set(threading.enumerate())
    ran(machine.lines(["true"], CancelToken()))
    machine.sh("true")
    machine.close()

    wait_until(lambda: set(threading.enumerate()) <= before, "its threads have ended")
    assert machine.sh("echo on").text == "on"


@pytest.mark.parametrize("shell", ["/bin/dash", "/bin/bash", "/bin/cat", "/usr/sbin/nologin"])
def test_a_login_shell_that_talks_or_refuses_is_dealt_with(shell: str, start_sshd: StartSshd, tmp_path: Path) -> None:
    if shell in ("/bin/dash", "/bin/bash"):
        talking = tmp_path / "talking"
        talking.write_text(f'#!/bin/sh\necho welcome; echo hello >&2\nexec {shell} -c "$SSH_ORIGINAL_COMMAND"\n')
        talking.chmod(0o755)
        with start_sshd(f"ForceCommand {talking}").machine() as machine:
            assert machine.sh("echo on") == Answer(0, b"on\n", "")
            assert ran(machine.lines(["echo", "on"], CancelToken())) == ([("stdout", "on")], 0)
        return
    with start_sshd(f"ForceCommand {shell} </dev/null").machine() as machine:
        with pytest.raises(TargetError, match="gives 'root' no shell"):
            machine.sh("true")
        with pytest.raises(TargetError, match="gives 'root' no shell"):
            ran(machine.lines(["true"], CancelToken()))


def test_a_key_with_an_agent_and_one_with_a_passphrase(start_sshd: StartSshd, monkeypatch: pytest.MonkeyPatch) -> None:
    own = start_sshd()
    locked = make_key(own.folder / "id_locked", passphrase="sesame99")
    (own.folder / "authorized").write_bytes((own.folder / "id_locked.pub").read_bytes())
    (own.folder / "id_locked.pub").unlink()
    with own.machine(identities=(str(locked),)) as machine:
        with pytest.raises(TargetError) as caught:
            machine.sh("true")
        assert f"ssh-add {locked}" in caught.value.why

        agent = subprocess.Popen(["ssh-agent", "-D", "-a", str(own.folder / "agent")], stdout=subprocess.DEVNULL)
        try:
            wait_until((own.folder / "agent").exists, "the agent listens")
            monkeypatch.setenv("SSH_AUTH_SOCK", str(own.folder / "agent"))
            ask = own.folder / "ask"
            ask.write_text("#!/bin/sh\necho sesame99\n")
            ask.chmod(0o755)
            env = {**os.environ, "SSH_ASKPASS": str(ask), "SSH_ASKPASS_REQUIRE": "force"}
            subprocess.run(["ssh-add", str(locked)], env=env, capture_output=True, check=True, timeout=20)

            assert machine.sh("echo on").text == "on"
        finally:
            agent.kill()
            agent.wait()


@pytest.mark.parametrize("kind", ["rsa", "ecdsa", "ed25519"])
def test_every_usual_kind_of_key_and_of_host_key_works(kind: str, start_sshd: StartSshd) -> None:
    own = start_sshd(kinds=(kind,))
    key = make_key(own.folder / f"id_{kind}", kind)
    (own.folder / "authorized").write_bytes((own.folder / f"id_{kind}.pub").read_bytes())
    with own.machine(identities=(str(key),)) as machine:
        assert machine.sh("echo on").text == "on"


def test_a_server_behind_another_is_reached_through_it(sshd: OwnSshd, start_sshd: StartSshd) -> None:
    inner = start_sshd()
    with inner.machine(jumps=(sshd.endpoint(),)) as machine:
        assert machine.sh("echo $SSH_CONNECTION").text.split()[3] == str(inner.port)


def test_a_server_is_reached_through_a_program(sshd: OwnSshd) -> None:
    relay = (
        f"{sys.executable} -c '"
        "import os, socket, sys, threading\n"
        's = socket.create_connection(("127.0.0.1", int(sys.argv[1])))\n'
        "def up():\n"
        "    while b := os.read(0, 65536): s.sendall(b)\n"
        "    os._exit(0)\n"
        "threading.Thread(target=up, daemon=True).start()\n"
        "while b := s.recv(65536): os.write(1, b)\n"
        f"' {sshd.port}"
    )
    with sshd.machine(proxy=relay) as machine:
        assert machine.sh("echo on").text == "on"
        argvs = {each: each.as_dict(["cmdline"])["cmdline"] or [] for each in psutil.Process().children()}
        (program,) = (each for each, argv in argvs.items() if argv[-1:] == [str(sshd.port)])
    wait_until(lambda: not program.is_running() or program.status() == psutil.STATUS_ZOMBIE, "it ends with its use")
