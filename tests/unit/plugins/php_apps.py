"""PHP apps for tests, and what the PHP plugin says of them."""

import json
import re

from plugin_answers import matched, planned
from source_tree import Tree
from webduh_plugins.php import Plugin

from webduh_console.frameworks import BuildPlan, BuildStep, Match

INDEX = "<?php echo 'here';"


def composer(*required: str, **more: object) -> str:
    """A composer.json that requires packages: `name` or `name@constraint`, separated by spaces."""
    names = dict(one.split("@") if "@" in one else (one, "*") for one in required)
    return json.dumps({"name": "a/b", "require": names, **more})


def lock(**packages: dict[str, str]) -> str:
    """A composer.lock with packages (`a__b` is a/b) and what each requires."""
    found = [
        {"name": name.replace("__", "/"), "version": "1", "dist": {"type": "zip"}, "require": needed}
        for name, needed in packages.items()
    ]
    return json.dumps({"packages": found, "packages-dev": []})


def match(tree: Tree, files: dict[str, str]) -> Match:
    return matched(Plugin(), tree(files))


def plan(tree: Tree, files: dict[str, str]) -> BuildPlan:
    return planned(Plugin(), tree(files))


def named(steps: tuple[BuildStep, ...]) -> list[str]:
    return [" ".join(step.run) for step in steps]


def root(found: BuildPlan) -> str:
    """The folder that Apache is told to serve, below /app."""
    said = re.search(r'DocumentRoot "/app/?([^"]*)"', found.files[".webduh/apache.conf"])
    assert said is not None
    return said[1] or "."


def added(found: BuildPlan) -> list[str]:
    """The extensions that are added to the image."""
    return [word for step in found.system for word in step.run[1:] if step.run[0] == "install-php-extensions"]
