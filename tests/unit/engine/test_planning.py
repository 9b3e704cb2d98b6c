import msgspec
import pytest

from webduh_console.engine.planning import changes, conflicts, merged_variables, overruled, words
from webduh_console.model.build import Process, Static, Volume
from webduh_console.model.events import EPOCH
from webduh_console.model.names import AppKey
from webduh_console.model.plan import Change
from webduh_console.model.release import Artifact, Health, Release, Route, SourceRef, Spec, Variable

KEY = AppKey("default", "shop", "production")
PLUGIN, YAML = Variable("plugin", origin="plugin"), Variable("yaml", origin="webduh.yaml")
SET, NEW = Variable("set", origin="set"), Variable("new", origin="set")
SECRET = Variable("s3cret", secret=True, origin="set")


def release(spec: Spec = Spec(framework="static"), digest: str = "a" * 64, **variables: Variable) -> Release:
    source = SourceRef("/shop", digest)
    return Release(
        3, KEY, "local", spec, Artifact("sha256:1"), source, EPOCH, "me", "command", "D", variables=variables
    )


@pytest.mark.parametrize(
    ("serving", "written", "pending", "result"),
    [
        ({}, {}, [], {}),
        ({}, {"A": YAML}, [], {"A": YAML}),
        ({}, {}, [("A", NEW)], {"A": NEW}),
        ({}, {"A": YAML}, [("A", NEW)], {"A": NEW}),
        ({}, {"A": PLUGIN}, [("A", None)], {"A": PLUGIN}),
        ({"A": SET}, {}, [], {"A": SET}),
        ({"A": SET}, {"A": YAML}, [], {"A": SET}),
        ({"A": SET}, {}, [("A", NEW)], {"A": NEW}),
        ({"A": SET}, {}, [("A", None)], {}),
        ({"A": SET}, {"A": YAML}, [("A", None)], {"A": YAML}),
        ({"A": SECRET}, {}, [], {"A": SECRET}),
        ({"A": SECRET}, {}, [("A", NEW)], {"A": NEW}),
        ({"A": YAML}, {}, [], {}),
        ({"A": PLUGIN}, {}, [], {}),
        (
            {"A": YAML},
            {"A": Variable("other", origin="webduh.yaml")},
            [],
            {"A": Variable("other", origin="webduh.yaml")},
        ),
        ({"A": YAML}, {"A": PLUGIN}, [], {"A": PLUGIN}),
        ({"B": SET}, {"C": YAML}, [("A", NEW)], {"A": NEW, "B": SET, "C": YAML}),
        ({}, {}, [("A", NEW), ("A", None)], {}),
        ({}, {}, [("A", None), ("A", NEW)], {"A": NEW}),
    ],
)
def test_variables_are_what_files_say_over_that_what_was_set_over_that_what_is_pending(
    serving: dict[str, Variable],
    written: dict[str, Variable],
    pending: list[tuple[str, Variable | None]],
    result: dict[str, Variable],
) -> None:
    merged = merged_variables(serving, written, pending)
    assert merged == result
    assert list(merged) == sorted(merged)


@pytest.mark.parametrize(
    ("variables", "written", "names"),
    [
        ({}, {}, []),
        ({"A": SET}, {"A": YAML}, ["A"]),
        ({"A": SET}, {"A": PLUGIN}, []),
        ({"A": YAML}, {"A": YAML}, []),
        ({"A": Variable("yaml", origin="set")}, {"A": YAML}, []),
        ({}, {"A": YAML}, []),
    ],
)
def test_a_value_set_by_hand_that_hides_the_files_is_named(
    variables: dict[str, Variable], written: dict[str, Variable], names: list[str]
) -> None:
    assert overruled(variables, written) == names


