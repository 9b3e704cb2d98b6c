import json
import socket

import psutil
import pytest
from supervisor_house import Browser, House
from waiting import wait_until


def seen(body: bytes) -> tuple[str, dict[str, str]]:
    """Request line and headers as the app saw them."""
    line, *headers = json.loads(body)
    return line, {name.lower(): value for name, value in headers}


def test_a_request_arrives_as_it_was_sent_but_for_what_a_forwarder_changes(house: House) -> None:
    house.app("a")
    with Browser(house.serve("a")) as browser:
        status, _, body = browser.get(
            "/headers?q=%2F%20x", "Accept: a", "Accept: b", "Cookie: c=d", "Connection: X-Mine", "X-Mine: 1", "TE: gzip"
        )
    line, headers = seen(body)
    assert (status, line) == (200, "GET /headers?q=%2F%20x HTTP/1.1")
    assert headers == {
        "host": "app.localhost",
        "accept": "b",
        "cookie": "c=d",
        "x-forwarded-for": "127.0.0.1",
        "x-forwarded-proto": "http",
        "x-forwarded-host": "app.localhost",
    }


def test_what_a_proxy_in_front_says_of_the_client_is_kept(house: House) -> None:
    house.app("a")
    with Browser(house.serve("a")) as browser:
        _, _, body = browser.get(
            "/headers", "X-Forwarded-For: 203.0.113.9", "X-Forwarded-Proto: https", "X-Forwarded-Host: shop.example"
        )
    _, headers = seen(body)
    assert headers["x-forwarded-for"] == "203.0.113.9, 127.0.0.1"
    assert (headers["x-forwarded-proto"], headers["x-forwarded-host"]) == ("https", "shop.example")


def test_an_absolute_target_decides_path_and_host(house: House) -> None:
    house.app("a")
    with Browser(house.serve("a")) as browser:
        browser.send(b"GET http://user@other.localhost:99/headers?x HTTP/1.1\r\nHost: wrong\r\n\r\n")
        line, headers = seen(browser.answer()[2])
    assert (line, headers["host"]) == ("GET /headers?x HTTP/1.1", "other.localhost:99")


def test_many_requests_share_one_connection_and_so_do_they_to_the_app(house: House) -> None:
    app = house.app("a")
    with Browser(house.serve("a")) as browser:
        assert [browser.get("/pid")[2] for _ in range(20)] == [str(app.pid).encode()] * 20
    established = [one for one in psutil.Process(app.pid).net_connections("tcp") if one.status == "ESTABLISHED"]
    assert len(established) == 1


def test_pipelined_requests_are_answered_in_their_order(house: House) -> None:
    house.app("a")
    with Browser(house.serve("a")) as browser:
        browser.send(b"".join(b"GET /status/%d HTTP/1.1\r\nHost: x\r\n\r\n" % code for code in (200, 404, 201, 500)))
        assert [browser.answer()[0] for _ in range(4)] == [200, 404, 201, 500]


@pytest.mark.parametrize("status", [204, 304])
def test_answers_without_a_body_leave_the_connection_in_order(house: House, status: int) -> None:
    house.app("a")
    with Browser(house.serve("a")) as browser:
        browser.send(b"GET /status/%d HTTP/1.1\r\nHost: x\r\n\r\n" % status)
        assert browser.head()[0] == status
        assert browser.get("/")[2] == b"a"


def test_head_has_the_headers_and_no_body(house: House) -> None:
    house.app("a")
    with Browser(house.serve("a")) as browser:
        status, headers, _ = browser.get("/", method="HEAD")
        assert (status, headers["content-length"]) == (200, "1")
        assert browser.get("/")[2] == b"a"


def test_http_1_0_gets_its_answer_and_the_end(house: House) -> None:
    house.app("a")
    port = house.serve("a")
    with Browser(port) as browser:
        browser.send(b"GET / HTTP/1.0\r\n\r\n")
        assert browser.head()[0] == 200
        assert browser.stream.read() == b"a"
    with Browser(port) as browser:  # chunks are unknown to it
        browser.send(b"GET /bytes/1000 HTTP/1.0\r\n\r\n")
        assert "transfer-encoding" not in browser.head()[1]
        assert len(browser.stream.read()) == 1000


def test_connection_close_is_heeded(house: House) -> None:
    house.app("a")
    with Browser(house.serve("a")) as browser:
        status, headers, _ = browser.get("/", "Connection: close")
        assert (status, headers["connection"], browser.stream.read()) == (200, "close", b"")


def test_who_closes_its_sending_half_still_gets_the_answer(house: House) -> None:
    house.app("a")
    with Browser(house.serve("a")) as browser:
        browser.send(b"GET /slow/0.3 HTTP/1.1\r\nHost: x\r\n\r\n")
        browser.socket.shutdown(socket.SHUT_WR)
        assert browser.answer()[2] == b"a"


def test_early_hints_are_passed_on(house: House) -> None:
    house.app("a")
    with Browser(house.serve("a")) as browser:
        browser.send(b"GET /hints HTTP/1.1\r\nHost: x\r\n\r\n")
        assert browser.head() == (103, {"link": "</a.css>"})
        assert browser.answer()[2] == b"hinted"


def test_http2_is_not_agreed_to(house: House) -> None:
    house.app("a")
    with Browser(house.serve("a")) as browser:
        settings = ("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA")
        status, _, body = browser.get("/headers", *settings)
    assert status == 200
    assert not {"upgrade", "connection", "http2-settings"} & seen(body)[1].keys()


