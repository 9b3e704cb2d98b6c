"""The log file of an instance: its output line by line, stamped and masked, written in short bursts, rotated."""

import asyncio
import os
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Literal

from webduh_console.clock import now
from webduh_console.model.mask import masker

LIMIT = 10 * 1024 * 1024
OLD = 3
PIECE = 64 * 1024
_BURST = 0.1
_BURST_SIZE = 256 * 1024

OutputStream = Literal["stdout", "stderr", "webduh"]


def old_path(path: Path, age: int) -> Path:
    """Where a rotated file is, 1 the youngest; 0 is the file that is written."""
    return path if age == 0 else path.with_name(f"{path.name}.{age}")


class LineCutter:
    """Cuts a stream of bytes into masked lines of at most 64 Ki characters. Wrong UTF-8 is replaced."""

    def __init__(self, masks: Iterable[str]) -> None:
        masks = tuple(masks)
        self._mask = masker(masks)
        # As long as any secret can be, also in base64: so much of an endless line is held back, lest one be cut in two.
        self._overlap = max((len(secret.encode(errors="replace")) * 4 // 3 + 8 for secret in masks), default=0)
        self._rest = b""
        self._held = ""

    def feed(self, chunk: bytes) -> list[str]:
        """The lines that are complete now."""
        whole, newline, self._rest = (self._rest + chunk).rpartition(b"\n")
        lines = []
        if newline:
            text = self._mask(self._held + whole.decode(errors="replace"))
            self._held = ""
            for line in text.split("\n"):
                lines += _pieces(line.removesuffix("\r"))
        if len(self._rest) > PIECE + self._overlap:
            lines += self._cut()
        return lines

    def finish(self) -> list[str]:
        """What is left of a line that will never end."""
        text = self._mask(self._held + self._rest.decode(errors="replace"))
        self._rest, self._held = b"", ""
        return _pieces(text) if text else []

    def _cut(self) -> list[str]:
        """Pieces of a line that has not ended, all but what a secret might begin in."""
        whole = len(self._rest) - _torn(self._rest)
        text = self._mask(self._held + self._rest[:whole].decode(errors="replace"))
        self._rest = self._rest[whole:]
        cut = max(len(text) - self._overlap, 0) // PIECE * PIECE
        self._held = text[cut:]
        return _pieces(text[:cut]) if cut else []


class LogFile:
    """Writes `TIME STREAM TEXT` lines. What cannot be written (a full disk) is counted and told once it works."""

    def __init__(self, path: Path, masks: Iterable[str] = (), limit: int = LIMIT) -> None:
        self.path = path
        self._limit = limit
        self._mask = masker(masks)
        self._cutters = {"stdout": LineCutter(masks), "stderr": LineCutter(masks)}
        self._buffer: list[bytes] = []
        self._waiting = 0
        self._timer: asyncio.TimerHandle | None = None
        self._last = datetime.min.replace(tzinfo=now().tzinfo)
        self._lost = 0
        self._descriptor = -1

    def feed(self, stream: Literal["stdout", "stderr"], chunk: bytes) -> None:
        """Take output of the process."""
        self._add(stream, self._cutters[stream].feed(chunk))

    def remark(self, text: str) -> None:
        """Write a line of our own."""
        self._add("webduh", self._mask(text).split("\n"))

    def finish(self) -> None:
        """Write everything that was taken, with the rests of lines that never ended."""
        for stream, cutter in self._cutters.items():
            self._add(stream, cutter.finish())
        self.flush()

    def flush(self) -> None:
        """Write what was taken."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._buffer:
            block, lines = b"".join(self._buffer), len(self._buffer)
            self._buffer, self._waiting = [], 0
            try:
                self._write(block)
            except OSError:
                self._lost += lines
                self.close()

    def close(self) -> None:
        """Close the file; the next line opens it again."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _add(self, stream: str, lines: list[str]) -> None:
        if not lines:
            return
        # Never back in time, so that readers can search by time.
        self._last = max(self._last, now())
        stamp = f"{self._last:%Y-%m-%dT%H:%M:%S.%f}Z {stream} "
        block = [f"{stamp}{line}\n".encode(errors="replace") for line in lines]
        self._buffer += block
        self._waiting += sum(map(len, block))
        if self._waiting >= _BURST_SIZE:
            self.flush()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(_BURST, self.flush)

    def _write(self, block: bytes) -> None:
        if self._descriptor < 0:
            self._open()
        if self._lost:
            remark = f"{self._last:%Y-%m-%dT%H:%M:%S.%f}Z webduh {self._lost} lines could not be written\n"
            _write_all(self._descriptor, remark.encode())
            self._lost = 0
        size = os.fstat(self._descriptor).st_size
        if size and size + len(block) > self._limit:
            self._rotate()
        _write_all(self._descriptor, block)

    def _open(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def _rotate(self) -> None:
        self.close()
        for age in range(OLD, 0, -1):
            younger = old_path(self.path, age - 1)
            if younger.exists():
                younger.replace(old_path(self.path, age))
        self._open()


def _write_all(descriptor: int, block: bytes) -> None:
    while block:
        block = block[os.write(descriptor, block) :]


def _pieces(line: str) -> list[str]:
    return [line[start : start + PIECE] for start in range(0, len(line), PIECE)] or [""]


def _torn(text: bytes) -> int:
    """How many bytes at the end of `text` are a UTF-8 character that is not complete yet."""
    for back in range(1, min(4, len(text)) + 1):
        byte = text[-back]
        if byte & 0xC0 != 0x80:
            needed = 4 if byte >= 0xF0 else 3 if byte >= 0xE0 else 2 if byte >= 0xC0 else 1
            return back if needed > back else 0
    return 0
