"""What Docker says of a server, read as rows: containers, images, volumes, networks, disk."""

from datetime import UTC, datetime
from typing import Any

import pytest

from webduh_console.model.build import Process
from webduh_console.model.inventory import ContainerRow, DiskRow, ImageRow, NetworkRow, VolumeRow
from webduh_console.model.names import AppKey
from webduh_console.model.release import Artifact, Release, SourceRef, Spec
from webduh_console.targets.server.inventory import containers, disk, images, networks, volumes
from webduh_console.targets.server.metrics import Figures

BLOG = AppKey("default", "blog", "production")
SLUG = BLOG.slug
MADE = datetime(2026, 3, 1, 12, tzinfo=UTC)
WEB: dict[str, Any] = {
    "Id": "a" * 64,
    "Names": [f"/{SLUG}--web--7"],
    "Image": f"webduh/{SLUG}:{'07' * 8}",
    "ImageID": "sha256:" + "1" * 64,
    "Created": int(MADE.timestamp()),
    "State": "running",
    "Status": "Up 2 days (healthy)",
    "Labels": {"webduh.slug": SLUG, "webduh.process": "web", "webduh.release": "7"},
    "Ports": [{"PrivatePort": 8080, "Type": "tcp"}],
    "NetworkSettings": {"Networks": {"webduh-p-default": {"IPAddress": "10.210.1.5"}}},
    "Mounts": [
        {"Type": "volume", "Name": f"{SLUG}--data", "Destination": "/data"},
        {"Type": "bind", "Source": "/etc/app.toml", "Destination": "/etc/app.toml"},
    ],
}
OTHER: dict[str, Any] = {
    "Id": "b" * 64,
    "Names": ["/postgres"],
    "Image": "postgres:17",
    "ImageID": "sha256:" + "2" * 64,
    "Created": int(MADE.timestamp()),
    "State": "exited",
    "Status": "Exited (0) 3 weeks ago",
    "Labels": None,
    "Ports": [],
    "NetworkSettings": {"Networks": {"bridge": {"IPAddress": ""}}},
    "Mounts": [{"Type": "volume", "Name": "pgdata", "Destination": "/var/lib/postgresql/data"}],
}


def release(number: int, digest: str = "07" * 32, key: AppKey = BLOG) -> Release:
    spec = Spec("python", (Process("web", ("python", "app.py")),))
    artifact = Artifact(digest, kind="image")
    return Release(number, key, "fra-1", spec, artifact, SourceRef("/srv/blog"), MADE, "ada", "command", "01J")


def test_containers_are_listed_with_what_they_use_ours_first() -> None:
    now = {"a" * 64: Figures(0.25, 2**20), "b" * 64: Figures(9.9, 9)}
    assert containers.rows([OTHER, WEB], now) == [
        ContainerRow(
            f"{SLUG}--web--7", "running", WEB["Image"], SLUG, "Up 2 days (healthy)", 0.25, 2**20, "web", 7, (), MADE,
            "a" * 12,
        ),
        ContainerRow("postgres", "exited", "postgres:17", "", "Exited (0) 3 weeks ago", created=MADE, id="b" * 12),
    ]  # fmt: skip


def test_a_container_nobody_has_looked_at_has_no_figures() -> None:
    (row,) = containers.rows([WEB], {})
    assert (row.cpu, row.memory) == (None, None)


@pytest.mark.parametrize(
    ("ports", "shown"),
    [
        ([], ()),
        ([{"PrivatePort": 80, "Type": "tcp"}], ()),
        ([{"IP": "0.0.0.0", "PrivatePort": 80, "PublicPort": 8080, "Type": "tcp"}], ("8080→80/tcp",)),
        (
            [
                {"IP": "0.0.0.0", "PrivatePort": 80, "PublicPort": 80, "Type": "tcp"},
                {"IP": "::", "PrivatePort": 80, "PublicPort": 80, "Type": "tcp"},
            ],
            ("80→80/tcp",),
        ),
        (
            [{"IP": "127.0.0.1", "PrivatePort": 5432, "PublicPort": 5432, "Type": "tcp"}],
            ("127.0.0.1:5432→5432/tcp",),
        ),
        ([{"IP": "::1", "PrivatePort": 53, "PublicPort": 53, "Type": "udp"}], ("[::1]:53→53/udp",)),
        (
            [
                {"IP": "0.0.0.0", "PrivatePort": 443, "PublicPort": 443, "Type": "tcp"},
                {"IP": "0.0.0.0", "PrivatePort": 80, "PublicPort": 80, "Type": "tcp"},
            ],
            ("80→80/tcp", "443→443/tcp"),
        ),
    ],
)
def test_ports_are_those_of_the_machine(ports: list[dict[str, Any]], shown: tuple[str, ...]) -> None:
    assert containers.published(ports) == shown


