"""How the apps of the frameworks of Python begin and are started."""

import pytest
from python_apps import FASTAPI, FLASK, MANAGE, VENV, plan
from source_tree import Tree

from webduh_console.frameworks import Static

GUNICORN = "-m gunicorn {} --bind 0.0.0.0:${{PORT}}"
UVICORN = "-m uvicorn {} --host 0.0.0.0 --port ${{PORT}}"
FACTORY = "from flask import Flask\ndef create_app(name):\n    app = Flask(name)\n    return app\n"
WSGI = """\
import os
from django.core.wsgi import get_wsgi_application
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "{}")
application = app = get_wsgi_application()
"""


def started(tree: Tree, requirements: str, files: dict[str, str]) -> tuple[str, str]:
    """The variant, and the start as a line without the interpreter of the dependencies."""
    found = plan(tree, {"requirements.txt": requirements, **files})
    return found.variant, " ".join(found.start or ()).replace(f"{VENV} ", "")


@pytest.mark.parametrize(
    ("package", "text", "line"),
    [
        ("chainlit", "import chainlit as cl\n", "-m chainlit run app.py --host 0.0.0.0 --port ${PORT} --headless"),
        (
            "panel",
            "import panel as pn\n",
            "-m panel serve app.py --address 0.0.0.0 --port ${PORT} --allow-websocket-origin *",
        ),
        ("shiny", "from shiny.express import ui\n", "-m shiny run app.py --host 0.0.0.0 --port ${PORT}"),
        ("solara", "import solara\n", "-m solara run app.py --host 0.0.0.0 --port ${PORT} --production"),
        ("mesop", "import mesop as me\n", "-m gunicorn app:me --bind 0.0.0.0:${PORT}"),
        (
            "marimo",
            "import marimo\napp = marimo.App()\n",
            "-m marimo run app.py --host 0.0.0.0 --port ${PORT} --headless",
        ),
        (
            "flet",
            "import flet as ft\nft.app(print)\n",
            "env FLET_FORCE_WEB_SERVER=true FLET_SERVER_IP=0.0.0.0 FLET_SERVER_PORT=${PORT} app.py",
        ),
        (
            "robyn",
            "from robyn import Robyn\napp = Robyn(__file__)\n",
            "env ROBYN_HOST=0.0.0.0 ROBYN_PORT=${PORT} app.py",
        ),
        ("blacksheep", "from blacksheep import Application\napp = Application()\n", UVICORN.format("app:app")),
        ("connexion", "import connexion\napp = connexion.AsyncApp('x')\n", UVICORN.format("app:app")),
        ("bottle", "import bottle\napp = bottle.default_app()\n", GUNICORN.format("app:app")),
        ("flask", "from apiflask import APIFlask\napp = APIFlask('x')\n", GUNICORN.format("app:app")),
        ("dash", "from dash import Dash\napp = Dash('x')\nserver = app.server\n", GUNICORN.format("app:server")),
    ],
)
def test_a_framework_is_started_its_own_way(tree: Tree, package: str, text: str, line: str) -> None:
    assert started(tree, package, {"app.py": text}) == (package, line)


def test_reflex_is_started_by_its_program(tree: Tree) -> None:
    files = {"rxconfig.py": "import reflex as rx\n", "shop/shop.py": "import reflex as rx\napp = rx.App()\n"}
    assert started(tree, "reflex", files) == (
        "reflex",
        "-m reflex run --env prod --frontend-port ${PORT} --backend-port 8000",
    )


def test_notebooks_are_served_by_voila(tree: Tree) -> None:
    line = "-m voila a.ipynb --no-browser --Voila.ip=0.0.0.0 --port=${PORT}"
    assert started(tree, "voila", {"a.ipynb": "{}"}) == ("voila", line)


