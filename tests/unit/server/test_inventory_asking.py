"""A server is asked what is on it, and what nobody needs is removed: its Docker is a daemon of the test's own."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from docker_daemon import Daemon
from record_house import KEY, plan, record_on, release
from script_machine import ScriptMachine
from site_machine import site

from webduh_console.errors import NotFoundError, TargetError, WebduhError
from webduh_console.model.inventory import (
    KINDS,
    ContainerRow,
    DiskRow,
    Found,
    ImageRow,
    Inventoried,
    NetworkRow,
    ProcessRow,
    RouteRow,
    VolumeRow,
)
from webduh_console.targets.server.containers import image_name
from webduh_console.targets.server.fleet import Fleet
from webduh_console.targets.server.inventory import changing
from webduh_console.targets.server.target import ServerTarget
from webduh_console.targets.server.traefik import KEY_HEADER

OWN = image_name(KEY, "sha256:" + "b" * 64)
LISTED = [
    {
        "Id": "a" * 64,
        "Names": [f"/{KEY.slug}--web--1"],
        "Image": OWN,
        "ImageID": "sha256:" + "1" * 64,
        "State": "running",
        "Status": "Up",
        "Labels": {"webduh.slug": KEY.slug, "webduh.process": "web", "webduh.release": "1"},
        "NetworkSettings": {"Networks": {"webduh-p-default": {"IPAddress": "10.210.1.5"}}},
        "Mounts": [{"Type": "volume", "Name": "data", "Destination": "/data"}],
    },
    {"Id": "c" * 64, "Names": ["/db"], "Image": "pg", "ImageID": "sha256:" + "2" * 64, "State": "exited", "Status": ""},
]
IMAGES = [
    {"Id": "sha256:" + "1" * 64, "RepoTags": [OWN], "Size": 10},
    {"Id": "sha256:" + "2" * 64, "RepoTags": ["pg:latest"], "Size": 20},
    {"Id": "sha256:" + "3" * 64, "RepoTags": ["old:1", "old:latest"], "Size": 30},
    {"Id": "sha256:" + "4" * 64, "RepoTags": None, "Size": 40},
    {"Id": "sha256:" + "5" * 64, "RepoTags": [f"webduh/{KEY.slug}:{'c' * 16}"], "Size": 50},
]
VOLUMES = {"Volumes": [{"Name": "data"}, {"Name": "left", "Labels": {"webduh.slug": KEY.slug}}]}


@pytest.fixture
def socket(tmp_path: Path) -> Path:
    return tmp_path / "docker.sock"


@pytest.fixture
def daemon(socket: Path) -> Iterator[Daemon]:
    made = Daemon(socket)
    made.answers |= {
        "/v1.45/containers/json": (200, LISTED),
        "/v1.45/images/json": (200, IMAGES),
        "/v1.45/volumes": (200, VOLUMES),
        "/v1.45/networks": (200, [{"Id": "1", "Name": "webduh-p-default", "Driver": "bridge"}]),
        "/v1.45/system/df": (
            200,
            {"LayersSize": 100, "Volumes": [{"Name": "left", "UsageData": {"Size": 7, "RefCount": 0}}]},
        ),
        "/v1.45/containers/db/json": (
            200,
            {"Id": "c" * 64, "Name": "/db", "State": {"Status": "running"}, "Config": {}},
        ),
    }
    yield made
    made.end()


@pytest.fixture
def server(tmp_path: Path, daemon: Daemon, socket: Path) -> Iterator[ServerTarget]:
    """A server where one release is recorded, whose secret is `s3cret-value`."""
    made = site(tmp_path, daemon, socket)
    record = record_on(made.machine, tmp_path / "root")
    lease = record.acquire("me", "a test")
    record.write(lease, release(1), plan())
    lease.release()
    yield made
    made.close()


def rows(server: ServerTarget, kind: str) -> tuple[object, ...]:
    return server.inventory(next(each for each in KINDS if each == kind)).rows


def test_every_kind_there_is_can_be_asked_for(server: ServerTarget) -> None:
    assert isinstance(server, Inventoried)
    assert server.kinds == KINDS


def test_containers_of_all_are_told_in_one_question(server: ServerTarget, daemon: Daemon) -> None:
    assert [(row.name, row.server) for row in rows(server, "containers") if isinstance(row, ContainerRow)] == [
        (f"{KEY.slug}--web--1", "fra-1"),
        ("db", "fra-1"),
    ]
    assert [urlsplit(path).path for path in daemon.asked if "containers/json" in path] == ["/v1.45/containers/json"]
    assert "all=1" in next(path for path in daemon.asked if "containers/json" in path)


def test_images_are_told_with_the_releases_that_name_them(server: ServerTarget) -> None:
    found = {row.id[0]: (row.releases, row.containers, row.unused) for row in rows(server, "images")}  # type: ignore[attr-defined]
    assert found == {
        "1": (("shop v1",), (f"{KEY.slug}--web--1",), False),
        "2": ((), ("db",), False),
        "3": ((), (), True),
        "4": ((), (), True),
        "5": ((), (), True),
    }


def test_a_server_that_was_not_set_up_has_images_without_releases(
    server: ServerTarget, daemon: Daemon, tmp_path: Path
) -> None:
    (tmp_path / "root").rename(tmp_path / "away")
    assert [row.releases for row in rows(server, "images") if isinstance(row, ImageRow)] == [()] * 5


def test_a_record_that_cannot_be_read_makes_no_image_seem_unused(server: ServerTarget, tmp_path: Path) -> None:
    (tmp_path / "root" / "apps" / KEY.slug / "releases" / "1" / "release.json").write_text("{")
    with pytest.raises(WebduhError, match="shop"):
        rows(server, "images")


def test_volumes_have_their_size_once_the_disk_was_asked(server: ServerTarget) -> None:
    assert [(row.name, row.size) for row in rows(server, "volumes")] == [("data", None), ("left", None)]  # type: ignore[attr-defined]
    assert [row.name for row in rows(server, "disk") if isinstance(row, DiskRow) and row.kind == "docker"] == [
        "images",
        "containers",
        "volumes",
        "build cache",
    ]
    assert [(row.name, row.size) for row in rows(server, "volumes")] == [("data", None), ("left", 7)]  # type: ignore[attr-defined]


def test_networks_are_told_with_who_is_on_them(server: ServerTarget) -> None:
    assert rows(server, "networks") == (
        NetworkRow(
            "webduh-p-default", "bridge", (), (f"{KEY.slug}--web--1 10.210.1.5",), "default", server="fra-1"
        ),
    )  # fmt: skip


def test_no_secret_of_an_app_is_seen_among_the_processes(server: ServerTarget) -> None:
    started = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)", "s3cret-value", "plain-value"])
    try:
        row = next(r for r in rows(server, "processes") if isinstance(r, ProcessRow) and r.pid == started.pid)
        assert row.command.split()[-2:] == ["•••", "plain-value"]
        assert row.cpu is not None
        again = next(r for r in rows(server, "processes") if isinstance(r, ProcessRow) and r.pid == started.pid)
        assert again.command == row.command
    finally:
        started.kill()
        started.wait()


def test_what_was_looked_at_a_moment_ago_is_one_round_trip(server: ServerTarget, daemon: Daemon) -> None:
    for kind in ("containers", "processes", "disk"):
        rows(server, kind)
    assert isinstance(server.machine, ScriptMachine)
    server.machine.asked.clear()
    daemon.asked.clear()
    for kind in ("containers", "processes", "disk", "volumes"):
        rows(server, kind)
    assert len(server.machine.asked) == 3
    assert sorted(urlsplit(path).path.removeprefix("/v1.45") for path in daemon.asked) == [
        "/containers/json",
        "/containers/json",
        "/containers/json",
        "/system/df",
        "/volumes",
    ]


class Traefik(BaseHTTPRequestHandler):
    """Answers whoever has the key with one router."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        known = self.headers.get(KEY_HEADER) == "k" * 64 and self.path == "/api/rawdata"
        answer = {"routers": {"shop@file": {"rule": "Host(`a`)", "service": "shop", "status": "enabled"}}}
        body = json.dumps(answer).encode() if known else b"404 page not found"
        self.send_response(200 if known else 404)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *words: object) -> None:
        pass


