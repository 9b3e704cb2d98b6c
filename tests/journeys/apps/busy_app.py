"""An app with every kind of traffic: short and slow answers, a stream, a websocket echo. SIGTERM ends it in order."""

import asyncio
import os
import signal
from pathlib import Path

from websockets.frames import Frame, Opcode
from websockets.http11 import Request
from websockets.server import ServerProtocol

VERSION = Path("version").read_text().strip()
sessions: set[tuple[ServerProtocol, asyncio.StreamWriter]] = set()


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer the requests of one connection."""
    try:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            path = head.split(b" ", 2)[1].decode()
            if path == "/ws":
                await echo(head, reader, writer)
                return
            if path == "/stream":
                await stream(writer)
                continue
            if path == "/slow":
                await asyncio.sleep(1.5)
            body = VERSION.encode()
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        return
    finally:
        writer.close()


async def stream(writer: asyncio.StreamWriter) -> None:
    """Ten chunks within a second."""
    writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Type: text/event-stream\r\n\r\n")
    for number in range(10):
        chunk = f"data: {number}\n\n".encode()
        writer.write(b"%x\r\n%b\r\n" % (len(chunk), chunk))
        await writer.drain()
        await asyncio.sleep(0.1)
    writer.write(b"0\r\n\r\n")
    await writer.drain()


async def echo(head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A websocket session that says everything back."""
    protocol = ServerProtocol()
    session = (protocol, writer)
    protocol.receive_data(head)
    sessions.add(session)
    try:
        while True:
            for event in protocol.events_received():
                if isinstance(event, Request):
                    protocol.send_response(protocol.accept(event))
                elif isinstance(event, Frame) and event.opcode is Opcode.TEXT:
                    protocol.send_text(event.data)
            send(protocol, writer)
            if not (received := await reader.read(65536)):
                return
            protocol.receive_data(received)
    finally:
        sessions.discard(session)


def send(protocol: ServerProtocol, writer: asyncio.StreamWriter) -> None:
    """Write what the protocol has to say."""
    for part in protocol.data_to_send():
        writer.write(part) if part else writer.write_eof()


async def main() -> None:
    """Serve until SIGTERM; then say goodbye in every session."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    await asyncio.start_server(serve, "127.0.0.1", int(os.environ["PORT"]), backlog=1024)
    await stop.wait()
    for protocol, writer in tuple(sessions):
        protocol.send_close(1001)
        send(protocol, writer)
        await writer.drain()
    async with asyncio.timeout(2):
        while sessions:
            await asyncio.sleep(0.01)


asyncio.run(main())
