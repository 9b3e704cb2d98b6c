"""Sites that Python generates: MkDocs, Sphinx, Pelican, Jupyter Book."""

from webduh_console.frameworks import Command, Source
from webduh_plugins.python_project import Project

SITES = {"mkdocs": "site", "sphinx": "_build/html", "pelican": "output", "jupyter-book": "_build/html"}
"""Generator → the folder that it is told to write into."""

_SIGNS = {
    "mkdocs": ("mkdocs.yml", "mkdocs.yaml"),
    "sphinx": ("docs/source/conf.py", "docs/conf.py", "source/conf.py", "doc/conf.py", "conf.py"),
    "pelican": ("pelicanconf.py",),
    "jupyter-book": ("_toc.yml",),
}


def generator(source: Source, found: Project) -> tuple[str, str] | None:
    """The generator that a project depends on, and the file that configures it."""
    for name, files in _SIGNS.items():
        file = next(filter(source.exists, files), None)
        if file is not None and any(one == name or one.startswith(f"{name}-") for one in found.dependencies):
            return name, file
    return None


def site_command(source: Source, variant: str, python: str) -> Command | None:
    """The command that builds a site; None for what is none."""
    match variant:
        case "mkdocs":
            return (python, "-m", "mkdocs", "build")
        case "sphinx":
            file = next(filter(source.exists, _SIGNS["sphinx"]), "conf.py")
            return (python, "-m", "sphinx", "-b", "html", file.rpartition("/")[0] or ".", SITES["sphinx"])
        case "pelican":
            settings = "publishconf.py" if source.exists("publishconf.py") else "pelicanconf.py"
            return (python, "-m", "pelican", "content", "-o", SITES["pelican"], "-s", settings)
        case "jupyter-book":
            return (f"{python.removesuffix('python')}jupyter-book", "build", ".")
        case _:
            return None
