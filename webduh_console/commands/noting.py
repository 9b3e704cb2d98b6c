"""Writes down who did what: where it was done, and here where it cannot be written there."""

from collections.abc import Iterable, Iterator

from webduh_console.clock import now
from webduh_console.commands.context import Context
from webduh_console.config.masking import shown_argv as shown_argv
from webduh_console.errors import WebduhError
from webduh_console.model import audit
from webduh_console.model.events import AnyEvent, Finished
from webduh_console.model.names import AppKey
from webduh_console.model.standing import apart
from webduh_console.model.target import Audited, Target


def note_here(ctx: Context, act: str, what: str, key: AppKey | None = None, target: str = "") -> None:
    """Write down an act that belongs to this machine alone."""
    ctx.state.acts.add(audit.Act(now(), ctx.by, act, what, ctx.trigger, "", key, target))


def note_app(ctx: Context, target: Target, key: AppKey, act: str, what: str) -> None:
    """Write down an act on an app, at every place of its target; it never keeps the act itself from being done."""
    line = audit.line(ctx.by, act, what, ctx.trigger)
    try:
        for place in target.places:
            target.record(key, place).audit(line)
    except WebduhError as error:
        note_here(ctx, act, f"{what} (not written on {target.name}: {error.what})", key, target.name)


def note_target(ctx: Context, target: Target, act: str, what: str) -> None:
    """Write down an act on a target as a whole, at every place; it never keeps the act itself from being done."""
    line = audit.line(ctx.by, act, what, ctx.trigger)
    for one in apart(target):
        try:
            if isinstance(one, Audited):
                one.note(line)
            else:
                note_here(ctx, act, what, None, one.name)
        except WebduhError as error:
            note_here(ctx, act, f"{what} (not written on {one.name}: {error.what})", None, one.name)


def noted(ctx: Context, target: Target, act: str, what: str, events: Iterable[AnyEvent]) -> Iterator[AnyEvent]:
    """The events; when the last says how the work on a target ended, that is written down."""
    for event in events:
        if isinstance(event, Finished):
            note_target(ctx, target, act, f"{what}: {event.outcome}")
        yield event
