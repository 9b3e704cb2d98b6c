"""When Python looks for what nobody can reach any more: never before the first frame, and then seldom everywhere."""

import gc

_SELDOM = 50
"""Looks at younger things between two at all that was made since the first frame. With the usual 10, twenty live panes
held a key up by 10 to 20 ms once a second; so many cost them 7 MiB."""


def wait() -> None:
    """Look for nothing until the first frame: starting makes much and throws away little."""
    gc.disable()


def begin() -> None:
    """What was made so far stays, and is never looked at again: a look at it would hold a key up for 30 ms."""
    gc.freeze()
    gc.set_threshold(*gc.get_threshold()[:2], _SELDOM)
    gc.enable()
