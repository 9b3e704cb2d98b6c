"""Servers are made ready, twice is once, and what stands in the way is named. Real servers, over SSH."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path

import pytest
from server import Server
from setup_place import amiss, ask, machine_of, planned, rented_user, root_of, run_app, set_up, switch, until_answered
from waiting import wait_until

from webduh_console.errors import TargetError
from webduh_console.model.target import CancelToken
from webduh_console.targets.server import networks
from webduh_console.targets.server.front import Front
from webduh_console.targets.server.setup import Options
from webduh_console.targets.server.target import ServerTarget
from webduh_console.transport.ssh.machine import SSHMachine

ROOT = "/var/lib/webduh"
STEPS = ("docker", "engine", "folder", "network", "traefik", "schedules")


@pytest.fixture
def machine(server: Server, tmp_path: Path) -> Iterator[SSHMachine]:
    with machine_of(server, tmp_path) as machine:
        yield machine


def inspected(server: Server, template: str, name: str = "webduh-traefik") -> str:
    return server.exec("docker", "inspect", "--format", template, name).strip()


def networks_of(server: Server) -> set[str]:
    listed = server.exec("docker", "network", "ls", "--format", "{{.Name}}").split()
    return {name for name in listed if name.startswith("webduh-")}


def test_a_server_is_set_up_once_and_the_second_time_nothing_is_done(server: Server, machine: SSHMachine) -> None:
    assert planned(machine) == {
        "docker": "",
        "engine": "",
        "folder": "make /var/lib/webduh, for everyone in the group docker",
        "network": "make the network webduh-0-edge",
        "traefik": "run traefik:v3.7 as webduh-traefik on the ports 80 and 443",
        "schedules": "have cron look at schedules each minute",
    }
    first = set_up(machine)
    assert (first.outcome, first.error) == ("done", {})
    assert first.changed == {**dict.fromkeys(STEPS, True), "docker": False, "engine": False}
    assert amiss(machine) == {}
    state = "{{.Id}} {{.State.StartedAt}}"
    listing = f"find {ROOT} -printf '%p %m %u %g %T@\\n' | sort"
    before = inspected(server, state), server.sh(listing)
    assert planned(machine) == dict.fromkeys(STEPS, "")
    second = set_up(machine)
    assert (second.outcome, second.says) == ("done", ["nothing to do"] * len(STEPS))
    assert second.changed == dict.fromkeys(STEPS, False)
    assert (inspected(server, state), server.sh(listing)) == before


def test_what_setup_leaves_belongs_to_the_group_and_shows_no_secret(server: Server, machine: SSHMachine) -> None:
    said = set_up(machine)
    listed = server.sh(f"cd {ROOT} && find . -printf '%P %m %G %U %g\\n' | sort").splitlines()
    modes = {line.split()[0]: (line.split()[1], line.split()[-1]) for line in listed if not line.startswith(" ")}
    folders = {name: modes[name] for name in ("apps", "traefik", "traefik/dynamic", "traefik/certs")}
    assert folders == dict.fromkeys(folders, ("2770", "docker"))
    files = ("target.json", "traefik/key", "traefik/traefik.yml", "traefik/dynamic/_webduh.yml")
    assert {name: modes[name] for name in files} == dict.fromkeys(files, ("660", "docker"))
    key = server.sh(f"cat {ROOT}/traefik/key").strip()
    assert len(key) == 64
    assert key not in inspected(server, "{{json .}}") + "\n".join(said.says) + server.sh(
        "docker logs webduh-traefik 2>&1"
    )
    assert '"version":1' in server.sh(f"cat {ROOT}/target.json")
    hardened = inspected(
        server, "{{.HostConfig.RestartPolicy.Name}} {{.HostConfig.ReadonlyRootfs}} {{.HostConfig.CapDrop}}"
    )
    assert hardened == "unless-stopped true [ALL]"
    assert inspected(server, '{{index .HostConfig.LogConfig.Config "max-size"}}') == "10m"


def test_root_and_another_user_set_up_the_same_server_in_turn(server: Server, tmp_path: Path) -> None:
    with machine_of(server, tmp_path, "root") as machine:
        assert set_up(machine).outcome == "done"
    (tmp_path / "other").mkdir()
    with machine_of(server, tmp_path / "other") as machine:
        assert set_up(machine).changed == dict.fromkeys(STEPS, False)
        assert amiss(machine) == {}
        assert Front(root_of(machine)).version().startswith("3.7.")


def test_port_80_that_a_program_holds_is_named_and_all_is_taken_back(server: Server, machine: SSHMachine) -> None:
    server.listen(80)
    said = set_up(machine)
    assert said.outcome == "reverted"
    assert said.error["what"] == f"Port 80 of {server.name} is taken."
    assert said.error["why"].startswith("It is held by sshd (process ")
    assert amiss(machine)["port 80"].startswith("held by sshd (process ")
    assert networks_of(server) == set()
    assert server.sh(f"ls -d {ROOT} 2>/dev/null || echo gone").strip() == "gone"


def test_port_443_that_a_container_holds_is_named(server: Server, machine: SSHMachine) -> None:
    if not server.sh("docker images --quiet busybox:1"):
        server.load("busybox:1")
    server.exec("docker", "run", "-d", "--name", "old-proxy", "-p", "443:80", "busybox:1", "sleep", "600")
    said = set_up(machine)
    assert (said.outcome, said.error["why"]) == ("reverted", "It is held by the container old-proxy.")
    server.exec("docker", "rm", "-f", "old-proxy")
    assert set_up(machine).outcome == "done"


def test_a_user_who_may_nothing_is_told_what_is_missing(server: Server, tmp_path: Path) -> None:
    with rented_user(server, tmp_path, "guest") as machine:
        said = set_up(machine)
        assert said.outcome == "reverted"
        assert said.error["why"] == "Guest may not use it."
        assert said.error["hint"] == "Add guest to its group: `sudo usermod -aG docker guest`."
        wrong = amiss(machine)
    assert wrong["user"].startswith("guest has neither sudo")
    assert wrong["docker"] == "guest may not use it"
    assert server.sh(f"ls -d {ROOT} 2>/dev/null || echo gone").strip() == "gone"


def test_a_plan_for_a_user_who_may_nothing_is_the_refusal_itself(server: Server, tmp_path: Path) -> None:
    with rented_user(server, tmp_path, "visitor") as machine:
        with pytest.raises(TargetError) as caught:
            ServerTarget(server.name, machine, "").setup_plan(install_docker=False)
        assert (caught.value.why, caught.value.hint) == (
            "Visitor may not use it.",
            "Add visitor to its group: `sudo usermod -aG docker visitor`.",
        )


def test_without_root_rights_the_records_are_in_the_users_home(server: Server, tmp_path: Path) -> None:
    with rented_user(server, tmp_path, "solo", "docker") as machine:
        said = set_up(machine)
        assert (said.outcome, said.error) == ("done", {})
        assert inspected(server, '{{index .Config.Labels "webduh.root"}}') == "/home/solo/.webduh"
        assert amiss(machine) == {}
        assert set_up(machine).changed == dict.fromkeys(STEPS, False)
        assert Front(root_of(machine)).version().startswith("3.7.")


def test_a_fresh_server_gets_docker_only_when_that_is_asked(bare_server: Server, tmp_path: Path) -> None:
    with machine_of(bare_server, tmp_path) as machine:
        assert planned(machine)["docker"].startswith("install Docker from Debian")
        with pytest.raises(TargetError) as caught:
            ServerTarget(bare_server.name, machine, "").setup_plan(install_docker=False)
        assert f"`webduh server setup {bare_server.name} --install-docker`" in caught.value.hint
        refused = set_up(machine)
        assert refused.outcome == "reverted"
        assert refused.error["what"] == f"{bare_server.name} has no Docker."
        assert "--install-docker" in refused.error["hint"]
        assert "docker" in amiss(machine)
        done = set_up(machine, Options(install_docker=True))
        assert (done.outcome, done.error) == ("done", {})
        assert done.changed == {**dict.fromkeys(STEPS, True), "engine": False, "schedules": False}  # nothing there can
        assert amiss(machine) == {}
        assert set_up(machine).changed == dict.fromkeys(STEPS, False)


def test_a_docker_that_does_not_run_is_started(server: Server, machine: SSHMachine) -> None:
    server.sh("service docker stop")
    assert amiss(machine)["docker"].startswith("it does not answer: Cannot connect")
    assert planned(machine)["engine"] == "start Docker now and at every boot"
    said = set_up(machine)
    assert (said.outcome, said.error) == ("done", {})
    assert said.changed == {**dict.fromkeys(STEPS, True), "docker": False}
    assert amiss(machine) == {}


def test_traefik_that_was_removed_by_hand_comes_back_in_every_projects_network(
    server: Server, machine: SSHMachine
) -> None:
    set_up(machine)
    folder = root_of(machine)
    for project in ("shop", "blog"):
        list(networks.ensure_project(folder, project))
    server.exec("docker", "rm", "-f", "webduh-traefik")
    assert amiss(machine) == {"traefik": "it is not there"}
    assert planned(machine)["traefik"].startswith("run traefik:v3.7")
    assert set_up(machine).outcome == "done"
    joined = inspected(server, "{{range $name, $_ := .NetworkSettings.Networks}}{{$name}} {{end}}").split()
    assert sorted(joined) == ["webduh-0-edge", "webduh-p-blog", "webduh-p-shop"]


@pytest.mark.parametrize(
    ("harm", "would"),
    [
        ("docker stop -t 1 webduh-traefik", "start webduh-traefik, which is exited"),
        (f"echo '# mine' >>{ROOT}/traefik/traefik.yml", "write Traefik's configuration anew"),
        (f"rm {ROOT}/traefik/dynamic/_webduh.yml", "write the guard of Traefik's API anew"),
        (f"rm {ROOT}/traefik/key", "write the guard of Traefik's API anew"),
    ],
)
def test_what_was_harmed_by_hand_is_mended(server: Server, machine: SSHMachine, harm: str, would: str) -> None:
    set_up(machine)
    server.sh(harm)
    plan = planned(machine)
    assert plan["traefik"].startswith(would)
    said = set_up(machine)
    assert (said.outcome, said.error) == ("done", {})
    assert planned(machine) == dict.fromkeys(STEPS, "")
    assert amiss(machine) == {}
    assert Front(root_of(machine)).version().startswith("3.7.")


def test_a_setup_that_is_cancelled_leaves_nothing(server: Server, machine: SSHMachine) -> None:
    cancel = CancelToken()
    cancel.set()
    assert set_up(machine, cancel=cancel).outcome == "cancelled"
    assert server.sh(f"ls -d {ROOT} 2>/dev/null || echo gone").strip() == "gone"


def test_two_who_need_a_network_at_once_make_one(server: Server, tmp_path: Path) -> None:
    with machine_of(server, tmp_path) as machine:
        set_up(machine)
        folder = root_of(machine)
        names = [networks.project_network(f"p{number}") for number in range(4)] * 4
        with ThreadPoolExecutor(8) as racers:
            done = list(racers.map(lambda name: networks.ensure(folder, name), names))
        made = [one for one in done if one.network == "made"]
        assert sorted(one.name for one in made) == sorted(set(names))
        assert len({one.subnet for one in made}) == 4
        listed = server.exec("docker", "network", "ls", "--format", "{{.Name}}").split()
        assert sorted(name for name in listed if name in names) == sorted(set(names))
        joined = inspected(server, "{{range $name, $_ := .NetworkSettings.Networks}}{{$name}} {{end}}").split()
        assert set(joined) == {"webduh-0-edge", *names}
        assert all(
            one.network == "there" and not one.joined for one in (networks.ensure(folder, n) for n in set(names))
        )
        assert all(networks.drop(folder, name) for name in set(names))
        assert networks_of(server) == {"webduh-0-edge"}


def test_a_subnet_that_a_route_leads_to_is_left_alone(server: Server, machine: SSHMachine) -> None:
    set_up(machine)
    folder = root_of(machine)
    taken = networks.ensure(folder, networks.project_network("first")).subnet
    second = taken.replace("10.210.1.0", "10.210.2.0")
    server.sh(f"ip route add {second} dev eth0")
    try:
        third = networks.ensure(folder, networks.project_network("second")).subnet
    finally:
        server.sh(f"ip route del {second} dev eth0")
    assert (taken, third) == ("10.210.1.0/24", "10.210.3.0/24")


def test_a_network_that_something_is_still_in_is_not_dropped(server: Server, machine: SSHMachine) -> None:
    set_up(machine)
    folder = root_of(machine)
    name = networks.ensure(folder, networks.project_network("busy")).name
    if not server.sh("docker images --quiet busybox:1"):
        server.load("busybox:1")
    server.exec("docker", "run", "-d", "--name", "busy", "--network", name, "busybox:1", "sleep", "600")
    assert not networks.drop(folder, name)
    server.exec("docker", "rm", "-f", "busy")
    wait_until(lambda: networks.drop(folder, name), "the network is dropped")
    assert networks.drop(folder, name)


def test_an_older_traefik_of_ours_is_replaced_with_little_interruption(server: Server, machine: SSHMachine) -> None:
    set_up(machine)
    folder = root_of(machine)
    front = Front(folder)
    switch(front, 1, run_app(server, folder, 1))
    until_answered(server, 200, "release 1")
    before = inspected(server, "{{.Id}}")
    server.sh(f"echo '# from before' >>{ROOT}/traefik/traefik.yml")
    answered: list[float] = []
    over = threading.Event()

    def client() -> None:
        while not over.wait(0.01):
            if ask(server)[0] == 200:
                answered.append(time.monotonic())

    asking = threading.Thread(target=client)
    asking.start()
    try:
        said = set_up(machine)
        until_answered(server, 200, "release 1")
    finally:
        over.set()
        asking.join()
    assert (said.outcome, said.error) == ("done", {})
    assert inspected(server, "{{.Id}}") != before
    names = server.exec("docker", "ps", "-a", "--format", "{{.Names}}").split()
    assert [name for name in names if "traefik" in name] == ["webduh-traefik"]
    longest = max(later - earlier for earlier, later in pairwise(answered))
    print(f"nobody answered for {longest:.2f} s")
    assert longest < 10


def test_a_traefik_that_does_not_start_gives_its_place_back(server: Server, machine: SSHMachine) -> None:
    set_up(machine)
    server.sh(f"echo '# changed' >>{ROOT}/traefik/traefik.yml")
    before = inspected(server, "{{.Id}}")
    said = set_up(machine, Options(http=80, https=80))
    assert said.outcome == "reverted"
    assert said.error["what"] == f"Traefik on {server.name} does not start."
    assert inspected(server, "{{.Id}} {{.State.Status}}") == f"{before} running"
    names = server.exec("docker", "ps", "-a", "--format", "{{.Names}}").split()
    assert [name for name in names if "traefik" in name] == ["webduh-traefik"]
    assert Front(root_of(machine)).version().startswith("3.7.")
