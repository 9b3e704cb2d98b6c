"""The order of a deployment over several places: nobody is switched before all are prepared, and one goes first."""

from collections.abc import Callable, Mapping, Sequence

from webduh_console.engine.rounds import Round
from webduh_console.errors import TargetError
from webduh_console.model.events import Phase, Warned
from webduh_console.model.target import Step

ONCE = "release"
SWITCH = "route"
CANARY = "canary"
Steps = Mapping[str, Sequence[Step]]
"""The steps of each place, in their order."""


def prepare(rounds: Round, steps: Steps, quorum: int = 0) -> None:
    """Do the prepare steps everywhere at once; what runs once, the release process, when the images are everywhere.

    With a `quorum` a place that fails is left out as long as so many are left, and nothing is wrong with the release
    itself: then everything is taken back, as it is without.
    """
    chosen = _of(rounds, steps, "prepare")
    before, alone, after = _parted(chosen, ONCE)
    for wave in (before, alone, after) if any(alone.values()) else (chosen,):
        rounds.everywhere(wave, _may_lose(rounds, quorum, alone))


def commit(rounds: Round, steps: Steps, batch: int = 0) -> None:
    """Switch one place and watch it, then the others `batch` at once (0: a third); then what follows a switch, such as
    workers, everywhere."""
    chosen = _of(rounds, steps, "commit")
    if len(chosen) == 1:
        rounds.everywhere({place: [s for s in own if s.name != CANARY] for place, own in chosen.items()})
        return
    switches = {place: list(own[: _through(own, SWITCH)]) for place, own in chosen.items()}
    watched = {place: [step for step in own if step.name == CANARY] for place, own in chosen.items()}
    rest = {place: [s for s in own[_through(own, SWITCH) :] if s.name != CANARY] for place, own in chosen.items()}
    first, *others = chosen
    rounds.everywhere({first: [*switches[first], *watched[first]]})
    for group in batches(others, batch or max(1, len(chosen) // 3)):
        rounds.everywhere({place: switches[place] for place in group})
    rounds.everywhere(rest)


def batches(places: Sequence[str], count: int) -> list[Sequence[str]]:
    """The places in groups of `count`; the last may be smaller."""
    return [places[start : start + count] for start in range(0, len(places), count)]


def _of(rounds: Round, steps: Steps, phase: Phase) -> dict[str, list[Step]]:
    return {place: [step for step in steps[place] if step.phase == phase] for place in rounds.runs}


def _parted(chosen: Steps, name: str) -> tuple[dict[str, list[Step]], ...]:
    """What comes before the step of a name where there is one, that step, and what comes after, at every place."""
    before = next(({s.name for s in own[:at]} for own in chosen.values() if (at := _index(own, name)) >= 0), set())
    return (
        {place: [step for step in own if step.name in before] for place, own in chosen.items()},
        {place: [step for step in own if step.name == name] for place, own in chosen.items()},
        {place: [step for step in own if step.name not in before | {name}] for place, own in chosen.items()},
    )


def _index(own: Sequence[Step], name: str) -> int:
    return next((at for at, step in enumerate(own) if step.name == name), -1)


def _through(own: Sequence[Step], name: str) -> int:
    """How many steps there are up to the one of a name, with it; none where there is no such step."""
    return _index(own, name) + 1


def _may_lose(rounds: Round, quorum: int, alone: Steps) -> Callable[[str, Exception], bool]:
    """Whether a place may be left out for an error: the server's own trouble, and enough places are left."""

    def may(place: str, error: Exception) -> bool:
        enough = 0 < quorum <= len(rounds.runs) - len(rounds.lost) - 1
        return enough and isinstance(error, TargetError) and not alone[place]

    return may


def left_out(place: str, why: str, app: str) -> Warned:
    """The event of a place that a deployment goes on without."""
    return Warned(
        code="behind",
        text=f"{place} is left out, and behind from now on: {why}",
        hint=f"When it is back: `webduh deploy {app} --behind`.",
    )
