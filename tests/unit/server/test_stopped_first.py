"""Which old instances are stopped before which new ones start. Pure."""

from collections.abc import Mapping

import pytest

from webduh_console.model.build import Process
from webduh_console.model.release import Spec
from webduh_console.targets.processes import stopped_first

RUNNING = ("web", "beat", "worker")


def stops(overlap: bool, said: Mapping[str, bool], running: tuple[str, ...] = RUNNING) -> dict[str, set[str]]:
    """Before whose start which of the old processes are stopped; `gone` is one that the new release has no more."""
    processes = [Process(name, (name,), overlap=said.get(name)) for name in running]
    found = stopped_first(Spec("python", tuple(processes), overlap=overlap), processes)
    return {name: {old for old in (*RUNNING, "gone") if old in chosen} for name, chosen in found.items()}


@pytest.mark.parametrize(
    ("overlap", "said", "expected"),
    [
        (True, {}, {}),
        (True, {"beat": False}, {"beat": {"beat"}}),
        (True, {"web": False, "beat": False}, {"web": {"web"}, "beat": {"beat"}}),
        (False, {}, {"web": {"web", "beat", "worker", "gone"}}),
        (False, {"worker": True}, {"web": {"web", "beat", "gone"}}),
        (False, {"web": True}, {"beat": {"beat", "worker", "gone"}}),
        (False, {"web": True, "beat": True, "worker": True}, {}),
    ],
)
def test_a_process_says_for_itself_and_an_app_for_all(
    overlap: bool, said: dict[str, bool], expected: dict[str, set[str]]
) -> None:
    assert stops(overlap, said) == expected


def test_an_app_of_workers_alone_is_stopped_before_the_first_of_them() -> None:
    assert stops(False, {}, ("beat", "worker")) == {"beat": {"web", "beat", "worker", "gone"}}