def test_images_say_which_release_names_them_and_which_container_was_made_from_them() -> None:
    own = {"Id": "sha256:" + "1" * 64, "RepoTags": [f"webduh/{SLUG}:{'07' * 8}"], "Created": 1772366400, "Size": 10}
    used = {"Id": "sha256:" + "2" * 64, "RepoTags": ["postgres:17"], "Created": 0, "Size": 30}
    left = {"Id": "sha256:" + "3" * 64, "RepoTags": ["redis:7", "cache:1"], "Created": 1772366400, "Size": 50}
    nameless = {"Id": "sha256:" + "4" * 64, "RepoTags": ["<none>:<none>"], "RepoDigests": None, "Created": 1, "Size": 5}
    found = images.rows([left, own, used, nameless], containers.containers([WEB, OTHER]), [release(7), release(9)])
    assert found == [
        ImageRow("2" * 12, ("postgres:17",), 30, None, (), ("postgres",)),
        ImageRow("1" * 12, (own["RepoTags"][0],), 10, MADE, ("blog v7", "blog v9"), (f"{SLUG}--web--7",)),  # type: ignore[index]
        ImageRow("3" * 12, ("cache:1", "redis:7"), 50, MADE, unused=True),
        ImageRow("4" * 12, (), 5, datetime.fromtimestamp(1, UTC), unused=True),
    ]


def test_an_image_that_only_an_old_release_names_is_needed() -> None:
    own = {"Id": "sha256:" + "1" * 64, "RepoTags": [f"webduh/{SLUG}:{'07' * 8}"], "Created": 1, "Size": 10}
    (row,) = images.rows([own], [], [release(3)])
    assert (row.releases, row.unused) == (("blog v3",), False)


def test_a_release_of_files_names_no_image() -> None:
    own = {"Id": "sha256:" + "1" * 64, "RepoTags": [f"webduh/{SLUG}:{'07' * 8}"], "Created": 1, "Size": 10}
    files = Release(
        3, BLOG, "a", Spec("static"), Artifact("07" * 32, kind="tree"), SourceRef("/s"), MADE, "ada", "command", "0"
    )
    (row,) = images.rows([own], [], [files])
    assert row.unused


def test_an_image_pulled_by_its_digest_goes_by_that() -> None:
    one = {"Id": "sha256:" + "1" * 64, "RepoTags": [], "RepoDigests": ["redis@sha256:ab"], "Created": 1, "Size": 10}
    (row,) = images.rows([one], [], [])
    assert row.names == ("redis@sha256:ab",)


def test_volumes_say_whose_they_are_and_where_they_are_mounted() -> None:
    answer = {
        "Volumes": [
            {"Name": "old", "Driver": "local", "Mountpoint": "/v/old", "Labels": None, "CreatedAt": "no time"},
            {"Name": "pgdata", "Driver": "local", "Mountpoint": "/v/pgdata", "CreatedAt": "2026-03-01T12:00:00Z"},
            {"Name": f"{SLUG}--data", "Driver": "local", "Mountpoint": "/v/d", "Labels": {"webduh.slug": SLUG}},
        ]
    }
    assert volumes.rows(answer, [WEB, OTHER], {"pgdata": 5}) == [
        VolumeRow(f"{SLUG}--data", SLUG, (f"{SLUG}--web--7:/data",), None, None, "local", "/v/d"),
        VolumeRow("pgdata", "", ("postgres:/var/lib/postgresql/data",), 5, MADE, "local", "/v/pgdata"),
        VolumeRow("old", "", (), None, None, "local", "/v/old", unused=True),
    ]


def test_a_server_without_volumes_has_none() -> None:
    assert volumes.rows({"Volumes": None}, [], {}) == []


