"""Python apps: what is detected, installed and started."""

from collections.abc import Callable

import pytest
from webduh_plugins.python import Plugin

from webduh_console.frameworks import BuildPlan, BuildStep, EnvVar, Evidence, Match, Process, SourceError, Static
from webduh_console.frameworks.source import FolderSource

Tree = Callable[[dict[str, str]], FolderSource]

PIP = {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1"}
VENV = ".venv/bin/python"
FLASK = "from flask import Flask\napp = Flask(__name__)\n"
FASTAPI = "from fastapi import FastAPI\napp = FastAPI()\n"
MANAGE = """\
import os
from django.core.management import execute_from_command_line
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
"""


def match(tree: Tree, files: dict[str, str]) -> Match:
    found = Plugin().detect(tree(files))
    assert found is not None
    return found


def plan(tree: Tree, files: dict[str, str]) -> BuildPlan:
    source = tree(files)
    found = Plugin().detect(source)
    assert found is not None
    return Plugin().plan(source, found, {})


def pip(*words: str, inputs: tuple[str, ...] = ("requirements.txt",)) -> tuple[BuildStep, ...]:
    return (
        BuildStep("make the virtual environment", ("python3", "-m", "venv", ".venv"), ("python3",), inputs, (".venv",)),
        BuildStep(
            "install the dependencies",
            (VENV, "-m", "pip", "install", *words),
            ("python3",),
            inputs,
            (".venv",),
            ("~/.cache/pip",),
            PIP,
        ),
    )


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


def test_a_django_project_migrates_before_it_serves(tree: Tree) -> None:
    files = {
        "manage.py": MANAGE,
        "shop/settings.py": 'STATIC_ROOT = "static"\n',
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
    ("requirements", "start"),
    [
        ("django uvicorn", "-m uvicorn shop.asgi:application --host 0.0.0.0 --port ${PORT}"),
        ("django daphne", "-m daphne -b 0.0.0.0 -p ${PORT} shop.asgi:application"),
        ("django waitress", "-m waitress --listen=0.0.0.0:${PORT} shop.wsgi:application"),
        ("django", "manage.py runserver 0.0.0.0:${PORT} --noreload"),
    ],
)
def test_django_is_served_by_what_it_depends_on(tree: Tree, requirements: str, start: str) -> None:
    files = {
        "manage.py": MANAGE,
        "shop/wsgi.py": "",
        "shop/asgi.py": "",
        "requirements.txt": requirements.replace(" ", "\n"),
    }
    found = plan(tree, files)
    assert found.start == (VENV, *start.split())
    assert (found.warnings != ()) == (requirements == "django")


def test_a_django_project_in_a_folder_is_found_there(tree: Tree) -> None:
    found = plan(tree, {"site/manage.py": MANAGE, "site/shop/wsgi.py": "", "requirements.txt": "django\ngunicorn"})
    assert [process.command for process in found.processes] == [
        (VENV, "-m", "gunicorn", "shop.wsgi:application", "--bind", "0.0.0.0:${PORT}"),
        (VENV, "site/manage.py", "migrate", "--noinput"),
    ]
    assert found.variables == {"PYTHONUNBUFFERED": "1", "PYTHONPATH": "site"}


def test_static_files_are_not_collected_when_the_settings_need_variables(tree: Tree) -> None:
    settings = 'import os\nSTATIC_ROOT = "s"\nSECRET_KEY = os.environ["SECRET_KEY"]\n'
    found = plan(
        tree,
        {"manage.py": MANAGE, "shop/settings.py": settings, "shop/wsgi.py": "", "requirements.txt": "django\ngunicorn"},
    )
    assert found.build == ()
    assert found.warnings == (
        "Static files are not collected, since the settings need variables: add `manage.py collectstatic` to the build "
        "steps in webduh.yaml.",
    )


FASTHTML = "from fasthtml.common import *\napp, rt = fast_app()\n"
STARTS = [
    ("fastapi uvicorn", {"main.py": FASTAPI}, "-m uvicorn main:app --host 0.0.0.0 --port ${PORT}"),
    (
        "fastapi uvicorn",
        {"app.py": FASTAPI.replace("app =", "api =")},
        "-m uvicorn app:api --host 0.0.0.0 --port ${PORT}",
    ),
    ("fastapi[standard]", {"main.py": FASTAPI}, "-m uvicorn main:app --host 0.0.0.0 --port ${PORT}"),
    (
        "fastapi uvicorn",
        {"app/main.py": FASTAPI, "app/__init__.py": ""},
        "-m uvicorn app.main:app --host 0.0.0.0 --port ${PORT}",
    ),
    ("fastapi uvicorn", {"src/shop/api.py": FASTAPI}, "-m uvicorn shop.api:app --host 0.0.0.0 --port ${PORT}"),
    (
        "fastapi uvicorn",
        {"api/main.py": "import db\n" + FASTAPI, "api/db.py": ""},
        "-m uvicorn main:app --host 0.0.0.0 --port ${PORT}",
    ),
    ("fastapi hypercorn", {"main.py": FASTAPI}, "-m hypercorn main:app --bind 0.0.0.0:${PORT}"),
    ("fastapi granian", {"main.py": FASTAPI}, "-m granian --interface asgi main:app --host 0.0.0.0 --port ${PORT}"),
    (
        "fastapi uvicorn",
        {"main.py": "from fastapi import FastAPI\ndef create_app():\n    return FastAPI()\n"},
        "-m uvicorn main:create_app --factory --host 0.0.0.0 --port ${PORT}",
    ),
    ("python-fasthtml", {"main.py": FASTHTML}, "-m uvicorn main:app --host 0.0.0.0 --port ${PORT}"),
    (
        "starlette uvicorn",
        {"a.py": "from starlette.applications import Starlette\napp = Starlette()"},
        "-m uvicorn a:app --host 0.0.0.0 --port ${PORT}",
    ),
    (
        "litestar[standard]",
        {"app.py": "from litestar import Litestar\napp = Litestar([])"},
        "-m uvicorn app:app --host 0.0.0.0 --port ${PORT}",
    ),
    ("flask gunicorn", {"wsgi.py": FLASK, "app.py": "import wsgi"}, "-m gunicorn wsgi:app --bind 0.0.0.0:${PORT}"),
    ("flask waitress", {"app.py": FLASK}, "-m waitress --listen=0.0.0.0:${PORT} app:app"),
    (
        "flask gunicorn",
        {"shop/__init__.py": "from flask import Flask\ndef create_app():\n    return Flask(__name__)\n"},
        "-m gunicorn shop:create_app() --bind 0.0.0.0:${PORT}",
    ),
    ("falcon gunicorn", {"app.py": "import falcon\napp = falcon.App()"}, "-m gunicorn app:app --bind 0.0.0.0:${PORT}"),
    (
        "falcon uvicorn",
        {"app.py": "import falcon.asgi\napp = falcon.asgi.App()"},
        "-m uvicorn app:app --host 0.0.0.0 --port ${PORT}",
    ),
    (
        "bottle gunicorn",
        {"app.py": "import bottle\napp = bottle.Bottle()"},
        "-m gunicorn app:app --bind 0.0.0.0:${PORT}",
    ),
    (
        "sanic",
        {"server.py": "from sanic import Sanic\napp = Sanic('x')"},
        "-m sanic server:app --host 0.0.0.0 --port ${PORT}",
    ),
]


@pytest.mark.parametrize(("requirements", "files", "start"), STARTS)
def test_the_server_is_given_the_real_file_and_variable(
    tree: Tree, requirements: str, files: dict[str, str], start: str
) -> None:
    found = plan(tree, {"requirements.txt": requirements.replace(" ", "\n"), **files})
    assert (found.start, found.warnings, found.port) == ((VENV, *start.split()), (), None)


@pytest.mark.parametrize(
    ("requirements", "files", "start", "warning"),
    [
        (
            "flask",
            {"app.py": FLASK},
            "-m flask --app app:app run --host 0.0.0.0 --port ${PORT}",
            "Flask's own server is for development: depend on gunicorn or waitress.",
        ),
        (
            "quart",
            {"app.py": "from quart import Quart\napp = Quart(__name__)"},
            "-m quart --app app:app run --host 0.0.0.0 --port ${PORT}",
            "Quart's own server is for development: depend on hypercorn or uvicorn.",
        ),
        (
            "bottle",
            {"app.py": "import bottle\napp = bottle.Bottle()"},
            "-m bottle --bind 0.0.0.0:${PORT} app:app",
            "Bottle's own server answers one request at a time: depend on gunicorn or waitress.",
        ),
        (
            "fastapi",
            {"main.py": FASTAPI},
            "-m uvicorn main:app --host 0.0.0.0 --port ${PORT}",
            "main needs a server, and uvicorn is not a dependency in requirements.txt: the start will fail.",
        ),
    ],
)
def test_without_a_server_among_the_dependencies_there_is_a_warning(
    tree: Tree, requirements: str, files: dict[str, str], start: str, warning: str
) -> None:
    found = plan(tree, {"requirements.txt": requirements, **files})
    assert (found.start, found.warnings) == ((VENV, *start.split()), (warning,))


def test_a_framework_that_is_not_declared_is_less_sure_and_warned_about(tree: Tree) -> None:
    files = {"app.py": FLASK}
    assert match(tree, files).confidence == 0.8
    found = plan(tree, files)
    assert found.start == (
        "python3",
        "-m",
        "flask",
        "--app",
        "app:app",
        "run",
        "--host",
        "0.0.0.0",
        "--port",
        "${PORT}",
    )
    assert (
        found.warnings[1] == "app.py needs flask, which is not a dependency in a requirements.txt: the start will fail."
    )


def test_streamlit_has_its_own_options_and_health_path(tree: Tree) -> None:
    found = plan(tree, {"requirements.txt": "streamlit", "streamlit_app.py": "import streamlit as st", "app.py": ""})
    options = "--server.port ${PORT} --server.address 0.0.0.0 --server.headless true"
    assert found.start == (VENV, "-m", "streamlit", "run", "streamlit_app.py", *options.split())
    assert found.health == "/_stcore/health"


@pytest.mark.parametrize(
    ("requirements", "text", "words"),
    [
        (
            "gradio",
            "import gradio as gr\ndemo = gr.Interface()\ndemo.launch()",
            ("GRADIO_SERVER_NAME=0.0.0.0", "GRADIO_SERVER_PORT=${PORT}"),
        ),
        ("dash", "from dash import Dash\napp = Dash()\napp.run()", ("HOST=0.0.0.0", "PORT=${PORT}")),
    ],
)
def test_some_take_the_port_from_variables_of_their_own(
    tree: Tree, requirements: str, text: str, words: tuple[str, ...]
) -> None:
    found = plan(tree, {"requirements.txt": requirements, "app.py": text})
    assert (found.variant, found.start, found.warnings) == (requirements, ("env", *words, VENV, "app.py"), ())


def test_mkdocs_makes_a_static_site(tree: Tree) -> None:
    assert plan(tree, {"requirements.txt": "mkdocs-material", "mkdocs.yml": "", "docs/index.md": ""}) == BuildPlan(
        "python",
        "python",
        "mkdocs",
        install=pip("-r", "requirements.txt"),
        build=(BuildStep("build the site", (VENV, "-m", "mkdocs", "build"), outputs=("site",)),),
        static=Static("site"),
        package_manager="pip",
    )


@pytest.mark.parametrize(
    ("text", "port", "warning"),
    [
        (
            "app.run(port=5000)",
            5000,
            "main.py listens on port 5000, whatever PORT says: two releases cannot run side by side here.",
        ),
        ("import os\napp.run(port=int(os.getenv('PORT', 5000)))", None, None),
        (
            "a.run(port=1)\nb.run(port=2)",
            None,
            "main.py listens on several ports (1, 2): say in webduh.yaml which gets requests (`port:`).",
        ),
        (
            "import sys\napp.run(port=sys.argv[1])",
            None,
            "main.py starts a server, but nothing reads PORT: write `port:` in webduh.yaml, or read PORT.",
        ),
        (
            "print(1)",
            None,
            "main.py does not seem to listen on a port; a program without requests is a `worker` process.",
        ),
    ],
)
def test_a_program_that_ignores_port_is_told_about(
    tree: Tree, text: str, port: int | None, warning: str | None
) -> None:
    found = plan(tree, {"main.py": text})
    assert (found.start, found.port, found.warnings) == (("python3", "main.py"), port, (warning,) if warning else ())


def test_a_program_that_listens_on_this_machine_only_is_told_about(tree: Tree) -> None:
    found = plan(tree, {"main.py": "import os\napp.run(host='127.0.0.1', port=int(os.environ['PORT']))"})
    assert found.warnings == ("main.py listens on 127.0.0.1 only: that works on this machine, not in a container.",)


def test_a_port_read_in_another_file_counts(tree: Tree) -> None:
    files = {
        "main.py": "import config\napp.run(port=config.PORT)",
        "config.py": "import os\nPORT = int(os.environ['PORT'])",
    }
    assert (plan(tree, files).port, plan(tree, files).warnings) == (None, ())


@pytest.mark.parametrize(
    ("lines", "web"),
    [
        (
            "web: gunicorn app:app --bind 0.0.0.0:$PORT",
            (VENV, "-m", "gunicorn", "app:app", "--bind", "0.0.0.0:${PORT}"),
        ),
        ("web: python app.py", (VENV, "app.py")),
        ("web: waitress-serve --port=$PORT app:app", (VENV, "-m", "waitress", "--port=${PORT}", "app:app")),
        (
            "web: cd x && ./run",
            ("sh", "-c", 'PATH="$PWD/.venv/bin:$PATH"; export PATH; cd x && ./run'),
        ),
        (
            "web: honcho start",
            ("sh", "-c", 'PATH="$PWD/.venv/bin:$PATH"; export PATH; exec "$@"', "webduh", "honcho", "start"),
        ),
    ],
)
def test_a_procfile_says_how_it_is_started(tree: Tree, lines: str, web: tuple[str, ...]) -> None:
    found = plan(tree, {"requirements.txt": "flask\ngunicorn", "app.py": FLASK, "Procfile": lines})
    assert (found.start, found.port, found.warnings) == (web, None, ())


def test_a_procfile_without_web_adds_to_what_was_found(tree: Tree) -> None:
    files = {"manage.py": MANAGE, "shop/wsgi.py": "", "requirements.txt": "django\ngunicorn\ncelery"}
    found = plan(tree, {**files, "Procfile": "worker: celery -A shop worker\nrelease: python manage.py setup\n"})
    assert found.processes == (
        Process("web", (VENV, "-m", "gunicorn", "shop.wsgi:application", "--bind", "0.0.0.0:${PORT}")),
        Process("worker", (VENV, "-m", "celery", "-A", "shop", "worker")),
        Process("release", (VENV, "manage.py", "setup")),
    )


PYPROJECT = (
    '[project]\nname = "x"\nversion = "1"\nrequires-python = ">=3.11"\ndependencies = ["flask>=3", "gunicorn"]\n'
)
BUILT = PYPROJECT + '[build-system]\nrequires = ["hatchling"]\n'
POETRY = '[tool.poetry.dependencies]\npython = "^3.11"\nflask = "3"\nfastapi = {version = "1", extras = ["standard"]}\n'
MANAGERS = [
    ({"requirements.txt": "flask"}, "pip", ["python3 -m venv .venv", f"{VENV} -m pip install -r requirements.txt"]),
    ({"pyproject.toml": PYPROJECT}, "pip", ["python3 -m venv .venv", f"{VENV} -m pip install flask>=3 gunicorn"]),
    ({"pyproject.toml": BUILT}, "pip", ["python3 -m venv .venv", f"{VENV} -m pip install ."]),
    ({"setup.py": "setup(install_requires=['flask'])"}, "pip", ["python3 -m venv .venv", f"{VENV} -m pip install ."]),
    ({"pyproject.toml": PYPROJECT, "uv.lock": ""}, "uv", ["uv sync --frozen --no-dev"]),
    ({"pyproject.toml": BUILT, "uv.lock": ""}, "uv", ["uv sync --frozen --no-dev --no-editable"]),
    ({"pyproject.toml": PYPROJECT + "[tool.uv]\n"}, "uv", ["uv sync --no-dev"]),
    ({"pyproject.toml": PYPROJECT, "uv.lock": "", "requirements.txt": "flask"}, "uv", ["uv sync --frozen --no-dev"]),
    (
        {"pyproject.toml": POETRY, "poetry.lock": ""},
        "poetry",
        ["poetry install --only main --no-root --no-interaction"],
    ),
    ({"pyproject.toml": POETRY}, "poetry", ["poetry install --only main --no-root --no-interaction"]),
    ({"pyproject.toml": PYPROJECT, "pdm.lock": ""}, "pdm", ["pdm sync --prod --no-self"]),
    ({"pyproject.toml": BUILT + "[tool.pdm]\n"}, "pdm", ["pdm install --prod --no-editable"]),
    ({"Pipfile": "[packages]\nflask = '*'\n", "Pipfile.lock": "{}"}, "pipenv", ["pipenv sync"]),
    ({"Pipfile": "[packages]\nflask = '*'\n"}, "pipenv", ["pipenv install --skip-lock"]),
]


@pytest.mark.parametrize(("files", "manager", "commands"), MANAGERS)
def test_the_package_manager_is_the_one_the_files_are_for(
    tree: Tree, files: dict[str, str], manager: str, commands: list[str]
) -> None:
    found = plan(tree, {**files, "app.py": FLASK})
    assert (found.package_manager, [" ".join(step.run) for step in found.install]) == (manager, commands)
    assert all(step.outputs == (".venv",) for step in found.install)
    assert found.start is not None
    assert found.start[0] == VENV


@pytest.mark.parametrize("files", [{}, {"requirements.txt": "# none\n"}, {"pyproject.toml": "[project]\nname = 'x'\n"}])
def test_without_dependencies_nothing_is_installed(tree: Tree, files: dict[str, str]) -> None:
    found = plan(tree, {**files, "app.py": "import os\nos.environ['PORT']"})
    assert (found.install, found.start) == ((), ("python3", "app.py"))


@pytest.mark.parametrize(
    ("files", "inputs"),
    [
        ({"requirements.txt": "flask"}, ("requirements.txt",)),
        (
            {"requirements.txt": "-r reqs/base.txt\n", "reqs/base.txt": "-r ../requirements.txt\nflask"},
            ("reqs/base.txt", "requirements.txt"),
        ),
        ({"requirements.txt": "flask\n-e ."}, ()),
        ({"requirements.txt": "flask\n./lib"}, ()),
    ],
)
def test_the_install_runs_again_when_these_change(tree: Tree, files: dict[str, str], inputs: tuple[str, ...]) -> None:
    found = plan(tree, {**files, "app.py": FLASK})
    assert {step.inputs for step in found.install} == {inputs}
    assert found.variant == "flask"


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


def test_a_package_is_started_by_its_name(tree: Tree) -> None:
    assert plan(tree, {"shop/__main__.py": "import os\nos.environ['PORT']"}).start == ("python3", "-m", "shop")


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
