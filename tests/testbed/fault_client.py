"""A client at work that halts at a line of its journal, and what it told."""

import json
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

from command_line import CommandLine

HALTING = str(Path(__file__).parent.parent / "support" / "halting_client.py")


class HaltingClient:
    """`halting_client.py` at work; `at` is the line it halts at, empty for none."""

    def __init__(self, user: CommandLine, at: str, patience: float, action: str, word: str) -> None:
        self._told: list[dict[str, Any]] = []
        self._noise: list[str] = []
        self._came = threading.Condition()
        self._process = subprocess.Popen(
            [sys.executable, HALTING, at, str(patience), action, word],
            env=user.env,
            cwd=user.root,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self._at = at
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def lines(self) -> list[str]:
        """The lines it has written."""
        return [told["line"] for told in self._told if "line" in told]

    @property
    def said(self) -> list[str]:
        """What it warned of, and what it wrote besides."""
        return [*(told["said"] for told in self._told if "said" in told), *self._noise]

    @property
    def code(self) -> int | None:
        """How it ended: its exit code, or minus a signal; None while it runs."""
        return self._process.poll()

    def halted(self, limit: float) -> bool:
        """Wait until it has written its line; False when it ended without."""
        deadline = time.monotonic() + limit
        with self._came:
            while self._at not in self.lines:
                if not self._reader.is_alive() and self._process.poll() is not None:
                    return self._at in self.lines
                assert time.monotonic() < deadline, f"it neither ended nor wrote {self._at} in {limit:g} s: {self.said}"
                self._came.wait(0.1)
        return True

    def kill(self) -> None:
        """End it without a word."""
        self._process.kill()

    def go_on(self) -> None:
        """Let it go on after its line."""
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()

    def ended(self, limit: float) -> dict[str, Any]:
        """Wait for its end, which must come in so many seconds: its `outcome` and `error`, or `killed`."""
        try:
            self._process.wait(limit)
        except subprocess.TimeoutExpired:
            self._process.kill()
            raise AssertionError(f"it did not end in {limit:g} s: {self.said[-5:]}") from None
        self._reader.join(10)
        last = next((told for told in reversed(self._told) if "outcome" in told), None)
        if last is None:
            return {"outcome": "killed" if self._process.returncode == -9 else "crashed", "error": {}}
        return last

    def close(self) -> None:
        """Let nothing of it be left, whatever happened."""
        self._process.kill()
        self._process.wait()
        self._reader.join(10)
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                stream.close()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for text in self._process.stdout:
            with self._came:
                try:
                    self._told.append(json.loads(text))
                except ValueError:
                    self._noise.append(text.rstrip())
                self._came.notify_all()
