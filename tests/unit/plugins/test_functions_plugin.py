"""A folder of functions: which routes there are, what each may take, and when the folder is somebody else's."""

import json

import pytest
from plugin_answers import matched, planned
from source_tree import Tree
from webduh_plugins.functions import Plugin

from webduh_console.errors import UsageError
from webduh_console.frameworks import SourceError
from webduh_console.frameworks.detection import detect
from webduh_console.frameworks.discovery import plugins

JS = "export default event => 'hello'\n"
PY = "def handler(event):\n    return 'hello'\n"


def routes(plan_files: dict[str, str]) -> dict[str, tuple[str, float]]:
    said = json.loads(plan_files[".webduh/functions.json"])["routes"]
    return {route: (one["file"], one["timeout"]) for route, one in said.items()}


@pytest.mark.parametrize(
    ("files", "wanted"),
    [
        ({"functions/hello.js": JS}, {"/hello": "functions/hello.js"}),
        ({"functions/index.mjs": JS}, {"/": "functions/index.mjs"}),
        ({"functions/users/list.ts": JS}, {"/users/list": "functions/users/list.ts"}),
        ({"functions/users/index.js": JS}, {"/users": "functions/users/index.js"}),
        ({"functions/a.js": "exports.handler = () => 1"}, {"/a": "functions/a.js"}),
        ({"functions/a.cjs": "module.exports = async () => 1"}, {"/a": "functions/a.cjs"}),
        ({"functions/a.js": "export async function handler () {}"}, {"/a": "functions/a.js"}),
        ({"functions/a.js": "const handler = 1\nexport { handler }"}, {"/a": "functions/a.js"}),
        (
            {"functions/a.py": PY, "functions/b.py": "async def main(event): ..."},
            {"/a": "functions/a.py", "/b": "functions/b.py"},
        ),
        ({"functions/a.js": JS, "functions/_lib.js": "x", "functions/a.test.js": "x"}, {"/a": "functions/a.js"}),
        ({"functions/a.js": JS, "functions/_lib/deep.js": "x", "functions/read.md": "x"}, {"/a": "functions/a.js"}),
        ({"functions/a.js": JS, "package.json": '{"dependencies": {"ms": "2"}}'}, {"/a": "functions/a.js"}),
        ({"functions/a.py": PY, "requirements.txt": "httpx\n"}, {"/a": "functions/a.py"}),
    ],
)
def test_each_file_answers_a_route(tree: Tree, files: dict[str, str], wanted: dict[str, str]) -> None:
    source = tree(files)
    found = detect(source, plugins())

    assert found.match.framework == "functions"
    assert {route: file for route, (file, _) in routes(found.plan.files).items()} == wanted


@pytest.mark.parametrize(
    "files",
    [
        {"functions/a.js": "console.log(1)"},
        {"functions/a.py": "def helper(): ..."},
        {"functions/a.js": JS, "functions/b.js": "const x = 1"},
        {"functions/a.py": PY, "app.py": "from flask import Flask\napp = Flask(__name__)"},
        {"functions/a.js": JS, "package.json": '{"scripts": {"start": "node server.js"}}'},
        {"functions/index.js": "exports.handler = 1", "functions/package.json": "{}"},
        {"functions/a.js": JS, "netlify.toml": ""},
        {"functions/a.js": JS, "firebase.json": "{}"},
        {"functions/a.js": JS, "Procfile": "web: node x.js"},
        {"functions/": "", "index.html": "x"},
    ],
)
def test_a_folder_of_that_name_may_be_something_else(tree: Tree, files: dict[str, str]) -> None:
    assert Plugin().detect(tree(files)) is None


@pytest.mark.parametrize(
    ("files", "start", "says"),
    [
        ({"functions/a.js": JS}, ("node", ".webduh/functions.mjs"), "node:worker_threads"),
        ({"functions/a.py": PY}, ("python3", ".webduh/functions.py"), "ThreadingHTTPServer"),
    ],
)
def test_the_server_is_brought(tree: Tree, files: dict[str, str], start: tuple[str, str], says: str) -> None:
    plan = planned(Plugin(), tree(files))

    assert plan.start == start
    assert says in plan.files[start[1]]


def test_what_the_functions_depend_on_is_installed(tree: Tree) -> None:
    python = detect(tree({"functions/a.py": PY, "requirements.txt": "httpx\n"}), plugins()).plan

    assert python.start == (".venv/bin/python", ".webduh/functions.py")
    assert python.install
    assert python.package_manager == "pip"


def test_options_say_how_long_and_which(tree: Tree) -> None:
    source = tree({"functions/a.js": JS, "functions/b.js": JS, "functions/c/d.js": JS})
    options = {"timeout": "5", "timeouts": "a = 60, c/d=0.5s", "allow": "a, c/d"}
    plan = Plugin().plan(source, matched(Plugin(), source), options)

    assert routes(plan.files) == {"/a": ("functions/a.js", 60), "/c/d": ("functions/c/d.js", 0.5)}
    assert plan.warnings == ("Not served, since `allow` does not name them: b.",)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"timeout": "0"}, "no time"),
        ({"timeout": "901"}, "no time"),
        ({"timeouts": "a=soon"}, "no time"),
        ({"timeouts": "z=1"}, "no function z"),
        ({"allow": "hallo"}, "no function hallo"),
    ],
)
def test_a_wrong_option_is_said(tree: Tree, options: dict[str, str], says: str) -> None:
    source = tree({"functions/a.js": JS, "functions/hello.js": JS})

    with pytest.raises(UsageError, match=says):
        Plugin().plan(source, matched(Plugin(), source), options)


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({"functions/a.js": JS, "functions/a/index.js": JS}, "both answer /a"),
        ({"functions/a.js": JS, "functions/b.py": PY}, "two languages"),
    ],
)
def test_what_cannot_be_served_is_said(tree: Tree, files: dict[str, str], says: str) -> None:
    with pytest.raises(SourceError, match=says):
        planned(Plugin(), tree(files))


def test_variables_that_they_read_are_found(tree: Tree) -> None:
    plan = planned(Plugin(), tree({"functions/a.js": JS + "process.env.API_KEY; process.env['COLOUR']"}))

    assert [(one.name, one.secret) for one in plan.env] == [("API_KEY", True), ("COLOUR", False)]


def test_pages_beside_them_are_named(tree: Tree) -> None:
    plan = planned(Plugin(), tree({"functions/a.js": JS, "index.html": "x"}))

    assert "index.html is not served" in plan.warnings[0]
