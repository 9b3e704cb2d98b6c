"""Changes to variables that wait for the next deployment."""

import base64
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from webduh_console.clock import now
from webduh_console.config.home import Home
from webduh_console.errors import StateError
from webduh_console.model.names import AppKey
from webduh_console.model.release import Variable
from webduh_console.state.database import connect
from webduh_console.state.pending import place as place_of
from webduh_console.state.store import State

BLOG = AppKey("default", "blog", "production")
STAGING = AppKey("default", "blog", "staging")


def waiting(state: State, key: AppKey = BLOG) -> list[tuple[str, Variable | None, int | None]]:
    return [(change.name, change.variable, change.base) for change in state.pending.list(key)]


def test_changes_wait_by_name_with_the_release_they_were_made_against(state: State) -> None:
    before = now()
    state.pending.set(BLOG, "TOKEN", Variable("s3cret\n✓\udce9\0", True), base=4)
    state.pending.set(BLOG, "MODE", Variable(""))
    state.pending.unset(BLOG, "OLD", base=5)
    state.pending.set(STAGING, "MODE", Variable("x"))
    assert waiting(state) == [
        ("MODE", Variable(""), None),
        ("OLD", None, 5),
        ("TOKEN", Variable("s3cret\n✓\udce9\0", True), 4),
    ]
    assert all(before <= change.at <= now() for change in state.pending.list(BLOG))
    assert state.pending.counts() == {BLOG: 3, STAGING: 1}


def test_a_later_change_takes_the_place_and_the_base_of_an_earlier_one(state: State) -> None:
    state.pending.set(BLOG, "A", Variable("1", True), base=1)
    state.pending.set(BLOG, "A", Variable("2"), base=2)
    assert waiting(state) == [("A", Variable("2"), 2)]
    state.pending.unset(BLOG, "A", base=3)
    assert waiting(state) == [("A", None, 3)]


def test_what_was_deployed_is_discarded_and_what_came_since_stays(state: State) -> None:
    state.pending.set(BLOG, "A", Variable("1"))
    state.pending.set(BLOG, "B", Variable("1"))
    state.pending.set(STAGING, "A", Variable("1"))
    planned = max(change.at for change in state.pending.list(BLOG))
    state.pending.set(BLOG, "B", Variable("2"))
    state.pending.discard(BLOG, ["A", "B", "NEVER"], until=planned)
    assert waiting(state) == [("B", Variable("2"), None)]
    state.pending.discard(BLOG, ["B"])
    assert waiting(state) == []
    assert waiting(state, STAGING) == [("A", Variable("1"), None)]
    state.pending.discard(STAGING, ["A"], until=now() - timedelta(hours=1))
    assert state.pending.counts() == {STAGING: 1}


@pytest.mark.parametrize("secret", [True, False])
def test_no_value_reaches_the_disk_in_the_clear(place: Home, secret: bool) -> None:
    value = "correct horse battery staple"
    with State.open(place) as state:
        state.pending.set(BLOG, "PHRASE", Variable(value, secret))
        files = [file for file in Path(place.data).iterdir() if file.is_file()]
        raw = b"".join(file.read_bytes() for file in files)
    raw += (place.data / "state.db").read_bytes()
    assert b"PHRASE" in raw
    shown = [value.encode(), value.encode().hex().encode()]
    shown += [base64.b64encode(b"\0" * shift + value.encode())[4:-4] for shift in range(3)]
    assert [text for text in shown if text in raw] == []


def test_another_program_reads_the_same_changes(opened: Callable[[], State]) -> None:
    opened().pending.set(BLOG, "A", Variable("1", True), base=1)
    assert waiting(opened()) == [("A", Variable("1", True), 1)]


def test_a_value_moved_to_another_name_is_not_opened(place: Home, state: State) -> None:
    state.pending.set(BLOG, "A", Variable("1"))
    connection = connect(place.data / "state.db")
    (sealed,) = connection.execute("SELECT sealed FROM pending").fetchone()
    connection.close()
    assert place_of(BLOG, "A") == "default--blog--production/A"
    assert state.sealer.open(sealed, "default--blog--production/A") == "1"
    with pytest.raises(StateError, match="sealed for another place"):
        state.sealer.open(sealed, "default--blog--production/B")


def test_without_the_key_changes_are_counted_but_not_read(place: Home) -> None:
    with State.open(place) as state:
        state.pending.set(BLOG, "A", Variable("1"))
        state.pending.unset(BLOG, "B")
    (place.data / "key").unlink()
    with State.open(place) as state:
        assert state.pending.counts() == {BLOG: 2}
        assert state.pending.names(BLOG) == ("A", "B")
        with pytest.raises(StateError, match="key is missing"):
            state.pending.list(BLOG)
        with pytest.raises(StateError, match="No new key was made"):
            state.pending.set(BLOG, "C", Variable("1"))
    assert not (place.data / "key").exists()
