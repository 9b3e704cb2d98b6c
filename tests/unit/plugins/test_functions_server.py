"""The servers of functions, really started, in both languages: the same questions, the same answers."""

import contextlib
import http.client
import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from loopback import free_port
from source_tree import written
from waiting import wait_until
from webduh_plugins.functions import Plugin

JS = {
    "echo.mjs": "export default async event => ({ body: event })",
    "whole.mjs": """\
const headers = { 'X-A': 'b', 'Set-Cookie': ['a=1', 'b=2'] }
export const handler = () => ({ status: 201, headers, body: '<!doctype html>' })
""",
    "text.mjs": "export default () => 'text'",
    "list.mjs": "export default () => [1, 2]",
    "nothing.mjs": "export default () => {}",
    "bytes.mjs": "export default event => event.body",
    "fails.mjs": "export default () => { throw new Error('the secret reason') }",
    "ends.mjs": "export default () => process.exit(3)",
    "inject.mjs": "export default event => ({ headers: { 'x-a': 'b\\r\\nx-b: c' }, body: '' })",
    "hangs.mjs": "export default () => { for (;;); }",
    "waits.mjs": "export default () => new Promise(() => setTimeout(() => {}, 1e9))",
    "slow.mjs": """\
export default () => new Promise(resolve => {
  console.error('begun')
  setTimeout(resolve, 700, 'slow')
})
""",
    "index.mjs": "export default () => 'first'",
    "users/list.mjs": "export default () => 'users'",
}
PY = {
    "echo.py": "async def handler(event): return {'body': event}",
    "whole.py": """\
headers = {'X-A': 'b', 'Set-Cookie': ['a=1', 'b=2']}
def handler(event): return {'status': 201, 'headers': headers, 'body': '<!doctype html>'}
""",
    "text.py": "def handler(event): return 'text'",
    "list.py": "def main(event): return [1, 2]",
    "nothing.py": "def handler(event): pass",
    "bytes.py": "def handler(event): return event['body']",
    "fails.py": "def handler(event): raise ValueError('the secret reason')",
    "ends.py": "import os\ndef handler(event): os._exit(3)",
    "inject.py": "def handler(event): return {'headers': {'x-a': 'b\\r\\nx-b: c'}, 'body': ''}",
    "hangs.py": "def handler(event):\n    while True: pass",
    "waits.py": "import asyncio\nasync def handler(event): await asyncio.sleep(1e9)",
    "slow.py": """\
import sys, time
def handler(event):
    print('begun', file=sys.stderr, flush=True)
    time.sleep(0.7)
    return 'slow'
""",
    "index.py": "def handler(event): return 'first'",
    "users/list.py": "def handler(event): return 'users'",
}


