"""What every hook has in common, wherever it is run: what it sees, how long it may take, and how it fails. Pure."""

import time
from collections.abc import Sequence
from typing import Literal

from webduh_console.errors import WebduhError
from webduh_console.model.hooks import Hook, Point
from webduh_console.model.plan import Plan
from webduh_console.model.target import CancelToken

LAST_LINES = 15


class HookError(WebduhError):
    """A hook failed, hung, or cannot be run."""

    name = "hook"


class TimeIsUpError(Exception):
    """The hook had its time."""


class Deadline(CancelToken):
    """A cancel token that also ends what takes too long."""

    def __init__(self, outer: CancelToken, seconds: float) -> None:
        super().__init__()
        self._outer, self._end = outer, time.monotonic() + seconds

    @property
    def is_set(self) -> bool:
        return self._outer.is_set

    @property
    def is_over(self) -> bool:
        """Whether there is no reason to wait on: it was cancelled, or the time is over."""
        return self._outer.is_set or time.monotonic() > self._end

    def check(self) -> None:
        """CancelledError once that was asked for, TimeIsUpError once the time is over."""
        self._outer.check()
        if time.monotonic() > self._end:
            raise TimeIsUpError

    def wait(self, seconds: float) -> None:
        self._outer.wait(min(seconds, max(0.0, self._end - time.monotonic())))
        self.check()


def of(plan: Plan, point: Point, image: bool = False) -> tuple[Hook, ...]:
    """The plan's hooks at a point, in their order, of those run here or of those run where the release is; bringing a
    release to places that are behind has none."""
    own = tuple(hook for hook in plan.hooks if (hook.point, hook.image) == (point, image))
    return own if plan.action != "catch-up" else ()


def inside(plan: Plan, when: Literal["before", "after"]) -> list[Point]:
    """The point before or after what the plan does, if the plan has hooks there that are run where the release is."""
    points: dict[str, Point] = {"before deploy": "before-deploy", "after deploy": "after-deploy"}
    points |= {"before rollback": "before-rollback", "after rollback": "after-rollback"}
    point = points.get(f"{when} {plan.action}")
    return [point] if point and of(plan, point, image=True) else []


def environment(plan: Plan, point: Point) -> dict[str, str]:
    """What a hook is told of the deployment, as far as it is known beforehand."""
    return {
        "WEBDUH_HOOK": point,
        "WEBDUH_APP": plan.key.app,
        "WEBDUH_PROJECT": plan.key.project,
        "WEBDUH_ENVIRONMENT": plan.key.environment,
        "WEBDUH_TARGET": plan.target,
        "WEBDUH_ACTION": plan.action,
        "WEBDUH_DEPLOYMENT": plan.id,
        "WEBDUH_COMMIT": plan.source.commit,
        "WEBDUH_BRANCH": plan.source.branch,
        "WEBDUH_PREVIOUS": str(plan.base or ""),
    }


def words(hook: Hook) -> str:
    """The command as it was written."""
    return hook.run[2] if hook.run[:2] == ("sh", "-c") else " ".join(hook.run)


def failed(hook: Hook, how: str, last: Sequence[str], hint: str = "Its output is above.") -> HookError:
    """The error of a hook; `last` are the last lines it wrote."""
    return HookError(
        f"The hook {hook.point} {how}: {words(hook)}.",
        why="\n".join(line for line in last if line),
        kept="What serves was not touched.",
        hint=hint,
    )


def too_long(hook: Hook, last: Sequence[str]) -> HookError:
    """The error of a hook that had its time."""
    hint = "Give it more time with `timeout:`, or find out what it waits for."
    return failed(hook, f"took longer than {hook.timeout:g} s", last, hint)


def ended(hook: Hook, code: int, last: Sequence[str]) -> HookError:
    """The error of a hook that did not end with 0."""
    return failed(hook, f"was ended by signal {-code}" if code < 0 else f"exited with {code}", last)
