"""Apps of JavaScript as people really bring them: what starts them, builds them, and what they run on."""

import json

import pytest
from node_apps import LISTENS, packed, plan
from plugin_answers import matched
from source_tree import Tree
from webduh_plugins.node import Plugin

from webduh_console.frameworks import Static

OURS = "node .webduh/server.mjs dist/server/server.js dist/client"
LOCK = {"package-lock.json": "{}", "x.js": LISTENS}


@pytest.mark.parametrize(
    ("more", "lock", "manager", "version", "file"),
    [
        (
            {"devEngines": {"packageManager": {"name": "pnpm", "version": "^9.0.0"}}},
            {},
            "pnpm",
            "^9.0.0",
            "package.json",
        ),
        ({"devEngines": {"packageManager": [{"name": "yarn"}]}}, {"yarn.lock": "# v1"}, "yarn", None, None),
        ({"engines": {"pnpm": "9.x"}}, {}, "pnpm", "9.x", "package.json"),
        ({"engines": {"pnpm": "9.1.0"}}, {"pnpm-lock.yaml": ""}, "pnpm", "9.1.0", "package.json"),
        ({"engines": {"pnpm": ">=6"}}, {"pnpm-lock.yaml": "lockfileVersion: 5.4"}, "pnpm", "7", "pnpm-lock.yaml"),
        ({"engines": {"yarn": "1.22.x"}}, {"yarn.lock": "# v1"}, "yarn", "1.22.x", "package.json"),
        ({"engines": {"yarn": ">=1.22"}}, {"package-lock.json": "{}"}, "npm", None, None),
        ({"volta": {"node": "20.1.0", "yarn": "1.22.19"}}, {}, "yarn", "1.22.19", "package.json"),
        ({"volta": {"node": "20.1.0", "npm": "10.2.0"}}, {"package-lock.json": "{}"}, "npm", "10.2.0", "package.json"),
        ({"volta": {"pnpm": "8.6.0"}, "engines": {"pnpm": ">=8"}}, {}, "pnpm", "8.6.0", "package.json"),
        ({"engines": {"npm": ">=9"}}, {}, "npm", None, None),
    ],
)
def test_the_package_manager_and_its_version_are_where_people_say_them(
    tree: Tree, more: dict[str, object], lock: dict[str, str], manager: str, version: str | None, file: str | None
) -> None:
    found = plan(tree, {"package.json": packed("express", **more), "server.js": LISTENS, **lock})
    assert (found.package_manager, found.versions.get(manager), found.version_source.get(manager)) == (
        manager,
        version,
        file,
    )


@pytest.mark.parametrize(
    ("scripts", "start", "build"),
    [
        ({"start": "npm run serve", "serve": "node a.js"}, "node a.js", None),
        ({"start": "pnpm run start:prod", "start:prod": "node dist/main"}, "node dist/main", None),
        ({"start": "yarn serve", "serve": "npm run go", "go": "NODE_ENV=production node a.js"}, None, None),
        ({"start": "node --run go", "go": "node a.js"}, "node a.js", None),
        ({"start": "npm run missing"}, "npm run start", None),
        ({"start": "npm run serve", "serve": "node a.js", "preserve": "x"}, "npm run serve", None),
        ({"build": "tsc", "start": "npm run build && node dist/a.js"}, "node dist/a.js", "npm run build"),
        ({"build": "tsc", "prestart": "npm run build", "start": "node dist/a.js"}, "node dist/a.js", "npm run build"),
        ({"start": "npx tsc && node dist/a.js"}, "node dist/a.js", 'PATH="$PWD/node_modules/.bin:$PATH"; exec npx tsc'),
        ({"prestart": "migrate", "start": "node a.js"}, "npm run start", None),
    ],
)
def test_a_start_script_is_followed_to_what_really_starts(
    tree: Tree, scripts: dict[str, str], start: str | None, build: str | None
) -> None:
    found = plan(tree, {"package.json": packed("express", scripts=scripts), **LOCK})
    wanted = tuple(start.split()) if start else ("env", "NODE_ENV=production", "node", "a.js")
    assert found.start == wanted
    assert [step.run[-1] if step.run[0] == "sh" else " ".join(step.run) for step in found.build] == (
        [build] if build else []
    )


@pytest.mark.parametrize(
    ("dependencies", "more", "files", "base", "start"),
    [
        ("express", {"scripts": {"start": "node server.js"}}, {}, "node", "node server.js"),
        ("express", {"scripts": {"start": "tsx server.ts"}}, {}, "node", "bun run start"),
        ("next", {"scripts": {"build": "next build", "start": "next start"}}, {}, "node", None),
        ("vite", {"scripts": {"build": "vite build"}}, {"index.html": ""}, "node", None),
        ("hono", {"scripts": {"start": "bun run server.ts"}}, {}, "", "bun run server.ts"),
        ("hono", {}, {"index.ts": "export default { fetch: app.fetch }"}, "", "bun index.ts"),
        ("hono", {"scripts": {"start": "bun server.ts"}}, {}, "", "bun server.ts"),
    ],
)
def test_bun_that_only_installs_leaves_an_app_on_node(
    tree: Tree, dependencies: str, more: dict[str, object], files: dict[str, str], base: str, start: str | None
) -> None:
    found = plan(tree, {"package.json": packed(dependencies, **more), "bun.lock": "", "x.js": LISTENS, **files})
    assert (found.package_manager, found.base) == ("bun", base)
    assert start is None or found.start == tuple(start.split())


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


