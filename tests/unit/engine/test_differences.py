import itertools
from typing import Any

import msgspec
import pytest

from webduh_console.engine.differences import differences, words
from webduh_console.model.build import BuildPlan, BuildStep, EnvVar, Mount, Process, Schedule, Static, Volume
from webduh_console.model.events import EPOCH
from webduh_console.model.names import AppKey
from webduh_console.model.plan import Change, Plan
from webduh_console.model.release import Artifact, Health, Release, Route, SourceRef, Spec, Variable

KEY = AppKey("default", "shop", "production")
SOURCE = SourceRef("/shop", "a" * 64)
PLAIN, OTHER = Variable("plain-value"), Variable("other-value")
SECRET, ANOTHER = Variable("s3cret-value", secret=True), Variable("s3cret-other", secret=True)
STATIC = Spec(framework="static")
SPEC = Spec(
    framework="python",
    processes=(
        Process("web", ("python", "-m", "http.server", "a b")),
        Process("worker", ("sh", "-c", "run | log"), instances=2),
    ),
    health=Health("/up", (200, 299), 30.0),
    routes=(Route("", "/", 8400), Route("shop.test", "/api", 8400)),
    volumes=(Volume("data", "data"),),
    port=3000,
    memory=256 * 2**20,
    cpus=0.5,
)
BUILD = BuildPlan(
    "python",
    "python",
    install=(BuildStep("pip", ("pip", "install", "-r", "requirements.txt")),),
    build=(BuildStep("collect", ("sh", "-c", "python collect.py && true")),),
    versions={"python": "3.11"},
    package_manager="pip",
)


def release(spec: Spec = SPEC, source: SourceRef = SOURCE, **variables: Variable) -> Release:
    artifact = Artifact("sha256:" + "1" * 64)
    return Release(3, KEY, "local", spec, artifact, source, EPOCH, "me", "command", "D", variables=variables)


def with_variables(variables: dict[str, Variable], spec: Spec = SPEC) -> Release:
    return msgspec.structs.replace(release(spec), variables=variables)


def plan(spec: Spec = SPEC, source: SourceRef = SOURCE, **more: Any) -> Plan:
    return Plan("D", KEY, "local", "deploy", source, spec, "me", "command", **more)


def changed(**fields: Any) -> Spec:
    return msgspec.structs.replace(SPEC, **fields)


def test_a_first_deployment_names_all_that_comes() -> None:
    source = SourceRef("/shop", "b" * 64, commit="0123456789", dirty=True)
    assert differences(None, plan(SPEC, source, build=BUILD, variables={"B": SECRET, "A": PLAIN})) == (
        Change("artifact", "source", "", "bbbbbbbbbbbb (commit 01234567, with changes that are not committed)"),
        Change("build", "framework", "", "python"),
        Change("build", "pip", "", "pip install -r requirements.txt"),
        Change("build", "collect", "", "python collect.py && true"),
        Change("build", "python", "", "3.11"),
        Change("build", "package manager", "", "pip"),
        Change("variable", "A", "", "value"),
        Change("variable", "B", "", "secret"),
        Change("route", "*/", "", "port 8400"),
        Change("route", "shop.test/api", "", "port 8400"),
        Change("process", "web", "", "python -m http.server 'a b'"),
        Change("process", "worker", "", "run | log × 2"),
        Change("health", "path", "", "/up"),
        Change("health", "status", "", "200-299"),
        Change("health", "timeout", "", "30 s"),
        Change("health", "interval", "", "0.25 s"),
        Change("resource", "memory", "", "256 MiB"),
        Change("resource", "cpus", "", "0.5"),
        Change("volume", "data", "", "data"),
        Change("port", "listens on", "", "3000"),
        Change("setting", "watch", "", "5 s"),
        Change("setting", "drain", "", "30 s"),
        Change("setting", "keep", "", "5 releases"),
    )


@pytest.mark.parametrize("spec", [STATIC, SPEC, changed(static=Static("dist"))], ids=("static", "web", "both"))
@pytest.mark.parametrize("variables", [{}, {"A": PLAIN}, {"A": PLAIN, "B": SECRET}], ids=len)
@pytest.mark.parametrize("built", [None, BUILD], ids=("unknown", "known"))
def test_the_same_again_changes_nothing(spec: Spec, variables: dict[str, Variable], built: BuildPlan | None) -> None:
    assert differences(with_variables(variables, spec), plan(spec, build=BUILD, variables=variables), built) == ()


