"""Which lock file counts, where there are several or where it is another package manager's."""

import pytest
from python_apps import FLASK, POETRY, PYPROJECT, plan
from source_tree import Tree

PIPFILE = '[packages]\nflask = "*"\n'


@pytest.mark.parametrize(
    ("files", "manager", "said"),
    [
        (
            {"pyproject.toml": PYPROJECT, "uv.lock": "", "poetry.lock": ""},
            "uv",
            "There are several lock files: uv.lock counts, poetry.lock does not. Delete what is not used.",
        ),
        (
            {"pyproject.toml": PYPROJECT, "poetry.lock": "", "pdm.lock": "", "Pipfile": PIPFILE, "Pipfile.lock": "{}"},
            "poetry",
            "There are several lock files: poetry.lock counts, pdm.lock and Pipfile.lock does not. "
            "Delete what is not used.",
        ),
        (
            {"pyproject.toml": POETRY, "uv.lock": ""},
            "poetry",
            "uv.lock is not used: the project is not written for uv, and pyproject.toml counts.",
        ),
        (
            {"requirements.txt": "flask", "Pipfile.lock": "{}"},
            "pip",
            "Pipfile.lock is not used: the project is not written for pipenv, and requirements.txt counts.",
        ),
    ],
)
def test_a_lock_file_that_does_not_count_is_said(tree: Tree, files: dict[str, str], manager: str, said: str) -> None:
    found = plan(tree, {"app.py": FLASK, **files})
    assert (found.package_manager, found.warnings[-1]) == (manager, said)


def test_the_one_lock_file_needs_no_word(tree: Tree) -> None:
    assert not any(
        "lock" in said for said in plan(tree, {"app.py": FLASK, "pyproject.toml": PYPROJECT, "uv.lock": ""}).warnings
    )