@pytest.mark.parametrize(
    ("text", "status"),
    [
        (b"NONSENSE\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: x\r\nBad Name: 1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n", 501),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),
        (b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 70_000 + b"\r\n\r\n", 431),
        (b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 431),
        (b"CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\r\n", 501),
    ],
    ids=lambda value: value[:40].decode("latin-1") if isinstance(value, bytes) else None,
)
def test_what_is_no_request_is_refused(house: House, text: bytes, status: int) -> None:
    house.app("a")
    with Browser(house.serve("a")) as browser:
        browser.send(text)
        found, headers, body = browser.answer()
        assert (found, headers["connection"]) == (status, "close")
        assert body.endswith(b".\n")
        assert browser.stream.read() == b""


def test_an_app_that_does_not_listen_gives_502(house: House) -> None:
    house.python("a", "import time; time.sleep(300)")
    with Browser(house.serve("a")) as browser:
        assert browser.get("/")[::2] == (502, b"The app does not answer.\n")
        assert browser.get("/", method="HEAD")[0] == 502
    assert house.state("a").errors == 2
    assert house.supervisor.routes()[0].errors == 2


@pytest.mark.parametrize("path", ["/drop", "/garbage"])
def test_an_app_that_breaks_off_gives_502(house: House, path: str) -> None:
    house.app("a")
    with Browser(house.serve("a")) as browser:
        assert browser.get(path)[0] == 502
        assert browser.get("/")[2] == b"a"


def test_a_body_after_the_answer_to_head_is_never_taken_for_the_next_answer(house: House) -> None:
    house.app("a")
    with Browser(house.serve("a")) as browser:
        for _ in range(5):
            assert browser.get("/chatty-head", method="HEAD")[0] == 200
            assert browser.get("/")[::2] == (200, b"a")


def test_odd_headers_are_passed_on_in_order(house: House) -> None:
    house.app("a")
    with Browser(house.serve("a")) as browser:
        status, headers, _ = browser.get("/odd")
        assert (status, headers["x-odd"], headers["x-latin"]) == (200, "a b", "\xe9")


def test_an_answer_that_breaks_off_is_not_taken_for_whole(house: House) -> None:
    house.app("a")
    with Browser(house.serve("a")) as browser:
        browser.send(b"GET /half HTTP/1.1\r\nHost: x\r\n\r\n")
        assert browser.head()[0] == 200
        with pytest.raises(ConnectionResetError):
            browser.stream.read()
    wait_until(lambda: house.state("a").in_flight == 0)
    assert house.state("a").errors == 1


def test_another_instance_is_asked_when_one_does_not_listen(house: House) -> None:
    house.python("deaf", "import time; time.sleep(300)")
    house.app("a")
    with Browser(house.serve("deaf", "a")) as browser:
        assert [browser.get("/")[::2] for _ in range(6)] == [(200, b"a")] * 6
    body = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello"
    with Browser(house.serve("deaf", "a")) as browser:
        for _ in range(4):
            browser.send(body)
            assert browser.answer()[0] == 200
    assert house.state("deaf").errors == 5


def test_requests_go_to_the_instances_in_turn(house: House) -> None:
    for name in ("a", "b", "c"):
        house.app(name)
    with Browser(house.serve("a", "b", "c")) as browser:
        names = [browser.get("/")[2] for _ in range(9)]
    assert sorted(names[:3]) == [b"a", b"b", b"c"]
    assert names[3:6] == names[6:] == names[:3]


def test_an_instance_that_listens_on_ipv6_alone_is_found(house: House) -> None:
    house.app("a", env={"FAMILY": "6"})
    with Browser(house.serve("a")) as browser:
        assert browser.get("/")[2] == b"a"
    assert house.state("a").host == "::1"


def test_a_kept_connection_that_the_app_has_closed_loses_no_request(house: House) -> None:
    code = (
        "import os, socket\n"
        "listener = socket.create_server(('127.0.0.1', int(os.environ['PORT'])))\n"
        "while True:\n"
        "    connection, _ = listener.accept()\n"
        "    for last in (False, True):\n"  # the second request is read and the connection closed without an answer
        "        if not connection.recv(65536) or last: break\n"
        "        connection.sendall(b'HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\nok')\n"
        "    connection.close()\n"
    )
    house.python("a", code)
    wait_until(lambda: house.state("a").listening)
    with Browser(house.serve("a")) as browser:
        assert [browser.get("/")[::2] for _ in range(20)] == [(200, b"ok")] * 20


def test_only_who_knows_the_token_learns_the_release(house: House) -> None:
    house.app("a")
    house.site("b", {"index.html": "b"})
    for name in ("a", "b"):
        with Browser(house.serve(name, release=12, probe="secret")) as browser:
            assert browser.get("/", "X-Webduh-Probe: secret")[1]["x-webduh-release"] == "12"
            for header in ("X-Webduh-Probe: wrong", "X-Webduh-Probe:", "X-Other: secret"):
                assert "x-webduh-release" not in browser.get("/", header)[1]


def test_an_app_can_forge_neither_the_release_nor_hop_headers_and_never_sees_the_token(house: House) -> None:
    house.app("a")
    with Browser(house.serve("a", release=12, probe="secret")) as browser:
        assert not {"x-webduh-release", "x-hop"} & browser.get("/forged")[1].keys()
        assert browser.get("/forged", "X-Webduh-Probe: secret")[1]["x-webduh-release"] == "12"
        _, headers = seen(browser.get("/headers", "X-Webduh-Probe: secret", "X-Webduh-Release: 3")[2])
    assert not {"x-webduh-probe", "x-webduh-release"} & headers.keys()
