"""How the frameworks of JavaScript are built, served and started."""

import json

import pytest
from node_apps import LISTENS, packed, plan
from plugin_answers import matched
from source_tree import Tree
from webduh_plugins.node import Plugin

from webduh_console.errors import UsageError
from webduh_console.frameworks import BuildStep, Process, Static


def test_a_next_app_is_given_its_port(tree: Tree) -> None:
    scripts = {"build": "next build", "start": "next start -p 3000"}
    found = plan(tree, {"package.json": packed("next react", scripts=scripts), "package-lock.json": "{}"})
    assert found.build == (BuildStep("build", ("npm", "run", "build"), ("node", "npm"), outputs=(".next",)),)
    assert found.processes == (Process("web", ("node_modules/.bin/next", "start", "-p", "${PORT}")),)
    assert (found.variant, found.static, found.port, found.warnings) == ("next", None, None, ())


def test_a_standalone_next_app_is_put_together(tree: Tree) -> None:
    config = "module.exports = { output: 'standalone' }"
    found = plan(
        tree, {"package.json": packed("next"), "next.config.js": config, "public/a.png": "", "yarn.lock": "# v1"}
    )
    assert [step.run for step in found.build] == [
        ("node_modules/.bin/next", "build"),
        ("cp", "-R", ".next/static", ".next/standalone/.next/static"),
        ("cp", "-R", "public", ".next/standalone/public"),
    ]
    assert found.start == ("node", ".next/standalone/server.js")
    assert found.variables == {"NODE_ENV": "production", "HOSTNAME": "0.0.0.0"}


STATIC = [
    ("next", {"next.config.mjs": 'export default { output : "export" }'}, {}, Static("out")),
    ("next", {"next.config.ts": "const c = { output: `export`, distDir: './web/' }"}, {}, Static("web")),
    ("nuxt", {}, {"build": "nuxt generate"}, Static(".output/public")),
    ("@sveltejs/kit @sveltejs/adapter-static vite", {}, {}, Static("build")),
    (
        "@sveltejs/kit @sveltejs/adapter-static",
        {"svelte.config.js": "adapter({ fallback: 'index.html' })"},
        {},
        Static("build", spa=True),
    ),
    (
        "@sveltejs/kit @sveltejs/adapter-static",
        {"svelte.config.js": "adapter({ pages: 'web', fallback: '200.html' })"},
        {},
        Static("web", not_found="200.html"),
    ),
    (
        "@react-router/dev vite",
        {"react-router.config.ts": "export default { ssr: false }"},
        {},
        Static("build/client", spa=True),
    ),
    ("astro", {}, {}, Static("dist")),
    ("astro", {"astro.config.mjs": "export default { outDir: './web' }"}, {}, Static("web")),
    ("astro @astrojs/node", {"astro.config.mjs": "// adapter: node() from '@astrojs/node'"}, {}, Static("dist")),
    ("gatsby", {}, {"start": "gatsby develop"}, Static("public")),
    ("@docusaurus/core", {}, {"start": "docusaurus start"}, Static("build")),
    ("vitepress", {}, {"docs:build": "vitepress build docs"}, Static("docs/.vitepress/dist")),
    ("vitepress", {}, {"build": "vitepress build"}, Static(".vitepress/dist")),
    ("@11ty/eleventy", {}, {"build": "eleventy"}, Static("_site")),
    ("@11ty/eleventy", {"eleventy.config.js": 'return { dir: { output: "web" } }'}, {}, Static("web")),
    ("@11ty/eleventy", {}, {"build": "eleventy --output=./web"}, Static("web")),
    ("hexo", {}, {}, Static("public")),
    ("react-scripts", {}, {"start": "react-scripts start"}, Static("build", spa=True)),
    ("@vue/cli-service", {}, {}, Static("dist", spa=True)),
    ("vite", {"index.html": ""}, {"start": "vite preview"}, Static("dist", spa=True)),
    ("vite", {"index.html": ""}, {"start": "serve -s dist"}, Static("dist", spa=True)),
    ("vite", {"index.html": "", "about.html": ""}, {}, Static("dist")),
    ("vite", {"vite.config.js": "export default { build: { outDir: 'web' } }"}, {}, Static("web", spa=True)),
    ("vite", {"vite.config.js": "/* outDir: 'web' */ export default {}"}, {}, Static("dist", spa=True)),
    ("parcel", {}, {}, Static("dist", spa=True)),
    (
        "@angular/core",
        {
            "angular.json": json.dumps(
                {"projects": {"shop": {"architect": {"build": {"builder": "@angular/build:application"}}}}}
            )
        },
        {"start": "ng serve"},
        Static("dist/shop/browser", spa=True),
    ),
    (
        "@angular/core",
        {
            "angular.json": json.dumps(
                {"projects": {"s": {"architect": {"build": {"options": {"outputPath": "dist/web"}}}}}}
            )
        },
        {},
        Static("dist/web", spa=True),
    ),
]


