"""After a release serves: drain and stop what served before, and forget what need not be kept."""

from dataclasses import dataclass
from functools import partial

from webduh_console.engine.rounds import Round
from webduh_console.engine.steps import PlaceRun
from webduh_console.errors import CancelledError, LeaseLostError, PassingError, WebduhError
from webduh_console.model.events import Output, Phase, Warned
from webduh_console.model.release import Release
from webduh_console.model.target import Run, Step, Target, Work


@dataclass(frozen=True)
class Forget:
    """Removes a release that need not be kept: first what it left at the place, then its record."""

    run_at: PlaceRun
    old: Release
    discard: Step
    place: str
    phase: Phase = "retire"

    @property
    def name(self) -> str:
        """`forget-3`, for release 3."""
        return f"forget-{self.old.number}"

    def do(self, run: Run) -> Work:
        """Discard and remove."""
        yield from self.discard.do(run)
        self.run_at.record.remove(self.run_at.lease, self.old.number)
        yield Output(text=f"release {self.old.number} is forgotten")
        return {}

    def undo(self, run: Run) -> Work:
        """There is no way back from here."""
        yield from ()
        return {}


def retire(target: Target, rounds: Round) -> None:
    """Retire at every place, and end the journals. What cannot be done now is a warning, and is left to the next
    deployment: the release serves, and there is no way back any more. Where it may be done in a moment the journals
    stay open, so that whoever comes next begins with it.

    Which releases are to be retired is not written anywhere: it is every release that has instances and is not current.
    """
    try:
        steps = {
            place: rounds.patiently(place, partial(_steps, target, rounds, run, place))
            for place, run in rounds.runs.items()
        }
        rounds.forward(steps, ("retire",))
    except LeaseLostError:
        raise
    except CancelledError:
        rounds.stream.emit(Warned(code="retire", text="The old release is left to be stopped by the next deployment."))
    except WebduhError as error:
        _warn(rounds, error)
        if isinstance(error, PassingError):
            return
    try:
        rounds.mark("end")
    except PassingError as error:
        _warn(rounds, error)


def _warn(rounds: Round, error: WebduhError) -> None:
    text = f"Not everything old is gone: {error.what} {error.why}".strip()
    rounds.stream.emit(Warned(code="retire", text=text, hint="The next deployment goes on with it."))


def _steps(target: Target, rounds: Round, run: PlaceRun, place: str) -> list[Step]:
    key, current = rounds.plan.key, run.record.current()
    old = sorted(target.running_releases(key, place) - {current})
    kept = [release for release in run.record.releases() if release.number != current]
    surplus = kept[: max(len(kept) - (rounds.plan.spec.keep - 1), 0)]
    return [
        *(target.retire(rounds.plan, number, place) for number in old),
        *(Forget(run, release, target.discard(release, place), place) for release in surplus),
    ]
