"""Serves a folder of functions: each answers one route. It needs Python 3.10 and nothing else.

The functions run in a process of their own, which answers many requests at once: in threads, or in one event loop if
they are `async`. A request that takes longer than its function may is answered with 504; new requests go to a new
process from then on, and the old one ends with the requests that it still has. An error is told to the log, never to
whoever asked.
"""

import asyncio
import contextlib
import importlib.util
import inspect
import json
import multiprocessing
import os
import re
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as LateError
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, unquote, urlsplit

LARGEST = 6 * 1024 * 1024  # bytes of a request's body
LOADING = 30  # seconds that the functions may take to load, all together
THREADS = 64  # requests that are answered at once by functions that are not async
_PROCESSES = multiprocessing.get_context("spawn")
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_JSON = re.compile(r"application/([\w.-]+\+)?json\b", re.IGNORECASE)
_PAGE = re.compile(r"\s*<(!doctype|html)", re.IGNORECASE)


class Answer(NamedTuple):
    """What is sent: `headers` are pairs, since a name may come twice."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes


def plain(status: int, text: str) -> Answer:
    """An answer of our own."""
    return Answer(status, [("content-type", "text/plain; charset=utf-8")], f"{text}\n".encode())


class Worker:
    """The process that the functions run in, as it is seen from the one that talks HTTP."""

    def __init__(self, files: list[str]) -> None:
        self._ours, theirs = _PROCESSES.Pipe()
        self._lock, self._numbers = threading.Lock(), count()
        self._waiting: dict[int, Future[Answer | None]] = {}
        self.ready: Future[None] = Future()
        self.ended = self.retired = False
        self._process = _PROCESSES.Process(target=work, args=(theirs, files), daemon=True)
        self._process.start()
        theirs.close()
        threading.Thread(target=self._listen, daemon=True).start()

    def ask(self, file: str, event: dict[str, object]) -> tuple[int, "Future[Answer | None]"]:
        """The number of a request, and its answer to be: None if the function failed."""
        answer: Future[Answer | None] = Future()
        with self._lock:
            number = next(self._numbers)
            if self.ended:
                answer.set_result(None)
                return number, answer
            self._waiting[number] = answer
            try:
                self._ours.send((number, file, event))
            except OSError:
                self._waiting.pop(number).set_result(None)
        return number, answer

    def forget(self, number: int) -> None:
        """A request is given up, or answered."""
        with self._lock:
            self._waiting.pop(number, None)
            done = self.retired and not self._waiting
        if done:
            self.kill()

    def retire(self) -> None:
        """Nothing new comes to it; what it has may end, or be given up in its turn."""
        with self._lock:
            self.retired = True

    def kill(self) -> None:
        """End it, whatever it does."""
        self._process.kill()

    def _listen(self) -> None:
        with contextlib.suppress(EOFError, OSError):
            while True:
                number, answer = self._ours.recv()
                if number is None:
                    self.ready.set_result(None)
                elif (waits := self._waiting.get(number)) is not None:
                    waits.set_result(answer)
                    self.forget(number)
        with self._lock:
            self.ended = True
            waiting, self._waiting = self._waiting, {}
        for future in waiting.values():
            future.set_result(None)
        if not self.ready.done():
            self.ready.set_exception(RuntimeError("the functions could not be loaded"))
        self._process.join()


class Functions:
    """The routes, and the process that answers them now."""

    def __init__(self, routes: dict[str, dict[str, Any]]) -> None:
        self._routes, self._lock = routes, threading.Lock()
        self._files = [said["file"] for said in routes.values()]
        self.worker = Worker(self._files)
        self.busy = 0

    @property
    def longest(self) -> float:
        """The most seconds that any function may take."""
        return max(float(said["timeout"]) for said in self._routes.values())

    def serves(self, path: str) -> bool:
        """Whether a function has this route."""
        return _route(path) in self._routes

    def answer(self, path: str, event: dict[str, object]) -> Answer:
        """What the function of a route says."""
        said = self._routes[_route(path)]
        with self._lock:
            if self.worker.ended or self.worker.retired:
                self.worker = Worker(self._files)
            worker = self.worker
        number, answer = worker.ask(said["file"], event)
        try:
            return answer.result(said["timeout"]) or plain(500, "The function failed.")
        except LateError:
            _log(f"{said['file']}: a request took longer than {said['timeout']} s and was given up")
            worker.retire()
            worker.forget(number)
            return plain(504, "The function took too long.")

    @contextlib.contextmanager
    def at_work(self) -> Iterator[None]:
        """A request is being answered."""
        with self._lock:
            self.busy += 1
        try:
            yield
        finally:
            with self._lock:
                self.busy -= 1


def _log(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def _route(path: str) -> str:
    return path.rstrip("/") or "/"


class Requests(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    server_version, sys_version = "functions", ""
    timeout = 180  # longer than the proxy in front keeps an idle connection
    functions: Functions
    ending = threading.Event()

    def answer(self) -> None:
        """Answer one request."""
        with self.functions.at_work():
            said = self._answer()
            if self.ending.is_set():
                self.close_connection = True
            self._send(said)

    def log_message(self, format: str, *args: object) -> None:
        """The proxy in front keeps a log of requests."""

    def _answer(self) -> Answer:
        url = urlsplit(self.path)
        path = unquote(url.path)
        if not self.functions.serves(path):
            self.close_connection = True  # its body was not read
            return plain(404, "There is nothing here.")
        length = self.headers.get("content-length", "0")
        if "transfer-encoding" in self.headers or not length.isdecimal():
            self.close_connection = True
            return plain(411, "The request must say its length.")
        if int(length) > LARGEST:
            self.close_connection = True
            return plain(413, "The request is too large.")
        return self.functions.answer(path, self._event(path, url.query, self.rfile.read(int(length))))

    def _event(self, path: str, query: str, body: bytes) -> dict[str, object]:
        headers: dict[str, str] = {}
        for name, value in self.headers.items():
            key = name.lower()
            headers[key] = f"{headers[key]}, {value}" if key in headers else value
        text = _text(body)
        return {
            "method": self.command,
            "path": path,
            "url": self.path,
            "query": dict(parse_qsl(query, keep_blank_values=True)),
            "headers": headers,
            "cookies": dict(_cookies(headers.get("cookie", ""))),
            "body": body if text is None else text,
            "json": _json(text) if _JSON.match(headers.get("content-type", "")) else None,
        }

    def _send(self, said: Answer) -> None:
        self.send_response(said.status)
        for name, value in said.headers:
            self.send_header(name, value)
        if self.close_connection:
            self.send_header("connection", "close")
        if said.status not in (204, 304):
            self.send_header("content-length", str(len(said.body)))
        self.end_headers()
        if self.command != "HEAD" and said.status not in (204, 304):
            self.wfile.write(said.body)


for _word in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"):
    setattr(Requests, f"do_{_word}", Requests.answer)


class Server(ThreadingHTTPServer):
    """A thread for each connection; those that idle hold nobody up at the end."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 512

    def handle_error(self, request: object, client_address: object) -> None:
        """Whoever asked went away: that is no error. Anything else is told to the log."""
        if not isinstance(sys.exc_info()[1], ConnectionError | TimeoutError):
            traceback.print_exc()