@pytest.mark.parametrize(
    ("files", "target"),
    [
        ({"main.py": "from flask import Flask\nserver = Flask(__name__)\n"}, "main:server"),
        ({"shop/__init__.py": FACTORY, "wsgi.py": 'from shop import create_app\napp = create_app("x")\n'}, "wsgi:app"),
        (
            {"shop/factory.py": FACTORY, "run.py": "from shop.factory import create_app as make\nweb = make(1)\n"},
            "run:web",
        ),
        (
            {
                "shop/__init__.py": "from .factory import create_app\n",
                "shop/factory.py": FACTORY,
                "wsgi.py": "import shop\napplication = shop.create_app(1)\n",
            },
            "wsgi:application",
        ),
        ({"app.py": FACTORY + 'thing = create_app("x")\n'}, "app:thing"),
        ({"app.py": "from flask import Flask\nclass Mine(Flask): ...\napp = Mine('x')\n"}, "app:app"),
        ({"app.py": "import other\n", "other.py": FLASK, "gunicorn.conf.py": 'wsgi_app = "other:app"\n'}, "other:app"),
        ({"app.py": FLASK, "other.py": FLASK, "gunicorn.conf.py": 'wsgi_app = "other:app"\n'}, "other:app"),
    ],
)
def test_the_object_that_a_server_is_given_is_found(tree: Tree, files: dict[str, str], target: str) -> None:
    assert started(tree, "flask\ngunicorn", files) == ("flask", GUNICORN.format(target))


def test_a_factory_with_arguments_is_not_called_by_a_server(tree: Tree) -> None:
    assert started(tree, "flask\ngunicorn", {"shop/__init__.py": FACTORY})[1] == ""


@pytest.mark.parametrize(
    ("requirements", "text", "line"),
    [
        ("gunicorn", "def application(environ, start_response):\n    return []\n", GUNICORN.format("app:application")),
        ("uvicorn", "async def app(scope, receive, send): ...\n", UVICORN.format("app:app")),
        ("httpx", "def application(environ, start_response):\n    return []\n", "app.py"),
    ],
)
def test_a_function_may_be_an_app(tree: Tree, requirements: str, text: str, line: str) -> None:
    assert started(tree, requirements, {"app.py": text}) == ("", line)


@pytest.mark.parametrize(
    ("requirements", "words"),
    [
        ("eventlet", "--worker-class eventlet --workers 1"),
        (
            "gevent\ngevent-websocket",
            "--worker-class geventwebsocket.gunicorn.workers.GeventWebSocketWorker --workers 1",
        ),
        ("simple-websocket", "--workers 1 --threads 100"),
    ],
)
def test_web_sockets_of_flask_stay_with_one_worker(tree: Tree, requirements: str, words: str) -> None:
    found = started(tree, f"flask\nflask-socketio\ngunicorn\n{requirements}", {"app.py": FLASK})
    assert found == ("flask", f"{GUNICORN.format('app:app')} {words}")


@pytest.mark.parametrize(
    ("text", "port"),
    [
        ("from aiohttp import web\ndef init():\n    return web.Application()\nweb.run_app(init(), port=8000)\n", 8000),
        ("import tornado.web\nasync def main():\n    tornado.web.Application().listen(8888)\nmain()\n", 8888),
    ],
)
def test_an_app_that_is_made_and_served_inside_a_function_is_a_program(tree: Tree, text: str, port: int) -> None:
    found = plan(tree, {"requirements.txt": "aiohttp\ntornado", "main.py": text})
    assert (found.variant, found.start, found.port) == (text.split()[1].partition(".")[0], (VENV, "main.py"), port)


def test_a_bot_that_says_that_it_lives_is_started_as_a_bot(tree: Tree) -> None:
    alive = "from flask import Flask\napp = Flask('')\ndef keep_alive():\n    app.run(host='0.0.0.0', port=8080)\n"
    bot = "import discord\nfrom alive import keep_alive\nkeep_alive()\ndiscord.Client().run('token')\n"
    found = plan(tree, {"requirements.txt": "discord.py\nflask", "main.py": bot, "alive.py": alive})
    assert (found.start, found.port) == ((VENV, "main.py"), 8080)


