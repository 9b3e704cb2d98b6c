import os

import h11
import msgspec
import pytest

from webduh_console.model.build import Static
from webduh_console.targets.local.supervisor import http, values
from webduh_console.targets.local.supervisor.values import InstanceSpec, from_wire, to_wire

SPEC = InstanceSpec(name="a", slug="s", process="web", release=1, cwd="/tmp", log="/tmp/a.log")


@pytest.mark.parametrize("raw", [b"plain", "ünïcode €".encode(), b"\xff\xfe", b"a\nb", bytes(range(1, 256))])
def test_any_bytes_of_an_environment_travel_unchanged(raw: bytes) -> None:
    text = os.fsdecode(raw)
    spec = msgspec.structs.replace(
        SPEC, env={text: text}, argv=(text,), masks=(text,), cwd=text, log=text, static=Static(text, True, text)
    )
    sent = msgspec.json.encode(values.Request("token", values.Start(to_wire(spec))))
    call = msgspec.json.decode(sent, type=values.Request).call
    assert isinstance(call, values.Start)
    assert from_wire(call.spec) == spec


@pytest.mark.parametrize(
    "call",
    [
        values.Ping(), values.Start(SPEC), values.Keep("a"), values.Get("a"), values.List(), values.Routes(),
        values.Drain("a", 1.5), values.Stop("a", 10.0), values.Open("s", 80), values.Switch("s", 1, ("a", "b"), "p"),
        values.Close("s"), values.Samples(1.5), values.Shutdown(1.0),
    ],
    ids=lambda call: type(call).__name__,
)  # fmt: skip
def test_every_call_is_one_line_and_comes_back_as_itself(call: values.Call) -> None:
    sent = msgspec.json.encode(values.Request("token", call))
    assert b"\n" not in sent
    assert msgspec.json.decode(sent, type=values.Request) == values.Request("token", call)


def request(target: str = "/", *headers: str, method: str = "GET", version: str = "1.1") -> h11.Request:
    named = [tuple(header.split(": ", 1)) for header in ("Host: x", *headers)]
    return h11.Request(method=method, target=target, headers=named, http_version=version)


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("/a?b", (b"/a?b", b"x")),
        ("http://y/a?b", (b"/a?b", b"y")),
        ("HTTP://y:80/a", (b"/a", b"y:80")),
        ("https://u:p@y/a", (b"/a", b"y")),
        ("http://y", (b"/", b"y")),
        ("http://y?q", (b"/?q", b"y")),
        ("http://[::1]:80/a", (b"/a", b"[::1]:80")),
        ("*", (b"*", b"x")),
        ("/go?to=http://y/", (b"/go?to=http://y/", b"x")),
        ("//y/a", (b"//y/a", b"x")),
        ("ftp://y/a", (b"ftp://y/a", b"x")),
    ],
)
def test_target_and_host_in_origin_form(target: str, expected: tuple[bytes, bytes]) -> None:
    assert http.origin(request(target)) == expected


@pytest.mark.parametrize(
    ("method", "headers", "expected"),
    [
        ("GET", (), True),
        ("HEAD", (), True),
        ("DELETE", (), True),
        ("PUT", ("Content-Length: 0",), True),
        ("PUT", ("Content-Length: 1",), False),
        ("GET", ("Transfer-Encoding: chunked",), False),
        ("POST", (), False),
        ("PATCH", (), False),
        ("GET", ("Connection: Upgrade", "Upgrade: websocket"), False),
    ],
)
def test_only_what_does_no_harm_twice_may_be_sent_twice(method: str, headers: tuple[str, ...], expected: bool) -> None:
    assert http.repeatable(request("/", *headers, method=method)) is expected


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        (("Connection: Upgrade", "Upgrade: websocket"), b"websocket"),
        (("Connection: keep-alive, upgrade", "Upgrade: WebSocket"), b"WebSocket"),
        (("Upgrade: websocket",), None),
        (("Connection: Upgrade",), None),
        (("Connection: Upgrade", "Upgrade: h2c"), None),
    ],
)
def test_an_upgrade_is_one_only_when_it_is_asked_for_in_full(headers: tuple[str, ...], expected: bytes | None) -> None:
    assert http.upgrade(request("/", *headers)) == expected


def test_an_upload_in_chunks_is_forwarded_in_chunks() -> None:
    sent = http.forwarded(request("/", "Transfer-Encoding: chunked", "Expect: 100-continue", method="POST"), "::1")
    assert (b"transfer-encoding", b"chunked") in list(sent.headers)
    assert not [name for name, _ in sent.headers if name == b"expect"]


def test_the_names_of_headers_keep_their_case() -> None:
    sent = http.forwarded(request("/", "X-MiXed-Case: 1"), "127.0.0.1")
    assert (b"X-MiXed-Case", b"1") in sent.headers.raw_items()
