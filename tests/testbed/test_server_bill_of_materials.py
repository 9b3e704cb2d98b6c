"""What the image of a release on a server is made of, read out of the image itself."""

import json
from collections.abc import Iterator

import pytest
from server import Server
from server_world import ServerWorld, rented_world

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def world(servers: list[Server], tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerWorld]:
    """A user with a server that is set up."""
    with rented_world(servers, tmp_path_factory.mktemp("user")) as world:
        world.add()
        world.good("server", "setup", "prod", "--yes")
        yield world


def test_the_packages_of_an_image_are_listed_kept_with_the_record_and_no_container_stays(world: ServerWorld) -> None:
    app = world.app("listed")
    app.deploy()
    rows = world.read("sbom", app.name)
    kinds = {row["kind"] for row in rows}
    assert kinds & {"deb", "apk"}, kinds
    names = {row["name"] for row in rows}
    assert names & {"libc6", "musl"}, sorted(names)[:20]
    said = json.loads(world.good("sbom", app.name, "--cyclonedx"))
    assert said["metadata"]["component"]["type"] == "container"
    assert json.loads(world.server.sh(f"cat {app.kept}/releases/1/sbom.json")) == said
    assert world.server.sh("docker ps -aq --filter label=webduh.itemizing") == ""
    assert world.server.sh("ls /tmp") == world.server.sh("ls /tmp | grep -v '^tmp\\.' || :")


def test_a_container_that_a_cut_connection_left_is_removed_by_the_next_look(world: ServerWorld) -> None:
    app = world.app("left")
    app.deploy()
    image = world.server.sh("docker images --format '{{.Repository}}:{{.Tag}}' | grep -m 1 -- --left--").strip()
    world.server.sh(f"docker create --network none --label webduh.itemizing=1 {image} nothing")
    world.read("sbom", app.name)
    assert world.server.sh("docker ps -aq --filter label=webduh.itemizing") == ""


def test_an_image_that_is_gone_is_said_and_what_was_kept_is_still_told(world: ServerWorld) -> None:
    app = world.app("gone")
    app.deploy()
    rows = world.read("sbom", app.name)
    app.next_version()
    app.deploy()
    (digest,) = [
        release["artifact"]["digest"] for release in world.read("releases", app.name) if release["number"] == 1
    ]
    tag = f"webduh/{app.key.slug}:{digest.removeprefix('sha256:')[:16]}"
    world.server.sh(f"docker rmi -f {tag}")
    assert world.read("sbom", app.name, "--release", "1") == rows
    world.server.sh(f"rm {app.kept}/releases/1/sbom.json")
    world.refused(1, "sbom", app.name, "--release", "1", says=("The image is not there any more.",))
