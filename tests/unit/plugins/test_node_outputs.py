"""What the frameworks of JavaScript make of apps as people really bring them."""

import json

import pytest
from node_apps import LISTENS, packed, plan
from plugin_answers import matched
from source_tree import Tree
from webduh_plugins.node import Plugin

from webduh_console.frameworks import Static

OURS = "node .webduh/server.mjs dist/server/server.js dist/client"
LOCK = {"package-lock.json": "{}", "x.js": LISTENS}
NEXT = {"build": "next build", "start": "next start"}


@pytest.mark.parametrize(
    ("version", "scripts", "files"),
    [
        ("13.3.0", NEXT, {}),
        ("15", NEXT, {"next.config.js": "module.exports = { outputFileTracingRoot: root }"}),
        ("15", NEXT, {"yarn.lock": "__metadata:\n  version: 8\n"}),
        ("15", NEXT, {"yarn.lock": "__metadata:\n  version: 8\n", "next.config.js": "output: 'standalone'"}),
        ("15", {**NEXT, "build": "turbo run build"}, {}),
    ],
)
def test_next_is_left_to_start_itself_where_its_standalone_server_would_not_do(
    tree: Tree, version: str, scripts: dict[str, str], files: dict[str, str]
) -> None:
    found = plan(tree, {"package.json": packed(f"next@{version}", scripts=scripts), **files})
    assert (found.start or ())[-4:] == ("next", "start", "-p", "${PORT}") or (found.start or ())[1:] == (
        "start",
        "-p",
        "${PORT}",
    )
    assert found.build[0].env == {}


@pytest.mark.parametrize(
    ("version", "start", "instead"),
    [
        (
            "14.2.5",
            "node .next/standalone/server.js",
            "its standalone server",
        ),
        (
            "15.1.2",
            "node .next/standalone/server.js",
            "its standalone server",
        ),
        (
            "12.1.0",
            "node_modules/.bin/next start -p ${PORT}",
            "Next's own server",
        ),
    ],
)
def test_open_next_says_which_next_it_does_not_build(tree: Tree, version: str, start: str, instead: str) -> None:
    files = tree({"package.json": packed(f"next@{version}", scripts=NEXT), "package-lock.json": "{}"})
    found = Plugin().plan(files, matched(Plugin(), files), {"output": "opennext"})
    why = f"OpenNext is not used: no version of it builds Next {version}. It is {instead} instead."
    assert (found.start, found.warnings) == (tuple(start.split()), (why,))


def test_a_vite_app_with_documents_beside_it_is_served_itself(tree: Tree) -> None:
    scripts = {"build": "vite build", "docs:build": "vitepress build docs"}
    found = plan(tree, {"package.json": packed("vite vitepress", scripts=scripts), "index.html": "", **LOCK})
    assert (found.variant, found.static) == ("vite", Static("dist", spa=True))


def test_a_library_with_documents_is_its_documents(tree: Tree) -> None:
    scripts = {"build": "tsup", "docs:build": "vitepress build docs"}
    found = plan(tree, {"package.json": packed("vitepress", scripts=scripts), "package-lock.json": "{}"})
    assert (found.variant, found.static) == ("vitepress", Static("docs/.vitepress/dist"))
    assert found.build[0].run == ("npm", "run", "docs:build")


@pytest.mark.parametrize("auto", ["1", "2", "^3.0.0", "^6.1.0"])
@pytest.mark.parametrize(
    ("lock", "add"),
    [
        ({"package-lock.json": "{}"}, "npm install --no-save --no-audit --no-fund"),
        ({"pnpm-lock.yaml": ""}, "pnpm add --save-dev"),
        ({"yarn.lock": ""}, "yarn add --dev"),
        ({"bun.lock": ""}, "bun add --dev"),
    ],
)
def test_sveltekit_with_the_automatic_adapter_is_a_server_of_node(
    tree: Tree, auto: str, lock: dict[str, str], add: str
) -> None:
    kit = "1" if auto in "12" else "2"
    scripts = {"build": "vite build", "preview": "vite preview"}
    dependencies = f"@sveltejs/kit@{kit} @sveltejs/adapter-auto@{auto} vite"
    config = {"svelte.config.js": "import adapter from '@sveltejs/adapter-auto'"}
    found = plan(tree, {"package.json": packed(dependencies, scripts=scripts), **lock, **config})
    version = "1" if kit == "1" else "5"
    assert found.install[1].run == (*add.split(), f"@sveltejs/adapter-auto@npm:@sveltejs/adapter-node@{version}")
    assert (found.start, found.build[0].run[1:], found.warnings) == (("node", "build"), ("run", "build"), ())


