"""What of a source tree is left out of an image."""

from collections.abc import Iterable

from webduh_console.frameworks.tree import UNSENT

OURS = ("webduh.yaml", "webduh.yml", ".webduhignore", ".dockerignore")
"""Files that say how an app is deployed: no visitor's business."""

_DEFAULT = (*sorted(UNSENT), ".env.*.local", "*.pyc", "*.swp", "*.log")


def context_ignore(made: Iterable[str] = ()) -> str:
    """The ignore file for a tree that has only what is sent. Beside a Dockerfile it stands over the tree's own.

    `made` are the folders that installing makes: what a developer's machine has in them is no part of an image.
    """
    first = "# What is not sent is sorted out before. This only says how the app is deployed, and what is made anew.\n"
    return first + _lines((*OURS, *sorted(set(made))))


def dockerignore(own: str = "") -> str:
    """The `.dockerignore` for a folder as its developer has it: the app's `own` or else the default names, and ours."""
    left_out = own.rstrip() + "\n" if own.strip() else _lines(f"**/{name}" for name in _DEFAULT)
    return left_out + _lines(name for name in OURS if name not in own.splitlines())


def _lines(names: Iterable[str]) -> str:
    return "".join(f"{name}\n" for name in names)
