"""The way to a server's Docker engine: its socket through SSH, else a program there that reaches it for us."""

import http.client
import json
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import Any, NamedTuple, Protocol, runtime_checkable

from webduh_console.errors import TargetError
from webduh_console.targets.server import resources
from webduh_console.targets.server.refusals import UnansweredError
from webduh_console.targets.server.resources import Version
from webduh_console.targets.server.wire import DuplexConnection
from webduh_console.transport.machine import Duplex, Machine

DIAL_STDIO = ("docker", "system", "dial-stdio")
_FIRST_ANSWER = 15.0
_WHY = "docker version --format '{{.Server.Version}}' 2>&1 | tail -n 1"
Opener = Callable[[], Duplex]


@runtime_checkable
class Piping(Protocol):
    """A machine that can make a stream of a program's input and output."""

    def pipe(self, argv: Sequence[str], root: bool = False) -> Duplex:
        """Run it, and give its standard input and output as one stream."""


class _Found(NamedTuple):
    opener: Opener
    version: Version
    root: bool


class Way:
    """Streams to the engine's socket. Which of the ways works is found out once, at the first need."""

    def __init__(self, machine: Machine, socket: str) -> None:
        self._machine, self._socket = machine, socket
        self._lock = threading.Lock()
        self._found: _Found | None = None

    def open(self) -> Duplex:
        """A new stream. TargetError when the server cannot be reached, EngineError when Docker cannot."""
        try:
            return self._chosen().opener()
        except OSError as error:
            raise self._closed(f"{self._socket}: {error.strerror or error}.") from error

    def version(self) -> Version:
        """What the engine said of itself when it was first met."""
        return self._chosen().version

    @property
    def through_sudo(self) -> bool:
        """Whether only root may use the engine."""
        return self._chosen().root

    def _chosen(self) -> "_Found":
        with self._lock:
            if self._found is None:
                self._found = self._meet()
            return self._found

    def _meet(self) -> "_Found":
        reasons: list[str] = []
        for opener, root in self._ways():
            connection = DuplexConnection(opener, timeout=_FIRST_ANSWER)
            try:
                connection.request("GET", "/version")
                return _Found(opener, resources.version(_answer(connection.getresponse())), root)
            except TargetError as error:
                reasons.append(str(error))
            except (OSError, http.client.HTTPException, ValueError, KeyError) as error:
                reasons.append(f"{self._socket}: {error}.")
            finally:
                connection.close()
            if len(reasons) == 1:  # tells a server that is gone, which no other way leads to, from one without Docker
                reasons.insert(0, self._why())
        raise self._closed(next(filter(None, reasons)))

    def _ways(self) -> Iterator[tuple[Opener, bool]]:
        """The socket itself first: such a stream is not counted against the sessions that sshd allows."""
        machine = self._machine
        yield lambda: machine.dial(self._socket), False
        if isinstance(machine, Piping):
            yield lambda: machine.pipe(DIAL_STDIO), False
            yield lambda: machine.pipe(DIAL_STDIO, root=True), True

    def _why(self) -> str:
        """What Docker's own client on the server says; TargetError when the server itself cannot be reached."""
        with suppress(OSError):
            said = self._machine.sh(_WHY, timeout=_FIRST_ANSWER).text
            return f"On the server, Docker's client says: {said}" if said and not said[0].isdigit() else ""
        return ""

    def _closed(self, why: str) -> UnansweredError:
        return UnansweredError(
            f"Docker on {self._machine.name} cannot be reached.",
            why=why,
            kept="Nothing was changed.",
            hint=f"`webduh server check {self._machine.name}` says what is missing there.",
        )


def _answer(response: http.client.HTTPResponse) -> dict[str, Any]:
    answer = json.loads(response.read())
    if response.status != 200 or not isinstance(answer, dict):
        raise ValueError(f"it answered {response.status}")
    return answer
