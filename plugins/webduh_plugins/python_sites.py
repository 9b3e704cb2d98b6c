"""Sites that Python generates: MkDocs, Sphinx, Pelican, Jupyter Book."""

import re
from collections.abc import Iterator, Set

from webduh_console.frameworks import Command, Source

SITES = {"mkdocs": "site", "sphinx": "_build/html", "pelican": "output", "jupyter-book": "_build/html"}
"""Generator → the folder that it is told to write into."""

_SIGNS = {
    "mkdocs": ("mkdocs.yml", "mkdocs.yaml"),
    "jupyter-book": ("_toc.yml", "myst.yml"),
    "sphinx": ("docs/source/conf.py", "docs/conf.py", "source/conf.py", "doc/conf.py", "conf.py"),
    "pelican": ("pelicanconf.py",),
}
# What a configuration names, and the distribution that brings it: only well-known ones are guessed.
_BROUGHT = {
    "material": "mkdocs-material",
    "mkdocstrings": "mkdocstrings[python]",
    "awesome-pages": "mkdocs-awesome-pages-plugin",
    "git-revision-date-localized": "mkdocs-git-revision-date-localized-plugin",
    "minify": "mkdocs-minify-plugin",
    "redirects": "mkdocs-redirects",
    "macros": "mkdocs-macros-plugin",
    "mermaid2": "mkdocs-mermaid2-plugin",
    "furo": "furo",
    "sphinx_rtd_theme": "sphinx-rtd-theme",
    "pydata_sphinx_theme": "pydata-sphinx-theme",
    "sphinx_book_theme": "sphinx-book-theme",
    "myst_parser": "myst-parser",
    "sphinx_copybutton": "sphinx-copybutton",
    "sphinx_design": "sphinx-design",
    "sphinxcontrib.mermaid": "sphinxcontrib-mermaid",
    "myst_nb": "myst-nb",
    "nbsphinx": "nbsphinx",
    "sphinx_tabs.tabs": "sphinx-tabs",
    "alabaster": "alabaster",
}
SIGNS = tuple(file for files in _SIGNS.values() for file in files)
_WORD = re.compile(r"(?:[\"']|-[ \t]+|name:[ \t]*|theme:[ \t]*)([\w.-]+)")


def generator(source: Source, dependencies: Set[str]) -> tuple[str, str] | None:
    """The generator that a project depends on, and the file that configures it."""
    for name, files in _SIGNS.items():
        file = next(filter(source.exists, files), None)
        if file is not None and any(one == name or one.startswith(f"{name}-") for one in dependencies):
            return name, file
    return None


def bare_site(source: Source) -> tuple[str, str] | None:
    """The generator whose configuration is there, and that file, though nothing says that the project depends on it."""
    for name, files in _SIGNS.items():
        file = next(filter(source.exists, files), None)
        if file is not None and (file != "_toc.yml" or source.exists("_config.yml")):
            return name, file
    return None


def site_packages(source: Source, variant: str, file: str) -> tuple[str, ...]:
    """The packages that a site is built with whose dependencies nobody lists."""
    named = dict.fromkeys(_BROUGHT[word] for word in _words(source.text(file)) if word in _BROUGHT)
    return ("jupyter-book<2" if file == "_toc.yml" else variant, *named)


def site_command(source: Source, variant: str, python: str) -> Command | None:
    """The command that builds a site; None for what is none."""
    match variant:
        case "mkdocs":
            return (python, "-m", "mkdocs", "build")
        case "jupyter-book":
            program = python.removesuffix("python") + "jupyter-book"
            # From version 2 on it is another program, which makes pages with Node and knows no _toc.yml.
            return (program, "build", ".") if source.exists("_toc.yml") else (program, "build", "--html")
        case "sphinx":
            file = next(filter(source.exists, _SIGNS["sphinx"]), "conf.py")
            return (python, "-m", "sphinx", "-b", "html", file.rpartition("/")[0] or ".", SITES["sphinx"])
        case "pelican":
            settings = "publishconf.py" if source.exists("publishconf.py") else "pelicanconf.py"
            return (python, "-m", "pelican", "content", "-o", SITES["pelican"], "-s", settings)
        case _:
            return None


def _words(text: str) -> Iterator[str]:
    yield from (
        match[1] for line in text.splitlines() if not line.lstrip().startswith("#") for match in _WORD.finditer(line)
    )
