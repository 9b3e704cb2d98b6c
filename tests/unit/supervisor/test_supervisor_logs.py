import asyncio
import base64
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from supervisor_house import House
from waiting import wait_until

from webduh_console.targets.local.supervisor import reading
from webduh_console.targets.local.supervisor.logfile import OLD, PIECE, LineCutter, LogFile, old_path
from webduh_console.targets.local.supervisor.reading import Line, parse, read_lines

START = datetime(2026, 11, 23, 19, 3, 11, tzinfo=UTC)


def at(second: float) -> datetime:
    return START + timedelta(seconds=second)


def line(second: float, text: str, stream: str = "stdout") -> bytes:
    return f"{at(second):%Y-%m-%dT%H:%M:%S.%f}Z {stream} {text}\n".encode()


def texts(path: Path, **options: object) -> list[str]:
    return [found.text for found in read_lines(path, **options)]  # type: ignore[arg-type]


@pytest.fixture
def rotated(tmp_path: Path) -> Path:
    """One line a second, 0 to 399, a hundred a file."""
    path = tmp_path / "app.log"
    for age, first in ((3, 0), (2, 100), (1, 200), (0, 300)):
        old_path(path, age).write_bytes(b"".join(line(number, str(number)) for number in range(first, first + 100)))
    return path


@pytest.mark.parametrize(
    ("chunks", "lines"),
    [
        ([b"a\nb\n"], ["a", "b"]),
        ([b"a", b"b\nc", b"\n"], ["ab", "c"]),
        ([b"\n\n"], ["", ""]),
        ([b"a\r\n"], ["a"]),
        ([b"10%\r20%\r\n"], ["10%\r20%"]),
        ([b"\xc3", b"\xbc\n"], ["ü"]),
        ([b"\xff\xfe\n"], ["\ufffd\ufffd"]),
        ([b"a\x0bb\x0cc\xe2\x80\xa8d\n"], ["a\x0bb\x0cc\u2028d"]),
        ([b"a\0b\n"], ["a\0b"]),
        ([b"no end"], []),
        ([b"x" * (PIECE + 5) + b"\n"], ["x" * PIECE, "x" * 5]),
        ([b"x" * (PIECE + 5)], ["x" * PIECE]),
    ],
)
def test_output_is_cut_into_lines(chunks: list[bytes], lines: list[str]) -> None:
    cutter = LineCutter(())
    assert [text for chunk in chunks for text in cutter.feed(chunk)] == lines


def test_an_endless_line_is_cut_without_tearing_a_character(tmp_path: Path) -> None:
    cutter, text = LineCutter(()), "€" * 200_000
    encoded = text.encode()
    lines = [found for start in range(0, len(encoded), 1001) for found in cutter.feed(encoded[start : start + 1001])]
    lines += cutter.finish()
    assert "".join(lines) == text
    assert set(map(len, lines[:-1])) == {PIECE}


@pytest.mark.parametrize("shift", range(0, 40, 3))
def test_a_secret_on_the_cut_of_an_endless_line_is_masked_whole(shift: int) -> None:
    secret = "correct-horse-battery"
    cutter = LineCutter((secret,))
    text = b"x" * (PIECE - shift) + secret.encode() + base64.b64encode(secret.encode()) + b"y" * 3 * PIECE
    lines = [found for start in range(0, len(text), 4096) for found in cutter.feed(text[start : start + 4096])]
    joined = "".join([*lines, *cutter.finish()])
    assert joined.strip("xy") == "••••••"


@pytest.mark.parametrize(
    ("raw", "found"),
    [
        (line(0, "hello")[:-1], Line(at(0), "stdout", "hello")),
        (line(0.25, " two  blanks ", "stderr")[:-1], Line(at(0.25), "stderr", " two  blanks ")),
        (line(0, "", "webduh")[:-1], Line(at(0), "webduh", "")),
        (b"2026-11-23T19:03:11Z other text", None),
        (b"yesterday stdout text", None),
        (b"", None),
        (b"\xff\xff\xff", None),
    ],
)
def test_a_line_of_the_file_is_read_back(raw: bytes, found: Line | None) -> None:
    assert parse(raw) == found


def numbers(first: int, last: int) -> list[str]:
    return [str(number) for number in range(first, last + 1)]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, numbers(0, 399)),
        ({"tail": 3}, numbers(397, 399)),
        ({"tail": 150}, numbers(250, 399)),
        ({"tail": 1000}, numbers(0, 399)),
        ({"tail": 0}, []),
        ({"since": at(395)}, numbers(395, 399)),
        ({"since": at(394.5)}, numbers(395, 399)),
        ({"since": at(150)}, numbers(150, 399)),
        ({"since": at(-5)}, numbers(0, 399)),
        ({"since": at(1000)}, []),
        ({"until": at(2)}, numbers(0, 2)),
        ({"until": at(-1)}, []),
        ({"until": at(250.5)}, numbers(0, 250)),
        ({"since": at(99), "until": at(100)}, numbers(99, 100)),
        ({"since": at(200), "until": at(100)}, []),
        ({"until": at(250), "tail": 2}, numbers(249, 250)),
        ({"since": at(398), "tail": 5}, numbers(398, 399)),
        ({"since": at(195), "until": at(205), "tail": 4}, numbers(202, 205)),
    ],
)
def test_lines_are_found_by_time_and_from_the_end_across_rotation(
    rotated: Path, options: dict[str, object], expected: list[str]
) -> None:
    assert texts(rotated, **options) == expected


