"""Requests at a steady rate or as fast as they go, from a process of its own: `python -m bench.load URL SECONDS …`."""

import asyncio
import json
import sys
import time
from urllib.parse import urlsplit

CONNECTIONS = 8


class Tally:
    """What came back."""

    def __init__(self) -> None:
        self.good = self.bad = 0
        self.why: dict[str, int] = {}
        self.slowest = 0.0

    def count(self, why: str, seconds: float) -> None:
        """Count one request; an empty `why` is a good one."""
        self.slowest = max(self.slowest, seconds)
        if why:
            self.bad += 1
            self.why[why] = self.why.get(why, 0) + 1
        else:
            self.good += 1


class Client:
    """One connection, opened anew for each request or kept."""

    def __init__(self, url: str, keep: bool) -> None:
        parts = urlsplit(url)
        self.host, self.port, self.keep = parts.hostname or "localhost", parts.port or 80, keep
        connection = "keep-alive" if keep else "close"
        path = parts.path or "/"
        self.request = f"GET {path} HTTP/1.1\r\nHost: {parts.netloc}\r\nConnection: {connection}\r\n\r\n".encode()
        self.streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self) -> str:
        """One request; why it failed, or nothing."""
        try:
            if self.streams is None:
                self.streams = await asyncio.open_connection(self.host, self.port)
            reader, writer = self.streams
            writer.write(self.request)
            head = await reader.readuntil(b"\r\n\r\n")
            lines = head.decode("latin-1").lower().split("\r\n")
            length = next((int(line[15:]) for line in lines if line.startswith("content-length:")), 0)
            await reader.readexactly(length)
            if not self.keep or "connection: close" in lines:
                self.close()
            return "" if head.startswith(b"HTTP/1.1 200") else lines[0]
        except (OSError, asyncio.IncompleteReadError) as error:
            self.close()
            return type(error).__name__

    def close(self) -> None:
        """Close the connection."""
        if self.streams:
            self.streams[1].close()
            self.streams = None


async def work(client: Client, tally: Tally, end: float, every: float) -> None:
    """Ask until the end, every so many seconds; 0 asks at once again."""
    due = time.perf_counter()
    while (now := time.perf_counter()) < end:
        if every and now < due:
            await asyncio.sleep(due - now)
        began = time.perf_counter()
        tally.count(await client.ask(), time.perf_counter() - began)
        due += every
    client.close()


async def load(url: str, seconds: float, rate: float) -> Tally:
    """`rate` requests a second (0: as many as go); at a steady rate every second connection is a new one each time."""
    tally, end = Tally(), time.perf_counter() + seconds
    clients = [Client(url, keep=not rate or number % 2 == 0) for number in range(CONNECTIONS)]
    await asyncio.gather(*(work(client, tally, end, CONNECTIONS / rate if rate else 0) for client in clients))
    return tally


def main() -> None:
    """Print what came back as JSON."""
    url, seconds, rate = sys.argv[1], float(sys.argv[2]), float(sys.argv[3])
    tally = asyncio.run(load(url, seconds, rate))
    print(json.dumps({"good": tally.good, "bad": tally.bad, "why": tally.why, "slowest": tally.slowest}))


if __name__ == "__main__":
    main()
