"""One SSH connection, as paramiko has it, with what paramiko lacks: it notices silence, and opens any kind of channel.

Importing this imports paramiko: only where a connection is made.
"""
# What paramiko lacks can only be added to what it keeps to itself, which its stubs do not know.
# mypy: disable-error-code="attr-defined, misc, union-attr, arg-type"

import logging
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import ClassVar, Protocol, cast

from paramiko import Channel, Transport
from paramiko.common import cMSG_CHANNEL_OPEN, cMSG_CHANNEL_REQUEST, cMSG_GLOBAL_REQUEST
from paramiko.message import Message

_POLL = 0.5
_BEGINNING = 64 * 1024
"""How many bytes are the beginning of a connection: keys, entering, and the first programs."""
_QUICK: int | None = getattr(socket, "TCP_QUICKACK", None)
_CHANNEL_REQUEST = 98
_SIGNALS = {"HUP": 1, "INT": 2, "QUIT": 3, "ILL": 4, "ABRT": 6, "FPE": 8, "KILL": 9, "USR1": 10, "SEGV": 11}
_SIGNALS |= {"USR2": 12, "PIPE": 13, "ALRM": 14, "TERM": 15}

logging.getLogger("paramiko").addHandler(logging.NullHandler())  # else logging's last resort writes to the terminal


class Plug(Protocol):
    """What a connection runs over: a socket, or a channel of another connection."""

    def send(self, content: bytes, /) -> int:
        """Send some of it."""

    def recv(self, size: int, /) -> bytes:
        """What came."""

    def settimeout(self, seconds: float | None, /) -> None:
        """How long both may take."""

    def close(self) -> None:
        """End it."""


class Wire:
    """A plug that notices when the other side is silent, or takes nothing any more.

    After `silence` seconds the other side is asked (`ask`) whether it lives; after as many more it is dead.
    """

    def __init__(self, plug: Plug, silence: float) -> None:
        plug.settimeout(_POLL)
        self._plug, self._silence, self._closed = plug, silence, False
        self._heard = self._taken = time.monotonic()
        self._asked, self._count = 0.0, 0
        self.ask: Callable[[], None] | None = None

    def settimeout(self, seconds: float | None) -> None:
        """Left as it is: paramiko wants to wake up ten times a second, which a hundred servers make a load."""

    def send(self, content: bytes) -> int:
        """Send some of it; ConnectionResetError when nothing could be sent for twice the silence."""
        began = time.monotonic()
        try:
            sent = self._plug.send(content)
        except TimeoutError:
            if began - self._taken > 2 * self._silence:
                self.close()
                raise self._dead() from None
            raise
        self._taken = time.monotonic()
        return sent

    def recv(self, size: int) -> bytes:
        """What came; ConnectionResetError when the other side is silent though it was asked."""
        try:
            content = self._plug.recv(size)
        except TimeoutError:
            self._mind()
            raise
        self._count += len(content)
        if self._count < _BEGINNING:
            self._hurry()
        self._heard, self._asked = time.monotonic(), 0.0
        return content

    def close(self) -> None:
        """End it."""
        self._closed = True
        if isinstance(self._plug, socket.socket):
            with suppress(OSError):
                self._plug.shutdown(socket.SHUT_RDWR)  # wakes whoever waits on it
        self._plug.close()

    def _hurry(self) -> None:
        """Acknowledge at once: until its first program runs, sshd waits for that before it sends its next packet, and a
        kernel that hopes to save one puts it off by 40 ms. Linux wants to be told each time."""
        if isinstance(self._plug, socket.socket) and _QUICK is not None:
            with suppress(OSError):
                self._plug.setsockopt(socket.IPPROTO_TCP, _QUICK, 1)

    def _mind(self) -> None:
        now = time.monotonic()
        self._taken = max(self._taken, self._heard)
        if self._asked and now - self._asked > self._silence:
            raise self._dead()
        if not self._asked and self.ask and now - self._heard > self._silence:
            self._asked = now
            self.ask()

    def _dead(self) -> ConnectionResetError:
        return ConnectionResetError(104, f"nothing was heard from it for {2 * self._silence:.0f} s")


class RefusedError(Exception):
    """The server did not open a channel: `code` as in RFC 4254 §5.1, and its words."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code, self.text = code, text

    @property
    def forbidden(self) -> bool:
        """Whether the server's configuration forbids it."""
        return self.code == 1


