"""The least a web app can be: one answer, in one write, over connections that are kept."""

import asyncio
import os

BODY = b"well\n" * 20
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n" % len(BODY) + BODY


class Answering(asyncio.Protocol):
    """Answers each head that arrives."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin with nothing read."""
        assert isinstance(transport, asyncio.Transport)
        self.transport, self.read = transport, b""

    def data_received(self, data: bytes) -> None:
        """Answer every whole head."""
        heads = (self.read + data).split(b"\r\n\r\n")
        self.read = heads.pop()
        self.transport.write(ANSWER * len(heads))


async def main() -> None:
    """Listen where the target says."""
    server = await asyncio.get_running_loop().create_server(Answering, "127.0.0.1", int(os.environ["PORT"]))
    await server.serve_forever()


asyncio.run(main())
