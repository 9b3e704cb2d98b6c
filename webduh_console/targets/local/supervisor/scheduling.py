"""Starts the runs of schedules when they are due, and writes down what became of them."""

import asyncio
import logging
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

import msgspec

from webduh_console.clock import now
from webduh_console.errors import NotFoundError, TargetError
from webduh_console.model import cron
from webduh_console.model.schedules import BY_SCHEDULE, KEPT_LINES, RunOutcome, ScheduledRun, read_runs
from webduh_console.targets.local.supervisor.kernel import Kernel
from webduh_console.targets.local.supervisor.logfile import OLD, old_path
from webduh_console.targets.local.supervisor.values import InstanceSpec, Planned, ScheduleSpec
from webduh_console.transport.files import append_line, write_file

LATE = timedelta(minutes=10)
"""What was due longer ago is not made up for: the machine slept, or its clock was set."""
BACK = timedelta(hours=3)
"""A clock that is set back further than this is believed; by less, nothing is run twice."""
KEPT_LOGS = 3
_GRACE = 10.0
_log = logging.getLogger("webduh.supervisor")


class Scheduler:
    """The schedules of every app, and their runs."""

    def __init__(self, kernel: Kernel, root: Path) -> None:
        self._kernel, self._root = kernel, root
        self._apps: dict[str, tuple[ScheduleSpec, ...]] = {}
        self._runs: dict[tuple[str, str], ScheduledRun] = {}
        self._tasks: dict[tuple[str, str], asyncio.Task[None]] = {}
        self._seen = cron.minute_of(now())
        self._closing = False

    def settle(self) -> None:
        """What a supervisor that was killed has left open is lost; it was ended with it."""
        for mark in self._root.glob("apps/*/schedules/*.running"):
            for run in read_runs(_read(mark)):
                lost = {"outcome": "lost", "ended": now(), "why": "the supervisor was killed"}
                _write(mark.with_suffix(".jsonl"), msgspec.structs.replace(run, **lost))
            mark.unlink(missing_ok=True)

    def set(self, slug: str, schedules: tuple[ScheduleSpec, ...]) -> None:
        """From now on these are the app's; what runs goes on."""
        if schedules:
            self._apps[slug] = schedules
        else:
            self._apps.pop(slug, None)

    def planned(self) -> list[Planned]:
        """Every schedule, when it is due next, and the run that goes on; those that are gone and still run, too."""
        at, found = now(), []
        for slug, schedules in sorted(self._apps.items()):
            for schedule in schedules:
                due = next(iter(cron.upcoming(schedule.cron, schedule.timezone, at)), None)
                name = schedule.spec.process
                found.append(Planned(slug, name, schedule.spec.release, due, self._runs.get((slug, name))))
        known = {(planned.slug, planned.name) for planned in found}
        gone = [Planned(slug, name, run.release, None, run) for (slug, name), run in self._runs.items()]
        return [*found, *(planned for planned in gone if (planned.slug, planned.name) not in known)]

    async def watch(self) -> None:
        """At each minute start what is due."""
        while True:
            at = now()
            await asyncio.sleep(60.05 - at.timestamp() % 60)
            try:
                await self.tick(now())
            except Exception:  # noqa: BLE001 - it is logged whole; one schedule may not keep all others from being run
                _log.exception("the schedules could not be looked at")

    async def tick(self, at: datetime) -> None:
        """Start what was due since the last look; the clock may have been set in between."""
        until = cron.minute_of(at)
        since, self._seen = self._seen, until
        if since - BACK < until <= since:
            self._seen = since
            return
        since = until - timedelta(minutes=1) if until <= since or until - since > LATE else since
        for slug, schedules in tuple(self._apps.items()):
            for schedule in schedules:
                due = cron.latest(schedule.cron, schedule.timezone, since, until)
                if due is not None:
                    with suppress(TargetError):
                        await self.start(slug, schedule, due, BY_SCHEDULE)

    async def run_now(self, slug: str, name: str, by: str) -> ScheduledRun:
        """Start a run by hand; NotFoundError when there is no such schedule, TargetError when one goes on."""
        schedule = next((s for s in self._apps.get(slug, ()) if s.spec.process == name), None)
        if schedule is None:
            raise NotFoundError(f"{slug} has no schedule {name}.", kept="Nothing was started.")
        return await self.start(slug, schedule, now(), by)

    async def start(self, slug: str, schedule: ScheduleSpec, due: datetime, by: str) -> ScheduledRun:
        """Start a run unless one goes on; TargetError when it cannot be. What became of it is written down."""
        name, history = schedule.spec.process, Path(schedule.history)
        run = ScheduledRun(schedule=name, at=due, outcome="running", release=schedule.spec.release, trigger=by)
        going = self._runs.get((slug, name))
        if going is not None or self._closing:
            if by == BY_SCHEDULE:
                why = f"{going.instance} still ran" if going else "the supervisor is stopping"
                _write(history, msgspec.structs.replace(run, outcome="skipped", why=why))
            raise TargetError(
                f"{name} of {slug} runs already." if going else "The supervisor is stopping.",
                why=f"{going.instance} was started at {going.started:%H:%M:%S} UTC." if going else "",
                kept="Nothing was started.",
                hint="Wait until it has ended; two runs of a schedule never overlap.",
            )
        spec = fresh(schedule.spec, now())
        run = msgspec.structs.replace(run, instance=spec.name, started=now())
        self._runs[slug, name] = run  # before anything is waited for, so that there is never a second
        write_file(history.with_suffix(".running"), msgspec.json.encode(run))
        try:
            await self._kernel.start(spec)
        except TargetError as error:
            del self._runs[slug, name]
            failed = {"outcome": "failed", "ended": now(), "why": error.why or error.what}
            self._ended(history, msgspec.structs.replace(run, **failed))
            raise
        task = asyncio.create_task(self._attend(slug, schedule, run))
        self._tasks[slug, name] = task
        return run

    async def _attend(self, slug: str, schedule: ScheduleSpec, run: ScheduledRun) -> None:
        """Wait for the end of a run, at most until its time is up, and write it down."""
        history = Path(schedule.history)
        over = self._kernel.over(run.instance)
        outcome: RunOutcome = "lost"
        code: int | None = None
        try:
            try:
                async with asyncio.timeout(schedule.timeout or None):
                    code = await asyncio.shield(over)
                outcome = "done" if code == 0 else "failed"
            except TimeoutError:
                await self._kernel.stop(run.instance, _GRACE)
                code, outcome = (over.result() if over.done() else None), "timeout"
            stopped = self._closing or self._kernel.stopping(run.instance)
            why = "it was stopped from outside" if stopped and outcome == "failed" else ""
            outcome = "lost" if why else outcome
            await self._kernel.stop(run.instance, 0.0)
            ended = msgspec.structs.replace(run, outcome=outcome, code=code, ended=now(), why=why)
            self._ended(history, ended)
        finally:
            self._runs.pop((slug, schedule.spec.process), None)
            self._tasks.pop((slug, schedule.spec.process), None)
            _forget_logs(Path(schedule.spec.log).parent, schedule.spec.process, history)

    def _ended(self, history: Path, run: ScheduledRun) -> None:
        if history.parent.exists():  # the app may be gone meanwhile
            _write(history, run)
            history.with_suffix(".running").unlink(missing_ok=True)

    async def close(self) -> None:
        """Start nothing any more. The runs are ended by the kernel; wait until that is written down."""
        self._closing = True

    async def closed(self) -> None:
        """Wait for the last lines."""
        if self._tasks:
            await asyncio.wait(tuple(self._tasks.values()), timeout=_GRACE)


def fresh(spec: InstanceSpec, at: datetime) -> InstanceSpec:
    """The spec of one run: under a name of its own, which its container has too."""
    name = f"{spec.name}-{at.timestamp():.0f}"
    log = Path(spec.log).with_name(f"{name}.log")
    argv = tuple(name if word == spec.name else word for word in spec.argv)
    return msgspec.structs.replace(spec, name=name, log=str(log), argv=argv)


def _write(history: Path, run: ScheduledRun) -> None:
    """Append a line; of a history that has grown long the older half goes."""
    append_line(history, msgspec.json.encode(run))
    lines = _read(history).splitlines()
    if len(lines) > 2 * KEPT_LINES:
        write_file(history, b"\n".join(lines[-KEPT_LINES:]) + b"\n")


def _forget_logs(folder: Path, process: str, history: Path) -> None:
    """The logs of the last few runs are kept."""
    names = [run.instance for run in read_runs(_read(history)) if run.schedule == process and run.instance]
    for name in _but_last(names):
        for age in range(OLD + 1):
            old_path(folder / f"{name}.log", age).unlink(missing_ok=True)


def _but_last(names: Sequence[str]) -> Iterable[str]:
    return names[:-KEPT_LOGS]


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""