@pytest.mark.parametrize(
    ("dependencies", "scripts", "files", "static", "start"),
    [
        ("nuxt@3", {"generate": "nuxt generate"}, {}, ".output/public", None),
        ("nuxt@3", {"build": "nuxt build", "generate": "nuxt generate"}, {}, None, "node .output/server/index.mjs"),
        ("nuxt@2", {"build": "nuxt build", "start": "nuxt start"}, {}, None, "node_modules/.bin/nuxt start"),
        ("nuxt@2", {"generate": "nuxt generate"}, {}, "dist", None),
        (
            "nuxt@2 @nuxt/typescript-runtime",
            {"build": "nuxt-ts build", "start": "nuxt-ts start"},
            {},
            None,
            "node_modules/.bin/nuxt-ts start",
        ),
        (
            "@nestjs/core",
            {"build": "nest build", "start": "nest start", "start:prod": "node dist/main"},
            {"nest-cli.json": '{"monorepo": true, "root": "apps/api", "sourceRoot": "apps/api/src"}'},
            None,
            "node dist/apps/api/main.js",
        ),
        (
            "@nestjs/core",
            {"build": "nest build", "start:prod": "node dist/apps/api/main"},
            {"nest-cli.json": '{"monorepo": true, "projects": {"api": {"root": "apps/api"}}}'},
            None,
            "node dist/apps/api/main",
        ),
        (
            "@tanstack/react-start vite",
            {"build": "vite build"},
            {},
            None,
            OURS,
        ),
        (
            "@tanstack/react-start vite",
            {"start": "vite preview"},
            {},
            None,
            OURS,
        ),
        (
            "@tanstack/react-start vite srvx",
            {"start": "srvx --prod dist/server/server.js"},
            {},
            None,
            "npm run start",
        ),
    ],
)
def test_what_comes_out_of_a_framework(
    tree: Tree,
    dependencies: str,
    scripts: dict[str, str],
    files: dict[str, str],
    static: str | None,
    start: str | None,
) -> None:
    found = plan(tree, {"package.json": packed(dependencies, scripts=scripts), **LOCK, **files})
    assert (found.static and found.static.dir, found.start) == (static, tuple(start.split()) if start else None)
    assert "HOST" in found.variables or not (start or "").startswith(("node .", "node_modules/.bin/nuxt"))


def test_a_broken_nest_configuration_is_no_repository_of_several(tree: Tree) -> None:
    files = {"nest-cli.json": json.dumps({"monorepo": True})}
    found = plan(tree, {"package.json": packed("@nestjs/core"), **LOCK, **files})
    assert found.start == ("node", "dist/main.js")


