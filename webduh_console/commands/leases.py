"""Waiting until nobody else changes an app, so that a plan is made on what is true then."""

import time
from collections.abc import Sequence

import click

from webduh_console.commands.context import Context
from webduh_console.errors import CancelledError, LeaseHeldError, TargetError
from webduh_console.model.events import Progress, Warned
from webduh_console.model.names import AppKey
from webduh_console.model.target import Holder, Target

_PAUSE = 1.0
_TICK = 0.1
_AT_ONCE = 32

wait_option = click.option(
    "--wait-for-lease",
    type=click.FloatRange(min=0),
    default=0.0,
    metavar="SECONDS",
    help="While somebody else changes the app, wait so long before planning; then exit with 4. By default 0.",
)


def waited(ctx: Context, target: Target, key: AppKey, seconds: float) -> float | None:
    """Wait until nobody holds the lease of an app; how many of the `seconds` are left, None when nobody held it.

    LeaseHeldError when they run out. With 0 nobody is asked: whoever takes the lease finds out.
    """
    if not seconds:
        return None
    began, said, places = time.monotonic(), "", tuple(target.places)
    while True:
        holders, places = _holders(target, key, places)
        past = time.monotonic() - began
        if not holders:
            ctx.told(Progress(done=seconds, total=seconds, unit="s"))
            return max(0.0, seconds - past) if said else None
        words = f"{holders[0].owner} ({holders[0].doing})"
        if past >= seconds:
            raise _held(key, words, seconds)
        if words != said:
            said = words
            ctx.told(Warned(code="lease", text=f"{key} is being changed by {words}: waiting at most {seconds:g} s."))
        _pause(ctx, began, seconds, words)


def _pause(ctx: Context, began: float, seconds: float, words: str) -> None:
    """Let a while pass, and let it be seen."""
    end = min(time.monotonic() + _PAUSE, began + seconds)
    while (now := time.monotonic()) < end:
        if ctx.abandoned():
            raise CancelledError("Nobody waits for it any more.", kept="Nothing was changed.")
        ctx.told(Progress(done=now - began, total=seconds, unit=f"waiting for {words}"))
        time.sleep(min(_TICK, end - now))


def _holders(target: Target, key: AppKey, places: Sequence[str]) -> tuple[list[Holder], tuple[str, ...]]:
    """Who holds the lease at these places, and which of them answer; TargetError when the only one does not."""
    from concurrent.futures import ThreadPoolExecutor

    def ask(place: str) -> Holder | TargetError | None:
        try:
            return target.record(key, place).holder()
        except TargetError as error:
            return error

    with ThreadPoolExecutor(min(_AT_ONCE, len(places))) as pool:
        answers = dict(zip(places, pool.map(ask, places), strict=True))
    failed = [answer for answer in answers.values() if isinstance(answer, TargetError)]
    if len(failed) == len(answers):
        raise failed[0]
    there = tuple(place for place, answer in answers.items() if not isinstance(answer, TargetError))
    return [answer for answer in answers.values() if isinstance(answer, Holder)], there


def _held(key: AppKey, words: str, seconds: float) -> LeaseHeldError:
    return LeaseHeldError(
        f"{key} is still being changed by {words}.",
        why=f"{seconds:g} s are over.",
        kept="Nothing was changed.",
        hint=f"Wait longer, or watch it: `webduh deployments {key.app}`.",
    )
