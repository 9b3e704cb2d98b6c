"""A million lines in little memory, in the order of their times; and what waits for the screen."""

import random
import threading
import tracemalloc
from datetime import UTC, datetime, timedelta

import pytest

from webduh_console.console.logs.buffer import CHUNK, LogBuffer
from webduh_console.console.logs.entries import Entry, made
from webduh_console.console.logs.log import Log
from webduh_console.console.logs.mailbox import Mailbox
from webduh_console.console.logs.merging import in_order, placed
from webduh_console.model.observe import LogLine


def lines(count: int, first: int = 0, source: str = "web") -> list[Entry]:
    return [Entry(float(n), "stdout", source, f"GET /item/{n}") for n in range(first, first + count)]


@pytest.mark.parametrize("count", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, CHUNK * 7 + 3])
def test_every_line_is_found_again(count: int) -> None:
    buffer = LogBuffer()
    buffer.extend(lines(count))
    assert len(buffer) == count
    assert list(buffer.lines()) == lines(count)
    assert [buffer[index] for index in range(count)] == lines(count)


@pytest.mark.parametrize("index", [-1, 10, 99])
def test_there_is_no_line_before_the_first_or_after_the_last(index: int) -> None:
    buffer = LogBuffer()
    buffer.extend(lines(10))
    with pytest.raises(IndexError):
        buffer[index]


def test_the_oldest_lines_are_forgotten_and_the_rest_keep_their_numbers() -> None:
    buffer = LogBuffer(limit=CHUNK * 3)
    buffer.extend(lines(CHUNK * 5 + 10))
    assert (buffer.first, buffer.end) == (CHUNK * 3, CHUNK * 5 + 10)
    assert buffer[buffer.first] == lines(1, CHUNK * 3)[0]
    assert buffer[buffer.end - 1] == lines(1, CHUNK * 5 + 9)[0]


def test_a_million_lines_are_held_before_one_is_forgotten() -> None:
    buffer = LogBuffer()
    for start in range(0, 1_000_000, CHUNK):
        buffer.extend(lines(CHUNK, start))
    assert (buffer.first, len(buffer)) == (0, 1_000_000)
    buffer.extend(lines(1, 1_000_000))
    assert (buffer.first, buffer.end) == (CHUNK, 1_000_001)


def test_a_hundred_thousand_lines_take_little_memory() -> None:
    buffer = LogBuffer()
    text = "10.0.0.{} - - GET /a/rather/ordinary/path/of/an/app/{} HTTP/1.1 200 {} curl/8.0 and a few more words"
    tracemalloc.start()
    for start in range(0, 100_000, 1000):
        buffer.extend(
            Entry(float(n), "stdout", "web", text.format(n % 255, n, n * 7)) for n in range(start, start + 1000)
        )
    used, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert used / len(buffer) < 60


def test_huge_lines_are_bounded_by_their_size_and_not_by_their_number() -> None:
    buffer, chance = LogBuffer(room=2**21), random.Random(1)
    for n in range(300):
        buffer.extend([Entry(float(n), "stdout", "web", chance.randbytes(50_000).hex())])
    assert buffer.first > 0
    assert buffer.size < 2**21 + 5 * 2**20
    assert buffer[buffer.end - 1].at == 299.0


@pytest.mark.parametrize("text", ["", "\ud800 half", "日本語", "x" * 1_000_000])
def test_any_text_survives_being_compressed(text: str) -> None:
    buffer = LogBuffer()
    buffer.extend([made(0.0, "stderr", "web", text), *lines(CHUNK * 6)])
    assert buffer[0] == made(0.0, "stderr", "web", text)


def test_a_line_that_is_indented_has_the_level_of_the_one_before_it() -> None:
    buffer = LogBuffer()
    texts = ["ERROR lost", "  at x", "\tat y", "GET /", "  at z"]
    buffer.extend(made(0.1 * n, "stdout", "web", text) for n, text in enumerate(texts))
    buffer.extend([made(9.0, "stdout", "web", "ERROR"), made(20.0, "stdout", "web", "  much later")])
    assert [one.level for one in buffer.lines()] == [4, 4, 4, 0, 0, 4, 0]


# Merging.


def streams(seed: int, count: int = 4, length: int = 60) -> list[list[Entry]]:
    """Sources whose own times mostly go up."""
    chance = random.Random(seed)
    found = []
    for number in range(count):
        at, own = chance.uniform(0, 20), []
        for n in range(length):
            at += chance.choice((0.0, 0.1, 1.0, 3.0, -0.5))
            own.append(Entry(round(at, 3), "stdout", f"source-{number}", f"{n}"))
        found.append(own)
    return found


def numbers(entries: list[Entry], source: str) -> list[int]:
    return [int(one.text) for one in entries if one.source == source]


@pytest.mark.parametrize("seed", range(40))
def test_lines_of_one_source_keep_their_order_however_they_come(seed: int) -> None:
    chance = random.Random(seed)
    own = streams(seed)
    buffer, left = LogBuffer(), [list(one) for one in own]
    while any(left):
        batch: list[Entry] = []
        for one in left:
            take = chance.randrange(0, 12)
            batch += one[:take]
            del one[:take]
        buffer.extend(batch)
    kept = list(buffer.lines())
    assert sorted(kept) == sorted(entry for one in own for entry in one)
    for number, one in enumerate(own):
        assert numbers(kept, f"source-{number}") == list(range(len(one)))


