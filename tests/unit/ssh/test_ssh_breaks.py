"""Servers that are not there, are not who they were, or go away in the middle. Every failure is in words."""

import base64
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from loopback import free_port
from own_sshd import OwnSshd, Relay, StartSshd, make_key
from waiting import wait_until

from webduh_console.errors import WebduhError
from webduh_console.model.target import CancelToken
from webduh_console.transport.process import start_time
from webduh_console.transport.ssh.address import Endpoint, Patience
from webduh_console.transport.ssh.hostkeys import HostKeys
from webduh_console.transport.ssh.machine import SSHMachine
from webduh_console.transport.ssh.words import HostKeyError

SHORT = Patience(connect=1.0, silence=0.5)


def error_of(act: Callable[[], object]) -> WebduhError:
    with pytest.raises(WebduhError) as caught:
        act()
    assert all((caught.value.what, caught.value.why, caught.value.kept, caught.value.hint))
    assert "paramiko" not in str(caught.value)
    assert "Traceback" not in str(caught.value)
    return caught.value


@pytest.fixture
def behind(sshd: OwnSshd, relay: Relay) -> Iterator[SSHMachine]:
    """The server through a relay, with little patience."""
    with sshd.machine(SHORT, port=relay.port) as machine:
        yield machine


def test_an_unknown_host_key_is_shown_and_nothing_is_stored(sshd: OwnSshd, tmp_path: Path) -> None:
    with SSHMachine("prod", sshd.endpoint(), HostKeys(tmp_path / "known", ())) as machine:
        error = error_of(lambda: machine.sh("true"))
        shown = machine.presented()

    assert isinstance(error, HostKeyError)
    assert (error.kind, error.fingerprint) == (shown.kind, shown.fingerprint)
    assert f"--accept-host-key {shown.fingerprint}" in error.hint
    assert not shown.known
    assert not (tmp_path / "known").exists()


def test_a_fingerprint_that_is_accepted_is_known_from_then_on(sshd: OwnSshd, tmp_path: Path) -> None:
    with SSHMachine("prod", sshd.endpoint(), HostKeys(tmp_path / "known", ())) as machine:
        wrong = error_of(lambda: machine.accept("SHA256:wrong"))
        assert isinstance(wrong, HostKeyError)
        assert not (tmp_path / "known").exists()
        machine.accept(wrong.fingerprint)

        assert machine.presented().known
        assert machine.sh("echo on").text == "on"
        assert isinstance(error_of(lambda: machine.accept("SHA256:wrong")), HostKeyError)


def test_a_changed_host_key_is_refused_whatever_is_accepted(start_sshd: StartSshd, tmp_path: Path) -> None:
    own = start_sshd()
    old = make_key(tmp_path / "old").with_suffix(".pub").read_text().split()[1]
    known = tmp_path / "known"
    known.write_text(f"[127.0.0.1]:{own.port} ssh-ed25519 {old}\n")
    assert base64.b64decode(old)
    with SSHMachine("prod", own.endpoint(), HostKeys(tmp_path / "ours", (known,))) as machine:
        for act in (lambda: machine.sh("true"), machine.presented, lambda: machine.accept("new")):
            error = error_of(act)
            assert "has changed" in error.what
            assert f"{known}, line 1" in error.why
    assert not (tmp_path / "ours").exists()


def test_a_server_with_several_host_keys_shows_the_one_that_is_known(start_sshd: StartSshd, tmp_path: Path) -> None:
    own = start_sshd(kinds=("ed25519", "rsa", "ecdsa"))
    kind, key = (own.folder / "host_rsa.pub").read_text().split()[:2]
    known = tmp_path / "known"
    known.write_text(f"[127.0.0.1]:{own.port} {kind} {key}\n")
    with SSHMachine("prod", own.endpoint(), HostKeys(tmp_path / "ours", (known,))) as machine:
        assert machine.sh("echo on").text == "on"


def test_the_host_keys_on_the_way_are_checked_too(sshd: OwnSshd, start_sshd: StartSshd, tmp_path: Path) -> None:
    inner = start_sshd()
    endpoint = inner.endpoint(jumps=(sshd.endpoint(),))
    with SSHMachine("prod", endpoint, HostKeys(tmp_path / "known", ())) as machine:
        assert f"127.0.0.1:{sshd.port}), on the way to prod" in error_of(lambda: machine.sh("true")).what
        machine.accept("new")
        assert machine.sh("echo on").text == "on"