@pytest.mark.parametrize(("dependencies", "files", "scripts", "static"), STATIC)
def test_what_makes_files_is_served_as_files(
    tree: Tree, dependencies: str, files: dict[str, str], scripts: dict[str, str], static: Static
) -> None:
    found = plan(tree, {"package.json": packed(dependencies, scripts=scripts), **files, "package-lock.json": "{}"})
    assert (found.static, found.processes, found.port, found.warnings) == (static, (), None, ())


SERVERS = [
    ("nuxt", {}, {}, "node .output/server/index.mjs", {"HOST": "0.0.0.0"}),
    ("nuxt", {}, {"start": "node .output/server/index.mjs"}, "node .output/server/index.mjs", {"HOST": "0.0.0.0"}),
    ("nuxt", {}, {"start": "nuxt start"}, "node .output/server/index.mjs", {"HOST": "0.0.0.0"}),
    ("@sveltejs/kit @sveltejs/adapter-node", {}, {}, "node build", {}),
    ("@react-router/dev", {}, {}, "node_modules/.bin/react-router-serve build/server/index.js", {}),
    (
        "@react-router/dev",
        {"react-router.config.ts": "export default { ssr: true }"},
        {"start": "react-router-serve ./build/server/index.js"},
        "node_modules/.bin/react-router-serve build/server/index.js",
        {},
    ),
    ("@remix-run/dev vite", {}, {}, "node_modules/.bin/remix-serve build/server/index.js", {}),
    ("@remix-run/dev", {}, {}, "node_modules/.bin/remix-serve build/index.js", {}),
    ("@tanstack/react-start vite nitro", {}, {}, "node .output/server/index.mjs", {"HOST": "0.0.0.0"}),
    (
        "astro @astrojs/node",
        {"astro.config.mjs": "import node from '@astrojs/node'"},
        {"start": "astro preview"},
        "node dist/server/entry.mjs",
        {"HOST": "0.0.0.0"},
    ),
    ("@nestjs/core", {}, {"start": "nest start", "start:prod": "node dist/main"}, "node dist/main", {}),
    ("@nestjs/core", {}, {"start": "nest start"}, "node dist/main.js", {}),
    ("next", {}, {"start": "next dev"}, "node_modules/.bin/next start -p ${PORT}", {}),
    ("next", {}, {"start": "next start", "prestart": "migrate"}, "npm run start", {}),
    ("next", {}, {"start": "PORT=$PORT node server.js"}, "npm run start", {}),
    (
        "next",
        {},
        {"start": "NODE_OPTIONS=--max-old-space-size=512 node server.js"},
        "env NODE_OPTIONS=--max-old-space-size=512 node server.js",
        {},
    ),
]


@pytest.mark.parametrize(("dependencies", "files", "scripts", "start", "variables"), SERVERS)
def test_a_framework_with_a_server_is_started(
    tree: Tree, dependencies: str, files: dict[str, str], scripts: dict[str, str], start: str, variables: dict[str, str]
) -> None:
    files = {"package.json": packed(dependencies, scripts=scripts), **files, "package-lock.json": "{}", "x.js": LISTENS}
    found = plan(tree, files)
    assert (found.start, found.static, found.port, found.warnings) == (tuple(start.split()), None, None, ())
    assert found.variables == {"NODE_ENV": "production", **variables}


@pytest.mark.parametrize(
    ("dependencies", "files", "scripts", "warning"),
    [
        (
            "vite",
            {"index.html": ""},
            {"start": "node server.js"},
            "vite makes static files, but the app says how it is started: `static: dist` would serve them.",
        ),
        (
            "@sveltejs/kit",
            {},
            {},
            "SvelteKit has no adapter that makes a server: depend on @sveltejs/adapter-node. Its preview is started.",
        ),
        (
            "@sveltejs/kit@2 @sveltejs/adapter-vercel@5",
            {"svelte.config.js": "import adapter from '@sveltejs/adapter-vercel'"},
            {},
            "@sveltejs/adapter-vercel builds for another place: @sveltejs/adapter-node is used.",
        ),
        (
            "astro @astrojs/vercel",
            {"astro.config.mjs": "import v from '@astrojs/vercel'"},
            {},
            "@astrojs/vercel builds for another place: use @astrojs/node, or no adapter for static files.",
        ),
    ],
)
def test_what_does_not_quite_fit_is_warned_about(
    tree: Tree, dependencies: str, files: dict[str, str], scripts: dict[str, str], warning: str
) -> None:
    found = plan(
        tree,
        {"package.json": packed(dependencies, scripts=scripts), "package-lock.json": "{}", "x.js": LISTENS, **files},
    )
    assert found.warnings == (warning,)


