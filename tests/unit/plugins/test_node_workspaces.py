"""Apps in workspaces of JavaScript: built from the root, and the root that stands for its one app."""

import json
from pathlib import Path

import pytest
from node_apps import LISTENS, packed
from webduh_plugins.node import Plugin

from webduh_console.frameworks import BuildPlan
from webduh_console.frameworks.detection import detect
from webduh_console.frameworks.members import SeveralAppsError
from webduh_console.frameworks.source import FolderSource

ROOT = {"package.json": packed(workspaces=["apps/*", "packages/*"]), "package-lock.json": "{}"}
PNPM = {
    "package.json": packed(),
    "pnpm-lock.yaml": "lockfileVersion: '9.0'",
    "pnpm-workspace.yaml": "packages: [apps/*, packages/*]",
}
API = {
    "apps/api/package.json": packed("fastify ui", name="api", scripts={"start": "node server.js", "build": "tsc"}),
    "apps/api/server.js": LISTENS,
}
WEB = {
    "apps/web/package.json": packed("next@15", name="web", scripts={"build": "next build", "start": "next start"}),
    "apps/web/public/a.txt": "",
}
UI = {"packages/ui/package.json": packed("react", name="ui", scripts={"build": "tsc"}, main="dist/index.js")}


def planned(tmp_path: Path, files: dict[str, str], folder: str = "") -> BuildPlan:
    for path, text in files.items():
        whole = tmp_path / path
        whole.parent.mkdir(parents=True, exist_ok=True)
        whole.write_text(text)
    return detect(FolderSource(tmp_path / folder), (Plugin(),)).plan


def test_a_member_is_installed_at_the_root_after_what_it_depends_on(tmp_path: Path) -> None:
    found = planned(tmp_path, {**ROOT, **API, **UI}, "apps/api")
    assert found.from_root
    assert [step.run for step in (*found.install, *found.build)] == [
        ("npm", "ci"),
        ("mkdir", "-p", "apps/api/node_modules", "packages/ui/node_modules"),
        ("npm", "run", "build", "--workspace=packages/ui"),
        ("npm", "run", "build", "--workspace=apps/api"),
    ]
    assert found.install[0].inputs == (
        *("package.json", "package-lock.json", "apps/api/package.json", "packages/ui/package.json"),
    )
    assert found.start == ("sh", "-c", 'cd "$1" && shift && exec "$@"', "sh", "apps/api", "node", "server.js")


@pytest.mark.parametrize(
    ("root", "build"),
    [
        (PNPM, "pnpm --filter web... run build"),
        (
            {**PNPM, "package.json": packed("turbo@2"), "turbo.json": "{}"},
            "node_modules/.bin/turbo run build --filter=web --env-mode=loose",
        ),
        (
            {**PNPM, "package.json": packed("turbo@1"), "turbo.json": "{}"},
            "node_modules/.bin/turbo run build --filter=web",
        ),
        ({**PNPM, "package.json": packed("nx@21"), "nx.json": "{}"}, "node_modules/.bin/nx run web:build"),
        ({**ROOT, "yarn.lock": "", "package-lock.json": ""}, "yarn workspace web run build"),
        ({**ROOT, "bun.lock": "", "package-lock.json": ""}, "bun run --cwd apps/web build"),
    ],
)
def test_a_member_is_built_by_what_the_workspace_uses(tmp_path: Path, root: dict[str, str], build: str) -> None:
    files = {path: text for path, text in {**root, **WEB}.items() if text or path != "package-lock.json"}
    found = planned(tmp_path, files, "apps/web")
    assert [step.run for step in found.build] == [
        tuple(build.split()),
        ("cp", "-R", "apps/web/.next/static", "apps/web/.next/standalone/apps/web/.next/static"),
        ("cp", "-R", "apps/web/public", "apps/web/.next/standalone/apps/web/public"),
    ]
    assert found.start == ("node", "apps/web/.next/standalone/apps/web/server.js")
    assert found.build[0].env["NEXT_PRIVATE_STANDALONE"] == "true"


def test_a_root_that_starts_nothing_stands_for_its_one_app(tmp_path: Path) -> None:
    found = planned(tmp_path, {**ROOT, **API, **UI})
    assert found.start == ("sh", "-c", 'cd "$1" && shift && exec "$@"', "sh", "apps/api", "node", "server.js")
    assert found.warnings == ("apps/api is the one app of this workspace: it is built and started.",)


def test_a_root_with_several_apps_says_which(tmp_path: Path) -> None:
    root = {**ROOT, "package.json": packed("turbo@2", workspaces=["apps/*"], scripts={"start": "turbo run start"})}
    with pytest.raises(SeveralAppsError) as caught:
        planned(tmp_path, {**root, **API, **WEB, **UI})
    assert caught.value.members == ("apps/api", "apps/web")
    assert "webduh deploy apps/api" in caught.value.hint


def test_a_root_with_a_start_of_its_own_is_the_app(tmp_path: Path) -> None:
    root = {**ROOT, "package.json": packed(workspaces=["apps/*"], scripts={"start": "node run.js"}), "run.js": LISTENS}
    found = planned(tmp_path, {**root, **API, **WEB})
    assert (found.start, found.from_root) == (("node", "run.js"), False)


def test_a_member_with_a_lock_file_of_its_own_stands_alone(tmp_path: Path) -> None:
    found = planned(tmp_path, {**ROOT, **API, "apps/api/yarn.lock": "", **UI}, "apps/api")
    assert (found.from_root, found.package_manager, found.start) == (False, "yarn", ("node", "server.js"))


