"""A program on a server whose output is read as it comes, and which never outlives us."""

import codecs
import io
import secrets
import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from typing import BinaryIO, Literal

from webduh_console.errors import TargetError
from webduh_console.model.target import CancelToken
from webduh_console.transport.machine import Answer
from webduh_console.transport.process import Line
from webduh_console.transport.ssh.connections import Connections
from webduh_console.transport.ssh.link import Stream
from webduh_console.transport.ssh.quoting import command_line, remote_command
from webduh_console.transport.ssh.shell import GROUP, Shell, exit_code
from webduh_console.transport.ssh.shells import Shells
from webduh_console.transport.ssh.streampipes import LostError, StreamPipes
from webduh_console.transport.ssh.words import lost, sentence

Piece = tuple[Literal["stdout", "stderr"], bytes]
_BEAT = 0.1
_QUIET = 1.0
_GRACE = 6.0
_LONGEST = 16_384
_CHUNK = 65_536
_PATH = b"PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin; export PATH; "


class Feeder:
    """Writes to a program's input in a thread of its own, as fast as the program takes it."""

    def __init__(self, pipes: StreamPipes, content: BinaryIO | Iterable[bytes]) -> None:
        self._pipes, self._content = pipes, content
        self.failure: Exception | None = None
        threading.Thread(target=self._feed, daemon=True).start()

    def _feed(self) -> None:
        pieces = _chunks(self._content)
        while True:
            try:
                piece = next(pieces, b"")
            except Exception as error:  # noqa: BLE001 - whatever the source raises is raised to the reader
                self.failure = error
                return None
            try:
                if not piece:
                    return self._pipes.end()
                self._pipes.write(piece)
            except OSError:
                return None  # the program takes no more; what broke, the reader sees


class Program:
    """One run of a program. `ended` is set once its exit code is known."""

    def __init__(self, connections: Connections, shells: Shells, argv: Sequence[str], root: bool) -> None:
        self._connections, self._shells, self._argv = connections, shells, argv
        self._sudo = shells.through_sudo(root)
        self._doing = f"running {argv[0]}"

    def run(self, cancel: CancelToken, stdin: BinaryIO | Iterable[bytes] | None) -> Generator[Piece, None, int]:
        """Run it and yield what it writes; its exit code comes last (negative: a signal's number)."""
        nonce = secrets.token_hex(16)
        stream = self._connections.run("stream", lambda new: new.start(self._command(nonce)))
        pipes = StreamPipes(stream)
        warden: Shell | None = None
        group, over = 0, False
        try:
            group = self._born(pipes, nonce, cancel)
            warden = self._shells.watch(group, self._sudo)
            with suppress(BrokenPipeError):  # it has ended already, as its code will say
                pipes.write(b"\n")
            feeder = Feeder(pipes, stdin if stdin is not None else ())
            yield from self._pieces(pipes, feeder, cancel, partial(self._shells.end, warden, group))
            code = self._code(stream, cancel)
            over = True
            return code
        except LostError as error:
            raise lost(self._connections.server, self._doing, sentence(error.strerror)) from error
        finally:
            if warden:
                self._shells.end(warden, group)
            if not over:
                _drain(pipes)
            pipes.close()

    def _command(self, nonce: str) -> bytes:
        """Says its process group and waits for a line before it becomes the program.

        Until that line comes, the end of its input ends it; from then on the warden watches its group. So there is no
        moment in which our death leaves it running.
        """
        say = b"echo; echo %s $webduh_g; IFS= read -r webduh_go || exit 255; " % nonce.encode()
        return remote_command(_PATH + GROUP + say + command_line(self._argv, before=b"exec "), self._sudo)

    def _born(self, pipes: StreamPipes, nonce: str, cancel: CancelToken) -> int:
        """The program's process group. What a login shell prints before it is dropped."""
        out, err = bytearray(), bytearray()
        mark = f"\n{nonce} ".encode()
        while True:
            cancel.check()
            came = pipes.read(_BEAT)
            if came is None:
                raise self._shells.refused(self._sudo, (bytes(out) + bytes(err)).decode(errors="replace"))
            out += came[0]
            err += came[1]
            begin = out.find(mark)
            end = out.find(b"\n", begin + len(mark))
            if begin >= 0 and end >= 0:
                return int(out[begin + len(mark) : end])

    def _pieces(
        self, pipes: StreamPipes, feeder: Feeder, cancel: CancelToken, end: Callable[[], None]
    ) -> Iterator[Piece]:
        quiet_since = 0.0
        while True:
            cancel.check()
            if feeder.failure:
                raise feeder.failure
            came = pipes.read(_BEAT)
            if came is None:
                return
            if came[0]:
                yield "stdout", came[0]
            if came[1]:
                yield "stderr", came[1]
            if any(came) or not pipes.stream.status_event.is_set():
                continue
            if not quiet_since:  # it has ended, and something it left behind holds its streams
                quiet_since = time.monotonic()
                end()
            elif time.monotonic() - quiet_since > _QUIET:
                return

    def _code(self, stream: Stream, cancel: CancelToken) -> int:
        while not stream.status_event.wait(_BEAT):
            cancel.check()
        if stream.signal:
            return -stream.signal
        if stream.exit_status < 0:
            if not stream.link.is_active():
                raise LostError(104, stream.link.why)
            raise TargetError(
                f"{self._argv[0]} on the server {self._connections.server} ended without an exit code.",
                why="The server closed its channel.",
                hint="See whether it was killed there: journalctl -n 50, dmesg | tail.",
            )
        return exit_code(stream.exit_status)


