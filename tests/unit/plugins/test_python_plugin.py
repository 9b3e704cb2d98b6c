"""Python apps: what is detected, and what a plan says of it."""

import pytest
from python_apps import FLASK, MANAGE, POETRY, PYPROJECT, VENV, match, pip, plan
from source_tree import Tree
from webduh_plugins.python import Plugin

from webduh_console.frameworks import BuildPlan, BuildStep, EnvVar, Evidence, Match, Process, SourceError


def test_a_flask_app_with_gunicorn(tree: Tree) -> None:
    files = {
        "requirements.txt": "Flask==3.1\ngunicorn\n",
        "hello.py": 'import os\nfrom flask import Flask\nsite = Flask(__name__)\nkey = os.environ["SECRET_KEY"]\n',
        ".python-version": "3.12\n",
    }
    assert match(tree, files) == Match(
        "python",
        "framework",
        0.95,
        (
            Evidence("hello.py", "has the flask app `site`"),
            Evidence("requirements.txt", "depends on flask"),
            Evidence("requirements.txt", "is for pip"),
        ),
        "flask",
    )
    assert plan(tree, files) == BuildPlan(
        "python",
        "python",
        "flask",
        install=pip("-r", "requirements.txt"),
        processes=(Process("web", (VENV, "-m", "gunicorn", "hello:site", "--bind", "0.0.0.0:${PORT}")),),
        versions={"python": "3.12"},
        version_source={"python": ".python-version"},
        package_manager="pip",
        env=(EnvVar("SECRET_KEY", "read in hello.py", required=True, secret=True),),
        variables={"PYTHONUNBUFFERED": "1"},
    )


def test_a_plain_program_needs_no_environment(tree: Tree) -> None:
    files = {
        "server.py": "import os, http.server as s\ns.HTTPServer(('', int(os.environ['PORT'])), None).serve_forever()"
    }
    assert match(tree, files) == Match(
        "python",
        "language",
        0.8,
        (
            Evidence("server.py", "is the program"),
            Evidence("server.py", "reads PORT"),
            Evidence("server.py", "starts a server"),
        ),
    )
    assert plan(tree, files) == BuildPlan(
        "python",
        "python",
        processes=(Process("web", ("python3", "server.py")),),
        variables={"PYTHONUNBUFFERED": "1"},
    )


@pytest.mark.parametrize(
    ("settings", "migrates"),
    [
        ("DATABASES = {}\n", True),
        ("from .base import *\n", True),
        ("", True),
        ("DEBUG = False\n", False),
    ],
)
def test_a_django_project_without_a_database_has_nothing_to_migrate(tree: Tree, settings: str, migrates: bool) -> None:
    found = plan(tree, {"manage.py": MANAGE, "shop/settings.py": settings, "requirements.txt": "django\ngunicorn"})
    assert ("release" in [process.name for process in found.processes]) == migrates


def test_a_django_project_migrates_before_it_serves(tree: Tree) -> None:
    files = {
        "manage.py": MANAGE,
        "shop/settings.py": 'STATIC_ROOT = "static"\nDATABASES = {}\n',
        "shop/wsgi.py": "",
        "requirements.txt": "django>=5\ngunicorn\n",
    }
    assert match(tree, files).variant == "django"
    assert plan(tree, files) == BuildPlan(
        "python",
        "python",
        "django",
        install=pip("-r", "requirements.txt"),
        build=(BuildStep("collect the static files", (VENV, "manage.py", "collectstatic", "--noinput")),),
        processes=(
            Process("web", (VENV, "-m", "gunicorn", "shop.wsgi:application", "--bind", "0.0.0.0:${PORT}")),
            Process("release", (VENV, "manage.py", "migrate", "--noinput")),
        ),
        package_manager="pip",
        variables={"PYTHONUNBUFFERED": "1"},
    )


@pytest.mark.parametrize(
    "requirement",
    [
        "Flask",
        "flask==3.1",
        "flask[async]>=2 ; python_version > '3'",
        "FLASK # web",
        "flask @ https://x/flask.whl",
        "git+https://x/y#egg=flask",
    ],
)
def test_a_dependency_is_known_however_it_is_written(tree: Tree, requirement: str) -> None:
    found = match(tree, {"requirements.txt": requirement, "app.py": FLASK})
    assert Evidence("requirements.txt", "depends on flask") in found.evidence


@pytest.mark.parametrize("requirement", ["flask-cors", "my-flask", "flasky", "# flask", "-c flask.txt"])
def test_a_name_that_only_contains_a_framework_is_not_it(tree: Tree, requirement: str) -> None:
    found = match(tree, {"requirements.txt": requirement, "app.py": "import os\nos.environ['PORT']"})
    assert (found.tier, found.variant) == ("language", "")


def test_a_client_library_is_no_framework(tree: Tree) -> None:
    found = match(tree, {"requirements.txt": "aiohttp\nstarlette", "app.py": "import aiohttp"})
    assert (found.tier, found.variant) == ("language", "")