def test_routes_are_asked_of_traefik_through_the_servers_own_way(tmp_path: Path, daemon: Daemon, socket: Path) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), Traefik) as api:
        threading.Thread(target=api.serve_forever, args=(0.02,), daemon=True).start()
        server = site(tmp_path, daemon, socket, ops=api.server_port)
        assert rows(server, "routes") == (
            RouteRow("shop@file", "Host(`a`)", (), "shop", (), "enabled", server="fra-1"),
        )  # fmt: skip
        other = site(tmp_path, daemon, socket, ops=api.server_port)
        (tmp_path / "root/traefik/key").write_text("x" * 64)
        with pytest.raises(TargetError, match="Traefik's API on fra-1 is shut"):
            rows(other, "routes")
        api.shutdown()


def test_a_docker_that_refuses_is_told_in_words(server: ServerTarget, daemon: Daemon) -> None:
    daemon.answers["/v1.45/volumes"] = (500, {"message": "the disk burns"})
    with pytest.raises(TargetError, match="The volumes cannot be listed on fra-1") as caught:
        rows(server, "volumes")
    assert "the disk burns" in caught.value.why


def test_several_servers_answer_together_and_a_silent_one_is_named(
    tmp_path: Path, server: ServerTarget, daemon: Daemon
) -> None:
    gone = site(tmp_path, daemon, tmp_path / "no.sock", "nyc-1")
    fleet = Fleet("all", {"fra-1": server, "nyc-1": gone})
    found = fleet.inventory("volumes")
    assert [row.server for row in found.rows] == ["fra-1", "fra-1"]
    assert found.silent.keys() == {"nyc-1"}
    with pytest.raises(TargetError):
        Fleet("all", {"nyc-1": gone}).inventory("volumes")


