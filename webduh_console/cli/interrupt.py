"""Ctrl-C: the first asks for the way back, the second stops at once."""

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Protocol


class Settable(Protocol):
    """A cancel token or a flag."""

    def set(self) -> None:
        """Ask for the end."""


@contextmanager
def interruptible(token: Settable, said: Callable[[], None] | None = None) -> Iterator[None]:
    """SIGINT and SIGTERM set the token while in the block; a second one ends the process, journal and all as it is."""
    count = 0

    def on_signal(number: int, frame: FrameType | None) -> None:
        nonlocal count
        count += 1
        if count > 1:
            sys.stderr.write("\nStopped at once. The next deployment finishes or undoes what was begun.\n")
            sys.stderr.flush()
            os._exit(130)
        token.set()
        if said:
            said()

    before = {number: signal.signal(number, on_signal) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
