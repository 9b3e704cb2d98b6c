"""Images that go from one server to the others through a registry: a real one, with TLS and passwords."""

import json
import os
import shutil
from collections.abc import Iterator

import pytest
from command_line import words_of
from fleet_world import FleetApp, FleetWorld, rented_fleet
from program import until
from registry_place import PASSWORD, USER, RegistryPlace, raised
from server import Server

FAST = ("--watch", "0", "--drain", "0")
GIVEN = {"PASSWORD": PASSWORD, "WRONG": "not-the-password"}
NO_REGISTRY_NAME = "! docker images --format '{{.Repository}}' | grep -q \"$1\""
# Words: what must be nowhere. Every file that Docker or a person keeps logins in, and the words of every program but
# those that look for it.
TRACES = r"""
grep -rl "$1" /root/.docker /home/*/.docker /var/lib/webduh /etc/docker /var/log 2>/dev/null
for file in /proc/[0-9]*/cmdline; do tr '\0\n' '  ' < "$file"; echo; done 2>/dev/null |
  grep -F -e "$1" -e who-looks-for-it | grep -v who-looks-for-it
:
"""


@pytest.fixture(scope="module")
def world(servers: list[Server], tmp_path_factory: pytest.TempPathFactory) -> Iterator[FleetWorld]:
    """A user with a target of three servers that are set up."""
    with rented_fleet(servers, tmp_path_factory.mktemp("user")) as world:
        yield world


@pytest.fixture(scope="module")
def registry(world: FleetWorld, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RegistryPlace]:
    """A registry whose CA the servers do not trust yet, at the address of this machine that they see."""
    if shutil.which("docker-registry") is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("NOT TESTED: there is no docker-registry here.")
    gateway = world["a"].address.rpartition(".")[0] + ".1"
    with raised(tmp_path_factory.mktemp("place") / "registry", gateway) as place:
        yield place


@pytest.fixture(scope="module")
def shop(world: FleetWorld, registry: RegistryPlace) -> FleetApp:
    """An app that was brought everywhere through the registry."""
    registry.trusted_by(*world.servers)
    use(world, registry)
    app = world.app("till")
    events = [json.loads(line) for line in app.deploy(*FAST, "-o", "json").splitlines()]
    said = [event["text"] for event in events if event.get("event") == "output" and event["step"] == "image"]
    assert said.count(f"a pushes the image to {registry.address}/team") == 1
    assert len([text for text in said if "@sha256:" in text]) == 2
    return app


def use(world: FleetWorld, registry: RegistryPlace, source: str = "PASSWORD", user: str = USER) -> str:
    """Let the target use the registry; it must be possible."""
    done = world.run(
        "target", "registry", "shop", f"{registry.address}/team", "--user", user, "--from-env", source, env=GIVEN
    )
    assert done.returncode == 0, words_of(done)
    return done.stdout


def refused(world: FleetWorld, address: str, *says: str, source: str = "PASSWORD") -> str:
    """Try to let the target use a registry; it must be refused, with the target as it was."""
    before = world.read("target", "show", "shop")
    words = ("target", "registry", "shop", address, "--user", USER, "--from-env", source)
    said = world.refused(1, *words, says=("cannot log in to", "Nothing was changed.", *says), env=GIVEN)
    assert world.read("target", "show", "shop") == before
    assert PASSWORD not in said
    return said


def test_a_registry_that_no_server_gets_into_is_not_kept_and_the_error_says_why(
    world: FleetWorld, registry: RegistryPlace
) -> None:
    refused(world, "registry.invalid/team", "a finds no host registry.invalid.")
    for server in world.servers:
        server.sh("rm -rf /etc/docker/certs.d")
    says = ("a does not trust its certificate", f"/etc/docker/certs.d/{registry.address}/ca.crt on every server")
    refused(world, registry.address, *says)
    registry.trusted_by(*world.servers)
    refused(world, registry.address, f"It does not take the user '{USER}' with this password.", source="WRONG")
    refused(world, f"{registry.host}:1/team", "a does not reach it", "connection refused")


def test_servers_hand_an_image_on_through_it_and_keep_neither_its_names_nor_the_password(
    world: FleetWorld, shop: FleetApp, registry: RegistryPlace
) -> None:
    assert shop.bodies() == ["1", "1", "1"]
    assert registry.images() == [f"team/{shop.at_first.key.slug}"]
    images = {name for app in shop.everywhere for name in app.world.standing().names("image") if "till" in name}
    assert len(images) == 1
    for server in world.servers:
        server.sh(NO_REGISTRY_NAME, registry.host)
        assert server.sh(TRACES, PASSWORD).strip() == ""
    shown = world.read("target", "show", "shop")
    assert (shown["registry"], shown["registry_user"]) == (f"{registry.address}/team", USER)
    kept = [path for path in world.home.rglob("*") if path.is_file() and PASSWORD.encode() in path.read_bytes()]
    assert kept == []


