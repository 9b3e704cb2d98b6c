"""A machine that is reached from here: run something there, reach what listens there."""

from collections.abc import Generator, Iterable, Sequence
from typing import BinaryIO, NamedTuple, Protocol

from webduh_console.model.target import CancelToken
from webduh_console.transport.process import Line


class Answer(NamedTuple):
    """What a script left: its exit code (negative: a signal), its output, and its last words of error."""

    code: int
    out: bytes
    err: str

    @property
    def text(self) -> str:
        """The output as text, without the spaces around it; wrong UTF-8 is replaced."""
        return self.out.decode(errors="replace").strip()


class Duplex(Protocol):
    """A stream of bytes both ways, as a connected socket has it."""

    def send(self, content: bytes, /) -> int:
        """Send some of it, and say how many bytes."""

    def sendall(self, content: bytes, /) -> None:
        """Send all of it."""

    def recv(self, size: int, /) -> bytes:
        """What came, at most `size` bytes; empty at the end."""

    def settimeout(self, seconds: float | None, /) -> None:
        """How long `send` and `recv` may take."""

    def close(self) -> None:
        """End it."""


class Machine(Protocol):
    """A machine where programs run. Safe to use from several threads.

    What must be shell is a constant: `sh -c SCRIPT webduh WORDS…`, with values in the words or on standard input; no
    secret is ever in a word. With `root` it runs as root: directly, or by `sudo -n`; TargetError when that is refused.
    Every method raises TargetError when the machine cannot be reached.
    """

    @property
    def name(self) -> str:
        """The place's name, for people."""

    def sh(self, script: str, *words: str, stdin: bytes = b"", root: bool = False, timeout: float = 60.0) -> Answer:
        """Run a short script to its end, by a shell that is kept open: one round trip."""

    def lines(
        self,
        argv: Sequence[str],
        cancel: CancelToken,
        stdin: BinaryIO | Iterable[bytes] | None = None,
        root: bool = False,
    ) -> Generator[Line, None, int]:
        """Run a program and yield what it writes, masked by nobody; its exit code comes last.

        When cancelled, or when the generator is closed, the program is ended there with its whole group.
        """

    def dial(self, path: str) -> Duplex:
        """A stream to a Unix socket there."""

    def connect(self, host: str, port: int, timeout: float = 10.0) -> Duplex:
        """A stream to a TCP port as seen from there; ConnectionRefusedError or TimeoutError as a socket has them."""

    def terminal(self, argv: Sequence[str], root: bool = False) -> int:
        """Run a program in this process's terminal, resized with it; its exit code."""

    def close(self) -> None:
        """End every connection."""
