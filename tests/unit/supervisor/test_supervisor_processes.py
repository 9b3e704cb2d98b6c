import base64
import os
import sys
import threading
import time
import urllib.request
from itertools import pairwise
from pathlib import Path

import psutil
import pytest
from supervisor_house import House
from waiting import wait_until

from webduh_console.errors import TargetError
from webduh_console.model.build import Static
from webduh_console.targets.local.supervisor.instance import pause

SLEEP = "import time; print('up'); time.sleep(300)"
STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up'); time.sleep(300)"


def gone(pid: int) -> bool:
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def test_a_started_one_is_as_it_was_told(house: House) -> None:
    state = house.python("a", SLEEP, slug="default--shop--production", process="worker", release=7, needs_port=False)
    told = (state.name, state.slug, state.process, state.release, state.state, state.port, state.exit, state.restarts)
    assert told == ("a", "default--shop--production", "worker", 7, "running", 0, None, 0)
    assert not gone(state.pid)
    assert house.supervisor.list() == [house.state("a")]


def test_starting_it_again_while_it_runs_changes_nothing(house: House) -> None:
    first = house.python("a", SLEEP)
    assert house.python("a", "raise SystemExit(1)").pid == first.pid


def test_starting_it_again_after_it_exited_starts_anew(house: House) -> None:
    first = house.python("a", "raise SystemExit(1)")
    house.until_state("a", "exited")
    second = house.python("a", SLEEP)
    assert (second.state, second.exit) == ("running", None)
    assert second.pid != first.pid


def test_it_gets_a_port_in_its_environment_and_its_words(house: House) -> None:
    code = "import os, sys; print(os.environ['PORT'], os.environ['HOST'], *sys.argv[1:])"
    state = house.run("a", sys.executable, "-c", code, "--bind=:${PORT}", "${HOME}")
    house.until_state("a", "exited")
    assert 20000 <= state.port < 32000
    assert house.said("a") == [f"{state.port} 127.0.0.1 --bind=:{state.port} ${{HOME}}"]


def test_it_inherits_no_environment_and_keeps_wrong_utf8_in_its_own(house: House) -> None:
    value = os.fsdecode(b"caf\xe9 \xf0\x9f\x90\x9d")
    code = "import os; print(sorted(k for k in os.environ if k != 'LC_CTYPE')); print(os.environb[b'ODD'])"
    house.python("a", code, env={"ODD": value, "HOST": "0.0.0.0"})
    house.until_state("a", "exited")
    assert house.said("a") == [
        "['HOST', 'NAME', 'ODD', 'PATH', 'PORT', 'WEBDUH_SUPERVISOR']",
        str(b"caf\xe9 \xf0\x9f\x90\x9d"),
    ]


def test_no_two_have_the_same_port(house: House) -> None:
    ports = [house.python(f"a{number}", SLEEP).port for number in range(8)]
    assert len(set(ports)) == 8


@pytest.mark.parametrize(
    ("argv", "more", "why"),
    [
        (("no-such-program", "x"), {}, "No such file or directory: no-such-program."),
        (("/usr",), {}, "Permission denied: /usr."),
        (("true",), {"cwd": "/no/such/folder"}, "There is no such folder: /no/such/folder."),
        (("true", "nul\0"), {}, "embedded null byte."),
        ((), {}, ""),
    ],
)
def test_what_cannot_be_started_says_why_and_leaves_nothing(
    house: House, argv: tuple[str, ...], more: dict[str, str], why: str
) -> None:
    with pytest.raises(TargetError) as caught:
        house.run("a", *argv, **more)
    assert caught.value.why == why
    assert house.supervisor.list() == []


@pytest.mark.parametrize(
    ("code", "expected", "words"),
    [
        ("pass", 0, "exited with 0"),
        ("raise SystemExit(7)", 7, "exited with 7"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", -11, "ended by SIGSEGV"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", -9, "ended by SIGKILL"),
    ],
)
def test_an_exit_is_kept_and_not_restarted_before_it_was_marked_good(
    house: House, code: str, expected: int, words: str
) -> None:
    house.python("a", code)
    state = house.until_state("a", "exited")
    assert (state.exit, state.oom, state.pid, state.restarts) == (expected, False, 0, 0)
    assert house.said("a", "webduh")[-1] == words


def test_every_line_written_before_the_end_is_in_the_log_when_it_says_exited(house: House) -> None:
    for round_ in range(5):
        name = f"a{round_}"
        house.python(name, "import sys; [print(n) for n in range(3000)]; sys.stderr.write('last, without an end')")
        house.until_state(name, "exited")
        assert house.said(name) == [str(number) for number in range(3000)]
        assert house.said(name, "stderr") == ["last, without an end"]