def test_while_it_is_down_nothing_new_is_deployed_and_a_rollback_works(
    world: FleetWorld, shop: FleetApp, registry: RegistryPlace
) -> None:
    newer = shop.at_first.next_version()
    shop.deploy(*FAST)
    registry.stop()
    try:
        shop.at_first.next_version()
        says = (
            "a cannot push the image to",
            "connection refused",
            "What serves was not touched.",
            "target registry shop --none",
        )
        for words in ((), ("--quorum", "1")):
            shop.refused(1, *FAST, *words, says=says)
        assert shop.bodies() == [newer] * 3
        world.good("rollback", "till", *FAST)
        assert shop.bodies() == ["1"] * 3
        shop.settled(attempted=True)
        world.good("target", "registry", "shop", "--none")
        assert world.read("target", "show", "shop")["registry"] == ""
        shop.deploy(*FAST)
        assert shop.bodies() == [shop.at_first.folder.joinpath("version").read_text()] * 3
    finally:
        registry.start()
        use(world, registry)


def test_a_server_that_does_not_trust_it_is_left_out_with_a_quorum(
    world: FleetWorld, shop: FleetApp, registry: RegistryPlace
) -> None:
    newer = shop.at_first.next_version()
    world["c"].sh("rm -rf /etc/docker/certs.d")
    try:
        shop.refused(1, *FAST, says=("c cannot pull the image from", "c does not trust its certificate"))
        assert "c is left out, and behind from now on: c cannot pull" in shop.deploy("--quorum", "2", *FAST)
        assert shop.bodies("ab") == [newer] * 2
    finally:
        registry.trusted_by(world["c"])
    world.good("deploy", "till", "--behind", *FAST)
    assert shop.bodies() == [newer] * 3
    shop.settled(attempted=True)


def test_a_full_registry_keeps_all_as_it_was_and_can_be_cancelled(
    world: FleetWorld, shop: FleetApp, registry: RegistryPlace
) -> None:
    """Docker tries a layer again for a minute, which nobody has to wait for."""
    before = shop.bodies()
    shop.at_first.next_version()
    with registry.full():
        deploying = world.start("deploy", str(shop.at_first.folder), *FAST)
        try:
            until(lambda: "no space left" in registry.log(), "the registry is not full")
            deploying.send_signal(2)
            said, wrong = deploying.communicate(timeout=30)
        finally:
            deploying.kill()
        assert deploying.returncode == 130, said + wrong
    assert shop.bodies() == before
    shop.settled(attempted=True)


def test_a_full_registry_is_named_in_the_end(world: FleetWorld, shop: FleetApp, registry: RegistryPlace) -> None:
    before = shop.bodies()
    shop.at_first.next_version()
    with registry.full():
        ended = world.start("deploy", str(shop.at_first.folder), *FAST)
        said, wrong = ended.communicate(timeout=110)
    assert ended.returncode == 1
    assert "It fails while it takes the image" in said + wrong
    assert "Its disk may be full" in said + wrong
    assert shop.bodies() == before
    shop.settled(attempted=True)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("shop",), "It is not said which registry shop uses."),
        (("shop", "https://registry.example.com"), "A registry is named without https://"),
        (("shop", "registry"), "'registry' is no host"),
        (("shop", "registry.example.com/Team"), "'Team' cannot be part of a path"),
        (("shop", "registry.example.com", "--none"), "--none comes without an address."),
        (("shop", "registry.example.com", "--from-env", "PASSWORD"), "It is not said whose password that is."),
        (
            ("shop", "registry.example.com", "--user", "me", "--from-env", "NOWHERE"),
            "NOWHERE is not in the environment.",
        ),
        (("a", "registry.example.com"), "a needs no registry."),
        (("local", "registry.example.com"), "local needs no registry."),
        (("nobody", "registry.example.com"), "There is no target nobody."),
    ],
)
def test_words_that_name_no_registry_are_refused(world: FleetWorld, words: tuple[str, ...], says: str) -> None:
    world.refused(2, "target", "registry", *words, says=(says, "Nothing was changed."))
