"""Where the dependencies, the version and the start of a Python app come from when no usual list says them."""

import pytest
from python_apps import FASTAPI, FLASK, MANAGE, VENV, plan
from source_tree import Tree

from webduh_console.frameworks import SourceError

SERVED = f"{VENV} -m gunicorn app:app --bind 0.0.0.0:${{PORT}}"
SCRIPT = '# /// script\n# requires-python = ">=3.12"\n# dependencies = [\n#   "flask<4",\n#   "gunicorn",\n# ]\n# ///\n'
HTTPX = '[project]\ndependencies = ["httpx"]\n'
CONSOLE = '[project]\nname = "my-tool"\nversion = "1"\ndependencies = ["httpx"]\n[project.scripts]\n'


def installed(tree: Tree, files: dict[str, str]) -> tuple[str | None, list[str], str]:
    """The package manager, the last words of the installation, and the start as a line."""
    found = plan(tree, files)
    words = found.install[-1].run if found.install else ()
    return (
        found.package_manager,
        list(words[words.index("install") + 1 :] if "install" in words else words),
        _line(found.start),
    )


def _line(command: tuple[str, ...] | None) -> str:
    return " ".join(command or ())


def test_a_script_with_metadata_gets_what_it_says_and_the_version_it_asks_for(tree: Tree) -> None:
    found = plan(tree, {"app.py": SCRIPT + FLASK})
    assert [step.run for step in found.install] == [
        ("uv", "venv", ".venv"),
        ("uv", "pip", "install", "--python", VENV, "flask<4", "gunicorn"),
    ]
    assert (found.package_manager, found.versions, _line(found.start)) == ("uv", {"python": ">=3.12"}, SERVED)
    assert found.warnings == ()


def test_a_script_whose_metadata_is_broken_is_named_with_its_line(tree: Tree) -> None:
    with pytest.raises(SourceError) as caught:
        plan(tree, {"app.py": "#!/usr/bin/env python\n# /// script\n# dependencies = [\n# ///\n"})
    assert (caught.value.file, caught.value.line) == ("app.py", 3)


@pytest.mark.parametrize(
    ("scripts", "name", "module"),
    [
        ('my-tool = "my_tool.cli:main"\n', "my-tool", "my_tool.cli"),
        ('lint = "my_tool.lint:main"\nserve = "my_tool.cli:main"\n', "serve", "my_tool.cli"),
        ('only = "my_tool.cli:main"\nother = "elsewhere.cli:main"\n', "only", "my_tool.cli"),
    ],
)
@pytest.mark.parametrize("root", ["", "src/"])
def test_a_console_script_starts_the_app(tree: Tree, scripts: str, name: str, module: str, root: str) -> None:
    files = {f"{root}my_tool/{file}.py": "def main(): ...\n" for file in ("__init__", "cli", "lint")}
    found = plan(tree, {"pyproject.toml": CONSOLE + scripts, **files})
    said = f"import sys; from {module} import main; sys.argv[0] = {name!r}; sys.exit(main())"
    assert found.start == (VENV, "-c", said)
    assert found.variables.get("PYTHONPATH", "") == root.rstrip("/")


def test_scripts_for_developers_do_not_start_the_app(tree: Tree) -> None:
    scripts = 'lint = "tool.dev:lint"\ntypes = "tool.dev:types"\n'
    assert plan(tree, {"pyproject.toml": CONSOLE + scripts, "tool/dev.py": ""}).start is None


@pytest.mark.parametrize(
    "files",
    [
        {"setup.py": 'setup(install_requires=["httpx"], entry_points={"console_scripts": ["x = x.cli:main"]})'},
        {"setup.cfg": "[metadata]\nname = x\n[options.entry_points]\nconsole_scripts =\n    x = x.cli:main\n"},
        {"pyproject.toml": '[tool.poetry]\nname = "x"\n[tool.poetry.scripts]\nx = "x.cli:main"\n'},
    ],
)
def test_older_projects_have_console_scripts_too(tree: Tree, files: dict[str, str]) -> None:
    assert "from x.cli import main" in _line(plan(tree, {**files, "x/__init__.py": "", "x/cli.py": ""}).start)


@pytest.mark.parametrize(
    ("files", "line"),
    [
        ({"Pipfile": '[packages]\nhttpx = "*"\n[scripts]\nstart = "python -m thing --fast"\n'}, "-m thing --fast"),
        (
            {"pyproject.toml": HTTPX + '[tool.pdm.scripts]\nstart = {cmd = "python go.py"}\n'},
            "go.py",
        ),
        (
            {"pyproject.toml": HTTPX + '[tool.poe.tasks]\nserve = "python go.py"\n'},
            "go.py",
        ),
    ],
)
def test_a_task_says_how_an_app_is_started_when_nothing_else_does(tree: Tree, files: dict[str, str], line: str) -> None:
    assert _line(plan(tree, {**files, "go.py": "", "other.py": ""}).start) == f"{VENV} {line}"


