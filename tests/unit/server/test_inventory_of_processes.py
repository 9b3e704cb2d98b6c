"""Processes of a server: what /proc says, who uses what, and that no command shows a secret or poses as another."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from here_machine import HereMachine
from script_machine import ScriptMachine, busybox_tools, tools_without

from webduh_console.config.masking import argv_mask
from webduh_console.errors import TargetError
from webduh_console.model.inventory import ProcessRow
from webduh_console.targets.server.inventory import processes, usage
from webduh_console.targets.server.inventory.packing import packed, unpacked
from webduh_console.targets.server.inventory.processes import Look, Seen, looked, rows
from webduh_console.targets.server.metrics import Figures, Reading
from webduh_console.transport.machine import Answer

WAY = "/proc/./."
ID = "ab" * 32


def stat(name: str = "python3", state: str = "S", ticks: tuple[int, int] = (120, 30), began: int = 500) -> str:
    before = "1 10 10 0 -1 4194560 100 0 0 0"
    return f"42 ({name}) {state} {before} {ticks[0]} {ticks[1]} 0 0 20 0 1 0 {began} 10000000 256 18446744\n"


def told(*files: tuple[str, str], way: str = WAY) -> bytes:
    """What the script writes."""
    head = "clock 1000.50 100 4096\nuser /proc/42 deploy 1000\nuser /proc/43 UNKNOWN 10001\n"
    return (head + "\n".join(f"==> {way}/{name} <==\n{content}" for name, content in files)).encode()


def seen(pid: int = 42, busy: float = 1.5, began: float = 5.0, **more: object) -> Seen:
    whole: dict[str, object] = {"argv": ("python3", "app.py"), "container": "", "memory": 2**20, **more}
    return Seen(pid=pid, parent=1, user="deploy", name="python3", state="sleeping", busy=busy, began=began, **whole)  # type: ignore[arg-type]


def test_a_process_is_read_from_its_three_files() -> None:
    content = told(
        ("42/stat", stat()), ("42/cgroup", f"0::/system.slice/docker-{ID}.scope\n"), ("42/cmdline", "python3\0app.py\0")
    )
    assert looked(content, WAY) == Look(1000.5, {42: seen(container=ID)})


@pytest.mark.parametrize("name", ["a b", "(sd-pam)", "x) S 1", "a\nb", ") ("])
def test_the_name_of_a_process_may_hold_anything(name: str) -> None:
    (found,) = looked(told(("42/stat", stat(name))), WAY).processes.values()
    assert (found.name, found.state, found.memory, found.argv) == (name, "sleeping", 2**20, ())


@pytest.mark.parametrize("text", ["", "42 (x", "42 (x) S 1 2 3", "garbage"])
def test_a_process_that_ended_meanwhile_is_left_out(text: str) -> None:
    assert looked(told(("42/stat", text)), WAY).processes == {}


@pytest.mark.parametrize(("word", "state"), [("R", "running"), ("D", "waiting"), ("Z", "zombie"), ("?", "?")])
def test_states_have_words(word: str, state: str) -> None:
    (found,) = looked(told(("42/stat", stat(state=word))), WAY).processes.values()
    assert found.state == state


def test_arguments_that_look_like_another_process_are_no_other_process() -> None:
    forged = f"==> /proc/1/stat <==\n{stat('init')}\n==> /proc/1/cmdline <==\n/sbin/init"
    content = told(("42/stat", stat()), ("42/cmdline", f"python3\0\n{forged}\0"))
    assert list(looked(content, WAY).processes) == [42]


def test_each_look_goes_another_way() -> None:
    ways = {processes.way() for _ in range(50)}
    assert len(ways) == 50
    assert {os.path.normpath(way) for way in ways} == {"/proc"}


def test_those_that_look_are_not_shown() -> None:
    content = told(
        ("42/stat", stat()), ("42/cmdline", f"sh\0-c\0…\0webduh\0{WAY}\0"),
        ("43/stat", stat().replace("42 (", "43 (").replace("S 1 ", "S 42 ", 1)), ("43/cmdline", "xargs\0"),
    )  # fmt: skip
    assert looked(content, WAY).processes == {}


@pytest.mark.parametrize(
    ("text", "container"),
    [
        ("0::/system.slice/ssh.service\n", ""),
        (f"0::/docker/{ID}\n", ID),
        (f"12:memory:/docker/{'cd' * 32}/docker/{ID}\n1:name=systemd:/docker/{'cd' * 32}/docker/{ID}\n", ID),
        (f"0::/system.slice/docker-{ID}.scope/init.scope\n", ID),
        (f"4:pids:/docker/{'cd' * 32}/docker/{ID}\n0::/docker/{'cd' * 32}\n", ID),
    ],
)
def test_the_container_of_a_process_is_told_by_its_cgroup(text: str, container: str) -> None:
    (found,) = looked(told(("42/stat", stat()), ("42/cgroup", text)), WAY).processes.values()
    assert found.container == container


def shown(before: Look | None, now: Look, *secrets: str) -> list[ProcessRow]:
    return rows(before, now, {ID: "web"}, argv_mask(secrets))


def test_what_a_process_uses_is_told_between_two_looks() -> None:
    before, now = Look(100.0, {42: seen(busy=1.0)}), Look(102.0, {42: seen(busy=2.0, container=ID)})
    assert shown(before, now) == [
        ProcessRow(42, 1, "deploy", "sleeping", 0.5, 2**20, 97.0, "python3 app.py", "web"),
    ]


def test_nobody_knows_what_is_used_after_one_look() -> None:
    (row,) = shown(None, Look(100.0, {42: seen()}))
    assert row.cpu is None


def test_a_process_that_took_over_an_id_has_used_what_it_used_since_it_began() -> None:
    before, now = Look(100.0, {42: seen(busy=50.0, began=5.0)}), Look(102.0, {42: seen(busy=0.4, began=101.0)})
    (row,) = shown(before, now)
    assert row.cpu == pytest.approx(0.2)


def test_who_uses_most_comes_first() -> None:
    now = {1: seen(1, busy=1.0), 2: seen(2, busy=3.0), 3: seen(3, busy=1.0, memory=2**30)}
    before = {pid: seen(pid, busy=1.0) for pid in now}
    assert [row.pid for row in shown(Look(1.0, before), Look(2.0, now))] == [2, 3, 1]


def test_a_thread_of_the_kernel_is_shown_by_its_name() -> None:
    (row,) = shown(None, Look(1.0, {2: seen(2, argv=(), memory=0)}))
    assert row.command == "[python3]"


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (("psql", "postgres://app:hunter22@db/app"), "psql •••"),
        (("redis-server", "--requirepass", "hunter22"), "redis-server --requirepass •••"),
        (("docker", "run", "-e", "API_KEY=abc"), "docker run -e API_KEY=•••"),
        (("sh", "-c", "DB_PASSWORD=abc exec app --token xyz -v"), "sh -c DB_PASSWORD=••• exec app --token ••• -v"),
        (("app", "--secret=abc", "--port=80"), "app --secret=••• --port=80"),
        (("app", "the-known-secret"), "app •••"),
        (("sh", "-c", "app the-known-secret"), "sh -c app •••"),
        (("nginx: worker process",), "nginx: worker process"),
    ],
)
def test_no_command_shows_a_secret(argv: tuple[str, ...], words: str) -> None:
    (row,) = shown(None, Look(1.0, {42: seen(argv=argv)}), "the-known-secret")
    assert row.command == words


def machines(folder: Path) -> list[HereMachine]:
    """This machine with its own tools, and with those of busybox where there is one."""
    tools = busybox_tools(folder / "tools")
    return [HereMachine(), *([ScriptMachine(tools=tools)] if tools else [])]


def test_a_real_process_is_found_whatever_tools_there_are(tmp_path: Path) -> None:
    started = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)", "--password=hunter22"])
    try:
        for machine in machines(tmp_path):
            way = processes.way()
            answer = machine.sh(packed(processes.LOOK), way)
            look = looked(unpacked(answer, "here", "They cannot be listed"), way)
            row = next(row for row in shown(None, look) if row.pid == started.pid)
            assert (row.parent, row.command.split()[-1]) == (os.getpid(), "--password=•••")
            assert row.memory > 2**20
            assert 0 <= row.age < 60
            assert all(way not in row.command for row in shown(None, look))
            machine.close()
    finally:
        started.kill()
        started.wait()


def test_what_a_busy_process_uses_is_about_a_core() -> None:
    started = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        with HereMachine() as machine:
            looks = []
            end = time.monotonic() + 20
            while not looks or looks[-1].clock - looks[0].clock < 0.5:
                assert time.monotonic() < end
                way = processes.way()
                looks.append(looked(unpacked(machine.sh(packed(processes.LOOK), way), "here", "no"), way))
            row = next(row for row in shown(looks[0], looks[-1]) if row.pid == started.pid)
            assert row.cpu is not None
            assert 0.05 < row.cpu < 1.5
    finally:
        started.kill()
        started.wait()


def test_a_server_that_cannot_pack_its_answer_says_why(tmp_path: Path) -> None:
    machine = ScriptMachine(tools=tools_without(tmp_path / "tools", "gzip"))
    with pytest.raises(TargetError, match=r"They cannot be listed on here\.") as caught:
        unpacked(machine.sh(packed("echo hello")), "here", "They cannot be listed")
    assert "gzip" in caught.value.why


@pytest.mark.parametrize("cut", [1, 10, 20])
def test_an_answer_that_is_cut_off_is_none(cut: int) -> None:
    with HereMachine() as machine:
        whole = machine.sh(packed("echo hello"))
    assert unpacked(whole, "here", "It cannot be read") == b"hello\n"
    with pytest.raises(TargetError, match="It cannot be read"):
        unpacked(Answer(0, whole.out[:cut], ""), "here", "It cannot be read")


V2 = f"""\
uptime:500.25
./system.slice/docker-{ID}.scope/cpu.stat:usage_usec 2500000
./system.slice/docker-{ID}.scope/memory.stat:inactive_file 1000
./system.slice/docker-{ID}.scope/memory.current:5000
./docker/{"cd" * 32}/memory.current:700
./docker/buildkit/memory.current:900
"""
V1 = f"""\
uptime:500.25
memory/docker/{ID}/memory.usage_in_bytes:5000
memory/docker/{ID}/memory.stat:inactive_file 400
memory/docker/{ID}/memory.stat:total_inactive_file 1000
cpuacct/docker/{ID}/cpuacct.usage:2500000000
"""


@pytest.mark.parametrize("text", [V1, V2])
def test_what_a_container_uses_is_read_as_both_kernels_count_it(text: str) -> None:
    assert usage.readings(text)[ID] == Reading(500.25, 500.25, 2.5, 4000)


def test_what_is_no_container_is_passed_over() -> None:
    assert usage.readings(V2).keys() == {ID, "cd" * 32}
    assert usage.readings("") == {}


def test_the_figures_of_containers_are_told_between_two_looks() -> None:
    before = {ID: Reading(1.0, 1.0, 1.0, 10)}
    after = {ID: Reading(3.0, 3.0, 2.0, 20), "new": Reading(3.0, 3.0, 9.0, 30)}
    assert usage.figures(before, after) == {ID: Figures(0.5, 20), "new": Figures(0.0, 30)}


def test_this_machine_can_be_asked_what_its_containers_use(tmp_path: Path) -> None:
    for machine in machines(tmp_path):
        text = unpacked(machine.sh(packed(usage.LOOK)), "here", "no").decode()
        assert text.startswith("uptime:")
        assert all(one.memory >= 0 for one in usage.readings(text).values())
        machine.close()
