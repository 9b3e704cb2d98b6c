"""The pure rules of the local target: names, ports, argvs, environments."""

import json
import socket
from pathlib import Path
from typing import Any

import msgspec
import pytest
from small_release import DIGEST, HERE, KEY, MIGRATE, WEB, WORKER, release

from webduh_console.model.build import BuildPlan, BuildStep, Process, Static, Volume
from webduh_console.model.names import AppKey
from webduh_console.model.plan import Plan
from webduh_console.model.release import Artifact, Route, SourceRef, Spec, Variable
from webduh_console.targets.local import docker, launch, ports
from webduh_console.targets.local.environment import build_environment, run_environment, secret_values
from webduh_console.targets.local.layout import Layout, short
from webduh_console.targets.local.reuse import install_key
from webduh_console.targets.local.supervisor.values import InstanceSpec


@pytest.mark.parametrize(
    ("wished", "had", "taken", "port"),
    [
        (9000, 0, set(), 9000),
        (9000, 8500, set(), 9000),
        (0, 8500, set(), 8500),
        (0, 8500, {8500}, 8500),
    ],
)
def test_a_wished_port_comes_before_the_one_it_has(wished: int, had: int, taken: set[int], port: int) -> None:
    spec = Spec(framework="x", routes=(Route(port=wished), Route("shop.test")))
    current = release(routes=(Route(port=had),)) if had else None
    placed = ports.placed(KEY.slug, spec, current, taken)
    assert placed == msgspec.structs.replace(spec, routes=(Route(port=port), Route("shop.test", port=port)))


def test_a_new_app_gets_the_port_of_its_name_unless_somebody_has_it() -> None:
    first = ports.chosen(KEY.slug, set())
    assert ports.FIRST <= first < ports.FIRST + ports.COUNT
    assert ports.chosen(KEY.slug, set()) == first
    assert ports.chosen(KEY.slug, {first}) != first
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", first))
        other.listen()
        assert not ports.is_free(first)
        assert ports.chosen(KEY.slug, set()) != first
    assert ports.is_free(first)


def test_an_app_without_routes_gets_no_port() -> None:
    spec = Spec(framework="x")
    assert ports.placed(KEY.slug, spec, None, set()) == spec


def test_everything_of_an_app_is_below_its_folder() -> None:
    root = Path("/w/apps/default--shop--production")
    assert [
        HERE.app(KEY),
        HERE.artifacts(KEY),
        HERE.artifact(KEY, DIGEST),
        HERE.volume(KEY, "data"),
        HERE.logs(KEY),
        HERE.log(KEY, "x"),
    ] == [
        root,
        root / "artifacts",
        root / "artifacts" / ("ab" * 8),
        root / "volumes" / "data",
        root / "logs",
        root / "logs" / "x.log",
    ]
    assert short(DIGEST) == "ab" * 8


def test_only_folders_of_apps_are_apps(tmp_path: Path) -> None:
    for name in ("default--shop--production", "default--a--staging", "x", "a--b", "a--b--c--d"):
        (tmp_path / "apps" / name).mkdir(parents=True)
    assert Layout(tmp_path).all_keys() == [AppKey("default", "a", "staging"), KEY]
    assert Layout(tmp_path / "nowhere").all_keys() == []


@pytest.mark.parametrize(
    ("processes", "static", "image", "names"),
    [
        ((WEB, WORKER, MIGRATE), None, False, ["web", "worker"]),
        ((MIGRATE,), None, False, []),
        ((), Static("dist"), False, ["web"]),
        ((WORKER,), Static("dist"), False, ["web", "worker"]),
        ((), None, True, ["web"]),
        ((WEB,), None, True, ["web"]),
        ((), None, False, []),
    ],
)
def test_which_processes_keep_running(processes: Any, static: Any, image: bool, names: list[str]) -> None:
    spec = Spec(framework="x", processes=processes, static=static)
    assert [process.name for process in launch.processes(spec, image)] == names


def test_every_instance_of_a_release_has_a_name() -> None:
    assert launch.all_names(release()) == [
        "default--shop--production--web--7",
        "default--shop--production--web--7-2",
        "default--shop--production--worker--7",
    ]


def test_an_instance_is_told_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/bin")
    for name in ("HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "TZ", "TMPDIR", "SHELL", "SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)
    told = launch.instance(HERE, release(memory=10), WEB, 2)
    assert told == InstanceSpec(
        name="default--shop--production--web--7-2",
        slug="default--shop--production",
        process="web",
        release=7,
        cwd="/w/apps/default--shop--production/artifacts/abababababababab",
        argv=("python", "app.py"),
        env={
            "PATH": "/bin",
            "PYTHONUNBUFFERED": "1",
            "NODE_ENV": "production",
            "WEBDUH_PROJECT": "default",
            "WEBDUH_APP": "shop",
            "WEBDUH_ENVIRONMENT": "production",
            "WEBDUH_RELEASE": "7",
            "A": "1",
            "TOKEN": "s3cret-value",
        },
        static=None,
        log="/w/apps/default--shop--production/logs/default--shop--production--web--7-2.log",
        masks=("s3cret-value",),
        needs_port=True,
        memory=10,
    )


