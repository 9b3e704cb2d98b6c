"""The small server of ours for what is built without one, really started: files, and all else by the app's handler."""

import http.client
import json
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from loopback import free_port
from source_tree import written
from waiting import wait_until
from webduh_plugins.node_fetch import FILE, server
from webduh_plugins.node_fetch import served as command

from webduh_console.frameworks import Command

HANDLER = """\
export default {
  async fetch (request) {
    const { pathname } = new URL(request.url)
    if (pathname === '/fails') throw new Error('the secret reason')
    const headers = new Headers({ 'content-type': 'application/json' })
    headers.append('set-cookie', 'a=1')
    headers.append('set-cookie', 'b=2')
    return new Response(JSON.stringify([request.method, request.url, await request.text()]), { status: 201, headers })
  }
}
"""
FILES = {
    FILE: server(),
    "package.json": '{"type": "module"}',
    "dist/server/server.js": HANDLER,
    "dist/client/assets/app-1a2b.js": "run()",
    "dist/client/robots.txt": "all",
}
Answer = tuple[int, list[tuple[str, str]], bytes]


class Served:
    """The server on a port."""

    def __init__(self, folder: Path, program: Command = command("dist/server/server.js", "dist/client")) -> None:
        self.port = free_port()
        env = {**os.environ, "PORT": str(self.port), "HOST": "127.0.0.1"}
        log = (folder / "log").open("w")
        self.app = subprocess.Popen(list(program), cwd=folder, env=env, stdout=log, stderr=log)

    def ask(self, path: str, method: str = "GET", body: bytes | None = None, **headers: str) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return answer.status, [(name.lower(), value) for name, value in answer.getheaders()], answer.read()
        finally:
            connection.close()

    def up(self) -> bool:
        try:
            return self.ask("/robots.txt")[0] < 500
        except OSError:
            return False


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("fetch")
    written(folder, FILES)
    app = Served(folder)
    wait_until(app.up)
    yield app
    app.app.kill()
    app.app.wait()


def test_what_is_built_for_browsers_is_sent_as_files(served: Served) -> None:
    status, headers, body = served.ask("/assets/app-1a2b.js?v=1")
    said = dict(headers)
    assert (status, body, said["content-type"]) == (200, b"run()", "text/javascript; charset=utf-8")
    assert said["cache-control"] == "public, max-age=31536000, immutable"
    assert served.ask("/assets/app-1a2b.js", **{"If-None-Match": said["etag"]})[0] == 304
    assert served.ask("/robots.txt", "HEAD")[2] == b""


def test_everything_else_is_asked_of_the_handler(served: Served) -> None:
    status, headers, body = served.ask("/a?b=1", "POST", b"text", **{"X-Forwarded-Proto": "https", "Host": "shop.test"})
    assert (status, json.loads(body)) == (201, ["POST", "https://shop.test/a?b=1", "text"])
    assert [value for name, value in headers if name == "set-cookie"] == ["a=1", "b=2"]


@pytest.mark.parametrize("path", ["/../server/server.js", "/%2e%2e/server/server.js", "/..%2fserver/server.js", "/%"])
def test_no_file_outside_is_sent(served: Served, path: str) -> None:
    assert served.ask(path)[0] == 201


def test_an_error_is_told_to_the_log_alone(served: Served) -> None:
    assert served.ask("/fails")[::2] == (500, b"Internal Server Error")


def test_it_ends_when_it_is_told_to(tmp_path: Path) -> None:
    written(tmp_path, FILES)
    app = Served(tmp_path)
    wait_until(app.up)
    app.app.send_signal(signal.SIGTERM)
    assert app.app.wait(20) == 0


@pytest.mark.parametrize(
    "program",
    [
        "export default { fetch: () => new Response('hello') }",
        "export default () => new Response('hello')",
        "export default (request, response) => response.end('hello')",
        "export default { callback: () => (request, response) => response.end('hello') }",
        "export default { ready: async () => {}, routing: (request, response) => response.end('hello') }",
    ],
)
def test_whatever_a_program_gives_away_is_served(tmp_path: Path, program: str) -> None:
    written(tmp_path, {FILE: server(), "app.mjs": program})
    app = Served(tmp_path, command("app.mjs"))
    try:
        wait_until(app.up)
        assert app.ask("/any")[::2] == (200, b"hello")
    finally:
        app.app.kill()
        app.app.wait()


def test_a_program_that_gives_nothing_away_is_told(tmp_path: Path) -> None:
    written(tmp_path, {FILE: server(), "app.mjs": "export default 3"})
    assert Served(tmp_path, command("app.mjs")).app.wait(20) == 1
    assert "app.mjs gives away nothing that answers requests" in (tmp_path / "log").read_text()