def test_a_bot_in_a_package_is_a_worker_that_finds_itself(tree: Tree) -> None:
    found = plan(
        tree, {"requirements.txt": "discord.py", "src/bot/__main__.py": "import discord\ndiscord.Client().run('x')\n"}
    )
    assert [(one.name, one.command) for one in found.processes] == [("worker", (VENV, "-m", "bot"))]
    assert found.variables["PYTHONPATH"] == "src"


def test_a_bot_that_is_called_by_requests_is_no_worker(tree: Tree) -> None:
    text = "import os\nfrom telegram.ext import Application\nApplication().run_webhook(port=int(os.environ['PORT']))\n"
    assert plan(tree, {"requirements.txt": "python-telegram-bot", "bot.py": text}).start == (VENV, "bot.py")


def test_django_without_manage_is_served_by_its_object(tree: Tree) -> None:
    assert started(tree, "django\ngunicorn", {"shop/wsgi.py": WSGI.format("shop.settings")}) == (
        "django",
        GUNICORN.format("shop.wsgi:application"),
    )


def test_the_settings_say_where_the_object_of_django_is(tree: Tree) -> None:
    files = {
        "manage.py": MANAGE,
        "shop/settings.py": 'WSGI_APPLICATION = "deploy.web.app"\n',
        "deploy/web.py": WSGI.format("shop.settings"),
    }
    assert started(tree, "django\ngunicorn", files)[1] == GUNICORN.format("deploy.web:app")


def test_migrations_use_the_settings_that_the_app_is_served_with(tree: Tree) -> None:
    files = {
        "manage.py": MANAGE.replace("shop.settings", "shop.settings.dev"),
        "shop/settings/__init__.py": "",
        "shop/settings/dev.py": "DATABASES = {}\n",
        "shop/settings/production.py": "DATABASES = {}\n",
        "shop/wsgi.py": WSGI.format("shop.settings"),
    }
    found = plan(tree, {"requirements.txt": "django\ngunicorn", **files})
    assert found.variables["DJANGO_SETTINGS_MODULE"] == "shop.settings.production"
    assert found.warnings == (
        "manage.py, wsgi.py and asgi.py name different settings: "
        "DJANGO_SETTINGS_MODULE is shop.settings.production here.",
    )


def test_channels_without_a_server_are_given_one(tree: Tree) -> None:
    files = {"manage.py": MANAGE, "shop/settings.py": "", "shop/asgi.py": "", "shop/wsgi.py": ""}
    line = "-m daphne -b 0.0.0.0 -p ${PORT} shop.asgi:application"
    assert started(tree, "django\nchannels\ngunicorn", files) == ("django", line)


def test_the_celery_of_a_django_project_is_named_with_its_package(tree: Tree) -> None:
    files = {
        "manage.py": MANAGE,
        "shop/settings.py": "",
        "shop/wsgi.py": "",
        "shop/celery.py": "from celery import Celery\napp = Celery('shop')\n",
    }
    found = plan(tree, {"requirements.txt": "django\ngunicorn\ncelery", **files})
    assert "celery -A shop.celery worker" in found.warnings[-1]


@pytest.mark.parametrize(
    ("files", "packages", "folder"),
    [
        (
            {"mkdocs.yml": "theme:\n  name: material\nplugins:\n  - search\n  - minify\n"},
            ("mkdocs", "mkdocs-material", "mkdocs-minify-plugin"),
            "site",
        ),
        (
            {"conf.py": 'extensions = ["myst_parser"]\nhtml_theme = "furo"\n'},
            ("sphinx", "myst-parser", "furo"),
            "_build/html",
        ),
        ({"pelicanconf.py": "SITENAME = 'x'\n"}, ("pelican",), "output"),
        ({"_toc.yml": "format: jb-book\n", "_config.yml": "title: x\n"}, ("jupyter-book<2",), "_build/html"),
    ],
)
def test_a_site_whose_dependencies_nobody_lists_is_built_all_the_same(
    tree: Tree, files: dict[str, str], packages: tuple[str, ...], folder: str
) -> None:
    found = plan(tree, files)
    assert (found.install[-1].run[4:], found.static) == (packages, Static(folder))


