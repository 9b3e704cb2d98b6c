"""The testbed itself: its servers are what a self-hoster rents, and break as theirs do."""

import os
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import languages
import pytest
from engine import Engine, passing_engine
from images import all_names
from program import TestbedError, run, until
from relay import Relay
from server import Server
from servers import Testbed

FLASK = """\
FROM python:3.13-slim
RUN --mount=type=cache,target=/root/.cache/pip pip install -q flask
RUN python -m venv /app && /app/bin/pip install -q --no-index --upgrade pip
CMD ["flask", "--version"]
"""
EXPRESS = """\
FROM node:22-slim
WORKDIR /app
RUN echo '{"name": "app", "version": "1.0.0", "dependencies": {"express": "^4"}}' > package.json
RUN --mount=type=cache,target=/root/.npm npm install -s --package-lock-only && npm ci
CMD ["node", "-p", "typeof require('express')"]
"""
JQ = "FROM debian:trixie-slim\nRUN apt-get update -q && apt-get install -qy jq\nCMD jq --version\n"
PAGE = "mkdir /www; echo here > /www/index.html; exec httpd -f -p 80 -h /www"

SSH = Callable[..., str]


@pytest.fixture
def ssh(tmp_path: Path) -> SSH:
    """What a program prints that OpenSSH runs on a server, whose host key must be the one the testbed made."""

    def by_ssh(server: Server, script: str, user: str = "deploy", stdin: str = "", code: int = 0) -> str:
        known = tmp_path / "known_hosts"
        known.write_text(f"[{server.host}]:{server.ssh} {server.host_key}\n")
        options = ("BatchMode=yes", "ConnectTimeout=5", f"UserKnownHostsFile={known}", "GlobalKnownHostsFile=none")
        words = ["ssh", *(f"-o{option}" for option in options), "-i", str(server.key), "-p", str(server.ssh)]
        argv = [*words, f"{user}@{server.host}", script]
        answer = subprocess.run(argv, input=stdin, capture_output=True, text=True, timeout=100, check=False)
        assert answer.returncode == code, answer.stdout + answer.stderr
        return (answer.stderr if code else answer.stdout).strip()

    return by_ssh


def page(server: Server) -> str:
    """What a visitor gets."""
    with urllib.request.urlopen(f"http://{server.host}:{server.http}/", timeout=2) as answer:
        return str(answer.read().decode().strip())


def serve(server: Server) -> None:
    """An app on port 80 that comes back by itself."""
    options = ("--detach", "--init", "--name=page", "--restart=always", "--publish=80:80")
    server.exec("docker", "run", *options, "busybox:1", "sh", "-c", PAGE)
    until(lambda: shows(server), "the page does not come up")


def shows(server: Server) -> bool:
    """Whether a visitor gets the page."""
    try:
        return page(server) == "here"
    except OSError:
        return False


def test_root_a_deployer_and_a_plain_user_can_log_in_and_each_may_do_what_theirs_may(server: Server, ssh: SSH) -> None:
    asks = "id -un; sudo -n id -un; docker version --format {{.Server.Os}}"
    assert ssh(server, asks, "root").split() == ["root", "root", "linux"]
    assert ssh(server, asks, "deploy").split() == ["deploy", "root", "linux"]
    assert "permission denied" in ssh(server, asks, "plain", code=1)
    assert "a password is required" in ssh(server, "sudo -n true", "plain", code=1)


def test_every_stand_in_is_on_every_server(three_servers: list[Server]) -> None:
    three_servers[0].exec("docker", "rmi", "busybox:1")
    three_servers[0].reset()
    for server in three_servers:
        there = server.exec("docker", "images", "--format", "{{.Repository}}:{{.Tag}}").split()
        assert set(all_names()) <= set(there), server.name


@pytest.mark.parametrize(("dockerfile", "says"), [(FLASK, "Flask 3."), (EXPRESS, "function"), (JQ, "jq-1.")])
def test_images_are_built_there_with_packages_from_pip_npm_and_apt(
    server: Server, ssh: SSH, dockerfile: str, says: str
) -> None:
    ssh(server, "docker buildx build --quiet --tag webduh/proof -", stdin=dockerfile)
    assert says in ssh(server, "docker run --rm --memory 200m webduh/proof")