def test_a_worker_needs_no_port_and_static_output_no_program() -> None:
    assert not launch.instance(HERE, release(), WORKER, 1).needs_port
    static = Static("dist", spa=True)
    told = launch.instance(HERE, release(processes=(), static=static), Process("web", ()), 1)
    assert (told.argv, told.static, told.needs_port) == ((), static, True)


def test_an_image_is_run_in_the_foreground_under_its_name() -> None:
    image = release("image", port=3000, memory=64, volumes=(Volume("data", "/data"), Volume("up", "uploads")))
    argv = launch.command(HERE, image, WEB, "NAME")
    assert argv[:2] == ("sh", "-c")
    assert argv[3:] == (
        *("webduh", "NAME", "docker", "run", "--rm", "--init", "--name", "NAME", "--label", "webduh=1"),
        *("--publish", "127.0.0.1:${PORT}:3000", "--env", "PORT=3000"),
        *("--env", "A", "--env", "TOKEN", "--env", "WEBDUH_APP", "--env", "WEBDUH_ENVIRONMENT"),
        *("--env", "WEBDUH_PROJECT", "--env", "WEBDUH_RELEASE"),
        *("--volume", "/w/apps/default--shop--production/volumes/up:/app/uploads"),
        *("--volume", "/w/apps/default--shop--production/volumes/data:/data", "--memory", "64"),
        *("webduh/default--shop--production:abababababababab", "python", "app.py"),
    )


def test_a_worker_of_an_image_publishes_nothing() -> None:
    argv = launch.command(HERE, release("image"), WORKER, "NAME")
    assert "--publish" not in argv
    assert argv[-3:] == ("webduh/default--shop--production:abababababababab", "python", "work.py")


def test_no_value_of_a_variable_is_in_any_argv() -> None:
    said = [launch.command(HERE, release("image"), process, "NAME") for process in (WEB, WORKER, MIGRATE)] + [
        docker.build(KEY, DIGEST, "Dockerfile", ["A"], ["TOKEN"])
    ]
    assert not [argv for argv in said if any("s3cret" in word for word in argv)]


def test_a_build_is_offered_arguments_and_secrets_by_name() -> None:
    assert docker.build(KEY, DIGEST, "ops/Dockerfile", ["B", "A"], ["TOKEN"]) == (
        *("docker", "build", "--force-rm", "--file", "ops/Dockerfile"),
        *("--tag", "webduh/default--shop--production:abababababababab"),
        *("--build-arg", "A", "--build-arg", "B", "--secret", "id=TOKEN,env=TOKEN", "."),
    )


@pytest.mark.parametrize(
    ("build", "artifact", "image"),
    [
        (BuildPlan("dockerfile", "", dockerfile="Dockerfile"), None, True),
        (BuildPlan("python", "python"), None, False),
        (None, Artifact(DIGEST, "image"), True),
        (None, Artifact(DIGEST, "tree"), False),
    ],
)
def test_a_plan_says_whether_it_makes_an_image(build: Any, artifact: Any, image: bool) -> None:
    plan = Plan(
        "D", KEY, "local", "deploy", SourceRef(""), Spec(framework="x"), "me", "x", build=build, artifact=artifact
    )
    assert launch.makes_image(plan) is image


def test_variables_of_an_app_win_over_this_machines() -> None:
    mine = {"PATH": Variable("/mine"), "CI": Variable("no"), "NODE_ENV": Variable("test")}
    assert build_environment(Path("/c"), mine)["PATH"] == "/mine"
    assert build_environment(Path("/c"), mine)["CI"] == "no"
    assert run_environment(KEY, 1, mine)["NODE_ENV"] == "test"
    assert secret_values(release().variables) == ("s3cret-value",)


def test_an_install_key_is_of_the_steps_and_the_files_they_read(tmp_path: Path) -> None:
    step = BuildStep("install", ("pip",), inputs=("requirements.txt",), outputs=(".venv",))
    nothing = install_key((step,), tmp_path)
    (tmp_path / "requirements.txt").write_text("a")
    one = install_key((step,), tmp_path)
    (tmp_path / "other").write_text("x")
    assert install_key((step,), tmp_path) == one
    other = msgspec.structs.replace(step, run=("uv",))
    assert len({nothing, one, install_key((other,), tmp_path), install_key((step, step), tmp_path)}) == 4


@pytest.mark.parametrize(
    "steps", [(), (BuildStep("a", ("x",), inputs=("f",)),), (BuildStep("a", ("x",), outputs=("f",)),)]
)
def test_an_install_that_may_depend_on_anything_has_no_key(steps: Any, tmp_path: Path) -> None:
    assert install_key(steps, tmp_path) == ""


def test_a_record_of_an_instance_is_json_whatever_its_words_are() -> None:
    told = launch.instance(HERE, release(), Process("web", ("echo", "ä", '"')), 1)
    assert json.loads(msgspec.json.encode(told))["argv"] == ["echo", "ä", '"']
