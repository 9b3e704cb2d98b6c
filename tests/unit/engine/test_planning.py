import pytest

from webduh_console.engine.planning import conflicts, merged_variables, overruled
from webduh_console.model.events import EPOCH
from webduh_console.model.names import AppKey
from webduh_console.model.release import Artifact, Release, SourceRef, Spec, Variable

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