def test_the_image_of_a_language_is_on_the_server_whose_test_asks_for_it(server: Server) -> None:
    languages.on(server, "eclipse-temurin:21-jre")
    assert "openjdk version" in server.sh("docker run --rm eclipse-temurin:21-jre java -version 2>&1")
    server.reset()
    assert "eclipse-temurin:21-jre" in server.exec("docker", "images", "--format", "{{.Repository}}:{{.Tag}}").split()
    with pytest.raises(TestbedError, match=r"No recipe makes cobol:85; there are .*golang:1\.26"):
        languages.on(server, "cobol:85")


def test_traefik_is_there_under_its_own_name(server: Server) -> None:
    assert "3.7." in server.exec("docker", "run", "--rm", "traefik:v3.7", "version")


def test_a_container_over_its_memory_limit_is_killed_for_it(server: Server) -> None:
    greedy = "a = bytearray(200 << 20)"
    with pytest.raises(TestbedError, match="ended with 137"):
        server.exec("docker", "run", "--name=greedy", "--memory=50m", "python:3.13-slim", "python", "-c", greedy)
    assert server.exec("docker", "inspect", "--format", "{{.State.OOMKilled}}", "greedy").strip() == "true"


def test_a_page_is_reached_at_the_published_ports_and_comes_back_after_a_reboot(server: Server) -> None:
    serve(server)
    server.reboot()
    until(lambda: shows(server), "the page is gone after a reboot")
    server.restart_docker()
    until(lambda: shows(server), "the page is gone after a restart of Docker")
    server.kill()
    assert not shows(server)
    server.start()
    until(lambda: shows(server), "the page is gone after a power cut")


def test_a_server_is_as_new_for_the_next_test(server: Server, ssh: SSH) -> None:
    kept = server.sh("docker images -q | sort; ls -a /root /home/deploy")
    serve(server)
    server.exec("docker", "network", "create", "webduh-p-x")
    server.exec("docker", "volume", "create", "webduh--x")
    server.sh("mkdir -p /var/lib/webduh/apps; touch /var/lib/webduh/target.json /home/deploy/file")
    ssh(server, "docker build -q -t webduh/x -", stdin="FROM busybox:1\nRUN echo x > /x\n")
    server.cut()
    server.change_host_key()
    server.set_clock(3600)
    server.listen(8099)
    server.reset()
    assert server.sh("docker images -q | sort; ls -a /root /home/deploy") == kept
    assert server.sh(
        "docker ps -aq; docker volume ls -q; ls -d /var/lib/webduh 2>&1; ss -ltnH | grep -c 8099; true"
    ).split("\n")[:2] == ["ls: cannot access '/var/lib/webduh': No such file or directory", "0"]
    assert server.exec("docker", "network", "ls", "--format", "{{.Name}}").split() == ["bridge", "host", "none"]
    assert abs(int(ssh(server, "date +%s")) - time.time()) < 5


def test_a_frozen_server_and_all_that_runs_there_answer_nothing_and_then_go_on(server: Server) -> None:
    serve(server)
    server.pause()
    assert not shows(server)
    server.unpause()
    assert shows(server)


def test_a_server_that_is_cut_off_is_silent_and_is_there_again(server: Server, ssh: SSH) -> None:
    serve(server)
    server.cut()
    assert not shows(server)
    assert ssh(server, "true", code=255)
    server.heal()
    assert shows(server)
    assert ssh(server, "id -un") == "deploy"


def test_a_changed_host_key_is_seen_by_whoever_knows_the_old_one(server: Server, ssh: SSH) -> None:
    server.change_host_key()
    assert "REMOTE HOST IDENTIFICATION HAS CHANGED" in ssh(server, "true", code=255)


