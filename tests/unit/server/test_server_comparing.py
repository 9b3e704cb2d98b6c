"""What somebody changed by hand, judged from Docker's answers alone."""

import copy
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from record_house import KEY, SOURCE

from webduh_console.model.build import Process, Volume
from webduh_console.model.events import EPOCH
from webduh_console.model.names import AppKey, instance_name
from webduh_console.model.release import Artifact, Release, Route, Spec, Variable
from webduh_console.targets import records
from webduh_console.targets.server.comparing import Seen, app_drift, stray_routes
from webduh_console.targets.server.containers import Container, container_spec
from webduh_console.targets.server.drift import edited, names_by_digest
from webduh_console.targets.server.layout import Layout
from webduh_console.targets.server.switching import routes_of
from webduh_console.targets.server.traefik import CONTAINER

DIGEST, OTHER = "sha256:" + "b" * 64, "sha256:" + "c" * 64
SPEC = Spec(
    framework="python",
    processes=(Process("web", ("python", "a.py")), Process("worker", ("python", "w.py"), 2)),
    routes=(Route("shop.example.com"),),
    volumes=(Volume("data", "data"),),
    memory=2**28,
    cpus=0.5,
)
RELEASE = Release(
    3,
    KEY,
    "prod",
    SPEC,
    Artifact(DIGEST, "image"),
    SOURCE,
    EPOCH,
    "me",
    "command",
    "D",
    variables={"A": Variable("one-value"), "TOKEN": Variable("s3cret-value", secret=True)},
)
WEB = instance_name(KEY, "web", 3)
WORKER = instance_name(KEY, "worker", 3, 2)
NAMES = {"web": [(WEB, 1)], "worker": [(instance_name(KEY, "worker", 3), 1), (WORKER, 2)]}
NETWORK = "webduh-p-default"
TAG = f"webduh/{KEY.slug}:{'b' * 16}"


def answer(process: Process, index: int) -> dict[str, Any]:
    """What Docker says of an instance that is as it was made."""
    spec = container_spec(RELEASE, process, index)
    return {
        "Image": DIGEST,
        "State": {"Status": "running"},
        "Config": {"Env": [f"{n}={v}" for n, v in spec.env.items()] + ["PATH=/bin"], "Cmd": list(spec.command)},
        "HostConfig": {"Memory": spec.memory, "NanoCpus": spec.nano_cpus, "PidsLimit": spec.pids},
        "Mounts": [{"Name": volume, "Destination": path} for volume, path in spec.volumes.items()],
        "NetworkSettings": {"Networks": {NETWORK: {}}},
    }


def seen(**more: Any) -> Seen:
    exact = {name: answer(p, index) for p in SPEC.processes for name, index in NAMES[p.name]}
    whole = Seen(
        exact=exact,
        containers=tuple(container(name, 3) for name in exact),
        image=DIGEST,
        digest=DIGEST,
        image_env=frozenset({"PATH"}),
        networked=frozenset({CONTAINER, *exact}),
        volumes=frozenset({f"webduh--{KEY.slug}--data"}),
        route=routes_of(RELEASE, "t" * 32),
        kept=frozenset({2, 3}),
    )
    return msgspec.structs.replace(whole, **more)


def container(name: str, release: int, status: Any = "running", process: str = "web") -> Container:
    labels = {"webduh.slug": KEY.slug, "webduh.release": str(release), "webduh.process": process}
    return Container(id=name, name=name, status=status, labels=labels)


def told(given: Seen, release: Release = RELEASE) -> list[tuple[str, str, str]]:
    return [(each.kind, each.name, each.found) for each in app_drift("prod", release, given)]


def test_what_is_as_it_was_deployed_has_no_drift() -> None:
    assert told(seen()) == []


def test_who_set_which_token_into_a_route_file_is_no_drift() -> None:
    assert told(seen(route=routes_of(RELEASE, "u" * 40))) == []


def in_web(change: Callable[[dict[str, Any]], None]) -> Seen:
    """The same, with what Docker says of the web container changed."""
    exact = copy.deepcopy(seen().exact)
    change(exact[WEB])
    return seen(exact=exact)


def put(*path: str, value: Any) -> Callable[[dict[str, Any]], None]:
    def change(whole: dict[str, Any]) -> None:
        inner = whole
        for word in path[:-1]:
            inner = inner[word]
        inner[path[-1]] = value

    return change


def env(*pairs: str, without: tuple[str, ...] = ()) -> Callable[[dict[str, Any]], None]:
    def change(whole: dict[str, Any]) -> None:
        named = {pair.partition("=")[0] for pair in pairs} | set(without)
        kept = [pair for pair in whole["Config"]["Env"] if pair.partition("=")[0] not in named]
        whole["Config"]["Env"] = [*kept, *pairs]

    return change


