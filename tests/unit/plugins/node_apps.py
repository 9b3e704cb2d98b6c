"""JavaScript apps for tests, and what the Node plugin says of them."""

import json

from plugin_answers import matched, planned
from source_tree import Tree
from webduh_plugins.node import Plugin

from webduh_console.frameworks import BuildPlan, Match

LISTENS = "require('http').createServer().listen(process.env.PORT)"


def packed(dependencies: str = "", /, **more: object) -> str:
    """A package.json with dependencies (`name` or `name@version`, separated by spaces) and whatever else."""
    names = dict(word.rpartition("@")[::2] if "@" in word[1:] else (word, "1") for word in dependencies.split())
    return json.dumps({"name": "x", **({"dependencies": names} if names else {}), **more})


def match(tree: Tree, files: dict[str, str]) -> Match:
    return matched(Plugin(), tree(files))


def plan(tree: Tree, files: dict[str, str]) -> BuildPlan:
    return planned(Plugin(), tree(files))