def test_files_of_a_member_are_named_from_the_root(tmp_path: Path) -> None:
    page = {"apps/site/package.json": packed("vite@7", name="site"), "apps/site/index.html": ""}
    found = planned(tmp_path, {**ROOT, **page}, "apps/site")
    assert found.static is not None
    assert found.static.dir == "apps/site/dist"
    assert found.build[0].outputs == ("apps/site/dist",)


@pytest.mark.parametrize(
    ("project", "files", "variant", "start", "static"),
    [
        ("@nx/esbuild:esbuild", {"src/main.ts": LISTENS}, "express", ("node", "dist/apps/a/main.js"), None),
        ("@nx/vite:build", {"vite.config.ts": "build: { outDir: '../../dist/apps/a' }"}, "vite", None, "dist/apps/a"),
        ("@angular/build:application", {}, "angular", None, "dist/apps/a/browser"),
    ],
)
def test_an_app_of_nx_without_a_package_json(
    tmp_path: Path, project: str, files: dict[str, str], variant: str, start: tuple[str, ...], static: str | None
) -> None:
    options = {} if "vite" in project else {"outputPath": "dist/apps/a"}
    said = {"name": "a", "projectType": "application", "targets": {"build": {"executor": project, "options": options}}}
    root = {"package.json": packed("nx@21 express@5"), "nx.json": "{}", "package-lock.json": "{}"}
    app = {"apps/a/project.json": json.dumps(said), **{f"apps/a/{path}": text for path, text in files.items()}}
    found = planned(tmp_path, {**root, **app})
    assert (found.variant, found.start, found.static and found.static.dir) == (variant, start, static)
    assert found.build[0].run == ("node_modules/.bin/nx", "run", "a:build", "--configuration=production")


@pytest.mark.parametrize(
    ("root", "builds"),
    [
        (ROOT, ["npm run build --workspace=packages/ui"]),
        (PNPM, ["pnpm --filter api^... run build"]),
        (
            {**PNPM, "package.json": packed("turbo@2"), "turbo.json": "{}"},
            ["node_modules/.bin/turbo run build --filter=api^... --env-mode=loose"],
        ),
        ({**ROOT, "bun.lock": "", "package-lock.json": ""}, ["bun run --cwd packages/ui build"]),
    ],
)
def test_an_app_without_a_build_gets_its_libraries_built(
    tmp_path: Path, root: dict[str, str], builds: list[str]
) -> None:
    api = {**API, "apps/api/package.json": packed("fastify ui", name="api", scripts={"start": "node server.js"})}
    files = {path: text for path, text in {**root, **api, **UI}.items() if text or path != "package-lock.json"}
    assert [" ".join(step.run) for step in planned(tmp_path, files, "apps/api").build] == builds


def test_an_app_that_needs_no_library_is_not_built_without_a_script(tmp_path: Path) -> None:
    api = {**API, "apps/api/package.json": packed("fastify", name="api", scripts={"start": "node server.js"})}
    assert planned(tmp_path, {**ROOT, **api, **UI}, "apps/api").build == ()


def test_a_framework_without_a_build_script_is_built_after_its_libraries(tmp_path: Path) -> None:
    site = {"apps/web/package.json": packed("vite ui", name="web"), "apps/web/index.html": ""}
    found = planned(tmp_path, {**ROOT, **site, **UI}, "apps/web")
    assert [step.name for step in found.build] == ["build ui", "build"]
    assert found.build[1].run[-2:] == ("vite", "build")


@pytest.mark.parametrize(
    ("root", "add"),
    [
        (ROOT, "npm install --no-save --no-audit --no-fund --workspace=apps/web"),
        (PNPM, "pnpm --filter web add --save-dev"),
        ({**ROOT, "yarn.lock": "# v1", "package-lock.json": ""}, "yarn workspace web add --dev"),
    ],
)
def test_open_next_builds_a_member_in_its_place(tmp_path: Path, root: dict[str, str], add: str) -> None:
    web = {**WEB, "apps/web/package.json": packed("next@16.4.5 ui", name="web", scripts={"build": "next build"})}
    files = {path: text for path, text in {**root, **web, **UI}.items() if text or path != "package-lock.json"}
    found = planned(tmp_path, {**files, "apps/web/open-next.config.ts": ""}, "apps/web")
    assert found.build[-1].run == (
        *("sh", "-c"),
        f'{add} @opennextjs/aws@4.1.16 && cd "$1" && PATH="$PWD/node_modules/.bin:$OLDPWD/node_modules/.bin:$PATH"'
        " exec open-next build --config-path webduh-opennext/open-next.config.ts",
        *("sh", "apps/web"),
    )
    assert len(found.build) == 2
    assert found.start is not None
    assert found.start[-3:] == (".open-next/server-functions/default/apps/web", "node", "index.mjs")
    assert found.runtime == ("apps/web/.open-next",)
    assert found.writes == ("apps/web/.open-next/cache",)
    assert set(found.files) == {
        *(
            f"apps/web/webduh-opennext/{name}"
            for name in ("cache.mjs", "open-next.config.ts", "queue.mjs", "server.mjs")
        ),
        "apps/web/next.config.mjs",
    }
    assert found.checks[0].run[4] == "apps/web"


def test_an_adapter_is_added_to_the_member_that_needs_it(tmp_path: Path) -> None:
    app = packed("@sveltejs/kit@2 @sveltejs/adapter-auto@6", name="web", scripts={"build": "vite build"})
    found = planned(tmp_path, {**PNPM, "apps/web/package.json": app, "apps/web/svelte.config.js": ""}, "apps/web")
    assert found.install[1].run == (
        *("pnpm", "--filter", "web", "add", "--save-dev"),
        "@sveltejs/adapter-auto@npm:@sveltejs/adapter-node@5",
    )
    assert found.start is not None
    assert found.start[-3:] == ("apps/web", "node", "build")
