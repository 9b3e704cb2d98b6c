"""What happens during a deployment: one stream that every face reads and the history keeps.

Whoever makes an event leaves the stamps (`deployment`, `seq`, `at`, `step`, `place`) empty; the engine fills them in.
"""

from datetime import UTC, datetime
from typing import Literal

import msgspec

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
Phase = Literal["check", "build", "prepare", "commit", "watch", "retire"]
"""In this order.

Up to `commit` nothing a visitor sees has changed; up to `watch` the way back is open; `retire` is never undone.
"""


class Event(msgspec.Struct, frozen=True, kw_only=True, tag_field="event", tag=str.lower):
    """The base of all events. `at` is in UTC, `seq` counts from 1 within a deployment."""

    deployment: str = ""
    seq: int = 0
    at: datetime = EPOCH
    step: str = ""
    place: str = ""


class Started(Event, frozen=True, kw_only=True, tag="started"):
    """The deployment began; `steps` are the names of all steps in their order."""

    app: str
    environment: str
    target: str
    action: str
    steps: tuple[str, ...]


class StepStarted(Event, frozen=True, kw_only=True, tag="step-started"):
    """A step began; `usual` is how many seconds it took at its last success, if known."""

    phase: Phase
    usual: float | None = None


class Output(Event, frozen=True, kw_only=True, tag="output"):
    """One line of output, masked."""

    text: str
    stream: Literal["stdout", "stderr", "webduh"] = "webduh"


class Progress(Event, frozen=True, kw_only=True, tag="progress"):
    """How far a step is: `done` of `total` (0: unknown), in `unit`."""

    done: float
    total: float
    unit: str


class StepFinished(Event, frozen=True, kw_only=True, tag="step-finished"):
    """A step ended. `undone` is the outcome on the way back. `figures` are counts worth keeping (`files`, `bytes`)."""

    outcome: Literal["done", "failed", "cancelled", "undone", "skipped"]
    seconds: float
    figures: dict[str, float] = {}


class Part(msgspec.Struct, frozen=True):
    """A part of a build: how many seconds it took (None: it was taken from an earlier build, or nobody knows), and how
    many bytes of it are in what was made (None: none, or nobody knows)."""

    name: str
    seconds: float | None = None
    bytes: int | None = None


class Explained(Event, frozen=True, kw_only=True, tag="explained"):
    """Where the seconds and the bytes of a build went, in the order of its parts."""

    parts: tuple[Part, ...]


class Warned(Event, frozen=True, kw_only=True, tag="warned"):
    """Something a person should know that does not stop the work."""

    code: str
    text: str
    hint: str = ""


class Reverting(Event, frozen=True, kw_only=True, tag="reverting"):
    """The way back begins, and why."""

    reason: str


class Serving(Event, frozen=True, kw_only=True, tag="serving"):
    """The release answers at its address; the old one is still to be retired."""

    release: int
    url: str
    seconds: float


class Finished(Event, frozen=True, kw_only=True, tag="finished"):
    """The last event. `error` has the keys name, what, why, kept, hint.

    `downtime` is for how many seconds the app did not answer because its old instances were stopped first.
    """

    outcome: Literal["done", "failed", "reverted", "cancelled"]
    release: int | None
    url: str
    seconds: float
    downtime: float = 0.0
    error: dict[str, str] = {}


AnyEvent = (
    Started | StepStarted | Output | Progress | StepFinished | Explained | Warned | Reverting | Serving | Finished
)
