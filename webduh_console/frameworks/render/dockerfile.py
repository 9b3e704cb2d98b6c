"""From a build plan to a Dockerfile. Pure; only what BuildKit's built-in frontend of Docker 23 knows is used.

The image holds what runs and no more. It is made in stages, dependencies before the source so that they outlive its
changes. Everything in it belongs to root; the app runs as `USER`, which owns its home, its volumes and what its
framework writes at run time. Whoever starts a container gives it an init process (`docker run --init`).
"""

from collections.abc import Mapping

import msgspec

from webduh_console.errors import ConfigError
from webduh_console.frameworks.render.bases import BASES, Base
from webduh_console.frameworks.render.ignored import context_ignore
from webduh_console.frameworks.render.offered import offered, own
from webduh_console.frameworks.render.stages import DEFAULT_PORT, Order, Stages
from webduh_console.model.build import BuildPlan
from webduh_console.model.release import Variable


class RenderError(ConfigError):
    """A build plan cannot be made into an image."""

    name = "render"


class Rendered(msgspec.Struct, frozen=True):
    """A Dockerfile, and what its build must be given.

    `dockerfile` is the text, empty when the app brings its `own`, a path in its folder. `dockerignore` goes beside it
    as `<Dockerfile>.dockerignore`; it is for a tree that has only what is sent. `bases` are the images to start from,
    `arguments` and `secrets` names of variables: `--build-arg NAME`, `--secret id=NAME`. When there are secrets, the
    build argument `SECRETS_DIGEST` must change with their values. `caches` are the ids of the cache mounts, `port` is
    what the app listens on in its container.
    """

    dockerfile: str
    dockerignore: str
    port: int
    own: str | None = None
    bases: tuple[str, ...] = ()
    arguments: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()
    caches: tuple[str, ...] = ()


def render(
    plan: BuildPlan,
    variables: Mapping[str, Variable] | None = None,
    app: str = "app",
    bases: Mapping[str, Base] = BASES,
) -> Rendered:
    """The Dockerfile of an app. `variables` are the deployment's: of the given ones, names alone get into the text.

    `app` is its slug, which sets apart the caches inside its folder. RenderError if the plan starts and serves nothing,
    or serves files and runs processes besides.
    """
    given = variables or {}
    offer = offered(plan, given)
    if plan.dockerfile:
        port, ignore = plan.port or DEFAULT_PORT, context_ignore()
        return Rendered("", ignore, port, plan.dockerfile, (), offer.arguments, offer.secrets)
    _check(plan, app)
    kept = {name: value for name, value in plan.variables.items() if own(plan, name, given)}
    stages = Stages(Order(plan, offer, kept, app, bases))
    stages.write()
    steps = bool(plan.install or plan.build)
    return Rendered(
        stages.text,
        context_ignore(output for step in plan.install for output in step.outputs),
        plan.port or DEFAULT_PORT,
        bases=tuple(dict.fromkeys(stages.images)),
        arguments=offer.arguments if steps else (),
        secrets=offer.secrets if steps else (),
        caches=tuple(dict.fromkeys(stages.caches)),
    )


def _check(plan: BuildPlan, app: str) -> None:
    """An image runs one thing: a file server, or the app's processes."""
    running = [process.name for process in plan.processes if process.command]
    if plan.static is not None and running:
        raise RenderError(
            f"{app} serves files and has the process {running[0]} too: that is no single image.",
            why="What serves files has no other program in it.",
            kept="Nothing was changed.",
            hint="Make it two apps, or let the app's own web process serve the files.",
        )
    if plan.static is None and not running:
        raise RenderError(
            f"{app} has nothing to start.",
            why="No start command was found, and no folder to serve.",
            kept="Nothing was changed.",
            hint="Say `start:` or `static:` in webduh.yaml.",
        )
