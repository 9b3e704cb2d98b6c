"""What one Python file says about the app."""

import pytest
from webduh_plugins.python_module import App, Module, Read, module


@pytest.mark.parametrize(
    ("text", "apps"),
    [
        ("from flask import Flask\napp = Flask(__name__)", (App("app", "flask"),)),
        ("from flask import Flask as F\nsite = F(__name__)", (App("site", "flask"),)),
        ("import flask\napp = flask.Flask(__name__)", (App("app", "flask"),)),
        ("import flask as f\napp = f.Flask(__name__)", (App("app", "flask"),)),
        ("from fastapi import FastAPI\napi: FastAPI = FastAPI()", (App("api", "fastapi"),)),
        ("from fastapi import FastAPI\na = b = FastAPI()", (App("a", "fastapi"), App("b", "fastapi"))),
        ("from fasthtml.common import *\napp, rt = fast_app()", (App("app", "fasthtml"),)),
        ("from fasthtml.common import fast_app\napp, rt = fast_app()", (App("app", "fasthtml"),)),
        ("from starlette.applications import Starlette\napp = Starlette()", (App("app", "starlette"),)),
        ("from aiohttp import web\napp = web.Application()", (App("app", "aiohttp"),)),
        ("import gradio as gr\nwith gr.Blocks() as demo:\n    pass", (App("demo", "gradio"),)),
        ("from litestar import Litestar\nif True:\n    app = Litestar([])", (App("app", "litestar"),)),
        ("from quart import Quart\ntry:\n    app = Quart(1)\nexcept OSError:\n    pass", (App("app", "quart"),)),
        (
            "from flask import Flask\ndef create_app():\n    app = Flask(1)\n    return app",
            (App("create_app", "flask", True),),
        ),
        (
            "from flask import Flask\ndef create_app(config=None):\n    return Flask(1)",
            (App("create_app", "flask", True),),
        ),
        ("from flask import Flask\ndef create_app(config):\n    return Flask(1)", ()),
        ("from flask import Flask\ndef make():\n    return Flask(1)", ()),
        ("from mine import Flask\napp = Flask()", ()),
        ("class Flask: ...\napp = Flask()", ()),
        ("import requests\napp = requests.get('flask')", ()),
        ("from flask import Flask\nif __name__ == '__main__':\n    app = Flask(1)", ()),
    ],
)
def test_app_objects_are_found_by_what_makes_them(text: str, apps: tuple[App, ...]) -> None:
    assert module(text).apps == apps


@pytest.mark.parametrize(
    ("text", "reads"),
    [
        ('import os\nos.environ["A"]', (Read("A", True, None),)),
        ('import os\nos.environ.get("A")', (Read("A", False, None),)),
        ('import os\nos.environ.get("A", "x")', (Read("A", False, "x"),)),
        ('import os\nos.getenv("A", default=3)', (Read("A", False, "3"),)),
        ('import os\nos.getenv("A", str(3))', (Read("A", False, None),)),
        ('from os import environ, getenv as g\nenviron["A"]; g("B")', (Read("A", True, None), Read("B", False, None))),
        ('import os\nNAME = "A"\nos.environ[NAME]', (Read("A", True, None),)),
        (
            'from decouple import config\nA = config("A")\nB = config("B", default="x")',
            (Read("A", True, None), Read("B", False, "x")),
        ),
        ('import os\nos.environ["A"] = "x"', ()),
        ('import os\ndel os.environ["A"]', ()),
        ('import os\n"A" in os.environ', ()),
        ('import os\nos.environ[f"{x}"]', ()),
        ('environ = {}\nenviron["A"]', ()),
    ],
)
def test_variables_that_are_read_are_found(text: str, reads: tuple[Read, ...]) -> None:
    assert module(text).reads == reads


@pytest.mark.parametrize(
    ("text", "ports"),
    [
        ("app.run(port=5000)", (5000,)),
        ("app.run('0.0.0.0', 5000)", (5000,)),
        ("HTTPServer(('', 8000), H).serve_forever()", (8000,)),
        ("PORT = 8000\nHTTPServer(('', PORT), H)", (8000,)),
        ("import http.server as s\ns.ThreadingHTTPServer(('', 81), H)", (81,)),
        ("sock.bind(('0.0.0.0', 9000)); sock.listen(5)", (9000,)),
        ("app.listen(8888)", (8888,)),
        ("from aiohttp import web\nweb.run_app(app)", (8080,)),
        ("from aiohttp import web\nweb.run_app(app, port=p)", ()),
        ("from wsgiref.simple_server import make_server\nmake_server('', 8051, app)", (8051,)),
        ("import subprocess\nsubprocess.run(['a'], 8000)", ()),
        ("import asyncio\nasyncio.run(main())", ()),
        ("app.run(port=port)", ()),
        ("app.run(port=0)", ()),
        ("app.run(debug=True)", ()),
    ],
)
def test_ports_are_found_where_something_listens(text: str, ports: tuple[int, ...]) -> None:
    assert module(text).ports == ports


@pytest.mark.parametrize("text", ["def (", "x = '", "\0", "(" * 5000, "a = 08"])
def test_a_file_that_cannot_be_parsed_is_broken_not_fatal(text: str) -> None:
    found = module(text)
    assert found.broken
    assert found._replace(broken="") == Module()


def test_djangos_settings_module_is_found() -> None:
    text = 'import os\nos.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings.prod")'
    assert module(text).settings == "shop.settings.prod"
