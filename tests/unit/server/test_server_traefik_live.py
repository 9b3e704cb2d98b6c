"""What a real Traefik on loopback does with the files that are written for it."""

import http.client
import json
import ssl
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import msgspec
import pytest
from traefik_binary import Traefik, running_traefik
from waiting import wait_until

from webduh_console.model.inventory import RouteRow
from webduh_console.model.names import AppKey
from webduh_console.model.release import Route
from webduh_console.targets.server.blame import blamed_in, problem_in
from webduh_console.targets.server.front import Requests, requests_in
from webduh_console.targets.server.inventory.routes import PATH, rows
from webduh_console.targets.server.traefik import (
    KEY_HEADER,
    PROBE_HEADER,
    RELEASE_HEADER,
    guard_file,
    route_file,
    static_file,
)

GUEST = AppKey("default", "guest", "production")
OTHER = AppKey("default", "other", "production")
TOKEN, KEY = "t" * 32, "k" * 64
HOST = "guest.example.com"


def routed(key: AppKey, release: int, routes: tuple[Route, ...], *upstreams: str) -> str:
    return route_file(key, release, routes, upstreams, TOKEN)


class Echo(BaseHTTPRequestHandler):
    """Answers with who it is and what it was asked."""

    protocol_version = "HTTP/1.1"
    timeout = 30

    def do_GET(self) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = json.dumps({"port": self.server.server_port, "path": self.path, "headers": headers}).encode()  # type: ignore[attr-defined]
        self.send_response(503 if self.path == "/fail" else 200)
        self.send_header("X-Webduh-Release", "forged")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.do_GET()

    def log_message(self, *words: object) -> None:
        pass


