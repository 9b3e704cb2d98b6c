"""The steps that run an app's hooks in its new image on a server."""

from collections.abc import Iterator
from dataclasses import dataclass

import msgspec

from webduh_console.model.build import Process
from webduh_console.model.events import Event, Output, Warned
from webduh_console.model.hooks import Hook, Point
from webduh_console.model.names import instance_name
from webduh_console.model.target import Run, Work
from webduh_console.targets import hooking
from webduh_console.targets.server import tasks
from webduh_console.targets.server.containers import ContainerSpec, task_spec, url_of
from webduh_console.targets.server.refusals import EngineError
from webduh_console.targets.server.steps import ServerStep, masked

REFUSED = 400
"""What Docker answers when the image has no such program."""


@dataclass(frozen=True, kw_only=True)
class Hooks(ServerStep):
    """Runs the hooks of a point, one after another, each in a container like those of the release."""

    point: Point
    only_warn: bool = False

    def do(self, run: Run) -> Work:
        """Run each to its end; HookError stops the deployment, unless a failure is to be a warning only."""
        own = hooking.of(run.plan, self.point, image=True)
        for hook in own:
            try:
                yield from self._run(run, hook)
            except hooking.HookError as error:
                if not self.only_warn:
                    raise
                yield Warned(code="hook", text=f"{error.what} {error.why}".strip(), hint=error.hint)
        return {}

    def undo(self, run: Run) -> Work:
        """End one that still runs; what it did cannot be taken back by us."""
        self.parts.engine.remove(instance_name(run.release.key, self.point, run.release.number))
        yield from ()
        return {}

    def _run(self, run: Run, hook: Hook) -> Iterator[Event]:
        run.fence()
        yield Output(text=f"$ {hooking.words(hook)}")
        spec, last = self._spec(run, hook), list[str]()
        deadline = hooking.Deadline(run.cancel, hook.timeout)
        try:
            code, oom = yield from tasks.run(self.parts.engine, spec, masked(run.release), deadline, last)
        except hooking.TimeIsUpError as error:
            raise hooking.too_long(hook, last) from error
        except EngineError as error:
            if error.status != REFUSED:
                raise
            raise hooking.failed(hook, "cannot be run in the image", [error.why], error.hint) from error
        finally:
            self.parts.engine.remove(spec.name)
        if code:
            raise hooking.failed(hook, "ran out of memory", last) if oom else hooking.ended(hook, code, last)

    def _spec(self, run: Run, hook: Hook) -> ContainerSpec:
        """Like a process of the release, and told of the deployment."""
        spec = task_spec(run.release, Process(self.point, hook.run), self.parts.folder.layout)
        known = {"WEBDUH_ARTIFACT": run.release.artifact.digest, "WEBDUH_URL": url_of(run.release.spec)}
        return msgspec.structs.replace(spec, env={**spec.env, **hooking.environment(run.plan, self.point), **known})