WEB_CHANGES = {
    "exited": (put("State", value={"Status": "exited", "ExitCode": 137}), [("container", WEB, "exited, exit 137")]),
    "paused": (put("State", value={"Status": "paused"}), [("container", WEB, "paused")]),
    "created": (put("State", value={"Status": "created"}), [("container", WEB, "created")]),
    "restarting": (put("State", value={"Status": "restarting"}), [("container", WEB, "restarting")]),
    "no state": (put("State", value=None), [("container", WEB, "unknown")]),
    "memory": (put("HostConfig", "Memory", value=2**27), [("limit", f"{WEB} memory", "128 MiB")]),
    "memory off": (put("HostConfig", "Memory", value=0), [("limit", f"{WEB} memory", "no limit")]),
    "cpus": (put("HostConfig", "NanoCpus", value=10**9), [("limit", f"{WEB} cpus", "1")]),
    "cpus off": (put("HostConfig", "NanoCpus", value=None), [("limit", f"{WEB} cpus", "no limit")]),
    "processes": (put("HostConfig", "PidsLimit", value=10), [("limit", f"{WEB} processes", "10")]),
    "variable": (env("A=two-value"), [("variable", f"{WEB} A", "another value")]),
    "secret": (env("TOKEN=hand-made"), [("variable", f"{WEB} TOKEN", "another value")]),
    "variable gone": (env(without=("A",)), [("variable", f"{WEB} A", "not set")]),
    "variable new": (env("NEW=hand-made"), [("variable", f"{WEB} NEW", "set by hand")]),
    "variable of the image": (env("PATH=/usr/bin"), []),
    "empty variable": (env("A="), [("variable", f"{WEB} A", "another value")]),
    "command": (put("Config", "Cmd", value=["sh"]), [("command", WEB, "another command")]),
    "no command": (put("Config", "Cmd", value=None), [("command", WEB, "another command")]),
    "no mount": (put("Mounts", value=[]), [("volume", f"webduh--{KEY.slug}--data", "not mounted there")]),
    "mount elsewhere": (
        put("Mounts", value=[{"Name": f"webduh--{KEY.slug}--data", "Destination": "/else"}]),
        [("volume", f"webduh--{KEY.slug}--data", "not mounted there")],
    ),
    "network left": (put("NetworkSettings", "Networks", value={}), [("network", NETWORK, "left")]),
    "network joined": (
        put("NetworkSettings", "Networks", value={NETWORK: {}, "bridge": {}}),
        [("network", "bridge", "joined")],
    ),
    "other image": (put("Image", value=OTHER), [("image", TAG, "another image runs there")]),
}


@pytest.mark.parametrize("name", WEB_CHANGES)
def test_a_container_changed_by_hand_is_named(name: str) -> None:
    change, expected = WEB_CHANGES[name]
    assert told(in_web(change)) == expected


@pytest.mark.parametrize("name", WEB_CHANGES)
def test_no_value_of_a_variable_is_ever_told(name: str) -> None:
    found = str(list(app_drift("prod", RELEASE, in_web(WEB_CHANGES[name][0]))))
    assert [value for value in ("one-value", "two-value", "s3cret", "hand-made") if value in found] == []


@pytest.mark.parametrize("name", WEB_CHANGES)
def test_every_difference_names_what_mends_it(name: str) -> None:
    for each in app_drift("prod", RELEASE, in_web(WEB_CHANGES[name][0])):
        assert each.mend.startswith(("webduh deploy shop --force", "webduh server exec prod -- docker "))
        assert (each.place, each.key) == ("prod", KEY)


@pytest.mark.parametrize("gone", [WEB, WORKER])
def test_a_container_that_is_gone_is_named(gone: str) -> None:
    exact = {name: each for name, each in seen().exact.items() if name != gone}
    assert told(seen(exact=exact)) == [("container", gone, "removed")]


@pytest.mark.parametrize(
    ("added", "found"),
    [
        (container("extra", 0), [("container", "extra", "added, running")]),
        (container("extra", 3), [("container", "extra", "added, running")]),
        (container("extra", 9, "exited"), [("container", "extra", "added, exited")]),
        (container(instance_name(KEY, "web", 2), 2, "exited"), []),
        (container(instance_name(KEY, "web", 2), 2), [("container", instance_name(KEY, "web", 2), "added, running")]),
        (container(instance_name(KEY, "web", 4), 4, "created"), []),
        (container("one-off", 3, process="run"), []),
    ],
)
def test_a_container_that_belongs_to_nothing_is_named(added: Container, found: list[tuple[str, str, str]]) -> None:
    assert told(seen(containers=(*seen().containers, added), busy=frozenset({4}))) == found


