"""Apps of JavaScript as people really bring them: what starts them, builds them, and what they run on."""

import pytest
from node_apps import LISTENS, packed, plan
from source_tree import Tree

from webduh_console.frameworks import Static

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


def test_files_that_a_followed_script_serves_are_files(tree: Tree) -> None:
    scripts = {"build": "make", "start": "npm run serve", "serve": "serve -s out"}
    assert plan(tree, {"package.json": packed(scripts=scripts), **LOCK}).static == Static("out", spa=True)


def test_a_start_that_would_end_at_once_is_warned_about(tree: Tree) -> None:
    scripts = {"build": "tsc", "start": "node dist/index.js"}
    files = {"src/index.ts": "const app = new Hono()\nexport default app\n", "package-lock.json": "{}"}
    found = plan(tree, {"package.json": packed("hono", scripts=scripts), **files})
    assert found.start == ("node", "dist/index.js")
    assert found.warnings[0] == (
        "src/index.ts gives away what answers, and listens nowhere: without a start script, it would be served."
    )


def test_what_is_built_is_served_if_it_only_gives_away_its_answers(tree: Tree) -> None:
    files = {"src/index.ts": "const app = new Hono()\nexport default app\n", "package-lock.json": "{}"}
    found = plan(tree, {"package.json": packed("hono", scripts={"build": "tsc"}), **files})
    assert (found.start, found.warnings) == (("node", ".webduh/server.mjs", "dist/index.js"), ())
