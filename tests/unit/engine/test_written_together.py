"""What a journal costs: a line that can wait is written with the next one, and each line still comes before its act."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from small_looks import WHOLE_JOURNAL, journal, last
from small_target import KEY, SmallTarget, deploy, fail

from webduh_console.model.names import AppKey
from webduh_console.model.target import JournalLine, Lease
from webduh_console.targets.local.record import FileRecord


class Noting:
    """A record that notes which lines were written at once."""

    def __init__(self, record: FileRecord, written: list[list[str]]) -> None:
        self._record, self._written = record, written

    def __getattr__(self, name: str) -> Any:
        return getattr(self._record, name)

    def append(self, lease: Lease, number: int, *lines: JournalLine) -> None:
        self._record.append(lease, number, *lines)
        self._written.append([f"{line.kind} {line.step}".strip() for line in lines])


@dataclass
class NotingTarget(SmallTarget):
    """The small target with such records."""

    written: list[list[str]] = field(default_factory=list)

    def record(self, key: AppKey, place: str) -> Any:
        return Noting(super().record(key, place), self.written)


def test_the_end_of_a_step_is_written_with_the_beginning_of_the_next(tmp_path: Path) -> None:
    target = NotingTarget(tmp_path)
    assert last(deploy(target)).outcome == "done"
    assert journal(target, 1) == WHOLE_JOURNAL
    assert target.written == [
        ["begin"],
        ["do record"],
        ["did record", "do start"],
        ["did start", "do healthy"],
        ["did healthy", "do route"],
        ["did route", "do current"],
        ["did current", "serving"],
        ["do watch"],
        ["did watch", "kept"],
        ["end"],
    ]


def test_on_the_way_back_nothing_waits_that_was_done(tmp_path: Path) -> None:
    target = NotingTarget(tmp_path, wishes={"route": fail})
    assert last(deploy(target)).outcome == "reverted"
    assert [line for lines in target.written for line in lines][-8:] == [
        "do route",
        "undo route",
        "undid route",
        "undo healthy",
        "undid healthy",
        "undo start",
        "undid start",
        "undo record",
    ]
    assert target.record(KEY, "a").unfinished() == []
