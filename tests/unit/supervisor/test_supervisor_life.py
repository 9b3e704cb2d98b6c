import json
import os
import signal
import socket
import stat
import subprocess
import sys
import threading
from pathlib import Path

import psutil
import pytest
from loopback import free_port
from supervisor_house import House
from waiting import wait_until

from webduh_console.errors import TargetError
from webduh_console.targets.local.supervisor.client import Supervisor
from webduh_console.targets.local.supervisor.values import INFO, LOCK, LOG

START = "from pathlib import Path; import sys; from webduh_console.targets.local.supervisor.client import Supervisor; "


def gone(pid: int) -> bool:
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def killed(house: House) -> int:
    """End the supervisor as a power cut would; its process id."""
    info = house.supervisor.info()
    assert info is not None
    os.kill(info.pid, signal.SIGKILL)
    wait_until(lambda: gone(info.pid))
    return info.pid


def test_ensure_starts_it_once(tmp_path: Path) -> None:
    supervisor = Supervisor(tmp_path / "deep" / "root")
    assert (supervisor.alive(), supervisor.ensure(), supervisor.alive(), supervisor.ensure()) == (
        False,
        True,
        True,
        False,
    )
    supervisor.shutdown()
    assert not supervisor.alive()


def test_nothing_is_left_of_it_but_its_log_and_locks(tmp_path: Path) -> None:
    supervisor = Supervisor(tmp_path)
    supervisor.ensure()
    info = supervisor.info()
    assert info is not None
    supervisor.shutdown()
    assert gone(info.pid)
    assert supervisor.info() is None
    assert sorted(file.name for file in tmp_path.iterdir()) == [LOCK, LOG, "supervisor.turn"]


