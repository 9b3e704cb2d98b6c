"""What is said about a server, judged from what its survey wrote."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from script_machine import ScriptMachine

from webduh_console.model.observe import Fact
from webduh_console.targets.server.checks import bad_files, docker_problem, judge, owner_of, server_facts
from webduh_console.targets.server.files import RootFolder
from webduh_console.targets.server.layout import Layout
from webduh_console.targets.server.survey import Found, read, survey, version

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
READY = f"""now={NOON.timestamp():.0f}.394676245
os.id=debian
os.version=13
os.name=Debian GNU/Linux 13 (trixie)
kernel=Linux 6.12.43+deb13-amd64
arch=x86_64
uid=1000
user=deploy
groups=deploy docker
home=/home/deploy
rights=sudo -n
init=systemd
packages=apt-get
memory.MemTotal=2014084
memory.MemAvailable=1496832
memory.SwapTotal=0
ipv6=1
docker.path=/usr/bin/docker
docker.client=Docker version 26.1.5+dfsg1, build a72d7cd
docker.as=deploy
docker.socket=660 root docker
docker.server=26.1.5+dfsg1 1.45
docker.driver=overlay2
docker.root=/var/lib/docker
docker.security=[name=seccomp,profile=builtin]
docker.arch=x86_64
docker.cgroup=2
docker.buildx=github.com/docker/buildx 0.13.1+ds1 0.13.1+ds1-3
container=webduh-traefik 0.0.0.0:80->80/tcp, :::80->80/tcp, 0.0.0.0:443->443/tcp, :::443->443/tcp
container=default--guest--production--web--3 8080/tcp
traefik.status=running
traefik.image=traefik:v3.7
traefik.root=/var/lib/webduh
traefik.config=0123456789abcdef
traefik.version=3.7.15
traefik.networks=webduh-0-edge webduh-p-default
edge=10.210.0.0/24
disk=/|/dev/vda1         40470732 8123456  30268660      22% /
inodes=/|/dev/vda1       2621440 223483 2397957    9% /
disk=/var/lib/docker|/dev/vda1         40470732 8123456  30268660      22% /
inodes=/var/lib/docker|/dev/vda1       2621440 223483 2397957    9% /
disk=/var/lib/webduh|/dev/vda1         40470732 8123456  30268660      22% /
inodes=/var/lib/webduh|/dev/vda1       2621440 223483 2397957    9% /
listen=80 812 docker-proxy
listen=443 831 docker-proxy
sshd.maxsessions=10
sshd.allowtcpforwarding=yes
sshd.allowstreamlocalforwarding=yes
root.mode=2770 root docker
root.writable=yes
root.mark={{"version":1,"created":"2026-11-23T11:00:00Z"}}
traefik.key=0f0f0f0f0f0f0f0f
root.group=994
files:
file _webduh.yml
: # Traefik's API, behind a key. Written by webduh: changes made by hand are lost.
: {{"http": {{"routers": {{}}}}}}
"""


def found(*changes: str, text: str = READY, later: float = 0.4) -> Found:
    """The survey of a server that is ready, but for these: `name=value` replaces, `-name` takes away."""
    head, _, tail = text.partition("\nfiles:")
    lines = head.splitlines()
    for change in changes:
        if change.startswith("\nfile "):
            tail += change
            continue
        name = change.removeprefix("-").partition("=")[0]
        lines = [line for line in lines if not line.startswith(f"{name}=")]
        lines += [] if change.startswith("-") else [change]
    asked = NOON + timedelta(seconds=later - 0.4)
    return read("\n".join(lines) + f"\nfiles:{tail}", asked, asked + timedelta(seconds=0.8))


def facts(*changes: str, **more: float) -> dict[str, Fact]:
    return {fact.name: fact for fact in judge("prod", found(*changes, **more))}  # type: ignore[arg-type]


def fact(name: str, *changes: str) -> Fact:
    return facts(*changes)[name]


def test_a_server_that_is_ready_is_this() -> None:
    assert [(one.name, one.value, one.ok, one.fix) for one in judge("prod", found())] == [
        (name, value, True, "")
        for name, value in (
            ("system", "Debian GNU/Linux 13 (trixie)"),
            ("architecture", "amd64"),
            ("kernel", "Linux 6.12.43+deb13-amd64"),
            ("user", "deploy, with sudo and no password"),
            ("memory", "1.9 GiB, 1.4 GiB free"),
            ("disk", "28.9 GiB free, 2397957 inodes at /"),
            ("clock", "right"),
            ("docker", "26.1.5+dfsg1"),
            ("builds", "buildx 0.13.1+ds1"),
            ("storage", "overlay2"),
            ("port 80", "ours"),
            ("port 443", "ours"),
            ("root folder", "/var/lib/webduh, 2770 root:docker"),
            ("traefik", "3.7.15"),
            ("routes", "1 files, all well formed"),
            ("schedules", "not looked at: `webduh server setup prod` has a timer of systemd do it"),
            ("ssh sessions", "10 at once"),
            ("ssh ports", "forwarded"),
            ("ssh sockets", "forwarded"),
            ("ipv6", "it has a public address"),
        )
    ]


@pytest.mark.parametrize(
    ("changes", "value", "ok"),
    [
        (("os.id=debian", "os.version=12", "os.name=Debian GNU/Linux 12 (bookworm)"), "Debian GNU/Linux 12", True),
        (("os.id=debian", "os.version=11", "os.name=Debian GNU/Linux 11 (bullseye)"), "Debian GNU/Linux 11", False),
        (("os.id=debian", "os.version=", "os.name=Debian GNU/Linux forky/sid"), "Debian GNU/Linux forky/sid", True),
        (("os.id=ubuntu", "os.version=24.04", "os.name=Ubuntu 24.04.3 LTS"), "Ubuntu 24.04.3 LTS", True),
        (("os.id=ubuntu", "os.version=22.04", "os.name=Ubuntu 22.04.5 LTS"), "Ubuntu 22.04.5 LTS", True),
        (("os.id=ubuntu", "os.version=20.04", "os.name=Ubuntu 20.04.6 LTS"), "Ubuntu 20.04.6 LTS", False),
        (("os.id=alpine", "os.version=3.22.1", "os.name=Alpine Linux v3.22"), "Alpine Linux v3.22; tried are", True),
        (("-os.id", "-os.version", "-os.name"), "unknown; tried are Debian and Ubuntu", True),
    ],
)
def test_the_system_is_named_and_an_old_one_refused(changes: tuple[str, ...], value: str, ok: bool) -> None:
    said = fact("system", *changes)
    assert said.value.startswith(value)
    assert said.ok is ok
    assert bool(said.fix) is not ok


@pytest.mark.parametrize(
    ("changes", "value", "ok", "fix"),
    [
        (("-docker.path",), "it is not installed", False, "--install-docker"),
        (("-docker.path", "packages=apk"), "it is not installed", False, "docs.docker.com"),
        (("docker.path=/snap/bin/docker",), "it is snap's", False, "snap remove docker"),
        (("-docker.path", "docker.snap=/snap/docker"), "it is snap's", False, "snap remove docker"),
        (("docker.client=podman version 4.9.3",), "it is Podman", False, "Install Docker itself"),
        (
            ("docker.error=permission denied while trying to connect to the Docker daemon socket",),
            "deploy may not use it",
            False,
            "usermod -aG docker deploy",
        ),
        (
            ("docker.error=Cannot connect to the Docker daemon at unix:///var/run/docker.sock.",),
            "it does not answer: Cannot connect",
            False,
            "`webduh server setup prod`",
        ),
        (("docker.server=20.10.24+dfsg1 1.41",), "20.10.24 is too old", False, "Upgrade it to 23"),
        (("docker.server=23.0.0 1.42",), "23.0.0", True, ""),
        (("docker.server=28.0.0 1.48",), "28.0.0 needs kernel modules", False, "Upgrade"),
        (("docker.server=28.0.1 1.48",), "28.0.1", True, ""),
        (("docker.server=29.1.2 1.52",), "29.1.2", True, ""),
        (("docker.server=5:27.5.1-1~debian 1.47",), "is too old", False, "Upgrade"),
        (("docker.security=[name=seccomp,profile=builtin name=rootless]",), "it runs without root", False, "whole"),
        (("docker.as=root",), "26.1.5+dfsg1, as root", True, ""),
    ],
)
def test_docker_is_usable_or_the_fact_says_why_not(changes: tuple[str, ...], value: str, ok: bool, fix: str) -> None:
    said = fact("docker", *changes)
    assert value in said.value
    assert (said.ok, bool(said.fix)) == (ok, not ok)
    assert fix in said.fix


def test_what_depends_on_docker_is_not_said_without_it() -> None:
    assert {"builds", "storage"} & set(facts("-docker.path")) == set()


@pytest.mark.parametrize(
    ("name", "changes", "value", "ok"),
    [
        ("architecture", ("arch=aarch64",), "arm64", True),
        ("architecture", ("arch=armv7l",), "armv7l", False),
        ("architecture", ("-arch",), "unknown", False),
        ("user", ("rights=root",), "root", True),
        ("user", ("rights=no",), "deploy, in the group docker, without sudo", True),
        ("user", ("rights=no", "groups=deploy", "-docker.server"), "deploy has neither", False),
        ("memory", ("memory.MemTotal=262144",), "256 MiB, 1.4 GiB free", False),
        ("memory", ("memory.MemTotal=262144", "memory.SwapTotal=1048576"), "256 MiB, 1.4 GiB free, 1.0 GiB swap", True),
        ("disk", ("disk=/|/dev/vda1 40470732 40370732 100000 100% /",), "98 MiB free, 2397957 inodes at /", False),
        ("disk", ("inodes=/|/dev/vda1 2621440 2621340 100 100% /",), "28.9 GiB free, 100 inodes at /", False),
        ("disk", ("inodes=/|none 0 0 0 - /",), "28.9 GiB free at /", True),
        ("disk", ("inodes=/|none - - - - /",), "28.9 GiB free at /", True),
        ("builds", ("docker.buildx=",), "no buildx: nothing can be built", False),
        (
            "builds",
            ("docker.buildx=github.com/docker/buildx v0.17.1 257815a6fbaee88976808020bf04274388275ae8",),
            "",
            True,
        ),
        ("storage", ("docker.driver=vfs",), "vfs", False),
        ("storage", ("docker.driver=overlayfs",), "overlayfs", True),
        ("root folder", ("-root.mode", "-root.mark"), "/var/lib/webduh is not there", False),
        ("root folder", ("-root.mark",), "/var/lib/webduh, 2770 root:docker, not set up to its end", False),
        ("root folder", ("-root.writable", "rights=no"), "deploy may not write there", False),
        ("modes", ("root.mode=755 root root",), "/var/lib/webduh is 755, and should be 2770", False),
        ("root folder", ("root.mode=755 root root",), "/var/lib/webduh, 755 root:root", True),
        ("traefik", ("-traefik.status",), "it is not there", False),
        ("traefik", ("traefik.status=exited",), "it is exited", False),
        ("traefik", ("traefik.version=3.7.11",), "3.7.11 has known holes", False),
        ("traefik", ("traefik.version=",), "traefik:v3.7", True),
        ("traefik", ("traefik.root=/home/a/.webduh",), "it serves another root folder", False),
        ("ssh sessions", ("sshd.maxsessions=2",), "2 at once", False),
        ("ssh ports", ("sshd.allowtcpforwarding=no",), "not forwarded", False),
        ("ssh sockets", ("sshd.allowstreamlocalforwarding=no",), "not forwarded", True),
        ("ipv6", ("ipv6=0",), "no public address", True),
    ],
)
def test_each_part_is_judged_by_itself(name: str, changes: tuple[str, ...], value: str, ok: bool) -> None:
    said = fact(name, *changes)
    assert value in said.value
    assert (said.ok, bool(said.fix)) == (ok, not ok)


@pytest.mark.parametrize(
    ("changes", "owner"),
    [
        ((), "the container webduh-traefik"),
        (("-container", "-listen"), ""),
        (("-container", "listen=80 612 nginx"), "nginx (process 612)"),
        (("-container", "listen=80 ? "), "a program that has no process there"),
        (("-container", "listen=80 ? ", "rights=no"), "a program that only root can name"),
        (("-container", "listen=80 612 "), "process 612"),
        (("-container", "listen=8080 612 nginx"), ""),
        (("container=dokploy-traefik 0.0.0.0:80->80/tcp", "listen=80 9 docker-proxy"), "the container dokploy-traefik"),
        (("container=shop 0.0.0.0:8080->80/tcp", "-listen"), ""),
        (("container=shop 80/tcp", "-listen"), ""),
    ],
)
def test_whoever_holds_a_port_is_named(changes: tuple[str, ...], owner: str) -> None:
    assert owner_of(found(*changes), 80) == owner
    said = fact("port 80", *changes)
    assert said.ok is (owner in ("", "the container webduh-traefik"))
    assert said.ok or owner in said.value


@pytest.mark.parametrize(
    ("later", "value", "ok"),
    [
        (0.0, "right", True),
        (-1.0, "right", True),
        (-10.0, "9 s ahead of this machine", True),
        (10.0, "10 s behind this machine", True),
        (7200.0, "7200 s behind this machine", False),
        (-7200.0, "7200 s ahead of this machine", False),
    ],
)
def test_a_clock_that_is_off_is_measured_against_ours(later: float, value: str, ok: bool) -> None:
    said = facts(later=later + 0.4)["clock"]
    assert (said.value.split(" s ")[-1], said.ok) == (value.split(" s ")[-1], ok)


@pytest.mark.parametrize(
    ("file", "why"),
    [
        ("\nfile by-hand.yml\n: http: [\n", "/var/lib/webduh/traefik/dynamic/by-hand.yml: line 1"),
        ("\nfile old.toml\n: {{ x }}\n", "/var/lib/webduh/traefik/dynamic/old.toml: it contains {{"),
    ],
)
def test_a_malformed_file_in_traefiks_folder_is_named(file: str, why: str) -> None:
    said = fact("routes", file)
    assert said.value.startswith(why)
    assert not said.ok
    assert "Mend or remove it" in said.fix


def test_the_key_is_in_no_fact_and_no_representation() -> None:
    looked = found()
    assert "0f0f0f0f" not in repr(looked)
    assert not any("0f0f0f0f" in repr(one) for one in judge("prod", looked))


@pytest.mark.parametrize("text", ["", "\n", "=\n", "x", "files:", "\x00=\x00", "disk=\ninodes=\nlisten=\ncontainer=\n"])
def test_a_survey_that_says_nothing_breaks_nothing(text: str) -> None:
    looked = read(text, NOON, NOON)
    assert docker_problem(looked)[0] == "it is not installed"
    assert bad_files(looked) == {}
    assert {one.name for one in judge("prod", looked)} >= {"docker", "root folder", "traefik"}


@pytest.mark.parametrize("cut", range(0, len(READY), 97))
def test_a_survey_cut_anywhere_is_still_judged(cut: int) -> None:
    assert judge("prod", read(READY[:cut], NOON, NOON))


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("26.1.5+dfsg1 1.45", (26, 1, 5)),
        ("v3.7.15", (3, 7, 15)),
        ("3", (3,)),
        ("3.7.0-rc1", (3, 7, 0)),
        ("", ()),
        ("x", ()),
        ("27.", (27,)),
    ],
)
def test_a_version_is_its_leading_numbers(text: str, numbers: tuple[int, ...]) -> None:
    assert version(text) == numbers


# The script itself, in each of the shells that servers have


def test_every_shell_can_tell_what_is_asked(machine: ScriptMachine, root: Path) -> None:
    dynamic = root / "traefik" / "dynamic"
    dynamic.mkdir(parents=True)
    (dynamic / "by-hand.yml").write_text("http: [\n")
    (dynamic / "tricky =name.txt").write_text("a: 'b=c'\nfile x\n: y\n")
    (root / "target.json").write_text('{"version":1}')
    (root / "traefik" / "key").write_text("k" * 64)
    looked = survey(RootFolder(machine, Layout(str(root))), (80, 443))
    assert looked.files == {"by-hand.yml": "http: [", "tricky =name.txt": "a: 'b=c'\nfile x\n: y"}
    assert looked.one("root.mark") == '{"version":1}'
    assert looked.one("traefik.key") == "k" * 64
    assert looked.one("root.mode").startswith("2770 ")
    assert looked.number("memory.MemTotal") > 100_000
    assert any(line.startswith("/|") for line in looked.all("disk"))
    judged = {one.name: one for one in judge("here", looked, str(root))}
    assert judged["clock"].value == "right"
    assert judged["routes"].value.startswith(f"{dynamic}/by-hand.yml: line ")
    assert judged["disk"].value.endswith(" at /")


def test_a_server_whose_root_is_not_there_is_surveyed_all_the_same(machine: ScriptMachine, tmp_path: Path) -> None:
    folder = RootFolder(machine, Layout(f"{tmp_path}/no such folder"))
    judged = {one.name: one for one in server_facts(folder)}
    assert judged["reachable"].ok
    assert judged["root folder"].value == f"{tmp_path}/no such folder is not there"
