"""A bad line: stands before a TCP port, and does to what passes through it what a bad line does."""

import contextlib
import socket
import struct
import threading
import time
from collections.abc import Callable
from queue import Queue

CHUNK = 65_536
# Chunks on their way: more than a sender may have in flight, so that latency costs time, not throughput.
UNDERWAY = 256
RESET = struct.pack("ii", 1, 0)


class Relay:
    """Hands bytes on between whoever connects to `address` and a port elsewhere, `delay` seconds late each way."""

    def __init__(self, host: str, port: int, delay: float = 0.0) -> None:
        self.delay = delay
        self._to = (host, port)
        self._flows = threading.Event()
        self._flows.set()
        self._is_shut = False
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: set[socket.socket] = set()
        _thread(self._accept)

    @property
    def address(self) -> tuple[str, int]:
        """Host and port to connect to."""
        host, port = self._listener.getsockname()
        return str(host), int(port)

    def freeze(self) -> None:
        """Hand nothing on; connections stay open, and new ones are accepted in silence."""
        self._flows.clear()

    def thaw(self) -> None:
        """Hand on what waited, and what comes."""
        self._flows.set()

    def shut(self) -> None:
        """Reset every connection, and each new one at once, until it is opened."""
        self._is_shut = True
        self.break_off()

    def open(self) -> None:
        """Accept again."""
        self._is_shut = False

    def break_off(self) -> None:
        """Reset every connection, as a router does that was restarted; new ones are accepted."""
        for end in list(self._open):
            with contextlib.suppress(OSError):
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
                end.shutdown(socket.SHUT_RDWR)
            end.close()
        self._open.clear()

    def __enter__(self) -> "Relay":
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.thaw()
        self.break_off()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):  # closed, in the end
            while True:
                here, _ = self._listener.accept()
                if self._is_shut:
                    here.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
                    here.close()
                    continue
                try:
                    there = socket.create_connection(self._to, timeout=10)
                except OSError:
                    here.close()
                    continue
                there.settimeout(None)
                for end in (here, there):
                    end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    self._open.add(end)
                self._join(here, there)
                self._join(there, here)

    def _join(self, source: socket.socket, sink: socket.socket) -> None:
        underway: Queue[tuple[float, bytes]] = Queue(UNDERWAY)
        _thread(lambda: self._take(source, underway))
        _thread(lambda: self._give(sink, underway))

    def _take(self, source: socket.socket, underway: "Queue[tuple[float, bytes]]") -> None:
        content = b"more"
        while content:
            try:
                content = source.recv(CHUNK)
            except OSError:
                content = b""
            underway.put((time.monotonic() + self.delay, content))

    def _give(self, sink: socket.socket, underway: "Queue[tuple[float, bytes]]") -> None:
        content = b"more"
        while content:
            due, content = underway.get()
            time.sleep(max(0.0, due - time.monotonic()))
            self._flows.wait()
            with contextlib.suppress(OSError):
                sink.sendall(content) if content else sink.shutdown(socket.SHUT_WR)


def _thread(work: Callable[[], None]) -> None:
    threading.Thread(target=work, daemon=True).start()
