"""Asks the targets, each in a thread of its own, so that one that is silent delays neither the others nor a key."""

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from textual.message import Message

from webduh_console.console.board import Observed
from webduh_console.console.rates import LIVE, STEP, added, averaged
from webduh_console.console.recording import PAUSE, Recorder
from webduh_console.errors import StateError, WebduhError
from webduh_console.model.names import AppKey
from webduh_console.model.observe import Fact

if TYPE_CHECKING:
    from webduh_console.commands.api import Heard
    from webduh_console.console.app import ConsoleApp

SILENT_PAUSE = 5.0
"""Seconds before a target that did not answer is asked again."""

CHECK_PAUSE = 600.0
"""Seconds between two checks of a target that nobody asked for."""
FIRST_CHECK = 20.0
"""Seconds before the first: whoever opens the console wants to see what runs."""

_PAST = 120  # seconds of figures that are asked for when the console opens
_PAST_OF = 30  # apps at most: it takes some 20 ms for each
_RECENT = 120.0  # seconds of requests that are asked for from the second look on
_PAUSE = 0.2  # seconds between two looks into the state


class Told(Message):
    """A target answered, or could not."""

    def __init__(self, heard: "Heard", past: Any = None) -> None:
        super().__init__()
        self.heard = heard
        self.past = past or {}


