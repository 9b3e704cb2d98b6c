"""Commands of an app's own that are run around the parts of a deployment."""

from typing import Literal, get_args

import msgspec

Point = Literal[
    "before-build",
    "after-build",
    "before-deploy",
    "after-deploy",
    "before-rollback",
    "after-rollback",
    "after-failure",
]
POINTS: tuple[Point, ...] = get_args(Point)
ROLLBACK_POINTS = frozenset({"before-rollback", "after-rollback", "after-failure"})
TIMEOUT = 600.0


class Hook(msgspec.Struct, frozen=True):
    """A command (argv) at a point, run in `folder` on the machine that deploys, for at most `timeout` seconds."""

    point: Point
    run: tuple[str, ...]
    folder: str
    timeout: float = TIMEOUT
