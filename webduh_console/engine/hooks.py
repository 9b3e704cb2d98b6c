"""The hooks of an app: commands of its own, run on this machine around the parts of a deployment."""

import os
import time
from collections.abc import Generator, Mapping
from pathlib import Path

from webduh_console.errors import CancelledError, WebduhError
from webduh_console.model.events import Event, Output, Warned
from webduh_console.model.hooks import Hook, Point
from webduh_console.model.plan import Plan
from webduh_console.model.target import CancelToken
from webduh_console.transport.process import run_lines

LAST_LINES = 15


class HookError(WebduhError):
    """A hook failed, hung, or cannot be run."""

    name = "hook"


class _TimeoutError(Exception):
    """The hook had its time."""


class _Deadline(CancelToken):
    """A cancel token that also ends what takes too long."""

    def __init__(self, outer: CancelToken, seconds: float) -> None:
        super().__init__()
        self._outer, self._end = outer, time.monotonic() + seconds

    @property
    def is_set(self) -> bool:
        return self._outer.is_set

    def check(self) -> None:
        """CancelledError once that was asked for, _TimeoutError once the time is over."""
        self._outer.check()
        if time.monotonic() > self._end:
            raise _TimeoutError

    def wait(self, seconds: float) -> None:
        self._outer.wait(min(seconds, max(0.0, self._end - time.monotonic())))
        self.check()


def of(plan: Plan, point: Point) -> tuple[Hook, ...]:
    """The plan's hooks at a point, in their order; bringing a release to places that are behind has none."""
    return tuple(hook for hook in plan.hooks if hook.point == point) if plan.action != "catch-up" else ()


def named(plan: Plan, *points: Point) -> list[str]:
    """Those of the points at which the plan has hooks."""
    return [point for point in points if of(plan, point)]


def environment(plan: Plan, point: Point, said: Mapping[str, str]) -> dict[str, str]:
    """What a hook sees: the environment of whoever deploys, and the deployment; none of the app's own variables.

    `said` is what is known only while it runs, such as WEBDUH_RELEASE.
    """
    return {
        **os.environ,
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
        **said,
    }


def before(plan: Plan, point: Point, said: Mapping[str, str], cancel: CancelToken) -> Generator[Event, None, None]:
    """Run the hooks of a point one after another; HookError stops the deployment."""
    for hook in of(plan, point):
        yield from _run(hook, environment(plan, point, said), cancel)


def after(plan: Plan, point: Point, said: Mapping[str, str], cancel: CancelToken) -> Generator[Event, None, None]:
    """Run the hooks of a point when nothing can be stopped any more: what fails is a warning, and the next one runs."""
    for hook in of(plan, point):
        try:
            yield from _run(hook, environment(plan, point, said), cancel)
        except CancelledError:
            yield Warned(code="hook", text=f"The hook {point} was cancelled: {_words(hook)}.")
            return
        except HookError as error:
            yield Warned(code="hook", text=f"{error.what} {error.why}".strip(), hint=error.hint)


def _run(hook: Hook, env: dict[str, str], cancel: CancelToken) -> Generator[Event, None, None]:
    yield Output(text=f"$ {_words(hook)}")
    last: list[str] = []
    try:
        lines = run_lines(hook.run, Path(hook.folder), env, _Deadline(cancel, hook.timeout))
        while True:
            try:
                stream, text = next(lines)
            except StopIteration as stop:
                code = int(stop.value)
                break
            last = [*last[1 - LAST_LINES :], text]
            yield Output(text=text, stream=stream)
    except _TimeoutError as error:
        hint = "Give it more time with `timeout:`, or find out what it waits for."
        raise _failed(hook, f"took longer than {hook.timeout:g} s", last, hint) from error
    except (OSError, ValueError) as error:  # ValueError: there is a zero byte in it
        says = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise _failed(hook, "cannot be run", [f"{says}."]) from error
    if code:
        raise _failed(hook, f"was ended by signal {-code}" if code < 0 else f"exited with {code}", last)


def _failed(hook: Hook, how: str, last: list[str], hint: str = "Its output is above.") -> HookError:
    return HookError(
        f"The hook {hook.point} {how}: {_words(hook)}.",
        why="\n".join(line for line in last if line),
        kept="What serves was not touched.",
        hint=hint,
    )


def _words(hook: Hook) -> str:
    """The command as it was written."""
    return hook.run[2] if hook.run[:2] == ("sh", "-c") else " ".join(hook.run)
