"""The one Dockerfile renderer: from a build plan to a Dockerfile's text, and what a build must be given with it."""

from webduh_console.frameworks.render.bases import BASES, Base, load_bases
from webduh_console.frameworks.render.dockerfile import Rendered, RenderError, render
from webduh_console.frameworks.render.ignored import dockerignore
from webduh_console.frameworks.render.offered import SECRETS_DIGEST
from webduh_console.frameworks.render.stages import DEFAULT_PORT, FOLDER, USER, in_image

__all__ = [
    "BASES",
    "DEFAULT_PORT",
    "FOLDER",
    "SECRETS_DIGEST",
    "USER",
    "Base",
    "RenderError",
    "Rendered",
    "dockerignore",
    "in_image",
    "load_bases",
    "render",
]
