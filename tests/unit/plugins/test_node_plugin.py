"""JavaScript apps: what is detected, installed, built and started."""

import json
from collections.abc import Callable

import pytest
from webduh_plugins.node import Plugin

from webduh_console.frameworks import BuildPlan, BuildStep, EnvVar, Evidence, Match, Process, SourceError, Static
from webduh_console.frameworks.source import FolderSource

Tree = Callable[[dict[str, str]], FolderSource]

CI = {"CI": "1", "NODE_ENV": "development"}
LISTENS = "require('http').createServer().listen(process.env.PORT)"


def packed(dependencies: str = "", /, **more: object) -> str:
    """A package.json with dependencies (`name` or `name@version`, separated by spaces) and whatever else."""
    names = dict(word.rpartition("@")[::2] if "@" in word[1:] else (word, "1") for word in dependencies.split())
    return json.dumps({"name": "x", **({"dependencies": names} if names else {}), **more})


def match(tree: Tree, files: dict[str, str]) -> Match:
    found = Plugin().detect(tree(files))
    assert found is not None
    return found


def plan(tree: Tree, files: dict[str, str]) -> BuildPlan:
    source = tree(files)
    found = Plugin().detect(source)
    assert found is not None
    return Plugin().plan(source, found, {})


def test_an_express_app(tree: Tree) -> None:
    files = {
        "package.json": packed("express", scripts={"start": "node server.js"}, engines={"node": ">=20"}),
        "package-lock.json": "{}",
        "server.js": "app.listen(process.env.PORT || 3000); key = process.env.API_KEY",
    }
    assert match(tree, files) == Match(
        "node",
        "framework",
        0.95,
        (
            Evidence("package.json", "depends on express"),
            Evidence("package.json", "has a start script"),
            Evidence("package-lock.json", "is for npm"),
        ),
        "express",
    )
    assert plan(tree, files) == BuildPlan(
        "node",
        "javascript",
        "express",
        install=(
            BuildStep(
                "install the dependencies",
                ("npm", "ci"),
                ("node", "npm"),
                ("package.json", "package-lock.json"),
                ("node_modules",),
                ("~/.npm",),
                CI,
            ),
        ),
        processes=(Process("web", ("node", "server.js")),),
        versions={"node": ">=20"},
        version_source={"node": "package.json"},
        package_manager="npm",
        env=(EnvVar("API_KEY", "read in server.js", secret=True),),
        variables={"NODE_ENV": "production"},
    )


def test_a_vite_app_is_built_and_served_as_files(tree: Tree) -> None:
    files = {
        "package.json": packed(
            scripts={"build": "tsc && vite build", "dev": "vite"}, devDependencies={"vite": "6", "react": "19"}
        ),
        "pnpm-lock.yaml": "",
        "index.html": "",
        "vite.config.ts": "export default { }",
        "src/main.tsx": "fetch(import.meta.env.VITE_API_URL)",
    }
    assert match(tree, files) == Match(
        "node",
        "framework",
        0.95,
        (
            Evidence("package.json", "depends on vite"),
            Evidence("package.json", "is there"),
            Evidence("pnpm-lock.yaml", "is for pnpm"),
            Evidence("vite.config.ts", "is the configuration of vite"),
            Evidence("package.json", "has a build script that runs vite"),
        ),
        "vite",
    )
    assert plan(tree, files) == BuildPlan(
        "node",
        "javascript",
        "vite",
        install=(
            BuildStep(
                "install the dependencies",
                ("pnpm", "install", "--frozen-lockfile"),
                ("node", "pnpm"),
                ("package.json", "pnpm-lock.yaml"),
                ("node_modules",),
                ("~/.local/share/pnpm/store",),
                CI,
            ),
        ),
        build=(BuildStep("build", ("pnpm", "run", "build"), ("node", "pnpm"), outputs=("dist",)),),
        static=Static("dist", spa=True),
        package_manager="pnpm",
        env=(EnvVar("VITE_API_URL", "read in src/main.tsx, and written into the build", "build"),),
    )


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
    ("@tanstack/react-start vite", {}, {}, "node .output/server/index.mjs", {"HOST": "0.0.0.0"}),
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
            "@sveltejs/kit @sveltejs/adapter-auto",
            {},
            {},
            "SvelteKit has no adapter that makes a server: depend on @sveltejs/adapter-node. Its preview is started.",
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