@pytest.mark.parametrize(
    ("fields", "found"),
    [
        ({"image": ""}, [("image", TAG, "removed")]),
        ({"image": OTHER}, [("image", TAG, "another image has its name")] * 3),
        ({"image": OTHER, "digest": ""}, [("image", TAG, "another image has its name")] * 3),
        ({"digest": ""}, []),
        ({"networked": frozenset({WEB})}, [("network", NETWORK, "left, or removed")]),
        ({"volumes": frozenset()}, [("volume", "data", "removed, with what was in it")]),
        ({"volumes": frozenset({"webduh--x--data"})}, [("volume", "data", "removed, with what was in it")]),
        ({"route": ""}, [("route", f"{KEY.slug}.yml", "removed")]),
        ({"route": "http: {}"}, [("route", f"{KEY.slug}.yml", "edited")]),
        ({"route": "\x00\xff"}, [("route", f"{KEY.slug}.yml", "edited")]),
        ({"edited": ("plan.json",)}, [("record", "releases/3/plan.json", "edited, or not whole")]),
    ],
)
def test_what_is_around_the_containers_is_compared_too(
    fields: dict[str, Any], found: list[tuple[str, str, str]]
) -> None:
    assert told(seen(**fields)) == found


def test_a_route_that_leads_elsewhere_is_an_edited_one() -> None:
    other = msgspec.structs.replace(RELEASE, number=2)
    assert told(seen(route=routes_of(other, "t" * 32))) == [("route", f"{KEY.slug}.yml", "edited")]


def test_a_route_that_should_not_be_there_was_added() -> None:
    nowhere = msgspec.structs.replace(RELEASE, spec=msgspec.structs.replace(SPEC, routes=()))
    assert told(seen(), nowhere) == [("route", f"{KEY.slug}.yml", "added by hand")]
    assert told(seen(route=""), nowhere) == []


@pytest.mark.parametrize(
    ("key", "command"),
    [
        (AppKey("default", "shop", "production"), "webduh deploy shop --force"),
        (AppKey("default", "shop", "staging"), "webduh deploy shop -e staging --force"),
        (AppKey("market", "shop", "production"), "webduh deploy market/shop --force"),
    ],
)
def test_the_command_that_mends_names_the_app_whole(key: AppKey, command: str) -> None:
    found = list(app_drift("prod", msgspec.structs.replace(RELEASE, key=key), Seen()))
    assert {each.mend for each in found} == {command}


@pytest.mark.parametrize(
    ("files", "stray"),
    [
        ([], []),
        (["_webduh.yml", f"{KEY.slug}.yml"], []),
        (["mine.yml"], ["mine.yml"]),
        (["b c.yml", "a.toml"], ["a.toml", "b c.yml"]),
        (["default--gone--production.yml"], ["default--gone--production.yml"]),
        ([f".{KEY.slug}.yml.new"], [f".{KEY.slug}.yml.new"]),
    ],
)
def test_files_that_belong_to_no_app_are_strays(files: list[str], stray: list[str]) -> None:
    found = list(stray_routes("prod", Layout(), files, {KEY.slug}))
    assert [each.name for each in found] == stray
    assert all(each.mend.startswith("webduh server exec prod -- rm ") for each in found)


def test_a_stray_is_removed_by_its_whole_name() -> None:
    (found,) = stray_routes("prod", Layout(), ["b c.yml"], set())
    assert found.mend == "webduh server exec prod -- rm '/var/lib/webduh/traefik/dynamic/b c.yml'"


SAID = records.digests({"plan.json": b"p\n", "release.json": b"r\n"}).decode()
SUMS = msgspec.json.decode(SAID, type=dict[str, str])


@pytest.mark.parametrize(
    ("answer", "files"),
    [
        ("", []),
        ("broken", []),
        ("[]", []),
        (f"{SAID}\nplan.json {SUMS['plan.json']}\nrelease.json {SUMS['release.json']}\n", []),
        (f"{SAID}\nplan.json {SUMS['plan.json']}\nrelease.json {'0' * 64}\n", ["release.json"]),
        (f"{SAID}\nplan.json {SUMS['plan.json']}\n", ["release.json"]),
        (f"{SAID}\n", ["plan.json", "release.json"]),
    ],
)
def test_a_file_that_is_not_as_it_was_written_is_told(answer: str, files: list[str]) -> None:
    assert list(edited(answer)) == files


@pytest.mark.parametrize(
    ("info", "named"),
    [
        ({}, True),
        ({"DriverStatus": None}, True),
        ({"DriverStatus": [["Backing Filesystem", "extfs"]]}, True),
        ({"DriverStatus": [["driver-type", "io.containerd.snapshotter.v1"]]}, False),
    ],
)
def test_containerd_gives_images_names_of_its_own(info: dict[str, Any], named: bool) -> None:
    assert names_by_digest(info) is named