class Answer(NamedTuple):
    """What came back."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes


class Served:
    """Functions that are served on a port."""

    def __init__(self, folder: Path, program: list[str]) -> None:
        self.port, self.log = free_port(), folder / "log"
        env = {**os.environ, "PORT": str(self.port), "HOST": "127.0.0.1"}
        with self.log.open("w") as log:
            self.app = subprocess.Popen(program, cwd=folder, env=env, stdout=log, stderr=log)

    def ask(self, target: str, method: str = "GET", body: bytes | None = None, **headers: str) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request(method, target, body, headers)
            answer = connection.getresponse()
            return Answer(answer.status, [(n.lower(), v) for n, v in answer.getheaders()], answer.read())
        finally:
            connection.close()

    def up(self) -> bool:
        assert self.app.poll() is None, self.log.read_text()
        try:
            return self.ask("/").status == 200
        except OSError:
            return False


def begun(folder: Path, functions: dict[str, str]) -> Served:
    options = {"timeout": "15", **({"timeouts": "hangs=0.5, waits=0.5"} if len(functions) > 1 else {})}
    source = written(folder, {f"functions/{name}": text for name, text in functions.items()})
    match = Plugin().detect(source)
    assert match is not None
    plan = Plugin().plan(source, match, options)
    written(folder, plan.files)
    assert plan.start is not None
    return Served(folder, list(plan.start))


@pytest.fixture(scope="module", params=[JS, PY], ids=["node", "python"])
def served(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    app = begun(tmp_path_factory.mktemp("functions"), request.param)
    wait_until(app.up)
    yield app
    app.app.kill()
    app.app.wait()


def test_the_whole_request_comes_in(served: Served) -> None:
    said = served.ask(
        "/echo?a=1&b=%C3%BC&a=2",
        "POST",
        b'{"x": [1]}',
        **{"Content-Type": "application/json", "Cookie": "s=a%20b; t=c=d", "X-One": "1"},
    )
    event = json.loads(said.body)

    assert said.status == 200
    assert dict(said.headers)["content-type"] == "application/json"
    assert (event["method"], event["path"], event["url"]) == ("POST", "/echo", "/echo?a=1&b=%C3%BC&a=2")
    assert event["query"] == {"a": "2", "b": "ü"}
    assert event["cookies"] == {"s": "a b", "t": "c=d"}
    assert event["headers"]["x-one"] == "1"
    assert (event["body"], event["json"]) == ('{"x": [1]}', {"x": [1]})


@pytest.mark.parametrize("body", [b"{", b""])
def test_json_that_is_none_is_nothing(served: Served, body: bytes) -> None:
    said = json.loads(served.ask("/echo", "POST", body, **{"Content-Type": "application/json"}).body)

    assert (said["body"], said["json"]) == (body.decode(), None)


def test_status_headers_and_body_go_out(served: Served) -> None:
    said = served.ask("/whole")

    assert said.status == 201
    assert ("x-a", "b") in said.headers
    assert [value for name, value in said.headers if name == "set-cookie"] == ["a=1", "b=2"]
    assert dict(said.headers)["content-type"] == "text/html; charset=utf-8"


@pytest.mark.parametrize(
    ("target", "status", "kind", "body"),
    [
        ("/", 200, "text/plain; charset=utf-8", b"first"),
        ("/text", 200, "text/plain; charset=utf-8", b"text"),
        ("/text/", 200, "text/plain; charset=utf-8", b"text"),
        ("/users/list", 200, "text/plain; charset=utf-8", b"users"),
        ("/nothing", 204, None, b""),
        ("/nope", 404, "text/plain; charset=utf-8", b"There is nothing here.\n"),
        ("/../functions/text", 404, "text/plain; charset=utf-8", b"There is nothing here.\n"),
    ],
)
def test_plain_values_are_answers(served: Served, target: str, status: int, kind: str | None, body: bytes) -> None:
    said = served.ask(target)

    assert (said.status, dict(said.headers).get("content-type"), said.body) == (status, kind, body)


def test_lists_and_bytes_are_answers(served: Served) -> None:
    assert json.loads(served.ask("/list").body) == [1, 2]
    assert served.ask("/bytes", "POST", b"\xff\x00").body == b"\xff\x00"
    assert served.ask("/text", "HEAD").body == b""


def test_an_error_is_told_to_the_log_alone(served: Served) -> None:
    said = served.ask("/fails")

    assert (said.status, said.body) == (500, b"The function failed.\n")
    wait_until(lambda: "the secret reason" in served.log.read_text())
    assert served.ask("/text").status == 200


def test_a_header_ends_where_it_ends(served: Served) -> None:
    said = served.ask("/inject")

    assert said.status == 500
    assert "x-b" not in dict(said.headers)


def test_a_function_that_ends_its_process_takes_nothing_along(served: Served) -> None:
    assert served.ask("/ends").status == 500
    assert served.ask("/text").status == 200


@pytest.mark.parametrize("target", ["/hangs", "/waits"])
def test_a_hang_is_cut_off_and_the_next_request_is_answered(served: Served, target: str) -> None:
    began = time.monotonic()
    said = [served.ask(target) for _ in range(2)]

    assert [one.status for one in said] == [504, 504]
    assert time.monotonic() - began < 15
    assert served.ask("/text").status == 200


def test_requests_are_answered_side_by_side(served: Served) -> None:
    statuses: list[int] = []
    asking = [threading.Thread(target=lambda: statuses.append(served.ask("/slow").status)) for _ in range(20)]
    began = time.monotonic()
    for one in asking:
        one.start()
    for one in asking:
        one.join()

    assert statuses == [200] * 20
    assert time.monotonic() - began < 0.7 * 20 / 2


def test_a_body_that_is_too_large_is_not_read(served: Served) -> None:
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # turned away before all of it was sent
        assert served.ask("/echo", "POST", b"x" * (6 * 1024 * 1024 + 1)).status == 413
    assert served.ask("/text").status == 200


@pytest.mark.parametrize("functions", [JS, PY], ids=["node", "python"])
def test_what_has_begun_is_finished_when_told_to_end(tmp_path: Path, functions: dict[str, str]) -> None:
    app = begun(tmp_path / "app", functions)
    wait_until(app.up)
    said: list[Answer] = []
    asking = threading.Thread(target=lambda: said.append(app.ask("/slow")))
    idle = http.client.HTTPConnection("127.0.0.1", app.port)
    idle.request("GET", "/")
    idle.getresponse().read()
    asking.start()
    wait_until(lambda: "begun" in app.log.read_text())
    app.app.send_signal(signal.SIGTERM)
    asking.join()
    assert app.app.wait(20) == 0
    idle.close()
    assert [one.body for one in said] == [b"slow"]


@pytest.mark.parametrize(
    ("name", "text"),
    [("bad.mjs", "export default 5"), ("bad.py", "import nothing_of_that_name\ndef handler(event): ...")],
)
def test_a_function_that_cannot_be_loaded_ends_the_start(tmp_path: Path, name: str, text: str) -> None:
    app = begun(tmp_path / "app", {name: text})

    assert app.app.wait(20) == 1
    assert name in app.log.read_text()
