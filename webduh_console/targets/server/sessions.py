"""Programs that a person runs inside an app on a server."""

import secrets
import sys
from collections.abc import Callable, Sequence

from webduh_console.model.build import Process
from webduh_console.model.release import Release
from webduh_console.targets.server.containers import task_spec
from webduh_console.targets.server.engine import Engine
from webduh_console.targets.server.layout import Layout


def at_a_terminal() -> bool:
    """Whether a person sits at both ends of this process."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def one_off(engine: Engine, layout: Layout, release: Release, argv: Sequence[str], attach: Callable[[str], int]) -> int:
    """Run a program in a container of its own with a release's image, variables, volumes and files; its exit code.

    The values of variables reach the container through Docker's API alone. It is removed whatever happens to it.
    """
    spec = task_spec(release, Process("run", tuple(argv)), layout)
    name = f"{spec.name}-{secrets.token_hex(3)}"
    body = {**spec.body(), "Tty": at_a_terminal(), "OpenStdin": True, "StdinOnce": True, "AttachStdin": True}
    body["Labels"] = {**spec.labels, "webduh.process": "run", "webduh.instance": name}
    engine.create_raw(name, body)
    try:
        return attach(name)
    finally:
        engine.remove(name)
