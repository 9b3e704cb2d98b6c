"""Somebody who asks an app all the time, and keeps every failure."""

import http.client
import threading
import time
from collections.abc import Callable, Collection


class Visits:
    """Asks again and again on new connections, in a thread of its own.

    `ask` gives status and body; every answer must be a 200, and with `allowed` its body must be one of those.
    `good` counts those that were; `silent` is the longest time, in seconds, between two of them.
    """

    def __init__(self, ask: Callable[[], tuple[int, str]], allowed: Collection[str] = (), pause: float = 0.01) -> None:
        self._ask, self.allowed, self._pause = ask, allowed, pause
        self.answered = 0
        self.failures: list[str] = []
        self.good, self.silent = 0, 0.0

    def __enter__(self) -> "Visits":
        self._stop, self._came = threading.Event(), threading.Condition()
        self._last = time.monotonic()
        self._thread = threading.Thread(target=self._go_on, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(20)
        self._heard()

    def next_answer(self) -> None:
        """Wait for the next answer, a second at most."""
        with self._came:
            self._came.wait(1)

    def forgive(self) -> None:
        """Forget what failed until now."""
        self.failures.clear()

    def _heard(self) -> None:
        now = time.monotonic()
        self.silent, self._last = max(self.silent, now - self._last), now

    def _go_on(self) -> None:
        while not self._stop.wait(self._pause):
            try:
                status, body = self._ask()
            except (OSError, http.client.HTTPException) as error:
                self.failures.append(f"{type(error).__name__}: {error}")
                continue
            with self._came:
                self.answered += 1
                self._came.notify_all()
            if status != 200 or (self.allowed and body not in self.allowed):
                self.failures.append(f"{status} {body[:80]}")
            else:
                self._heard()
                self.good += 1
