"""A program on a server in this process's terminal: keys go there, its screen comes here, the size is kept alike."""

import os
import select
import signal
import sys
import termios
import threading
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from paramiko import SSHException

from webduh_console.transport.ssh.connections import Connections
from webduh_console.transport.ssh.link import Stream
from webduh_console.transport.ssh.shell import exit_code
from webduh_console.transport.ssh.streampipes import LostError, StreamPipes
from webduh_console.transport.ssh.words import lost, sentence

_PIECE = 32_768
_BEAT = 0.2


def run_attached(connections: Connections, command: bytes, name: str) -> int:
    """Join the standard streams of this process to a command there; its exit code (negative: a signal).

    With a terminal on both sides, the command gets one of its own, and ours is raw meanwhile. Else bytes are passed on
    as they are, and errors stay apart. TargetError when the connection breaks.
    """
    stream = connections.run("stream", lambda new: None)
    try:
        here, there = _descriptor(sys.stdin), _descriptor(sys.stdout)
        if here >= 0 and there >= 0 and os.isatty(here) and os.isatty(there):
            _in_terminal(stream, command, here, there)
        else:
            stream.start(command)
            _carry(stream, here, lambda: None)
        code = stream.recv_exit_status()
        if not stream.signal and code < 0:
            raise LostError(104, stream.link.why)
        return -stream.signal if stream.signal else exit_code(code)
    except (LostError, EOFError, SSHException) as error:
        raise lost(connections.server, f"running {name}", sentence(stream.link.why)) from error
    finally:
        StreamPipes(stream).close()


def _in_terminal(stream: Stream, command: bytes, here: int, there: int) -> None:
    size = os.get_terminal_size(there)

    def resize() -> None:
        nonlocal size
        now = os.get_terminal_size(there)
        if now != size:
            size = now
            stream.resize_pty(now.columns, now.lines)

    stream.get_pty(os.environ.get("TERM", "xterm-256color"), size.columns, size.lines)
    stream.start(command)
    with _raw(here):
        _carry(stream, here, resize)


def _carry(stream: Stream, here: int, beat: Callable[[], None]) -> None:
    """Pass bytes both ways until the program's streams end. `beat` is called a few times a second."""
    pending, reading = b"", here >= 0
    if not reading:
        stream.shutdown_write()
    while True:
        sources: list[Stream | int] = [stream]
        if reading and not pending:
            sources.append(here)
        ready = select.select(sources, [], [], 0.01 if pending else _BEAT)[0]
        beat()
        over = stream.eof_received or stream.closed
        if here in ready:
            pending = os.read(here, _PIECE)
            if not pending:
                reading = False
                stream.shutdown_write()
        if pending and stream.send_ready() and not stream.closed:
            pending = pending[stream.send(pending) :]
        if not _shown(stream) and over:
            if stream.cut:
                raise LostError(104, stream.link.why)
            return


def _shown(stream: Stream) -> bool:
    """Write what the program wrote; whether there was anything."""
    came = False
    if stream.recv_ready():
        _write(1, stream.recv(_PIECE))
        came = True
    if stream.recv_stderr_ready():
        _write(2, stream.recv_stderr(_PIECE))
        came = True
    return came


def _write(descriptor: int, content: bytes) -> None:
    left = memoryview(content)
    while left:
        left = left[os.write(descriptor, left) :]


def _descriptor(file: object) -> int:
    """A standard stream's descriptor; -1 when it has none."""
    try:
        return int(file.fileno())  # type: ignore[attr-defined]
    except (AttributeError, OSError, ValueError):
        return -1


@contextmanager
def _raw(descriptor: int) -> Iterator[None]:
    """The terminal raw while in the block, and as it was afterwards, also when we are told to end."""
    before = termios.tcgetattr(descriptor)
    handlers = {}
    if threading.current_thread() is threading.main_thread():
        handlers = {number: signal.signal(number, _leave) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        tty.setraw(descriptor)
        yield
    finally:
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)
        for number, handler in handlers.items():
            signal.signal(number, handler)


def _leave(number: int, frame: FrameType | None) -> None:
    raise SystemExit(128 + number)