def test_a_good_one_is_restarted_on_its_port_after_1_2_4_seconds(house: House) -> None:
    first = house.python("a", "import time; print(time.time()); raise SystemExit(3)")
    house.supervisor.keep("a")
    crashing = house.until_state("a", "crashing")
    assert crashing.exit == 3
    wait_until(lambda: len(house.said("a")) >= 3)
    house.supervisor.stop("a")
    begun = [float(text) for text in house.said("a")]
    first_pause, second_pause = [after - before for before, after in pairwise(begun)][:2]
    assert 1 <= first_pause < 2 <= second_pause < 4
    started = [text for text in house.said("a", "webduh") if text.startswith("started")]
    assert {text.rpartition(" ")[2] for text in started} == {str(first.port)}
    assert "restarting in 4 s" in house.said("a", "webduh") or len(started) == 3


@pytest.mark.parametrize(
    ("failures", "seconds"), [(0, 1), (1, 2), (2, 4), (3, 8), (4, 16), (5, 30), (6, 30), (1000, 30)]
)
def test_the_pause_before_a_restart_grows_to_half_a_minute(failures: int, seconds: float) -> None:
    assert pause(failures) == seconds


def test_one_that_wants_no_restart_gets_none(house: House) -> None:
    house.python("a", SLEEP, restart="never")
    house.supervisor.keep("a")
    os.kill(house.state("a").pid, 9)
    assert house.until_state("a", "exited").exit == -9


def test_one_that_is_restarted_on_failure_alone_may_end(house: House) -> None:
    house.python("a", SLEEP.replace("time.sleep(300)", "time.sleep(0.2)"), restart="on-failure")
    house.supervisor.keep("a")
    state = house.until_state("a", "exited")
    assert (state.exit, state.restarts) == (0, 0)


def test_one_that_fails_is_restarted_as_often_as_it_says(house: House) -> None:
    house.python("a", "raise SystemExit(3)", restart="on-failure", max_retries=1)
    house.supervisor.keep("a")
    wait_until(lambda: house.state("a").restarts == 1)
    assert house.until_state("a", "exited").exit == 3
    house.supervisor.keep("a")
    assert house.state("a").state == "exited"


def test_a_served_one_that_crashes_serves_again(house: House) -> None:
    house.app("a")
    house.supervisor.keep("a")
    os.kill(house.state("a").pid, 9)
    wait_until(lambda: house.state("a").restarts == 1)
    wait_until(lambda: house.state("a").listening)
    assert house.state("a").state == "running"


def test_stopping_ends_the_whole_group_and_those_that_left_it(house: House) -> None:
    code = (
        "import subprocess, sys, time\n"
        "child = [sys.executable, '-c', 'import time; time.sleep(300)']\n"
        "print(subprocess.Popen(child).pid, subprocess.Popen(child, start_new_session=True).pid)\n"
        "time.sleep(300)"
    )
    state = house.python("a", code)
    children = [int(pid) for pid in wait_until(lambda: house.said("a"))[0].split()]
    house.supervisor.stop("a", grace=1.0)
    assert [gone(pid) for pid in (state.pid, *children)] == [True, True, True]
    assert house.supervisor.get("a") is None


def test_one_that_ignores_sigterm_is_killed_after_its_grace(house: House) -> None:
    state = house.python("a", STUBBORN)
    wait_until(lambda: house.said("a"))
    begun = time.monotonic()
    house.supervisor.stop("a", grace=0.5)
    assert 0.4 < time.monotonic() - begun < 8
    assert gone(state.pid)


def test_a_second_stop_can_shorten_the_grace_of_the_first(house: House) -> None:
    house.python("a", STUBBORN)
    wait_until(lambda: house.said("a"))
    first = threading.Thread(target=lambda: house.supervisor.stop("a", grace=60))
    first.start()
    wait_until(lambda: house.state("a").state == "stopping")
    house.supervisor.stop("a", grace=0.1)
    first.join(5)
    assert not first.is_alive()
    assert house.supervisor.list() == []


def test_a_child_that_ignores_sigterm_has_the_same_grace(house: House) -> None:
    code = (
        f"import subprocess, sys, time; subprocess.Popen([sys.executable, '-u', '-c', {STUBBORN!r}]); time.sleep(300)"
    )
    house.python("a", code)
    wait_until(lambda: house.said("a"))
    state = house.state("a")
    children = [child.pid for child in psutil.Process(state.pid).children()]
    begun = time.monotonic()
    house.supervisor.stop("a", grace=0.5)
    assert 0.4 < time.monotonic() - begun < 8
    assert all(gone(pid) for pid in children)


def test_what_a_crashed_one_leaves_behind_is_ended_before_it_says_exited(house: House) -> None:
    code = (
        "import os, subprocess, sys\n"
        "print(subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(300)']).pid)\n"
        "sys.stdout.flush(); os._exit(1)"
    )
    house.python("a", code)
    house.until_state("a", "exited")
    assert gone(int(house.said("a")[0]))


def test_stopping_what_is_not_there_is_fine(house: House) -> None:
    house.supervisor.stop("nobody")
    assert house.supervisor.drain("nobody", 0.1)
    with pytest.raises(TargetError, match="There is no instance nobody"):
        house.supervisor.keep("nobody")


