"""How a release becomes a container, and what Docker's answers say of one."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from webduh_console.model.build import Process, Static, Volume
from webduh_console.model.events import EPOCH
from webduh_console.model.names import AppKey
from webduh_console.model.release import Artifact, Instance, Release, SourceRef, Spec, Variable
from webduh_console.targets.processes import all_names, names_of, processes
from webduh_console.targets.server.containers import (
    Container,
    aliases,
    as_instance,
    container_spec,
    image_name,
    inspected,
    listed,
    moment,
    network_name,
    port_of,
    task_spec,
    volume_name,
)

KEY = AppKey("team", "shop", "staging")
WEB = Process("web", ("serve", "--port", "${PORT}", "--url=http://x:${PORT}/"), 2)
WORKER = Process("worker", ("work",))
MIGRATE = Process("release", ("migrate",))
SECRET = "s3cret-of-the-shop"
RELEASE = Release(
    number=7,
    key=KEY,
    target="prod",
    spec=Spec("python", (WEB, WORKER, MIGRATE), volumes=(Volume("files", "data/files"), Volume("db", "/var/db"))),
    artifact=Artifact("sha256:0123456789abcdef0123", "image"),
    source=SourceRef("/shop"),
    created=EPOCH,
    by="me",
    trigger="command",
    deployment="D7",
    variables={"TOKEN": Variable(SECRET, secret=True), "PORT": Variable("1"), "COLOUR": Variable("two words")},
)
INSPECTED: dict[str, Any] = {
    "Id": "c0ffee",
    "Name": "/team--shop--staging--web--7-2",
    "Created": "2026-11-23T20:00:00.123456789Z",
    "Image": "sha256:aaaa",
    "RestartCount": 3,
    "State": {
        "Status": "running",
        "Pid": 4711,
        "OOMKilled": False,
        "ExitCode": 0,
        "Error": "",
        "StartedAt": "2026-11-23T20:00:01Z",
        "FinishedAt": "0001-01-01T00:00:00Z",
    },
    "Config": {
        "Image": "webduh/team--shop--staging:0123456789abcdef",
        "Labels": {"webduh.slug": KEY.slug, "webduh.process": "web", "webduh.release": "7", "webduh.index": "2"},
    },
    "HostConfig": {"RestartPolicy": {"Name": "unless-stopped", "MaximumRetryCount": 0}},
    "NetworkSettings": {
        "Networks": {"webduh-0-edge": {"IPAddress": "10.1.0.2"}, "webduh-p-team": {"IPAddress": "10.2.0.9"}}
    },
}
LISTED: dict[str, Any] = {
    "Id": "c0ffee",
    "Names": ["/team--shop--staging--web--7"],
    "Image": "webduh/team--shop--staging:0123456789abcdef",
    "ImageID": "sha256:aaaa",
    "Created": 1795464000,
    "State": "running",
    "Status": "Up 3 hours",
    "Labels": {"webduh.slug": KEY.slug, "webduh.process": "web", "webduh.release": "7", "webduh.index": "1"},
    "NetworkSettings": {"Networks": {"webduh-p-team": {"IPAddress": "10.2.0.8"}}},
}


def test_a_web_instance_is_a_container_with_everything_said() -> None:
    spec = container_spec(RELEASE, WEB, 2)
    assert spec.body() == {
        "Image": "webduh/team--shop--staging:0123456789abcdef",
        "Cmd": ["serve", "--port", "8080", "--url=http://x:8080/"],
        "Env": [
            "COLOUR=two words",
            "HOST=0.0.0.0",
            "NODE_ENV=production",
            "PORT=8080",
            "PYTHONUNBUFFERED=1",
            f"TOKEN={SECRET}",
            "WEBDUH_APP=shop",
            "WEBDUH_ENVIRONMENT=staging",
            "WEBDUH_PROJECT=team",
            "WEBDUH_RELEASE=7",
        ],
        "Labels": {
            "webduh.slug": "team--shop--staging",
            "webduh.process": "web",
            "webduh.release": "7",
            "webduh.index": "2",
            "webduh.instance": "team--shop--staging--web--7-2",
            "webduh.config": spec.digest,
        },
        "Tty": False,
        "HostConfig": {
            "NetworkMode": "webduh-p-team",
            "RestartPolicy": {"Name": "no"},
            "LogConfig": {"Type": "json-file", "Config": {"max-size": "10m", "max-file": "3"}},
            "Init": True,
            "SecurityOpt": ["no-new-privileges:true"],
            "CapDrop": ["MKNOD", "NET_RAW"],
            "PidsLimit": 4096,
            "Mounts": [
                mount("webduh--team--shop--staging--db", "/var/db"),
                mount("webduh--team--shop--staging--files", "/app/data/files"),
            ],
        },
        "NetworkingConfig": {"EndpointsConfig": {"webduh-p-team": {"Aliases": ["shop-staging", "shop-staging-web"]}}},
    }


def mount(volume: str, path: str) -> dict[str, object]:
    labels = {"webduh.slug": "team--shop--staging"}
    return {"Type": "volume", "Source": volume, "Target": path, "VolumeOptions": {"Labels": labels}}


def test_limits_a_user_and_a_stop_signal_are_said_only_when_they_are_wished() -> None:
    spec = msgspec.structs.replace(
        container_spec(RELEASE, WORKER), memory=2**28, nano_cpus=500_000_000, user="app", stop_signal="SIGINT"
    )
    body: Any = spec.body()
    assert (body["User"], body["StopSignal"]) == ("app", "SIGINT")
    host = body["HostConfig"]
    assert (host["Memory"], host["MemorySwap"], host["NanoCpus"]) == (2**28, 2**28, 500_000_000)
    assert not {"User", "StopSignal"} & container_spec(RELEASE, WORKER).body().keys()


def test_only_the_web_process_is_told_where_to_listen() -> None:
    assert container_spec(RELEASE, WEB).env["PORT"] == "8080"
    own = container_spec(RELEASE, WORKER).env
    assert (own["PORT"], "HOST" in own) == ("1", False)
    fixed = msgspec.structs.replace(RELEASE, spec=Spec("node", (WEB,), port=3000))
    assert container_spec(fixed, WEB).env["PORT"] == "3000"
    assert container_spec(fixed, WEB).command[2] == "3000"


def test_an_image_runs_its_own_command_when_none_is_said() -> None:
    assert "Cmd" not in container_spec(RELEASE, Process("web", ())).body()


@pytest.mark.parametrize(
    ("environment", "process", "names"),
    [
        ("production", "web", ("shop", "shop-web")),
        ("production", "worker", ("shop-worker",)),
        ("staging", "web", ("shop-staging", "shop-staging-web")),
        ("preview-42", "mail-out", ("shop-preview-42-mail-out",)),
        ("e" * 40, "web", (f"shop-{'e' * 40}", f"shop-{'e' * 40}-web")),
        ("e" * 40, "p" * 40, ()),
    ],
)
def test_the_instances_of_a_process_share_names_that_no_release_is_in(
    environment: str, process: str, names: tuple[str, ...]
) -> None:
    assert aliases(AppKey("team", "shop", environment), process) == names


def test_what_runs_once_has_no_name_that_others_share() -> None:
    assert container_spec(RELEASE, WORKER).aliases == ("shop-staging-worker",)
    assert task_spec(RELEASE, MIGRATE).aliases == ()


def test_no_secret_is_in_the_representation_of_a_container() -> None:
    spec = container_spec(RELEASE, WEB)
    assert SECRET not in repr(spec)
    assert "TOKEN" in repr(spec)
    assert SECRET not in repr(spec.labels)


@pytest.mark.parametrize(
    "changes",
    [
        {"command": ("other",)},
        {"env": {"TOKEN": "other"}},
        {"image": "other"},
        {"memory": 1},
        {"volumes": {}},
        {"network": "other"},
        {"aliases": ("shop",)},
        {"labels": {}},
        {"user": "root"},
        {"pids": 1},
    ],
)
def test_another_configuration_has_another_digest(changes: dict[str, Any]) -> None:
    spec = container_spec(RELEASE, WEB)
    assert spec.digest == container_spec(RELEASE, WEB).digest
    assert msgspec.structs.replace(spec, **changes).digest != spec.digest


def test_names_are_those_of_the_design() -> None:
    assert image_name(KEY, "sha256:0123456789abcdef0123") == "webduh/team--shop--staging:0123456789abcdef"
    assert image_name(KEY, "0123456789abcdef0123") == "webduh/team--shop--staging:0123456789abcdef"
    assert network_name("team") == "webduh-p-team"
    assert volume_name(KEY, "files") == "webduh--team--shop--staging--files"
    assert (port_of(Spec("x")), port_of(Spec("x", port=3000))) == (8080, 3000)


def test_the_names_of_a_release_leave_out_the_process_that_runs_once() -> None:
    assert names_of(RELEASE, WEB) == ["team--shop--staging--web--7", "team--shop--staging--web--7-2"]
    assert all_names(RELEASE) == [*names_of(RELEASE, WEB), "team--shop--staging--worker--7"]


@pytest.mark.parametrize(
    ("spec", "image", "names"),
    [
        (Spec("static", static=Static("dist")), True, ["web"]),
        (Spec("static", static=Static("dist")), False, ["web"]),
        (Spec("dockerfile"), True, ["web"]),
        (Spec("python"), False, []),
        (Spec("dockerfile", (WORKER, MIGRATE)), True, ["web", "worker"]),
        (Spec("python", (WORKER, MIGRATE)), True, ["worker"]),
        (Spec("python", (MIGRATE,)), True, ["web"]),
        (Spec("python", (WEB, WORKER, MIGRATE)), True, ["web", "worker"]),
    ],
)
def test_static_output_and_a_bare_image_are_one_web_process(spec: Spec, image: bool, names: list[str]) -> None:
    assert [process.name for process in processes(spec, image)] == names


def test_an_inspection_tells_everything() -> None:
    container = inspected(INSPECTED)
    assert container == Container(
        id="c0ffee",
        name="team--shop--staging--web--7-2",
        status="running",
        image="webduh/team--shop--staging:0123456789abcdef",
        image_id="sha256:aaaa",
        labels=INSPECTED["Config"]["Labels"],
        addresses={"webduh-0-edge": "10.1.0.2", "webduh-p-team": "10.2.0.9"},
        created=datetime(2026, 11, 23, 20, 0, 0, 123456, UTC),
        started=datetime(2026, 11, 23, 20, 0, 1, tzinfo=UTC),
        exit=None,
        restarts=3,
        pid=4711,
        restart_policy="unless-stopped",
    )
    assert (container.slug, container.process, container.release, container.index) == (KEY.slug, "web", 7, 2)
    assert (container.running, container.address, container.config) == (True, "10.2.0.9", "")
    assert as_instance(container, "prod") == Instance(
        "team--shop--staging--web--7-2", KEY, "web", 7, "prod", "running", 4711, 0, 3, None, container.started
    )


@pytest.mark.parametrize(
    ("state", "status", "code"),
    [
        ("created", "Created", None),
        ("running", "Up 3 hours", None),
        ("running", "Up 2 minutes (healthy)", None),
        ("paused", "Up 3 hours (Paused)", None),
        ("restarting", "Restarting (1) 2 seconds ago", 1),
        ("exited", "Exited (0) 5 minutes ago", 0),
        ("exited", "Exited (137) About an hour ago", 137),
        ("exited", "Exited (-1) 5 minutes ago", -1),
        ("dead", "Dead", None),
    ],
)
def test_a_list_tells_the_last_exit_code(state: str, status: str, code: int | None) -> None:
    container = listed({**LISTED, "State": state, "Status": status})
    assert (container.status, container.exit, container.address) == (state, code, "10.2.0.8")


@pytest.mark.parametrize(
    ("status", "state", "code"),
    [
        ("created", "starting", None),
        ("running", "running", None),
        ("paused", "stopped", None),
        ("restarting", "crashing", 3),
        ("removing", "stopping", None),
        ("exited", "exited", 3),
        ("dead", "exited", 3),
    ],
)
def test_the_states_of_docker_in_our_words(status: str, state: str, code: int | None) -> None:
    answer = {**INSPECTED, "State": {**INSPECTED["State"], "Status": status, "ExitCode": 3, "OOMKilled": True}}
    container = inspected(answer)
    instance = as_instance(container, "prod")
    assert (container.oom, instance.state, instance.exit) == (True, state, code)


@pytest.mark.parametrize(
    ("networks", "address"),
    [
        ({}, ""),
        (None, ""),
        ({"bridge": {"IPAddress": ""}}, ""),
        ({"bridge": None, "other": {"IPAddress": "10.0.0.1"}}, "10.0.0.1"),
        ({"webduh-p-team": {"IPAddress": "", "GlobalIPv6Address": "fd00::2"}}, "fd00::2"),
        ({"a": {"IPAddress": "10.0.0.1"}, "webduh-p-team": {"IPAddress": "10.0.0.2"}}, "10.0.0.2"),
    ],
)
def test_the_address_is_that_of_the_project(networks: dict[str, Any] | None, address: str) -> None:
    assert listed({**LISTED, "NetworkSettings": {"Networks": networks}}).address == address


def test_a_container_with_labels_of_somebody_else_tells_no_release() -> None:
    container = listed({**LISTED, "Labels": {"webduh.release": "x", "webduh.index": None}, "Names": None})
    assert (container.release, container.index, container.slug, container.name) == (0, 0, "", "")


@pytest.mark.parametrize(
    ("text", "at"),
    [
        (None, None),
        ("", None),
        ("0001-01-01T00:00:00Z", None),
        ("2026-01-02T03:04:05Z", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ("2026-01-02T03:04:05.1Z", datetime(2026, 1, 2, 3, 4, 5, 100_000, UTC)),
        ("2026-01-02T03:04:05.123456789Z", datetime(2026, 1, 2, 3, 4, 5, 123_456, UTC)),
        ("2026-01-02T05:04:05.123456789+02:00", datetime(2026, 1, 2, 3, 4, 5, 123_456, UTC)),
    ],
)
def test_times_are_read_as_docker_writes_them(text: str | None, at: datetime | None) -> None:
    assert moment(text) == at
