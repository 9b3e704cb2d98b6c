"""What the plugins that ship say together about folders that could be several things."""

import json
import shutil
import time
from pathlib import Path

import pytest
from source_tree import Tree

from webduh_console.frameworks import BuildPlan, Evidence, Match, Process, SourceError, Static
from webduh_console.frameworks.detection import TieError, detect
from webduh_console.frameworks.discovery import plugins
from webduh_console.frameworks.source import FolderSource
from webduh_console.model.build import Detection, EnvVar

EXAMPLES = Path(__file__).parents[3] / "examples"
FLASK = "from flask import Flask\napp = Flask(__name__)\n"
VITE = json.dumps({"scripts": {"build": "vite build"}, "devDependencies": {"vite": "6"}})


def test_the_static_example(tmp_path: Path) -> None:
    assert detect(FolderSource(EXAMPLES / "hello-static"), plugins()) == Detection(
        Match("static", "static", 0.9, (Evidence("index.html", "is the first page"),)),
        (),
        BuildPlan("static", "html", static=Static(".", not_found="404.html")),
    )


def test_the_python_example() -> None:
    evidence = (
        Evidence("app.py", "is the program"),
        Evidence("app.py", "reads PORT"),
        Evidence("app.py", "starts a server"),
    )
    assert detect(FolderSource(EXAMPLES / "guestbook-python"), plugins()) == Detection(
        Match("python", "language", 0.8, evidence),
        (),
        BuildPlan(
            "python",
            "python",
            processes=(Process("web", ("python3", "app.py")),),
            env=(EnvVar("DATA", "read in app.py", default="data"),),
            variables={"PYTHONUNBUFFERED": "1"},
        ),
    )


def test_the_node_example() -> None:
    assert detect(FolderSource(EXAMPLES / "clock-node"), plugins()) == Detection(
        Match("node", "language", 0.8, (Evidence("package.json", "has a start script"),)),
        (),
        BuildPlan(
            "node",
            "javascript",
            processes=(Process("web", ("node", "server.js")),),
            versions={"node": ">=18"},
            version_source={"node": "package.json"},
            package_manager="npm",
            variables={"NODE_ENV": "production"},
        ),
    )


@pytest.mark.parametrize(
    ("files", "framework", "lost"),
    [
        ({"Dockerfile": "FROM a:1", "package.json": VITE}, "dockerfile", ["a Dockerfile beats a framework"]),
        (
            {"requirements.txt": "flask", "app.py": FLASK, "index.html": ""},
            "python",
            ["a framework beats static files"],
        ),
        ({"index.html": "", "build.py": "print(1)"}, "static", ["static files beat a script"]),
        (
            {
                "requirements.txt": "django",
                "manage.py": "import django",
                "package.json": '{"scripts": {"build": "tailwindcss"}}',
            },
            "python",
            ["a framework beats a language"],
        ),
        (
            {"package.json": '{"devDependencies": {"prettier": "3"}}', "index.html": ""},
            "static",
            ["static files beat a script"],
        ),
        (
            {"package.json": VITE, "index.html": "", "requirements.txt": "requests"},
            "node",
            ["a framework beats a language", "a framework beats static files"],
        ),
    ],
)
def test_the_choice_is_explained(tree: Tree, files: dict[str, str], framework: str, lost: list[str]) -> None:
    found = detect(tree(files), plugins())
    assert (found.match.framework, [loser.lost for loser in found.alternatives]) == (framework, lost)


def test_a_backend_and_a_frontend_in_one_folder_must_be_decided(tree: Tree) -> None:
    files = {
        "requirements.txt": "flask",
        "app.py": FLASK,
        "package.json": json.dumps({"dependencies": {"express": "5"}}),
        "server.js": "",
    }
    files |= {"package-lock.json": ""}
    with pytest.raises(TieError) as caught:
        detect(tree(files), plugins())
    assert caught.value.what == "app could be node or python."
    assert detect(tree(files), plugins(), wish="express").match.framework == "node"
    assert detect(tree(files), plugins(), wish="flask").match.framework == "python"


def test_a_broken_package_json_is_the_error_even_beside_pages(tree: Tree) -> None:
    with pytest.raises(SourceError, match=r"package\.json:1:2"):
        detect(tree({"package.json": "{", "index.html": ""}), plugins())


def test_a_folder_of_anything_at_all_does_not_break_a_plugin(tree: Tree, tmp_path: Path) -> None:
    names = [
        "package.json",
        "pyproject.toml",
        "Dockerfile",
        "app.py",
        "Procfile",
        "index.html",
        "requirements.txt",
        "mise.toml",
    ]
    contents = [
        b"",
        b"\0" * 100,
        bytes(range(256)),
        b"[" * 50_000,
        b"{" * 50_000,
        b"x" * 3_000_000,
        b'"\\ud800"',
        b"\xff\xfe{\0}\0",
    ]
    for content in contents:
        for name in names:
            source = tree({})
            (tmp_path / "app" / name).write_bytes(content)
            try:
                found = detect(source, plugins())
            except SourceError:
                pass
            else:
                assert not [warning for warning in found.plan.warnings if "failed to" in warning]
            (tmp_path / "app" / name).unlink(missing_ok=True)
            (tmp_path / "app" / "index.html").write_text("")


@pytest.mark.parametrize("name", ["hello-static", "guestbook-python", "clock-node"])
def test_an_example_is_detected_in_a_moment(tmp_path: Path, name: str) -> None:
    shutil.copytree(EXAMPLES / name, tmp_path / name)
    known = plugins()
    began = time.process_time()
    detect(FolderSource(tmp_path / name), known)
    # The budget is 20 ms; the margin is for a machine that is busy with other things.
    assert time.process_time() - began < 0.2
