"""HTTP over any stream to a server: what listens there on a port or a Unix socket is asked as if it were near."""

import http.client
import io
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, cast

from webduh_console.transport.machine import Duplex

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer, WriteableBuffer


class DuplexSocket:
    """A stream in the clothes of a socket, as far as `http.client` and urllib3 look.

    Like a socket it stays open while a file made from it is read, although it was closed; `cut` ends it at once.
    """

    def __init__(self, stream: Duplex) -> None:
        self._stream = stream
        self._files = 0
        self._closed = False
        self._lock = threading.Lock()

    def sendall(self, content: "ReadableBuffer") -> None:
        """Send all of it."""
        self._stream.sendall(bytes(content))

    def recv(self, size: int) -> bytes:
        """What came, at most `size` bytes; empty at the end."""
        return self._stream.recv(size)

    def settimeout(self, seconds: float | None) -> None:
        """How long sending and receiving may take."""
        self._stream.settimeout(seconds)

    def makefile(self, mode: str = "rb", buffering: int = -1) -> io.BufferedReader:
        """What comes, as a file."""
        with self._lock:
            self._files += 1
        return io.BufferedReader(_Reading(self), 64 * 1024)

    def close(self) -> None:
        """End it once no file reads from it."""
        with self._lock:
            self._closed = True
            over = not self._files
        if over:
            self._stream.close()

    def file_closed(self) -> None:
        """Take note that one of the files was closed."""
        with self._lock:
            self._files -= 1
            over = self._closed and not self._files
        if over:
            self._stream.close()

    def cut(self) -> None:
        """End it, whoever reads."""
        shutdown = getattr(self._stream, "shutdown", None)
        if shutdown:  # closing a real socket does not wake a thread that waits in `recv`
            with suppress(OSError):
                shutdown(socket.SHUT_RDWR)
        self._stream.close()


class _Reading(io.RawIOBase):
    """The reading end of a `DuplexSocket`."""

    def __init__(self, stream: DuplexSocket) -> None:
        super().__init__()
        self._from = stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        view = memoryview(buffer)
        came = self._from.recv(len(view))
        view[: len(came)] = came
        return len(came)

    def close(self) -> None:
        if not self.closed:
            super().close()
            self._from.file_closed()


class DuplexConnection(http.client.HTTPConnection):
    """One HTTP connection over the stream that `opener` gives; `host` is what the Host header says.

    It raises what `opener` raises, and what `http.client` does.
    """

    def __init__(self, opener: Callable[[], Duplex], host: str = "localhost", timeout: float | None = 60.0) -> None:
        super().__init__(host)
        self._seconds = timeout
        self._opener = opener
        self._wire: DuplexSocket | None = None

    def connect(self) -> None:
        """Open the stream."""
        self._wire = DuplexSocket(self._opener())
        self._wire.settimeout(self._seconds)
        self.sock = cast(socket.socket, self._wire)

    def wait_at_most(self, seconds: float | None) -> None:
        """How long each reading may take from now on; None: for ever."""
        if self._wire:
            self._wire.settimeout(seconds)

    def cut(self) -> None:
        """End the stream, whoever reads from it."""
        if self._wire:
            self._wire.cut()