class Answered(msgspec.Struct):
    """What came back through Traefik."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> dict[str, object]:
        return dict(json.loads(self.body))


def ask(port: int, path: str = "/", tls: bool = False, **headers: str) -> Answered:
    if tls:
        context = ssl._create_unverified_context()  # the default certificate is self-signed
        connection: http.client.HTTPConnection = http.client.HTTPSConnection("127.0.0.1", port, context=context)
    else:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})
        response = connection.getresponse()
        return Answered(response.status, dict(response.getheaders()), response.read())
    finally:
        connection.close()


@pytest.fixture(scope="module")
def apps() -> Iterator[tuple[str, str]]:
    """Two apps that listen, as `name:port`."""
    servers = [ThreadingHTTPServer(("127.0.0.1", 0), Echo) for _ in range(2)]
    for server in servers:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        yield (f"127.0.0.1:{servers[0].server_port}", f"127.0.0.1:{servers[1].server_port}")
    finally:
        for server in servers:
            server.shutdown()
            server.server_close()


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Traefik]:
    with running_traefik(tmp_path_factory.mktemp("traefik"), static_file()) as traefik:
        traefik.put("_webduh.yml", guard_file(KEY))
        wait_until(lambda: ask(traefik.ops, "/api/version", **guarded()).status == 200, "the guard is open")
        yield traefik


@pytest.fixture
def traefik(house: Traefik) -> Iterator[Traefik]:
    yield house
    for file in house.dynamic.glob("*"):
        if file.name != "_webduh.yml":
            file.unlink()
    wait_until(lambda: services(house) == set(), "no route is left")


def guarded(key: str = KEY) -> dict[str, str]:
    return {KEY_HEADER.replace("-", "_"): key}


def probing(host: str = HOST) -> dict[str, str]:
    return {"Host": host, PROBE_HEADER.replace("-", "_"): TOKEN}


def services(traefik: Traefik) -> set[str]:
    listed = json.loads(ask(traefik.ops, "/api/http/services", **guarded()).body)
    return {service["name"] for service in listed if service["name"].endswith("@file")}


def shown(traefik: Traefik, key: AppKey) -> list[str]:
    answer = ask(traefik.ops, f"/api/http/services/{key.slug}@file", **guarded())
    return [] if answer.status == 404 else [one["url"] for one in answer.json["loadBalancer"]["servers"]]  # type: ignore[index, call-overload]


def switch(traefik: Traefik, key: AppKey, release: int, routes: tuple[Route, ...], upstream: str) -> None:
    traefik.put(f"{key.slug}.yml", routed(key, release, routes, upstream))
    wait_until(lambda: shown(traefik, key) == [f"http://{upstream}"], "the switch is applied")


def test_only_whoever_has_the_token_is_told_which_release_answers(traefik: Traefik, apps: tuple[str, str]) -> None:
    switch(traefik, GUEST, 7, (Route(HOST),), apps[0])
    told = wait_until(lambda: (a := ask(traefik.web, **probing())).status == 200 and a, "it is routed")
    assert isinstance(told, Answered)
    assert told.headers[RELEASE_HEADER] == "7"
    assert PROBE_HEADER.lower() not in told.json["headers"]  # type: ignore[operator]
    for headers in ({"Host": HOST}, {"Host": HOST, "X_Webduh_Probe": "wrong"}):
        plain = ask(traefik.web, **headers)
        assert (plain.status, plain.headers.get(RELEASE_HEADER)) == (200, None)
    assert ask(traefik.web, Host="else.example.com").status == 404


def test_https_is_answered_with_a_certificate_of_traefiks_own(traefik: Traefik, apps: tuple[str, str]) -> None:
    switch(traefik, GUEST, 8, (Route(HOST),), apps[0])
    answer = ask(traefik.websecure, "/x", tls=True, **probing())
    assert (answer.status, answer.headers[RELEASE_HEADER], answer.json["path"]) == (200, "8", "/x")


def test_a_longer_path_and_an_exact_host_win_even_over_a_probe(traefik: Traefik, apps: tuple[str, str]) -> None:
    switch(traefik, GUEST, 1, (Route(HOST), Route("*.example.com", "/a/long/path/indeed")), apps[0])
    switch(traefik, OTHER, 2, (Route(HOST, "/api"), Route("*.example.com")), apps[1])
    asked = {
        (HOST, "/"): "1",
        (HOST, "/api"): "2",
        (HOST, "/api/x?y=/"): "2",
        (HOST, "/apis"): "1",
        (HOST, "/API"): "1",
        (HOST, "/a/long/path/indeed"): "1",
        ("x.example.com", "/"): "2",
        ("x.example.com", "/a/long/path/indeed/x"): "1",
        ("X.Example.COM", "/"): "2",
    }
    answered = {
        (host, path): ask(traefik.web, path, **probing(host)).headers.get(RELEASE_HEADER) for host, path in asked
    }
    assert answered == asked
    assert ask(traefik.web, **probing("a.b.example.com")).status == 404


def test_the_api_and_the_figures_are_shut_without_the_key(traefik: Traefik, apps: tuple[str, str]) -> None:
    switch(traefik, GUEST, 1, (Route(HOST),), apps[0])
    for path in ("/api/version", "/api/http/services", "/api/rawdata", "/metrics", "/dashboard/", "/debug/pprof/"):
        assert ask(traefik.ops, path).status == 404
        assert ask(traefik.ops, path, **guarded("wrong" * 8)).status == 404
        assert ask(traefik.web, path, Host="127.0.0.1", **guarded()).status == 404
    assert ask(traefik.ops, "/", **probing()).status == 404
    assert ask(traefik.ops, "/api/version", **guarded()).json["Version"] == "3.7.15"


def known_routes(traefik: Traefik) -> list[RouteRow]:
    """What Traefik's own API says, as a server's routes; its own left out."""
    found = rows(ask(traefik.ops, PATH, **guarded()).json)
    return [row for row in found if not row.service.endswith("@internal")]


def test_its_routes_are_told_with_their_upstreams_and_who_gives_the_certificate(
    traefik: Traefik, apps: tuple[str, str]
) -> None:
    switch(traefik, GUEST, 7, (Route(HOST),), apps[0])
    plain, secure = sorted(
        (row for row in known_routes(traefik) if "Header" not in row.rule), key=lambda row: row.entry_points
    )
    assert (plain.entry_points, plain.tls) == (("web",), "")
    assert (secure.entry_points, secure.tls) == (("websecure",), "own certificate")
    for row in (plain, secure):
        assert (row.state, row.app, row.upstreams, row.errors) == ("enabled", GUEST.slug, (f"http://{apps[0]}",), ())
        assert HOST in row.rule


def test_neither_the_key_of_its_api_nor_the_token_of_an_app_is_in_its_routes(
    traefik: Traefik, apps: tuple[str, str]
) -> None:
    switch(traefik, GUEST, 7, (Route(HOST),), apps[0])
    found = rows(ask(traefik.ops, PATH, **guarded()).json)
    assert len(found) > 3
    text = repr(found)
    assert (KEY in text, TOKEN in text) == (False, False)
    assert f"Header(`{PROBE_HEADER}`, `•••`)" in text


def test_a_route_that_leads_to_no_service_is_told_first_with_its_error(traefik: Traefik, apps: tuple[str, str]) -> None:
    switch(traefik, GUEST, 7, (Route(HOST),), apps[0])
    traefik.put("hand.yml", "http: {routers: {lost: {rule: 'Host(`x.example.com`)', service: nowhere}}}\n")
    wait_until(lambda: any(row.name == "lost@file" for row in known_routes(traefik)), "it is read")
    first = known_routes(traefik)[0]
    assert (first.name, first.state, first.upstreams) == ("lost@file", "disabled", ())
    assert "does not exist" in first.errors[0]


def test_the_figures_count_what_failed(traefik: Traefik, apps: tuple[str, str]) -> None:
    switch(traefik, GUEST, 1, (Route(HOST),), apps[0])
    for path in ("/", "/fail", "/fail"):
        ask(traefik.web, path, Host=HOST)

    def counted() -> Requests:
        return requests_in(ask(traefik.ops, "/metrics", **guarded()).body.decode())[GUEST.slug]

    assert counted().failed == 2
    assert counted().total >= 3


def test_a_client_cannot_pretend_to_be_somebody_else(traefik: Traefik, apps: tuple[str, str]) -> None:
    switch(traefik, GUEST, 1, (Route(HOST),), apps[0])
    connection = http.client.HTTPConnection("127.0.0.1", traefik.web, timeout=10)
    forged = {"Host": HOST, "X-Forwarded-For": "6.6.6.6", "X_Forwarded_For": "6.6.6.6", "X.Real.Ip": "6.6.6.6"}
    connection.request("GET", "/", headers=forged)
    body = connection.getresponse().read().decode()
    connection.close()
    assert "6.6.6.6" not in body


def test_what_a_path_has_reaches_the_app_as_it_was(traefik: Traefik, apps: tuple[str, str]) -> None:
    switch(traefik, GUEST, 1, (Route(HOST),), apps[0])
    for path in ("/a%2Fb", "/a%20b?q=%00&r=a+b", "/%C3%BC", "/a;b=1", "/a:b@c"):
        assert ask(traefik.web, path, Host=HOST).json["path"] == path


def test_an_idle_connection_to_an_app_ends_soon(traefik: Traefik, apps: tuple[str, str]) -> None:
    switch(traefik, GUEST, 1, (Route(HOST),), apps[0])
    ask(traefik.web, Host=HOST)
    port = f":{int(apps[0].partition(':')[2]):04X}"

    def held() -> bool:
        lines = (line.split() for line in Path("/proc/net/tcp").read_text().splitlines())
        return any(fields[2].endswith(port) and fields[3] == "01" for fields in lines)

    began = time.monotonic()
    wait_until(lambda: not held(), "the connection is closed")
    assert time.monotonic() - began < 5


def test_one_malformed_file_blocks_every_switch_and_is_found(traefik: Traefik, apps: tuple[str, str]) -> None:
    switch(traefik, GUEST, 1, (Route(HOST),), apps[0])
    traefik.put("by-hand.yml", "http: {routers: [\n")
    try:
        wait_until(lambda: "by-hand.yml" in traefik.log.read_text(), "Traefik complains")
        traefik.put(f"{GUEST.slug}.yml", routed(GUEST, 2, (Route(HOST),), apps[1]))
        wait_until(lambda: traefik.log.read_text().count("by-hand.yml") >= 2, "Traefik complains again")
        assert shown(traefik, GUEST) == [f"http://{apps[0]}"]
        found = blamed_in(traefik.log.read_text())
        assert found is not None
        assert found.path == str(traefik.dynamic / "by-hand.yml")
        assert problem_in("by-hand.yml", (traefik.dynamic / "by-hand.yml").read_text())
    finally:
        (traefik.dynamic / "by-hand.yml").unlink()
    wait_until(lambda: shown(traefik, GUEST) == [f"http://{apps[1]}"], "the switch is applied after all")


def test_plain_http_is_sent_to_https_when_that_is_wanted(tmp_path: Path, apps: tuple[str, str]) -> None:
    with running_traefik(tmp_path, static_file(redirect=True)) as traefik:
        traefik.put("guest.yml", routed(GUEST, 1, (Route(HOST),), apps[0]))
        answer = wait_until(lambda: (a := ask(traefik.web, "/x", Host=HOST)).status != 404 and a, "it is routed")
        assert isinstance(answer, Answered)
        location = answer.headers["Location"]
        assert answer.status in (301, 308)
        assert location.startswith(f"https://{HOST}")
        assert location.endswith("/x")
