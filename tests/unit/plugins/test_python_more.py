"""Sites, native packages and front ends of Python apps."""

import pytest
from python_apps import FLASK, MANAGE, VENV, match, plan
from source_tree import Tree

from webduh_console.frameworks import BuildStep, Static

PACKAGE = '{"scripts": {"build": "vite build"}, "devDependencies": {"vite": "6"}}'


@pytest.mark.parametrize(
    ("requirements", "files", "command", "folder"),
    [
        ("mkdocs", {"mkdocs.yml": ""}, "-m mkdocs build", "site"),
        ("mkdocs-material", {"mkdocs.yml": ""}, "-m mkdocs build", "site"),
        ("sphinx", {"docs/conf.py": "", "docs/index.rst": ""}, "-m sphinx -b html docs _build/html", "_build/html"),
        ("sphinx", {"conf.py": "", "index.rst": ""}, "-m sphinx -b html . _build/html", "_build/html"),
        ("pelican", {"pelicanconf.py": ""}, "-m pelican content -o output -s pelicanconf.py", "output"),
        (
            "pelican",
            {"pelicanconf.py": "", "publishconf.py": ""},
            "-m pelican content -o output -s publishconf.py",
            "output",
        ),
    ],
)
def test_a_site_is_built_and_served(
    tree: Tree, requirements: str, files: dict[str, str], command: str, folder: str
) -> None:
    found = plan(tree, {"requirements.txt": requirements, **files})
    assert found.build == (BuildStep("build the site", (VENV, *command.split()), outputs=(folder,)),)
    assert (found.static, found.processes, found.warnings) == (Static(folder), (), ())


def test_a_project_with_documentation_is_an_app_all_the_same(tree: Tree) -> None:
    found = plan(tree, {"requirements.txt": "flask\ngunicorn\nsphinx", "app.py": FLASK, "docs/conf.py": ""})
    assert (found.variant, found.static) == ("flask", None)


@pytest.mark.parametrize(
    ("requirements", "apt", "build"),
    [
        ("psycopg2", ("libpq5",), ("libpq-dev", "gcc", "g++", "libc6-dev")),
        ("psycopg2-binary\npillow\nlxml\nnumpy", (), ()),
        ("Opencv_Python", ("libgl1", "libglib2.0-0t64"), ()),
        ("pydub\nmoviepy", ("ffmpeg",), ()),
        ("thing @ git+https://example.com/thing.git", (), ("git",)),
    ],
)
def test_what_the_package_index_does_not_bring_comes_from_debian(
    tree: Tree, requirements: str, apt: tuple[str, ...], build: tuple[str, ...]
) -> None:
    found = plan(tree, {"requirements.txt": f"flask\ngunicorn\n{requirements}\n", "app.py": FLASK})
    assert (found.apt, found.build_apt) == (apt, build)


@pytest.mark.parametrize(
    ("package", "over", "needs"),
    [
        (PACKAGE, ("node",), ("node",)),
        ('{"devDependencies": {"prettier": "3"}}', ("node",), ()),
        ('{"scripts": {"build": "next build", "start": "next start"}, "dependencies": {"next": "15"}}', (), ()),
    ],
)
def test_a_front_end_beside_is_built_unless_it_is_an_app_of_its_own(
    tree: Tree, package: str, over: tuple[str, ...], needs: tuple[str, ...]
) -> None:
    found = match(tree, {"requirements.txt": "flask", "app.py": FLASK, "package.json": package})
    assert (found.supersedes, found.needs) == (over, needs)


def test_django_has_its_front_end_whatever_that_starts(tree: Tree) -> None:
    package = '{"scripts": {"build": "vite build", "start": "vite"}}'
    found = match(tree, {"requirements.txt": "django", "manage.py": MANAGE, "package.json": package})
    assert (found.supersedes, found.needs) == (("node",), ("node",))


def test_a_project_with_channels_is_given_a_server_that_knows_web_sockets(tree: Tree) -> None:
    files = {"manage.py": "import django, os\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 'c.settings')\n"}
    files |= {"c/wsgi.py": "", "c/asgi.py": "", "c/settings.py": ""}
    files["requirements.txt"] = "django\nchannels\ndaphne\ngunicorn\n"
    start = plan(tree, files).start

    assert start is not None
    assert start[1:3] == ("-m", "daphne")