def test_it_is_no_child_of_who_starts_it_and_outlives_them(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-c", START + "Supervisor(Path(sys.argv[1])).ensure()", tmp_path], check=True)
    supervisor = Supervisor(tmp_path)
    assert supervisor.alive()
    info = supervisor.info()
    assert info is not None
    assert os.getsid(info.pid) not in (info.pid, os.getsid(0))
    supervisor.shutdown()


def test_ten_programs_that_start_it_at_once_share_one(tmp_path: Path) -> None:
    code = START + "s = Supervisor(Path(sys.argv[1])); print(s.ensure(), s.info().pid)"
    programs = [
        subprocess.Popen([sys.executable, "-c", code, tmp_path], stdout=subprocess.PIPE, text=True) for _ in range(10)
    ]
    said = [program.communicate(timeout=60)[0].split() for program in programs]
    assert sorted(started for started, _ in said) == ["False"] * 9 + ["True"]
    assert len({pid for _, pid in said}) == 1
    Supervisor(tmp_path).shutdown()


def test_ten_threads_that_start_it_at_once_share_one(tmp_path: Path) -> None:
    started: list[bool] = []
    threads = [threading.Thread(target=lambda: started.append(Supervisor(tmp_path).ensure())) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(started) == [False] * 9 + [True]
    Supervisor(tmp_path).shutdown()


def test_where_it_answers_is_for_its_owner_alone(house: House) -> None:
    assert stat.S_IMODE((house.root / INFO).stat().st_mode) == 0o600


def test_a_wrong_token_closes_the_connection(house: House) -> None:
    info = house.supervisor.info()
    assert info is not None
    for line in (b'{"token":"wrong","call":{"type":"ping"}}\n', b"GET / HTTP/1.1\r\n\r\n", b"\xff\xfe\n"):
        with socket.create_connection(("127.0.0.1", info.port), timeout=10) as connection:
            connection.sendall(line)
            assert connection.recv(100) == b""


def test_an_unknown_call_closes_the_connection_and_harms_nothing(house: House) -> None:
    info = house.supervisor.info()
    assert info is not None
    with socket.create_connection(("127.0.0.1", info.port), timeout=10) as connection:
        connection.sendall(json.dumps({"token": info.token, "call": {"type": "dance"}}).encode() + b"\n")
        assert connection.recv(100) == b""
    assert house.supervisor.alive()


def test_without_one_every_call_says_so(tmp_path: Path) -> None:
    supervisor = Supervisor(tmp_path)
    for call in (supervisor.list, supervisor.routes, lambda: supervisor.stop("x"), lambda: supervisor.open("a", 1)):
        with pytest.raises(TargetError, match="does not answer"):
            call()
    supervisor.shutdown()


def test_a_port_of_a_dead_one_taken_by_a_stranger_is_not_alive(house: House) -> None:
    killed(house)
    info = house.supervisor.info()
    assert info is not None
    with socket.create_server(("127.0.0.1", info.port)) as stranger:
        threading.Thread(target=lambda: stranger.accept()[0].close(), daemon=True).start()
        assert not house.supervisor.alive()


def test_a_root_that_cannot_be_one_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(TargetError) as caught:
        Supervisor(tmp_path / "file" / "root").ensure()
    assert str(tmp_path / "file" / "root") in caught.value.what


def test_sigterm_stops_its_apps_in_order(house: House) -> None:
    app = house.python("a", "import time; print('up'); time.sleep(100)")
    info = house.supervisor.info()
    assert info is not None
    os.kill(info.pid, signal.SIGTERM)
    wait_until(lambda: gone(info.pid))
    assert gone(app.pid)
    assert house.said("a", "webduh")[1:] == ["stopping", "ended by SIGTERM"]
    assert not (house.root / INFO).exists()


def test_after_a_kill_the_next_one_ends_exactly_what_was_left(house: House) -> None:
    tree = (
        "import subprocess, sys, time; "
        "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(300)'], start_new_session=True); "
        "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(300)']); "
        "print('up'); time.sleep(300)"
    )
    one, two = house.python("a", tree), house.app("b")
    wait_until(lambda: house.said("a"))
    ours = {one.pid, two.pid} | {child.pid for child in psutil.Process(one.pid).children(recursive=True)}
    assert len(ours) == 4
    stranger = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(300)"], start_new_session=True)
    try:
        killed(house)
        assert not any(gone(pid) for pid in ours)
        assert house.supervisor.ensure()
        assert all(gone(pid) for pid in ours)
        assert stranger.poll() is None
        assert house.supervisor.list() == []
    finally:
        stranger.kill()
        stranger.wait()


def test_what_is_left_of_a_leader_that_has_died_is_found_too(house: House) -> None:
    code = (
        "import subprocess, sys, time; "
        "print(subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(300)']).pid); time.sleep(300)"
    )
    leader = house.python("a", code)
    child = int(wait_until(lambda: house.said("a"))[0])
    killed(house)
    os.kill(leader.pid, signal.SIGKILL)
    wait_until(lambda: gone(leader.pid))
    assert not gone(child)
    house.supervisor.ensure()
    assert gone(child)


def test_a_process_that_only_has_the_id_of_a_former_one_lives(house: House, tmp_path: Path) -> None:
    house.python("a", "import time; time.sleep(300)")
    killed(house)
    stranger = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(300)"], start_new_session=True)
    try:
        ledger = json.loads((house.root / "instances.json").read_text())
        ledger["instances"]["b"] = {"pid": stranger.pid, "born": 1.0}
        (house.root / "instances.json").write_text(json.dumps(ledger))
        house.supervisor.ensure()
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_a_new_one_gets_the_ports_of_the_killed_one(house: House) -> None:
    house.site("a", {"index.html": "hello"})
    port = house.serve("a")
    killed(house)
    house.supervisor.ensure()
    assert house.supervisor.routes() == []
    assert house.supervisor.open("app", port).port == port


def test_it_leaks_no_descriptor_and_no_process(house: House) -> None:
    info = house.supervisor.info()
    assert info is not None
    process = psutil.Process(info.pid)
    port = free_port()

    def work() -> None:
        house.app("a")
        house.site("b", {"index.html": "hello"})
        house.supervisor.open("app", port)
        house.supervisor.route("app", 1, ("a",), "")
        house.supervisor.stop("a")
        house.supervisor.stop("b")
        house.supervisor.close("app")

    work()
    before = process.num_fds()
    for _ in range(5):
        work()
    wait_until(lambda: process.num_fds() <= before)
    assert process.children() == []


def test_the_client_is_cheap_to_import() -> None:
    code = (
        "import sys, webduh_console.targets.local.supervisor.client; "
        "print(sorted({'asyncio', 'h11', 'psutil'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
