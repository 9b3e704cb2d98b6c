"""Whether a release that was cut off is finished or taken back, on the evidence of the journals."""

from datetime import UTC, datetime

import pytest

from webduh_console.engine.recovery import judged
from webduh_console.model.target import JournalLine

AT = datetime(2026, 1, 1, tzinfo=UTC)


def journal(words: str, party: str) -> list[JournalLine]:
    """`begin do:route serving kept undo:watch` as lines; `party` are the letters of the places that took part."""
    lines = []
    for word in words.split():
        kind, _, step = word.partition(":")
        detail = ",".join(party) if kind in ("serving", "kept", "end") else ""
        lines.append(JournalLine(kind, "D1", AT, step, "", detail))  # type: ignore[arg-type]
    return lines


LIVE = "begin do:route serving"
KEPT = f"{LIVE} do:watch kept"


@pytest.mark.parametrize(
    ("journals", "ended", "gone", "served"),
    [
        ({"a": "begin do:route"}, False, "", False),
        ({"a": LIVE}, False, "", True),
        ({"a": f"{LIVE} undo:route"}, False, "", False),
        ({"a": KEPT}, False, "", True),
        ({"a": f"{KEPT} do:retire-1"}, False, "", True),
        ({"a": f"{KEPT} undo:watch undo:current"}, False, "", False),
        ({"a": KEPT, "b": f"{LIVE} do:watch"}, False, "", True),
        ({"a": KEPT, "b": f"{LIVE} undo:watch"}, False, "", False),
        ({"a": KEPT, "b": f"{KEPT} do:retire-1"}, False, "", True),
        ({"a": KEPT}, True, "", True),
        ({"a": KEPT}, False, "b", False),
        ({"a": f"{KEPT} do:retire-1"}, False, "b", True),
        ({"a": LIVE, "b": "begin do:route"}, False, "", False),
        ({"a": LIVE}, True, "", True),
    ],
)
def test_what_served_everywhere_and_was_not_on_its_way_back_is_finished(
    journals: dict[str, str], ended: bool, gone: str, served: bool
) -> None:
    party = "".join(sorted({*journals, *gone, *("b" if ended else "")}))
    lines = {place: journal(words, party) for place, words in journals.items()}
    places, finished = judged(lines, ended, frozenset(gone))
    assert (places, finished) == (set(journals), served)
