"""Repositories over ssh: the key that opens one, and the host that must be known."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from git_house import GitHouse, texts
from own_sshd import OwnSshd

from webduh_console.transport.git.address import origin
from webduh_console.transport.git.refusals import GitError
from webduh_console.transport.git.repository import Repository


@pytest.fixture
def house(tmp_path: Path) -> GitHouse:
    return GitHouse(tmp_path / "git")


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


@pytest.fixture
def sshd(tmp_path: Path) -> Iterator[OwnSshd]:
    daemon = OwnSshd(tmp_path / "sshd").start()
    yield daemon
    daemon.close()


def over_ssh(sshd: OwnSshd, house: GitHouse) -> str:
    return f"ssh://root@127.0.0.1:{sshd.port}{house.bare}"


def known(sshd: OwnSshd, tmp_path: Path, key: Path | None = None) -> Path:
    """A file of host keys (with a space in its name) that has sshd's, or another."""
    words = (key or sshd.folder / "host_ed25519.pub").read_text().split()[:2]
    file = tmp_path / "known hosts"
    file.write_text(f"[127.0.0.1]:{sshd.port} {' '.join(words)}\n")
    return file


def test_a_deploy_key_opens_a_repository_over_ssh(house: GitHouse, cache: Path, sshd: OwnSshd, tmp_path: Path) -> None:
    house.commit({"a": "1"})
    wanted = origin(over_ssh(sshd, house), key=str(sshd.key))

    assert texts(Repository(cache, wanted, known_hosts=known(sshd, tmp_path)).checkout()) == {"a": "1"}


def test_a_host_that_nobody_knows_is_not_trusted(house: GitHouse, cache: Path, sshd: OwnSshd, tmp_path: Path) -> None:
    house.commit({"a": "1"})
    url = over_ssh(sshd, house)
    with pytest.raises(GitError) as raised:
        Repository(cache, origin(url, key=str(sshd.key)), known_hosts=tmp_path / "none").checkout()

    assert raised.value.what == f"The host key of {url} is not known."
    assert f"`ssh -T -p {sshd.port} root@127.0.0.1`" in raised.value.hint


def test_a_host_key_that_changed_is_refused(house: GitHouse, cache: Path, sshd: OwnSshd, tmp_path: Path) -> None:
    house.commit({"a": "1"})
    url = over_ssh(sshd, house)
    other = known(sshd, tmp_path, sshd.folder / "id_user.pub")
    with pytest.raises(GitError) as raised:
        Repository(cache, origin(url, key=str(sshd.key)), known_hosts=other).checkout()
    assert raised.value.what == f"The host key of {url} has changed."


def test_a_key_that_opens_nothing_has_its_option_named(
    house: GitHouse, cache: Path, sshd: OwnSshd, tmp_path: Path
) -> None:
    house.commit({"a": "1"})
    wrong = sshd.folder / "host_ed25519"
    url = over_ssh(sshd, house)
    with pytest.raises(GitError) as raised:
        Repository(cache, origin(url, key=str(wrong)), known_hosts=known(sshd, tmp_path)).checkout()

    assert raised.value.what == f"{url} does not let us in."
    assert "--deploy-key" in raised.value.hint
