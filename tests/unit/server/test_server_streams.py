"""What Docker sends without end is taken apart the same, however it is cut on its way."""

import json
import random
import struct
from datetime import UTC, datetime

import pytest

from webduh_console.targets.server.logs import nanoseconds as in_nanoseconds
from webduh_console.targets.server.streams import LogEntry, entries, frames, nanoseconds, objects

STAMP = "2026-01-02T03:04:05.678901234Z"
NS = 1767323045_678901234


def frame(number: int, content: bytes) -> bytes:
    return struct.pack(">BxxxL", number, len(content)) + content


def line(text: bytes, stream: int = 1, stamp: str = STAMP) -> tuple[int, bytes]:
    return stream, stamp.encode() + b" " + text


@pytest.mark.parametrize("seed", range(30))
def test_frames_are_the_same_however_they_are_cut(seed: int) -> None:
    dice = random.Random(seed)
    sent = [(dice.choice((1, 2)), dice.randbytes(dice.choice((0, 1, 7, 8, 9, 300, 70_000)))) for _ in range(20)]
    whole = b"".join(frame(number, content) for number, content in sent)
    parts, at = [], 0
    while at < len(whole):
        size = dice.choice((1, 3, 8, 100, 65_536))
        parts.append(whole[at : at + size])
        at += size
    assert list(frames(parts)) == sent


@pytest.mark.parametrize("cut", [0, 1, 7, 8, 9, 12])
def test_a_frame_that_is_torn_off_is_left_out(cut: int) -> None:
    assert list(frames([frame(1, b"first"), frame(2, b"second")[:cut]])) == [(1, b"first")]


@pytest.mark.parametrize(
    ("sent", "texts"),
    [
        ([line(b"a\n")], [b"a"]),
        ([line(b"\n")], [b""]),
        ([line(b"a\r\n")], [b"a"]),
        ([line(b" a b \n")], [b" a b "]),
        ([line(b"a\x00\xff\n")], [b"a\x00\xff"]),
        ([line(b"no end")], [b"no end"]),
        ([line(b"x" * 10), line(b"y" * 10), line(b"z\n")], [b"x" * 10 + b"y" * 10 + b"z"]),
        ([line(b"out-"), line(b"error\n", 2), line(b"put\n")], [b"error", b"out-put"]),
        ([line(b"x" * 16_384)] * 17 + [line(b"\n")], [b"x" * 16_384 * 16, b"x" * 16_384]),
        ([], []),
    ],
)
def test_lines_are_put_together_from_their_parts(sent: list[tuple[int, bytes]], texts: list[bytes]) -> None:
    assert [entry.text for entry in entries(sent)] == texts


def test_a_line_has_its_stream_and_the_time_of_its_last_part() -> None:
    later = "2026-01-02T03:04:05.678901235Z"
    assert list(entries([line(b"a", 2), line(b"b\n", 2, later)])) == [LogEntry(NS + 1, "stderr", b"ab")]


def test_trouble_of_dockers_own_is_not_taken_for_a_line() -> None:
    with pytest.raises(ValueError, match="disk on fire"):
        list(entries([(3, b"error from daemon in stream: disk on fire\n")]))


@pytest.mark.parametrize(
    ("stamp", "ns"),
    [
        (STAMP, NS),
        ("1970-01-01T00:00:00Z", 0),
        ("1970-01-01T00:00:01.5Z", 1_500_000_000),
        ("1970-01-01T00:00:00.000000001Z", 1),
    ],
)
def test_times_are_exact_to_the_nanosecond(stamp: str, ns: int) -> None:
    assert nanoseconds(stamp) == ns


@pytest.mark.parametrize("stamp", ["", "nonsense", "2026-13-01T00:00:00Z", "2026-01-01T00:00:00.xZ"])
def test_what_is_no_time_is_an_error(stamp: str) -> None:
    with pytest.raises(ValueError):
        nanoseconds(stamp)


def test_a_moment_is_exact_to_the_microsecond() -> None:
    assert in_nanoseconds(datetime(2026, 1, 2, 3, 4, 5, 678_901, UTC)) == NS - 234
    assert in_nanoseconds(None) is None


def test_objects_come_a_line_each_however_they_are_cut() -> None:
    sent = [{"Action": "start", "id": "ü"}, {"Action": "die"}, {}]
    whole = b"\n".join(json.dumps(each).encode() for each in sent) + b"\n\n"
    for size in (1, 5, 1000):
        assert list(objects(whole[at : at + size] for at in range(0, len(whole), size))) == sent
