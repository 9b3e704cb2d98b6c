"""One run of an instance's command: started in a session of its own, its output read, its end noticed."""

import asyncio
import errno
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Literal

from webduh_console.targets.local.supervisor.logfile import LogFile
from webduh_console.targets.local.supervisor.table import Table

_READ = 16 * 1024
_PIPE_LEFT = 1024 * 1024
_WINDOW = 0.2
_SHARE = 0.04
_LEFTOVER_GRACE = 2.0
_KILL_LIMIT = 5.0


class Run:
    """A process with its session. `over` is done, with its exit code, when the last process of the session is gone.

    By then all it wrote is in the log. Raises OSError or ValueError when it cannot be started.
    """

    def __init__(self, argv: Sequence[str], cwd: Path, env: Mapping[str, str], log: LogFile) -> None:
        self._loop = asyncio.get_running_loop()
        self._log = log
        self.over: asyncio.Future[int] = self._loop.create_future()
        self.ended: Callable[[], None] = lambda: None
        self._deadline = 0.0
        self._kin: dict[int, float] = {}
        self._cleaning: asyncio.Task[None] | None = None
        self._window = self._spent = 0.0
        self._pipes: dict[int, Literal["stdout", "stderr"]] = {}
        self._process = self._spawn(argv, cwd, env)
        self.pid = self._process.pid
        self.begun = time.monotonic()
        self._watch()

    async def end(self, grace: float) -> None:
        """SIGTERM to all of it, SIGKILL after `grace` seconds; returns when the last of it is gone."""
        table = Table.read()
        self._kin = {pid: table.rows[pid].born for pid in table.tree(self.pid) - set(table.session(self.pid))}
        self._deadline = time.monotonic() + max(grace, 0.0)
        self._signal(signal.SIGTERM)
        _signal_each(self._kin, signal.SIGTERM)
        timer = self._loop.call_later(max(grace, 0.0), self.kill)
        try:
            await asyncio.shield(self.over)
        finally:
            timer.cancel()

    def kill(self) -> None:
        """SIGKILL to all of it, unless it is gone."""
        if self.over.done():
            return
        self._deadline = time.monotonic()
        self._signal(signal.SIGKILL)

    def _spawn(self, argv: Sequence[str], cwd: Path, env: Mapping[str, str]) -> subprocess.Popen[bytes]:
        """Start it; a missing folder is told from a missing program by `filename` of the OSError."""
        if not cwd.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, "There is no such folder", str(cwd))
        out, err = os.pipe(), os.pipe()
        try:
            process = subprocess.Popen(
                argv,
                cwd=cwd,
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=out[1],
                stderr=err[1],
                start_new_session=True,
            )
        except BaseException:
            os.close(out[0])
            os.close(err[0])
            raise
        finally:
            os.close(out[1])
            os.close(err[1])
        self._pipes = {out[0]: "stdout", err[0]: "stderr"}
        for pipe in self._pipes:
            os.set_blocking(pipe, False)
        self._listen()
        return process

    def _watch(self) -> None:
        """Have the end of the process noticed."""
        if hasattr(os, "pidfd_open"):
            descriptor = os.pidfd_open(self.pid)
            self._loop.add_reader(descriptor, self._gone, descriptor)
        else:
            threading.Thread(target=self._wait, daemon=True).start()

    def _wait(self) -> None:
        self._process.wait()
        with suppress(RuntimeError):  # The loop may be closed by now.
            self._loop.call_soon_threadsafe(self._gone, -1)

    def _gone(self, descriptor: int) -> None:
        if descriptor >= 0:
            self._loop.remove_reader(descriptor)
            os.close(descriptor)
        self._process.wait()
        self.ended()
        self._cleaning = self._loop.create_task(self._clean())

    async def _clean(self) -> None:
        """End what the process has left behind, and read the last of its output."""
        if not self._deadline:
            self._deadline = time.monotonic() + _LEFTOVER_GRACE
            self._signal(signal.SIGTERM)
        pause = 0.01
        while left := self._left():
            late = time.monotonic() - self._deadline
            if late > _KILL_LIMIT:
                self._log.remark(f"could not end {', '.join(f'process {pid}' for pid in left)}")
                break
            if late >= 0:
                _signal_each(left, signal.SIGKILL)
            await asyncio.sleep(pause)
            pause = min(pause * 1.5, 0.1)
        self._drain()
        self._log.finish()
        self.over.set_result(self._process.returncode)

    def _left(self) -> list[int]:
        """The living processes of the session, and those it had started outside of it."""
        if not self._kin:
            try:
                os.killpg(self.pid, 0)
            except ProcessLookupError:
                return []
            except PermissionError:
                pass
        table = Table.read()
        rows = table.rows
        kin = [pid for pid, born in self._kin.items() if pid in rows and rows[pid].lives_since(born)]
        return table.session(self.pid) + kin

    def _signal(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, number)

    def _listen(self) -> None:
        for pipe in self._pipes:
            self._loop.add_reader(pipe, self._readable, pipe)

    def _readable(self, pipe: int) -> None:
        """Take output; no process gets more than a fifth of the supervisor's time, its writes wait then."""
        began = time.perf_counter()
        self._take(pipe)
        done = time.perf_counter()
        if done - self._window > _WINDOW:
            self._window, self._spent = done, 0.0
        self._spent += done - began
        if self._spent > _SHARE:
            for paused in self._pipes:
                self._loop.remove_reader(paused)
            self._loop.call_later(_WINDOW, self._listen)

    def _take(self, pipe: int) -> int:
        """Read once; how many bytes came. At the end the pipe is closed."""
        try:
            chunk = os.read(pipe, _READ)
        except BlockingIOError:
            return 0
        if chunk:
            self._log.feed(self._pipes[pipe], chunk)
        else:
            self._shut(pipe)
        return len(chunk)

    def _drain(self) -> None:
        """Read what is left in the pipes, and close them though a stranger may still hold their other ends."""
        left = _PIPE_LEFT
        for pipe in tuple(self._pipes):
            while left > 0 and (size := self._take(pipe)):
                left -= size
            if pipe in self._pipes:
                self._shut(pipe)

    def _shut(self, pipe: int) -> None:
        self._loop.remove_reader(pipe)
        del self._pipes[pipe]
        os.close(pipe)


def _signal_each(pids: Iterable[int], number: signal.Signals) -> None:
    for pid in pids:
        with suppress(ProcessLookupError, PermissionError):
            os.kill(pid, number)
