"""The deployments this console runs or watches.

They belong to the app, not to a screen: leaving a screen stops nothing.
"""

import threading
from collections.abc import Callable, Iterator
from typing import Any

from textual.message import Message

from webduh_console.errors import WebduhError
from webduh_console.model.events import AnyEvent
from webduh_console.model.names import AppKey
from webduh_console.model.plan import Plan
from webduh_console.model.target import CancelToken

Post = Callable[[Message], Any]


class Live:
    """One deployment with its events. `own` when this process runs it; `cancel` is then its token.

    Work that belongs to no app, such as a server's set-up, has no name in its key.
    """

    def __init__(self, identity: str, key: AppKey, action: str, target: str, cancel: CancelToken | None = None) -> None:
        self.id, self.key, self.action, self.target = identity, key, action, target
        self.cancel = cancel
        from webduh_console.console.timeline import Timeline

        self.timeline = Timeline()
        self.error: WebduhError | None = None
        self._arrived: list[AnyEvent] = []
        self._lock = threading.Lock()
        self._announced = False

    @property
    def subject(self) -> str:
        """What it is about: the app, or the target when it is about none."""
        return str(self.key) if self.key.app else self.target

    @property
    def title(self) -> str:
        """What is done to what: `deploy of guestbook`."""
        return f"{self.action} of {self.subject}"

    @property
    def own(self) -> bool:
        """Whether this process runs it."""
        return self.cancel is not None

    @property
    def over(self) -> bool:
        """Whether nothing more will come."""
        return self.timeline.finished is not None or self.error is not None

    @property
    def cancelling(self) -> bool:
        """Whether the way back was asked for and is not at its end."""
        return not self.over and self.cancel is not None and self.cancel.is_set

    def arrive(self, event: AnyEvent) -> bool:
        """Take an event from a worker's thread; True when the app has yet to be told that something is here."""
        with self._lock:
            self._arrived.append(event)
            first, self._announced = not self._announced, True
            return first

    def take(self) -> int:
        """Add what has arrived to the timeline, in the app's thread; how many events that were."""
        with self._lock:
            arrived, self._arrived = self._arrived, []
            self._announced = False
        for event in arrived:
            self.timeline.take(event)
        return len(arrived)


class Moved(Message):
    """Something happened in a deployment."""

    def __init__(self, identity: str) -> None:
        super().__init__()
        self.id = identity

    def can_replace(self, message: Message) -> bool:
        """A newer one says the same."""
        return isinstance(message, Moved) and message.id == self.id


class Deployments:
    """Deployments by id, oldest first."""

    def __init__(self) -> None:
        self.all: dict[str, Live] = {}

    def add(self, plan: Plan, cancel: CancelToken) -> Live:
        """A deployment that this process is about to run."""
        live = Live(plan.id, plan.key, plan.action, plan.target, cancel)
        self.all[plan.id] = live
        return live

    def adopt(self, live: Live) -> Live:
        """A deployment whose events somebody else's worker reads."""
        self.all[live.id] = live
        return live

    def running(self) -> list[Live]:
        """Those this process runs and that are not over."""
        return [live for live in self.all.values() if live.own and not live.over]

    def of(self, key: AppKey) -> Live | None:
        """The one that runs for an app, if any."""
        return next((live for live in self.running() if live.key == key), None)


def drain(live: Live, events: Iterator[AnyEvent], post: Post) -> None:
    """Read a stream to its end, in a worker's thread, telling the app at most once until it has looked."""
    try:
        for event in events:
            if live.arrive(event):
                post(Moved(live.id))
    except WebduhError as error:
        live.error = error
    post(Moved(live.id))
