"""The console as a process in a terminal: what it needs, what it leaves behind."""

import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path

import pytest
import worlds

OPEN = "from webduh_console.console.run import run_console; import sys; sys.exit(run_console())"
REFUSED = """
from webduh_console.console.run import run_console
from webduh_console.errors import UsageError
try:
    run_console()
except UsageError as error:
    print(error.why)
"""


def environment(home: Path) -> dict[str, str]:
    # The size is the terminal's own, and not what these say.
    here = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}
    return {**here, "WEBDUH_HOME": str(home), "TERM": "xterm-256color", "COLORTERM": "truecolor"}


class Terminal:
    """A process in a terminal of 100 × 30."""

    def __init__(self, argv: list[str], home: Path, stdin: int | None = None, stderr: int | None = None) -> None:
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))
        self.before = termios.tcgetattr(slave)
        self.slave = slave
        self.process = subprocess.Popen(
            [sys.executable, *argv],
            stdin=slave if stdin is None else stdin,
            stdout=slave,
            stderr=slave if stderr is None else stderr,
            env=environment(home),
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(1, termios.TIOCSCTTY, 0),
        )
        self.seen = b""

    def until(self, words: bytes, limit: float = 30.0) -> None:
        end = time.monotonic() + limit
        while words not in self.seen:
            assert time.monotonic() < end, self.seen[-2000:]
            if select.select([self.master], [], [], 0.1)[0]:
                self.seen += os.read(self.master, 65536)

    def type(self, keys: bytes) -> None:
        os.write(self.master, keys)

    def ended(self, limit: float = 20.0) -> int:
        """The exit code; what it still writes is read meanwhile."""
        end = time.monotonic() + limit
        while self.process.poll() is None:
            assert time.monotonic() < end
            if select.select([self.master], [], [], 0.05)[0]:
                self.seen += os.read(self.master, 65536)
        while select.select([self.master], [], [], 0.05)[0]:
            self.seen += os.read(self.master, 65536)
        return self.process.returncode

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self.slave)
        os.close(self.master)


def test_it_refuses_to_draw_into_a_file(tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", REFUSED],
        env=environment(tmp_path),
        capture_output=True,
        text=True,
        check=True,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
    )
    assert ran.stdout == "It draws on standard error, that is not a terminal, and there is no other to draw on.\n"


def test_it_opens_and_leaves_the_terminal_as_it_was(tmp_path: Path) -> None:
    worlds.full(tmp_path).close()
    terminal = Terminal(["-c", OPEN], tmp_path)
    try:
        terminal.until(b"storefront")
        terminal.type(b"q")
        assert terminal.ended() == 0
        assert termios.tcgetattr(terminal.slave)[3] == terminal.before[3]
        assert b"\x1b[?1049l" in terminal.seen
    finally:
        terminal.close()


def test_with_standard_error_in_a_file_it_draws_on_the_terminal(tmp_path: Path) -> None:
    worlds.full(tmp_path).close()
    with (tmp_path / "errors").open("wb") as errors:
        terminal = Terminal(["-c", OPEN], tmp_path, stderr=errors.fileno())
        try:
            terminal.until(b"storefront")
            terminal.type(b"q")
            assert terminal.ended() == 0
            assert b"\x1b[?1049l" in terminal.seen
        finally:
            terminal.close()
    assert (tmp_path / "errors").read_bytes() == b""


def test_with_something_piped_in_keys_come_from_the_terminal(tmp_path: Path) -> None:
    worlds.full(tmp_path).close()
    reading, writing = os.pipe()
    terminal = Terminal(["-c", OPEN], tmp_path, stdin=reading)
    try:
        terminal.until(b"storefront")
        terminal.type(b"q")
        assert terminal.ended() == 0
    finally:
        terminal.close()
        os.close(reading)
        os.close(writing)


def test_a_defect_goes_to_the_log_file_with_one_line_on_the_screen(tmp_path: Path) -> None:
    worlds.full(tmp_path).close()
    broken = """
import sys
from webduh_console.commands.context import Context
from webduh_console.console.app import ConsoleApp
def clock():
    raise ZeroDivisionError("a defect")
app = ConsoleApp(Context.open("console"), clock=clock)
app.run()
sys.exit(app.return_code)
"""
    (tmp_path / "broken.py").write_text(broken, "utf-8")
    terminal = Terminal([str(tmp_path / "broken.py")], tmp_path)
    try:
        assert terminal.ended() == 1
        screen = terminal.seen.rsplit(b"\x1b[?1049l", 1)[-1].decode()
        assert "webduh console stopped: ZeroDivisionError" in screen
        assert "Traceback" not in screen
        assert "a defect" in (tmp_path / "data" / "log" / "console.log").read_text("utf-8")
        assert termios.tcgetattr(terminal.slave)[3] == terminal.before[3]
    finally:
        terminal.close()


@pytest.mark.parametrize(
    "module", ["paramiko", "docker", "kubernetes", "keyring", "cryptography", "sqlite_utils", "psutil", "h11"]
)
def test_starting_imports_nothing_heavy(module: str, tmp_path: Path) -> None:
    code = (
        f"import sys, webduh_console.console.app, webduh_console.console.screens.home; print('{module}' in sys.modules)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code], env=environment(tmp_path), capture_output=True, text=True, check=True
    )
    assert ran.stdout == "False\n"
