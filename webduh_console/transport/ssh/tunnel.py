"""A port of this machine that leads to a port or a Unix socket of a server."""

import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType

from paramiko import SSHException

from webduh_console.errors import TargetError
from webduh_console.transport.ssh.link import Stream

_PIECE = 65_536
Way = Callable[[], Stream]


class Tunnel:
    """A listener on 127.0.0.1 whose connections go on at the server; `port` is the one it got.

    `trouble` is why the last connection could not be carried on, None when it could.
    """

    def __init__(self, port: int, way: Way) -> None:
        try:
            self._listener = socket.create_server(("127.0.0.1", port))
        except (OSError, OverflowError) as error:
            raise TargetError(
                f"Port {port} of this machine cannot be listened on.",
                why=f"{getattr(error, 'strerror', None) or error}.",
                hint="Take another port, or 0 for any that is free.",
            ) from error
        self.port = int(self._listener.getsockname()[1])
        self.trouble: Exception | None = None
        self._way, self._lock = way, threading.Lock()
        self._ends: set[socket.socket | Stream] = set()
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop listening, and end every connection."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(5.0)
        with self._lock:
            ends = list(self._ends)
        for end in ends:
            _close(end)

    def __enter__(self) -> "Tunnel":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    def _listen(self) -> None:
        while True:
            try:
                here, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._carry, args=(here,), daemon=True).start()

    def _carry(self, here: socket.socket) -> None:
        try:
            there = self._way()
        except (TargetError, OSError) as error:
            self.trouble = error
            here.close()
            return
        self.trouble = None
        with self._lock:
            self._ends |= {here, there}
        back = threading.Thread(target=_pump, args=(there, here), daemon=True)
        back.start()
        _pump(here, there)
        back.join()
        with self._lock:
            self._ends -= {here, there}
        _close(here)
        _close(there)


def _pump(source: socket.socket | Stream, sink: socket.socket | Stream) -> None:
    """Carry bytes one way to their end, and the end too; what breaks ends both ways."""
    try:
        while content := source.recv(_PIECE):
            sink.sendall(content)
        if isinstance(sink, socket.socket):
            sink.shutdown(socket.SHUT_WR)
        else:
            sink.shutdown_write()
    except (OSError, EOFError, SSHException):
        _close(source)
        _close(sink)


def _close(end: socket.socket | Stream) -> None:
    with suppress(OSError, EOFError, SSHException):
        if isinstance(end, socket.socket):
            end.shutdown(socket.SHUT_RDWR)
    with suppress(OSError, EOFError, SSHException):
        end.close()
