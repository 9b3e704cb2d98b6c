"""How Python apps are started."""

import pytest
from python_apps import FASTAPI, FLASK, MANAGE, VENV, match, pip, plan
from source_tree import Tree

from webduh_console.frameworks import BuildPlan, BuildStep, Process, Static


@pytest.mark.parametrize(
    ("requirements", "start"),
    [
        ("django uvicorn", "-m uvicorn shop.asgi:application --host 0.0.0.0 --port ${PORT}"),
        ("django daphne", "-m daphne -b 0.0.0.0 -p ${PORT} shop.asgi:application"),
        ("django waitress", "-m waitress --listen=0.0.0.0:${PORT} shop.wsgi:application"),
        ("django", "-m gunicorn shop.wsgi:application --bind 0.0.0.0:${PORT}"),
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
    ("requirements", "files", "start", "server"),
    [
        ("flask", {"app.py": FLASK}, "-m gunicorn app:app --bind 0.0.0.0:${PORT}", "gunicorn"),
        (
            "quart",
            {"app.py": "from quart import Quart\napp = Quart(__name__)"},
            "-m uvicorn app:app --host 0.0.0.0 --port ${PORT}",
            "uvicorn",
        ),
        (
            "bottle",
            {"app.py": "import bottle\napp = bottle.Bottle()"},
            "-m gunicorn app:app --bind 0.0.0.0:${PORT}",
            "gunicorn",
        ),
        ("fastapi", {"main.py": FASTAPI}, "-m uvicorn main:app --host 0.0.0.0 --port ${PORT}", "uvicorn"),
    ],
)
def test_a_server_for_production_is_added_where_none_is_a_dependency(
    tree: Tree, requirements: str, files: dict[str, str], start: str, server: str
) -> None:
    found = plan(tree, {"requirements.txt": requirements, **files})
    said = f"No server for production is a dependency in requirements.txt: {server} is added."
    assert (found.start, found.warnings) == ((VENV, *start.split()), (said,))
    assert found.install[-1].run == ("python3", "-m", "pip", "--python", VENV, "install", server)
    assert {step.inputs for step in found.install} == {("requirements.txt",)}


def test_a_framework_that_nothing_declares_is_less_sure_and_installed_as_it_is_imported(tree: Tree) -> None:
    files = {"app.py": FLASK}
    assert match(tree, files).confidence == 0.8
    found = plan(tree, files)
    assert [step.run[-3:] for step in found.install] == [
        ("-m", "venv", ".venv"),
        ("pip", "install", "flask"),
        (VENV, "install", "gunicorn"),
    ]
    assert found.start == (VENV, "-m", "gunicorn", "app:app", "--bind", "0.0.0.0:${PORT}")
    assert any("what the app names is installed (flask)" in warning for warning in found.warnings)


def test_what_a_list_leaves_out_is_warned_about(tree: Tree) -> None:
    found = plan(tree, {"app.py": FLASK, "requirements.txt": "requests\n"})
    assert any("needs flask, which is not a dependency in requirements.txt" in warning for warning in found.warnings)


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


def test_a_package_is_started_by_its_name(tree: Tree) -> None:
    assert plan(tree, {"shop/__main__.py": "import os\nos.environ['PORT']"}).start == ("python3", "-m", "shop")
