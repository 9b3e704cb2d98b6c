"""Programs run on this machine, line by line, and always ended with their whole group."""

import os
import queue
import signal
import subprocess
import threading
import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Literal

from webduh_console.model.target import CancelToken

Line = tuple[Literal["stdout", "stderr"], str]
_LONGEST = 16_384
_QUIET = 1.0
MARK = "WEBDUH_BORN"
"""The variable in which a program with a `born` file carries that file's path."""


def run_lines(
    argv: Sequence[str], cwd: Path, env: Mapping[str, str], cancel: CancelToken, born: Path | None = None
) -> Generator[Line, None, int]:
    """Run a program in a group of its own and yield what it writes; its exit code comes last (negative: a signal).

    What the program leaves running in its group ends with it. `born` is a file that holds the group's id while it
    lives, for whoever has to end it should we die. OSError is the operating system's, when the program cannot be
    started. When cancelled, the group is ended and CancelledError raised.
    """
    if born:
        born.write_text("")  # before there is a process: should we die now, it is found by the mark it carries
    try:
        process = subprocess.Popen(
            argv,
            cwd=cwd,
            env={**env, MARK: str(born)} if born else dict(env),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="replace",
            bufsize=1,
            start_new_session=True,
        )
    except OSError:
        if born:
            born.unlink(missing_ok=True)
        raise
    lines: queue.Queue[Line | None] = queue.Queue(maxsize=1000)
    pumps: list[threading.Thread] = []
    try:
        if born:
            born.write_text(f"{process.pid} {start_time(process.pid)}")
        assert process.stdout is not None
        assert process.stderr is not None
        pumps = [
            threading.Thread(target=_pump, args=(process.stdout, "stdout", lines), daemon=True),
            threading.Thread(target=_pump, args=(process.stderr, "stderr", lines), daemon=True),
        ]
        for pump in pumps:
            pump.start()
        open_streams = len(pumps)
        over = False
        while open_streams:
            cancel.check()
            try:
                line = lines.get(timeout=_QUIET if over else 0.1)
            except queue.Empty:
                if over:  # a daemon that left the group holds the streams
                    break
                if process.poll() is not None:
                    end_group(process.pid)
                    over = True
                continue
            if line is None:
                open_streams -= 1
            else:
                yield line
        while process.poll() is None:
            cancel.wait(0.02)
        return process.returncode
    finally:
        end_group(process.pid)
        process.wait()
        _let_end(pumps, lines)
        if born:
            born.unlink(missing_ok=True)


def _pump(stream: IO[str], name: Literal["stdout", "stderr"], lines: "queue.Queue[Line | None]") -> None:
    with suppress(ValueError, OSError):  # closed under us when the program is ended
        while text := stream.readline(_LONGEST):
            lines.put((name, text.rstrip("\r\n")))
    lines.put(None)


def _let_end(pumps: Sequence[threading.Thread], lines: "queue.Queue[Line | None]") -> None:
    """Take what nobody will read, so that no pump waits for room; one whose stream somebody else holds is left."""
    deadline = time.monotonic() + _QUIET
    while any(pump.is_alive() for pump in pumps) and time.monotonic() < deadline:
        with suppress(queue.Empty):
            lines.get(timeout=0.05)


def end_group(group: int, grace: float = 5.0) -> None:
    """End a process group: SIGTERM, and SIGKILL after `grace` seconds for what still lives."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGTERM)
        deadline = time.monotonic() + grace
        while time.monotonic() < deadline:
            with suppress(ChildProcessError):
                os.waitpid(group, os.WNOHANG)
            os.killpg(group, 0)
            time.sleep(0.02)
        os.killpg(group, signal.SIGKILL)


def start_time(pid: int) -> float:
    """When a process began, 0 when there is none or it is only waited for. With its id it names a process for good.

    On Linux in clock ticks since boot (proc(5), field 22 of `stat`), which setting the clock does not move; elsewhere
    in seconds since the epoch.
    """
    try:
        fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
        return 0.0 if fields[0] in (b"Z", b"X") else float(fields[19])
    except ProcessLookupError:
        return 0.0
    except FileNotFoundError:
        if Path("/proc/self/stat").exists():
            return 0.0
    import psutil

    try:
        return float(psutil.Process(pid).create_time())
    except psutil.Error:
        return 0.0


def numbering() -> str:
    """What names the processes of this machine since its boot, as seen from here; empty where that cannot be told.

    Two machines never share it, nor two containers: each counts its own.
    """
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{boot} {Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        return ""


def end_left_over(born: Path) -> bool:
    """End the groups of the program that a `born` file of a dead client stands for; whether there were any."""
    try:
        words = born.read_text().split()
    except FileNotFoundError:
        return False
    groups = _marked(f"{MARK}={born}".encode())
    with suppress(ValueError):
        pid, started = words
        if abs(start_time(int(pid)) - float(started)) < 0.01:
            groups.add(int(pid))
    for group in groups:
        end_group(group)
    born.unlink(missing_ok=True)
    return bool(groups)


def _marked(mark: bytes) -> set[int]:
    """The groups of the processes that carry a mark in their environment; none where there is no /proc."""
    groups = set()
    for environ in Path("/proc").glob("[0-9]*/environ"):
        with suppress(OSError):
            if mark in environ.read_bytes().split(b"\0"):
                groups.add(os.getpgid(int(environ.parent.name)))
    return groups