@pytest.mark.parametrize(
    ("name", "variant"),
    [(name, name) for name in ("express", "fastify", "koa", "hono", "elysia")] + [("@hapi/hapi", "hapi")],
)
def test_servers_are_told_by_their_dependency(tree: Tree, name: str, variant: str) -> None:
    files = {"package.json": packed(name), "server.js": LISTENS, "package-lock.json": "{}"}
    found = plan(tree, files)
    assert (match(tree, files).tier, found.variant, found.start, found.warnings) == (
        "framework",
        variant,
        ("node", "server.js"),
        (),
    )


@pytest.mark.parametrize(
    "name", ["next-auth", "express-session", "@vitejs/plugin-react", "vitest", "my-next", "@types/express"]
)
def test_a_name_that_only_contains_a_framework_is_not_it(tree: Tree, name: str) -> None:
    found = match(tree, {"package.json": packed(name), "server.js": LISTENS})
    assert (found.tier, found.variant) == ("language", "")


@pytest.mark.parametrize("table", ["dependencies", "devDependencies", "optionalDependencies"])
def test_dependencies_of_development_count_too(tree: Tree, table: str) -> None:
    assert match(tree, {"package.json": packed(**{table: {"astro": "5"}})}).variant == "astro"


MANAGERS = [
    ({}, None, "npm", "npm install"),
    ({"package-lock.json": "{}"}, None, "npm", "npm ci"),
    ({"npm-shrinkwrap.json": "{}"}, None, "npm", "npm ci"),
    ({"pnpm-lock.yaml": ""}, None, "pnpm", "pnpm install --frozen-lockfile"),
    ({"yarn.lock": "# yarn lockfile v1"}, None, "yarn", "yarn install --frozen-lockfile"),
    ({"yarn.lock": "__metadata:\n  version: 8\n"}, None, "yarn", "yarn install --immutable"),
    ({"yarn.lock": "", ".yarnrc.yml": ""}, None, "yarn", "yarn install --immutable"),
    ({"bun.lock": ""}, None, "bun", "bun install --frozen-lockfile"),
    ({"bun.lockb": ""}, None, "bun", "bun install --frozen-lockfile"),
    ({"package-lock.json": "{}"}, "pnpm@9.1.0", "pnpm", "pnpm install"),
    (
        {"package-lock.json": "{}", "pnpm-lock.yaml": ""},
        "pnpm@9.1.0+sha512.ab",
        "pnpm",
        "pnpm install --frozen-lockfile",
    ),
    ({"yarn.lock": ""}, "yarn@4.5.0", "yarn", "yarn install --immutable"),
    ({"yarn.lock": ""}, "yarn@1.22.0", "yarn", "yarn install --frozen-lockfile"),
    ({"pnpm-lock.yaml": ""}, "cargo@1", "pnpm", "pnpm install --frozen-lockfile"),
    ({"pnpm-lock.yaml": ""}, 7, "pnpm", "pnpm install --frozen-lockfile"),
]


@pytest.mark.parametrize(("files", "said", "manager", "command"), MANAGERS)
def test_the_package_manager_is_said_or_told_by_the_lock_file(
    tree: Tree, files: dict[str, str], said: object, manager: str, command: str
) -> None:
    more = {"packageManager": said} if said is not None else {}
    found = plan(tree, {"package.json": packed("express", **more), "server.js": LISTENS, **files})
    assert (found.package_manager, [" ".join(step.run) for step in found.install]) == (manager, [command])


def test_several_lock_files_are_warned_about(tree: Tree) -> None:
    files = {"package.json": packed("express"), "server.js": LISTENS, "yarn.lock": "", "package-lock.json": "{}"}
    assert plan(tree, files).warnings == ("There are several lock files (yarn.lock, package-lock.json): yarn is used.",)


def test_no_lock_file_is_warned_about(tree: Tree) -> None:
    found = plan(tree, {"package.json": packed("express"), "server.js": LISTENS})
    assert found.warnings == ("There is no lock file: a later build may install other versions.",)


def test_without_dependencies_nothing_is_installed(tree: Tree) -> None:
    found = plan(
        tree,
        {"package.json": packed(scripts={"start": "node server.js"}), "server.js": LISTENS, "package-lock.json": "{}"},
    )
    assert (found.install, found.build, found.start, found.warnings) == ((), (), ("node", "server.js"), ())


