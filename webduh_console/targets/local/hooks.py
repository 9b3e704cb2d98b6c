"""The steps that run an app's hooks in its new release on this machine: in the folder that was built, or its image."""

from collections.abc import Iterator
from dataclasses import dataclass

from webduh_console.model.build import Process
from webduh_console.model.events import Event, Output, Warned
from webduh_console.model.hooks import Hook, Point
from webduh_console.model.names import instance_name
from webduh_console.model.target import Run, Work
from webduh_console.targets import hooking
from webduh_console.targets.local import docker, launch
from webduh_console.targets.local.steps import LocalStep
from webduh_console.transport.process import end_left_over, run_lines

BORN = "hooking"
"""What stands for a hook while it runs, so that whoever comes next can end one whose client was killed."""


@dataclass(frozen=True, kw_only=True)
class Hooks(LocalStep):
    """Runs the hooks of a point, one after another, each like a process of the release."""

    point: Point
    only_warn: bool = False

    def do(self, run: Run) -> Work:
        """Run each to its end; HookError stops the deployment, unless a failure is to be a warning only."""
        for hook in hooking.of(run.plan, self.point, image=True):
            try:
                yield from self._run(run, hook)
            except hooking.HookError as error:
                if not self.only_warn:
                    raise
                yield Warned(code="hook", text=f"{error.what} {error.why}".strip(), hint=error.hint)
        return {}

    def undo(self, run: Run) -> Work:
        """End one whose client was killed under it; what it did cannot be taken back by us."""
        end_left_over(self.parts.layout.app(run.release.key) / BORN)
        if run.release.artifact.kind == "image":
            docker.succeeds(docker.remove([instance_name(run.release.key, self.point, run.release.number)]))
        yield from ()
        return {}

    def _run(self, run: Run, hook: Hook) -> Iterator[Event]:
        run.fence()
        yield Output(text=f"$ {hooking.words(hook)}")
        release, layout, last = run.release, self.parts.layout, list[str]()
        born, folder = layout.app(release.key) / BORN, layout.artifact(release.key, release.artifact.digest)
        end_left_over(born)
        known = {"WEBDUH_ARTIFACT": release.artifact.digest, "WEBDUH_URL": launch.url(release)}
        said = {**hooking.environment(run.plan, self.point), **known}
        name = instance_name(release.key, self.point, release.number)
        argv = launch.command(layout, release, Process(self.point, hook.run), name, frozenset(said))
        try:
            lines = run_lines(
                argv, folder, {**launch.environment(release), **said}, hooking.Deadline(run.cancel, hook.timeout), born
            )
            while True:
                try:
                    stream, text = next(lines)
                except StopIteration as stop:
                    code = int(stop.value)
                    break
                last = [*last[1 - hooking.LAST_LINES :], text]
                yield Output(text=text, stream=stream)
        except hooking.TimeIsUpError as error:
            raise hooking.too_long(hook, last) from error
        except (OSError, ValueError) as error:  # ValueError: there is a zero byte in it
            says = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
            raise hooking.failed(hook, "cannot be run", [f"{says}."]) from error
        if code:
            raise hooking.ended(hook, code, last)
