"""What somebody changes by hand on a server is named, and the command that is named mends it."""

import json
from typing import Any

import pytest
from server_world import ROOT, ServedApp, ServerWorld

CLEAN = "Everything is as it was deployed.\n"


@pytest.fixture(scope="module")
def shop(world: ServerWorld) -> ServedApp:
    """An app that serves, with a volume, a limit and a variable."""
    app = world.app("shop", volumes={"data": "data"}, memory="256M", variables={"COLOUR": "blue"})
    app.deploy()
    return app


def drift(world: ServerWorld, *words: str) -> list[dict[str, Any]]:
    """What differs; the exit code says whether anything does."""
    done = world.run("drift", "--on", "prod", *words, "-o", "json")
    found: list[dict[str, Any]] = json.loads(done.stdout)
    assert done.returncode == (3 if found else 0), done.stderr
    return found


def kinds(found: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """What differs and how, in short."""
    return sorted((each["kind"], each["found"]) for each in found)


def container(app: ServedApp) -> str:
    """The name of the serving web container."""
    (words,) = [words for words in app.world.standing().all("container") if words[2] == "running"]
    return words[3]


def mended(world: ServerWorld, found: list[dict[str, Any]]) -> None:
    """Run the commands that were named, once each; what they bring to light once more; then nothing differs."""
    for _ in range(2):
        for command in dict.fromkeys(each["mend"] for each in found):
            words = command.split()[1:]
            world.good(*words, *(["--yes"] if words[:2] == ["server", "setup"] else []))
        found = drift(world)
    assert found == []


def test_what_was_just_deployed_has_no_drift(world: ServerWorld, shop: ServedApp) -> None:
    assert world.good("drift") == CLEAN
    assert world.good("drift", "shop") == CLEAN


def test_what_is_done_with_docker_by_hand_is_named_and_mended(world: ServerWorld, shop: ServedApp) -> None:
    by_hand = r"""
    image=$(docker inspect -f '{{.Config.Image}}' "$1")
    docker update --memory 128m --memory-swap 128m --cpus 0.5 "$1"
    docker network connect bridge "$1"
    docker network disconnect webduh-p-default webduh-traefik
    docker run -d --init --label webduh.slug="$2" --name extra "$image" sleep 600
    docker commit "$1" "$image"
    """
    world.server.sh(by_hand, container(shop), shop.key.slug)
    found = drift(world)
    assert kinds(found) == [
        ("container", "added, running"),
        ("image", "another image has its name"),
        ("limit", "0.5"),
        ("limit", "128 MiB"),
        ("network", "joined"),
        ("network", "left, or removed"),
    ]
    mended(world, found)
    assert shop.body() == "1"


def test_a_container_made_anew_with_other_variables_is_named_without_their_values(
    world: ServerWorld, shop: ServedApp
) -> None:
    again = r"""
    image=$(docker inspect -f '{{.Config.Image}}' "$1")
    docker rm -f "$1"
    docker run -d --init --name "$1" --label webduh.slug="$2" -e COLOUR=hand-made -e NEW=hand-made "$image" sleep 600
    """
    running = container(shop)
    world.server.sh(again, running, shop.key.slug)
    found = drift(world)
    assert {(each["kind"], each["name"].split()[-1], each["found"]) for each in found} >= {
        ("variable", "COLOUR", "another value"),
        ("variable", "NEW", "set by hand"),
        ("variable", "WEBDUH_RELEASE", "not set"),
        ("command", running, "another command"),
        ("limit", "memory", "no limit"),
        ("network", "webduh-p-default", "left"),
    }
    assert "hand-made" not in json.dumps(found)
    assert "PATH" not in json.dumps(found)
    mended(world, found)
    assert shop.body("/COLOUR") == "blue"


def test_files_changed_by_hand_are_named_and_mended(world: ServerWorld, shop: ServedApp) -> None:
    number = world.file(f"apps/{shop.key.slug}/current").strip()
    by_hand = r"""
    docker pause "$3"
    cd "$1"
    sed -i s/shop.example/other.example/ "traefik/dynamic/$2.yml"
    cp traefik/dynamic/_webduh.yml traefik/dynamic/mine.yml
    echo '# mine' >>traefik/traefik.yml
    for file in variables plan; do echo >>"apps/$2/releases/$4/$file.json"; done
    """
    world.server.sh(by_hand, ROOT, shop.key.slug, container(shop), number)
    found = drift(world)
    assert sorted((each["kind"], each["name"], each["found"]) for each in found if each["kind"] != "server") == [
        ("container", container_of(shop, number), "paused"),
        ("record", f"releases/{number}/plan.json", "edited, or not whole"),
        ("record", f"releases/{number}/variables.json", "edited, or not whole"),
        ("route", f"{shop.key.slug}.yml", "edited"),
        ("route", "mine.yml", "added by hand"),
    ]
    (server,) = [each for each in found if each["kind"] == "server"]
    assert (server["name"], server["mend"]) == ("traefik", "webduh server setup prod")
    assert {each["kind"] for each in drift(world, "shop")} == {"container", "record", "route"}
    mended(world, found)
    assert shop.body() == "1"


def container_of(app: ServedApp, number: str) -> str:
    """The name of the web container of a release."""
    return f"{app.key.slug}--web--{number}"


def test_what_is_gone_is_named_with_what_is_lost(world: ServerWorld, shop: ServedApp) -> None:
    by_hand = r"""
    docker rm -f $(docker ps -aq --filter label=webduh.slug="$1")
    docker volume rm "webduh--$1--data"
    rm "$2/traefik/dynamic/$1.yml"
    """
    world.server.sh(by_hand, shop.key.slug, ROOT)
    found = drift(world, "shop")
    assert kinds(found) == [
        ("container", "removed"),
        ("route", "removed"),
        ("volume", "removed, with what was in it"),
    ]
    mended(world, found)
