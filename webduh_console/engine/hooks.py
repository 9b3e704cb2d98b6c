"""The hooks of an app that are run on this machine, around the parts of a deployment."""

import os
from collections.abc import Generator, Mapping
from pathlib import Path

from webduh_console.errors import CancelledError
from webduh_console.model.events import Event, Output, Warned
from webduh_console.model.hooks import Hook, Point
from webduh_console.model.plan import Plan
from webduh_console.model.target import CancelToken
from webduh_console.targets import hooking
from webduh_console.targets.hooking import LAST_LINES, Deadline, HookError, TimeIsUpError, words
from webduh_console.targets.hooking import of as of
from webduh_console.transport.process import run_lines


def named(plan: Plan, *points: Point) -> list[str]:
    """Those of the points at which the plan has hooks that are run here."""
    return [point for point in points if of(plan, point)]


def environment(plan: Plan, point: Point, said: Mapping[str, str]) -> dict[str, str]:
    """What a hook sees: the environment of whoever deploys, and the deployment; none of the app's own variables.

    `said` is what is known only while it runs, such as WEBDUH_RELEASE.
    """
    return {**os.environ, **hooking.environment(plan, point), **said}


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
            yield Warned(code="hook", text=f"The hook {point} was cancelled: {words(hook)}.")
            return
        except HookError as error:
            yield Warned(code="hook", text=f"{error.what} {error.why}".strip(), hint=error.hint)


def _run(hook: Hook, env: dict[str, str], cancel: CancelToken) -> Generator[Event, None, None]:
    yield Output(text=f"$ {words(hook)}")
    last: list[str] = []
    try:
        lines = run_lines(hook.run, Path(hook.folder), env, Deadline(cancel, hook.timeout))
        while True:
            try:
                stream, text = next(lines)
            except StopIteration as stop:
                code = int(stop.value)
                break
            last = [*last[1 - LAST_LINES :], text]
            yield Output(text=text, stream=stream)
    except TimeIsUpError as error:
        raise hooking.too_long(hook, last) from error
    except (OSError, ValueError) as error:  # ValueError: there is a zero byte in it
        says = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise hooking.failed(hook, "cannot be run", [f"{says}."]) from error
    if code:
        raise hooking.ended(hook, code, last)
