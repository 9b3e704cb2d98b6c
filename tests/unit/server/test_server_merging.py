from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Literal

import pytest

from webduh_console.model.names import AppKey
from webduh_console.model.observe import Fact
from webduh_console.model.release import Actual, Artifact, Release, SourceRef, Spec
from webduh_console.targets.server import merging

KEY = AppKey("default", "shop", "production")
LATE = "a is behind: release 1 serves there, and release 2 elsewhere"
Health = Literal["serving", "degraded", "down", "never", "unknown"]


def seen(number: int, health: Health = "serving", reason: str = "") -> Actual:
    """What one server says."""
    source, artifact = SourceRef("/src"), Artifact("sha256:1")
    at = datetime(2026, 1, number, tzinfo=UTC)
    release = Release(number, KEY, "fleet", Spec(framework=""), artifact, source, at, "ada", "command", f"d{number}")
    return Actual(KEY, release, (), "http://shop", health, reason)


@pytest.mark.parametrize(
    ("answers", "silent", "says"),
    [
        ({"a": seen(2), "b": seen(2)}, {}, ("serving", 2, "", ())),
        ({"a": seen(1), "b": seen(2)}, {}, ("degraded", 2, LATE, ("a",))),
        ({"a": seen(2), "b": seen(2, "down", "web is gone")}, {}, ("degraded", 2, "b: web is gone", ())),
        ({"a": seen(2, "down", "web is gone")}, {}, ("down", 2, "a: web is gone", ())),
        ({"a": seen(2)}, {"b": "It is off."}, ("degraded", 2, "b does not answer: It is off", ())),
        ({"a": Actual(KEY), "b": Actual(KEY)}, {}, ("never", None, "", ())),
        ({"a": Actual(KEY)}, {"b": "It is off."}, ("never", None, "b does not answer: It is off.", ())),
    ],
)  # fmt: skip
def test_an_app_serves_when_every_server_serves_the_newest_release(
    answers: Mapping[str, Actual], silent: Mapping[str, str], says: tuple[Health, int | None, str, tuple[str, ...]]
) -> None:
    found = merging.actual(KEY, answers, silent)
    assert (found.health, found.release and found.release.number, found.reason, found.behind) == says


@pytest.mark.parametrize(
    ("processors", "wrong"),
    [
        ({}, []),
        ({"a": "amd64"}, []),
        ({"a": "amd64", "b": "amd64"}, []),
        ({"a": "amd64", "b": "arm64", "c": "amd64"}, ["b"]),
        ({"a": "arm64", "b": "amd64", "c": "amd64"}, ["b", "c"]),
    ],
)
def test_a_server_with_another_processor_is_named(processors: Mapping[str, str], wrong: list[str]) -> None:
    facts = list(merging.architectures(processors))
    assert [fact.place for fact in facts] == wrong
    assert not any(fact.ok for fact in facts)


def test_the_two_processors_are_named() -> None:
    (fact,) = merging.architectures({"a": "amd64", "b": "arm64"})
    says = "it is arm64, and images are built on a, which is amd64"
    assert fact == Fact("b", "architecture", says, False, "Servers of one target have the same processor.")
