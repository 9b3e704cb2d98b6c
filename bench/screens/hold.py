"""Fills a log buffer with a million lines; prints the bytes it takes and the lines it took in a second."""

import time

import psutil

from webduh_console.console.logs.buffer import LogBuffer
from webduh_console.console.logs.entries import Entry

LINES = 1_000_000


def main() -> None:
    """Fill, and print."""
    process = psutil.Process()
    before, began = process.memory_info().rss, time.perf_counter()
    buffer = LogBuffer()
    buffer.extend(
        Entry(1.7e9 + n, "stdout", "web", f'10.0.0.{n % 250} "GET /items/{n} HTTP/1.1" 200 {n * 7919 % 90_000}')
        for n in range(LINES)
    )
    print(process.memory_info().rss - before, LINES / (time.perf_counter() - began))


if __name__ == "__main__":
    main()
