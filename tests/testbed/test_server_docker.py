"""A server's Docker, reached over SSH: what runs, how it is started and ended, and what is said when it cannot be."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from docker_place import DIGEST, FOREVER, KEY, SECRET, Place, placed, reached, release
from here_machine import HereMachine
from server import Server
from waiting import wait_until

from webduh_console.errors import CancelledError, TargetError
from webduh_console.model.build import Process, Volume
from webduh_console.model.observe import MetricQuery
from webduh_console.model.target import CancelToken
from webduh_console.targets.processes import all_names
from webduh_console.targets.server import instances, probe
from webduh_console.targets.server.containers import ContainerSpec, container_spec, image_name, network_name
from webduh_console.targets.server.engine import Engine
from webduh_console.targets.server.metrics import ServerMetrics
from webduh_console.targets.server.observing import actual, containers_of
from webduh_console.targets.server.refusals import EngineError
from webduh_console.transport.ssh.address import endpoint
from webduh_console.transport.ssh.hostkeys import HostKeys
from webduh_console.transport.ssh.machine import SSHMachine

ALWAYS = (datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))
NAME = "default--shop--production--web--1"


@pytest.fixture
def place(server: Server, tmp_path: Path) -> Iterator[Place]:
    made = placed(server, tmp_path)
    yield made
    made.engine.close()
    made.machine.close()


def test_the_engine_says_what_it_is_and_what_it_has(place: Place) -> None:
    version = place.engine.version()
    assert (version.version.split(".")[0], version.os, version.api) == ("26", "linux", "1.45")
    assert place.engine.info()["ServerVersion"] == version.version
    assert place.engine.image("webduh/nothing:1") is None
    image = place.engine.image(image_name(KEY, DIGEST))
    assert image is not None
    assert (image.os, image.arch) == ("linux", version.arch)
    assert [each.tags for each in place.engine.images(KEY.slug)] == [(image_name(KEY, DIGEST),)]
    assert place.engine.images("default--other--production") == []
    assert place.engine.remove_image(image_name(KEY, DIGEST))
    assert not place.engine.remove_image(image_name(KEY, DIGEST))
    assert place.engine.image("busybox:1") is not None
    assert place.engine.df()["LayersSize"] > 0
    assert place.engine.prune_build_cache(10**12) == 0


def test_an_instance_is_started_once_and_replaced_when_it_should_be_another(place: Place) -> None:
    first = place.run(FOREVER)
    assert (first.name, first.status, first.slug, first.process) == (NAME, "running", KEY.slug, "web")
    assert (first.release, first.index, first.restart_policy, first.restarts) == (1, 1, "no", 0)
    assert first.address.startswith("172.")
    assert place.run(FOREVER).id == first.id
    other = place.run(FOREVER + " # other")
    assert other.id != first.id
    place.engine.kill(other.name)
    wait_until(lambda: not (place.engine.container(NAME) or other).running)
    assert place.run(FOREVER + " # other").id != other.id
    assert [c.name for c in place.engine.containers(KEY.slug)] == [NAME]


def test_a_kept_instance_comes_back_when_it_ends_and_a_stopped_one_does_not(place: Place) -> None:
    place.run("sleep 0.3; exit 7")
    instances.keep(place.engine, NAME)
    again = wait_until(lambda: (c := place.engine.container(NAME)) and c.restarts and c)
    assert again.restart_policy == "unless-stopped"
    stopped = instances.stop(place.engine, NAME)
    assert stopped is not None
    assert (stopped.status, stopped.restart_policy) == ("exited", "no")
    assert instances.stop(place.engine, NAME) == stopped
    instances.remove(place.engine, NAME)
    instances.remove(place.engine, NAME)
    assert instances.stop(place.engine, NAME) is None
    assert place.engine.container(NAME) is None
    assert instances.last_lines(place.engine, NAME) == []


def test_what_ends_at_the_moment_it_is_kept_is_kept_all_the_same(place: Place) -> None:
    place.run("sleep 0.3")
    for delay in range(40):  # a kill and an update, ever closer to each other
        place.engine.start(NAME)
        killer = threading.Timer(delay / 5000, place.engine.kill, (NAME,))
        killer.start()
        instances.keep(place.engine, NAME, Process("web", (), restart="never"))
        killer.join()
        wait_until(lambda: (c := place.engine.container(NAME)) and not c.running and c.restart_policy == "no")


def test_a_deaf_instance_is_killed_after_its_grace_and_a_good_one_ends_by_itself(place: Place) -> None:
    place.run("trap 'echo bye; exit 3' TERM; while :; do sleep 0.05; done")
    ended = instances.stop(place.engine, NAME)
    assert ended is not None
    assert (ended.exit, instances.last_lines(place.engine, NAME)) == (3, ["bye"])
    place.run("trap '' TERM; while :; do sleep 0.05; done", number=2)
    began = time.monotonic()
    deaf = instances.stop(place.engine, "default--shop--production--web--2", grace=1)
    assert deaf is not None
    assert (deaf.exit, deaf.oom) == (137, False)
    assert 0.9 < time.monotonic() - began < 6


def test_an_instance_has_its_variables_volumes_and_limits_and_no_more_rights(place: Place) -> None:
    script = "id -u; env | sort; touch /data/kept; cat /proc/self/status | grep NoNewPrivs; ls /data; " + FOREVER
    place.run(script, volumes=(Volume("files", "/data"),), memory=64 * 1024 * 1024)
    answer = place.engine.exec(NAME, ["sh", "-c", "echo $TOKEN; echo oops >&2; exit 9"], {"TOKEN": "of its own"})
    assert answer == (9, b"of its own\n", b"oops\n")
    lines = wait_until(lambda: (found := instances.last_lines(place.engine, NAME, 50)) and "kept" in found and found)
    assert {"NoNewPrivs:\t1", f"TOKEN={SECRET}", "COLOUR=two words", "PORT=8080", "HOST=0.0.0.0"} <= set(lines)
    assert {"WEBDUH_APP=shop", "WEBDUH_PROJECT=default", "WEBDUH_ENVIRONMENT=production", "WEBDUH_RELEASE=1"} <= set(
        lines
    )
    assert [v.name for v in place.engine.volumes(KEY.slug)] == ["webduh--default--shop--production--files"]
    raw = place.engine.raw(NAME)
    assert raw is not None
    host = raw["HostConfig"]
    assert (host["Memory"], host["MemorySwap"], host["PidsLimit"]) == (64 * 1024 * 1024, 64 * 1024 * 1024, 4096)
    assert (host["Init"], host["LogConfig"]["Config"]) == (True, {"max-file": "3", "max-size": "10m"})
    assert (host["PortBindings"] or {}, raw["NetworkSettings"]["Ports"] or {}) == ({}, {})
    assert SECRET not in place.server.sh("cat /proc/[0-9]*/cmdline | tr '\\0' ' '")
    with pytest.raises(EngineError, match="webduh--default--shop--production--files cannot be removed"):
        place.engine.remove_volume("webduh--default--shop--production--files")
    instances.remove(place.engine, NAME)
    assert place.engine.remove_volume("webduh--default--shop--production--files")
    assert not place.engine.remove_volume("webduh--default--shop--production--files")


def test_an_instance_that_takes_too_much_memory_is_seen_as_killed_for_it(place: Place) -> None:
    place.run("sleep 0.2; x=aaaaaaaaaaaaaaaa; while :; do x=$x$x; done", memory=16 * 1024 * 1024)
    assert place.engine.wait(NAME, CancelToken(), 30) == 137
    ended = place.engine.container(NAME)
    assert ended is not None
    assert (ended.status, ended.oom, ended.exit) == ("exited", True, 137)


def test_waiting_for_an_end_gives_its_code_and_can_be_cancelled(place: Place) -> None:
    place.run("sleep 0.2; exit 5", "release")
    assert place.engine.wait("default--shop--production--release--1", CancelToken()) == 5
    place.run(FOREVER)
    with pytest.raises(EngineError, match="has not ended"):
        place.engine.wait(NAME, CancelToken(), 0.3)
    cancel = CancelToken()
    threading.Timer(0.2, cancel.set).start()
    with pytest.raises(CancelledError):
        place.engine.wait(NAME, cancel)
    with pytest.raises(EngineError, match="nothing is gone"):
        place.engine.wait("nothing", CancelToken())


def test_networks_are_made_once_joined_once_and_left_once(place: Place) -> None:
    made = place.engine.create_network("webduh-p-other", "10.210.77.0/24", {"webduh.project": "other"})
    assert (made.subnets, made.labels) == (("10.210.77.0/24",), {"webduh.project": "other"})
    assert place.engine.create_network("webduh-p-other", "10.210.78.0/24").id == made.id
    place.run(FOREVER)
    assert place.engine.join("webduh-p-other", NAME, ["shop"])
    assert not place.engine.join("webduh-p-other", NAME)
    network = place.engine.network("webduh-p-other")
    assert network is not None
    assert list(network.containers.values()) == [NAME]
    joined = place.engine.container(NAME)
    assert joined is not None
    assert joined.addresses["webduh-p-other"].startswith("10.210.77.")
    assert joined.address == joined.addresses[network_name("default")]
    with pytest.raises(EngineError, match="The network webduh-p-other cannot be removed"):
        place.engine.remove_network("webduh-p-other")
    assert place.engine.leave("webduh-p-other", NAME)
    assert not place.engine.leave("webduh-p-other", NAME)
    assert place.engine.remove_network("webduh-p-other")
    assert not place.engine.remove_network("webduh-p-other")
    assert place.engine.network("webduh-p-other") is None
    assert "webduh-p-default" in {each.name for each in place.engine.networks()}
    with pytest.raises(EngineError, match="There is no free range of addresses"):
        place.engine.create_network("webduh-p-clash", network_of(place, "webduh-p-default"))


def network_of(place: Place, name: str) -> str:
    found = place.engine.network(name)
    assert found is not None
    return found.subnets[0]


def test_a_start_command_that_is_not_in_the_image_is_told_in_words(place: Place) -> None:
    made = release((Process("web", ("gunicorn", "app")),))
    instances.start(place.engine, container_spec(made, made.spec.processes[0]))
    assert place.engine.wait(NAME, CancelToken(), 20) == 127
    error = probe.ended(place.engine.container(NAME), NAME, 0.5, instances.last_lines(place.engine, NAME))
    assert error.what == f"{NAME} exited with 127 after 0.5 s."
    assert "exec gunicorn failed: No such file or directory" in error.why
    assert error.hint.startswith("A command was not found")
    place.run(FOREVER, number=2)
    answer = place.engine.exec("default--shop--production--web--2", ["no-such-program"])
    assert (answer.code, b"no-such-program" in answer.out) == (126, True)


def test_an_image_that_is_gone_and_a_limit_that_is_too_small_are_told_in_words(place: Place) -> None:
    with pytest.raises(EngineError, match="The memory limit is too small"):
        place.run(FOREVER, memory=1024)
    place.engine.remove_image(image_name(KEY, DIGEST))
    with pytest.raises(EngineError) as raised:
        place.run(FOREVER)
    assert (raised.value.why, raised.value.status) == ("The image is not there.", 404)
    assert raised.value.hint == "Deploy anew: that builds it again."


def test_what_serves_is_observed_with_the_reasons_for_what_does_not(place: Place) -> None:
    made = release((Process("web", ("sh", "-c", FOREVER), 2), Process("worker", ("sh", "-c", FOREVER))))
    for process in made.spec.processes:
        for index in range(1, process.instances + 1):
            instances.start(place.engine, container_spec(made, process, index))

    def seen() -> tuple[str, str]:
        found = actual(
            KEY,
            "vps",
            made,
            containers_of(place.engine, [KEY], place.engine.containers(KEY.slug))[KEY.slug],
            None,
            "http://shop",
        )
        assert {i.place for i in found.instances} <= {"vps"}
        return found.health, found.reason

    web1, web2, worker = all_names(made)
    assert seen() == ("serving", "")
    instances.remove(place.engine, worker)
    assert seen() == ("degraded", f"{worker} is gone")
    place.engine.kill(web2)
    wait_until(lambda: seen()[1] == f"{web2} is exited (exit 137), {worker} is gone")
    instances.stop(place.engine, web1)
    assert seen()[0] == "down"
    assert containers_of(place.engine, [], place.engine.containers()) == {}


def test_figures_are_those_that_docker_shows(place: Place) -> None:
    spec = container_spec(
        made := release((Process("web", ("sh", "-c", "while :; do :; done")),)), made.spec.processes[0]
    )
    busy = msgspec.structs.replace(spec, nano_cpus=500_000_000)
    instances.start(place.engine, busy)
    place.run(FOREVER, "worker")
    source = ServerMetrics(place.engine)
    first = source.now(KEY)
    assert sorted(first) == [NAME, "default--shop--production--worker--1"]
    assert 0.2 < first[NAME].cpu < 0.9
    assert 0 < first[NAME].memory < 20_000_000
    assert source.now(KEY) == first
    made_series = source.range(MetricQuery("memory", KEY), *ALWAYS, 1)
    assert [s.labels["process"] for s in made_series] == ["web", "worker"]
    shown = place.server.sh("docker stats --no-stream --format '{{.MemUsage}}' " + NAME).split()[0]
    assert abs(in_bytes(shown) - source.range(MetricQuery("memory", KEY), *ALWAYS, 0)[0].points[-1][1]) < 500_000
    assert source.range(MetricQuery("requests", KEY), *ALWAYS, 1) == []
    instances.remove(place.engine, NAME)
    assert sorted(ServerMetrics(place.engine).now()) == ["default--shop--production--worker--1"]


def in_bytes(words: str) -> float:
    units = {"KiB": 1024, "MiB": 1024**2, "B": 1}
    unit = next(unit for unit in units if words.endswith(unit))
    return float(words.removesuffix(unit)) * units[unit]


def test_events_are_told_until_the_stream_is_closed_from_another_thread(place: Place) -> None:
    with place.engine.events({"type": ["container"], "label": [f"webduh.slug={KEY.slug}"]}) as events:
        place.run(FOREVER)
        assert next(e["Action"] for e in events) == "create"
        closing = threading.Timer(0.3, events.close)
        closing.start()
        began = time.monotonic()
        list(events)
        assert time.monotonic() - began < 3
        closing.join()


def test_many_threads_ask_at_once(place: Place) -> None:
    place.run(FOREVER)
    with ThreadPoolExecutor(40) as pool:
        answers = list(pool.map(lambda _: len(place.engine.containers(KEY.slug)), range(200)))
    assert answers == [1] * 200


def test_a_server_whose_socket_may_not_be_dialled_is_reached_through_its_docker_program(
    server: Server, tmp_path: Path
) -> None:
    place = placed(server, tmp_path, socket="/run/no-such.sock")
    place.run("echo through the program; " + FOREVER)
    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda _: len(place.engine.containers(KEY.slug)), range(40)))
    assert answers == [1] * 40
    assert wait_until(lambda: instances.last_lines(place.engine, NAME)) == ["through the program"]
    place.engine.close()
    place.machine.close()


def test_a_user_without_the_group_docker_reaches_it_by_sudo(server: Server, tmp_path: Path) -> None:
    server.sh(GUEST, server.user)
    machine = reached(server, tmp_path, "guest")
    try:
        engine = Engine(machine)
        assert engine.version().version.startswith("26.")
        assert engine.containers() == []
        engine.close()
        server.sh("rm /etc/sudoers.d/guest")
        with pytest.raises(EngineError) as raised:
            Engine(machine).containers()
        assert raised.value.what == f"Docker on {server.name} cannot be reached."
        assert "permission denied" in raised.value.why
    finally:
        machine.close()
        server.sh("rm -f /etc/sudoers.d/guest; userdel -rf guest")


GUEST = """
useradd -m guest && mkdir -m 700 /home/guest/.ssh && cp "/home/$1/.ssh/authorized_keys" /home/guest/.ssh/
chown -R guest: /home/guest/.ssh && echo 'guest ALL=(ALL) NOPASSWD: ALL' > /etc/sudoers.d/guest
"""


def test_a_docker_that_was_stopped_is_named_and_works_again_once_it_runs(place: Place) -> None:
    place.run(FOREVER)
    instances.keep(place.engine, NAME)
    place.server.sh("service docker stop")
    try:
        with pytest.raises(TargetError, match=r"Docker|docker"):
            place.engine.containers()
        with pytest.raises(EngineError, match="Docker's client says: Cannot connect to the Docker daemon"):
            Engine(place.machine).containers()
    finally:
        place.server.sh("service docker start")
        place.server.until_up()
    wait_until(lambda: [c.status for c in place.engine.containers(KEY.slug)] == ["running"])


def test_a_connection_that_is_cut_is_made_again(place: Place) -> None:
    place.run(FOREVER)
    for _ in range(3):
        end_sessions(place.server)
        assert [c.status for c in place.engine.containers(KEY.slug)] == ["running"]


def end_sessions(server: Server) -> None:
    server.sh(
        "ss -tnpH state established 'sport = :22' | grep -o 'pid=[0-9]*' | cut -d= -f2 | sort -u | xargs -r kill -9"
    )


def test_an_older_docker_is_spoken_to_in_its_own_version(docker_host: str) -> None:
    with HereMachine() as machine:
        engine = Engine(machine, docker_host.removeprefix("unix://"))
        assert engine.version().api <= "1.45"
        spec = ContainerSpec(
            name="old", image="busybox", network="none", command=("sh", "-c", f"echo hello; {FOREVER}")
        )
        container = instances.start(engine, spec)
        assert (container.running, container.config, container.address) == (True, spec.digest, "")
        assert wait_until(lambda: instances.last_lines(engine, "old")) == ["hello"]
        assert engine.exec("old", ["echo", "hi"]) == (0, b"hi\n", b"")
        assert engine.stop("old", 0) is None
        instances.remove(engine, "old")
        assert engine.containers(labels={}) == []
        engine.close()


def test_a_server_that_is_gone_is_told_at_once_and_not_taken_for_one_without_docker(
    server: Server, tmp_path: Path
) -> None:
    machine = SSHMachine("gone", endpoint(f"ssh://{server.user}@127.0.0.1:1"), HostKeys(tmp_path / "known_hosts", ()))
    began = time.monotonic()
    with pytest.raises(TargetError) as raised:
        Engine(machine).containers()
    assert not isinstance(raised.value, EngineError)
    assert "The server gone" in raised.value.what
    assert time.monotonic() - began < 30
