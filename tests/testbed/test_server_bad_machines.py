"""A server that is away, slow, strange, or that somebody else uses is named, and what served there serves on."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from command_line import FAILED, USAGE, last_json, words_of
from program import until
from relay import Relay
from server import Server
from server_world import ServedApp, ServerWorld, assert_settled, assert_untouched, nothing_there

UNTOUCHED = "Nothing was changed."
IMAGE = "python:3.13-slim"
# Words: nothing. A base image whose platform is not the server's.
BOARD = """
mkdir -p /tmp/board && echo board >/tmp/board/name
tar -C /tmp/board -c . | docker import --platform linux/s390x - board:1 >/dev/null
rm -r /tmp/board
"""
# Ask for an app by its name until the end; each request may be tried three times.
ASK = """
import time, urllib.request
def ask():
    for _ in range(3):
        try: return urllib.request.urlopen("http://talker:8080", timeout=5).read().decode()
        except OSError as error: said = error
    return f"lost: {said}"
while True:
    print(ask(), flush=True)
    time.sleep(0.005)
"""


@pytest.fixture(scope="module")
def shop(world: ServerWorld) -> ServedApp:
    """An app whose release 1 serves."""
    app = world.app("shop")
    app.deploy()
    return app


@contextmanager
def through(relay: Relay, world: ServerWorld, folder: Path) -> Iterator[ServerWorld]:
    """Another user, who reaches the server through a relay."""
    other = ServerWorld(folder, server=world.server)
    host, port = relay.address
    address = f"ssh://deploy@{host}:{port}"
    words = ("--identity", str(world.server.key), "--accept-host-key", world.server.fingerprint)
    other.good("target", "add", "prod", address, *words)
    yield other


def until_step(client: "subprocess.Popen[str]", step: str) -> None:
    """Read a client's events until a step has begun."""
    assert client.stdout is not None
    for line in client.stdout:
        event = json.loads(line)
        if (event.get("event"), event.get("step")) == ("step-started", step):
            return
    raise AssertionError(f"{step} never began")


# On the way there.


def test_an_unknown_host_key_is_shown_and_nothing_is_added(world: ServerWorld, tmp_path: Path) -> None:
    server, stranger = world.server, ServerWorld(tmp_path / "stranger", server=world.server)
    words = ("target", "add", "prod", f"ssh://deploy@{server.host}:{server.ssh}", "--identity", str(server.key))
    stranger.refused(USAGE, *words, says=("host key", server.fingerprint, UNTOUCHED, "--accept-host-key SHA256:"))
    other = "SHA256:" + "A" * 43
    says = ("does not show the host key", server.fingerprint, "The key was not stored.", "ssh-keygen -lf")
    stranger.refused(FAILED, *words, "--accept-host-key", other, says=says)
    assert "prod" not in [row["name"] for row in stranger.read("target", "ls")]


def test_a_slow_line_costs_time_and_nothing_else(world: ServerWorld, tmp_path: Path) -> None:
    server = world.server
    with Relay(server.host, server.ssh, delay=0.02) as relay, through(relay, world, tmp_path / "far") as far:
        app = far.app("faraway")
        app.deploy()
        assert app.body() == "1"
        assert_settled(app)
        far.good("app", "rm", "faraway", "--yes")
    nothing_there(ServedApp(world, app.folder))


def test_a_server_that_nobody_answers_at_is_named_and_the_memory_is_shown(
    world: ServerWorld, shop: ServedApp, tmp_path: Path
) -> None:
    server = world.server
    with Relay(server.host, server.ssh) as relay, through(relay, world, tmp_path / "cut") as cut:
        app = ServedApp(cut, shop.folder)
        assert "Nothing to change" in cut.good("deploy", str(shop.folder))
        assert [row["state"] for row in cut.read("status", "shop")] == ["serving"]
    app.next_version()
    where = "prod (127.0.0.1:"
    cut.refused(FAILED, "deploy", "shop", says=(where, "Nothing listens on port", "→"))
    cut.refused(FAILED, "server", "check", "prod", says=(where, "Nothing listens on"))
    (row,) = cut.read("status", "shop")
    assert (row["release"], row["state"]) == (1, "unknown")
    assert "cannot be reached" in row["reason"]
    shop.write(version="1")
    assert_untouched(shop)


@pytest.mark.parametrize("step", ["build", "release"])
def test_a_line_that_breaks_once_in_the_middle_is_named_or_mended_at_once(
    world: ServerWorld, tmp_path: Path, step: str
) -> None:
    server = world.server
    with Relay(server.host, server.ssh) as relay, through(relay, world, tmp_path / "broken") as broken:
        app = broken.app(f"broken-{step}", processes={"release": "sleep 1"})
        client = broken.start("deploy", str(app.folder), "-o", "json")
        until_step(client, step)
        relay.break_off()
        said, wrong = client.communicate(timeout=50)
        ended = last_json(said)
        if client.returncode:
            assert client.returncode == FAILED, said + wrong
            assert "prod" in ended["error"]["what"], ended
            assert "Traceback" not in wrong
        app.deploy()
        assert app.body() == "1"
        assert_settled(app, attempted=True)


