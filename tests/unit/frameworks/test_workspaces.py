"""Which workspace an app's folder is a member of."""

from pathlib import Path

import pytest
from source_tree import written

from webduh_console.frameworks.source import FolderSource
from webduh_console.frameworks.workspaces import built_from
from webduh_console.model.build import BuildPlan

NPM = {
    "package.json": '{"workspaces": ["apps/*", "packages/*", "!packages/old"]}',
    "apps/web/package.json": "{}",
    "apps/web/src/index.js": "",
    "apps/docs/package.json": "{}",
    "packages/ui/package.json": "{}",
    "packages/old/package.json": "{}",
    "tools/package.json": "{}",
}
ROOTS: dict[str, tuple[str, dict[str, str]]] = {
    "npm": ("node", NPM),
    "yarn": (
        "node",
        {"package.json": '{"workspaces": {"packages": ["apps/*"]}}', "apps/web/package.json": "{}"},
    ),
    "pnpm": (
        "node",
        {"package.json": "{}", "pnpm-workspace.yaml": "packages:\n  - apps/**\n", "apps/web/package.json": "{}"},
    ),
    "nx": ("nx", {"nx.json": "{}", "package.json": "{}", "apps/web/project.json": "{}"}),
    "uv": ("uv", {"pyproject.toml": '[tool.uv.workspace]\nmembers=["apps/*"]\n', "apps/web/pyproject.toml": ""}),
    "cargo": ("cargo", {"Cargo.toml": '[workspace]\nmembers = ["apps/web", "lib"]\n', "apps/web/Cargo.toml": ""}),
    "go": ("go", {"go.work": "go 1.25\n\nuse (\n\t./apps/web // the site\n\t./lib\n)\n", "apps/web/go.mod": ""}),
    "go alone": ("go", {"go.work": "go 1.25\nuse ./apps/web\n", "apps/web/go.mod": ""}),
}


@pytest.mark.parametrize("name", ROOTS)
def test_a_member_knows_its_workspace(tmp_path: Path, name: str) -> None:
    kind, files = ROOTS[name]
    written(tmp_path / "root", files)
    workspace = FolderSource(tmp_path / "root/apps/web").workspace

    assert workspace is not None
    assert (workspace.kind, workspace.path, workspace.root.at) == (kind, "apps/web", tmp_path / "root")
    assert "apps/web" in workspace.members
    assert workspace.member("apps/web").name == "web"


def test_the_root_knows_its_members_and_what_is_left_out(tmp_path: Path) -> None:
    workspace = written(tmp_path / "root", NPM).workspace

    assert workspace is not None
    assert (workspace.path, workspace.members) == ("", ("apps/docs", "apps/web", "packages/ui"))


@pytest.mark.parametrize("folder", ["apps/web/src", "tools", "packages/old"])
def test_what_is_no_member_has_no_workspace(tmp_path: Path, folder: str) -> None:
    written(tmp_path / "root", NPM)

    assert FolderSource(tmp_path / "root" / folder).workspace is None


def test_nothing_above_a_repository_is_looked_at(tmp_path: Path) -> None:
    written(tmp_path / "root", {**NPM, "apps/web/.git/": ""})

    assert FolderSource(tmp_path / "root/apps/web").workspace is None


@pytest.mark.parametrize("broken", ["package.json", "pnpm-workspace.yaml"])
def test_a_broken_workspace_file_makes_no_workspace(tmp_path: Path, broken: str) -> None:
    written(tmp_path / "root", {"package.json": "{}", "apps/web/package.json": "{}", broken: "{ [: no"})

    assert FolderSource(tmp_path / "root/apps/web").workspace is None


def test_a_plan_from_the_root_is_built_from_there(tmp_path: Path) -> None:
    written(tmp_path / "root", NPM)
    app, root = tmp_path / "root/apps/web", tmp_path / "root"

    assert built_from(app, BuildPlan("node", "javascript", from_root=True)) == (root, "apps/web")
    assert built_from(app, BuildPlan("node", "javascript")) == (app, "")