@pytest.mark.parametrize(
    ("host", "why"), [("127.0.0.1", "Nothing listens"), ("no-such-host.invalid", "is not known"), ("a..b", "not known")]
)
def test_a_server_that_is_not_there_says_why(host: str, why: str, tmp_path: Path) -> None:
    endpoint = Endpoint(host, free_port(), "root", (), (), "words")
    with SSHMachine("prod", endpoint, HostKeys(tmp_path / "known", ()), SHORT) as machine:
        error = error_of(lambda: machine.sh("true"))

    assert f"prod ({endpoint.where})" in error.what
    assert why in error.why


@pytest.mark.parametrize(
    ("says", "why"),
    [
        (b"", "said nothing within 1 s"),
        (b"SSH-2.0-", "said nothing within 1 s"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n" * 200, "not an SSH server"),
        (b"\xff\xfe\0" * 1000 + b"\n", "not an SSH server"),
        (b"SSH-1.0-old\r\n", "Incompatible"),
        (None, "ended the connection"),
    ],
    ids=["nothing", "half a banner", "http", "noise", "old", "end"],
)
def test_something_else_that_listens_there_says_so(says: bytes | None, why: str, tmp_path: Path) -> None:
    ends: list[socket.socket] = []

    def answer(listener: socket.socket) -> None:
        while True:
            try:
                end, _ = listener.accept()
            except OSError:
                return
            if says is None:
                end.close()
            else:
                ends.append(end)
                end.sendall(says)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=answer, args=(listener,), daemon=True).start()
        endpoint = Endpoint("127.0.0.1", listener.getsockname()[1], "root", (), (), "words")
        with SSHMachine("prod", endpoint, HostKeys(tmp_path / "known", ()), SHORT) as machine:
            error = error_of(lambda: machine.sh("true"))
        listener.shutdown(socket.SHUT_RDWR)
    for end in ends:
        end.close()

    assert why in error.why


def test_a_server_that_said_nothing_is_not_waited_for_again_at_once(tmp_path: Path) -> None:
    came: list[socket.socket] = []

    def silent(listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                came.append(listener.accept()[0])

    def asked(machine: SSHMachine) -> int:
        error_of(lambda: machine.sh("true"))
        return len(came)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=silent, args=(listener,), daemon=True).start()
        endpoint = Endpoint("127.0.0.1", listener.getsockname()[1], "root", (), (), "words")
        patience = Patience(connect=2.5, silence=0.5)
        with SSHMachine("prod", endpoint, HostKeys(tmp_path / "known", ()), patience) as machine:
            assert [asked(machine) for _ in range(3)] == [1, 1, 1]
            wait_until(lambda: asked(machine) == 2, "it is dialled again a moment later")
        listener.shutdown(socket.SHUT_RDWR)
    for end in came:
        end.close()


def test_a_wrong_user_is_named_with_the_keys_that_were_tried(sshd: OwnSshd) -> None:
    with sshd.machine(user="nobody-here") as machine:
        error = error_of(lambda: machine.sh("true"))

    assert "does not let 'nobody-here' in" in error.what
    assert f"{sshd.key}: refused" in error.why


