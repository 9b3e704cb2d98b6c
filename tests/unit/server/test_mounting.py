"""What a release mounts, as an archive and in its containers. Pure."""

import io
import tarfile
from pathlib import Path

import msgspec
import pytest

from webduh_console.errors import TargetError
from webduh_console.model.build import Content, Mount, Process
from webduh_console.model.events import EPOCH
from webduh_console.model.names import AppKey
from webduh_console.model.plan import Plan
from webduh_console.model.release import Artifact, Release, SourceRef, Spec
from webduh_console.targets import records
from webduh_console.targets.local import docker
from webduh_console.targets.mounting import archive
from webduh_console.targets.server.containers import container_spec, task_spec
from webduh_console.targets.server.layout import Layout

KEY = AppKey("default", "shop", "production")
SOURCE = SourceRef("/shop")
MOUNTS = (Mount("a.toml", "/etc/a.toml", "sha256:1", 5), Mount("conf", "conf", "sha256:2", 9, folder=True))
SPEC = Spec("python", (Process("web", ("serve",)),), files=MOUNTS)
FILES = (
    Content("/etc/a.toml", "", b"a = 1"),
    Content("conf", "b.toml", b"b = 2"),
    Content("conf", "in/run", b"true", executable=True),
)
PLAN = Plan("D1", KEY, "prod", "deploy", SOURCE, SPEC, by="me", trigger="command", files=FILES)
RELEASE = Release(7, KEY, "prod", SPEC, Artifact("sha256:" + "a" * 64, "image"), SOURCE, EPOCH, "me", "command", "D1")


def test_the_archive_has_each_mount_under_its_number() -> None:
    with tarfile.open(fileobj=io.BytesIO(archive(PLAN, RELEASE))) as tar:
        assert [(file.name, file.size, file.mode, file.uid) for file in tar] == [
            ("0", 5, 0o644, 0),
            ("1", 0, 0o755, 0),
            ("1/b.toml", 5, 0o644, 0),
            ("1/in/run", 4, 0o755, 0),
        ]


def test_a_record_that_lost_its_files_is_named() -> None:
    with pytest.raises(TargetError, match=r"What release 7 of shop mounts at /etc/a\.toml is gone"):
        archive(msgspec.structs.replace(PLAN, files=()), RELEASE)


def test_what_is_kept_of_a_plan_has_the_files() -> None:
    assert msgspec.json.decode(records.bare_plan(PLAN), type=Plan).files == FILES


@pytest.mark.parametrize("root", ["/var/lib/webduh", "/home/me/.webduh"])
def test_every_container_of_a_release_mounts_them_read_only(root: str) -> None:
    layout, folder = Layout(root), f"{root}/apps/default--shop--production/releases/7/files"
    specs = (
        container_spec(RELEASE, SPEC.processes[0], layout=layout),
        task_spec(RELEASE, Process("release", ("migrate",)), layout),
    )
    for spec in specs:
        host = spec.body()["HostConfig"]
        assert isinstance(host, dict)
        assert host["Mounts"] == [
            {"Type": "bind", "Source": f"{folder}/0", "Target": "/etc/a.toml", "ReadOnly": True},
            {"Type": "bind", "Source": f"{folder}/1", "Target": "/app/conf", "ReadOnly": True},
        ]


def test_the_docker_of_this_machine_mounts_them_read_only_too() -> None:
    words = docker.run("shop--1", "shop:1", (), (), {}, 8080, files={"/etc/a.toml": Path("/kept/0")})
    assert words[words.index("--volume") + 1] == "/kept/0:/etc/a.toml:ro"


def test_no_content_is_in_the_representation_of_a_plan() -> None:
    assert "a = 1" not in repr(PLAN)