def test_a_crashing_one_can_be_stopped(house: House) -> None:
    house.python("a", "raise SystemExit(1)")
    house.supervisor.keep("a")
    house.until_state("a", "crashing")
    house.supervisor.stop("a")
    assert house.supervisor.list() == []


def test_one_over_its_memory_limit_is_ended_and_says_so(house: House) -> None:
    house.python("a", "import time; hog = bytearray(120 << 20); print('up'); time.sleep(300)", memory=64 << 20)
    state = house.until_state("a", "exited")
    assert (state.oom, state.exit) == (True, -9)
    assert house.said("a", "webduh")[1:] == ["over its memory limit of 64.0 MiB", "ended by SIGKILL, out of memory"]


def test_the_memory_of_its_children_counts_too(house: House) -> None:
    child = "import time; hog = bytearray(100 << 20); time.sleep(300)"
    house.python(
        "a",
        f"import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', {child!r}]); time.sleep(300)",
        memory=64 << 20,
    )
    assert house.until_state("a", "exited").oom


def test_secrets_are_masked_in_its_log(house: House) -> None:
    secret = "hunter2-hunter2"
    encoded = base64.b64encode(f"user:{secret}".encode()).decode()
    house.python(
        "a", f"import os; print(os.environ['S']); print('Basic {encoded}')", env={"S": secret}, masks=(secret,)
    )
    house.until_state("a", "exited")
    text = house.log("a").read_text()
    assert secret not in text
    assert base64.b64encode(secret.encode()).decode()[4:12] not in text
    assert house.said("a")[0] == "•••"


def test_one_that_floods_its_log_leaves_the_others_their_time(house: House) -> None:
    house.run("flood", "sh", "-c", "yes aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")
    wait_until(lambda: house.log("flood").exists() and house.log("flood").stat().st_size > 1 << 20)
    begun = time.monotonic()
    for _ in range(100):
        assert house.supervisor.alive()
    assert time.monotonic() - begun < 10


def test_wrong_utf8_control_characters_and_endless_lines_are_kept_readable(house: House) -> None:
    code = "import os; os.write(1, b'a\\xffb\\x00\\x1b[31m\\r\\nc\\x85d\\n' + b'x' * 200000 + b'\\n')"
    house.python("a", code)
    house.until_state("a", "exited")
    lines = house.said("a")
    assert lines[:2] == ["a\ufffdb\0\x1b[31m", "c\ufffdd"]
    assert "".join(lines[2:]) == "x" * 200000
    assert max(map(len, lines)) == 64 * 1024


def test_samples_show_what_it_uses(house: House) -> None:
    begun = time.time()
    house.python("busy", "while True: pass")
    house.site("still", {"index.html": "hello"})
    samples = wait_until(lambda: s if len((s := house.supervisor.samples(begun)).get("busy", ())) >= 2 else None)
    last = samples["busy"][-1]
    assert begun < last.at <= time.time()
    assert 0.05 < last.cpu < 1.5
    assert last.memory > 3 << 20
    assert (samples["still"][-1].cpu, samples["still"][-1].memory) == (0.0, 0)
    assert house.supervisor.samples(time.time()) == {"busy": [], "still": []}
    state = house.state("busy")
    assert 0.05 < state.cpu < 1.5
    assert state.memory > 3 << 20


def test_it_is_seen_where_it_really_listens(house: House) -> None:
    house.python(
        "a",
        "import socket, time; s = socket.create_server(('127.0.0.1', 0)); print(s.getsockname()[1]); time.sleep(300)",
    )
    port = int(wait_until(lambda: house.said("a"))[0])
    state = house.state("a")
    assert state.listening == (port,)
    assert state.port != port


def test_static_output_runs_without_a_process_and_answers_on_a_port_of_its_own(house: House) -> None:
    state = house.site("a", {"index.html": "hello"})
    assert (state.state, state.pid, state.static, state.listening) == ("running", 0, True, ())
    with urllib.request.urlopen(f"http://127.0.0.1:{state.port}/") as answer:
        assert answer.read() == b"hello"


def test_static_output_whose_folder_is_missing_cannot_be_started(house: House) -> None:
    with pytest.raises(TargetError) as caught:
        house.run("a", static=Static("nowhere"))
    assert caught.value.why == f"There is no such folder: {house.folder / 'nowhere'}."


def test_a_full_or_missing_log_folder_does_not_stop_an_app(house: House) -> None:
    (house.folder / "logs").write_text("a file is in the way")
    house.python("a", "print('lost')")
    house.until_state("a", "exited")
    (house.folder / "logs").unlink()
    house.python("a", "print('kept')")
    house.until_state("a", "exited")
    assert house.said("a") == ["kept"]


def test_apps_find_their_programs_by_their_own_path(house: House, tmp_path: Path) -> None:
    program = tmp_path / "bin" / "greet"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\necho hello\n")
    program.chmod(0o755)
    house.run("a", "greet", env={"PATH": f"{program.parent}:/usr/bin:/bin"})
    house.until_state("a", "exited")
    assert house.said("a") == ["hello"]
