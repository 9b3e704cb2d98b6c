"""Workspaces: trees with several apps and packages in them, and which folders are their members."""

import re
from collections.abc import Callable, Iterator, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import NamedTuple

from webduh_console.frameworks.source import FolderSource
from webduh_console.frameworks.tree import SourceError
from webduh_console.frameworks.versions import strings, table
from webduh_console.model.build import BuildPlan

DEEPEST = 8
"""How many folders above an app its workspace's root is looked for."""

_USE = re.compile(r"^use\s+(?:\(([^)]*)\)|(\S+))", re.MULTILINE)
_COMMENT = re.compile(r"//[^\n]*")


class FoundWorkspace(NamedTuple):
    """A `Workspace` in folders."""

    kind: str
    root: FolderSource
    path: str
    members: tuple[str, ...]

    def member(self, path: str) -> FolderSource:
        """A view of one of its members."""
        return FolderSource(self.root.at / path)


def workspace_of(source: FolderSource) -> FoundWorkspace | None:
    """The workspace that a folder is the root or a member of; the nearest one counts.

    Nothing above a repository's top is looked at. A workspace file that is broken makes no workspace: whoever reads it
    as the app's own says so.
    """
    for above in _upwards(source.at):
        root = source if above == source.at else _source(above)
        if root is None:
            return None
        path = source.at.relative_to(above).as_posix()
        path = "" if path == "." else path
        for kind, members in _declared(root):
            if not path or path in members:
                return FoundWorkspace(kind, root, path, members)
        if root.exists(".git") or root.folder(".git"):
            return None
    return None


def built_from(folder: Path, plan: BuildPlan) -> tuple[Path, str]:
    """What is sent to be built by a plan of the app in `folder`, and the app's folder in that: the root of its
    workspace, if the plan is made for that; else the folder itself."""
    workspace = FolderSource(folder).workspace if plan.from_root else None
    return (workspace.root.at, workspace.path) if workspace else (folder, "")


def _upwards(folder: Path) -> Iterator[Path]:
    yield folder
    for above, _ in zip(folder.parents, range(DEEPEST), strict=False):
        yield above


def _source(folder: Path) -> FolderSource | None:
    try:
        return FolderSource(folder)
    except (SourceError, OSError):
        return None


def _declared(root: FolderSource) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The kinds of workspace that a folder is the root of, each with its members that are there."""
    for kind, (file, read) in _KINDS.items():
        try:
            patterns = read(root)
        except SourceError:
            continue
        if patterns and (members := _members(root, patterns, file)):
            yield kind, members


def _members(root: FolderSource, patterns: tuple[str, ...], file: str) -> tuple[str, ...]:
    """The folders with `file` in them that the patterns name; those after a `!` are left out."""
    wanted = [_plain(pattern) for pattern in patterns if not pattern.startswith("!")]
    left = [_plain(pattern[1:]) for pattern in patterns if pattern.startswith("!")]
    found = {path.rpartition("/")[0] for pattern in wanted for path in root.files(f"{pattern}/{file}")}
    return tuple(sorted(path for path in found if path and not any(fnmatchcase(path, one) for one in left)))


def _plain(pattern: str) -> str:
    return pattern.strip().removeprefix("./").rstrip("/")


def _node(root: FolderSource) -> tuple[str, ...]:
    if root.exists("pnpm-workspace.yaml"):
        import yaml

        try:
            return strings(table(yaml.safe_load(root.text("pnpm-workspace.yaml"))).get("packages"))
        except yaml.YAMLError:
            return ()
    said = root.json("package.json").get("workspaces") if root.exists("package.json") else None
    return strings(said.get("packages") if isinstance(said, dict) else said)


def _nx(root: FolderSource) -> tuple[str, ...]:
    return ("apps/*", "apps/*/*", "packages/*", "libs/*") if root.exists("nx.json") else ()


def _uv(root: FolderSource) -> tuple[str, ...]:
    found = table(root.toml("pyproject.toml"), "tool", "uv", "workspace")
    return (*strings(found.get("members")), *(f"!{one}" for one in strings(found.get("exclude"))))


def _cargo(root: FolderSource) -> tuple[str, ...]:
    found = table(root.toml("Cargo.toml"), "workspace")
    return (*strings(found.get("members")), *(f"!{one}" for one in strings(found.get("exclude"))))


def _go(root: FolderSource) -> tuple[str, ...]:
    text = _COMMENT.sub("", root.text("go.work"))
    return tuple(path.strip('"') for block, alone in _USE.findall(text) for path in (alone or block).split())


_KINDS: Mapping[str, tuple[str, Callable[[FolderSource], tuple[str, ...]]]] = {
    "node": ("package.json", _node),
    "nx": ("project.json", _nx),
    "uv": ("pyproject.toml", _uv),
    "cargo": ("Cargo.toml", _cargo),
    "go": ("go.mod", _go),
}
"""Kind → the file that every member has, and what reads the patterns of its members."""