def test_a_next_app_that_says_nothing_is_built_as_its_standalone_server(tree: Tree) -> None:
    scripts = {"build": "next build", "start": "next start -p 3001"}
    found = plan(tree, {"package.json": packed("next@15", scripts=scripts), "package-lock.json": "{}"})
    assert found.start == ("node", ".next/standalone/server.js")
    assert found.build[0].env == {"NEXT_PRIVATE_STANDALONE": "true"}
    assert (found.port, found.warnings) == (None, ())


@pytest.mark.parametrize(
    ("dependencies", "scripts", "files"),
    [
        ("next@12", {"build": "next build"}, {}),
        ("next@15", {"build": "next build", "start": "node server.js"}, {}),
        ("next@15", {"build": "next build", "start": "next start", "prestart": "migrate"}, {}),
        ("next@15", {"build": "make"}, {}),
        ("next@15", {"build": "next build"}, {"next.config.js": "module.exports = { output: mode() }"}),
        ("next@15", {"build": "next build"}, {"Procfile": "release: npx prisma migrate deploy"}),
    ],
)
def test_a_next_app_that_needs_more_than_that_is_not(
    tree: Tree, dependencies: str, scripts: dict[str, str], files: dict[str, str]
) -> None:
    found = plan(tree, {"package.json": packed(dependencies, scripts=scripts), **files})
    assert "standalone" not in " ".join(found.start or ())
    assert found.build[0].env == {}


@pytest.mark.parametrize(
    ("version", "open_next"),
    [
        *(("15.5.29", "4.1.16"), ("16.4.5", "4.1.16"), ("^15.5.0", "4.1.16"), ("latest", "4.1.16")),
        *(("15.1.12", "3.9.16"), ("15.5.10", "3.9.16"), ("16.1.5", "3.9.16")),
    ],
)
def test_open_next_is_of_the_version_that_builds_this_next(tree: Tree, version: str, open_next: str) -> None:
    files = tree(
        {"package.json": packed(f"next@{version}", scripts={"build": "next build"}), "package-lock.json": "{}"}
    )
    found = Plugin().plan(files, matched(Plugin(), files), {"output": "opennext"})
    assert found.build[0].run[-1] == f"@opennextjs/aws@{open_next}"
    assert found.start == (
        "sh",
        "-c",
        'cd "$1" && shift && exec "$@"',
        "sh",
        ".open-next/server-functions/default",
        "node",
        "index.mjs",
    )
    assert (found.runtime, found.writes, len(found.files)) == ((".open-next",), (".open-next/cache",), 5)
    assert [check.name for check in found.checks] == ["sharp"]


@pytest.mark.parametrize(
    ("dependencies", "files", "scripts", "static", "start"),
    [
        ("svelte rollup sirv-cli", {}, {"build": "rollup -c", "start": "sirv public"}, Static("public"), None),
        ("", {}, {"build": "make", "start": "serve -s dist -l 3000"}, Static("dist", spa=True), None),
        ("tailwindcss", {"public/index.html": ""}, {"build": "tailwindcss"}, Static("public"), None),
        ("vite express", {"index.html": ""}, {"build": "vite build"}, Static("dist", spa=True), None),
        ("vite express", {}, {"build": "vite build", "start": "node x.js"}, None, ("node", "x.js")),
        (
            "nitro vite",
            {"vite.config.ts": "import { nitro } from 'nitro/vite'"},
            {},
            None,
            ("node", ".output/server/index.mjs"),
        ),
        ("discord.js", {"bot.js": ""}, {"start": "node bot.js"}, None, None),
        (
            "nuxt@2",
            {"nuxt.config.js": "target: 'static'"},
            {"build": "nuxt build"},
            Static("dist", not_found="200.html"),
            None,
        ),
    ],
)
def test_what_is_served_and_what_is_started(
    tree: Tree,
    dependencies: str,
    files: dict[str, str],
    scripts: dict[str, str],
    static: Static | None,
    start: tuple[str, ...] | None,
) -> None:
    found = plan(tree, {"package.json": packed(dependencies, scripts=scripts), **files})
    assert (found.static, found.start) == (static, start)


def test_a_bot_is_a_worker(tree: Tree) -> None:
    found = plan(
        tree, {"package.json": packed("discord.js", scripts={"start": "node bot.js"}), "package-lock.json": "{}"}
    )
    assert (found.processes, found.port, found.warnings) == ((Process("worker", ("node", "bot.js")),), None, ())


def test_meteor_is_refused_in_words(tree: Tree) -> None:
    with pytest.raises(UsageError, match="Apps of Meteor are not built here"):
        plan(tree, {"package.json": packed("meteor-node-stubs"), ".meteor/release": "METEOR@3"})