@pytest.mark.parametrize(
    ("files", "wanted"),
    [
        ({"app.py": FLASK}, ("pip", ["gunicorn"], SERVED)),
        ({"app.py": f"import numpy, yaml\nimport secret_sauce\n{FLASK}"}, ("pip", ["gunicorn"], SERVED)),
        (
            {
                "environment.yml": "dependencies:\n- python=3.11\n- flask=3.0\n- cudatoolkit\n- pip:\n  - gunicorn\n",
                "app.py": FLASK,
            },
            ("pip", ["gunicorn", "flask==3.0.*"], SERVED),
        ),
        (
            {"pyproject.toml": '[tool.hatch.envs.default]\ndependencies = ["flask", "gunicorn"]\n', "app.py": FLASK},
            ("pip", ["flask", "gunicorn"], SERVED),
        ),
        (
            {"setup.cfg": "[options]\ninstall_requires =\n    flask\n    gunicorn\n", "app.py": FLASK},
            ("pip", ["."], SERVED),
        ),
        (
            {"requirements.lock": "flask==3\ngunicorn==22\n", "app.py": FLASK},
            ("pip", ["-r", "requirements.lock"], SERVED),
        ),
    ],
)
def test_what_is_installed_without_a_usual_list(
    tree: Tree, files: dict[str, str], wanted: tuple[str, list[str], str]
) -> None:
    assert installed(tree, files) == wanted


def test_only_well_known_imports_are_installed_and_a_person_is_told(tree: Tree) -> None:
    found = plan(tree, {"app.py": f"import numpy, yaml\nimport secret_sauce\nimport redis\n{FLASK}", "redis.py": ""})
    assert found.install[1].run == (VENV, "-m", "pip", "install", "flask", "numpy", "pyyaml")
    assert found.warnings[-1] == (
        "Nothing lists the dependencies: what the app names is installed (flask, numpy, pyyaml). "
        "A requirements.txt pins it."
    )


def test_what_conda_has_and_pip_has_not_is_named(tree: Tree) -> None:
    environment = "dependencies:\n- python=3.11\n- flask\n- conda-forge::gdal=3\n- cudatoolkit\n"
    found = plan(tree, {"environment.yml": environment, "app.py": FLASK})
    assert found.versions == {"python": "3.11"}
    assert found.version_source == {"python": "environment.yml"}
    assert found.warnings[-2:] == (
        "environment.yml is for conda, which is not used here: what pip has of it is installed.",
        "These of conda are left out: gdal, cudatoolkit. Name them in a requirements.txt, or as `apt:`.",
    )


def test_an_environment_of_conda_that_is_no_yaml_is_named_with_its_line(tree: Tree) -> None:
    with pytest.raises(SourceError) as caught:
        plan(tree, {"environment.yml": "name: x\ndependencies: [\n", "app.py": FLASK})
    assert (caught.value.file, caught.value.line) == ("environment.yml", 3)


@pytest.mark.parametrize(
    ("backend", "manager"),
    [("poetry.core.masonry.api", "poetry"), ("pdm.backend", "pdm"), ("uv_build", "uv"), ("hatchling.build", "pip")],
)
def test_the_build_backend_says_whose_project_it_is(tree: Tree, backend: str, manager: str) -> None:
    text = '[project]\nname = "x"\ndependencies = ["fastapi (>=0.1)", "uvicorn"]\n'
    text += f'[build-system]\nbuild-backend = "{backend}"\n'
    found = plan(tree, {"pyproject.toml": text, "main.py": FASTAPI})
    assert (found.package_manager, found.start) == (
        manager,
        (VENV, "-m", "uvicorn", "main:app", "--host", "0.0.0.0", "--port", "${PORT}"),
    )


@pytest.mark.parametrize(
    ("files", "version"),
    [
        ({"setup.py": "setup(python_requires='>=3.9')"}, ">=3.9"),
        ({"setup.cfg": "[metadata]\nname = x\n[options]\npython_requires = >=3.10\n"}, ">=3.10"),
    ],
)
def test_older_projects_say_their_version_too(tree: Tree, files: dict[str, str], version: str) -> None:
    assert plan(tree, {**files, "app.py": FLASK}).versions == {"python": version}


def test_a_backend_in_a_folder_has_its_own_list(tree: Tree) -> None:
    files = {"backend/manage.py": MANAGE, "backend/shop/wsgi.py": "", "backend/shop/settings.py": ""}
    found = plan(tree, {**files, "backend/requirements.txt": "django\ngunicorn\n"})
    assert found.install[-1].run[-2:] == ("-r", "backend/requirements.txt")
    assert found.start == (VENV, "-m", "gunicorn", "shop.wsgi:application", "--bind", "0.0.0.0:${PORT}")


def test_dependencies_that_setuptools_takes_from_a_file_are_known(tree: Tree) -> None:
    text = '[project]\nname = "x"\ndynamic = ["dependencies"]\n[build-system]\nrequires = ["setuptools"]\n'
    text += '[tool.setuptools.dynamic]\ndependencies = {file = ["base.in"]}\n'
    found = plan(tree, {"pyproject.toml": text, "base.in": "flask\ngunicorn\n", "app.py": FLASK})
    assert (" ".join(found.start or ()), found.warnings) == (SERVED, ())


def test_the_lock_of_pipenv_says_the_version(tree: Tree) -> None:
    lock = '{"_meta": {"requires": {"python_version": "3.12"}}}'
    found = plan(tree, {"Pipfile": '[packages]\nflask = "*"\n', "Pipfile.lock": lock, "app.py": FLASK})
    assert (found.versions, found.version_source) == ({"python": "3.12"}, {"python": "Pipfile.lock"})
