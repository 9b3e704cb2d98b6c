"""When Python looks for what is no longer reachable: never before the first frame, and then only among newer things."""

import gc


def wait() -> None:
    """Look for nothing until the first frame: starting makes much and throws away little."""
    gc.disable()


def begin() -> None:
    """What was made so far stays, and is never looked at again: a look at all of it would hold a key up for 30 ms."""
    gc.freeze()
    gc.enable()
