import hashlib
import json
import os
import socket
import threading
import time
from pathlib import Path

import pytest
from supervisor_house import Browser, House
from waiting import wait_until
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

MIB = 1 << 20


def test_a_stream_arrives_event_by_event(house: House) -> None:
    house.app("a")
    with Browser(house.serve("a")) as other:
        with Browser(house.serve("a")) as browser:
            browser.send(b"GET /ticks HTTP/1.1\r\nHost: x\r\n\r\n")
            assert browser.head()[1]["content-type"] == "text/event-stream"
            for number in range(5):
                assert browser.chunk() == b"data: %d\n\n" % number
                other.get("/tick")
            assert house.state("a").in_flight == 1
        wait_until(lambda: other.get("/tick") and house.state("a").in_flight == 0)


def test_a_silent_stream_whose_client_has_gone_ends_after_some_seconds(house: House) -> None:
    house.app("a")
    with Browser(house.serve("a")) as browser:
        browser.send(b"GET /ticks HTTP/1.1\r\nHost: x\r\n\r\n")
        browser.head()
        browser.chunk()
    wait_until(lambda: house.state("a").in_flight == 0)


@pytest.mark.parametrize("chunked", [False, True])
def test_an_upload_arrives_whole(house: House, chunked: bool) -> None:
    house.app("a")
    body = os.urandom(300_000)
    with Browser(house.serve("a")) as browser:
        if chunked:
            browser.send(b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
            for start in range(0, len(body), 70_000):
                part = body[start : start + 70_000]
                browser.send(b"%x\r\n%s\r\n" % (len(part), part))
            browser.send(b"0\r\n\r\n")
        else:
            browser.send(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        assert json.loads(browser.answer()[2]) == [len(body), hashlib.sha256(body).hexdigest()]
        assert browser.get("/")[2] == b"a"


def test_who_waits_for_100_continue_gets_it(house: House) -> None:
    house.app("a")
    with Browser(house.serve("a")) as browser:
        browser.send(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n")
        assert browser.head() == (100, {})
        browser.send(b"hello")
        assert json.loads(browser.answer()[2])[0] == 5


def test_an_answer_before_the_upload_was_read_arrives(house: House) -> None:
    house.app("a")
    with Browser(house.serve("a")) as browser:
        browser.send(b"POST /refuse HTTP/1.1\r\nHost: x\r\nContent-Length: 50000000\r\n\r\n" + b"x" * 1000)
        status, _, body = browser.answer()
        assert (status, body) == (413, b"too large")
        browser.send(b"x" * 1000)
        assert browser.stream.read() == b""


def peak(pid: int) -> int:
    """The most memory a process has had, in bytes."""
    text = Path(f"/proc/{pid}/status").read_text()
    return int(text.split("VmHWM:")[1].split()[0]) * 1024


def test_a_large_upload_and_download_need_little_memory(house: House) -> None:
    house.app("a")
    port, info = house.serve("a"), house.supervisor.info()
    assert info is not None
    before = peak(info.pid)
    block = bytes(range(256)) * 256
    digest = hashlib.sha256()
    with Browser(port) as browser:
        browser.send(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % (64 * MIB))
        for _ in range(64 * MIB // len(block)):
            browser.send(block)
            digest.update(block)
        assert json.loads(browser.answer()[2]) == [64 * MIB, digest.hexdigest()]
        browser.send(b"GET /bytes/%d HTTP/1.1\r\nHost: x\r\n\r\n" % (64 * MIB))
        assert browser.head()[0] == 200
        total = sum(map(len, iter(browser.chunk, b"")))
    assert total == 64 * MIB
    assert peak(info.pid) - before < 8 * MIB


def test_a_reader_that_stops_reading_holds_the_app_back(house: House) -> None:
    house.app("a")
    port, info = house.serve("a"), house.supervisor.info()
    assert info is not None
    before = peak(info.pid)
    with Browser(port) as browser:
        browser.send(b"GET /bytes/%d HTTP/1.1\r\nHost: x\r\n\r\n" % (64 * MIB))
        browser.head()
        with Browser(port) as other:  # the others do not wait for it
            assert [other.get("/")[2] for _ in range(20)] == [b"a"] * 20
        assert peak(info.pid) - before < 8 * MIB
        assert house.state("a").in_flight == 1
    wait_until(lambda: house.state("a").in_flight == 0)


def test_a_large_file_is_sent_whole_and_in_little_memory(house: House) -> None:
    house.site("a", {})
    body = os.urandom(MIB) * 64
    (house.folder / "a" / "large.bin").write_bytes(body)
    port, info = house.serve("a"), house.supervisor.info()
    assert info is not None
    before = peak(info.pid)
    with Browser(port) as browser:
        assert browser.get("/large.bin")[2] == body
        assert browser.get("/large.bin", "Range: bytes=1000-2000000")[2] == body[1000:2000001]
    assert peak(info.pid) - before < 8 * MIB


def test_a_websocket_is_passed_through_and_counts_as_in_flight(house: House) -> None:
    house.app("a", "echo.py")
    with connect(f"ws://127.0.0.1:{house.serve('a')}/") as ws:
        ws.send("hello")
        assert ws.recv() == "a: hello"
        assert house.state("a").in_flight == 1
        assert not house.supervisor.drain("a", 0.05)
    assert house.supervisor.drain("a", 10)


def test_a_broken_chunk_within_an_upload_is_refused(house: House) -> None:
    house.app("a")
    with Browser(house.serve("a")) as browser:
        browser.send(b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nzz\r\n")
        assert browser.answer()[0] == 400
    wait_until(lambda: house.state("a").in_flight == 0)


def test_an_upload_that_breaks_off_leaves_nothing_in_flight(house: House) -> None:
    house.app("a")
    with Browser(house.serve("a")) as browser:
        browser.send(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf")
        wait_until(lambda: house.state("a").in_flight == 1)
    wait_until(lambda: house.state("a").in_flight == 0)


def test_what_is_in_flight_is_counted_exactly_and_drain_waits_for_it(house: House) -> None:
    house.app("a")
    port = house.serve("a")
    threads = [threading.Thread(target=lambda: Browser(port).get("/slow/0.6")) for _ in range(5)]
    for thread in threads:
        thread.start()
    wait_until(lambda: house.state("a").in_flight == 5)
    assert not house.supervisor.drain("a", 0.05)
    begun = time.monotonic()
    assert house.supervisor.drain("a", 10)
    assert time.monotonic() - begun < 3
    for thread in threads:
        thread.join()
    state = house.state("a")
    assert (state.in_flight, state.served, state.errors) == (0, 5, 0)


def test_a_file_that_cannot_be_read_is_an_error_of_the_app(house: House) -> None:
    house.site("a", {"index.html": "hello"})
    (house.folder / "a" / "broken.html").symlink_to("/proc/self/mem")
    (house.folder / "a" / "short.bin").write_bytes(b"x" * MIB * 64)
    with Browser(port := house.serve("a")) as browser, Browser(port) as other:
        assert browser.get("/broken")[0] == 404
        browser.send(b"GET /short.bin HTTP/1.1\r\nHost: x\r\n\r\n")
        assert browser.head()[0] == 200
        wait_until(lambda: house.state("a").in_flight == 1)
        os.truncate(house.folder / "a" / "short.bin", 0)
        with pytest.raises(ConnectionResetError):
            browser.stream.read()
        assert other.get("/")[2] == b"hello"
    state = house.state("a")
    assert (state.in_flight, state.errors) == (0, 1)


def test_a_client_that_goes_away_is_noticed(house: House) -> None:
    house.app("a")
    with Browser(house.serve("a")) as browser:
        browser.send(b"GET /ticks HTTP/1.1\r\nHost: x\r\n\r\n")
        browser.chunk() if browser.head() else None
        assert house.state("a").in_flight == 1
        browser.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    wait_until(lambda: house.state("a").in_flight == 0)


def test_stopping_cuts_what_is_still_in_flight(house: House) -> None:
    house.app("a", "echo.py")
    with connect(f"ws://127.0.0.1:{house.serve('a')}/") as ws:
        house.supervisor.stop("a", grace=5)
        with pytest.raises(ConnectionClosed):
            ws.recv(timeout=10)
    with Browser(house.supervisor.routes()[0].port) as browser:
        assert browser.get("/")[0] == 502