@pytest.mark.parametrize(
    "more",
    [
        {"scripts": {"postinstall": "node x.js"}},
        {"dependencies": {"mine": "file:./mine"}},
        {"dependencies": {"@prisma/client": "6"}},
        {"workspaces": ["a"]},
    ],
)
def test_an_install_that_reads_the_apps_files_depends_on_all_of_them(tree: Tree, more: dict[str, object]) -> None:
    text = json.dumps({"dependencies": {"a": "1"}, "main": "server.js", **more})
    (step,) = plan(tree, {"package.json": text, "server.js": LISTENS, "package-lock.json": "{}"}).install
    assert step.inputs == ()


@pytest.mark.parametrize(
    ("files", "version", "file"),
    [
        ({".nvmrc": "v20.11.0\n", ".node-version": "18"}, "20.11.0", ".nvmrc"),
        ({".nvmrc": "lts/iron"}, "lts/iron", ".nvmrc"),
        ({".node-version": "22"}, "22", ".node-version"),
        ({".tool-versions": "nodejs 21.1.0"}, "21.1.0", ".tool-versions"),
        ({"mise.toml": '[tools]\nnode = "24"'}, "24", "mise.toml"),
        (
            {"package.json": packed(volta={"node": "20.1.0"}, engines={"node": ">=18"}, main="a.js")},
            "20.1.0",
            "package.json",
        ),
        ({"package.json": packed(engines={"node": ">=18"}, main="a.js")}, ">=18", "package.json"),
    ],
)
def test_the_version_and_the_file_that_says_it(tree: Tree, files: dict[str, str], version: str, file: str) -> None:
    found = plan(tree, {"package.json": packed(main="a.js"), "a.js": LISTENS, **files})
    assert (found.versions, found.version_source) == ({"node": version}, {"node": file})


def test_a_fixed_package_manager_has_a_version_too(tree: Tree) -> None:
    found = plan(
        tree, {"package.json": packed(packageManager="pnpm@9.1.0+sha512.x"), "index.js": LISTENS, ".nvmrc": "22"}
    )
    assert found.versions == {"node": "22", "pnpm": "9.1.0"}
    assert found.version_source == {"node": ".nvmrc", "pnpm": "package.json"}


@pytest.mark.parametrize(
    ("more", "files", "start"),
    [
        ({"main": "lib/run.js"}, {"lib/run.js": ""}, "node lib/run.js"),
        ({"main": "./run"}, {"run.js": ""}, "node run.js"),
        ({"main": "index.js"}, {"server.js": ""}, "node server.js"),
        ({"main": "dist/x.js", "scripts": {"build": "tsc"}}, {}, "node dist/x.js"),
        ({}, {"app.js": ""}, "node app.js"),
        ({}, {"server.js": "", "index.js": ""}, "node server.js"),
        ({"scripts": {"start": "tsx src/x.ts"}}, {}, "npm run start"),
        ({"scripts": {"start": "node --enable-source-maps dist/x.js"}}, {}, "node --enable-source-maps dist/x.js"),
        ({"scripts": {"start": "node a.js && node b.js"}}, {}, "npm run start"),
        ({"scripts": {"start": "node a.js", "prestart": "x"}}, {}, "npm run start"),
        ({"scripts": {"start": "node 'a"}}, {}, "npm run start"),
        ({"scripts": {"start": "bun run a.ts"}, "packageManager": "bun@1.2"}, {}, "bun run a.ts"),
        ({"packageManager": "bun@1.2"}, {"index.js": ""}, "bun index.js"),
        ({"scripts": {"start:prod": "node a.js"}}, {}, "node a.js"),
    ],
)
def test_how_a_plain_app_is_started(tree: Tree, more: dict[str, object], files: dict[str, str], start: str) -> None:
    found = plan(tree, {"package.json": packed(**more), "x.js": LISTENS, **files})
    assert (found.start, found.warnings) == (tuple(start.split()), ())


def test_a_procfile_says_how_it_is_started(tree: Tree) -> None:
    files = {
        "package.json": packed("next", scripts={"start": "next start"}),
        "package-lock.json": "{}",
        "x.js": LISTENS,
    }
    found = plan(tree, {**files, "Procfile": "web: node server.js --port $PORT\nworker: node work.js\n"})
    assert found.processes == (
        Process("web", ("node", "server.js", "--port", "${PORT}")),
        Process("worker", ("node", "work.js")),
    )


