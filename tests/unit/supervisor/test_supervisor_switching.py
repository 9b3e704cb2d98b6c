import http.client
import threading
import time

import psutil
from supervisor_house import Browser, House
from waiting import wait_until
from websockets.sync.client import connect


class Load:
    """Clients that ask again and again on kept connections, and what they were answered."""

    def __init__(self, port: int, clients: int, pause: float = 0.0) -> None:
        self.port, self.pause = port, pause
        self.bad: list[str] = []
        self.answers: dict[bytes, int] = {}
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._ask, args=(number,)) for number in range(clients)]

    def __enter__(self) -> "Load":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _ask(self, number: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        asked = 0
        while not self._stop.is_set():
            asked += 1
            method, body = ("POST", b"x" * 2000) if number % 4 == 1 and self.pause else ("GET", None)
            try:
                connection.request(method, "/", body)
                answer = connection.getresponse()
                text = answer.read()
            except (OSError, http.client.HTTPException) as error:
                self.bad.append(f"{method} {error!r}")
                connection.close()
                continue
            with self._lock:
                self.answers[text] = self.answers.get(text, 0) + 1
            if answer.status != 200:
                self.bad.append(f"{method} {answer.status} {text!r}")
            if asked % 20 == 0:
                connection.close()
            self._stop.wait(self.pause)
        connection.close()


def test_no_request_is_lost_while_the_app_is_switched_between_processes_and_files(house: House) -> None:
    house.app("a")
    house.app("b")
    house.site("c", {"index.html": "c"})
    house.site("d", {"index.html": "d"})
    port = house.serve("a")
    with Load(port, 12) as load:
        begun = time.monotonic()
        for round_ in range(20):
            before = sum(load.answers.values())
            house.serve("abcd"[round_ % 4], release=round_ + 1)
            wait_until(lambda before=before: sum(load.answers.values()) > before + 50)
        seconds = time.monotonic() - begun
    assert load.bad == []
    assert set(load.answers) == {b"a", b"b", b"c", b"d"}
    assert sum(load.answers.values()) / seconds > 200
    [route] = house.supervisor.routes()
    assert (route.release, route.instances, route.errors) == (20, ("d",), 0)
    assert route.requests == sum(load.answers.values()) == sum(state.served for state in house.supervisor.list())


def test_no_request_is_lost_when_each_old_release_is_drained_and_stopped(house: House) -> None:
    house.app("r0")
    port = house.serve("r0")
    with Load(port, 8, pause=0.002) as load:
        for number in range(1, 8):
            house.app(f"r{number}")
            house.serve(f"r{number}", release=number)
            assert house.supervisor.drain(f"r{number - 1}", 10)
            house.supervisor.stop(f"r{number - 1}")
            seen = sum(load.answers.values())
            wait_until(lambda seen=seen: sum(load.answers.values()) > seen + 50)
    assert load.bad == []
    assert [state.name for state in house.supervisor.list()] == ["r7"]


def test_a_kept_connection_meets_the_new_release_with_its_next_request(house: House) -> None:
    house.app("old")
    house.site("new", {"index.html": "new"})
    with Browser(house.serve("old")) as browser:
        assert browser.get("/")[2] == b"old"
        house.serve("new", release=2)
        assert browser.get("/")[2] == b"new"
        house.serve("old", release=1)
        assert browser.get("/")[2] == b"old"


def test_a_request_that_has_begun_ends_where_it_began(house: House) -> None:
    house.app("old")
    house.app("new")
    with Browser(port := house.serve("old")) as slow, Browser(port) as quick:
        slow.send(b"GET /slow/0.5 HTTP/1.1\r\nHost: x\r\n\r\n")
        wait_until(lambda: house.state("old").in_flight == 1)
        house.serve("new", release=2)
        assert quick.get("/")[2] == b"new"
        assert slow.answer()[2] == b"old"
        assert slow.get("/")[2] == b"new"


def test_a_websocket_lives_over_a_switch_and_drain_waits_for_it(house: House) -> None:
    house.app("old", "echo.py")
    house.app("new", "echo.py")
    port = house.serve("old")
    with connect(f"ws://127.0.0.1:{port}/") as before:
        before.send("1")
        assert before.recv() == "old: 1"
        house.serve("new", release=2)
        before.send("2")
        assert before.recv() == "old: 2"
        with connect(f"ws://127.0.0.1:{port}/") as after:
            after.send("3")
            assert after.recv() == "new: 3"
        assert not house.supervisor.drain("old", 0.1)
        drained: list[bool] = []
        waiting = threading.Thread(target=lambda: drained.append(house.supervisor.drain("old", 20)))
        waiting.start()
    waiting.join()
    assert drained == [True]


def test_kept_connections_to_the_old_release_are_closed_with_the_switch(house: House) -> None:
    old = house.app("old")
    house.site("new", {"index.html": "new"})
    with Browser(house.serve("old")) as browser:
        browser.get("/")
        process = psutil.Process(old.pid)
        house.serve("new", release=2)
        wait_until(lambda: not [one for one in process.net_connections("tcp") if one.status == "ESTABLISHED"])


def test_stopping_the_supervisor_lets_a_request_end(house: House) -> None:
    house.run(
        "a",
        "python3",
        "-c",
        "import asyncio, os, signal\n"
        "async def answer(reader, writer):\n"
        "    await reader.readuntil(b'\\r\\n\\r\\n'); await asyncio.sleep(0.5)\n"
        "    writer.write(b'HTTP/1.1 200 OK\\r\\nContent-Length: 4\\r\\n\\r\\nlate')\n"
        "    await writer.drain(); writer.close()\n"
        "async def main():\n"
        "    end = asyncio.Event(); asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, end.set)\n"
        "    server = await asyncio.start_server(answer, '127.0.0.1', int(os.environ['PORT']))\n"
        "    await end.wait(); await asyncio.sleep(1)\n"
        "asyncio.run(main())\n",
    )
    wait_until(lambda: house.state("a").listening)
    with Browser(house.serve("a")) as browser:
        browser.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        wait_until(lambda: house.state("a").in_flight == 1)
        house.supervisor.shutdown()
        assert browser.answer()[2] == b"late"
