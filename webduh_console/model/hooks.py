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
IN_IMAGE: frozenset[Point] = frozenset({"before-deploy", "after-deploy", "before-rollback", "after-rollback"})
"""The points at which there is an image to run in, and a release to run as."""
ONCE = frozenset({"release", *IN_IMAGE})
"""The steps that run an app's own commands for a release: at one place alone, and never again by themselves."""
TIMEOUT = 600.0


class Hook(msgspec.Struct, frozen=True):
    """A command (argv) at a point, run in `folder` on the machine that deploys, for at most `timeout` seconds.

    With `image` it is run where the release is, like one of its processes: in a container of its image, or here in the
    folder that was built.
    """

    point: Point
    run: tuple[str, ...]
    folder: str
    timeout: float = TIMEOUT
    image: bool = False