def test_several_servers_that_all_answer_leave_nobody_silent(server: ServerTarget) -> None:
    assert Fleet("all", {"fra-1": server}).inventory("networks") == Found(rows(server, "networks"))  # type: ignore[arg-type]


# What is changed.


@pytest.mark.parametrize(
    ("what", "did"),
    [
        ("start", ["POST /containers/db/start"]),
        ("stop", ["POST /containers/db/stop"]),
        ("restart", ["POST /containers/db/stop", "POST /containers/db/start"]),
    ],
)
def test_a_container_is_started_and_stopped(server: ServerTarget, daemon: Daemon, what: str, did: list[str]) -> None:
    changing.act(server, "db", what)  # type: ignore[arg-type]
    assert daemon.did == did


def test_a_container_that_is_not_there_is_not_started_and_the_nearest_is_named(
    server: ServerTarget, daemon: Daemon
) -> None:
    with pytest.raises(NotFoundError, match="There is no container dbb on fra-1") as caught:
        changing.act(server, "dbb", "start")
    assert (caught.value.hint, daemon.did) == ("Did you mean db?", [])


@pytest.mark.parametrize(
    ("name", "did"),
    [
        ("old:1", ["DELETE /images/old:1", "DELETE /images/old:latest"]),
        ("old", ["DELETE /images/old:1", "DELETE /images/old:latest"]),
        ("444444444444", ["DELETE /images/444444444444"]),
        (f"webduh/{KEY.slug}:{'c' * 16}", [f"DELETE /images/webduh/{KEY.slug}:{'c' * 16}"]),
    ],
)
def test_an_image_that_nobody_needs_goes_with_all_its_names(
    server: ServerTarget, daemon: Daemon, name: str, did: list[str]
) -> None:
    changing.remove(server, changing.surplus(server, "image", name))
    assert daemon.did == did


@pytest.mark.parametrize(
    ("what", "name", "who"),
    [
        ("image", "pg", "db"),
        ("image", OWN, "shop v1"),
        ("image", "111111111111", "shop v1"),
        ("volume", "data", f"{KEY.slug}--web--1:/data"),
    ],
)
def test_what_somebody_needs_stays(server: ServerTarget, daemon: Daemon, what: str, name: str, who: str) -> None:
    with pytest.raises(TargetError, match=f"The {what} .* is not removed from fra-1") as caught:
        changing.surplus(server, what, name)  # type: ignore[arg-type]
    assert who in caught.value.why
    assert daemon.did == []


def test_an_image_of_a_deployment_under_way_stays(server: ServerTarget, daemon: Daemon, tmp_path: Path) -> None:
    daemon.answers["/v1.45/images/json"] = (
        200,
        [{**image, "Labels": {"webduh.slug": KEY.slug}} for image in IMAGES],
    )
    record = record_on(server.machine, tmp_path / "root")
    lease = record.acquire("me", "a deployment")
    with pytest.raises(TargetError, match="is not removed") as caught:
        changing.surplus(server, "image", f"webduh/{KEY.slug}:{'c' * 16}")
    assert caught.value.why == "It is needed by a deployment under way."
    lease.release()
    assert isinstance(changing.surplus(server, "image", f"webduh/{KEY.slug}:{'c' * 16}"), ImageRow)


def test_a_volume_that_nobody_has_goes(server: ServerTarget, daemon: Daemon) -> None:
    found = changing.surplus(server, "volume", "left")
    assert isinstance(found, VolumeRow)
    changing.remove(server, found)
    assert daemon.did == ["DELETE /volumes/left"]


def test_a_volume_that_somebody_took_meanwhile_is_refused_by_docker(server: ServerTarget, daemon: Daemon) -> None:
    found = changing.surplus(server, "volume", "left")
    daemon.refuses["DELETE /volumes/left"] = (409, "volume is in use")
    with pytest.raises(TargetError, match=r"left cannot be removed") as caught:
        changing.remove(server, found)
    assert "volume is in use" in caught.value.why