@pytest.mark.parametrize(
    ("dependencies", "scripts", "files", "variant", "comes_out"),
    [
        ("@rsbuild/core", {"build": "rsbuild build"}, {}, "rsbuild", "dist"),
        (
            "@rsbuild/core",
            {"build": "rsbuild build"},
            {"rsbuild.config.ts": "output: { distPath: { root: 'web' } }"},
            "rsbuild",
            "web",
        ),
        ("@rspack/core @rspack/cli", {"build": "rspack build"}, {"index.html": ""}, "rspack", "dist"),
        ("rspress", {"build": "rspress build"}, {}, "rspress", "doc_build"),
        ("@slidev/cli", {"build": "slidev build"}, {}, "slidev", "dist"),
        ("@quasar/app-vite", {"build": "quasar build -m pwa"}, {"index.html": ""}, "quasar", "dist/pwa"),
        ("@quasar/app-vite", {"build": "quasar build -m ssr"}, {}, "quasar", "node dist/ssr/index.js"),
        ("docusaurus@1", {"build": "docusaurus-build"}, {"siteConfig.js": "projectName: 'x'"}, "docusaurus", "build/x"),
        (
            "preact preact-cli@3",
            {
                "build": "preact build",
                "start": "if-env NODE_ENV=production && npm run -s serve || x",
                "serve": "sirv build",
            },
            {},
            "preact-cli",
            "build",
        ),
        ("@modern-js/app-tools", {"start": "modern start"}, {}, "modernjs", "node_modules/.bin/modern serve"),
        ("waku", {"start": "waku start"}, {}, "waku", "node_modules/.bin/waku start --port ${PORT}"),
        (
            "@angular/core @analogjs/platform vite",
            {"start": "npm run dev", "dev": "vite", "build": "vite build"},
            {"angular.json": "{}"},
            "analog",
            "node dist/analog/server/index.mjs",
        ),
        ("blitz@2 next@12", {"start": "blitz start"}, {}, "blitz", "node_modules/.bin/blitz start -p ${PORT}"),
        ("sapper polka", {"start": "node __sapper__/build"}, {}, "sapper", "node __sapper__/build"),
    ],
)
def test_more_frameworks_are_known(
    tree: Tree, dependencies: str, scripts: dict[str, str], files: dict[str, str], variant: str, comes_out: str
) -> None:
    found = plan(tree, {"package.json": packed(dependencies, scripts=scripts), "package-lock.json": "{}", **files})
    assert found.variant == variant
    assert (found.static.dir if found.static else " ".join(found.start or ())) == comes_out


@pytest.mark.parametrize(
    ("dependencies", "more", "needed"),
    [
        ("react-scripts@4.0.3", {}, True),
        ("react-scripts@^5.0.0", {}, False),
        ("@vue/cli-service@~4.5.0", {"engines": {"node": ">=14"}}, True),
        ("@vue/cli-service@~4.5.0", {"engines": {"node": "14.x || 16.x"}}, False),
        ("nuxt@2.15.8", {"volta": {"node": "16.20.0"}}, False),
    ],
)
def test_old_webpacks_build_on_the_node_of_today(
    tree: Tree, dependencies: str, more: dict[str, object], needed: bool
) -> None:
    found = plan(tree, {"package.json": packed(dependencies, scripts={"build": "make"}, **more), **LOCK})
    assert found.build[0].env == ({"NODE_OPTIONS": "--openssl-legacy-provider"} if needed else {})


@pytest.mark.parametrize(
    ("build", "files", "folder"),
    [
        ("vitepress build", {".vitepress/config.mts": ""}, ".vitepress/dist"),
        ("vitepress build", {"docs/.vitepress/config.mts": ""}, "docs/.vitepress/dist"),
        ("vitepress build site", {}, "site/.vitepress/dist"),
    ],
)
def test_the_folder_of_documents_is_told_by_the_script_that_builds_them(
    tree: Tree, build: str, files: dict[str, str], folder: str
) -> None:
    scripts = {"docs:build": build, "docs:dev": "vitepress dev"}
    found = plan(tree, {"package.json": packed("vitepress", scripts=scripts), "package-lock.json": "{}", **files})
    assert found.static == Static(folder)


@pytest.mark.parametrize("start", ["vite", "npm run dev"])
def test_a_page_beside_a_library_for_servers_is_a_page(tree: Tree, start: str) -> None:
    scripts = {"build": "vite build", "dev": "vite", "start": start}
    found = plan(tree, {"package.json": packed("vite express", scripts=scripts), "index.html": "", **LOCK})
    assert (found.variant, found.static) == ("vite", Static("dist", spa=True))


@pytest.mark.parametrize(
    ("listens", "port", "warnings"),
    [
        ("await app.listen(3000)", 3000, 1),
        ("await app.listen(process.env.PORT ?? 3000)", None, 0),
        ("import '@nestjs/platform-fastify'\nawait app.listen(process.env.PORT)", None, 1),
    ],
)
@pytest.mark.parametrize("main", ["src/main.ts", "apps/api/src/main.ts"])
def test_nest_listens_where_its_own_program_says(
    tree: Tree, main: str, listens: str, port: int | None, warnings: int
) -> None:
    scripts = {"build": "nest build", "start": "nest start"}
    files = {"package.json": packed("@nestjs/core", scripts=scripts), "package-lock.json": "{}", main: listens}
    found = plan(tree, files)
    assert (found.port, len(found.warnings)) == (port, warnings)
