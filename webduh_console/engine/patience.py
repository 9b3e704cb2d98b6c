"""For how long a deployment waits for what only passes: a line that was cut, a Docker that is being restarted."""

import threading
import time
from collections.abc import Callable
from typing import TypeVar

from webduh_console.errors import PassingError
from webduh_console.model.target import CancelToken

T = TypeVar("T")
SECONDS = 60.0
_PAUSE = 0.5


class Patience:
    """Trouble at a place is waited for until it has lasted so many seconds; whoever tries after that does so once. It
    is over with whatever succeeds there. Safe in any thread.
    """

    def __init__(self, seconds: float = SECONDS) -> None:
        self.seconds = seconds
        self._since: dict[str, float] = {}
        self._lock = threading.Lock()

    def through(self, place: str, act: Callable[[], T], cancel: CancelToken, say: Callable[[PassingError], None]) -> T:
        """Act, again and again while that is what it fails with; `say` is told once. CancelledError when cancelled."""
        began, told = time.monotonic(), False
        while True:
            try:
                answer = act()
            except PassingError as error:
                if self._lasted(place, began) >= self.seconds:
                    raise
                if not told:
                    say(error)
                    told = True
                cancel.wait(_PAUSE)
                continue
            with self._lock:
                self._since.pop(place, None)
            return answer

    def _lasted(self, place: str, began: float) -> float:
        with self._lock:
            return time.monotonic() - self._since.setdefault(place, began)
