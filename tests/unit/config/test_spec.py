"""What is written stands over what was detected."""

from pathlib import Path

import msgspec
import pytest

from webduh_console.config.load import Loaded, load
from webduh_console.config.problems import ConfigFileError
from webduh_console.config.spec import duration, options, overridden, size, spec, target, value_text, variables
from webduh_console.model.build import BuildPlan, BuildStep, Process, Static, Volume
from webduh_console.model.release import Health, Route, Spec, Variable

DETECTED = BuildPlan(
    framework="python",
    language="python",
    variant="flask",
    install=(
        BuildStep("venv", ("python3", "-m", "venv", ".venv"), outputs=(".venv",)),
        BuildStep("install", ("pip", "install"), needs=("pip",), caches=("~/.cache/pip",)),
    ),
    processes=(Process("web", ("flask", "run")), Process("worker", ("rq",), 2)),
    health="",
    variables={"PYTHONUNBUFFERED": "1", "MODE": "plain"},
    volumes=(Volume("data", "instance"),),
)
FILES = BuildPlan(framework="static", language="html", static=Static("public"))
BARE = BuildPlan(framework="custom", language="")


def loaded(folder: Path, text: str) -> Loaded:
    (folder / "webduh.yaml").write_text(text)
    return load(folder)


def test_without_a_file_the_detected_plan_stays() -> None:
    assert overridden(DETECTED, Loaded(), "production") == DETECTED


def test_every_field_can_be_overridden_and_says_where(tmp_path: Path) -> None:
    text = """\
framework: python
install: pip install .
build: [make, [npm, run, build]]
start: python3 app.py
port: 8000
health: /healthz
processes:
  worker: {instances: 3}
  release: [python3, migrate.py]
volumes: {data: ./data/, media: /srv/media}
variables: {MODE: fancy, LEVEL: 3}
"""
    assert overridden(DETECTED, loaded(tmp_path, text), "production") == msgspec.structs.replace(
        DETECTED,
        install=(BuildStep("install", ("sh", "-c", "pip install ."), caches=("~/.cache/pip",)),),
        build=(BuildStep("build", ("sh", "-c", "make")), BuildStep("build-2", ("npm", "run", "build"))),
        processes=(
            Process("web", ("sh", "-c", "python3 app.py")),
            Process("worker", ("rq",), 3),
            Process("release", ("python3", "migrate.py")),
        ),
        port=8000,
        health="/healthz",
        volumes=(Volume("data", "data"), Volume("media", "/srv/media")),
        variables={"PYTHONUNBUFFERED": "1", "MODE": "fancy", "LEVEL": "3"},
        origin={
            "framework": "webduh.yaml:1",
            "install": "webduh.yaml:2",
            "build": "webduh.yaml:3",
            "start": "webduh.yaml:4",
            "port": "webduh.yaml:5",
            "health": "webduh.yaml:6",
            "processes": "webduh.yaml:7",
            "volumes": "webduh.yaml:10",
            "variables": "webduh.yaml:11",
        },
    )


def test_an_environment_has_the_last_word_in_itself_alone(tmp_path: Path) -> None:
    text = """\
start: python3 app.py
variables: {MODE: fancy, LEVEL: 3}
health: {path: /healthz, timeout: 90}
environments:
  staging:
    variables: {MODE: slow}
    processes:
      web: python3 debug.py
    health: {path: /up, interval: 500ms}
"""
    read = loaded(tmp_path, text)
    staging = overridden(DETECTED, read, "staging")
    assert staging == msgspec.structs.replace(
        DETECTED,
        processes=(Process("web", ("sh", "-c", "python3 debug.py")), Process("worker", ("rq",), 2)),
        variables={"PYTHONUNBUFFERED": "1", "MODE": "slow", "LEVEL": "3"},
        health="/up",
        origin={
            "processes": "webduh.yaml:7",
            "start": "webduh.yaml:8",
            "variables": "webduh.yaml:6",
            "health": "webduh.yaml:9",
        },
    )
    assert spec(staging, read, "staging").health == Health("/up", (200, 399), 90.0, 0.5)
    production = overridden(DETECTED, read, "production")
    assert production.variables == {"PYTHONUNBUFFERED": "1", "MODE": "fancy", "LEVEL": "3"}
    assert production.start == ("sh", "-c", "python3 app.py")
    assert spec(production, read, "production").health == Health("/healthz", (200, 399), 90.0)


