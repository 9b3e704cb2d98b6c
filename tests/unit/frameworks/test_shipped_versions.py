"""What is said of versions that nobody is known to ship."""

import pytest

from webduh_console.frameworks.render.bases import BASES, Base
from webduh_console.frameworks.render.shipped import unshipped
from webduh_console.model.build import BuildPlan

KNOWN = {
    "python": Base("python", "3.13", ("3.14", "3.13", "3.12"), name="Python"),
    "node": Base("node", "22", ("24", "22", "20"), name="Node"),
    "ruby": Base("ruby", "3.4", ("4.0", "3.4", "3.3"), name="Ruby"),
}


def said(name: str, asked: str) -> list[str]:
    plan = BuildPlan("x", "x", versions={name: asked}, version_source={name: "a.txt"})
    return list(unshipped(plan, KNOWN))


@pytest.mark.parametrize(
    ("name", "asked", "near"),
    [
        ("python", "3.99", "3.14 and 3.13"),
        ("python", "python-3.15.1", "3.14 and 3.13"),
        ("python", ">=3.20", "3.14 and 3.13"),
        ("python", "4", "3.14 and 3.13"),
        ("ruby", "3.5.0", "3.4 and 3.3"),
        ("node", "99.1.0", "24 and 22"),
    ],
)
def test_a_version_that_nobody_ships_is_said_with_the_nearest_ones(name: str, asked: str, near: str) -> None:
    assert said(name, asked) == [
        f"a.txt asks for {KNOWN[name].name} {asked}, and no image of it is known: the nearest are {near}. "
        "If there is none, the build fails."
    ]


@pytest.mark.parametrize(
    ("name", "asked"),
    [
        *(("python", asked) for asked in ("", "3", "3.14", "3.12.7", ">=3.11", "^3.12", "3.8.1", "2.7.18", "*")),
        *(("node", asked) for asked in ("22", "22.1.0", "21", "23.1", "18", ">=18", "20.x")),
        ("other", "99"),
    ],
)
def test_a_version_that_may_well_be_there_is_not_talked_about(name: str, asked: str) -> None:
    assert said(name, asked) == []


def test_what_is_no_version_is_said_with_what_is_taken() -> None:
    assert said("python", "pypy3.10") == [
        "a.txt asks for Python pypy3.10, which is no version that is understood: it gets 3.13."
    ]


@pytest.mark.parametrize("key", sorted(BASES))
def test_every_usual_version_that_ships_is_known(key: str) -> None:
    base = BASES[key]
    assert list(unshipped(BuildPlan("x", "x", versions={base.follows or key: base.version}))) == []
