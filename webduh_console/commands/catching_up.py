"""The plan that brings servers which are behind up to what serves on the others."""

import msgspec

from webduh_console.clock import now
from webduh_console.commands.apps import find, key_of, target_of
from webduh_console.commands.context import Context
from webduh_console.commands.downtime import declared
from webduh_console.commands.leases import waited
from webduh_console.commands.planning import Wishes, kept_files, new_id, spread_of, timed
from webduh_console.errors import TargetError, UsageError
from webduh_console.model.plan import Change, Plan
from webduh_console.model.standing import Several


def plan_catch_up(
    ctx: Context, word: str, environment: str | None = None, on: str | None = None, wishes: Wishes = Wishes()
) -> Plan:
    """The plan of bringing the newest release to the servers that are behind, and answer; no change when none is.

    The release stays what it is, with its number. UsageError where an app has one place, or was never deployed.
    """
    key = key_of(find(ctx, word), environment)
    target = ctx.target(on or target_of(ctx, key))
    if not isinstance(target, Several):
        raise UsageError(
            f"Nothing of {key} can be behind: {target.name} is no target of several servers.",
            kept="Nothing was changed.",
        )
    waited(ctx, target, key, wishes.wait_for_lease)
    batch, _ = spread_of(target, wishes)
    standing = target.standing(key)
    if standing.newest is None:
        raise UsageError(f"{key} was never deployed.", kept="Nothing was changed.", hint=f"webduh deploy {key.app}")
    behind = standing.behind
    if not behind and standing.silent:
        raise TargetError(
            f"No server of {target.name} that answers is behind.",
            why=" ".join(standing.words()),
            kept="Nothing was changed.",
            hint="Do it again when they are back.",
        )
    record = target.record(key, standing.lead)
    release = record.read(standing.newest.number)
    plan = Plan(
        id=new_id(),
        key=key,
        target=target.name,
        action="catch-up",
        source=release.source,
        spec=target.placed(key, timed(release.spec, wishes)),
        by=ctx.by,
        trigger=ctx.trigger,
        artifact=release.artifact,
        to=release.number,
        base=release.number,
        changes=tuple(
            Change("server", place, f"release {old}" if old else "", f"release {release.number}")
            for place, old in behind.items()
        ),
        warnings=tuple(msgspec.structs.replace(standing, current={}).words()),
        usual=ctx.state.history.usual(key, target.name),
        variables=release.variables,
        made=now(),
        wait=wishes.wait,
        batch=batch,
        places=tuple(behind),
        files=kept_files(record, release.number),
    )
    return declared(plan)