def test_a_written_start_makes_an_app_of_any_folder(tmp_path: Path) -> None:
    read = loaded(tmp_path, "start: [./server, --port, '${PORT}']\n")
    plan = overridden(BARE, read, "production")
    assert plan == BuildPlan(
        framework="custom",
        language="",
        processes=(Process("web", ("./server", "--port", "${PORT}")),),
        origin={"processes": "webduh.yaml:1", "start": "webduh.yaml:1"},
    )
    assert spec(plan, read, "production") == Spec(
        framework="custom",
        processes=(Process("web", ("./server", "--port", "${PORT}")),),
        health=Health(path="/", status=(200, 499)),
        routes=(Route(),),
    )


@pytest.mark.parametrize(
    "text", ["start: ./serve", "processes: {web: ./serve}", "processes: {web: {command: ./serve}}"]
)
def test_a_written_web_process_stands_over_detected_files(tmp_path: Path, text: str) -> None:
    plan = overridden(FILES, loaded(tmp_path, text), "production")
    assert plan.static is None
    assert plan.processes == (Process("web", ("sh", "-c", "./serve")),)


def test_written_files_stand_over_a_detected_web_process(tmp_path: Path) -> None:
    detected = msgspec.structs.replace(DETECTED, dockerfile="Dockerfile")
    plan = overridden(detected, loaded(tmp_path, "static: {dir: dist/, spa: true}"), "production")
    assert plan == msgspec.structs.replace(
        DETECTED,
        static=Static("dist", spa=True),
        processes=(Process("worker", ("rq",), 2),),
        origin={"static": "webduh.yaml:1", "processes": "webduh.yaml:1"},
    )


def test_only_the_instances_of_a_detected_process_may_be_written(tmp_path: Path) -> None:
    plan = overridden(DETECTED, loaded(tmp_path, "processes: {web: {instances: 4}}"), "production")
    assert plan.processes == (Process("web", ("flask", "run"), 4), Process("worker", ("rq",), 2))
    assert "start" not in plan.origin


@pytest.mark.parametrize(
    ("text", "environment", "says"),
    [
        ("processes:\n  mail: {instances: 4}", "production", "2:3 processes.mail"),
        ("environments:\n  qa:\n    processes:\n      mail: {}", "qa", "4:7 environments.qa.processes.mail"),
    ],
)
def test_a_process_that_nobody_knows_needs_a_command(tmp_path: Path, text: str, environment: str, says: str) -> None:
    read = loaded(tmp_path, text)
    with pytest.raises(ConfigFileError) as caught:
        overridden(DETECTED, read, environment)
    line, path = says.split(":")[0], says.split(" ")[1]
    assert [(each.line, each.path, each.says) for each in caught.value.problems] == [
        (int(line), path, "has no command, and none was detected")
    ]


@pytest.mark.parametrize(
    ("text", "runtime"),
    [
        ("health: /up", ("bin/shop", "views")),
        ("start: ./bin/shop --verbose", ("bin/shop", "views")),
        ("processes: {worker: [./bin/shop, work]}", ("bin/shop", "views")),
        ("start: ./other", ()),
        ("processes: {worker: ./tools/work}", ()),
        ("build: make", ()),
        ("install: make tools", ()),
    ],
)
def test_what_is_built_or_started_otherwise_may_need_any_file(
    tmp_path: Path, text: str, runtime: tuple[str, ...]
) -> None:
    plan = BuildPlan("go", "go", processes=(Process("web", ("./bin/shop",)),), runtime=("bin/shop", "views"))

    assert overridden(plan, loaded(tmp_path, text), "production").runtime == runtime


def test_an_empty_list_takes_detected_steps_away(tmp_path: Path) -> None:
    assert overridden(DETECTED, loaded(tmp_path, "install: []"), "production").install == ()


@pytest.mark.parametrize(
    ("plan", "text", "health"),
    [
        ("", "", Health("/", (200, 499))),
        ("/up", "", Health("/up")),
        ("", "health: /healthz", Health("/healthz")),
        ("/up", "health: /healthz", Health("/healthz")),
        ("", "health: {timeout: 2m}", Health("/", (200, 499), 120.0)),
        ("/up", "health: {status: 204}", Health("/up", (204, 204))),
        ("", "health: {status: 200-204}", Health("/", (200, 204))),
        ("", "health: {path: /x, status: 301, timeout: 5, interval: 1}", Health("/x", (301, 301), 5.0, 1.0)),
    ],
)
def test_health_is_what_is_written_or_any_answer(tmp_path: Path, plan: str, text: str, health: Health) -> None:
    read = loaded(tmp_path, text)
    detected = msgspec.structs.replace(DETECTED, health=plan)
    assert spec(overridden(detected, read, "production"), read, "production").health == health


