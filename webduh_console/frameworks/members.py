"""The root of a workspace that is no app itself: which of its members are apps, and the one it stands for."""

from collections.abc import Callable

import msgspec

from webduh_console.errors import UsageError, WebduhError
from webduh_console.frameworks.source import FolderSource
from webduh_console.frameworks.workspaces import FoundWorkspace
from webduh_console.model.build import BuildPlan, Detection, Source

MOST = 100
"""How many members are looked at."""


class SeveralAppsError(UsageError):
    """A workspace has several apps, and nobody says which is meant. `members` are their folders."""

    name = "several-apps"

    def __init__(self, source: str, members: tuple[str, ...]) -> None:
        first = members[0]
        super().__init__(
            f"{source} is a workspace with several apps.",
            why=f"Its apps are {', '.join(members)}, and its root starts none of them.",
            kept="Nothing was changed.",
            hint=f"Name one: `webduh deploy {first}`, or with a Git repository `--path {first}`.",
        )
        self.members = members


def is_root(source: Source) -> bool:
    """Whether a folder is the root of a workspace."""
    return isinstance(source, FolderSource) and source.workspace is not None and not source.workspace.path


def runs(plan: BuildPlan) -> bool:
    """Whether something comes of a plan: a process, files to serve, or what a Dockerfile says."""
    return bool(plan.processes or plan.static or plan.dockerfile)


def of_members(
    source: Source, ask: Callable[[FolderSource], Detection], unknown: type[WebduhError]
) -> Detection | None:
    """What the only app of a workspace is made with; None if it has none that is built from the root.

    `ask` detects one member, and raises `unknown` when nothing knows it. SeveralAppsError if there are several apps.
    """
    workspace = source.workspace
    if not isinstance(workspace, FoundWorkspace):
        return None
    found: dict[str, Detection] = {}
    for path in workspace.members[:MOST]:
        try:
            one = ask(workspace.member(path))
        except unknown:
            continue
        if runs(one.plan) and one.match.tier != "static":
            found[path] = one
    if len(found) > 1:
        raise SeveralAppsError(source.name, tuple(found))
    for path, one in found.items():
        if one.plan.from_root:
            said = f"{path} is the one app of this workspace: it is built and started."
            plan = msgspec.structs.replace(one.plan, warnings=(said, *one.plan.warnings))
            return msgspec.structs.replace(one, plan=plan)
    return None
