"""Apps of Deno: what is detected, and what a plan says of it."""

import pytest
from plugin_answers import matched, planned
from source_tree import Tree
from webduh_plugins.deno import Plugin

from webduh_console.frameworks import EnvVar, SourceError, Static

SERVES = "Deno.serve(() => new Response('hello'))"


@pytest.mark.parametrize(
    ("files", "start", "port"),
    [
        ({"deno.json": "{}", "main.ts": SERVES}, "deno run --allow-all main.ts", 8000),
        ({"deno.json": "{}", "main.ts": "Deno.serve({ port: 3000 }, f)"}, "deno run --allow-all main.ts", 3000),
        (
            {"deno.json": "{}", "main.ts": "serve(() => new Response('a'), { port: 3000 })"},
            "deno run --allow-all main.ts",
            3000,
        ),
        ({"deno.lock": "{}", "main.ts": "app.listen({ port: 8001 })"}, "deno run --allow-all main.ts", 8001),
        (
            {"deno.json": "{}", "main.ts": "serve({ port: +Deno.env.get('PORT') })"},
            "deno run --allow-all main.ts",
            None,
        ),
        ({"main.ts": SERVES}, "deno run --allow-all main.ts", 8000),
        ({"deno.jsonc": '{ // a\n "tasks": { "start": "deno run -A a.ts", }, }'}, "deno run -A a.ts", None),
        (
            {"deno.json": '{"tasks": {"start": "deno serve -A x.js"}}'},
            "deno serve --host 0.0.0.0 --port ${PORT} -A x.js",
            None,
        ),
        (
            {"deno.json": '{"tasks": {"start": "deno serve --host localhost --port 3000 x.js"}}'},
            "deno serve --host 0.0.0.0 --port 3000 x.js",
            3000,
        ),
        ({"deno.json": '{"tasks": {"start": "deno task run", "run": "deno run -A a.ts"}}'}, "deno run -A a.ts", None),
        (
            {"deno.json": "{}", "main.ts": "export default {\n  fetch() { return new Response() }\n}"},
            "deno serve --host 0.0.0.0 --port ${PORT} --allow-all main.ts",
            None,
        ),
        (
            {"deno.json": "{}", "main.ts": "const app = new Hono()\nexport default app"},
            "deno serve --host 0.0.0.0 --port ${PORT} --allow-all main.ts",
            None,
        ),
        ({"deno.json": "{}", "main.ts": f"{SERVES}\nexport default app"}, "deno run --allow-all main.ts", 8000),
        ({"deno.json": '{"tasks": {"start": "vite build && deno run x.js"}}'}, "deno task start", None),
        (
            {"deno.json": '{"tasks": {"start": "deno run --watch m.ts"}}', "main.ts": ""},
            "deno run --allow-all main.ts",
            None,
        ),
        ({"deno.json": "{}", "Procfile": "web: deno run x.ts", "main.ts": ""}, "deno run x.ts", None),
    ],
)
def test_how_an_app_is_started(tree: Tree, files: dict[str, str], start: str, port: int | None) -> None:
    found = planned(Plugin(), tree(files))
    assert (found.start, found.port) == (tuple(start.split()), port)


def test_what_it_imports_is_kept_with_the_app(tree: Tree) -> None:
    found = planned(Plugin(), tree({"deno.json": "{}", "main.ts": SERVES, ".tool-versions": "deno 2.4.0"}))
    assert (found.install[0].run, found.install[0].env) == (("deno", "cache", "main.ts"), {"DENO_DIR": ".deno"})
    assert (found.variables, found.versions) == ({"DENO_DIR": ".deno"}, {"deno": "2.4.0"})


@pytest.mark.parametrize(
    ("files", "fetch"),
    [
        ({"main.ts": SERVES}, "deno cache main.ts"),
        ({"main.ts": SERVES, "deno.lock": "{}"}, "deno cache --frozen main.ts"),
        ({"main.ts": SERVES, "deno.lock": "{}", "deno.json": '{"lock": false}'}, "deno cache main.ts"),
        ({"deno.json": '{"tasks": {"start": "deno run -A src/api.ts"}}', "src/api.ts": ""}, "deno cache src/api.ts"),
        ({"deno.json": '{"tasks": {"start": "deno run -A npm:x"}}'}, "deno install"),
        ({"deno.json": '{"tasks": {"start": "deno run -A npm:x"}}', "deno.lock": "{}"}, "deno install --frozen"),
    ],
)
def test_only_what_is_locked_is_fetched_as_it_is_locked(tree: Tree, files: dict[str, str], fetch: str) -> None:
    assert planned(Plugin(), tree({"deno.json": "{}", **files})).install[0].run == tuple(fetch.split())


def test_fresh_is_stronger_than_the_tools_of_its_package_json(tree: Tree) -> None:
    files = {
        "deno.json": '{"imports": {"fresh": "jsr:@fresh/core@2"}, "tasks": {"build": "vite build"}}',
        "main.ts": "",
    }
    match = matched(Plugin(), tree({**files, "package.json": "{}"}))
    assert (match.tier, match.variant, match.supersedes) == ("framework", "fresh", ("node",))


def test_variables_that_are_read_are_found(tree: Tree) -> None:
    text = "Deno.env.get('API_TOKEN'); Deno.env.get('REGION') ?? 'eu'"
    assert planned(Plugin(), tree({"deno.json": "{}", "main.ts": text})).env == (
        EnvVar("API_TOKEN", "read in main.ts", secret=True),
        EnvVar("REGION", "read in main.ts", default="eu"),
    )


@pytest.mark.parametrize(
    "files", [{}, {"main.ts": "export {}"}, {"deno.json": "{}"}, {"package.json": "{}", "main.ts": SERVES}]
)
def test_other_folders_are_no_apps_of_deno(tree: Tree, files: dict[str, str]) -> None:
    assert Plugin().detect(tree(files)) is None


def test_broken_settings_are_an_error_with_their_line(tree: Tree) -> None:
    with pytest.raises(SourceError, match=r"deno\.json is not JSON"):
        Plugin().detect(tree({"deno.json": '{\n "tasks": {\n'}))


def test_lume_makes_files(tree: Tree) -> None:
    settings = '{"tasks": {"build": "deno task lume"}, "imports": {"lume/": "https://deno.land/x/lume/"}}'
    found = planned(Plugin(), tree({"deno.json": settings, "_config.ts": ""}))
    assert (found.variant, found.static, found.processes, found.warnings) == ("lume", Static("_site"), (), ())
    assert [step.outputs for step in found.build] == [("_site",)]