@pytest.mark.parametrize(
    ("pending", "serving", "kept", "names"),
    [
        ([("A", 1)], None, {}, []),
        ([("A", 3)], release(A=SET), {3: {"A": SET}}, []),
        ([("A", None)], release(A=SET), {}, []),
        ([("A", 2)], release(A=SET), {2: {"A": SET}}, []),
        ([("A", 2)], release(A=NEW), {2: {"A": SET}}, ["A"]),
        ([("A", 2)], release(A=NEW), {2: {}}, ["A"]),
        ([("A", 2)], release(), {2: {"A": SET}}, ["A"]),
        ([("A", 2)], release(A=NEW), {}, []),
        ([("A", 2), ("B", 2)], release(A=NEW, B=SET), {2: {"A": SET, "B": SET}}, ["A"]),
    ],
)
def test_a_pending_value_that_somebody_changed_meanwhile_is_a_conflict(
    pending: list[tuple[str, int | None]],
    serving: Release | None,
    kept: dict[int, dict[str, Variable]],
    names: list[str],
) -> None:
    assert conflicts(pending, serving, kept) == names


WEB = Process("web", ("python", "-m", "http.server", "a b"))
SPEC = Spec(
    framework="python",
    processes=(WEB, Process("worker", ("sh", "-c", "run | log"), instances=2)),
    health=Health("/up", (200, 299), 30.0),
    routes=(Route("", "/", 8400), Route("shop.test", "/api", 8400)),
    volumes=(Volume("data", "data"),),
    port=3000,
    memory=256 * 2**20,
)


def test_a_first_deployment_changes_everything() -> None:
    source = SourceRef("/shop", "b" * 64, commit="0123456789", dirty=True)
    assert changes(None, source, SPEC, {"B": SECRET, "A": YAML}) == (
        Change("artifact", "source", "", "bbbbbbbbbbbb (commit 01234567, with changes that are not committed)"),
        Change("variable", "A", "", "yaml"),
        Change("variable", "B", "", "•••"),
        Change("process", "web", "", "python -m http.server 'a b'"),
        Change("process", "worker", "", "run | log × 2"),
        Change("route", "*/", "", "port 8400"),
        Change("route", "shop.test/api", "", "port 8400"),
        Change("volume", "data", "", "data"),
        Change("setting", "framework", "", "python"),
        Change("setting", "health", "", "/up answers 200-299 within 30 s"),
        Change("setting", "watch", "", "5 s"),
        Change("setting", "drain", "", "30 s"),
        Change("setting", "keep", "", "5 releases"),
        Change("setting", "port", "", "3000"),
        Change("setting", "memory", "", "256 MiB"),
    )


def test_the_same_again_changes_nothing() -> None:
    assert changes(release(SPEC, A=YAML), SourceRef("/shop", "a" * 64), SPEC, {"A": YAML}) == ()


def test_a_static_app_says_which_folder_is_served() -> None:
    spec = Spec(framework="static", static=Static("dist", spa=True))
    assert changes(release(), SourceRef("/shop", "a" * 64), spec, {}) == (
        Change("setting", "static", "", "dist, unknown paths get index.html"),
    )


@pytest.mark.parametrize(
    ("before", "after", "change"),
    [
        (SET, NEW, ("set", "new")),
        (SET, None, ("set", "")),
        (None, SET, ("", "set")),
        (SECRET, Variable("other", secret=True), ("•••", "•••")),
        (SECRET, Variable("s3cret"), ("•••", "s3cret")),
        (Variable("s3cret"), SECRET, ("s3cret", "•••")),
        (SECRET, None, ("•••", "")),
    ],
)
def test_a_changed_variable_is_shown_and_a_secret_value_never(
    before: Variable | None, after: Variable | None, change: tuple[str, str]
) -> None:
    old, new = ({"A": v} if v else {} for v in (before, after))
    spec = Spec(framework="static")
    serving = msgspec.structs.replace(release(), variables=old)
    assert changes(serving, SourceRef("/shop", "a" * 64), spec, new) == (Change("variable", "A", *change),)


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
