"""Waiting for what must come, and no longer than a limit."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def wait_until(found: Callable[[], T | None], what: str = "what was waited for is so", limit: float = 20.0) -> T:
    """The first true value of `found`, asked again and again; AssertionError that says `what` after `limit` seconds."""
    deadline = time.monotonic() + limit
    while not (value := found()):
        assert time.monotonic() < deadline, f"within {limit:g} s it never came that {what}"
        time.sleep(0.01)
    return value
