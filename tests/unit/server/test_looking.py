"""What is asked in every look at a server is sent at once when the next one begins."""

import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from waiting import wait_until

from webduh_console.targets.server.looking import MOST, Looking, Streams
from webduh_console.targets.server.wire import DuplexConnection


class Asked:
    """An HTTP server that remembers the paths it was asked for."""

    def __init__(self) -> None:
        self.paths: list[str] = []
        asked = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                asked.paths.append(self.path)
                body = f"{self.path} {len(asked.paths)}".encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Not to the tests' output."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def connection(self) -> DuplexConnection:
        """A new connection to it."""
        return DuplexConnection(lambda: socket.create_connection(self.server.server_address[:2]), timeout=10)


@pytest.fixture
def asked() -> Iterator[Asked]:
    """A server to ask."""
    made = Asked()
    yield made
    made.server.shutdown()
    made.server.server_close()


def looked(looking: Looking, *paths: str) -> list[str]:
    """One look that asks for these paths; of each, what came ahead, or nothing."""
    with looking.look():
        return [answer[1].decode() if (answer := looking.answer(path)) else "" for path in paths]


def test_the_next_look_asks_at_once_what_the_last_one_asked(asked: Asked) -> None:
    looking = Looking(Streams(asked.connection))
    assert looked(looking, "/a", "/b") == ["", ""]
    with looking.look():
        wait_until(lambda: sorted(asked.paths) == ["/a", "/b"])
        answers = [looking.answer(path) for path in ("/b", "/a", "/a")]
    assert [answer and answer[1].split()[0] for answer in answers] == [b"/b", b"/a", None]


def test_answers_that_nobody_wants_leave_their_streams_as_they_were(asked: Asked) -> None:
    streams = Streams(asked.connection)
    looking = Looking(streams)
    looked(looking, "/a", "/b")
    assert looked(looking, "/c") == [""]
    connection = streams.sent("/d")
    assert connection is not None
    status, body = streams.answered(connection) or (0, b"")
    assert (status, body.split()[0]) == (200, b"/d")
    assert [looked(looking, "/c") != [""] for _ in range(3)] == [True] * 3
    assert looked(looking, "/a", "/c")[0] == "", "only so many looks are remembered"
    streams.close()


def test_a_question_of_another_thread_is_not_answered_by_a_look(asked: Asked) -> None:
    looking = Looking(Streams(asked.connection))
    looked(looking, "/a")
    found: list[object] = []
    with looking.look():
        aside = threading.Thread(target=lambda: found.append(looking.answer("/a")))
        aside.start()
        aside.join()
        within = looking.within(looking.answer)
        inside = threading.Thread(target=lambda: found.append(within("/a")))
        inside.start()
        inside.join()
    assert found[0] is None, "it may have acted since the question was sent"
    assert found[1] is not None


def test_a_look_that_asks_much_asks_nothing_ahead(asked: Asked) -> None:
    looking = Looking(Streams(asked.connection))
    looked(looking, *(f"/{number}" for number in range(MOST + 1)))
    assert looked(looking, "/1") == [""]
    assert asked.paths == []


def test_a_look_inside_another_is_a_part_of_it(asked: Asked) -> None:
    looking = Looking(Streams(asked.connection))
    with looking.look():
        looked(looking, "/a")
        looking.answer("/b")
    assert all(looked(looking, "/a", "/b"))


def test_a_server_that_is_gone_answers_nothing_ahead(asked: Asked) -> None:
    looking = Looking(Streams(asked.connection))
    looked(looking, "/a")
    asked.server.shutdown()
    asked.server.server_close()
    assert looked(looking, "/a") == [""]
