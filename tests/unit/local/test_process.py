"""Programs run by the transport; every one of them is real."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import pytest
from waiting import wait_until

from webduh_console.errors import CancelledError
from webduh_console.model.target import CancelToken
from webduh_console.transport.process import Line, end_left_over, run_lines, start_time


def ran(argv: Sequence[str], folder: Path, env: dict[str, str] | None = None) -> tuple[list[Line], int]:
    lines, work = [], run_lines(argv, folder, env or dict(os.environ), CancelToken())
    while True:
        try:
            lines.append(next(work))
        except StopIteration as stop:
            return lines, stop.value


def shell(script: str, folder: Path) -> tuple[list[Line], int]:
    return ran(("sh", "-c", script), folder)


def gone(pid: int) -> bool:
    return start_time(pid) == 0


@pytest.mark.parametrize(
    ("script", "lines", "code"),
    [
        ("true", [], 0),
        ("exit 3", [], 3),
        ("kill -9 $$", [], -9),
        ("kill -TERM $$", [], -15),
        ("echo a; echo b", [("stdout", "a"), ("stdout", "b")], 0),
        ("echo a >&2; exit 1", [("stderr", "a")], 1),
        ("printf 'no end'", [("stdout", "no end")], 0),
        ("printf 'a\\r\\nb\\n'", [("stdout", "a"), ("stdout", "b")], 0),
        ("printf '10%%\\r20%%\\n'", [("stdout", "10%"), ("stdout", "20%")], 0),
        ("printf '\\377ok\\n'", [("stdout", "\ufffdok")], 0),
        ("printf 'p\\303\\244ss\\n'", [("stdout", "päss")], 0),
        ("printf '\\n\\n'", [("stdout", ""), ("stdout", "")], 0),
        ("printf 'a\\0b\\n'", [("stdout", "a\0b")], 0),
        ("cat", [], 0),
        ("echo $HERE", [("stdout", "x y")], 0),
    ],
)
def test_what_a_program_writes_and_how_it_ends(script: str, lines: list[Line], code: int, tmp_path: Path) -> None:
    assert ran(("sh", "-c", script), tmp_path, {"PATH": os.environ["PATH"], "HERE": "x y"}) == (lines, code)


def test_a_line_of_a_megabyte_comes_in_pieces_and_whole(tmp_path: Path) -> None:
    lines, code = ran((sys.executable, "-c", "print('x' * 1_000_000); print('end')"), tmp_path)
    assert code == 0
    assert lines[-1] == ("stdout", "end")
    assert "".join(text for _, text in lines[:-1]) == "x" * 1_000_000
    assert max(len(text) for _, text in lines) <= 16_384


def test_ten_thousand_lines_all_arrive_in_order_though_the_reader_is_slow(tmp_path: Path) -> None:
    work = run_lines(("sh", "-c", "seq 10000"), tmp_path, os.environ, CancelToken())
    first = next(work)
    wait_until(lambda: True)
    assert [first, *work] == [("stdout", str(n)) for n in range(1, 10_001)]


def test_a_program_that_is_not_there_is_the_operating_systems_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        ran(("webduh-no-such-program",), tmp_path)


def test_a_file_that_may_not_be_run_is_the_operating_systems_error(tmp_path: Path) -> None:
    (tmp_path / "script").write_text("#!/bin/sh\n")
    with pytest.raises(PermissionError):
        ran((str(tmp_path / "script"),), tmp_path)


@pytest.mark.parametrize("trap", ["", "trap '' TERM; "])
def test_cancelling_ends_the_whole_group(trap: str, tmp_path: Path) -> None:
    cancel = CancelToken()
    work = run_lines(("sh", "-c", f"{trap}sleep 300 & echo $!; wait"), tmp_path, os.environ, cancel)
    child = int(next(work)[1])
    cancel.set()
    with pytest.raises(CancelledError):
        next(work)
    wait_until(lambda: gone(child))


def test_leaving_the_lines_ends_the_program(tmp_path: Path) -> None:
    work = run_lines(("sh", "-c", "echo $$; sleep 300"), tmp_path, os.environ, CancelToken())
    pid = int(next(work)[1])
    work.close()
    assert gone(pid)


def test_what_a_program_leaves_in_the_background_ends_with_it(tmp_path: Path) -> None:
    began = time.monotonic()
    lines, code = shell("sleep 300 & echo $!; exit 4", tmp_path)
    assert code == 4
    assert gone(int(lines[0][1]))
    assert time.monotonic() - began < 5


def test_a_daemon_that_left_the_group_holds_nobody_up(tmp_path: Path) -> None:
    began = time.monotonic()
    lines, code = shell("setsid sh -c 'echo $$; exec sleep 300' & sleep 0.3; echo over", tmp_path)
    try:
        assert (code, lines[-1]) == (0, ("stdout", "over"))
        assert time.monotonic() - began < 8
    finally:
        os.kill(int(lines[0][1]), signal.SIGKILL)


def test_the_born_file_names_the_group_while_it_lives(tmp_path: Path) -> None:
    born = tmp_path / "born"
    script = "echo $$; while [ ! -e go ]; do sleep 0.01; done; echo end"
    work = run_lines(("sh", "-c", script), tmp_path, os.environ, CancelToken(), born)
    pid = int(next(work)[1])
    named, started = born.read_text().split()
    assert (int(named), float(started) > 0) == (pid, True)
    (tmp_path / "go").touch()
    assert [text for _, text in work] == ["end"]
    assert not born.exists()


def test_a_program_that_outlived_its_client_is_ended_by_the_next(tmp_path: Path) -> None:
    left = subprocess.Popen(("sh", "-c", "sleep 300 & wait"), start_new_session=True)
    (tmp_path / "born").write_text(f"{left.pid} {start_time(left.pid)}")
    assert end_left_over(tmp_path / "born")
    assert left.wait(10) == -signal.SIGTERM or left.returncode is not None
    assert not (tmp_path / "born").exists()


@pytest.mark.parametrize("content", ["", "nonsense", "1", "1 2 3"])
def test_a_torn_born_file_is_only_removed(content: str, tmp_path: Path) -> None:
    (tmp_path / "born").write_text(content)
    assert not end_left_over(tmp_path / "born")
    assert list(tmp_path.iterdir()) == []


def test_another_process_with_the_same_id_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "born").write_text(f"{os.getpid()} {start_time(os.getpid()) - 100}")
    assert not end_left_over(tmp_path / "born")
    assert not end_left_over(tmp_path / "born")


def test_a_process_is_known_by_its_start_until_it_is_gone() -> None:
    child = subprocess.Popen(("sleep", "300"))
    first = start_time(child.pid)
    assert first > 0
    assert start_time(child.pid) == first
    child.kill()
    wait_until(lambda: start_time(child.pid) == 0)  # though nobody has waited for it yet
    child.wait()
    assert start_time(child.pid) == 0


def test_lines_are_read_by_one_thread_while_another_cancels(tmp_path: Path) -> None:
    cancel = CancelToken()
    work = run_lines(("sh", "-c", "while :; do echo y; done"), tmp_path, os.environ, cancel)
    threading.Timer(0.2, cancel.set).start()
    with pytest.raises(CancelledError):
        list(work)
