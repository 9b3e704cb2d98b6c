"""What is remembered of the targets' answers."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import msgspec

from webduh_console.config.home import Home
from webduh_console.model.build import Process, Static, Volume
from webduh_console.model.names import AppKey
from webduh_console.model.release import (
    Actual,
    Artifact,
    Health,
    Instance,
    Release,
    Route,
    SourceRef,
    Spec,
    Variable,
)
from webduh_console.state.database import connect
from webduh_console.state.memory import Remembered
from webduh_console.state.store import State

BLOG = AppKey("default", "blog", "production")
SECRET = "correct horse battery staple"


def serving(noon: datetime, key: AppKey = BLOG) -> Actual:
    """An app that serves, with every field filled."""
    release = Release(
        7,
        key,
        "local",
        Spec(
            "python",
            (Process("web", ("python3", "app.py"), 2),),
            Static("dist", True),
            8000,
            Health("/up", (200, 204), 9.0, 0.5),
            (Route("a.example", "/", 8080),),
            (Volume("data", "data"),),
            1024,
            1.0,
            2.0,
            3,
        ),
        Artifact("sha256:abc", "tree", 10, 2, 1.5),
        SourceRef("/srv/caf\u00e9", "sha256:def", "c0ffee", "main", True),
        noon,
        "me",
        "cli",
        "01JD",
        base=6,
        variables={"MODE": Variable("plain text of it"), "TOKEN": Variable(SECRET, True)},
    )
    instance = Instance(
        "default--blog--production--web--7", key, "web", 7, "local", "running", 5, 20001, 1, -9, noon, 0.5, 4096, 3
    )
    return Actual(key, release, (instance,), "http://localhost:8080", "degraded", "one of two is down", "deploying")


def test_what_a_target_said_comes_back_without_the_variables_values(state: State, noon: datetime) -> None:
    actual = serving(noon)
    state.memory.remember("local", [actual], noon)
    assert actual.release is not None
    bare = msgspec.structs.replace(
        actual,
        release=msgspec.structs.replace(actual.release, variables={"MODE": Variable(""), "TOKEN": Variable("", True)}),
    )
    assert state.memory.recall() == [Remembered("local", bare, noon)]


def test_no_value_of_a_variable_reaches_the_disk(place: Home, noon: datetime) -> None:
    with State.open(place) as state:
        state.memory.remember("local", [serving(noon)], noon)
        raw = b"".join(file.read_bytes() for file in Path(place.data).iterdir())
    raw += (place.data / "state.db").read_bytes()
    assert b"TOKEN" in raw
    assert SECRET.encode() not in raw
    assert b"plain text of it" not in raw


def test_a_newer_answer_replaces_and_an_older_one_does_not(opened: Callable[[], State], noon: datetime) -> None:
    here, there = opened(), opened()
    later = noon + timedelta(seconds=1)
    here.memory.remember("local", [Actual(BLOG, health="serving")], later)
    there.memory.remember("local", [Actual(BLOG, health="down")], noon)
    assert there.memory.recall() == [Remembered("local", Actual(BLOG, health="serving"), later)]
    there.memory.remember("local", [Actual(BLOG, health="down")], later)
    assert here.memory.recall() == [Remembered("local", Actual(BLOG, health="down"), later)]


def test_each_target_is_remembered_for_itself(state: State, noon: datetime) -> None:
    shop = AppKey("default", "shop", "production")
    state.memory.remember("server", [Actual(shop), Actual(BLOG)], noon)
    state.memory.remember("local", [Actual(BLOG)], noon)
    state.memory.remember("local", [], noon)
    said = [(each.target, each.actual.key) for each in state.memory.recall()]
    assert said == [("local", BLOG), ("server", BLOG), ("server", shop)]
    state.memory.forget("server", BLOG)
    assert [(each.target, each.actual.key) for each in state.memory.recall()] == [said[0], said[2]]


def test_a_source_folder_that_is_no_unicode_breaks_nothing(state: State, noon: datetime) -> None:
    actual = serving(noon)
    assert actual.release is not None
    odd = msgspec.structs.replace(
        actual, release=msgspec.structs.replace(actual.release, source=SourceRef("/srv/caf\udce9"))
    )
    state.memory.remember("local", [odd], noon)
    (remembered,) = state.memory.recall()
    assert remembered.actual.release is not None
    assert remembered.actual.release.source == SourceRef("/srv/caf?")


def test_an_answer_that_cannot_be_read_counts_as_none(place: Home, state: State, noon: datetime) -> None:
    state.memory.remember("local", [Actual(BLOG)], noon)
    state.memory.remember("other", [Actual(BLOG)], noon)
    connection = connect(place.data / "state.db")
    connection.execute("UPDATE remembered SET actual = '{\"key\": 3}' WHERE target = 'local'")
    connection.close()
    assert state.memory.recall() == [Remembered("other", Actual(BLOG), noon)]


def test_answers_of_many_targets_are_kept_at_once(state: State, noon: datetime) -> None:
    shop = msgspec.structs.replace(BLOG, app="shop")
    answers = {"one": [serving(noon), serving(noon, shop)], "two": [serving(noon, shop)], "silent": []}
    state.memory.remember_all(answers, noon)
    assert sorted(state.memory.kept()) == [("one", BLOG), ("one", shop), ("two", shop)]
    state.memory.forget("one", shop)
    assert sorted((entry.target, entry.actual.key) for entry in state.memory.recall()) == [("one", BLOG), ("two", shop)]
