"""The image of a language on the one server whose test asks for it: `languages.on(server, "golang:1.26")`.

Those of `language_recipes.LANGUAGES` are made once in the testbed's engine, and stay on a server while that lives.
With WEBDUH_TESTBED_PULL=1 they are pulled.
"""

import json

import images
import lifetime
from engine import Engine
from language_recipes import LANGUAGES
from program import TestbedError
from recipes import Recipe
from server import Server
from servers import CACHE


def on(server: Server, *names: str) -> None:
    """Let a server's Docker have the images of these names. TestbedError for a name that no recipe has."""
    with lifetime.making():
        for name in names:
            _have(server.engine, name)
    lacking = [name for name in names if _layers(server, name) != _made(server.engine, name)]
    if lacking:
        with images.progress(f"{', '.join(lacking)} onto {server.name}"):
            server.load(*lacking)


def _have(engine: Engine, name: str) -> None:
    """Make or pull an image in the testbed's engine, unless it is there."""
    recipe = _recipe(name)
    if not images.PULL:
        images.make(engine, recipe, CACHE / "wheels")
    elif not engine.says("image", "inspect", name):
        engine.docker("pull", name)


def _recipe(name: str) -> Recipe:
    known = {name: recipe for recipe in LANGUAGES for name in recipe.names}
    if name not in known:
        raise TestbedError(f"No recipe makes {name}; there are {', '.join(sorted(known))}.")
    return known[name]


def _made(engine: Engine, name: str) -> list[str]:
    """What an image consists of: unlike its id, that is the same in every kind of store."""
    return list(json.loads(engine.docker("image", "inspect", "--format", LAYERS, name)))


def _layers(server: Server, name: str) -> list[str]:
    """The same on a server; empty where the image is not there."""
    script = 'docker image inspect --format "$1" "$2" 2>/dev/null || echo "[]"'
    return list(json.loads(server.sh(script, LAYERS, name)))


LAYERS = "{{json .RootFS.Layers}}"
