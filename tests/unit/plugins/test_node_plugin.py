"""JavaScript apps: what is detected, and what a plan says of it."""

import pytest
from node_apps import LISTENS, match, packed, plan
from source_tree import Tree
from webduh_plugins.node import Plugin

from webduh_console.frameworks import BuildPlan, BuildStep, EnvVar, Evidence, Match, Process, SourceError, Static

CI = {"CI": "1", "NODE_ENV": "development"}


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
