"""Frameworks whose own program runs the app's file: which file that is, and the command. Pure."""

from collections.abc import Mapping, Set
from typing import NamedTuple

from webduh_console.frameworks import Command, Source
from webduh_plugins.python_module import Module


class Tool(NamedTuple):
    """How a framework runs a file: the `words` behind `python`, with {file} and {module} in them.

    `marks` are imports of which one must be there; `variables` are told by the framework's own names; `adds` is a
    package that it needs besides; `warning` is what a person should know.
    """

    words: Command
    marks: tuple[str, ...]
    variables: tuple[str, ...] = ()
    adds: str = ""
    warning: str = ""


_HOST, _PORT = ("--host", "0.0.0.0"), ("--port", "${PORT}")
_ORIGIN = ("--address", "0.0.0.0", *_PORT, "--allow-websocket-origin", "*")
TOOLS = {
    "chainlit": Tool(("-m", "chainlit", "run", "{file}", *_HOST, *_PORT, "--headless"), ("chainlit",)),
    "panel": Tool(("-m", "panel", "serve", "{file}", *_ORIGIN), ("panel",)),
    "solara": Tool(("-m", "solara", "run", "{file}", *_HOST, *_PORT, "--production"), ("solara",)),
    "shiny": Tool(("-m", "shiny", "run", "{file}", *_HOST, *_PORT), ("shiny", "shiny.express")),
    "mesop": Tool(("-m", "gunicorn", "{module}:me", "--bind", "0.0.0.0:${PORT}"), ("mesop",), adds="gunicorn"),
    "marimo": Tool(("-m", "marimo", "run", "{file}", *_HOST, *_PORT, "--headless"), ("marimo",)),
    "bokeh": Tool(("-m", "bokeh", "serve", "{file}", *_ORIGIN), ("bokeh.io.curdoc", "bokeh.plotting.curdoc")),
    "flet": Tool(
        ("{file}",),
        ("flet",),
        ("FLET_FORCE_WEB_SERVER=true", "FLET_SERVER_IP=0.0.0.0", "FLET_SERVER_PORT=${PORT}"),
    ),
    "reflex": Tool(
        ("-m", "reflex", "run", "--env", "prod", "--frontend-port", "${PORT}", "--backend-port", "8000"),
        (),
        warning="Reflex builds its front end when it starts, which takes its time and needs the network; before "
        "version 0.9 the browser also needs its second port, so that `api_url` must be set in rxconfig.py.",
    ),
    "voila": Tool(("-m", "voila", "{file}", "--no-browser", "--Voila.ip=0.0.0.0", "--port=${PORT}"), ()),
}
"""Framework → how it runs a file."""


def tool(source: Source, dependencies: Set[str], read: Mapping[str, Module]) -> tuple[str, str] | None:
    """The framework of this kind that an app is made with, and the file that it runs; None if it is none of them."""
    for name, one in TOOLS.items():
        for file, text in read.items():
            if not text.imports.isdisjoint(one.marks):
                return name, file
    notebooks = source.files("*.ipynb") if "voila" in dependencies else ()
    return ("voila", notebooks[0]) if notebooks else None


def tool_command(python: str, variant: str, file: str, module: str) -> Command:
    """The command that runs a file."""
    one = TOOLS[variant]
    words = (python, *(word.replace("{file}", file).replace("{module}", module) for word in one.words))
    return ("env", *one.variables, *words) if one.variables else words
