"""Folders of functions, deployed to a server and asked from outside: what they answer, and what they cannot hold up."""

import http.client
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from server_world import ServedApp, ServerWorld

APPS = Path(__file__).parents[1] / "apps"
HANGS = {
    "functions-js": ("hangs.mjs", "export default () => { for (;;); }\n"),
    "functions-py": ("hangs.py", "def handler(event):\n    while True:\n        pass\n"),
}
FAILS = {
    "functions-js": ("fails.mjs", "export default () => { throw new Error('the secret reason') }\n"),
    "functions-py": ("fails.py", "def handler(event):\n    raise ValueError('the secret reason')\n"),
}


@pytest.fixture
def app(world: ServerWorld, request: pytest.FixtureRequest) -> Iterator[ServedApp]:
    """The functions of a fixture, with one that hangs and one that fails."""
    folder = world.root / request.param
    shutil.copytree(APPS / request.param / "app", folder)
    for name, text in (HANGS[request.param], FAILS[request.param]):
        (folder / "functions" / name).write_text(text)
    (folder / "webduh.yaml").unlink(missing_ok=True)
    app = ServedApp(world, folder)
    options = {"timeouts": "hangs=0.5"}
    app.configure(name=app.name, on="prod", domains=[app.host], options=options, deploy={"watch": 0, "drain": 0})
    yield app
    world.good("app", "rm", app.name, "--yes")


def asked(app: ServedApp, path: str) -> tuple[int, str]:
    server = app.world.server
    connection = http.client.HTTPConnection(server.host, server.http, timeout=20)
    try:
        connection.request("GET", path, headers={"Host": app.host})
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


@pytest.mark.timeout(240)
@pytest.mark.parametrize("app", HANGS, indirect=True)
def test_functions_answer_through_the_proxy_and_hold_each_other_up_in_nothing(app: ServedApp) -> None:
    app.world.good("deploy", str(app.folder))

    status, body = asked(app, "/hello?name=Ada")
    assert (status, json.loads(body)["hello"]) == (200, "Ada")
    assert asked(app, "/nothing-here")[0] == 404
    assert asked(app, "/fails") == (500, "The function failed.\n")
    assert asked(app, "/hangs") == (504, "The function took too long.\n")
    assert asked(app, "/hello")[0] == 200