@pytest.mark.parametrize("seed", range(40))
def test_sources_whose_clocks_go_forward_are_in_the_order_of_time_whoever_comes_first(seed: int) -> None:
    chance = random.Random(seed)
    own = [sorted(one) for one in streams(seed)]
    buffer = LogBuffer()
    for one in chance.sample(own, len(own)):
        buffer.extend(one)
    times = [entry.at for entry in buffer.lines()]
    assert times == sorted(times)


@pytest.mark.parametrize("seed", range(20))
def test_cursor_and_marks_stay_with_their_lines_when_others_come_before_them(seed: int) -> None:
    chance = random.Random(seed)
    log = Log(lambda scan: None)
    log.extend(Entry(float(n), "stdout", "web", f"{n}") for n in range(500))
    log.cursor, log.top = 321, 300
    log.marks, log.turned, log.anchor = {0, 77, 499}, {5}, 12
    for _ in range(10):
        at = sorted(chance.uniform(0, 500) for _ in range(30))
        log.extend(Entry(one, "stdout", "worker", "late") for one in at)
    text = {name: log.buffer[index].text for name, index in (("cursor", log.cursor), ("top", log.top))}
    assert text == {"cursor": "321", "top": "300"}
    assert sorted(log.buffer[index].text for index in log.marks) == ["0", "499", "77"]
    assert [log.buffer[index].text for index in log.turned] == ["5"]
    assert log.anchor is not None
    assert log.buffer[log.anchor].text == "12"


def test_arrivals_are_put_among_the_kept_lines() -> None:
    kept = [Entry(float(at), "stdout", "a", str(at)) for at in (1, 3, 5)]
    late = [Entry(at, "stdout", "b", str(at)) for at in (0.5, 3.0, 9.0)]
    merged, places = placed(kept, late)
    assert [one.text for one in merged] == ["0.5", "1", "3", "3.0", "5", "9.0"]
    assert places == [0, 2, 3]


def test_lines_of_a_single_source_are_never_sorted() -> None:
    own = [Entry(at, "stdout", "a", str(at)) for at in (5.0, 1.0, 3.0)]
    assert in_order(own) == own
    buffer = LogBuffer()
    buffer.extend(own)
    assert list(buffer.lines()) == own


@pytest.mark.parametrize("at", [-5.0, 0.0, 0.4, 0.6, 17.0, 4999.4, 9999.0, 1e9])
def test_the_line_nearest_a_time_is_found(at: float) -> None:
    log = Log(lambda scan: None)
    log.extend(lines(10_000))
    assert log.nearest(at) == min(9999, max(0, round(at)))


def test_no_line_is_nearest_when_there_is_none() -> None:
    assert Log(lambda scan: None).nearest(3.0) is None


# The mailbox.

BEGAN = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)


def line(number: int, later: float) -> LogLine:
    return LogLine(BEGAN + timedelta(seconds=later), "one", "web", "stdout", f"{number}")


def never() -> bool:
    return False


def test_what_is_written_faster_than_it_is_shown_is_left_out_and_a_line_says_so() -> None:
    box = Mailbox(BEGAN, room=3)
    assert [box.put(line(n, n), never) for n in range(8)] == [True, *[False] * 7]
    assert box.take(10)[0][-1].text == "2"
    box.put(line(8, 8), never)
    box.put(line(9, 9), never)
    taken, more = box.take(10)
    assert [(one.stream, one.text, one.at - BEGAN.timestamp()) for one in taken] == [
        ("webduh", "5 lines were left out: they came faster than they can be shown", 7.0),
        ("stdout", "8", 8.0),
        ("stdout", "9", 9.0),
    ]
    assert (more, box.left_out) == (False, 5)


def test_what_was_left_out_last_is_said_at_the_end() -> None:
    box = Mailbox(BEGAN, room=1)
    for n in range(2):
        box.put(line(n, n), never)
    box.end()
    assert [one.text for one in box.take(9)[0]] == [
        "0",
        "1 line was left out: they came faster than they can be shown",
    ]


def test_a_log_of_the_past_waits_for_room_and_loses_nothing() -> None:
    box = Mailbox(BEGAN, room=10)

    def read() -> None:
        for n in range(1000):
            box.put(line(n, -1000 + n), never)

    reader = threading.Thread(target=read)
    reader.start()
    taken: list[Entry] = []
    while len(taken) < 1000:
        taken += box.take(7)[0]
        assert reader.is_alive() or len(taken) + 10 >= 1000
    reader.join(10)
    assert [one.text for one in taken] == [str(n) for n in range(1000)]
    assert box.left_out == 0


def test_a_reader_that_waits_for_room_ends_when_it_is_told_to() -> None:
    box, stop = Mailbox(BEGAN, room=1), threading.Event()
    box.put(line(0, -9), stop.is_set)
    reader = threading.Thread(target=lambda: box.put(line(1, -8), stop.is_set))
    reader.start()
    stop.set()
    reader.join(10)
    assert not reader.is_alive()
