"""An app that behaves as its file `mode` says: well, or badly in one of many ways. Answers its version.

`/slow` takes 1.5 s. SIGTERM ends it in order: it takes no new connection, and finishes what it has.
"""

import asyncio
import os
import signal
import sys
from pathlib import Path

MODE = Path("mode").read_text().strip() if Path("mode").exists() else "well"
VERSION = Path("version").read_text().strip()


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer the requests of one connection."""
    try:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            path = head.split(b" ", 2)[1].decode()
            if path == "/slow":
                await asyncio.sleep(1.5)
            body = os.environ.get(path[1:], VERSION).encode()
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        return
    finally:
        writer.close()


def misbehave() -> None:
    """Do what the mode says, if that is bad."""
    if MODE == "exits":
        print("the database is not there", file=sys.stderr, flush=True)
        sys.exit(3)
    if MODE == "hogs":
        kept = [bytearray(2**20) for _ in range(400)]
        print(f"holds {len(kept)} MiB", flush=True)


async def main() -> None:
    """Serve until SIGTERM."""
    print(f"version {VERSION} begins", flush=True)
    misbehave()
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    address = "127.0.0.1" if MODE == "inside" else "0.0.0.0"
    server = await asyncio.start_server(serve, address, int(os.environ["PORT"]), backlog=1024)
    await stop.wait()
    server.close()


asyncio.run(main())
