"""A connection that goes while something is written to it fails as a socket does."""

import pytest
from paramiko.common import cMSG_GLOBAL_REQUEST
from paramiko.message import Message

from webduh_console.transport.ssh.link import Link


class Gone:
    """The plug of a connection that was reset."""

    def send(self, content: bytes, /) -> int:
        raise ConnectionResetError(104, "Connection reset by peer")

    def recv(self, size: int, /) -> bytes:
        raise ConnectionResetError(104, "Connection reset by peer")

    def settimeout(self, seconds: float | None, /) -> None:
        return

    def close(self) -> None:
        return


def test_writing_to_a_connection_that_was_reset_is_an_error_of_a_socket() -> None:
    link = Link(Gone(), silence=1.0)
    link.active = True  # as after the handshake; nothing reads, which would notice it first
    link.clear_to_send.set()
    message = Message()
    message.add_byte(cMSG_GLOBAL_REQUEST)
    with pytest.raises(ConnectionResetError):
        link._send_user_message(message)
