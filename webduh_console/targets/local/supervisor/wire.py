"""One TCP connection as chunks of bytes, with back-pressure both ways."""

import asyncio
import socket
import struct
from collections import deque
from collections.abc import Callable
from contextlib import suppress

_RESET = struct.pack("ii", 1, 0)
_BUFFERED = 256 * 1024


class Wire(asyncio.Protocol):
    """A connection that is read and written by one task each.

    Reading from the peer pauses while 256 KiB wait here; `drain` waits while as much waits to be sent. `ended` is
    called once when the peer has sent its last byte, `lost` once when the connection is gone. `sent` counts bytes.
    """

    def __init__(self, opened: "Callable[[Wire], None] | None" = None) -> None:
        self.eof = False
        self.gone = False
        self.sent = 0
        self.ended: Callable[[], object] | None = None
        self.lost: Callable[[], object] | None = None
        self._opened = opened
        self._chunks: deque[bytes] = deque()
        self._size = 0
        self._reader: asyncio.Future[None] | None = None
        self._writer: asyncio.Future[None] | None = None
        self._full = False
        self._paused = False
        self._reset: Exception | None = None
        self.transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.set_write_buffer_limits(high=_BUFFERED)
        if self._opened is not None:
            self._opened(self)

    def data_received(self, data: bytes) -> None:
        self._chunks.append(data)
        self._size += len(data)
        if self._size > _BUFFERED and not self._paused:
            self._paused = True
            self.transport.pause_reading()
        self._wake_reader()

    def eof_received(self) -> bool:
        self._end()
        return True  # Its other direction stays open: an answer may still be on its way.

    def connection_lost(self, exc: Exception | None) -> None:
        self.gone = True
        self._reset = exc
        self._end()
        self.resume_writing()
        if self.lost is not None:
            self.lost()

    def pause_writing(self) -> None:
        self._full = True

    def resume_writing(self) -> None:
        self._full = False
        if self._writer is not None and not self._writer.done():
            self._writer.set_result(None)

    async def read(self) -> bytes:
        """The bytes that have come, as soon as there are any, none at the end; ConnectionResetError when it was cut."""
        if not self._chunks and not self.eof:
            self._reader = asyncio.get_running_loop().create_future()
            try:
                await self._reader
            finally:
                self._reader = None
        if not self._chunks:
            if self._reset is not None:
                raise ConnectionResetError("the connection was reset") from self._reset
            return b""
        chunk = self._chunks.popleft()
        self._size -= len(chunk)
        if self._paused and self._size <= _BUFFERED // 2 and not self.gone:
            self._paused = False
            self.transport.resume_reading()
        return chunk

    @property
    def quiet(self) -> bool:
        """Whether the connection is open and nothing unread has come."""
        return not (self.eof or self.gone or self._chunks or self.transport.is_closing())

    def write(self, data: bytes) -> None:
        """Send; ConnectionResetError when the connection is gone."""
        if self.gone:
            raise ConnectionResetError("the connection is gone")
        self.sent += len(data)
        self.transport.write(data)

    async def drain(self) -> None:
        """Wait until there is room to write; ConnectionResetError when the connection is gone."""
        if self._full and not self.gone:
            self._writer = asyncio.get_running_loop().create_future()
            try:
                await self._writer
            finally:
                self._writer = None
        if self.gone:
            raise ConnectionResetError("the connection is gone")

    def end(self) -> None:
        """Say that nothing more will be sent."""
        if not self.gone and self.transport.can_write_eof():
            self.transport.write_eof()

    def close(self) -> None:
        """Close it once all was sent."""
        self.transport.close()

    def abort(self) -> None:
        """Close it now. The peer sees a reset, and so does not take for whole what was cut off."""
        if not self.gone:
            connection: socket.socket = self.transport.get_extra_info("socket")
            with suppress(OSError):
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self.transport.abort()

    def _wake_reader(self) -> None:
        if self._reader is not None and not self._reader.done():
            self._reader.set_result(None)

    def _end(self) -> None:
        first, self.eof = not self.eof, True
        self._wake_reader()
        if first and self.ended is not None:
            self.ended()