def _text(body: bytes) -> str | None:
    with contextlib.suppress(UnicodeDecodeError):
        return body.decode()
    return None


def _json(text: str | None) -> object:
    with contextlib.suppress(ValueError, RecursionError):
        return json.loads(text or "")
    return None


def _cookies(line: str) -> Iterator[tuple[str, str]]:
    for part in line.split(";"):
        name, equals, value = part.strip().partition("=")
        if name and equals:
            yield name.strip(), unquote(value.strip())


def serve() -> None:
    """Load the functions, then answer until told to end; what has begun is finished first."""
    said = json.loads(Path(__file__).with_name("functions.json").read_text("utf-8"))
    functions = Requests.functions = Functions(said["routes"])
    try:
        functions.worker.ready.result(LOADING)
    except Exception as error:  # noqa: BLE001  # why is in the log already
        functions.worker.kill()
        sys.exit(f"the functions were not loaded: {error or f'they took longer than {LOADING} s'}")
    server = Server((os.environ.get("HOST", "0.0.0.0"), int(os.environ.get("PORT", "8080"))), Requests)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: Requests.ending.set())
    threading.Thread(target=server.serve_forever, args=(0.1,), daemon=True).start()
    Requests.ending.wait()
    server.shutdown()
    server.server_close()
    until = time.monotonic() + functions.longest
    while functions.busy and time.monotonic() < until:
        time.sleep(0.02)
    functions.worker.kill()


