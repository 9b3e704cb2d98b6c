from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from webduh_console.engine.recovery import judged
from webduh_console.engine.waves import batches
from webduh_console.model.target import JournalLine

AT = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("places", "count", "groups"),
    [
        ("", 1, []),
        ("b", 3, ["b"]),
        ("bcdef", 2, ["bc", "de", "f"]),
        ("bcdef", 5, ["bcdef"]),
        ("bc", 1, ["b", "c"]),
    ],
)
def test_places_are_switched_in_groups(places: str, count: int, groups: list[str]) -> None:
    assert batches(places, count) == groups


def journal(words: str) -> list[JournalLine]:
    """Lines by their kinds; `serving:a,b` names the places that took part."""
    return [JournalLine(k, "d", AT, detail=d) for k, _, d in (word.partition(":") for word in words.split())]  # type: ignore[arg-type]


SERVED, NAMED = "begin serving", "begin serving:a,b"


@pytest.mark.parametrize(
    ("journals", "ended", "party", "served"),
    [
        ({"a": SERVED}, False, "a", True),
        ({"a": "begin"}, False, "a", False),
        ({"a": f"{SERVED} undo"}, False, "a", False),
        ({"a": f"{SERVED} kept"}, False, "a", True),
        ({"a": NAMED, "b": NAMED}, False, "ab", True),
        ({"a": NAMED, "b": "begin"}, False, "ab", False),
        ({"a": NAMED, "b": f"{NAMED} undo"}, False, "ab", False),
        ({"b": NAMED}, False, "b", False),
        ({"b": NAMED}, True, "b", True),
        ({"b": f"{NAMED} kept"}, False, "b", True),
        ({"a": NAMED, "b": NAMED, "c": "begin"}, False, "ab", True),
        ({"c": "begin"}, True, "", False),
        ({"a": "begin", "b": "begin"}, False, "ab", False),
        ({"a": f"{NAMED} kept", "b": NAMED, "c": "begin do"}, False, "ab", True),
    ],
)
def test_journals_without_an_end_tell_who_took_part_and_whether_it_served(
    journals: dict[str, str], ended: bool, party: Sequence[str], served: bool
) -> None:
    found = judged({place: journal(words) for place, words in journals.items()}, ended)
    assert found == (set(party), served)
