"""A log pane that reads its lines itself, in a worker."""

import threading
import time
from collections.abc import Callable, Iterator
from datetime import tzinfo
from functools import partial

from textual.message import Message

from webduh_console.console.widgets.log_buffer import Entry, entry
from webduh_console.console.widgets.log_pane import LogPane
from webduh_console.errors import WebduhError
from webduh_console.model.observe import LogLine

BEAT = 0.1
"""Seconds between two looks into the mailbox while lines come."""

Reader = Callable[[threading.Event], Iterator[LogLine]]
"""Opens a stream of lines that ends when the flag is set. Blocking."""


class Wrote(Message):
    """Lines are in the mailbox."""

    def can_replace(self, message: Message) -> bool:
        """A newer one says the same."""
        return isinstance(message, Wrote)


class LiveLog(LogPane, inherit_bindings=False):
    """Reads until it is removed. Lines go into a mailbox; the app's thread empties it when it comes round to it."""

    BINDINGS = LogPane.BINDINGS

    def __init__(self, id: str | None = None, zone: tzinfo | None = None, empty: str = "") -> None:
        super().__init__(id, zone, empty)
        self.reading = False
        self.error: WebduhError | None = None
        self._stop = threading.Event()
        self._gone = False  # unlike the flag, which a reader sets itself when what it reads has ended
        self._arrived: list[Entry] = []
        self._lock = threading.Lock()
        self._taken = 0.0

    def begin(self, reader: Reader, stop: threading.Event | None = None) -> None:
        """Start reading, once. A reader that was given its flag before brings it along as `stop`."""
        if not self.reading:
            self.reading = True
            self._stop = stop or self._stop
            read = partial(self._read, reader)
            self.screen.run_worker(read, thread=True, exclusive=True, group=f"log-{id(self)}", exit_on_error=False)

    def _read(self, reader: Reader) -> None:
        try:
            for line in reader(self._stop):
                kept = entry(line)
                with self._lock:
                    first = not self._arrived
                    self._arrived.append(kept)
                if first:
                    self.post_message(Wrote())
                if self._gone:
                    return
        except WebduhError as error:
            self.error = error
        self.post_message(Wrote())

    def on_wrote(self, message: Wrote) -> None:
        """Show what has arrived, at once after a pause, else with what comes within the beat: keys come between."""
        message.stop()
        wait = self._taken + BEAT - time.monotonic()
        if wait > 0:
            self.set_timer(wait, self._take)
        else:
            self._take()

    def _take(self) -> None:
        self._taken = time.monotonic()
        with self._lock:
            arrived, self._arrived = self._arrived, []
        self.add(arrived)

    def on_unmount(self) -> None:
        """Nobody reads any more."""
        self._gone = True
        self._stop.set()

    def state_words(self) -> str:
        """As every log pane; what broke the reading comes first."""
        return f"! {self.error.what}" if self.error is not None else super().state_words()