def test_a_line_that_is_dead_for_a_while_is_waited_for(world: ServerWorld) -> None:
    server, app = world.server, world.app("patient", processes={"release": "sleep 3"})
    client = world.start("deploy", str(app.folder), "-o", "json")
    until_step(client, "release")
    label = f"label=webduh.slug={app.key.slug}"
    until(lambda: server.exec("docker", "ps", "--quiet", "--filter", label) != "", "the release process never began")
    server.cut()
    try:
        until(lambda: server.exec("docker", "ps", "--quiet", "--filter", label) == "", "the release process never ends")
    finally:
        server.heal()
    said, wrong = client.communicate(timeout=50)
    assert client.returncode == 0, said + wrong
    assert app.body() == "1"
    assert_settled(app)


# On the server itself.


def test_an_image_for_another_processor_is_never_started(world: ServerWorld) -> None:
    world.server.sh(BOARD)
    try:
        app = world.app("board", framework=None, start=None, port=8080)
        app.write(Dockerfile='FROM --platform=linux/s390x board:1\nCOPY version /\nCMD ["/run"]\n')
        says = ("cannot run on prod", "made for s390x", "the server is", "What serves was not touched.", "`--platform`")
        world.refused(FAILED, "deploy", str(app.folder), says=says)
        own = {line.split(" ")[0] for line in world.standing().of(app.key.slug)}
        assert not {"container", "route", "release", "current", "aside"} & own, own
        app.write(Dockerfile=f'FROM {IMAGE}\nWORKDIR /app\nCOPY . .\nCMD ["python3", "program.py"]\n')
        app.deploy()
        assert assert_settled(app, attempted=True) == 1
    finally:
        world.server.exec("docker", "rmi", "--force", "board:1")


@pytest.mark.parametrize(
    ("port", "holder", "says"), [(80, "sshd", "sshd (process"), (443, "docker", "the container early-bird")]
)
def test_a_port_that_setup_needs_is_named_with_its_holder(
    server: Server, tmp_path: Path, port: int, holder: str, says: str
) -> None:
    world = ServerWorld(tmp_path / "user", server=server)
    world.add()
    if holder == "docker":
        published = ("--publish", f"{port}:{port}", "--name", "early-bird")
        server.exec("docker", "run", "--detach", *published, IMAGE, "sleep", "600")
    else:
        server.listen(port)
    world.refused(
        FAILED, "server", "setup", "prod", "--yes", says=(f"Port {port} of prod", says, "What served", "Stop that")
    )
    assert f"port {port}" in words_of(world.run("server", "check", "prod"))
    app = world.app("early")
    world.refused(FAILED, "deploy", str(app.folder), says=("was not set up", UNTOUCHED, "webduh server setup prod"))
    assert "webduh-traefik" not in server.exec("docker", "ps", "--all", "--format", "{{.Names}}")


@pytest.mark.parametrize("domain", ['{{ env "HOME" }}.example.com', "shop.example.com/{{x}}", "`x`.com", "a b.com", ""])
def test_a_domain_that_is_none_is_refused_wherever_it_stands(world: ServerWorld, domain: str, tmp_path: Path) -> None:
    app = ServedApp(world, tmp_path / "odd")
    app.folder.mkdir()
    app.write(**{"index.html": "odd"})
    world.refused(USAGE, "deploy", str(app.folder), "--on", "prod", "--domain", domain, says=("host name", domain))
    app.configure(name="odd", on="prod", domains=["well.example.com", domain])
    world.refused(USAGE, "deploy", str(app.folder), says=("webduh.yaml:6:3 domains[1]", "host name"))
    nothing_there(app)


# What is found by name, and what is left.


def test_an_app_is_reached_by_its_name_from_its_project_over_a_redeployment(world: ServerWorld) -> None:
    server, app = world.server, world.app("talker", project="talks")
    app.deploy()
    asker = ("--name", "asker", "--network", "webduh-p-talks", IMAGE, "python3", "-u", "-c", ASK)
    server.exec("docker", "run", "--detach", *asker)
    try:
        until(lambda: "1" in server.exec("docker", "logs", "asker"), "the name leads nowhere")
        app.next_version()
        app.deploy()
        until(lambda: server.exec("docker", "logs", "--tail", "20", "asker").split() == ["2"] * 20, "the old answers")
        answers = server.exec("docker", "logs", "asker").splitlines()
    finally:
        server.exec("docker", "rm", "--force", "asker")
    assert set(answers) == {"1", "2"}
    rival = world.app("talker-web", project="talks")
    world.refused(FAILED, "deploy", str(rival.folder), says=("talker-web is what talks/talker is called", UNTOUCHED))


def test_what_a_build_that_failed_has_left_is_pruned_and_nothing_else(world: ServerWorld, shop: ServedApp) -> None:
    app = world.app("unbuilt", framework=None, start=None)
    app.write(Dockerfile=f"FROM {IMAGE}\nRUN --mount=type=cache,target=/c exit 9\n")
    world.refused(FAILED, "deploy", str(app.folder), says=("`RUN exit 9` on prod exited with 9",))
    left = f"apps/{app.key.slug}"
    assert left in world.read("server", "prune", "prod", "--dry-run")["remove"]
    world.good("server", "prune", "prod", "--yes")
    assert app.world.standing().of(app.key.slug) == []
    assert world.server.sh('ls -d "$1" 2>/dev/null || :', app.kept) == ""
    assert left not in world.read("server", "prune", "prod", "--dry-run")["remove"]
    assert_untouched(shop)
