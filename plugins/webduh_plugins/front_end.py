"""A front end in a folder of its own inside an app of another language: it is installed and built first."""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from webduh_console.frameworks import BuildPlan, BuildStep, Match, Source, SourceError, Workspace, within
from webduh_plugins.node import Plugin as Node

FOLDERS = (
    "web",
    "frontend",
    "client",
    "ui",
    "webui",
    "web/app",
    "web/ui",
    "web/frontend",
    "internal/web",
    "www",
    "site",
)


class Below:
    """A folder of a source as a source of its own, which stands alone."""

    def __init__(self, above: Source, path: str) -> None:
        self.above, self.path = above, path
        self.name = path.rpartition("/")[2]
        self.workspace: Workspace | None = None

    def exists(self, path: str) -> bool:
        """Whether there is a file at `path`."""
        return self.above.exists(f"{self.path}/{path}")

    def folder(self, path: str) -> bool:
        """Whether there is a folder at `path`."""
        return self.above.folder(f"{self.path}/{path}")

    def text(self, path: str) -> str:
        """The file's text."""
        return self.above.text(f"{self.path}/{path}")

    def json(self, path: str) -> dict[str, object]:
        """The file as a JSON object."""
        return self.above.json(f"{self.path}/{path}")

    def toml(self, path: str) -> dict[str, object]:
        """The file as a TOML table."""
        return self.above.toml(f"{self.path}/{path}")

    def files(self, pattern: str = "*") -> tuple[str, ...]:
        """The files that match a glob."""
        return tuple(file.removeprefix(f"{self.path}/") for file in self.above.files(f"{self.path}/{pattern}"))


class FrontEnd(NamedTuple):
    """What is done for a front end, `folder` being where it is, and `made` the folder of what it makes, if known."""

    folder: str
    install: tuple[BuildStep, ...]
    build: tuple[BuildStep, ...]
    made: str

    def added(self, plan: BuildPlan) -> BuildPlan:
        """A plan that installs and builds it before everything else."""
        plan = fetched_last(plan)
        return msgspec.structs.replace(plan, install=(*self.install, *plan.install), build=(*self.build, *plan.build))


def fetched_last(plan: BuildPlan) -> BuildPlan:
    """A plan whose steps that only fill caches are among those that build: what a front end needs is installed without
    the source then, and stays as it is when that changes."""
    idle = tuple(step for step in plan.install if not step.outputs)
    kept = tuple(step for step in plan.install if step.outputs)
    return msgspec.structs.replace(plan, install=kept, build=(*idle, *plan.build))


def front_end(source: Source, folders: Sequence[str] = FOLDERS) -> FrontEnd | None:
    """The front end of an app, in the first of these folders that has a package.json with a build script."""
    for folder in folders:
        if source.exists(f"{folder}/package.json") and (found := _planned(Below(source, folder))):
            made = found.static.dir if found.static else ""
            return FrontEnd(
                folder, _inside(folder, found.install), _inside(folder, found.build), f"{folder}/{made}" if made else ""
            )
    return None


def serves_itself(source: Source, folder: str) -> bool:
    """Whether what is in a folder is a server of its own, such as Next.js, rather than files that others serve."""
    plan = _planned(Below(source, folder))
    return plan is not None and plan.static is None and bool(plan.processes)


def _planned(source: Below) -> BuildPlan | None:
    node = Node()
    try:
        match: Match | None = node.detect(source)
        plan = node.plan(source, match, {}) if match else None
    except SourceError as error:
        raise SourceError(
            f"{source.path}/{error.what}", error.why, error.hint, file=f"{source.path}/{error.file}"
        ) from error
    return plan if plan and plan.build else None


def _inside(folder: str, steps: Sequence[BuildStep]) -> tuple[BuildStep, ...]:
    """Steps of a folder as steps of the app that it is in."""
    return tuple(
        msgspec.structs.replace(
            step,
            name=f"{step.name} of {folder}",
            run=within(folder, step.run),
            inputs=tuple(f"{folder}/{path}" for path in step.inputs),
            outputs=tuple(f"{folder}/{path}" for path in step.outputs),
            caches=tuple(path if path.startswith(("~/", "/")) else f"{folder}/{path}" for path in step.caches),
        )
        for step in steps
    )