def test_networks_say_who_is_on_them_now() -> None:
    answer = [
        {"Id": "1", "Name": "bridge", "Driver": "bridge", "IPAM": {"Config": [{"Subnet": "172.17.0.0/16"}]}},
        {"Id": "2", "Name": "webduh-p-default", "Driver": "bridge", "Internal": True, "IPAM": {"Config": None}},
        {"Id": "3", "Name": "webduh-0-edge", "Driver": "bridge"},
    ]
    assert networks.rows(answer, [WEB, OTHER]) == [
        NetworkRow("webduh-0-edge", "bridge", (), ()),
        NetworkRow("webduh-p-default", "bridge", (), (f"{SLUG}--web--7 10.210.1.5",), "default", True),
        NetworkRow("bridge", "bridge", ("172.17.0.0/16",), ()),
    ]


DF = """\
Filesystem     Type     1024-blocks     Used Available Capacity Mounted on
udev           devtmpfs     1000000        0   1000000       0% /dev
tmpfs          tmpfs         200000     1000    199000       1% /run
/dev/sda1      ext4        40000000 10000000  28000000      27% /
overlay        overlay     40000000 10000000  28000000      27% /var/lib/docker/overlay2/x/merged
/dev/sdb       xfs         80000000 72000000   8000000      90% /mnt/my data
/dev/sda1      ext4        40000000 10000000  28000000      27% /var/lib/docker
inodes
Filesystem       Inodes   IUsed   IFree IUse% Mounted on
/dev/sda1       1000000  250000  750000   25% /
/dev/sdb              0       0       0     - /mnt/my data
"""


def test_file_systems_are_those_that_take_a_disk_the_fullest_first() -> None:
    kib = 1024
    assert disk.file_systems(DF) == [
        DiskRow("/mnt/my data", "xfs", 80000000 * kib, 72000000 * kib, 8000000 * kib, None, "/dev/sdb"),
        DiskRow("/", "ext4", 40000000 * kib, 10000000 * kib, 28000000 * kib, 0.25, "/dev/sda1"),
    ]


def test_a_df_that_tells_no_types_is_read_too() -> None:
    text = "Filesystem 1024-blocks Used Available Capacity Mounted on\n/dev/vda 100 40 60 40% /\ntmpfs 5 0 5 0% /run\n"
    assert disk.file_systems(text) == [DiskRow("/", "", 100 * 1024, 40 * 1024, 60 * 1024, None, "/dev/vda")]


def test_a_root_that_is_an_overlay_is_shown() -> None:
    text = "Filesystem Type 1024-blocks Used Available Capacity Mounted on\noverlay overlay 100 40 60 40% /\n"
    assert [row.name for row in disk.file_systems(text)] == ["/"]


@pytest.mark.parametrize("text", ["", "\ninodes\n", "Filesystem\nnonsense\n", "a b c\nx - - - - /proc\ninodes\nx -\n"])
def test_what_is_no_file_system_is_passed_over(text: str) -> None:
    assert disk.file_systems(text) == []


def test_dockers_share_is_added_up_as_docker_does_it() -> None:
    answer = {
        "LayersSize": 1000,
        "Images": [
            {"Id": "1", "Size": 700, "SharedSize": 200, "Containers": 2},
            {"Id": "2", "Size": 500, "SharedSize": 200, "Containers": 0},
        ],
        "Containers": [{"SizeRw": 30, "State": "running"}, {"SizeRw": 12, "State": "exited"}, {"State": "created"}],
        "Volumes": [
            {"Name": "a", "UsageData": {"Size": 100, "RefCount": 1}},
            {"Name": "b", "UsageData": {"Size": 40, "RefCount": 0}},
            {"Name": "c", "UsageData": {"Size": -1, "RefCount": 0}},
            {"Name": "d"},
        ],
        "BuildCache": [{"Size": 60, "InUse": True}, {"Size": 50, "InUse": False}, {"Size": 9, "Shared": True}],
    }
    assert disk.of_docker(answer) == [
        DiskRow("images", "docker", 1000, 1000, reclaimable=500, count=2),
        DiskRow("containers", "docker", 42, 42, reclaimable=12, count=3),
        DiskRow("volumes", "docker", 140, 140, reclaimable=40, count=4),
        DiskRow("build cache", "docker", 110, 110, reclaimable=50, count=2),
    ]
    assert disk.sizes_of_volumes(answer) == {"a": 100, "b": 40}


def test_a_docker_that_keeps_nothing_says_so() -> None:
    rows = disk.of_docker({"LayersSize": 0, "Images": None, "Containers": None, "Volumes": None, "BuildCache": None})
    assert [(row.used, row.reclaimable, row.count) for row in rows] == [(0, 0, 0)] * 4
