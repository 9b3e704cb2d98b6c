"""The logs of a server's containers: whole, masked, merged, and followed whatever happens meanwhile."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from docker_place import FOREVER, KEY, SECRET, Place, placed
from server import Server
from test_server_docker import end_sessions
from waiting import wait_until

from webduh_console.clock import now
from webduh_console.model.observe import LogLine, LogSelector
from webduh_console.model.target import CancelToken
from webduh_console.targets.server import instances
from webduh_console.targets.server.logs import ServerLogs

ALL = LogSelector(KEY)
COUNT = "i=0; while :; do i=$((i+1)); echo {} $i; sleep 0.02; done"


@pytest.fixture
def place(server: Server, tmp_path: Path) -> Iterator[Place]:
    made = placed(server, tmp_path)
    yield made
    made.engine.close()
    made.machine.close()


@pytest.fixture
def logs(place: Place) -> ServerLogs:
    return ServerLogs(place.engine, lambda key: [SECRET])


@contextmanager
def followed(logs: ServerLogs, selector: LogSelector = ALL, tail: int | None = None) -> Iterator[list[LogLine]]:
    """The lines of a log that is followed, as they come; at the end nobody follows it any more."""
    lines: list[LogLine] = []
    stop = threading.Event()

    def read() -> None:
        for line in logs.read(selector, tail=tail, follow=True, stop=stop):
            lines.append(line)  # noqa: PERF402 - they are looked at while they come

    reader = threading.Thread(target=read)
    reader.start()
    try:
        yield lines
    finally:
        stop.set()
        reader.join(5)
        assert not reader.is_alive()


def texts(lines: list[LogLine]) -> list[str]:
    return [line.text for line in lines]


def test_lines_are_whole_and_masked_and_told_by_stream(place: Place, logs: ServerLogs) -> None:
    place.run(
        "echo one; sleep 0.2; echo two >&2; sleep 0.2; echo; printf 'a\\377b\\r\\n'; echo key=$TOKEN.; "
        "head -c 60000 /dev/zero | tr '\\0' x; echo; printf '\\033[1mbold'; exit 4"
    )
    place.engine.wait("default--shop--production--web--1", CancelToken())
    lines = list(logs.read(ALL))
    assert texts(lines) == ["one", "two", "", "a�b", "key=•••.", "x" * 60000, "\x1b[1mbold"]
    assert [line.stream for line in lines] == ["stdout", "stderr", *["stdout"] * 5]
    assert {(line.instance, line.process) for line in lines} == {("default--shop--production--web--1", "web")}
    assert all(abs(line.at - now()) < timedelta(minutes=5) for line in lines)
    assert texts(list(logs.read(ALL, tail=2))) == ["x" * 60000, "\x1b[1mbold"]
    assert list(logs.read(ALL, tail=0)) == []
    assert list(logs.read(ALL, since=lines[1].at, until=lines[2].at)) == lines[1:3]
    assert SECRET not in "".join(
        instances.last_lines(place.engine, lines[0].instance, 9, lambda t: t.replace(SECRET, ""))
    )


def test_several_instances_are_merged_by_time_and_chosen_by_name(place: Place, logs: ServerLogs) -> None:
    place.run("for i in 1 3 5; do echo $i; sleep 0.4; done; " + FOREVER)
    place.run("sleep 0.2; for i in 2 4 6; do echo $i; sleep 0.4; done; " + FOREVER, "worker", number=2)
    lines = wait_until(lambda: len(found := list(logs.read(ALL))) == 6 and found)
    assert lines == sorted(lines)
    assert {line.text for line in lines if line.process == "worker"} == {"2", "4", "6"}
    assert texts(list(logs.read(ALL, tail=1))) == texts(lines[-1:])
    worker = ["2", "4", "6"]
    assert texts(list(logs.read(LogSelector(KEY, process="worker")))) == worker
    assert texts(list(logs.read(LogSelector(KEY, release=2)))) == worker
    assert texts(list(logs.read(LogSelector(KEY, instance="default--shop--production--worker--2")))) == worker
    assert list(logs.read(LogSelector(KEY, process="nothing"))) == []


def numbers(lines: list[LogLine], word: str) -> list[int]:
    return [int(line.text.split()[1]) for line in lines if line.text.startswith(f"{word} ")]


def went_on(lines: list[LogLine], word: str) -> Callable[[], bool]:
    """Whether thirty more lines came than are there now."""
    count = len(numbers(lines, word)) + 30
    return lambda: len(numbers(lines, word)) >= count


def test_a_followed_log_goes_on_with_the_instances_that_come(place: Place, logs: ServerLogs) -> None:
    place.run(COUNT.format("old"))
    with followed(logs, tail=5) as lines:
        wait_until(went_on(lines, "old"))
        place.run(COUNT.format("new"), number=2)
        place.run("echo short", "release", number=2)
        wait_until(went_on(lines, "new"))
        wait_until(lambda: "short" in texts(lines))
        instances.stop(place.engine, "default--shop--production--web--1", grace=0)
        instances.remove(place.engine, "default--shop--production--web--1")
        wait_until(went_on(lines, "new"))
    assert numbers(lines, "new") == list(range(1, len(numbers(lines, "new")) + 1))
    old = numbers(lines, "old")
    assert old == list(range(old[0], old[-1] + 1))
    assert [line for line in lines if line.stream == "webduh"] == []


def test_a_followed_log_goes_on_when_its_instance_is_started_again(place: Place, logs: ServerLogs) -> None:
    container = place.run("echo begin; sleep 0.3; echo end; exit 1")
    instances.keep(place.engine, container.name)
    with followed(logs) as lines:
        wait_until(lambda: texts(lines).count("end") >= 4)
    assert texts(lines)[:8] == ["begin", "end"] * 4


def test_a_lost_connection_is_said_and_no_line_is_lost_or_comes_twice(place: Place, logs: ServerLogs) -> None:
    place.run(COUNT.format("n"))
    with followed(logs) as lines:
        for _ in range(2):
            wait_until(went_on(lines, "n"))
            end_sessions(place.server)
        wait_until(went_on(lines, "n"))
    found = numbers(lines, "n")
    assert found == list(range(1, len(found) + 1))
    said = [line for line in lines if line.stream == "webduh"]
    assert {(line.instance, line.process) for line in said} == {(place.server.name, "")}
    assert said[0].text.startswith(f"the connection to {place.server.name} is lost, trying again: ")
    assert said[1].text == f"{place.server.name} answers again"


def test_a_docker_that_is_restarted_under_a_followed_log_is_said_and_the_log_goes_on(
    place: Place, logs: ServerLogs
) -> None:
    container = place.run(COUNT.format("n"))
    instances.keep(place.engine, container.name)
    with followed(logs) as lines:
        wait_until(went_on(lines, "n"))
        place.server.restart_docker()
        wait_until(lambda: numbers(lines, "n").count(1) == 2, limit=40)
        wait_until(went_on(lines, "n"))
    found = numbers(lines, "n")
    again = found.index(1, 1)
    assert found == [*range(1, again + 1), *range(1, len(found) - again + 1)]


def test_only_what_is_new_is_followed_when_no_old_line_is_wanted(place: Place, logs: ServerLogs) -> None:
    place.run(COUNT.format("n"))
    wait_until(lambda: len(list(logs.read(ALL))) > 20)
    with followed(logs, tail=0) as lines:
        wait_until(went_on(lines, "n"))
    assert numbers(lines, "n")[0] > 20


def test_a_log_that_nobody_reads_any_more_leaves_no_thread(place: Place, logs: ServerLogs) -> None:
    place.run(COUNT.format("n"))
    before = set(threading.enumerate())
    reading = logs.read(ALL, follow=True)
    next(reading)
    reading.close()
    wait_until(lambda: not set(threading.enumerate()) - before)
