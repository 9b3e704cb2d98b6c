"""Apps in compiled languages, built on a server from what is detected in them, deployed, and asked from outside."""

import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import languages
import pytest
from server_world import ServedApp, ServerWorld

APPS = Path(__file__).parents[1] / "apps"
IMAGES = {
    "go": ("golang:1.26",),
    "rust": ("rust:1-slim",),
    "java": ("maven:3-eclipse-temurin-21", "eclipse-temurin:21-jre"),
    "cpp": (),
    "zig": (),
}
GREETED = {
    "go": "<h1>Hello, Ada, from Go</h1>",
    "rust": "from Rust",
    "java": "from Java",
    "cpp": "from C++",
    "zig": "from Zig",
}
LIMIT = 400
SOURCES = {"go": "main.go", "rust": "src/main.rs", "java": "src", "cpp": "src/main.cpp", "zig": "src/main.zig"}


@pytest.fixture
def app(world: ServerWorld, request: pytest.FixtureRequest) -> Iterator[ServedApp]:
    """The smallest app of a language, as it is in tests/apps, on a server that has the images of the language."""
    name = request.param
    languages.on(world.server, *IMAGES[name])
    folder = world.root / name
    shutil.copytree(APPS / name / "app", folder)
    app = ServedApp(world, folder)
    app.configure(name=name, on="prod", domains=[app.host], deploy={"watch": 0, "drain": 0})
    yield app
    world.good("app", "rm", name, "--yes")


def deployed(app: ServedApp) -> None:
    """Deploy; what a compiler does may take its time on a busy machine."""
    process = app.world.start("deploy", str(app.folder))
    said, _ = process.communicate(timeout=LIMIT)
    assert process.returncode == 0, said[-3000:]


@pytest.mark.timeout(LIMIT + 60)
@pytest.mark.parametrize("app", IMAGES, indirect=True)
def test_a_compiled_app_is_built_and_answers_without_what_it_was_built_with(app: ServedApp) -> None:
    began = time.monotonic()
    deployed(app)
    first = time.monotonic() - began

    assert GREETED[app.name] in app.body("/hello/Ada")
    container = app.world.server.sh(f"docker ps -q --filter label=webduh.slug={app.key.slug}").strip()
    inside = app.world.server.exec("docker", "exec", container, "sh", "-c", "id -u; ls /app")
    assert inside.split()[0] == "10001"
    assert SOURCES[app.name] not in inside.split()[1:]
    image = app.world.server.exec("docker", "inspect", "--format", "{{.Image}}", container).strip()
    size = int(app.world.server.exec("docker", "image", "inspect", "--format", "{{.Size}}", image))
    print(f"{app.name}: {size >> 20} MB, first deployment {first:.0f} s")