def test_a_vite_app_with_documents_beside_it_is_served_itself(tree: Tree) -> None:
    scripts = {"build": "vite build", "docs:build": "vitepress build docs"}
    found = plan(tree, {"package.json": packed("vite vitepress", scripts=scripts), "index.html": "", **LOCK})
    assert (found.variant, found.static) == ("vite", Static("dist", spa=True))


def test_a_library_with_documents_is_its_documents(tree: Tree) -> None:
    scripts = {"build": "tsup", "docs:build": "vitepress build docs"}
    found = plan(tree, {"package.json": packed("vitepress", scripts=scripts), "package-lock.json": "{}"})
    assert (found.variant, found.static) == ("vitepress", Static("docs/.vitepress/dist"))
    assert found.build[0].run == ("npm", "run", "docs:build")


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


def test_a_broken_nest_configuration_is_no_repository_of_several(tree: Tree) -> None:
    files = {"nest-cli.json": json.dumps({"monorepo": True})}
    found = plan(tree, {"package.json": packed("@nestjs/core"), **LOCK, **files})
    assert found.start == ("node", "dist/main.js")


@pytest.mark.parametrize(
    ("dependencies", "file", "text", "start"),
    [
        (
            "hono",
            "src/index.ts",
            "const app = new Hono()\nexport default app\n",
            "node .webduh/server.mjs src/index.ts",
        ),
        ("express", "app.js", "module.exports = app;", "node .webduh/server.mjs app.js"),
        ("hono tsx", "index.ts", "export default new Hono()", "node --import tsx .webduh/server.mjs index.ts"),
        ("", "server.mjs", "export default { fetch() {} }", "node .webduh/server.mjs server.mjs"),
        ("hono", "index.js", "serve({ fetch: app.fetch, port: 3000 })\nexport default app", "node index.js"),
        ("", "index.js", "export default app", "node index.js"),
    ],
)
def test_what_only_gives_away_its_answers_is_served(
    tree: Tree, dependencies: str, file: str, text: str, start: str
) -> None:
    found = plan(tree, {"package.json": packed(dependencies), "package-lock.json": "{}", file: text})
    assert found.start == tuple(start.split())
    assert set(found.files) == ({".webduh/server.mjs"} if ".webduh" in start else set())


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
    ("files", "manager", "start"),
    [
        ({"package.json": packed(devDependencies={"@types/bun": "latest"}), "index.ts": ""}, "bun", "bun index.ts"),
        ({"package.json": packed(scripts={"start": "bun index.ts"}), "index.ts": ""}, "bun", "bun index.ts"),
        ({"package.json": packed("hono"), "index.ts": "Bun.serve({ fetch })", **LOCK}, "npm", "bun index.ts"),
    ],
)
def test_what_is_written_for_bun_runs_on_bun(tree: Tree, files: dict[str, str], manager: str, start: str) -> None:
    found = plan(tree, files)
    assert (found.package_manager, found.start) == (manager, tuple(start.split()))


@pytest.mark.parametrize("script", ["heroku-postbuild", "vercel-build", "gcp-build"])
def test_a_build_for_another_host_is_one_if_there_is_no_other(tree: Tree, script: str) -> None:
    scripts = {"start": "node x.js", script: "webpack"}
    assert plan(tree, {"package.json": packed("express", scripts=scripts), **LOCK}).build[0].run[-1] == script
    scripts["build"] = "tsc"
    assert plan(tree, {"package.json": packed("express", scripts=scripts), **LOCK}).build[0].run[-1] == "build"


@pytest.mark.parametrize(
    "files",
    [{"netlify.toml": '[build]\npublish = "out/"'}, {"vercel.json": '{"outputDirectory": "out"}'}],
)
def test_the_folder_that_another_host_serves_is_believed(tree: Tree, files: dict[str, str]) -> None:
    found = plan(tree, {"package.json": packed("gulp", scripts={"build": "gulp"}), "package-lock.json": "{}", **files})
    assert found.static == Static("out")


def test_the_port_is_looked_for_in_programs_without_an_ending(tree: Tree) -> None:
    files = {"bin/www": "server.listen(process.env.PORT || '3000')", "app.js": "", "package-lock.json": "{}"}
    found = plan(tree, {"package.json": packed("express", scripts={"start": "node ./bin/www"}), **files})
    assert (found.start, found.port, found.warnings) == (("node", "./bin/www"), None, ())


@pytest.mark.parametrize(
    ("dependencies", "scripts", "files", "start"),
    [
        ("express", {"serve": "node backend/main.js"}, {"backend/main.js": LISTENS}, "node backend/main.js"),
        ("express", {"dev": "nodemon backend/main.js"}, {"backend/main.js": LISTENS}, "node backend/main.js"),
        ("express", {"dev": "webpack --watch"}, {"backend/main.js": LISTENS}, None),
        ("express tsx", {"build": "tsc --noEmit"}, {"server.ts": LISTENS}, "node_modules/.bin/tsx server.ts"),
    ],
)
def test_what_starts_an_app_that_does_not_say_so(
    tree: Tree, dependencies: str, scripts: dict[str, str], files: dict[str, str], start: str | None
) -> None:
    found = plan(tree, {"package.json": packed(dependencies, scripts=scripts), "package-lock.json": "{}", **files})
    assert found.start == (tuple(start.split()) if start else None)


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


def test_files_that_a_followed_script_serves_are_files(tree: Tree) -> None:
    scripts = {"build": "make", "start": "npm run serve", "serve": "serve -s out"}
    assert plan(tree, {"package.json": packed(scripts=scripts), **LOCK}).static == Static("out", spa=True)
