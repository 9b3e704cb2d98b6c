"""The standard streams of a program at the other end of a channel."""

import threading
import time

from paramiko import SSHException

from webduh_console.transport.ssh.link import Stream

_PIECE = 262_144


class _Bell:
    """What both streams of a channel ring when something comes. Only the reader silences it."""

    def __init__(self) -> None:
        self._rung = threading.Event()
        self.set = self._rung.set
        self.silence = self._rung.clear
        self.wait = self._rung.wait

    def clear(self) -> None:
        """Does nothing: one stream is empty, but there may be something on the other."""


class LostError(ConnectionResetError):
    """The whole connection is lost, and not only this channel of it."""


class StreamPipes:
    """A channel as `Pipes`."""

    def __init__(self, stream: Stream) -> None:
        self.stream, self._bell = stream, _Bell()
        stream.in_buffer.set_event(self._bell)  # type: ignore[arg-type]
        stream.in_stderr_buffer.set_event(self._bell)  # type: ignore[arg-type]

    def write(self, content: bytes) -> None:
        """Write all of it to the program's input; BrokenPipeError when the program is gone, LostError when all is."""
        try:
            self.stream.sendall(content)
        except (OSError, EOFError, SSHException) as error:
            raise self._broken(error) from error

    def end(self) -> None:
        """Say that nothing more is written."""
        try:
            self.stream.shutdown_write()
        except (OSError, EOFError, SSHException) as error:
            raise self._broken(error) from error

    def _broken(self, error: Exception) -> OSError:
        if isinstance(error, OSError) and self.stream.link.is_active():
            return BrokenPipeError(32, "it takes no more")
        return LostError(104, self.stream.link.why)

    def read(self, seconds: float) -> tuple[bytes, bytes] | None:
        """What came, as `Pipes` has it; LostError when the connection is lost."""
        stream, deadline = self.stream, time.monotonic() + seconds
        while True:
            self._bell.silence()
            over = stream.eof_received or stream.closed
            try:
                out = stream.recv(_PIECE) if stream.recv_ready() else b""
                err = stream.recv_stderr(_PIECE) if stream.recv_stderr_ready() else b""
            except (EOFError, SSHException) as error:
                raise self._broken(error) from error
            if out or err:
                return out, err
            if over:
                if stream.cut:
                    raise LostError(104, stream.link.why)
                return None
            if not self._bell.wait(max(0.0, deadline - time.monotonic())):
                return b"", b""

    @property
    def open(self) -> bool:
        """Whether the program is there, as far as is known without asking."""
        return not (self.stream.closed or self.stream.eof_received) and self.stream.link.is_active()

    def close(self) -> None:
        """Let go of it."""
        try:
            self.stream.close()
        except (EOFError, SSHException, OSError):
            self.stream.link.close()  # what cannot be told that it ends, ends so
