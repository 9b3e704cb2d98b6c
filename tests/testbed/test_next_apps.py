"""Next.js as its users write it, really built on a server, deployed, and answered through Traefik."""

import http.client
import re
from pathlib import Path

import next_app
import pytest
from server import Server
from server_world import ServedApp, ServerWorld
from waiting import wait_until

pytestmark = pytest.mark.timeout(600, func_only=True)  # packages are fetched, and a build is no light work
BUILT_AT = re.compile(r"made at (\d+)")


@pytest.fixture
def world(server: Server, tmp_path: Path) -> ServerWorld:
    return ServerWorld(tmp_path, limit=600, server=server).ready()


def served(world: ServerWorld, name: str, **config: object) -> ServedApp:
    folder = next_app.write(world.root / name)
    app = ServedApp(world, folder)
    said = {"name": name, "on": "prod", "domains": [app.host], "variables": {"GREETING": "good day"}}
    app.configure(**{**said, "deploy": {"watch": 0, "drain": 2}, **config})
    return app


def fetched(app: ServedApp, path: str, **headers: str) -> tuple[int, str, bytes]:
    """Status, content type and body."""
    connection = http.client.HTTPConnection(app.world.server.host, app.world.server.http, timeout=20)
    try:
        connection.request("GET", path, headers={"Host": app.host, **headers})
        answer = connection.getresponse()
        return answer.status, answer.getheader("Content-Type", ""), answer.read()
    finally:
        connection.close()


def assert_serves_all_of_it(app: ServedApp) -> None:
    """A page made per request, files, a picture made smaller, and a page that is made again behind the proxy."""
    page = app.body()
    assert "greeting: good day" in page
    script = re.search(r'"(/_next/static/[^"]+\.js)"', page)
    assert script is not None
    status, kind, _ = fetched(app, script[1])
    assert (status, "javascript" in kind) == (200, True)
    assert fetched(app, "/robots.txt")[2] == b"User-agent: *\n"
    whole = (app.folder / "public/picture.png").stat().st_size
    status, kind, small = fetched(app, "/_next/image?url=%2Fpicture.png&w=64&q=75", Accept="image/webp")
    assert (status, kind, len(small) < whole / 10) == (200, "image/webp", True)
    assert fetched(app, "/nowhere")[0] == 404
    first = BUILT_AT.search(app.body("/time"))
    assert first is not None
    wait_until(lambda: (BUILT_AT.search(app.body("/time")) or first)[1] != first[1], "the page is made again")


def image_size(app: ServedApp) -> int:
    """Bytes of the image that serves."""
    names = app.world.server.exec("docker", "images", "--format", "{{.Repository}}:{{.Tag}}").split()
    name = next(name for name in names if app.key.slug in name)
    return int(app.world.server.exec("docker", "image", "inspect", "--format", "{{.Size}}", name))


def test_open_next_serves_pages_files_and_pictures_from_one_server(world: ServerWorld) -> None:
    app = served(world, "opened", options={"output": "opennext"})
    app.deploy()
    assert_serves_all_of_it(app)
    print(f"image: {image_size(app) / 1e6:.0f} MB")


def test_an_app_that_says_nothing_runs_as_the_standalone_server(world: ServerWorld) -> None:
    app = served(world, "plain")
    app.deploy()
    assert_serves_all_of_it(app)
    assert app.world.server.exec(
        "docker", "ps", "--no-trunc", "--filter", "name=plain", "--format", "{{.Command}}"
    ).count("standalone")
    print(f"image: {image_size(app) / 1e6:.0f} MB")
