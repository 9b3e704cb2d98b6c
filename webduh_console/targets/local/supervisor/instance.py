"""One instance: its runs one after the other, when it is restarted, and how it is."""

import asyncio
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from webduh_console.clock import now
from webduh_console.errors import TargetError
from webduh_console.model.release import State
from webduh_console.targets.local.supervisor.backend import Backend
from webduh_console.targets.local.supervisor.logfile import LogFile
from webduh_console.targets.local.supervisor.process import Run
from webduh_console.targets.local.supervisor.site import Site
from webduh_console.targets.local.supervisor.table import oom_kills
from webduh_console.targets.local.supervisor.values import InstanceSpec, InstanceState

GOOD_LIFE = 60.0
LONGEST_PAUSE = 30.0
_MIB = 1024 * 1024


def pause(failures: int) -> float:
    """Seconds to wait before the next start after so many short lives in a row: 1, 2, 4 … 30."""
    return min(2.0 ** min(failures, 10), LONGEST_PAUSE)


class Instance:
    """What runs under one name. Who looks at the machine sets `cpu` (cores), `memory` (bytes), `listening` (ports)."""

    def __init__(self, spec: InstanceSpec, port: int, mark: str, changed: Callable[[], None]) -> None:
        self.spec, self.port = spec, port
        self.state: State = "starting"
        self.cpu, self.memory = 0.0, 0
        self.listening: tuple[int, ...] = ()
        self.run: Run | None = None
        self.good = False
        self._mark, self._changed = mark, changed
        self._log = LogFile(Path(spec.log), spec.masks)
        site = None if spec.static is None else Site(Path(spec.cwd, spec.static.dir), spec.static)
        self.backend = Backend(spec.name, port, site)
        self._restarts = self._failures = 0
        self._exit: int | None = None
        self._oom = self._over_limit = False
        self._kills = 0
        self._started: datetime | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._stopping: asyncio.Task[None] | None = None

    def launch(self) -> None:
        """Start it, unless it is being stopped. OSError or ValueError when its command cannot be started."""
        self._timer = None
        if self._stopping is not None:
            return
        if self.spec.static is None:
            self._kills, self._over_limit = oom_kills(), False
            self.run = Run(self._argv(), Path(self.spec.cwd), self._env(), self._log)
            self.run.ended = self._down
            self.run.over.add_done_callback(self._over)
            self._log.remark(f"started, process {self.run.pid}" + (f", port {self.port}" if self.port else ""))
        self._started = now()
        self.state = "running"
        self.backend.renew()
        self.backend.up = True
        self._changed()

    def keep(self) -> None:
        """From now on it is restarted when it ends, as its `restart` says, and at once if it has ended."""
        self.good = True
        if self.state == "exited" and self._is_restarted(self._exit):
            self._again()

    async def stop(self, grace: float) -> None:
        """End it for good; whoever asks while it is stopping can only shorten its grace."""
        if self._stopping is None:
            self._stopping = asyncio.create_task(self._stop(grace))
        elif self.run is not None:
            asyncio.get_running_loop().call_later(max(grace, 0.0), self.run.kill)
        await asyncio.shield(self._stopping)

    def kill_over_limit(self) -> None:
        """End it because its memory is over the limit."""
        if self.run is not None and not self._over_limit:
            self._over_limit = True
            self._log.remark(f"over its memory limit of {self.spec.memory / _MIB:.1f} MiB")
            self.run.kill()

    def view(self) -> InstanceState:
        """How it is now."""
        spec, backend = self.spec, self.backend
        return InstanceState(
            name=spec.name,
            slug=spec.slug,
            process=spec.process,
            release=spec.release,
            state=self.state,
            pid=self.pid,
            port=self.port,
            host=backend.host,
            restarts=self._restarts,
            exit=self._exit,
            started=self._started,
            cpu=self.cpu,
            memory=self.memory,
            in_flight=backend.in_flight,
            oom=self._oom,
            listening=self.listening,
            static=spec.static is not None,
            served=backend.served,
            errors=backend.errors,
            scheduled=spec.scheduled,
        )

    @property
    def pid(self) -> int:
        """The process id of its run, 0 when there is none."""
        return self.run.pid if self.run is not None else 0

    def _argv(self) -> list[str]:
        return [word.replace("${PORT}", str(self.port)) if self.port else word for word in self.spec.argv]

    def _env(self) -> dict[str, str]:
        name, _, value = self._mark.partition("=")
        env = {"HOST": "127.0.0.1", **self.spec.env, name: value}
        return env | {"PORT": str(self.port)} if self.port else env

    async def _stop(self, grace: float) -> None:
        self.state = "stopping"
        self.backend.up = False
        self.backend.trim()
        if self._timer is not None:
            self._timer.cancel()
        if self.run is not None:
            self._log.remark("stopping")
            await self.run.end(grace)
        self.backend.cut()
        self._log.finish()
        self._log.close()
        self.state = "stopped"

    def _down(self) -> None:
        """Its process has ended, though what it left behind may still live."""
        self.backend.up = False
        self.backend.trim()

    def _over(self, over: asyncio.Future[int]) -> None:
        """Its run is over to the last process: decide what comes next."""
        assert self.run is not None
        code, lived = over.result(), time.monotonic() - self.run.begun
        self.run = None
        self.cpu, self.memory, self.listening = 0.0, 0, ()
        self._exit = code
        killed = code in (-signal.SIGKILL, 128 + signal.SIGKILL)
        self._oom = self._over_limit or (killed and self._stopping is None and oom_kills() > self._kills)
        self._failures = 0 if lived >= GOOD_LIFE else self._failures
        self._log.remark(_ending(code) + (", out of memory" if self._oom else ""))
        if self._stopping is None:
            self.state = "exited"
            if self.good and self._is_restarted(code):
                self._again()
        self._log.finish()
        self._changed()

    def _is_restarted(self, code: int | None) -> bool:
        """Whether it is to be started again after it ended with this code; None: it could not be started."""
        if self.spec.restart == "on-failure":
            return code != 0 and (not self.spec.max_retries or self._restarts < self.spec.max_retries)
        return self.spec.restart == "always"

    def _again(self) -> None:
        """Start it once more after a pause that grows with each short life."""
        seconds = pause(self._failures)
        self._failures += 1
        self.state = "crashing"
        self._log.remark(f"restarting in {seconds:.0f} s")
        self._timer = asyncio.get_running_loop().call_later(seconds, self._relaunch)

    def _relaunch(self) -> None:
        self._restarts += 1
        try:
            self.launch()
        except (OSError, ValueError) as error:
            self._log.remark(f"could not be started: {reason(error)}")
            if self._is_restarted(None):
                self._again()
            else:
                self.state = "exited"


def reason(error: OSError | ValueError) -> str:
    """Why a command could not be started, in words."""
    if isinstance(error, OSError) and error.strerror:
        return f"{error.strerror}: {error.filename}" if error.filename else error.strerror
    return str(error)


def _ending(code: int) -> str:
    if code >= 0:
        return f"exited with {code}"
    name = f"signal {-code}"
    with suppress(ValueError):
        name = signal.Signals(-code).name
    return f"ended by {name}"


def refusal(spec: InstanceSpec, error: OSError | ValueError) -> TargetError:
    """The error for a person when an instance could not be started."""
    return TargetError(
        f"The process {spec.process} of {spec.slug} could not be started.",
        why=f"{reason(error)}.",
        kept="Nothing runs under its name.",
        hint="Check the start command." if spec.static is None else "Check the folder of the static output.",
    )