@pytest.mark.parametrize(
    ("text", "environment", "routes"),
    [
        ("", "production", (Route(),)),
        ("local: {port: 8080}", "production", (Route(port=8080),)),
        ("domains: [b.example, a.example]", "production", (Route("b.example"), Route("a.example"))),
        ("domains: [a.example]\nlocal: {port: 8080}", "production", (Route("a.example", port=8080),)),
        ("domains: [a.example]\nenvironments: {qa: {domains: [q.example]}}", "qa", (Route("q.example"),)),
        ("domains: [a.example]\nenvironments: {qa: {domains: []}}", "qa", (Route(),)),
        ("local: {port: 8080}\nenvironments: {qa: {local: {port: 8081}}}", "qa", (Route(port=8081),)),
        ("local: {port: 8080}\nenvironments: {qa: {}}", "qa", (Route(port=8080),)),
    ],
)
def test_routes_come_from_domains_and_the_local_port(
    tmp_path: Path, text: str, environment: str, routes: tuple[Route, ...]
) -> None:
    assert spec(DETECTED, loaded(tmp_path, text), environment).routes == routes


@pytest.mark.parametrize(
    ("plan", "text", "takeover"),
    [
        (DETECTED, "", (5.0, 30.0, 5)),
        (FILES, "", (0.0, 30.0, 5)),
        (FILES, "deploy: {watch: 2}", (2.0, 30.0, 5)),
        (msgspec.structs.replace(FILES, processes=(Process("release", ("x",)),)), "", (0.0, 30.0, 5)),
        (msgspec.structs.replace(FILES, processes=(Process("worker", ("x",)),)), "", (5.0, 30.0, 5)),
        (BuildPlan("dockerfile", "", dockerfile="Dockerfile"), "", (5.0, 30.0, 5)),
        (DETECTED, "deploy: {watch: 0, drain: 0, keep: 1}", (0.0, 0.0, 1)),
        (DETECTED, "deploy: {watch: 1m, drain: 1.5s}\nenvironments: {qa: {deploy: {drain: 2h}}}", (60.0, 7200.0, 5)),
    ],
)
def test_a_takeover_has_its_times(
    tmp_path: Path, plan: BuildPlan, text: str, takeover: tuple[float, float, int]
) -> None:
    made = spec(plan, loaded(tmp_path, text), "qa")
    assert (made.watch, made.drain, made.keep) == takeover


@pytest.mark.parametrize(
    ("text", "web", "worker"),
    [
        ("", True, True),
        ("deploy: {overlap: false}", False, False),
        ("deploy: {overlap: false}\nenvironments: {qa: {deploy: {overlap: true}}}", True, True),
        ("deploy: {overlap: false}\nprocesses: {web: {overlap: true}}", True, False),
        ("processes: {worker: {overlap: false}}", True, False),
        (
            "processes: {worker: {overlap: false}}\nenvironments: {qa: {processes: {worker: {overlap: true}}}}",
            True,
            True,
        ),
        ("start: python3 app.py\nprocesses: {worker: {overlap: false}}", True, False),
    ],
)
def test_old_and_new_overlap_unless_it_is_said(tmp_path: Path, text: str, web: bool, worker: bool) -> None:
    found = loaded(tmp_path, text)
    made = spec(overridden(DETECTED, found, "qa"), found, "qa")
    assert {p.name: made.overlaps(p) for p in made.processes} == {"web": web, "worker": worker}
    assert made.overlaps(Process("web", ())) is made.overlap


@pytest.mark.parametrize(
    ("text", "environment", "memory"),
    [
        ("", "production", 0),
        ("memory: 512M", "production", 536870912),
        ("memory: 1.5G", "production", 1610612736),
        ("memory: 64K", "production", 65536),
        ("memory: 2097152", "production", 2097152),
        ("memory: 1G\nenvironments: {qa: {memory: 256M}}", "qa", 268435456),
        ("memory: 1G\nenvironments: {qa: {memory: 0}}", "qa", 0),
    ],
)
def test_memory_is_in_bytes(tmp_path: Path, text: str, environment: str, memory: int) -> None:
    assert spec(DETECTED, loaded(tmp_path, text), environment).memory == memory


