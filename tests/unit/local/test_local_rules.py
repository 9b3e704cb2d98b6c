"""The pure rules of the local target: names, ports, argvs, environments, judgements."""

import json
import socket
from pathlib import Path
from typing import Any

import msgspec
import pytest

from webduh_console.model.build import BuildPlan, BuildStep, Process, Static, Volume
from webduh_console.model.events import EPOCH
from webduh_console.model.names import AppKey, instance_name
from webduh_console.model.plan import Plan
from webduh_console.model.release import Artifact, Health, Instance, Release, Route, SourceRef, Spec, Variable
from webduh_console.targets.local import docker, launch, ports, probe
from webduh_console.targets.local.environment import build_environment, run_environment, secret_values
from webduh_console.targets.local.layout import Layout, short
from webduh_console.targets.local.logs import _parts
from webduh_console.targets.local.metrics import thinned, values
from webduh_console.targets.local.observing import judged
from webduh_console.targets.local.reuse import install_key
from webduh_console.targets.local.supervisor.values import InstanceSpec, InstanceState, RouteState, Sample

KEY = AppKey("default", "shop", "production")
DIGEST = "sha256:" + "ab" * 32
WEB, WORKER = Process("web", ("python", "app.py"), 2), Process("worker", ("python", "work.py"))
MIGRATE = Process("release", ("python", "migrate.py"))
HERE = Layout(Path("/w"))


def release(kind: Any = "tree", **spec: Any) -> Release:
    whole = Spec(**{"framework": "python", "processes": (WEB, WORKER, MIGRATE), "routes": (Route(port=8400),), **spec})
    variables = {"A": Variable("1"), "TOKEN": Variable("s3cret-value", secret=True)}
    source = SourceRef("/shop")
    return Release(
        7, KEY, "local", whole, Artifact(DIGEST, kind), source, EPOCH, "me", "command", "D", variables=variables
    )


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


def instance(name: str, state: Any = "running", **more: Any) -> Instance:
    words = name.split("--")
    return Instance(name, KEY, words[3], 7, "local", state, **more)


ONE, TWO, WORK = launch.all_names(release())
ALL = (instance(ONE), instance(TWO), instance(WORK))
LEADS = RouteState(slug=KEY.slug, port=8400, release=7, instances=(ONE, TWO))


@pytest.mark.parametrize(
    ("instances", "route", "awake", "verdict"),
    [
        (ALL, LEADS, True, ("serving", "")),
        (
            ALL,
            LEADS,
            False,
            (
                "down",
                "the local supervisor is not running: `webduh target start local` starts it and what should serve",
            ),
        ),
        (ALL, None, True, ("down", "its address does not lead to release 7: deploy again")),
        (
            ALL,
            msgspec.structs.replace(LEADS, release=6),
            True,
            ("down", "its address does not lead to release 7: deploy again"),
        ),
        ((ALL[0], ALL[2]), LEADS, True, ("degraded", f"{TWO} is gone")),
        (
            (ALL[0], instance(TWO, "crashing", exit=1, restarts=3), ALL[2]),
            LEADS,
            True,
            ("degraded", f"{TWO} is crashing (exit 1), restarted 3 times"),
        ),
        (ALL[:2], LEADS, True, ("degraded", f"{WORK} is gone")),
        ((ALL[2],), LEADS, True, ("down", f"{ONE} is gone, {TWO} is gone")),
        ((), LEADS, True, ("down", f"{ONE} is gone, {TWO} is gone, {WORK} is gone")),
    ],
)
def test_how_well_a_release_is(instances: Any, route: Any, awake: bool, verdict: tuple[str, str]) -> None:
    assert judged(release(), instances, route, awake) == verdict


def test_workers_alone_need_no_address() -> None:
    assert judged(release(processes=(WORKER,)), (instance(WORK),), None, True) == ("serving", "")
    assert judged(release(processes=(WORKER,)), (), None, True) == ("down", f"{WORK} is gone")


SAMPLES = [Sample(10.0, 0.5, 100, 0), Sample(12.0, 0.25, 110, 8), Sample(12.0, 0.1, 1, 9), Sample(14.0, 0.0, 90, 8)]


@pytest.mark.parametrize(
    ("metric", "points"),
    [
        ("cpu", [(10.0, 0.5), (12.0, 0.25), (12.0, 0.1), (14.0, 0.0)]),
        ("memory", [(10.0, 100.0), (12.0, 110.0), (12.0, 1.0), (14.0, 90.0)]),
        ("requests", [(12.0, 4.0), (14.0, -0.5)]),
    ],
)
def test_figures_are_read_from_samples(metric: str, points: list[tuple[float, float]]) -> None:
    assert values(metric, SAMPLES) == points
    assert values(metric, []) == []