@pytest.mark.parametrize(
    ("files", "words", "needs"),
    [
        ({"requirements.txt": "jupyter-book<2", "_toc.yml": "", "_config.yml": ""}, ("build", "."), ()),
        ({"requirements.txt": "jupyter-book", "myst.yml": "version: 1\n"}, ("build", "--html"), ("npm",)),
    ],
)
def test_a_book_of_jupyter_is_made_by_the_program_of_its_time(
    tree: Tree, files: dict[str, str], words: tuple[str, ...], needs: tuple[str, ...]
) -> None:
    step = plan(tree, files).build[0]
    assert (step.run, step.needs) == ((".venv/bin/jupyter-book", *words), needs)


def test_documentation_of_a_folder_has_its_own_list(tree: Tree) -> None:
    found = plan(tree, {"docs/conf.py": "", "docs/requirements.txt": "sphinx\nfuro\n"})
    assert (found.install[-1].run[-2:], found.variant) == (("-r", "docs/requirements.txt"), "sphinx")


def test_a_list_in_utf_16_as_powershell_writes_it_is_read(tree: Tree) -> None:
    root = tree({"main.py": FASTAPI, "requirements.txt": ""})
    (root.at / "requirements.txt").write_bytes("fastapi==0.115\r\nuvicorn\r\n".encode("utf-16"))
    assert root.text("requirements.txt") == "fastapi==0.115\nuvicorn\n"


@pytest.mark.parametrize(
    ("text", "variant"),
    [
        ("import gradio as gr\ngr.Interface(fn=str, inputs='text', outputs='text').launch()\n", "gradio"),
        ("from bottle import route, run\nrun(host='0.0.0.0', port=8080)\n", "bottle"),
    ],
)
def test_a_framework_without_an_object_is_told_by_the_import_alone(tree: Tree, text: str, variant: str) -> None:
    assert plan(tree, {"app.py": text}).variant == variant


def test_a_program_that_cannot_be_parsed_is_started_and_named(tree: Tree) -> None:
    found = plan(tree, {"requirements.txt": "flask", "app.py": "from flask import Flask\napp = Flask(__name__\n"})
    assert (found.variant, found.start) == ("flask", (VENV, "app.py"))
    assert found.warnings[-1] == "app.py cannot be parsed (line 2: '(' was never closed): what it says was not used."


def test_a_folder_whose_files_import_its_packages_by_their_bare_names_is_where_python_looks(tree: Tree) -> None:
    files = {"src/main.py": f"from routers import users\n{FASTAPI}", "src/routers/users.py": ""}
    found = plan(tree, {"requirements.txt": "fastapi\nuvicorn", **files})
    assert (found.start or ())[3] == "main:app"
    assert found.variables["PYTHONPATH"] == "src"


def test_a_worker_of_rq_is_a_worker(tree: Tree) -> None:
    found = plan(tree, {"requirements.txt": "rq", "worker.py": "from rq import Worker\nWorker(['a']).work()\n"})
    assert [(one.name, one.command) for one in found.processes] == [("worker", (VENV, "worker.py"))]


@pytest.mark.parametrize(
    ("server", "words", "port"),
    [
        ("use = egg:waitress#main\nlisten = *:6543", "", 6543),
        (
            "use = egg:waitress#main\nlisten = 0.0.0.0:%(http_port)s\n\n[loggers]\nkeys = root",
            " http_port=${PORT}",
            None,
        ),
        ("use = egg:gunicorn#main\nhost = 0.0.0.0\nport = 8080", "", 8080),
    ],
)
def test_pyramid_is_started_with_its_settings(tree: Tree, server: str, words: str, port: int | None) -> None:
    files = {
        "setup.py": "setup(name='shop', install_requires=['pyramid', 'waitress'])",
        "production.ini": f"[app:main]\nuse = egg:shop\n\n[server:main]\n{server}\n",
        "shop/__init__.py": "from pyramid.config import Configurator\n",
    }
    found = plan(tree, files)

    assert (found.variant, found.port) == ("pyramid", port)
    assert found.start == tuple(f".venv/bin/python -m pyramid.scripts.pserve production.ini{words}".split())