SPECS = {
    "command": (
        {"processes": (Process("web", ("node", "a.js")), SPEC.processes[1])},
        [("process", "web", "python -m http.server 'a b'", "node a.js")],
    ),
    "more replicas": (
        {"processes": (SPEC.processes[0], Process("worker", ("sh", "-c", "run | log"), 5))},
        [("process", "worker replicas", "2", "5")],
    ),
    "command and replicas": (
        {"processes": (Process("web", ("x",), 3), SPEC.processes[1])},
        [("process", "web", "python -m http.server 'a b'", "x"), ("process", "web replicas", "1", "3")],
    ),
    "process gone": ({"processes": SPEC.processes[:1]}, [("process", "worker", "run | log × 2", "")]),
    "process new": (
        {"processes": (*SPEC.processes, Process("cron", ("crond",)))},
        [("process", "cron", "", "crond")],
    ),
    "process renamed": (
        {"processes": (SPEC.processes[0], Process("jobs", ("sh", "-c", "run | log"), 2))},
        [("process", "jobs", "", "run | log × 2"), ("process", "worker", "run | log × 2", "")],
    ),
    "order of processes": ({"processes": SPEC.processes[::-1]}, []),
    "image's own command": (
        {"processes": (Process("web", ()), SPEC.processes[1])},
        [("process", "web", "python -m http.server 'a b'", "the image's own command")],
    ),
    "health path": ({"health": Health("/ok", (200, 299), 30.0)}, [("health", "path", "/up", "/ok")]),
    "health status": ({"health": Health("/up", (200, 200), 30.0)}, [("health", "status", "200-299", "200-200")]),
    "health timeout": ({"health": Health("/up", (200, 299), 5.5)}, [("health", "timeout", "30 s", "5.5 s")]),
    "health interval": (
        {"health": Health("/up", (200, 299), 30.0, 1.0)},
        [("health", "interval", "0.25 s", "1 s")],
    ),
    "route new": (
        {"routes": (*SPEC.routes, Route("www.test"))},
        [("route", "www.test/", "", "leads here")],
    ),
    "route gone": ({"routes": SPEC.routes[:1]}, [("route", "shop.test/api", "port 8400", "")]),
    "route moved": (
        {"routes": (Route("", "/", 8500), SPEC.routes[1])},
        [("route", "*/", "port 8400", "port 8500")],
    ),
    "all routes gone": (
        {"routes": ()},
        [("route", "*/", "port 8400", ""), ("route", "shop.test/api", "port 8400", "")],
    ),
    "volume new": (
        {"volumes": (*SPEC.volumes, Volume("cache", "tmp/cache"))},
        [("volume", "cache", "", "tmp/cache")],
    ),
    "volume gone": ({"volumes": ()}, [("volume", "data", "data", "")]),
    "volume elsewhere": ({"volumes": (Volume("data", "db"),)}, [("volume", "data", "data", "db")]),
    "port": ({"port": 3001}, [("port", "listens on", "3000", "3001")]),
    "no port": ({"port": None}, [("port", "listens on", "3000", "")]),
    "memory": ({"memory": 2**30}, [("resource", "memory", "256 MiB", "1024 MiB")]),
    "no memory": ({"memory": 0}, [("resource", "memory", "256 MiB", "")]),
    "cpus": ({"cpus": 2.0}, [("resource", "cpus", "0.5", "2")]),
    "no cpus": ({"cpus": 0.0}, [("resource", "cpus", "0.5", "")]),
    "watch": ({"watch": 0.0}, [("setting", "watch", "5 s", "0 s")]),
    "drain": ({"drain": 0.5}, [("setting", "drain", "30 s", "0.5 s")]),
    "keep": ({"keep": 1}, [("setting", "keep", "5 releases", "1 releases")]),
    "static": ({"static": Static("dist")}, [("setting", "static", "", "dist, else 404.html")]),
    "spa": (
        {"static": Static("dist", spa=True)},
        [("setting", "static", "", "dist, unknown paths get index.html")],
    ),
    "framework": ({"framework": "node"}, [("build", "framework", "python", "node")]),
}


@pytest.mark.parametrize("name", SPECS)
def test_a_changed_spec_is_named_piece_by_piece(name: str) -> None:
    fields, found = SPECS[name]
    assert differences(release(), plan(changed(**fields))) == tuple(Change(*each) for each in found)  # type: ignore[arg-type]


@pytest.mark.parametrize(("one", "two"), list(itertools.combinations(["web", "volume", "port", "memory"], 2)))
def test_two_changes_are_both_named(one: str, two: str) -> None:
    fields: dict[str, dict[str, Any]] = {
        "web": {"processes": SPEC.processes[1:]},
        "volume": {"volumes": ()},
        "port": {"port": None},
        "memory": {"memory": 0},
    }
    found = differences(release(), plan(changed(**fields[one], **fields[two])))
    assert len(found) == 2
    assert {change.sign for change in found} == {"-"}


VALUES = {"none": None, "plain": PLAIN, "other": OTHER, "secret": SECRET, "another": ANOTHER}
WORDS = {"none": "", "plain": "value", "other": "value", "secret": "secret", "another": "secret"}


@pytest.mark.parametrize(("before", "after"), list(itertools.permutations(VALUES, 2)))
def test_a_changed_variable_is_named_and_no_value_is_ever_shown(before: str, after: str) -> None:
    old, new = ({"A": v} if v else {} for v in (VALUES[before], VALUES[after]))
    found = differences(with_variables(old), plan(variables=new))
    said = f"another {WORDS[after]}" if WORDS[before] == WORDS[after] else WORDS[after]
    assert found == (Change("variable", "A", WORDS[before], said),)
    assert found[0].sign == ("+" if before == "none" else "-" if after == "none" else "~")
    assert "-value" not in repr(found)
    assert "s3cret" not in repr(found)