def test_no_file_has_no_lines(tmp_path: Path) -> None:
    assert texts(tmp_path / "app.log") == texts(tmp_path / "app.log", tail=5) == []
    assert texts(tmp_path / "no" / "folder" / "app.log") == []


def test_a_half_written_last_line_waits(tmp_path: Path) -> None:
    path = tmp_path / "app.log"
    path.write_bytes(line(0, "whole") + line(1, "half")[:-3])
    assert texts(path) == texts(path, tail=5) == ["whole"]
    path.write_bytes(line(0, "half")[:-3])
    assert texts(path) == texts(path, tail=5) == []


def test_foreign_lines_are_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "app.log"
    path.write_bytes(b"rubbish\n" + line(0, "a") + b"\xff\n\n" + line(1, "b") + b"rubbish\n")
    assert texts(path) == texts(path, tail=5) == texts(path, since=at(-1)) == ["a", "b"]
    assert texts(path, since=at(0.5)) == ["b"]


def test_lines_longer_than_a_block_are_read_from_the_end_too(tmp_path: Path) -> None:
    path = tmp_path / "app.log"
    long = ["x" * 200_000, "y" * 70_000, "z"]
    path.write_bytes(b"".join(line(number, text) for number, text in enumerate(long)))
    assert texts(path, tail=3) == long
    assert texts(path, tail=2) == long[1:]


def test_the_last_lines_of_a_large_file_come_without_reading_it(tmp_path: Path) -> None:
    path = tmp_path / "app.log"
    with path.open("wb") as file:
        block = b"".join(line(0, "filling") for _ in range(10_000))
        for _ in range(60):
            file.write(block)
        file.write(b"".join(line(number, str(number)) for number in range(1, 101)))
    assert path.stat().st_size > 20 << 20
    begun = time.process_time()
    assert texts(path, tail=100) == numbers(1, 100)
    assert texts(path, since=at(50)) == numbers(50, 100)
    assert time.process_time() - begun < 0.5


class Follower:
    """Follows a log in a thread of its own."""

    def __init__(self, path: Path, **options: object) -> None:
        self.stop = threading.Event()
        self.texts: list[str] = []
        self._lines = read_lines(path, follow=True, stop=self.stop, **options)  # type: ignore[arg-type]
        self._thread = threading.Thread(target=self._read)

    def _read(self) -> None:
        for found in self._lines:
            self.texts.append(found.text)

    def __enter__(self) -> "Follower":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop.set()
        self._thread.join(10)
        assert not self._thread.is_alive()


def add(path: Path, *lines: bytes) -> None:
    with path.open("ab") as file:
        file.write(b"".join(lines))


def test_following_shows_what_was_and_what_comes(tmp_path: Path) -> None:
    path = tmp_path / "app.log"
    add(path, line(0, "0"), line(1, "1"))
    with Follower(path, tail=1) as follower:
        wait_until(lambda: follower.texts == ["1"])
        add(path, line(2, "2"), line(3, "3")[:-4])
        wait_until(lambda: follower.texts == ["1", "2"])
        add(path, line(3, "3")[-4:])
        wait_until(lambda: follower.texts == ["1", "2", "3"])


def test_following_waits_for_a_file_that_is_not_there_yet(tmp_path: Path) -> None:
    path = tmp_path / "later" / "app.log"
    with Follower(path) as follower:
        path.parent.mkdir()
        add(path, line(0, "0"))
        wait_until(lambda: follower.texts == ["0"])


def test_following_ends_at_its_last_moment(tmp_path: Path) -> None:
    path = tmp_path / "app.log"
    past = START.replace(year=2020)
    add(
        path,
        *(f"{past.replace(minute=minute):%Y-%m-%dT%H:%M:%S.%f}Z stdout {minute}\n".encode() for minute in (0, 1, 5)),
    )
    assert texts(path, follow=True, until=past.replace(minute=2)) == ["0", "1"]


def test_following_loses_nothing_over_rotations(tmp_path: Path) -> None:
    path = tmp_path / "app.log"

    async def write() -> None:
        log = LogFile(path, limit=20_000)
        for number in range(4000):
            log.feed("stdout", b"%d\n" % number)
            if number % 50 == 49:
                log.flush()
                await asyncio.sleep(0.01)
        log.finish()
        log.close()

    with Follower(path) as follower:
        asyncio.run(write())
        wait_until(lambda: len(follower.texts) >= 4000)
    assert follower.texts == numbers(0, 3999)
    assert sorted(file.name for file in tmp_path.iterdir()) == [
        "app.log",
        *(f"app.log.{age}" for age in range(1, OLD + 1)),
    ]
    assert all(file.stat().st_size <= 20_000 for file in tmp_path.iterdir())


def test_an_app_that_writes_much_has_its_log_rotated_and_followed(house: House) -> None:
    count = 260_000
    with Follower(house.log("a")) as follower:
        house.python("a", f"for n in range({count}): print(n)")
        house.until_state("a", "exited")
        wait_until(lambda: follower.texts and follower.texts[-1] == "exited with 0")
    assert old_path(house.log("a"), 1).exists()
    assert follower.texts[1:-1] == numbers(0, count - 1)
    assert follower.texts[1:-1] == house.said("a")


def test_times_never_go_back(house: House) -> None:
    house.run("a", "sh", "-c", "for n in 1 2 3 4 5 6; do echo $n; echo $n >&2; done")
    house.until_state("a", "exited")
    times = [found.at for found in reading.read_lines(house.log("a"))]
    assert times == sorted(times)
    assert all(time_.tzinfo == UTC for time_ in times)
