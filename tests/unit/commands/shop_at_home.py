"""The words of tests about a shop that a home of its own deploys."""

from collections.abc import Callable
from typing import Any

from webduh_console.model.names import AppKey

Line = Callable[[str], Any]
Everything = Callable[[], dict[str, Any]]
FAST = "--watch 0 --drain 0"
KEY = AppKey("default", "shop", "production")
