"""Steps that make several machines ready: side by side, each with its own way back."""

import threading
from dataclasses import dataclass, field

from webduh_console.engine.setup import run_steps
from webduh_console.errors import CancelledError, TargetError
from webduh_console.model.events import Finished, Phase
from webduh_console.model.target import CancelToken, Run, Work


@dataclass
class Making:
    """A step that writes down that it was done and undone; `all_here` is passed when every place has come to it."""

    place: str
    name: str
    told: list[str]
    fails: bool = False
    all_here: threading.Barrier | None = None
    cancelled_by: CancelToken | None = None
    phase: Phase = field(default="prepare", init=False)

    def do(self, run: Run) -> Work:
        """Write it down."""
        yield from ()
        if self.all_here:
            self.all_here.wait(10)
        if self.cancelled_by:
            self.cancelled_by.set()
            raise CancelledError("Cancelled.")
        if self.fails:
            raise TargetError(f"{self.name} of {self.place} fails.", why="It must.", kept="Nothing else.")
        self.told.append(f"{self.name} {self.place}")
        return {}

    def undo(self, run: Run) -> Work:
        """Write that down."""
        yield from ()
        self.told.append(f"back {self.name} {self.place}")
        return {}


def ended(steps: list[Making], cancel: CancelToken | None = None) -> Finished:
    *_, last = run_steps("shop", steps, "ada", cancel or CancelToken(), "set-up of shop")
    assert isinstance(last, Finished)
    return last


def test_several_are_set_up_side_by_side() -> None:
    told: list[str] = []
    together = threading.Barrier(3)  # which nobody passes alone
    last = ended([Making(place, "docker", told, all_here=together) for place in "abc"])

    assert (last.outcome, last.error, sorted(told)) == ("done", {}, ["docker a", "docker b", "docker c"])


def test_one_that_fails_is_taken_back_and_the_others_are_ready() -> None:
    told: list[str] = []
    steps = [
        Making(place, name, told, fails=name == "traefik" and place == "b")
        for place in "ab"
        for name in ("docker", "traefik")
    ]
    last = ended(steps)

    assert sorted(told) == ["back docker b", "back traefik b", "docker a", "docker b", "traefik a"]
    assert (last.outcome, last.error["what"], last.error["kept"]) == (
        "failed",
        "traefik of b fails.",
        "Nothing else. Ready: a.",
    )


def test_all_that_fail_are_named() -> None:
    told: list[str] = []
    last = ended([Making(place, "docker", told, fails=True) for place in "ab"])

    assert (last.outcome, last.error["why"]) == ("reverted", "It must. b: docker of b fails.")


def test_cancelling_takes_back_what_was_begun_everywhere() -> None:
    told: list[str] = []
    cancel = CancelToken()
    steps = [Making("a", "docker", told), Making("a", "traefik", told, cancelled_by=cancel)]
    last = ended(steps, cancel)

    assert (last.outcome, told) == ("cancelled", ["docker a", "back traefik a", "back docker a"])
