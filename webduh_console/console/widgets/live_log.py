"""A log pane that reads its lines itself, in workers."""

import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime, tzinfo
from functools import partial

from textual.message import Message

from webduh_console import clock
from webduh_console.console.logs.mailbox import Mailbox
from webduh_console.console.widgets.log_pane import LogPane
from webduh_console.console.widgets.turns import in_turn
from webduh_console.console.words import grouped
from webduh_console.errors import WebduhError
from webduh_console.model.observe import LogLine

BEAT = 0.1
"""Seconds between two looks into the mailbox while lines come."""

_SLICE = 1_000
"""Lines that are added at once."""

_BUSY = 0.03
"""Seconds of a beat that adding lines may take; keys come between."""

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

    def __init__(
        self,
        id: str | None = None,
        zone: tzinfo | None = None,
        empty: str = "",
        now: Callable[[], datetime] = clock.now,
    ) -> None:
        super().__init__(id, zone, empty, now)
        self.reading = False
        self.error: WebduhError | None = None
        self.mailbox = Mailbox(clock.now())
        self._stops: list[threading.Event] = []
        self._gone = False  # unlike a flag, which a reader sets itself when what it reads has ended
        self._taken = 0.0

    def begin(self, reader: Reader, stop: threading.Event | None = None) -> None:
        """Start reading, once. A reader that was given its flag before brings it along as `stop`."""
        if not self.reading:
            self.reading = True
            self.read_too(reader, "", stop)

    def read_too(self, reader: Reader, name: str, stop: threading.Event | None = None) -> None:
        """Read one more source; its lines are merged with the others' by time, under its name if it has one."""
        flag = stop or threading.Event()
        self._stops.append(flag)
        read = partial(self._read, reader, name, flag)
        self.screen.run_worker(read, thread=True, group=f"log-{id(self)}", exit_on_error=False)

    def _read(self, reader: Reader, name: str, stop: threading.Event) -> None:
        try:
            for line in reader(stop):
                if self.mailbox.put(line, stop.is_set, name):
                    self.post_message(Wrote())
                if self._gone:
                    return
        except WebduhError as error:
            self.error = error
        finally:
            self.mailbox.end(name)
            self.post_message(Wrote())

    def on_wrote(self, message: Wrote) -> None:
        """Show what has arrived, at once after a pause, else with what comes within the beat: keys come between."""
        message.stop()
        wait = self._taken + BEAT - time.monotonic()
        if wait > 0:
            self.set_timer(wait, self._take_in_turn)
        else:
            self._take_in_turn()

    def _take_in_turn(self) -> None:
        in_turn(self, self._take)

    def _take(self) -> None:
        """Add lines as long as a beat allows; what is left waits for the next."""
        self._taken = began = time.monotonic()
        more = True
        while more and time.monotonic() - began < _BUSY:
            arrived, more = self.mailbox.take(_SLICE)
            self.take_in(arrived)
        self.told()
        if more:
            self.post_message(Wrote())

    def on_unmount(self) -> None:
        """Nobody reads any more."""
        self._gone = True
        for stop in self._stops:
            stop.set()

    def state_words(self) -> str:
        """As every log pane; what broke the reading comes first, what was left out last."""
        words = f"! {self.error.what}" if self.error is not None else super().state_words()
        left_out = self.mailbox.left_out
        return f"{words} · {grouped(left_out)} left out" if left_out else words
