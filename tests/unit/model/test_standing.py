from datetime import UTC, datetime, timedelta

import pytest

from webduh_console.model.names import AppKey
from webduh_console.model.release import Artifact, Release, SourceRef, Spec
from webduh_console.model.standing import Standing

BORN = datetime(2026, 1, 1, tzinfo=UTC)


def release(number: int, deployment: str = "", later: int = 0) -> Release:
    """A release; those of one number and deployment are the same."""
    return Release(
        number=number,
        key=AppKey("default", "shop", "production"),
        target="fleet",
        spec=Spec(framework="custom"),
        artifact=Artifact("sha256:1"),
        source=SourceRef("/src"),
        created=BORN + timedelta(minutes=number, seconds=later),
        by="ada@here",
        trigger="command",
        deployment=deployment or f"d{number}",
    )


R1, R2, R3 = release(1), release(2), release(3)


@pytest.mark.parametrize(
    ("current", "lead", "behind"),
    [
        ({"a": R2, "b": R2, "c": R2}, "a", {}),
        ({"a": R1, "b": R2, "c": R2}, "b", {"a": 1}),
        ({"a": R1, "b": R2, "c": R3}, "c", {"a": 1, "b": 2}),
        ({"a": None, "b": R1}, "b", {"a": None}),
        ({"a": None, "b": None}, "a", {}),
        ({"a": R1}, "a", {}),
        ({}, "", {}),
        ({"a": release(2, "one"), "b": release(2, "two", later=5)}, "b", {"a": 2}),
    ],
)
def test_the_newest_release_leads_and_every_other_place_is_behind(
    current: dict[str, Release | None], lead: str, behind: dict[str, int | None]
) -> None:
    standing = Standing(current)
    assert (standing.lead, standing.behind) == (lead, behind)


def test_who_is_behind_or_silent_is_named_in_a_sentence() -> None:
    standing = Standing({"a": R1, "b": None, "c": R3}, {"d": "it is off"})
    assert standing.words() == [
        "a is behind: release 1 serves there, and release 3 elsewhere.",
        "b is behind: nothing serves there, and release 3 elsewhere.",
        "d does not answer: it is off",
    ]