@pytest.mark.parametrize(
    ("files", "version", "file"),
    [
        ({".python-version": "3.12.1\n3.11\n", "runtime.txt": "python-3.10"}, "3.12.1", ".python-version"),
        ({"runtime.txt": "python-3.10.2"}, "3.10.2", "runtime.txt"),
        ({".tool-versions": "python 3.11.9\n", "runtime.txt": "python-3.10"}, "3.11.9", ".tool-versions"),
        ({"mise.toml": '[tools]\npython = "3.13"\n'}, "3.13", "mise.toml"),
        ({"Pipfile": '[requires]\npython_version = "3.11"\n'}, "3.11", "Pipfile"),
        ({"pyproject.toml": PYPROJECT}, ">=3.11", "pyproject.toml"),
        ({"pyproject.toml": POETRY}, "^3.11", "pyproject.toml"),
    ],
)
def test_the_version_and_the_file_that_says_it(tree: Tree, files: dict[str, str], version: str, file: str) -> None:
    found = plan(tree, {**files, "app.py": FLASK})
    assert (found.versions, found.version_source) == ({"python": version}, {"python": file})


def test_variables_are_listed_from_all_of_the_apps_own_files(tree: Tree) -> None:
    files = {
        "app.py": 'import os\nos.environ["DATABASE_URL"]\nos.getenv("DEBUG", "0")\nos.environ["PORT"]\n',
        "lib/mail.py": 'import os\nos.environ.get("SMTP_PASSWORD")\nos.environ.get("DATABASE_URL")\n',
        "tests/test_app.py": 'import os\nos.environ["ONLY_IN_TESTS"]\n',
        ".env.example": "SENTRY_DSN=https://x\n",
    }
    assert plan(tree, files).env == (
        EnvVar("DATABASE_URL", "read in app.py", required=True, secret=True),
        EnvVar("DEBUG", "read in app.py", default="0"),
        EnvVar("SENTRY_DSN", "named in .env.example", secret=True),
        EnvVar("SMTP_PASSWORD", "read in lib/mail.py", secret=True),
    )


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"main.py": "print(1)"}, ("script", 0.5)),
        ({"odd.py": "print(1)"}, ("script", 0.5)),
        ({"main.py": "print(1)", "requirements.txt": "requests"}, ("language", 0.6)),
        ({"pkg/__main__.py": "print(1)", "pyproject.toml": PYPROJECT}, ("language", 0.6)),
        ({"requirements.txt": "requests"}, ("language", 0.3)),
        ({"requirements.txt": "requests", "Procfile": "web: x"}, ("language", 0.8)),
        ({"app.py": "", "requirements.txt": "flask"}, ("framework", 0.6)),
    ],
)
def test_how_sure_it_is(tree: Tree, files: dict[str, str], expected: tuple[str, float]) -> None:
    found = match(tree, files)
    assert (found.tier, found.confidence) == expected


@pytest.mark.parametrize(
    "files", [{}, {"a.txt": ""}, {"a.py": "", "b.py": ""}, {"setup.cfg": ""}, {"tests/app.py": FLASK}]
)
def test_other_folders_are_no_python_apps(tree: Tree, files: dict[str, str]) -> None:
    assert Plugin().detect(tree(files)) is None


def test_nothing_to_start_is_told(tree: Tree) -> None:
    found = plan(tree, {"requirements.txt": "requests"})
    assert found.processes == ()
    assert found.warnings == ("Nothing says how the app is started: write `start:` in webduh.yaml, or a Procfile.",)


def test_a_file_that_cannot_be_parsed_is_a_warning(tree: Tree) -> None:
    found = plan(tree, {"app.py": FLASK, "requirements.txt": "flask\ngunicorn", "old.py": "print os.environ\n"})
    assert found.warnings[0].startswith("old.py cannot be parsed (line 1: ")
    assert found.variant == "flask"


def test_a_broken_pyproject_is_an_error_with_its_line(tree: Tree) -> None:
    with pytest.raises(SourceError, match=r"pyproject\.toml:2:\d+ is not TOML"):
        Plugin().detect(tree({"pyproject.toml": "[project]\nname = \n", "app.py": FLASK}))


@pytest.mark.parametrize(
    "pyproject", ["project = 1", "[project]\ndependencies = 3", "[tool]\npoetry = []", "[project]\nrequires-python = 3"]
)
def test_values_of_the_wrong_kind_do_not_break_it(tree: Tree, pyproject: str) -> None:
    assert Plugin().detect(tree({"pyproject.toml": pyproject, "app.py": FLASK})) is not None


def test_the_app_is_found_among_many_large_files(tree: Tree) -> None:
    filler = "import os\nos.environ.get('X')\n" + "value = [1, 2, 3]\n" * 500
    files = {f"{name}.py": filler for name in "abcdefgh"} | {
        "web/site.py": FLASK,
        "requirements.txt": "flask\ngunicorn",
    }
    assert plan(tree, files).start == (VENV, "-m", "gunicorn", "web.site:app", "--bind", "0.0.0.0:${PORT}")