def test_cores_are_the_environments_or_the_apps(tmp_path: Path) -> None:
    asked = loaded(tmp_path, "cpus: 2\nenvironments: {qa: {cpus: 0.5}}")
    assert [spec(DETECTED, asked, environment).cpus for environment in ("production", "qa")] == [2.0, 0.5]
    assert spec(DETECTED, loaded(tmp_path, "name: shop"), "qa").cpus == 0.0


def test_variables_come_from_plan_file_and_environment_in_this_order(tmp_path: Path) -> None:
    read = loaded(tmp_path, "variables: {MODE: a, B: true}\nenvironments: {qa: {variables: {B: 2}}}")
    assert variables(DETECTED, read, "qa") == {
        "PYTHONUNBUFFERED": Variable("1", origin="plugin"),
        "MODE": Variable("a", origin="webduh.yaml"),
        "B": Variable("2", origin="webduh.yaml"),
    }


@pytest.mark.parametrize(
    ("text", "environment", "name"),
    [("", "qa", None), ("on: here", "qa", "here"), ("on: here\nenvironments: {qa: {on: there}}", "qa", "there")],
)
def test_the_environment_names_its_target(tmp_path: Path, text: str, environment: str, name: str | None) -> None:
    assert target(loaded(tmp_path, text), environment) == name


def test_options_are_texts(tmp_path: Path) -> None:
    assert options(loaded(tmp_path, "options: {a: 1.10, b: true, c: x}")) == {"a": "1.10", "b": "true", "c": "x"}


@pytest.mark.parametrize(
    ("written", "seconds"),
    [(0, 0.0), (30, 30.0), (0.5, 0.5), ("30s", 30.0), ("500ms", 0.5), ("2m", 120.0), ("1.5h", 5400.0)],
)
def test_a_duration_is_in_seconds(written: float | str, seconds: float) -> None:
    assert duration(written) == seconds


@pytest.mark.parametrize(
    ("written", "amount"), [(0, 0), (7, 7), ("7B", 7), ("1K", 1024), ("1M", 1048576), ("2G", 2147483648), ("0.5K", 512)]
)
def test_a_size_is_in_bytes(written: int | str, amount: int) -> None:
    assert size(written) == amount


@pytest.mark.parametrize(("value", "text"), [(True, "true"), (False, "false"), (1, "1"), (1.5, "1.5"), ("x", "x")])
def test_a_single_value_becomes_the_text_a_process_sees(value: str | bool | int | float, text: str) -> None:
    assert value_text(value) == text


@pytest.mark.parametrize(
    ("text", "restart", "retries"),
    [
        ("", "always", 0),
        ("processes: {worker: {restart: never}}", "never", 0),
        ("processes: {worker: {restart: on-failure, max_retries: 5}}", "on-failure", 5),
        (
            "processes: {worker: {restart: on-failure}}\nenvironments: {qa: {processes: {worker: {max_retries: 2}}}}",
            "on-failure",
            2,
        ),
        (
            "processes: {worker: {restart: on-failure, max_retries: 5}}\n"
            "environments: {qa: {processes: {worker: {restart: always}}}}",
            "always",
            0,
        ),
    ],
)
def test_a_process_says_when_it_is_started_again(tmp_path: Path, text: str, restart: str, retries: int) -> None:
    worker = {p.name: p for p in overridden(DETECTED, loaded(tmp_path, text), "qa").processes}["worker"]
    assert (worker.restart, worker.max_retries) == (restart, retries)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("processes: {worker: {max_retries: 5}}", "1:37 processes.worker.max_retries"),
        ("processes: {worker: {restart: never, max_retries: 5}}", "processes.worker.max_retries"),
        ("processes: {release: {command: make, restart: always}}", "the release process runs once"),
    ],
)
def test_what_means_nothing_is_refused(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(ConfigFileError) as caught:
        overridden(DETECTED, loaded(tmp_path, text), "production")
    assert says.split(" ", 1)[-1] in caught.value.why


def test_more_may_be_said_of_an_images_own_command(tmp_path: Path) -> None:
    image = BuildPlan(framework="dockerfile", language="", dockerfile="Dockerfile")
    made = overridden(image, loaded(tmp_path, "processes: {web: {instances: 2, overlap: false}}"), "production")
    assert made.processes == (Process("web", (), 2, overlap=False),)
