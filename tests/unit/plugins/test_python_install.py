"""How the dependencies of Python apps are installed."""

import pytest
from python_apps import BUILT, FLASK, POETRY, PYPROJECT, VENV, plan
from source_tree import Tree

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
    own = [" ".join(step.run) for step in found.install if step.name != "add what is missing"]
    assert (found.package_manager, own) == (manager, commands)
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


@pytest.mark.parametrize("file", ["requirements/production.txt", "requirements/base.txt", "requirements-prod.txt"])
def test_requirements_may_lie_elsewhere(tree: Tree, file: str) -> None:
    found = plan(tree, {file: "flask\ngunicorn\n", "app.py": FLASK})
    assert found.install[1].run == (VENV, "-m", "pip", "install", "-r", file)
    assert found.install[1].inputs == (file,)
    assert found.warnings == ()


@pytest.mark.parametrize(
    ("usual", "other", "listed"),
    [
        ("flask\nblack\n", "flask\nuwsgi\n", "requirements.prod.txt"),
        ("flask\n", "-r requirements.txt\ngunicorn\n", "requirements.prod.txt"),
        ("flask\ngunicorn\n", "flask\ngunicorn\n", "requirements.txt"),
        ("flask\nrequests\nlxml\n", "gunicorn\n", "requirements.txt"),
    ],
)
def test_the_list_that_brings_the_server_is_installed(tree: Tree, usual: str, other: str, listed: str) -> None:
    found = plan(tree, {"requirements.txt": usual, "requirements.prod.txt": other, "app.py": FLASK})
    assert found.install[1].run[-1] == listed


@pytest.mark.parametrize(
    "setup",
    [
        "setup(name='shop', install_requires=['flask', 'gunicorn'])",
        "requires = [\n    'flask',\n    'gunicorn',\n]\nsetup(name='shop', install_requires=requires)",
        "REQUIRES = ['flask', 'gunicorn']\nsetup(\n    install_requires=REQUIRES,\n)",
    ],
)
def test_what_a_setup_file_requires_may_be_named_before(tree: Tree, setup: str) -> None:
    found = plan(tree, {"setup.py": setup, "app.py": FLASK})
    assert (found.variant, found.warnings) == ("flask", ())
