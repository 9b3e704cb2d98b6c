"""Host keys: known, unknown, changed, revoked."""

import base64
import subprocess
from pathlib import Path

import pytest

from webduh_console.transport.ssh.hostkeys import HostKeys, fingerprint
from webduh_console.transport.ssh.words import HostKeyError

ONE, TWO, RSA = b"key one", b"key two", b"an rsa key"


def line(names: str, key: bytes = ONE, kind: str = "ssh-ed25519") -> str:
    return f"{names} {kind} {base64.b64encode(key).decode()} a comment\n"


def keys(tmp_path: Path, theirs: str = "") -> HostKeys:
    (tmp_path / "known_hosts").write_text(theirs)
    return HostKeys(tmp_path / "ours", [tmp_path / "known_hosts", tmp_path / "missing"])


def checked(known: HostKeys, name: str = "host", key: bytes = ONE, kind: str = "ssh-ed25519") -> bool:
    return known.check(name, kind, key, "prod (host:22)")


@pytest.mark.parametrize(
    ("names", "name", "known"),
    [
        ("host", "host", True),
        ("HOST", "host", True),
        ("other,host", "host", True),
        ("other", "host", False),
        ("[host]:2222", "[host]:2222", True),
        ("host", "[host]:2222", False),
        ("*.example.com", "a.example.com", True),
        ("*.example.com,!b.example.com", "b.example.com", False),
        ("*.example.com,!b.example.com", "a.example.com", True),
        ("10.0.0.?", "10.0.0.5", True),
        ("[*.example.com]:22??", "[a.example.com]:2222", True),
        ("|1|nonsense", "host", False),
        ("|1|a|b", "host", False),
    ],
)
def test_a_key_is_known_for_the_hosts_its_line_names(names: str, name: str, known: bool, tmp_path: Path) -> None:
    assert checked(keys(tmp_path, line(names)), name) is known


def test_hashed_names_are_known(tmp_path: Path) -> None:
    known = keys(tmp_path, line("host") + line("[host]:2222"))
    subprocess.run(["ssh-keygen", "-q", "-H", "-f", tmp_path / "known_hosts"], capture_output=True, check=False)
    assert "host " not in (tmp_path / "known_hosts").read_text()

    assert checked(known, "host")
    assert checked(known, "[host]:2222")
    assert not checked(known, "other")


def test_a_changed_key_names_the_file_and_the_line_of_the_old_one_and_overwrites_nothing(tmp_path: Path) -> None:
    text = "# a comment\n\nnonsense\n" + line("host", RSA, "ssh-rsa") + line("host", TWO)
    known = keys(tmp_path, text)

    with pytest.raises(HostKeyError) as caught:
        checked(known)

    assert f"{tmp_path}/known_hosts, line 5" in caught.value.why
    assert caught.value.fingerprint == fingerprint(ONE)
    assert "ssh-keygen -R 'host'" in caught.value.hint
    assert (tmp_path / "known_hosts").read_text() == text


def test_a_host_known_by_another_kind_of_key_only_has_changed(tmp_path: Path) -> None:
    with pytest.raises(HostKeyError, match="has changed"):
        checked(keys(tmp_path, line("host", RSA, "ssh-rsa")))


def test_a_host_may_have_several_keys(tmp_path: Path) -> None:
    assert checked(keys(tmp_path, line("host", TWO) + line("host", RSA, "ssh-rsa") + line("host", ONE)))


def test_a_revoked_key_is_refused(tmp_path: Path) -> None:
    with pytest.raises(HostKeyError, match="revoked"):
        checked(keys(tmp_path, "@revoked " + line("*", ONE) + line("host", ONE)))


def test_a_certificate_authority_vouches_for_no_key_here(tmp_path: Path) -> None:
    assert not checked(keys(tmp_path, "@cert-authority " + line("*", ONE)))


def test_a_key_that_is_added_is_known_from_then_on_and_stands_in_our_file_once(tmp_path: Path) -> None:
    known = keys(tmp_path)
    for _ in range(2):
        known.add("[host]:2222", "ssh-ed25519", ONE)

    assert checked(known, "[host]:2222")
    assert (tmp_path / "ours").read_text() == f"[host]:2222 ssh-ed25519 {base64.b64encode(ONE).decode()}\n"
    assert (tmp_path / "ours").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "known_hosts").read_text() == ""


def test_what_is_no_text_in_a_file_of_known_hosts_is_passed_over(tmp_path: Path) -> None:
    known = keys(tmp_path)
    (tmp_path / "known_hosts").write_bytes(b"\xff\xfe\0\n\n  \n@revoked\nhost ssh-rsa ###\n" + line("host").encode())

    assert checked(known)


def test_a_fingerprint_is_the_one_that_ssh_keygen_prints(tmp_path: Path) -> None:
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / "k"], check=True)
    blob = base64.b64decode((tmp_path / "k.pub").read_text().split()[1])
    said = subprocess.run(["ssh-keygen", "-lf", tmp_path / "k.pub"], capture_output=True, text=True, check=True)

    assert fingerprint(blob) == said.stdout.split()[1]