@pytest.mark.parametrize("trouble", ["mode", "nonsense", "none", "public"])
def test_a_key_that_cannot_be_used_is_named_with_the_reason(
    trouble: str, sshd: OwnSshd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    key = make_key(tmp_path / "key")
    if trouble == "mode":
        key.chmod(0o644)
    elif trouble == "nonsense":
        key.write_bytes(os.urandom(500))
    elif trouble == "public":
        key.write_bytes((tmp_path / "key.pub").read_bytes())
    identities = () if trouble == "none" else (str(key),)
    with sshd.machine(identities=identities) as machine:
        error = error_of(lambda: machine.sh("true"))

    expected = {"mode": f"chmod 600 {key}", "none": "There is no key to enter with"}
    assert expected.get(trouble, "not a private key") in error.why


def test_a_server_that_takes_passwords_only_says_so(start_sshd: StartSshd) -> None:
    own = start_sshd("PubkeyAuthentication no", "PasswordAuthentication yes")
    with own.machine() as machine:
        assert "It takes no keys, only password" in error_of(lambda: machine.sh("true")).why


def test_a_connection_that_is_cut_is_made_anew(behind: SSHMachine, relay: Relay) -> None:
    assert behind.sh("echo on").text == "on"
    relay.cut()

    wait_until(lambda: not behind.alive, "the break is seen")
    assert behind.sh("echo on").text == "on"


def test_a_script_under_way_hears_that_the_connection_was_cut(behind: SSHMachine, relay: Relay, tmp_path: Path) -> None:
    errors: list[WebduhError] = []
    script = 'touch "$1"; sleep 30'
    caller = threading.Thread(
        target=lambda: errors.append(error_of(lambda: behind.sh(script, str(tmp_path / "begun"))))
    )
    caller.start()
    wait_until((tmp_path / "begun").exists, "the script runs")
    relay.cut()
    caller.join(5)

    assert [error.what for error in errors] == [
        f"The connection to the server prod (127.0.0.1:{relay.port}) was lost while running a script."
    ]


def test_a_program_under_way_hears_it_and_is_ended_there(behind: SSHMachine, relay: Relay) -> None:
    work = behind.lines(["sh", "-c", "echo $$; sleep 600"], CancelToken())
    pid = int(next(work)[1])
    relay.cut()

    assert "was lost while running sh" in error_of(lambda: next(work)).what
    wait_until(lambda: start_time(pid) == 0, "the program has ended")


@pytest.mark.parametrize("writing", [False, True])
def test_a_server_that_falls_silent_is_lost_within_a_time(behind: SSHMachine, relay: Relay, writing: bool) -> None:
    endless = (bytes(65_536) for _ in range(1_000_000)) if writing else None
    work = behind.lines(["sh", "-c", "echo on; cat >/dev/null; sleep 600"], CancelToken(), stdin=endless)
    assert next(work) == ("stdout", "on")
    began = time.monotonic()
    relay.hold()

    error = error_of(lambda: next(work))
    assert "was lost" in error.what
    assert "nothing was heard" in error.why.lower()
    assert time.monotonic() - began < 8
    relay.flow()
    assert behind.sh("echo on").text == "on"


def test_a_server_that_is_quiet_but_lives_is_not_lost(behind: SSHMachine, tmp_path: Path) -> None:
    began = time.monotonic()

    assert (
        behind.sh('while [ ! -e "$1" ]; do sleep 0.1; n=$((n + 1)); [ $n -lt 30 ] || exit 0; done', "/none").code == 0
    )
    assert time.monotonic() - began > 4 * SHORT.silence


def test_a_stream_does_not_take_a_cut_for_an_end(behind: SSHMachine, relay: Relay, sshd: OwnSshd) -> None:
    stream = behind.connect("127.0.0.1", sshd.port)
    assert stream.recv(4) == b"SSH-"
    relay.cut()

    with pytest.raises(ConnectionError):
        list(iter(lambda: stream.recv(1000), b""))


def test_a_server_that_starts_again_is_found_again(start_sshd: StartSshd) -> None:
    own = start_sshd()
    with own.machine() as machine:
        assert machine.sh("echo on").text == "on"
        own.stop()
        again = threading.Timer(0.5, own.start)
        again.start()
        wait_until(lambda: not machine.alive, "the break is seen")

        assert machine.sh("echo on").text == "on"
        again.join()


def test_a_server_that_stays_away_is_said_to_all_who_wait_at_the_same_time(start_sshd: StartSshd) -> None:
    own = start_sshd()
    with own.machine(Patience(connect=3.0)) as machine:
        machine.sh("true")
        own.stop()
        wait_until(lambda: not machine.alive, "the break is seen")
        began, errors = time.monotonic(), list[WebduhError]()
        callers = [
            threading.Thread(target=lambda: errors.append(error_of(lambda: machine.sh("true")))) for _ in range(20)
        ]
        for caller in callers:
            caller.start()
        for caller in callers:
            caller.join()

    assert {error.why for error in errors} == {f"Nothing listens on port {own.port} there."}
    assert len(errors) == 20
    assert time.monotonic() - began < 20, "they wait together, not one after the other"