@pytest.mark.parametrize("seconds", [-7200, 300])
def test_the_clock_of_a_server_can_be_wrong(server: Server, ssh: SSH, seconds: int) -> None:
    server.set_clock(seconds)
    assert abs(int(ssh(server, "date +%s")) - time.time() - seconds) < 5


def test_a_hundred_sshds_can_listen_on_one_server(server: Server) -> None:
    ports = range(3001, 3101)
    server.listen(*ports)
    for port in ports:
        with socket.create_connection((server.address, port), 5) as connection:
            assert connection.recv(8) == b"SSH-2.0-"


def test_a_bare_server_gets_docker_from_its_distribution_and_has_the_images(bare_server: Server, ssh: SSH) -> None:
    assert "not found" in ssh(bare_server, "docker version", code=127)
    ssh(bare_server, "sudo apt-get update -q && sudo apt-get install -qy docker.io docker-cli docker-buildx")
    until(
        lambda: bare_server.engine.says("exec", bare_server.name, "docker", "version"),
        "Docker does not start by itself",
    )
    assert "busybox:1" in ssh(bare_server, "sudo docker images --format {{.Repository}}:{{.Tag}}")


def test_a_tiny_server_has_no_room_for_an_image_nor_for_many_files(tiny_server: Server) -> None:
    tiny_server.load("busybox:1")
    assert tiny_server.exec("docker", "run", "--rm", "busybox:1", "echo", "here").strip() == "here"
    with pytest.raises(TestbedError, match="o space left on device"):
        tiny_server.exec("docker", "run", "--rm", "busybox:1", "dd", "if=/dev/zero", "of=/file", "bs=1M", "count=800")
    with pytest.raises(TestbedError, match="o space left on device"):
        tiny_server.sh("seq 300 | while read -r n; do : > /var/lib/webduh/$n || exit 1; done")


def test_a_relay_makes_a_line_slow_or_silent_or_breaks_it(server: Server) -> None:
    with Relay(server.host, server.ssh, delay=0.1) as line:
        began = time.monotonic()
        with socket.create_connection(line.address, 5) as connection:
            assert connection.recv(8) == b"SSH-2.0-"
            assert time.monotonic() - began >= 0.1
            line.freeze()
            connection.settimeout(0.5)
            connection.sendall(b"SSH-2.0-test\r\n")
            while connection.recv(1) != b"\n":
                pass
            with pytest.raises(TimeoutError):
                connection.recv(1)
            line.thaw()
            assert connection.recv(1)
            line.break_off()
            connection.settimeout(5)
            assert b"".join(iter(lambda: connection.recv(4096), b"")) is not None


@pytest.fixture
def engine(testbed: tuple[Testbed, list[Server]], tmp_path: Path) -> Iterator[Engine]:
    """An engine beside the testbed's, with one image."""
    with passing_engine(tmp_path) as beside:
        run(
            "sh", "-c", 'docker -H "$1" save busybox:1 | docker -H "$2" load', "sh", testbed[0].engine.host, beside.host
        )
        yield beside


def test_an_engine_that_was_killed_is_started_again_with_what_it_had_and_nothing_runs_on(engine: Engine) -> None:
    engine.docker("run", "--detach", "--network=none", "--name=sleeper", "busybox:1", "sleep", "1234567")
    groups = list(
        Path("/sys/fs/cgroup").glob(f"*/docker/{engine.docker('inspect', '-f', '{{.Id}}', 'sleeper').strip()}")
    )
    for group in groups:  # as a server's own Docker makes them
        (group / "docker" / "inner").mkdir(parents=True)
    os.kill(int((engine.passing / "docker.pid").read_text()), signal.SIGKILL)
    assert not engine.running()
    assert asleep()
    engine.start()
    assert not asleep()
    assert engine.docker("ps", "--all", "--format", "{{.Names}} {{.State}}").split() == ["sleeper", "exited"]
    assert not [group for group in groups if group.exists()]
    engine.docker("start", "sleeper")
    assert asleep()


def asleep() -> bool:
    """Whether the container's process runs on this machine."""
    return any(path.read_bytes() == b"sleep\x001234567\x00" for path in Path("/proc").glob("[0-9]*/cmdline"))
