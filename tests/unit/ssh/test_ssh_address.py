"""Addresses of servers as people write them, alone and with an SSH configuration."""

import getpass
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from webduh_console.errors import UsageError
from webduh_console.transport.ssh.address import Endpoint, Written, endpoint, parsed
from webduh_console.transport.ssh.configuration import Options, options, read

CONFIG = """
Include more/*.conf
Host short
  HostName long.example.com
  Port 2222
  User deploy
  IdentityFile {folder}/id_short
  IdentitiesOnly yes
  HostKeyAlias known-name
Host behind
  HostName 10.9.8.7
  ProxyJump gate,inner
Host gate
  HostName gate.example.com
  User jumper
  Port 2200
Host inner
  HostName inner.example.com
Host piped
  ProxyCommand nc %h %p # %r
Host round
  ProxyJump round2
Host round2
  ProxyJump round
Match host matched.example.com
  User from-match
Host *
  IdentityFile {folder}/id_all
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "a.conf").write_text("Host included\n  HostName included.example.com\n  User from-include\n")
    for name in ("id_short", "id_all", "id_given"):
        (tmp_path / name).write_text("")
    path = tmp_path / "config"
    path.write_text(CONFIG.format(folder=tmp_path).replace("more/", f"{tmp_path}/more/"))
    return path


@pytest.mark.parametrize(
    ("address", "written"),
    [
        ("prod", Written("prod")),
        ("10.0.0.5", Written("10.0.0.5")),
        ("deploy@10.0.0.5", Written("10.0.0.5", "deploy")),
        ("ssh://10.0.0.5", Written("10.0.0.5")),
        ("ssh://deploy@10.0.0.5:2222", Written("10.0.0.5", "deploy", 2222)),
        ("SSH://deploy@host/", Written("host", "deploy")),
        ("deploy@host:2222", Written("host", "deploy", 2222)),
        ("ssh://deploy@[2001:db8::1]:2222", Written("2001:db8::1", "deploy", 2222)),
        ("ssh://[::1]", Written("::1")),
        ("deploy@2001:db8::1", Written("2001:db8::1", "deploy")),
        ("fe80::1%eth0", Written("fe80::1%eth0")),
        ("ssh://my%20user@host", None),
        ("ssh://d%2Dploy@host", Written("host", "d-ploy")),
        ("  host  ", Written("host")),
        ("my_host.example.com", Written("my_host.example.com")),
        ("DOMAIN\\user@host", Written("host", "DOMAIN\\user")),
    ],
)
def test_an_address_has_a_host_a_user_and_a_port(address: str, written: Written | None) -> None:
    if written is None:
        with pytest.raises(UsageError):
            parsed(address)
    else:
        assert parsed(address) == written


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("", "no host"),
        ("ssh://", "no host"),
        ("user@", "no host"),
        ("http://host", "over SSH, not http"),
        ("ssh://host/path", "a path"),
        ("user@host/srv/app", "a path"),
        ("ssh://host?x=1", "a path"),
        ("ssh://host:0", "no port"),
        ("ssh://host:65536", "no port"),
        ("ssh://host:ssh", "no port"),
        ("ssh://host:", "no port"),
        ("ssh://host:²", "no port"),
        ("ssh://user@::1:22", "square brackets"),
        ("[::1", "Square brackets"),
        ("[host]:22", "Square brackets"),
        ("a:b:c", "more than one colon"),
        ("-oProxyCommand=x", "host's name"),
        ("user@-x", "host's name"),
        ("-l@host", "user's name"),
        ("@host", "user's name"),
        ("a b@host", "user's name"),
        ("ho st", "host's name"),
        ("host;reboot", "host's name"),
        ("host\nnext", "host's name"),
        ("hóst", "host's name"),
    ],
)
def test_a_wrong_address_says_which_part_is_wrong(address: str, why: str) -> None:
    with pytest.raises(UsageError) as caught:
        parsed(address)

    assert why in caught.value.why


@pytest.mark.parametrize(
    "address",
    ["ssh://deploy:sesame99@host", "deploy:sesame99@host", "ssh://:sesame99@host:22", "ssh://u:sesame99@host/p"],
)
def test_a_password_in_an_address_is_refused_and_never_repeated(address: str) -> None:
    with pytest.raises(UsageError) as caught:
        parsed(address)

    assert "sesame99" not in str(caught.value)


@pytest.mark.parametrize(
    ("host", "port", "alias", "name"),
    [
        ("Host.Example", 22, "", "host.example"),
        ("host", 2222, "", "[host]:2222"),
        ("::1", 22, "", "::1"),
        ("::1", 2222, "", "[::1]:2222"),
        ("host", 2222, "Alias", "alias"),
    ],
)
def test_a_host_key_is_known_by_the_name_that_openssh_gives_it(host: str, port: int, alias: str, name: str) -> None:
    assert Endpoint(host, port, "u", (), (), "", alias=alias).known_as == name


@pytest.mark.parametrize("way", [options, read])
def test_the_configuration_is_read_with_and_without_openssh(way: object, config: Path, tmp_path: Path) -> None:
    def said(host: str, **written: object) -> Options:
        return way(msgspec.structs.replace(Written(host), **written), config)  # type: ignore[operator]

    short = said("short")
    assert (short.host, short.port, short.user, short.only, short.alias) == (
        *("long.example.com", 2222, "deploy"),
        *(True, "known-name"),
    )
    assert short.identities == (f"{tmp_path}/id_short", f"{tmp_path}/id_all")
    assert said("short", user="me", port=23).user == "me"
    assert said("short", user="me", port=23).port == 23
    assert (said("included").host, said("included").user) == ("included.example.com", "from-include")
    assert said("behind").jumps == ("gate", "inner")
    assert said("matched.example.com").user == "from-match"
    assert said("piped", user="me").proxy.startswith("nc piped 22")


def test_an_alias_becomes_an_endpoint(config: Path, tmp_path: Path) -> None:
    assert endpoint("short", config=config) == Endpoint(
        "long.example.com",
        2222,
        "deploy",
        (f"{tmp_path}/id_short", f"{tmp_path}/id_all"),
        (),
        "short",
        only=True,
        alias="known-name",
    )


def test_jumps_come_in_their_order_each_with_what_is_configured_for_it(config: Path, tmp_path: Path) -> None:
    found = endpoint("ssh://me@behind", config=config)

    assert [(hop.user, hop.host, hop.port, hop.jumps) for hop in (*found.jumps, found)] == [
        ("jumper", "gate.example.com", 2200, ()),
        (getpass.getuser(), "inner.example.com", 22, ()),
        ("me", "10.9.8.7", 22, found.jumps),
    ]


def test_jumps_in_a_circle_are_named(config: Path) -> None:
    with pytest.raises(UsageError, match="has no end"):
        endpoint("round", config=config)


def test_a_given_identity_is_the_only_one(config: Path, tmp_path: Path) -> None:
    found = endpoint("included", tmp_path / "id_given", config)

    assert (found.identities, found.only) == ((f"{tmp_path}/id_given",), True)


def test_an_identity_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="id_none"):
        endpoint("host", tmp_path / "id_none")


def test_a_broken_configuration_is_named(tmp_path: Path) -> None:
    broken = tmp_path / "config"
    broken.write_text("Host x\n  Nonsense yes\n")

    with pytest.raises(UsageError) as caught:
        endpoint("host", config=broken)

    assert "line 2" in caught.value.why


def test_an_address_is_read_without_loading_an_ssh_client() -> None:
    code = "import sys, webduh_console.transport.ssh.address, webduh_console.transport.ssh.machine; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)

    assert not {"paramiko", "cryptography", "asyncio"} & set(done.stdout.split())
