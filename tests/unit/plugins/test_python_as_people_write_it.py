"""Python as people bring it: without a list of what it needs, with settings classes, programs of its own."""

import pytest
from python_apps import FASTAPI, FLASK, VENV, plan
from source_tree import Tree

from webduh_console.frameworks import SourceError

SCRIPT = """\
# /// script
# requires-python = ">=3.12"
# dependencies = ["flask>=3", "gunicorn"]
# ///
"""
BUILT = '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'
SETTINGS = """\
from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict
class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="shop_")
    database_url: str
    api_key: str = Field(...)
    debug: bool = False
    workers: int = Field(default=4)
"""
ENVIRON = """\
import environ
env = environ.Env(DEBUG=(bool, False))
DEBUG = env("DEBUG")
SECRET_KEY = env.str("SECRET_KEY")
CACHE = env("CACHE_TTL", default="60")
DATABASES = {"default": env.db()}
environ.Env.read_env(".env")
"""


def test_the_metadata_of_a_script_says_what_it_needs(tree: Tree) -> None:
    found = plan(tree, {"main.py": SCRIPT + FLASK})
    made, filled = (step.run for step in found.install)
    assert (made[:2], {"flask>=3", "gunicorn"} <= {*filled}) == (("uv", "venv"), True)
    assert (found.versions, found.version_source) == ({"python": ">=3.12"}, {"python": "main.py"})
    assert found.start == (VENV, "-m", "gunicorn", "main:app", "--bind", "0.0.0.0:${PORT}")
    assert (found.package_manager, found.warnings) == ("uv", ())


def test_a_project_file_beats_the_metadata_of_a_script(tree: Tree) -> None:
    found = plan(tree, {"main.py": SCRIPT + FLASK, "requirements.txt": "flask\n"})
    assert (found.package_manager, found.versions) == ("pip", {})


def test_metadata_that_is_no_toml_is_an_error_with_its_line(tree: Tree) -> None:
    with pytest.raises(SourceError, match=r"main\.py:2 is not TOML. The metadata of the script: Invalid value"):
        plan(tree, {"main.py": "# /// script\n# dependencies = [\n# ///\n" + FLASK})


@pytest.mark.parametrize(
    ("files", "installed"),
    [
        ({"app.py": FLASK + "import yaml, psycopg2\n"}, ("flask", "psycopg2-binary", "pyyaml")),
        ({"main.py": FASTAPI + "import totally_unknown\n"}, ("fastapi",)),
        ({"manage.py": "from django.core.management import x", "m/settings.py": "", "m/wsgi.py": ""}, ("django",)),
    ],
)
def test_without_a_list_what_is_known_of_the_imports_is_installed(
    tree: Tree, files: dict[str, str], installed: tuple[str, ...]
) -> None:
    found = plan(tree, files)
    assert found.install[1].run == (VENV, "-m", "pip", "install", *installed)
    assert any(warning.startswith("Nothing lists the dependencies: ") for warning in found.warnings)


def test_what_a_program_without_a_framework_imports_is_installed_too_and_nothing_that_is_not_known(tree: Tree) -> None:
    found = plan(tree, {"main.py": "import requests\nimport unheard_of\nprint(requests)\n"})
    assert found.install[-1].run == (VENV, "-m", "pip", "install", "requests")
    assert plan(tree, {"main.py": "import json\nimport unheard_of\nprint(json)\n"}).install == ()


@pytest.mark.parametrize(
    ("scripts", "name", "function"),
    [
        ('shop = "shop.cli:main"', "shop", "main"),
        ('migrate = "shop.cli:b"\nserve = "shop.cli:c"', "serve", "c"),
        ('migrate = "shop.cli:b"\nx = "shop.cli:c"', "x", "c"),
        ('migrate = "shop.cli:b"\nother = "shop.cli:c"', "", ""),
        ('theirs = "another:main"', "", ""),
    ],
)
def test_the_program_that_a_project_says_it_has_starts_it(tree: Tree, scripts: str, name: str, function: str) -> None:
    project = f'[project]\nname = "x"\nversion = "1"\ndependencies = ["aiohttp"]\n[project.scripts]\n{scripts}\n{BUILT}'
    files = {"pyproject.toml": project, "src/shop/__init__.py": "", "src/shop/cli.py": "def main(): pass"}
    found = plan(tree, files)
    run = f"import sys; from shop.cli import {function}; sys.argv[0] = '{name}'; sys.exit({function}())"
    assert found.start == ((VENV, "-c", run) if name else None)


def test_the_fields_of_settings_are_variables(tree: Tree) -> None:
    found = plan(tree, {"requirements.txt": "fastapi\nuvicorn", "main.py": FASTAPI, "settings.py": SETTINGS})
    assert [(one.name, one.required, one.secret, one.default) for one in found.env] == [
        ("SHOP_API_KEY", True, True, None),
        ("SHOP_DATABASE_URL", True, True, None),
        ("SHOP_DEBUG", False, False, "False"),
        ("SHOP_WORKERS", False, False, "4"),
    ]


def test_so_is_what_an_env_is_asked_for(tree: Tree) -> None:
    found = plan(tree, {"requirements.txt": "flask\ngunicorn", "app.py": FLASK, "settings.py": ENVIRON})
    assert [(one.name, one.required, one.default) for one in found.env] == [
        ("CACHE_TTL", False, "60"),
        ("DATABASE_URL", True, None),
        ("DEBUG", False, "False"),
        ("SECRET_KEY", True, None),
    ]


@pytest.mark.parametrize(
    ("name", "program", "words"),
    [
        ("chainlit", "import chainlit as cl", ("chainlit", "run", "app.py", "--host", "0.0.0.0")),
        ("panel", "import panel as pn", ("panel", "serve", "app.py", "--address", "0.0.0.0")),
    ],
)
def test_what_serves_a_file_is_started_with_it(tree: Tree, name: str, program: str, words: tuple[str, ...]) -> None:
    found = plan(tree, {"requirements.txt": name, "app.py": program})
    assert (found.variant, found.start and found.start[2:7], found.port) == (name, words, None)


def test_a_jupyter_book_is_a_site(tree: Tree) -> None:
    found = plan(tree, {"requirements.txt": "jupyter-book", "_toc.yml": "root: intro", "_config.yml": "title: x"})
    assert (found.variant, found.static and found.static.dir) == ("jupyter-book", "_build/html")
    assert [step.run for step in found.build] == [(".venv/bin/jupyter-book", "build", ".")]


def test_what_only_conda_lists_is_said(tree: Tree) -> None:
    found = plan(tree, {"environment.yml": "dependencies: [flask]", "app.py": FLASK})
    assert any("environment.yml is for conda, which is not used here" in warning for warning in found.warnings)
    assert found.install[-2].run[-1] == "flask"