@pytest.mark.parametrize(
    ("text", "port"),
    [
        ("app.listen(3000)", 3000),
        ("const port = 3000\napp.listen(port, () => {})", 3000),
        ("const port: number = 3000;\napp.listen(port)", 3000),
        ("serve({ fetch: app.fetch, port: 8787 })", 8787),
        ("Bun.serve({\n  port: 3001,\n})", 3001),
        ("app.listen({ host: 'x', port: 3002 })", 3002),
        ("app.listen(process.env.PORT || 3000)", None),
        ("const { PORT = 3000 } = process.env\napp.listen(PORT)", None),
        ("const port = process.env['PORT'] ?? 3000\napp.listen(port)", None),
        ("app.listen(config.port)", None),
    ],
)
def test_a_fixed_port_is_found_and_warned_about(tree: Tree, text: str, port: int | None) -> None:
    found = plan(tree, {"package.json": packed("express"), "server.js": text, "package-lock.json": "{}"})
    assert found.port == port
    fixed = "The app listens on port {}, whatever PORT says: two releases cannot run side by side here."
    assert (fixed.format(port) in found.warnings) == (port is not None)


@pytest.mark.parametrize(
    ("text", "env"),
    [
        ("process.env.API_TOKEN", EnvVar("API_TOKEN", "read in src/a.ts", secret=True)),
        ("process.env['REGION']", EnvVar("REGION", "read in src/a.ts")),
        ("process.env.REGION || 'eu'", EnvVar("REGION", "read in src/a.ts", default="eu")),
        ("process.env.LIMIT ?? 10", EnvVar("LIMIT", "read in src/a.ts", default="10")),
        ("const { REGION = 'eu' } = process.env", EnvVar("REGION", "read in src/a.ts", default="eu")),
        ("const { REGION: region } = process.env", EnvVar("REGION", "read in src/a.ts")),
        ("Bun.env.REGION", EnvVar("REGION", "read in src/a.ts")),
        (
            "process.env.NEXT_PUBLIC_KEY",
            EnvVar("NEXT_PUBLIC_KEY", "read in src/a.ts, and written into the build", "build"),
        ),
        ("import.meta.env.VITE_URL", EnvVar("VITE_URL", "read in src/a.ts, and written into the build", "build")),
        ("process.env.NODE_ENV; import.meta.env.DEV; process.env.npm_package_version; process.env.PORT", None),
    ],
)
def test_variables_that_are_read_are_found(tree: Tree, text: str, env: EnvVar | None) -> None:
    found = plan(
        tree,
        {"package.json": packed("express"), "server.js": LISTENS, "src/a.ts": text, "src/a.test.ts": "process.env.X"},
    )
    assert found.env == ((env,) if env else ())


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"package.json": packed(scripts={"build": "x"})}, ("language", 0.5)),
        ({"package.json": packed("lodash")}, ("script", 0.3)),
        ({"package.json": packed("next")}, ("framework", 0.8)),
        ({"package.json": packed("next"), "next.config.js": ""}, ("framework", 0.95)),
        ({"package.json": packed("vite")}, ("framework", 0.6)),
        ({"package.json": packed("express")}, ("framework", 0.8)),
    ],
)
def test_how_sure_it_is(tree: Tree, files: dict[str, str], expected: tuple[str, float]) -> None:
    found = match(tree, files)
    assert (found.tier, found.confidence) == expected


@pytest.mark.parametrize("files", [{}, {"server.js": ""}, {"package.json": "{}"}, {"sub/package.json": packed("next")}])
def test_other_folders_are_no_node_apps(tree: Tree, files: dict[str, str]) -> None:
    assert Plugin().detect(tree(files)) is None


def test_nothing_to_start_is_told(tree: Tree) -> None:
    found = plan(tree, {"package.json": packed("lodash"), "package-lock.json": "{}"})
    assert found.processes == ()
    assert found.warnings == (
        "Nothing says how the app is started: add a start script to package.json, or `start:` to webduh.yaml.",
    )


def test_a_broken_package_json_is_an_error_with_its_line(tree: Tree) -> None:
    with pytest.raises(SourceError, match=r"package\.json:3:3 is not JSON"):
        Plugin().detect(tree({"package.json": '{\n  "a": 1\n  "b": 2\n}'}))


@pytest.mark.parametrize(
    "more",
    [
        {"scripts": []},
        {"scripts": {"start": 1}},
        {"dependencies": "next"},
        {"main": 3},
        {"engines": "20"},
        {"volta": []},
    ],
)
def test_values_of_the_wrong_kind_do_not_break_it(tree: Tree, more: dict[str, object]) -> None:
    found = plan(tree, {"package.json": packed(**more), "server.js": LISTENS})
    assert found.start == ("node", "server.js") or "scripts" in more or found.start is None
