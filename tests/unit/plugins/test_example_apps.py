"""The example apps, really started and used."""

import http.client
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest
from loopback import free_port
from waiting import wait_until

EXAMPLES = Path(__file__).parents[3] / "examples"
Start = Callable[[], tuple[subprocess.Popen[str], int]]


def run(argv: list[str], folder: Path) -> tuple[subprocess.Popen[str], int]:
    """Starts an app on a free port and waits until it is well."""
    port = free_port()
    app = subprocess.Popen(
        argv,
        cwd=folder,
        env={**os.environ, "PORT": str(port)},
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    try:
        wait_until(lambda: app.poll() is not None or is_well(port))
        assert app.poll() is None
    except AssertionError as error:
        app.kill()
        raise AssertionError(f"the app is not well: {app.communicate()[0]}") from error
    return app, port


def is_well(port: int) -> bool:
    try:
        return ask(port, "GET", "/healthz")[0] == 200
    except OSError:
        return False


def ask(port: int, method: str, path: str, form: dict[str, str] | None = None) -> tuple[int, dict[str, str], str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        headers = {"Content-Type": "application/x-www-form-urlencoded"} if form else {}
        connection.request(method, path, urlencode(form) if form else None, headers)
        answer = connection.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read().decode()
    finally:
        connection.close()


def end(app: subprocess.Popen[str]) -> None:
    app.kill()
    app.wait()
    assert app.stdout is not None
    app.stdout.close()


@pytest.fixture
def guestbook(tmp_path: Path) -> Iterator[Start]:
    """Starts the guestbook, again and again if asked to, over one folder of entries."""
    shutil.copy(EXAMPLES / "guestbook-python/app.py", tmp_path)
    started = []

    def start() -> tuple[subprocess.Popen[str], int]:
        app, port = run([sys.executable, "app.py"], tmp_path)
        started.append(app)
        return app, port

    yield start
    for app in started:
        end(app)


@pytest.fixture
def clock() -> Iterator[tuple[subprocess.Popen[str], int]]:
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed")
    app, port = run([node, "server.js"], EXAMPLES / "clock-node")
    yield app, port
    end(app)


def test_a_guest_signs_and_is_seen_by_all(guestbook: Start) -> None:
    _, port = guestbook()
    status, headers, _ = ask(port, "POST", "/", {"name": "<b>Ada</b>", "text": "Hello & <script>alert(1)</script> ünï"})
    assert (status, headers["Location"]) == (303, "/")
    page = ask(port, "GET", "/")[2]
    assert "&lt;b&gt;Ada&lt;/b&gt;" in page
    assert "Hello &amp; &lt;script&gt;alert(1)&lt;/script&gt; ünï" in page
    assert "<script>" not in page
    (entry,) = json.loads(ask(port, "GET", "/entries.json")[2])
    assert (entry["name"], entry["text"]) == ("<b>Ada</b>", "Hello & <script>alert(1)</script> ünï")


@pytest.mark.parametrize(
    ("method", "path", "form", "status"),
    [
        ("GET", "/nowhere", None, 404),
        ("GET", "/?x=1", None, 200),
        ("HEAD", "/", None, 200),
        ("POST", "/", {"name": "", "text": "x"}, 400),
        ("POST", "/", {"name": "x" * 61, "text": "x"}, 400),
        ("POST", "/", {"name": "x", "text": "x" * 20_000}, 413),
        ("POST", "/other", {"name": "x", "text": "x"}, 400),
        ("POST", "/", None, 400),
    ],
)
def test_what_is_wrong_is_refused(
    guestbook: Start, method: str, path: str, form: dict[str, str] | None, status: int
) -> None:
    _, port = guestbook()
    assert ask(port, method, path, form)[0] == status
    assert json.loads(ask(port, "GET", "/entries.json")[2]) == []


def test_entries_outlive_the_app(guestbook: Start) -> None:
    app, port = guestbook()
    ask(port, "POST", "/", {"name": "Ada", "text": "first"})
    app.terminate()
    assert app.wait(10) == 0
    _, port = guestbook()
    assert [entry["text"] for entry in json.loads(ask(port, "GET", "/entries.json")[2])] == ["first"]


def test_two_at_once_share_the_entries(guestbook: Start) -> None:
    ports = [guestbook()[1], guestbook()[1]]
    for number in range(10):
        assert ask(ports[number % 2], "POST", "/", {"name": "n", "text": str(number)})[0] == 303
    assert [len(json.loads(ask(port, "GET", "/entries.json")[2])) for port in ports] == [10, 10]


def test_the_guestbook_finishes_its_requests_before_it_stops(guestbook: Start) -> None:
    app, port = guestbook()
    body = urlencode({"name": "late", "text": "but not lost"})
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.putrequest("POST", "/")
    connection.putheader("Content-Length", str(len(body)))
    connection.endheaders()
    connection.send(body[:5].encode())
    assert ask(port, "GET", "/healthz")[0] == 200
    app.send_signal(signal.SIGTERM)
    wait_until(lambda: not takes_requests(port), "requests are no longer taken")
    connection.send(body[5:].encode())
    answer = connection.getresponse()
    assert (answer.status, answer.getheader("Connection")) == (303, "close")
    connection.close()
    assert app.wait(10) == 0
    assert app.stdout is not None
    lines = app.stdout.read().splitlines()
    assert lines[0].startswith("guestbook listens on port")
    assert any('"POST / HTTP/1.1" 303' in line for line in lines)
    assert lines[-1] == "guestbook has finished its requests and stops"


def takes_requests(port: int) -> bool:
    """Whether a request is taken and answered: what is accepted after the signal is not answered."""
    probe = http.client.HTTPConnection("127.0.0.1", port, timeout=0.3)
    try:
        probe.request("GET", "/healthz")
        probe.getresponse()
    except OSError:
        return False
    finally:
        probe.close()
    return True


def test_the_clock_sends_the_time_and_stops_cleanly(clock: tuple[subprocess.Popen[str], int]) -> None:
    app, port = clock
    assert "EventSource('events')" in ask(port, "GET", "/")[2]
    assert [ask(port, "GET", path)[0] for path in ("/nowhere", "//", "/healthz?x")] == [404, 404, 200]
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", "/events")
    answer = connection.getresponse()
    assert answer.getheader("Content-Type") == "text/event-stream"
    lines = [answer.readline().decode().strip() for _ in range(4)]
    assert lines[0] == "retry: 1000"
    assert lines[1].startswith("data: 20")
    assert lines[3].startswith("data: 20")
    ended = threading.Thread(target=answer.read)
    ended.start()
    app.terminate()
    assert app.wait(10) == 0
    ended.join(10)
    assert not ended.is_alive()
    connection.close()