@pytest.mark.parametrize(
    ("times", "step", "kept"),
    [
        ([], 2, []),
        ([1], 2, [1]),
        ([1, 2, 3, 4, 5], 2, [1, 3, 5]),
        ([1, 2, 3], 0, [1, 2, 3]),
        ([1, 9, 10], 2, [1, 9]),
        ([1, 2, 3], 100, [1]),
    ],
)
def test_points_are_thinned_and_none_is_made_up(times: list[int], step: float, kept: list[int]) -> None:
    assert thinned([(float(t), t * 10.0) for t in times], step) == [(float(t), t * 10.0) for t in kept]


LONG = AppKey("p" * 40, "a" * 40, "production")


@pytest.mark.parametrize(
    ("key", "name", "parts"),
    [
        (KEY, "default--shop--production--web--7", ("web", 7)),
        (KEY, "default--shop--production--web--7-2", ("web", 7)),
        (KEY, "default--shop--production--send-mail--12", ("send-mail", 12)),
        (KEY, "default--shop--production--web--x", ("web", None)),
        (KEY, "default--shop--production--web", ("web", None)),
        (KEY, "nonsense", ("web", None)),
        (LONG, instance_name(LONG, "web", 7), ("web", None)),
    ],
)
def test_an_instances_name_tells_its_process_and_release(key: AppKey, name: str, parts: tuple[str, int | None]) -> None:
    assert _parts(key, name) == parts


STATE = InstanceState(name="shop--web--7", slug="s", process="web", release=7, state="exited", port=20001)


@pytest.mark.parametrize(
    ("changes", "last", "what", "why", "hint"),
    [
        ({"exit": 3}, ["a", "b"], "shop--web--7 exited with 3 after 1.5 s.", "Its last lines:\na\nb", "Mend that"),
        ({"exit": 0}, [], "shop--web--7 exited with 0 after 1.5 s.", "It wrote nothing.", "Mend that"),
        ({"exit": -15}, [], "shop--web--7 was ended by signal 15 after 1.5 s.", "It wrote nothing.", "Mend that"),
        ({"exit": -9}, [], "shop--web--7 was ended by signal 9 after 1.5 s.", "It wrote nothing.", "A SIGKILL that"),
        (
            {"exit": -9, "oom": True},
            [],
            "shop--web--7 was killed by the system for memory after 1.5 s.",
            "It wrote nothing.",
            "Give it more memory",
        ),
        ({"exit": 137}, [], "shop--web--7 exited with 137 after 1.5 s.", "It wrote nothing.", "A SIGKILL that"),
        (
            {"exit": None},
            [],
            "shop--web--7 is gone: the local supervisor does not know it any more after 1.5 s.",
            "It wrote nothing.",
            "Mend that",
        ),
    ],
)
def test_an_instance_that_ended_says_how(changes: Any, last: list[str], what: str, why: str, hint: str) -> None:
    error = probe.ended(msgspec.structs.replace(STATE, **changes), 1.5, last)
    assert (error.what, error.why, error.kept) == (what, why, "What served before serves on.")
    assert error.hint.startswith(hint)


def test_an_instance_that_listens_elsewhere_says_where() -> None:
    error = probe.elsewhere(msgspec.structs.replace(STATE, listening=(3000, 3001)))
    assert error.what == "shop--web--7 listens on port 3000 and 3001, not on 20001, which it was given as PORT."


def test_an_instance_that_was_never_well_says_what_it_answered() -> None:
    error = probe.never(STATE, Health("/up", (200, 299), 2.5), probe.Answer(503), ["boot"])
    assert error.what == "shop--web--7 did not become healthy within 2.5 s: it answered 503."
    assert error.why == "Wanted was 200-299 on /up, twice in a row. Its last lines:\nboot"


@pytest.mark.parametrize(
    ("answer", "words", "suits"),
    [
        (probe.Answer(200), "it answered 200", True),
        (probe.Answer(399), "it answered 399", True),
        (probe.Answer(302, location="/login"), "it answered 302, redirecting to /login", True),
        (probe.Answer(400), "it answered 400", False),
        (probe.Answer(500), "it answered 500", False),
        (probe.Answer(reason="nothing listens on port 1"), "nothing listens on port 1", False),
    ],
)
def test_an_answer_in_words(answer: probe.Answer, words: str, suits: bool) -> None:
    assert (str(answer), answer.suits(Health())) == (words, suits)


def test_a_port_where_nobody_listens_and_one_that_says_nonsense_are_told_apart() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
        assert str(probe.ask("127.0.0.1", port, "/")) == f"nothing listens on port {port}"
        listener.listen()
        assert str(probe.ask("127.0.0.1", port, "/", timeout=0.1)) == "no answer within 0.1 s"


def test_a_record_of_an_instance_is_json_whatever_its_words_are() -> None:
    told = launch.instance(HERE, release(), Process("web", ("echo", "ä", '"')), 1)
    assert json.loads(msgspec.json.encode(told))["argv"] == ["echo", "ä", '"']