class Broke(Message):
    """Something unexpected went wrong in a thread of ours."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error


class Checked(Message):
    """A target was checked, whoever asked."""

    def __init__(self, name: str, facts: Sequence[Fact]) -> None:
        super().__init__()
        self.name, self.facts = name, facts


class Aside:
    """Does blocking work in threads that end with the console, however long they would still wait for an answer.

    What the work returns is posted, unless that was stopped meanwhile.
    """

    def __init__(self, post: Callable[[Message], Any]) -> None:
        self._post = post
        self._lock = threading.Lock()
        self._over = False

    @property
    def over(self) -> bool:
        """Whether nobody wants to hear anything more."""
        return self._over

    def start(self, name: str, work: Callable[[], Message | None]) -> None:
        """Begin."""
        threading.Thread(target=self._do, args=(work,), name=name, daemon=True).start()

    def say(self, message: Message) -> None:
        """Post a message from any thread."""
        with self._lock:
            if not self._over:
                self._post(message)

    def stop(self) -> None:
        """Post nothing more."""
        with self._lock:
            self._over = True

    def _do(self, work: Callable[[], Message | None]) -> None:
        try:
            message = work()
        except Exception as error:  # noqa: BLE001 - a defect is named and written down by the app
            message = Broke(error)
        if message is not None:
            self.say(message)


class Seldom:
    """Asks a target something aside, with a pause in between and never twice at once, so that an answer that takes its
    time delays nothing that is shown.
    """

    pause: float

    def __init__(self, app: "ConsoleApp", aside: Aside, name: str, first: float = 0.0) -> None:
        self.app, self.name = app, name
        self._aside = aside
        self._next = time.monotonic() + first
        self._under_way = False

    def ask(self) -> Message | None:
        """The question."""
        raise NotImplementedError

    def look(self) -> None:
        """Ask, unless the last answer is fresh, or still to come."""
        if not self._under_way and time.monotonic() >= self._next:
            self._under_way, self._next = True, time.monotonic() + self.pause
            self._aside.start(f"{type(self).__name__} {self.name}", self._ask)

    def _ask(self) -> Message | None:
        try:
            return self.ask()
        except WebduhError:
            return None  # the watch says what is wrong there
        finally:
            self._under_way = False


class Counting(Seldom):
    """Takes the requests of the apps on one target."""

    pause = PAUSE

    def __init__(self, app: "ConsoleApp", aside: Aside, name: str) -> None:
        super().__init__(app, aside, name)
        self._since: dict[AppKey, float] = {}
        self._seconds = float(LIVE)

    def ask(self) -> None:
        """Take what was counted since the last time."""
        from webduh_console.commands import api

        for key, all_series in api.requests(self.app.context, self.name, self._seconds).items():
            averages = averaged(added([series.points for series in all_series]), self._since.get(key, 0.0))
            self.app.watching.recorder.count(key, averages)
            self._since[key] = averages[-1][0] + STEP if averages else self._since.get(key, 0.0)
        self._seconds = _RECENT


class Checking(Seldom):
    """Checks one target, so that its alerts know of more than its figures."""

    pause = CHECK_PAUSE

    def ask(self) -> Message:
        """Every fact it needs."""
        from webduh_console.commands import machines

        return Checked(self.name, machines.checks(self.app.context, self.name))


class Watch:
    """Asks one target again and again."""

    def __init__(self, app: "ConsoleApp", aside: Aside, name: str) -> None:
        self.app, self.name = app, name
        self._aside = aside
        self._wake = threading.Event()
        self._left = False
        aside.start(f"watch {name}", self._run)

    def ask_now(self) -> None:
        """Do not wait for the next time."""
        self._wake.set()

    def leave(self) -> None:
        """Ask no more."""
        self._left = True
        self._wake.set()

    def _run(self) -> None:
        from webduh_console.commands import api

        first = True
        counting = Counting(self.app, self._aside, self.name)
        checking = Checking(self.app, self._aside, self.name, FIRST_CHECK)
        while not (self._left or self._aside.over):
            self._wake.clear()
            try:
                heard = api.ask(self.app.context, self.name)
            except StateError as error:
                self._aside.say(Observed((), (), (), error))
                self._wake.wait(SILENT_PAUSE)
                continue
            except WebduhError:
                return  # it is no target any more
            answers = heard.row.state in ("up", "stopped")
            if heard.row.state == "up":
                counting.look()
            if heard.row.state in ("up", "unready") and heard.row.kind != "servers":  # its servers are checked
                checking.look()
            self._aside.say(Told(heard, self._past() if first and heard.row.kind == "local" else None))
            first = first and not answers
            self._wake.wait(self.app.every if answers else max(self.app.every, SILENT_PAUSE))

    def _past(self) -> dict[Any, Any]:
        """The figures from before the console was opened, of apps that run here."""
        from webduh_console.commands import api

        context = self.app.context
        own = [row.key for row in api.remembered(context) if row.target == self.name and row.actual.instances]
        return {key: api.metrics(context, key, "cpu", _PAST) for key in own} if len(own) <= _PAST_OF else {}


class Watching:
    """Keeps a watch for every target there is, and reads the local state whenever one of them has answered."""

    def __init__(self, app: "ConsoleApp") -> None:
        self.app = app
        self.aside = Aside(app.post_message)
        self._watches: dict[str, Watch] = {}
        self.recorder = Recorder()
        self._reading = self._again = False

    def begin(self) -> None:
        """Read the state, and ask every target from time to time."""
        self.app.set_interval(self.app.every, self.read)
        self.read()

    def ask_now(self) -> None:
        """Ask every target that is not being asked."""
        for watch in self._watches.values():
            watch.ask_now()
        self.read()

    def end(self) -> None:
        """Ask nobody any more; nobody is waited for."""
        self.aside.stop()
        with suppress(StateError):  # nobody is there any more to be told
            self.recorder.keep(self.app.context.state)
        for watch in self._watches.values():
            watch.leave()

    def heard(self, message: Told) -> None:
        """Take a target's answer, and read what it means for the apps."""
        self.app.board.hear(message.heard, message.past, self.app.clock())
        self.recorder.hear(message.heard, self.app.clock())
        self.read()

    def read(self) -> None:
        """Read the local state, once more if that is being done."""
        self._again = self._reading
        if not self._reading:
            self._reading = True
            silent = self.app.board.silent()
            self.app.run_worker(
                lambda: self._read(silent), thread=True, exclusive=True, group="state", exit_on_error=False
            )

    def _read(self, silent: dict[str, str]) -> None:
        try:
            self.recorder.write(self.app.context.state, self.app.clock().timestamp())
        except StateError as error:
            self.app.post_message(Observed((), (), (), error))
            return
        self.app.post_message(look(self.app, silent))

    def observed(self, message: Observed) -> None:
        """The state was read: watch the targets that are new, and no more those that are gone."""
        self._reading = False
        if self.app.every > 0:
            self.recorder.see(message.rows)
        if message.error is None and self.app.every > 0:
            names = {heard.row.name for heard in message.targets}
            for name in names - self._watches.keys():
                self._watches[name] = Watch(self.app, self.aside, name)
            for name in self._watches.keys() - names:
                self._watches.pop(name).leave()
        if self._again:
            self._again = False
            self.app.set_timer(_PAUSE, self.read)


def look(app: "ConsoleApp", silent: dict[str, str]) -> Observed:
    """What the local state knows now; the apps of silent targets, name → reason, are unknown. Reads the disk."""
    from webduh_console.commands import api

    try:
        known = api.known_targets(app.context)
        return Observed(api.rows(app.context, silent), known, api.deployments(app.context, None, limit=50))
    except WebduhError as error:
        return Observed((), (), (), error)
