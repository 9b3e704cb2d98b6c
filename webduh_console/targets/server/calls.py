"""Questions to a server's Docker engine, each a short call or a stream, and what went wrong with them in words."""

import http.client
import importlib
import json
import re
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlencode

from webduh_console.targets.server.looking import Looking, Streams
from webduh_console.targets.server.refusals import EngineError, refused, unanswered
from webduh_console.targets.server.streams import Stream, blocks, objects
from webduh_console.targets.server.way import Way
from webduh_console.targets.server.wire import DuplexConnection
from webduh_console.transport.machine import Machine

if TYPE_CHECKING:
    from docker.api.client import APIClient

T = TypeVar("T")
_ANSWER_LIMIT = 60
_LONG_LIMIT = 900.0
_GONE = 404
_READING = 6
"""How many questions are asked at once."""


class Calls:
    """What changes something goes through the Docker SDK over streams that are kept, what only asks over others; every
    endless answer has a stream of its own.

    `what` of each says what cannot be done if it fails, without a full stop: `web cannot be started`.
    """

    def __init__(self, machine: Machine, socket: str) -> None:
        self.server = machine.name
        self.way = Way(machine, socket)
        self._lock = threading.Lock()
        self._client: APIClient | None = None
        self._room = threading.BoundedSemaphore(_READING)
        self._streams = Streams(lambda: DuplexConnection(self.way.open, timeout=_ANSWER_LIMIT))
        self.looking = Looking(self._streams)

    def close(self) -> None:
        """End the streams that are kept; a later call opens new ones."""
        with self._lock:
            client, self._client = self._client, None
        self._streams.close()
        if client is not None:
            client.close()

    def read(self, what: str, path: str, **query: object) -> Any:
        """The JSON answer to a `GET`; None when Docker knows no such thing. `query` is as Docker has it: an object is
        JSON there.

        Over streams of its own and without the SDK, which takes ten times as long for it: of a hundred servers that is
        most of what `status` does here.
        """
        what, words = f"{what} on {self.server}.", {name: _written(value) for name, value in query.items()}
        target = f"/v{self.way.version().api}{path}" + (f"?{urlencode(words)}" if words else "")
        answer = self.looking.answer(target)
        if answer is None:
            with self._room:
                answer = self._read(what, target)
        status, content = answer
        if status == _GONE:
            return None
        if status >= 400:
            raise refused(what, self.server, status, _message(content))
        try:
            return json.loads(content)
        except ValueError as error:
            raise unanswered(what, self.server, "Docker's answer is no JSON.") from error

    def _read(self, what: str, target: str) -> tuple[int, bytes]:
        """The status and the body of an answer. A kept stream that turns out to be dead is left for another one."""
        while True:
            kept = self._streams.kept()
            connection = kept or self._streams.made()
            try:
                connection.request("GET", target)
                response = connection.getresponse()
                content = response.read()
            except TimeoutError as error:
                connection.cut()
                raise unanswered(what, self.server, f"Docker did not answer within {_ANSWER_LIMIT} s.") from error
            except (OSError, http.client.HTTPException) as error:
                connection.cut()
                if kept is None:
                    raise unanswered(what, self.server, "The connection broke while Docker was asked.") from error
                continue
            except BaseException:
                connection.cut()
                raise
            if response.will_close:
                connection.close()
            else:
                self._streams.keep(connection)
            return response.status, content

    def ask(self, what: str, call: "Callable[[APIClient], T]") -> T:
        """The SDK's answer."""
        sdk = self._sdk()
        import requests
        from docker.errors import APIError, DockerException

        what = f"{what} on {self.server}."
        try:
            return call(sdk)
        except APIError as error:
            status = error.response.status_code if error.response is not None else 0
            raise refused(what, self.server, status, str(error.explanation or error)) from error
        except requests.exceptions.Timeout as error:
            raise unanswered(what, self.server, f"Docker did not answer within {_ANSWER_LIMIT} s.") from error
        except (requests.exceptions.RequestException, http.client.HTTPException, OSError) as error:
            raise unanswered(what, self.server, "The connection broke while Docker was asked.") from error
        except DockerException as error:
            raise unanswered(what, self.server, f"{error}.") from error

    def find(self, what: str, call: "Callable[[APIClient], T]") -> T | None:
        """The SDK's answer; None when Docker knows no such thing."""
        try:
            return self.ask(what, call)
        except EngineError as error:
            if error.status != _GONE:
                raise
            return None

    def settle(self, what: str, call: "Callable[[APIClient], object]", *fine: int) -> bool:
        """Have something done; False when an answer of `fine` (404 always) says that it is so already."""
        try:
            self.ask(what, call)
        except EngineError as error:
            if error.status not in (_GONE, *fine):
                raise
            return False
        return True

    def settle_unless(self, pattern: str, what: str, call: "Callable[[APIClient], object]") -> bool:
        """Have something done; False when Docker's words match `pattern`, which says that it is so already."""
        try:
            self.ask(what, call)
        except EngineError as error:
            if not error.status or not re.search(pattern, error.why, re.IGNORECASE):
                raise
            return False
        return True

    def slow(self, what: str, method: str, path: str) -> dict[str, Any]:
        """The JSON answer to what may take long, a quarter of an hour at most."""
        with self.stream(what, method, path, blocks, limit=_LONG_LIMIT) as parts:
            answer = json.loads(b"".join(parts))
        return answer if isinstance(answer, dict) else {}

    def stream(
        self,
        what: str,
        method: str,
        path: str,
        shape: Callable[[http.client.HTTPResponse], Iterator[T]],
        body: Mapping[str, object] | None = None,
        limit: float | None = None,
        headers: Mapping[str, str] = MappingProxyType({}),
    ) -> Stream[T]:
        """What comes, in a `shape`; silence of `limit` seconds breaks it off (None: it may be silent for ever)."""
        what = f"{what} on {self.server}."
        version = self.way.version().api
        connection = DuplexConnection(self.way.open, timeout=limit or _ANSWER_LIMIT)
        content = json.dumps(body) if body is not None else None
        try:
            connection.request(method, f"/v{version}{path}", content, {"Content-Type": "application/json", **headers})
            response = connection.getresponse()
            if response.status >= 400:
                raise refused(what, self.server, response.status, _message(response.read()))
        except (OSError, http.client.HTTPException) as error:
            connection.cut()
            raise unanswered(what, self.server, f"The connection broke: {error}.") from error
        except EngineError:
            connection.cut()
            raise
        connection.wait_at_most(limit)
        return Stream(connection, shape(response), lambda why: unanswered(what, self.server, f"It broke off: {why}."))

    def upload(self, what: str, path: str, parts: Iterable[bytes], limit: float) -> Iterator[dict[str, Any]]:
        """Send a body in parts as they come, and give the JSON objects of the answer, a line each.

        Silence of `limit` seconds breaks it off. What `parts` raises is raised here, and ends the connection.
        """
        what = f"{what} on {self.server}."
        connection = DuplexConnection(self.way.open, timeout=limit)
        headers = {"Content-Type": "application/x-tar", "Transfer-Encoding": "chunked"}
        try:
            connection.request("POST", f"/v{self.way.version().api}{path}", iter(parts), headers, encode_chunked=True)
            response = connection.getresponse()
            if response.status >= 400:
                raise refused(what, self.server, response.status, _message(response.read()))
            for said in objects(blocks(response)):
                if error := said.get("error"):
                    raise refused(what, self.server, response.status, str(error))
                yield said
        except (OSError, http.client.HTTPException) as error:
            raise unanswered(what, self.server, f"The connection broke: {error}.") from error
        finally:
            connection.cut()

    def _sdk(self) -> "APIClient":
        version = self.way.version().api
        with self._lock:
            if self._client is None:
                from webduh_console.targets.server.sdk import client

                self._client = client(self.way.open, version, _ANSWER_LIMIT)
            return self._client


def import_sdk() -> None:
    """Begin to import the SDK, and do not wait for it: it takes as long as a server takes for a dozen answers."""
    name = "webduh_console.targets.server.sdk"
    if name not in sys.modules:
        threading.Thread(target=importlib.import_module, args=(name,), daemon=True).start()


def _written(value: object) -> str:
    """A value of a query."""
    if isinstance(value, bool):
        return "1" if value else "0"
    return value if isinstance(value, str) else json.dumps(value)


def _message(content: bytes) -> str:
    with suppress(ValueError, KeyError, TypeError):
        return str(json.loads(content)["message"])
    return content.decode(errors="replace")
