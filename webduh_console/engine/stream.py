"""The stream of events between the engine's threads and whoever reads."""

import itertools
import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import msgspec

from webduh_console.clock import now
from webduh_console.model.events import AnyEvent, Event, Finished, Output, Reverting, Warned

Sink = Callable[[AnyEvent], None]


class EventStream(Iterator[AnyEvent]):
    """What the reader holds.

    Leaving it only means «I stop reading»; the work goes on, and the sinks get every event.
    """

    def __init__(self, deployment: str, mask: Callable[[str], str], sinks: Sequence[Sink] = ()) -> None:
        self._deployment, self.mask, self._sinks = deployment, mask, list(sinks)
        self._events: queue.Queue[AnyEvent] = queue.Queue(maxsize=1000)
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()
        self._left = False
        self.ended = threading.Event()

    def emit(self, event: Event, **stamps: Any) -> None:
        """Stamp, mask and pass on an event. Blocks while a reader is a thousand events behind."""
        with self._lock:
            changes: dict[str, Any] = {
                "deployment": self._deployment,
                "seq": next(self._numbers),
                "at": now(),
                **stamps,
            }
            if isinstance(event, Output):
                changes["text"] = self.mask(event.text)
            elif isinstance(event, Warned):
                changes |= {"text": self.mask(event.text), "hint": self.mask(event.hint)}
            elif isinstance(event, Reverting):
                changes["reason"] = self.mask(event.reason)
            stamped: Any = msgspec.structs.replace(event, **changes)
            for sink in tuple(self._sinks):
                self._sink(sink, stamped)
            self._pass_on(stamped)
            if isinstance(stamped, Finished):
                self.ended.set()

    def _sink(self, sink: Sink, event: AnyEvent) -> None:
        """A sink that fails is told nothing more, and the reader is told why: the deployment itself goes on."""
        try:
            sink(event)
        except Exception as error:  # noqa: BLE001 - whatever is wrong with it must not stop a deployment half way
            self._sinks.remove(sink)
            text = self.mask(f"The history of this deployment is not kept whole: {error}")
            self._pass_on(
                Warned(deployment=self._deployment, seq=next(self._numbers), at=now(), code="sink", text=text)
            )

    def _pass_on(self, event: AnyEvent) -> None:
        while not self._left:
            try:
                self._events.put(event, timeout=0.2)
            except queue.Full:
                continue
            return

    def __next__(self) -> AnyEvent:
        if self._left:
            raise StopIteration
        event = self._events.get()
        if isinstance(event, Finished):
            self._left = True
        return event

    def close(self) -> None:
        """Stop reading."""
        self._left = True