def lines(
    program: Program, cancel: CancelToken, stdin: BinaryIO | Iterable[bytes] | None
) -> Generator[Line, None, int]:
    """Run a program and yield the lines it writes, in pieces when they are very long; its exit code comes last."""
    streams: dict[Literal["stdout", "stderr"], _Lines] = {"stdout": _Lines(), "stderr": _Lines()}
    pieces = program.run(cancel, stdin)
    try:
        while True:
            try:
                name, content = next(pieces)
            except StopIteration as stop:
                for each, left in streams.items():
                    for text in left.cut(b"", final=True):
                        yield each, text
                return int(stop.value)
            for text in streams[name].cut(content):
                yield name, text
    finally:
        pieces.close()


class _Deadline(CancelToken):
    """Is never set, but raises TimeoutError when it is time."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self._end = time.monotonic() + seconds

    def check(self) -> None:
        if time.monotonic() > self._end:
            raise TimeoutError


def collected(program: Program, stdin: bytes, timeout: float) -> Answer:
    """Run a program to its end; TimeoutError when it takes longer than that, in seconds."""
    streams: dict[Literal["stdout", "stderr"], bytearray] = {"stdout": bytearray(), "stderr": bytearray()}
    pieces = program.run(_Deadline(timeout), [stdin])
    try:
        while True:
            name, content = next(pieces)
            streams[name] += content
    except StopIteration as stop:
        return Answer(int(stop.value), bytes(streams["stdout"]), streams["stderr"].decode(errors="replace"))
    finally:
        pieces.close()


class _Lines:
    """Cuts bytes into lines, whatever ends them; wrong UTF-8 is replaced."""

    def __init__(self) -> None:
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._decoder, self._rest = io.IncrementalNewlineDecoder(decoder, translate=True), ""

    def cut(self, content: bytes, final: bool = False) -> Iterator[str]:
        """The lines that are whole now; at last also what has no end."""
        *whole, self._rest = (self._rest + self._decoder.decode(content, final)).split("\n")
        for line in whole:
            yield from _parts(line) if line else ("",)
        ready = len(self._rest) if final else len(self._rest) // _LONGEST * _LONGEST
        yield from _parts(self._rest[:ready])
        self._rest = self._rest[ready:]


def _parts(text: str) -> Iterator[str]:
    return (text[place : place + _LONGEST] for place in range(0, len(text), _LONGEST))


def _chunks(content: BinaryIO | Iterable[bytes]) -> Iterator[bytes]:
    """What there is to write, in pieces of a size; empty ones, which would be an end, are left out."""
    if hasattr(content, "read"):
        while piece := content.read(_CHUNK):
            yield piece
        return
    yield from filter(None, content)


def _drain(pipes: StreamPipes) -> None:
    """Wait for a program that is being ended, reading what nobody wants."""
    deadline = time.monotonic() + _GRACE
    with suppress(OSError):
        while time.monotonic() < deadline and pipes.read(_BEAT) is not None:
            pass
