"""Python apps for tests, and what the Python plugin says of them."""

from plugin_answers import matched, planned
from source_tree import Tree
from webduh_plugins.python import Plugin

from webduh_console.frameworks import BuildPlan, BuildStep, Match

PIP = {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1"}
VENV = ".venv/bin/python"
FLASK = "from flask import Flask\napp = Flask(__name__)\n"
FASTAPI = "from fastapi import FastAPI\napp = FastAPI()\n"
MANAGE = """\
import os
from django.core.management import execute_from_command_line
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
"""
PYPROJECT = (
    '[project]\nname = "x"\nversion = "1"\nrequires-python = ">=3.11"\ndependencies = ["flask>=3", "gunicorn"]\n'
)
BUILT = PYPROJECT + '[build-system]\nrequires = ["hatchling"]\n'
POETRY = '[tool.poetry.dependencies]\npython = "^3.11"\nflask = "3"\nfastapi = {version = "1", extras = ["standard"]}\n'


def match(tree: Tree, files: dict[str, str]) -> Match:
    return matched(Plugin(), tree(files))


def plan(tree: Tree, files: dict[str, str]) -> BuildPlan:
    return planned(Plugin(), tree(files))


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
