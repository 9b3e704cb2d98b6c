"""What people write into package.json and into their programs, beyond the usual."""

import pytest
from node_apps import packed, plan
from source_tree import Tree

from webduh_console.frameworks import Static


@pytest.mark.parametrize(
    ("said", "files", "manager", "version"),
    [
        ({"volta": {"node": "20.1.0", "yarn": "1.22.19"}}, {}, "yarn", "1.22.19"),
        ({"volta": {"pnpm": "9.1.0"}}, {}, "pnpm", "9.1.0"),
        ({"engines": {"pnpm": "9.x"}}, {}, "pnpm", "9.x"),
        ({"engines": {"pnpm": "^10.2"}}, {"pnpm-lock.yaml": "lockfileVersion: '9.0'"}, "pnpm", "^10.2"),
        ({"engines": {"pnpm": "9.12.1"}}, {"pnpm-lock.yaml": "lockfileVersion: '9.0'"}, "pnpm", "9.12.1"),
        ({"engines": {"pnpm": ">=8"}}, {"pnpm-lock.yaml": "lockfileVersion: '6.0'"}, "pnpm", "8"),
        ({"engines": {"yarn": "1.x"}}, {"yarn.lock": "# yarn lockfile v1"}, "yarn", "1.x"),
        ({"engines": {"pnpm": "9"}, "packageManager": "pnpm@10.1.0"}, {}, "pnpm", "10.1.0"),
        (
            {"devEngines": {"packageManager": {"name": "pnpm", "version": "10.4.1"}}},
            {"package-lock.json": "{}"},
            "pnpm",
            "10.4.1",
        ),
    ],
)
def test_the_package_manager_and_its_version(
    tree: Tree, said: dict[str, object], files: dict[str, str], manager: str, version: str
) -> None:
    found = plan(tree, {"package.json": packed("express", main="a.js", **said), "a.js": "", **files})
    assert (found.package_manager, found.versions.get(manager)) == (manager, version)


@pytest.mark.parametrize(
    "program",
    [
        "const server = Hapi.server({ host: '0.0.0.0', port: 4000 })",
        "import { serve } from '@hono/node-server'; serve({ fetch: app.fetch, port: 4000 })",
        "import { serve } from 'srvx'; serve(app, { port: 4000 })",
        "Bun.serve({ port: 4000, fetch(request) { return new Response('x') } })",
        "const port = 4000; app.listen({ port }); app.listen(port)",
    ],
)
def test_a_port_that_the_program_says(tree: Tree, program: str) -> None:
    assert plan(tree, {"package.json": packed("hono", main="index.js"), "index.js": program}).port == 4000


@pytest.mark.parametrize(
    ("settings", "files"),
    [
        ("module.exports = { outputFileTracingRoot: __dirname + '/..' }", {}),
        ("", {"yarn.lock": "__metadata:\n  version: 8", ".yarnrc.yml": "enableTelemetry: false"}),
    ],
)
def test_next_is_left_alone_where_its_own_server_would_stand_elsewhere(
    tree: Tree, settings: str, files: dict[str, str]
) -> None:
    package = packed("next@15.1.0 react", scripts={"build": "next build", "start": "next start"})
    found = plan(tree, {"package.json": package, "next.config.js": settings, "pages/index.js": "", **files})
    (web,) = found.processes
    assert web.command[-4:] == ("next", "start", "-p", "${PORT}") or web.command[-2:] == ("-p", "${PORT}")
    assert not any("NEXT_PRIVATE_STANDALONE" in step.env for step in found.build)


def test_an_app_of_vite_with_a_manual_is_not_its_manual(tree: Tree) -> None:
    scripts = {"build": "vite build", "docs:build": "vitepress build docs"}
    files = {"package.json": packed("vite vitepress", scripts=scripts), "index.html": "x", "docs/index.md": "x"}
    assert plan(tree, files).variant == "vite"
    only = {"package.json": packed("vitepress", scripts={"docs:build": "vitepress build docs"}), "docs/index.md": "x"}
    assert plan(tree, only).variant == "vitepress"


@pytest.mark.parametrize(
    ("needs", "variant"),
    [
        ("@keystone-6/core next react", "keystone"),
        ("sails", "sails"),
        ("@loopback/rest", "loopback"),
        ("loopback", "loopback"),
        ("@foal/core", "foal"),
        ("moleculer", "moleculer"),
        ("graphql-yoga", "graphql-yoga"),
        ("socket.io", "socket.io"),
        ("express socket.io", "express"),
    ],
)
def test_a_framework_is_told_from_what_it_is_built_on(tree: Tree, needs: str, variant: str) -> None:
    files = {"package.json": packed(needs, scripts={"start": "node app.js"}), "app.js": "app.listen(process.env.PORT)"}
    assert plan(tree, files).variant == variant


