"""Having one's turn: whoever came second to a lease, and may wait, plans anew on what is true then."""

import time
from collections.abc import Callable, Iterator

import msgspec

from webduh_console.commands import api
from webduh_console.commands.context import Context
from webduh_console.errors import LeaseHeldError, OvertakenError, QuestionError, WebduhError
from webduh_console.model.events import AnyEvent, Event, Finished, Warned
from webduh_console.model.plan import Plan
from webduh_console.model.target import CancelToken

LATE = frozenset({LeaseHeldError.name, OvertakenError.name})
Again = Callable[[float], tuple[Plan, bool]]
"""Waits at most so many seconds for the lease, then plans; and whether there is something left to do."""


def in_turn(ctx: Context, plan: Plan, cancel: CancelToken, seconds: float, again: Again) -> Iterator[AnyEvent]:
    """The events of a plan, and of those that follow it while somebody else was quicker; one Finished is the last.

    Nobody holds a lease while an app is built, so of two who begin at once one comes late, whatever they asked before.
    """
    deadline = time.monotonic() + seconds
    while True:
        for event in api.apply(ctx, plan, cancel):
            left = deadline - time.monotonic()
            if not isinstance(event, Finished) or event.error.get("name") not in LATE or cancel.is_set or left <= 0:
                yield event
                continue
            text = f"{event.error['what']} Waiting at most {left:.0f} s, then it is planned anew."
            yield Warned(deployment=plan.id, seq=event.seq, at=event.at, code="lease", text=text)
            planned = _planned(ctx, plan, cancel, left, again, event)
            if isinstance(planned, Finished):
                yield planned
                return
            plan = planned
            break
        else:
            return


def _planned(
    ctx: Context, plan: Plan, cancel: CancelToken, left: float, again: Again, late: Finished
) -> Plan | Finished:
    """The next plan; or how it ends when there is none."""
    told, abandoned = ctx.told, ctx.abandoned
    ctx.told, ctx.abandoned = _nobody, lambda: cancel.is_set
    try:
        planned, needed = again(left)
        if needed and planned.questions:
            raise QuestionError(
                planned.questions[0].text,
                why="It was not asked when this began.",
                kept="Nothing was changed.",
                hint=f"{planned.questions[0].option} says yes.",
            )
    except WebduhError as error:
        outcome = "cancelled" if cancel.is_set else "failed"
        return msgspec.structs.replace(late, outcome=outcome, error=error.as_dict())
    finally:
        ctx.told, ctx.abandoned = told, abandoned
    if not needed:
        url = ctx.target(plan.target).url(planned)
        return msgspec.structs.replace(late, outcome="done", error={}, release=planned.base, url=url)
    return planned


def _nobody(event: Event) -> None:
    """The face draws the deployment now."""
