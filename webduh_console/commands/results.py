"""What commands return. A face draws it; nothing here prints."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from threading import Event as Flag
from typing import Any, Literal

import msgspec

from webduh_console.model.events import AnyEvent
from webduh_console.model.observe import LogLine
from webduh_console.model.plan import Plan
from webduh_console.model.target import CancelToken


class Column(msgspec.Struct, frozen=True):
    """A column of a listing: the row's key, its title, and on which side its text stands."""

    key: str
    title: str
    align: Literal["left", "right"] = "left"


class Listing(msgspec.Struct, frozen=True):
    """Rows. `rows` hold text for people under the columns' keys; `data` is what a program reads, one value a row."""

    title: str
    columns: tuple[Column, ...]
    rows: Sequence[Mapping[str, object]]
    data: Sequence[Any]
    empty: str = "Nothing."
    code: int = 0


class Text(msgspec.Struct, frozen=True):
    """A page to read; `data` is the same for a program.

    In a `signed` one the first mark of a line (`+`, `-`, `~`, `!`, `?`, `✗`) says what it is, and may be coloured.
    """

    title: str
    text: str
    data: Any
    code: int = 0
    signed: bool = False


class Done(msgspec.Struct, frozen=True):
    """Something was done, in one sentence; `data` is the same for a program."""

    text: str
    data: dict[str, Any] = {}
    code: int = 0


class Stream(msgspec.Struct, frozen=True):
    """A deployment that goes on. Setting `cancel` takes the way back."""

    plan: Plan
    events: Iterator[AnyEvent]
    cancel: CancelToken


class Lines(msgspec.Struct, frozen=True):
    """Log lines; setting `stop` ends those that are followed. `end`, if any, says then how what wrote them ended."""

    lines: Iterator[LogLine]
    stop: Flag
    raw: bool = False
    end: Callable[[], Done] | None = None


class Work(msgspec.Struct, frozen=True):
    """Steps that go on and are no deployment, such as a server's set-up; the last event is Finished.

    Setting `cancel` takes the way back. `done` is what to say when it went well.
    """

    title: str
    events: Iterator[AnyEvent]
    cancel: CancelToken
    done: str
    data: dict[str, Any] = {}


class Terminal(msgspec.Struct, frozen=True):
    """A program that wants the terminal for itself; `run` gives it that, and answers its exit code.

    What it `leaves` on the screen is to be read, so a face that takes the terminal back waits for that.
    """

    title: str
    run: Callable[[], int]
    leaves: bool = False


class Lists(msgspec.Struct, frozen=True):
    """Command lines that the face runs one after another, as a script."""

    lines: tuple[str, ...]


Result = Listing | Text | Done | Stream | Work | Lines | Terminal | Lists
