"""How far something is that must be known before a command can answer: a line of a terminal, which goes away."""

import sys
import time

from webduh_console.model.events import Event, Progress, Warned

_OFTEN = 0.1


class Waiting:
    """Draws progress on standard error if that is a terminal, and says there what is worth a line anywhere."""

    def __init__(self) -> None:
        self._drawn = 0.0

    def tell(self, event: Event) -> None:
        """Draw it, at most ten times a second, and wipe it away when it is done."""
        if isinstance(event, Warned):
            wipe = "\r\x1b[K" if sys.stderr.isatty() else ""
            print(f"{wipe}! {event.text}", file=sys.stderr, flush=True)
        if not isinstance(event, Progress) or not sys.stderr.isatty():
            return
        if event.total and event.done >= event.total:
            self._draw("")
        elif time.monotonic() - self._drawn > _OFTEN:
            percent = f"{event.done / event.total:4.0%} " if event.total else ""
            self._draw(f"  {percent}{event.unit}")

    def _draw(self, text: str) -> None:
        sys.stderr.write(f"\r\x1b[K{text}")
        sys.stderr.flush()
        self._drawn = time.monotonic() if text else 0.0