@pytest.mark.parametrize(
    ("start", "scripts", "files", "built"),
    [
        ("node lib/", {"compile": "tsc"}, {}, ["npm", "run", "compile"]),
        ("node dist/main.js", {"build:prod": "tsc -p ."}, {}, ["npm", "run", "build:prod"]),
        ("node dist/main.js", {"compile": "x", "build": "tsc"}, {}, ["npm", "run", "build"]),
        ("node lib/main.js", {"compile": "tsc"}, {"lib/main.js": ""}, []),
        ("node main.js", {"compile": "tsc"}, {"main.js": ""}, []),
        ("node lib/main", {"compile": "tsc"}, {"lib/main.js": ""}, []),
    ],
)
def test_a_file_that_is_not_there_yet_is_made_by_the_script_that_compiles(
    tree: Tree, start: str, scripts: dict[str, str], files: dict[str, str], built: list[str]
) -> None:
    package = packed("express", scripts={"start": start, **scripts})
    found = plan(tree, {"package.json": package, "src/main.ts": "", **files})
    assert [word for step in found.build for word in step.run] == built


@pytest.mark.parametrize(
    ("file", "text", "static"),
    [
        ("wrangler.jsonc", '{\n  // what is served\n  "assets": {\n    "directory": "./site/"\n  }\n}', "site"),
        ("wrangler.toml", '[assets]\nbinding = "ASSETS"\ndirectory = "./site"\n', "site"),
        ("wrangler.toml", 'assets = { directory = "./site" }\n', "site"),
        ("wrangler.toml", 'main = "worker.js"\n[assets]\ndirectory = "./site"\n', None),
        ("wrangler.jsonc", '{"name": "x"}', None),
    ],
)
def test_what_cloudflare_would_serve_is_served_where_no_program_answers(
    tree: Tree, file: str, text: str, static: str | None
) -> None:
    found = plan(tree, {"package.json": packed(scripts={"start": "wrangler dev"}), file: text, "site/index.html": ""})
    assert (found.static and found.static.dir, found.start is None) == (static, static is not None)


@pytest.mark.parametrize(
    ("start", "served"),
    [
        ("gatsby clean && gatsby develop", True),
        ("rimraf .cache && gatsby develop", True),
        ("yarn run clean && gatsby develop -H 0.0.0.0", True),
        ("gatsby build && node server.js", False),
    ],
)
def test_a_start_that_cleans_and_develops_starts_nothing_in_production(tree: Tree, start: str, served: bool) -> None:
    package = packed("gatsby", scripts={"start": start, "build": "gatsby build"})
    found = plan(tree, {"package.json": package, "gatsby-config.js": "", "server.js": ""})
    assert (found.static is not None, found.start is None) == (served, served)


@pytest.mark.parametrize(
    ("listens", "file", "settings", "port"),
    [
        ("app.listen(config.port)", "src/config.js", "module.exports = { port: 8000 }", 8000),
        ("app.listen(settings.server.PORT, up)", "config/index.js", "exports.server = { PORT: 8000 }", 8000),
        ("app.listen({ port: config.port })", "src/config.js", "export const config = { port: 8000 }", 8000),
        ("app.listen(config.port)", "config/db.js", "module.exports = { db: { port: 5432 }, port: 8000 }", 8000),
        ("app.listen(config.port)", "src/config.js", "module.exports = { port: process.env.PORT || 8000 }", None),
        ("app.listen(config.port)", "src/config.js", "module.exports = { port: 8000, metrics: { port: 8001 } }", None),
        ("app.listen(process.env.PORT)", "src/config.js", "module.exports = { port: 8000 }", None),
        ("connect(config.port)", "src/config.js", "module.exports = { port: 8000 }", None),
    ],
)
def test_a_port_that_the_settings_say(tree: Tree, listens: str, file: str, settings: str, port: int | None) -> None:
    package = packed("express", scripts={"start": "node src/app.js"})
    assert plan(tree, {"package.json": package, "src/app.js": listens, file: settings}).port == port


def test_elm_land_makes_pages(tree: Tree) -> None:
    package = packed("elm-land", scripts={"start": "elm-land server", "build": "elm-land build"})
    found = plan(tree, {"package.json": package, "elm-land.json": "{}"})
    assert (found.variant, found.static, found.start) == ("elm-land", Static("dist", spa=True), None)
