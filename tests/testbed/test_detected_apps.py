"""Apps of `tests/apps` in Python, and sites, built on a server from what is detected in them, and deployed."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from server_world import ServedApp, ServerWorld

APPS = Path(__file__).parents[1] / "apps"
GREETED = {
    "streamlit": "Streamlit",
    "mkdocs": "<html",
    "procfile": "hello.txt",
    "shell": "hello.txt",
    "django": "Hello from Django.",
    "hugo": "posts/hello/",
    "mdbook": "Hello from mdBook.",
    "uv-workspace": '"detail":"Not Found"',
}
MEMBERS = {"uv-workspace": "apps/api"}
LIMIT = 300


@pytest.fixture
def app(world: ServerWorld, request: pytest.FixtureRequest) -> Iterator[ServedApp]:
    """The smallest app of a framework, in a folder of its own."""
    tree = world.root / request.param
    shutil.copytree(APPS / request.param / "app", tree)
    app = ServedApp(world, tree / MEMBERS.get(request.param, ""))
    app.configure(name=app.name, on="prod", domains=[app.host], deploy={"watch": 0, "drain": 0})
    yield app
    world.good("app", "rm", app.name, "--yes")


@pytest.mark.timeout(LIMIT + 60)
@pytest.mark.parametrize("app", GREETED, indirect=True)
def test_an_app_is_built_from_what_is_detected_and_answers(app: ServedApp, request: pytest.FixtureRequest) -> None:
    process = app.world.start("deploy", str(app.folder))
    said, _ = process.communicate(timeout=LIMIT)
    assert process.returncode == 0, said[-3000:]

    status, body = app.world.get(app.host)
    assert GREETED[request.node.callspec.params["app"]] in body, (status, body[:500])
    container = app.world.server.sh(f"docker ps -q --filter label=webduh.slug={app.key.slug}").strip()
    assert app.world.server.exec("docker", "exec", container, "id", "-u").strip() == "10001"