@pytest.mark.parametrize("value", ["", " ", "0", "a\nb", "x" * 10_000, "\x1b[31m"])
def test_a_variable_with_any_value_comes_and_goes(value: str) -> None:
    only = {"A": Variable(value)}
    assert [c.sign for c in differences(release(), plan(variables=only))] == ["+"]
    assert [c.sign for c in differences(with_variables(only), plan())] == ["-"]


def test_who_set_a_variable_makes_no_difference() -> None:
    serving = release(A=Variable("x", origin="set"))
    assert differences(serving, plan(variables={"A": Variable("x", origin="webduh.yaml")})) == ()


BUILDS: dict[str, tuple[dict[str, Any], list[tuple[str, str, str]]]] = {
    "install": (
        {"install": (BuildStep("pip", ("pip", "install", ".")),)},
        [("pip", "pip install -r requirements.txt", "pip install .")],
    ),
    "no build": ({"build": ()}, [("collect", "python collect.py && true", "")]),
    "another step": ({"build": (*BUILD.build, BuildStep("css", ("make",)))}, [("css", "", "make")]),
    "version": ({"versions": {"python": "3.12"}}, [("python", "3.11", "3.12")]),
    "package manager": ({"package_manager": "uv"}, [("package manager", "pip", "uv")]),
    "variant": ({"variant": "django"}, [("variant", "", "django")]),
    "Dockerfile": ({"dockerfile": "Dockerfile"}, [("Dockerfile", "", "Dockerfile")]),
    "what warns": ({"warnings": ("careful",)}, []),
    "where it was said": ({"origin": {"build": "webduh.yaml:3"}}, []),
    "what the app reads": ({"env": (EnvVar("A", "because"),)}, []),
}


@pytest.mark.parametrize("name", BUILDS)
def test_another_way_to_build_is_named(name: str) -> None:
    fields, found = BUILDS[name]
    made = differences(release(), plan(build=msgspec.structs.replace(BUILD, **fields)), BUILD)
    assert made == tuple(Change("build", *each) for each in found)


@pytest.mark.parametrize("name", BUILDS)
def test_a_way_to_build_that_no_record_tells_is_not_guessed(name: str) -> None:
    assert differences(release(), plan(build=msgspec.structs.replace(BUILD, **BUILDS[name][0])), None) == ()


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ({}, {}, None),
        ({"commit": "1" * 40}, {"commit": "2" * 40}, None),
        ({"dirty": True, "commit": "1" * 40}, {"commit": "1" * 40}, None),
        ({}, {"digest": "b" * 64}, ("aaaaaaaaaaaa", "bbbbbbbbbbbb")),
        (
            {"commit": "1" * 40},
            {"digest": "b" * 64, "commit": "1" * 40, "dirty": True},
            ("aaaaaaaaaaaa (commit 11111111)", "bbbbbbbbbbbb (commit 11111111, with changes that are not committed)"),
        ),
    ],
)
def test_another_source_is_named_by_its_content(
    before: dict[str, Any], after: dict[str, Any], said: tuple[str, str] | None
) -> None:
    old, new = (msgspec.structs.replace(SOURCE, **fields) for fields in (before, after))
    found = differences(release(source=old), plan(source=new))
    assert found == ((Change("artifact", "source", *said),) if said else ())


def test_a_rollback_is_compared_by_its_artifact() -> None:
    back = Artifact("sha256:" + "2" * 64, "image")
    source = SourceRef("/shop", "c" * 64)
    assert differences(release(), plan(source=source, artifact=back)) == (
        Change("artifact", "digest", "111111111111", "222222222222"),
    )
    assert differences(release(), plan(source=source, artifact=release().artifact)) == ()


SAMPLES: dict[Any, Any] = {
    str: "x",
    float: 7.5,
    int: 7,
    "processes": (Process("extra", ("x",)),),
    "static": Static("elsewhere"),
    "health": Health("/else"),
    "routes": (Route("else.test"),),
    "volumes": (Volume("else", "else"),),
    "files": (Mount("else", "else", "sha256:1", 1),),
    "port": 9,
    "schedules": (Schedule("extra", "@daily", ("x",)),),
}


@pytest.mark.parametrize("field", Spec.__struct_fields__)
def test_no_field_of_a_spec_changes_unseen(field: str) -> None:
    kind = next(each.type for each in msgspec.structs.fields(Spec) if each.name == field)
    sample = SAMPLES.get(field, SAMPLES.get(kind, ("something", "new")))
    assert differences(release(), plan(changed(**{field: sample})))


@pytest.mark.parametrize(
    ("command", "text"),
    [
        (("sh", "-c", "a | b"), "a | b"),
        (("sh", "-c", "a", "b"), "sh -c a b"),
        (("node", "server.js"), "node server.js"),
        (("echo", "a b", "$x"), "echo 'a b' '$x'"),
        ((), ""),
    ],
)
def test_a_command_is_shown_as_a_person_writes_it(command: tuple[str, ...], text: str) -> None:
    assert words(command) == text