# What follows runs in the process of the functions.


def work(pipe: Connection, files: list[str]) -> None:
    """Load the functions and answer what comes, until nobody is there to ask."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)  # whoever asks ends us, when what has begun is done
    sys.path[:0] = [str(Path.cwd())]
    loaded = {file: _loaded(file) for file in files}
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, daemon=True).start()
    threads, lock = ThreadPoolExecutor(THREADS), threading.Lock()
    pipe.send((None, None))

    def tell(number: int, answer: Answer | None) -> None:
        with lock, contextlib.suppress(OSError):
            pipe.send((number, answer))

    with contextlib.suppress(EOFError, OSError):
        while True:
            number, file, event = pipe.recv()
            run = loaded[file]
            if inspect.iscoroutinefunction(run):
                asyncio.run_coroutine_threadsafe(_awaited(tell, number, file, run, event), loop)
            else:
                threads.submit(_called, tell, number, file, run, event)
    os._exit(0)


def _loaded(file: str) -> Callable[[dict[str, object]], Any]:
    try:
        spec = importlib.util.spec_from_file_location(re.sub(r"\W", "_", file.removesuffix(".py")), file)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = module
        spec.loader.exec_module(module)
        found = getattr(module, "handler", None) or getattr(module, "main", None)
        run: Callable[[dict[str, object]], Any] | None = found
        if callable(run):
            return run
        raise TypeError("it has no function `handler`")
    except BaseException:  # noqa: BLE001  # what is imported may do anything, and end it
        _log(f"{file}:\n{traceback.format_exc()}")
        os._exit(1)


def _called(tell: Callable[[int, Answer | None], None], number: int, file: str, run: Any, event: Any) -> None:
    try:
        tell(number, as_answer(run(event)))
    except BaseException:  # noqa: BLE001  # a function may do anything, and its error is its own
        _log(f"{file}:\n{traceback.format_exc()}")
        tell(number, None)


async def _awaited(tell: Callable[[int, Answer | None], None], number: int, file: str, run: Any, event: Any) -> None:
    try:
        tell(number, as_answer(await run(event)))
    except BaseException:  # noqa: BLE001  # a function may do anything, and its error is its own
        _log(f"{file}:\n{traceback.format_exc()}")
        tell(number, None)


def as_answer(value: object) -> Answer:
    """What a function returns, as it is sent: an answer with `status`, `headers` and `body`, or a body alone."""
    if value is None:
        return Answer(204, [], b"")
    whole = isinstance(value, dict) and bool(value) and value.keys() <= {"status", "headers", "body"}
    said: dict[str, Any] = value if isinstance(value, dict) and whole else {"body": value}
    status = said.get("status", 200)
    if not isinstance(status, int) or not 200 <= status <= 599:
        raise TypeError(f"{status!r} is no status of an answer")
    body, kind = _bytes(said.get("body"))
    headers = [
        _header(name, one)
        for name, several in (said.get("headers") or {}).items()
        for one in (several if isinstance(several, list | tuple) else [several])
    ]
    typed = not body or any(name == "content-type" for name, _ in headers)
    return Answer(status, headers if typed else [("content-type", kind), *headers], body)


def _bytes(body: object) -> tuple[bytes, str]:
    if body is None:
        return b"", ""
    if isinstance(body, str):
        return body.encode(), f"text/{'html' if _PAGE.match(body) else 'plain'}; charset=utf-8"
    if isinstance(body, bytes | bytearray | memoryview):
        return bytes(body), "application/octet-stream"
    return json.dumps(body).encode(), "application/json"


def _header(name: object, value: object) -> tuple[str, str]:
    """A header that cannot end before it should. ValueError if it could."""
    key, text = str(name).lower(), str(value)
    if not _NAME.fullmatch(key) or re.search(r"[\r\n\0]", text):
        raise ValueError(f"{key!r} is no header, or its value is none")
    text.encode("latin-1")
    return key, text


if __name__ == "__main__":
    serve()
