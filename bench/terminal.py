"""A program in a pseudo terminal, watched from outside."""

import fcntl
import os
import pty
import select
import signal
import struct
import termios
import time
from collections.abc import Mapping, Sequence
from types import TracebackType

LIMIT = 20.0


class Terminal:
    """A running program; what it has drawn so far is `drawn`."""

    def __init__(self, argv: Sequence[str], env: Mapping[str, str], size: tuple[int, int] = (160, 48)) -> None:
        self.began = time.perf_counter()
        self.drawn = bytearray()
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execve(argv[0], list(argv), dict(env))
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))

    def until(self, text: bytes, start: int = 0) -> float:
        """Read until it has drawn a text; seconds since it began. TimeoutError after 20 s."""
        end = time.perf_counter() + LIMIT
        while text not in self.drawn[start:]:
            if not self.read(end - time.perf_counter()):
                raise TimeoutError(f"{text!r} was never drawn: {bytes(self.drawn[-2000:])!r}")
        return time.perf_counter() - self.began

    def read(self, seconds: float) -> bool:
        """Read what is drawn next; False when nothing was within the seconds."""
        if not select.select([self.fd], [], [], max(seconds, 0))[0]:
            return False
        try:
            piece = os.read(self.fd, 1 << 16)
        except OSError:  # how Linux says that the program has closed its end
            piece = b""
        self.drawn += piece
        return bool(piece)

    def rest(self, quiet: float = 0.15) -> None:
        """Read until nothing is drawn for a while, at most 3 s."""
        end = time.perf_counter() + 3
        while time.perf_counter() < end and self.read(quiet):
            pass

    def press(self, keys: bytes) -> float:
        """Press a key once the screen rests; seconds until something is drawn."""
        self.rest()
        began = time.perf_counter()
        os.write(self.fd, keys)
        self.read(LIMIT)
        return time.perf_counter() - began

    def answer(self, keys: bytes, text: bytes) -> float:
        """Press a key while the screen does not rest; seconds until a text is drawn that only the key draws."""
        start, began = len(self.drawn), time.perf_counter()
        os.write(self.fd, keys)
        self.until(text, start)
        return time.perf_counter() - began

    def __enter__(self) -> "Terminal":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.kill(self.pid, signal.SIGKILL)
        os.close(self.fd)
        os.waitpid(self.pid, 0)