class Stream(Channel):
    """A channel that knows by which signal its program ended, and tells when it is closed."""

    signal = 0
    closing: Callable[[], None] | None = None
    abandoned = False

    def start(self, command: bytes) -> None:
        """Run a command, without waiting for the server to agree: one that does not closes the channel."""
        message = Message()
        message.add_byte(cMSG_CHANNEL_REQUEST)
        message.add_int(self.remote_chanid)
        message.add_string("exec")
        message.add_boolean(False)
        message.add_string(command)
        self.transport._send_user_message(message)

    def recv(self, nbytes: int) -> bytes:
        """What came; ConnectionResetError instead of an end that is none, when the connection broke."""
        content = super().recv(nbytes)
        if nbytes and not content and self.cut:
            raise ConnectionResetError(104, "the connection to the server was lost")
        return content

    @property
    def link(self) -> "Link":
        """The connection it is a part of."""
        return cast(Link, self.transport)

    @property
    def cut(self) -> bool:
        """Whether it ended because the whole connection did."""
        return self.closed and not self.eof_received and not self.link.is_active()

    def _set_remote_channel(self, chanid: int, window_size: int, max_packet_size: int) -> None:
        super()._set_remote_channel(chanid, window_size, max_packet_size)
        if self.abandoned:
            threading.Thread(target=self.close, daemon=True).start()  # the link's lock is held here

    def _handle_request(self, message: Message) -> None:
        place = message.packet.tell()
        if message.get_text() == "exit-signal":
            message.get_boolean()
            self.signal = _SIGNALS.get(message.get_text(), 15)
            self.status_event.set()
            return
        message.packet.seek(place)
        super()._handle_request(message)

    def _set_closed(self) -> None:
        super()._set_closed()
        closing, self.closing = self.closing, None
        if closing:
            closing()


class Link(Transport):
    """A connection. `sessions` counts its channels that run programs, `limit` is how many the server grants.

    `below` are the connections it runs through, which end with it.
    """

    _channel_handler_table: ClassVar = {**Transport._channel_handler_table, _CHANNEL_REQUEST: Stream._handle_request}

    def __init__(self, plug: Plug, silence: float) -> None:
        self.wire = Wire(plug, silence)
        super().__init__(self.wire)
        self.sessions, self.limit = 0, 6
        self.below: tuple[Link, ...] = ()
        self._refused: dict[int, RefusedError] = {}
        self._abandoned: set[Stream] = set()
        options = self.get_security_options()
        fast = tuple(name for name in options.ciphers if name.endswith("gcm@openssh.com"))
        options.ciphers = fast + tuple(name for name in options.ciphers if name not in fast and "cbc" not in name)

    def open(self, kind: str, *fields: str | int, timeout: float = 30.0) -> Stream:
        """Open a channel of any kind, with the fields its kind has.

        RefusedError when the server does not want to, TimeoutError when it does not answer in `timeout` seconds,
        ConnectionError when the connection ends.
        """
        with self.lock:
            number = self._next_channel()
            stream, opened = Stream(number), threading.Event()
            self._channels.put(number, stream)
            self.channel_events[number] = opened
            self.channels_seen[number] = True
            stream._set_transport(self)
            stream._set_window(self.default_window_size, self.default_max_packet_size)
        message = Message()
        message.add_byte(cMSG_CHANNEL_OPEN)
        message.add_string(kind)
        for field in (number, self.default_window_size, self.default_max_packet_size, *fields):
            message.add_int(field) if isinstance(field, int) else message.add_string(field)
        self._send_user_message(message)
        deadline = time.monotonic() + timeout
        while not opened.wait(min(_POLL, max(0.0, deadline - time.monotonic()))):
            if not self.is_active():
                break
            if time.monotonic() >= deadline:
                self._abandon(stream)
                raise TimeoutError(f"no answer within {timeout:g} s")
        if number in self._refused:
            raise self._refused.pop(number)
        if not self.is_active():
            raise ConnectionResetError(104, self.why)
        return stream

    @property
    def why(self) -> str:
        """Why the connection ended, in words."""
        error = self.saved_exception
        if error is None or isinstance(error, EOFError):
            return "the server ended it"
        return str(error.args[1] if isinstance(error, OSError) and len(error.args) > 1 else error)

    def watch_silence(self) -> None:
        """Begin to ask whether the server lives, when it is silent."""
        self.wire.ask = self._ask

    def _send_user_message(self, data: Message) -> None:
        """ConnectionResetError when the connection is gone: no writer to a stream expects paramiko's EOFError."""
        try:
            super()._send_user_message(data)
        except EOFError as error:
            raise ConnectionResetError(104, self.why) from error

    def _ask(self) -> None:
        if not self.clear_to_send.is_set():
            return  # keys are being exchanged, and this is the thread that does it
        message = Message()
        message.add_byte(cMSG_GLOBAL_REQUEST)
        message.add_string("keepalive@openssh.com")
        message.add_boolean(True)
        self._send_user_message(message)

    def _abandon(self, stream: Stream) -> None:
        """Let go of a channel that may yet be opened; it is kept until then, to be closed."""
        with self.lock:
            self._abandoned.add(stream)
            stream.abandoned = True
            late = stream.active
        if late:
            stream.close()

    def _parse_channel_open_failure(self, message: Message) -> None:
        number, code, text = message.get_int(), message.get_int(), message.get_text()
        with self.lock:
            self._refused[number] = RefusedError(code, text)
            self._channels.delete(number)
            opened = self.channel_events.pop(number, None)
        if opened:
            opened.set()
