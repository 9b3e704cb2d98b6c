"""Schedules under the supervisor: what is due is started, runs never overlap, and the history says what became of them.

The minutes are given, so that nobody waits for them.
"""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from webduh_console.errors import NotFoundError, TargetError
from webduh_console.model.schedules import ScheduledRun, read_runs
from webduh_console.targets.local.supervisor.kernel import Kernel
from webduh_console.targets.local.supervisor.scheduling import Scheduler, fresh
from webduh_console.targets.local.supervisor.values import InstanceSpec, ScheduleSpec

NOON = datetime(2030, 5, 1, 12, 0, tzinfo=UTC)


class Clock:
    """A scheduler, and the history of the one schedule it has."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.kernel = Kernel(root, "WEBDUH_SUPERVISOR=test")
        self.scheduler = Scheduler(self.kernel, root)
        self.history = root / "apps" / "app" / "schedules" / "tidy.jsonl"
        self.history.parent.mkdir(parents=True)

    def set(self, code: str, cron: str = "* * * * *", timeout: float = 0.0, zone: str = "UTC") -> ScheduleSpec:
        spec = InstanceSpec(
            name="app--tidy--1",
            slug="app",
            process="tidy",
            release=1,
            cwd=str(self.root),
            argv=(sys.executable, "-c", code),
            log=str(self.root / "app--tidy--1.log"),
            needs_port=False,
            scheduled=True,
        )
        schedule = ScheduleSpec(cron=cron, timezone=zone, timeout=timeout, history=str(self.history), spec=spec)
        self.scheduler.set("app", (schedule,))
        return schedule

    def runs(self) -> list[ScheduledRun]:
        return read_runs(self.history.read_bytes()) if self.history.exists() else []

    def says(self) -> list[tuple[str, str, int | None]]:
        return [(f"{run.at:%H:%M}", run.outcome, run.code) for run in self.runs()]

    async def quiet(self) -> None:
        async with asyncio.timeout(20):
            await self.scheduler.closed()


def played(tmp_path: Path, play: Callable[[Clock], Awaitable[None]]) -> Clock:
    async def all_of_it() -> Clock:
        clock = Clock(tmp_path)
        clock.scheduler._seen = NOON
        await play(clock)
        await clock.scheduler.close()
        await clock.kernel.shutdown(1.0)
        await clock.scheduler.closed()
        return clock

    return asyncio.run(all_of_it())


def minute(count: float) -> datetime:
    return NOON + timedelta(minutes=count)


def test_what_is_due_is_started_once_and_its_end_is_written_down(tmp_path: Path) -> None:
    async def play(clock: Clock) -> None:
        clock.set("print('hello')", cron="5 * * * *")
        for at in (4, 5, 5.5, 6):
            await clock.scheduler.tick(minute(at))
            await clock.quiet()

    clock = played(tmp_path, play)
    assert clock.says() == [("12:05", "done", 0)]
    assert not clock.history.with_suffix(".running").exists()
    (run,) = clock.runs()
    assert (run.trigger, run.release, run.seconds is not None) == ("schedule", 1, True)


def test_a_run_that_fails_says_its_code(tmp_path: Path) -> None:
    async def play(clock: Clock) -> None:
        clock.set("raise SystemExit(7)")
        await clock.scheduler.tick(minute(1))
        await clock.quiet()

    assert played(tmp_path, play).says() == [("12:01", "failed", 7)]


def test_a_command_that_does_not_exist_is_a_failed_run_that_says_why(tmp_path: Path) -> None:
    async def play(clock: Clock) -> None:
        schedule = clock.set("")
        gone = msgspec.structs.replace(schedule.spec, argv=("/no/such/program",))
        clock.scheduler.set("app", (msgspec.structs.replace(schedule, spec=gone),))
        await clock.scheduler.tick(minute(1))

    (run,) = played(tmp_path, play).runs()
    assert (run.outcome, "/no/such/program" in run.why) == ("failed", True)


def test_a_run_that_goes_on_lets_the_next_be_skipped(tmp_path: Path) -> None:
    async def play(clock: Clock) -> None:
        clock.set("import time; time.sleep(100)")
        await clock.scheduler.tick(minute(1))
        await clock.scheduler.tick(minute(2))
        (plan,) = clock.scheduler.planned()
        assert plan.running is not None
        with pytest.raises(TargetError, match="runs already"):
            await clock.scheduler.run_now("app", "tidy", "eve")

    clock = played(tmp_path, play)
    assert clock.says() == [("12:02", "skipped", None), ("12:01", "lost", -15)]
    assert [run.why for run in clock.runs()] == [f"{clock.runs()[1].instance} still ran", "it was stopped from outside"]


def test_a_run_of_an_older_release_counts_too_and_goes_on(tmp_path: Path) -> None:
    async def play(clock: Clock) -> None:
        schedule = clock.set("import time; time.sleep(100)")
        await clock.scheduler.tick(minute(1))
        newer = msgspec.structs.replace(schedule.spec, release=2, name="app--tidy--2")
        clock.scheduler.set("app", (msgspec.structs.replace(schedule, spec=newer),))
        await clock.scheduler.tick(minute(2))
        clock.scheduler.set("app", ())
        (gone,) = clock.scheduler.planned()
        assert (gone.next, gone.running is not None, gone.release) == (None, True, 1)

    assert [(r.outcome, r.release) for r in played(tmp_path, play).runs()] == [("skipped", 2), ("lost", 1)]


def test_a_run_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    async def play(clock: Clock) -> None:
        clock.set("import time; time.sleep(100)", timeout=0.3)
        await clock.scheduler.tick(minute(1))
        await clock.quiet()

    assert played(tmp_path, play).says() == [("12:01", "timeout", -15)]


def test_one_that_is_run_by_hand_says_by_whom(tmp_path: Path) -> None:
    async def play(clock: Clock) -> None:
        clock.set("", cron="0 0 1 1 *")
        await clock.scheduler.run_now("app", "tidy", "eve@laptop")
        await clock.quiet()
        with pytest.raises(NotFoundError):
            await clock.scheduler.run_now("app", "tidier", "eve@laptop")

    assert [(r.outcome, r.trigger) for r in played(tmp_path, play).runs()] == [("done", "eve@laptop")]


@pytest.mark.parametrize(
    ("looks", "started"),
    [
        ((1, 2, 3), ["12:01", "12:02", "12:03"]),
        ((1, 4), ["12:01", "12:04"]),  # a look that came late starts one run, of the last time
        ((1, 300), ["12:01", "17:00"]),  # the machine slept: what was missed is not made up for
        ((3, 1, 2, 3, 4), ["12:03", "12:04"]),  # the clock was set back: nothing is run twice
        ((3, -300, -299), ["12:03", "07:00", "07:01"]),  # by more than three hours: it was wrong before
    ],
)
def test_a_clock_that_jumps(tmp_path: Path, looks: tuple[float, ...], started: list[str]) -> None:
    async def play(clock: Clock) -> None:
        clock.set("")
        for at in looks:
            await clock.scheduler.tick(minute(at))
            await clock.quiet()

    assert [at for at, _, _ in played(tmp_path, play).says()] == started


def test_what_a_killed_supervisor_has_left_is_lost(tmp_path: Path) -> None:
    async def play(clock: Clock) -> None:
        run = ScheduledRun(schedule="tidy", at=NOON, outcome="running", release=1, instance="app--tidy--1-1")
        clock.history.with_suffix(".running").write_bytes(msgspec.json.encode(run))
        clock.scheduler.settle()

    clock = played(tmp_path, play)
    assert [(r.outcome, r.instance) for r in clock.runs()] == [("lost", "app--tidy--1-1")]
    assert not clock.history.with_suffix(".running").exists()


def test_each_run_has_a_name_and_a_log_of_its_own(tmp_path: Path) -> None:
    spec = Clock(tmp_path).set("").spec
    own = fresh(msgspec.structs.replace(spec, argv=("docker", "--name", spec.name, "x")), NOON)
    assert own.name == f"app--tidy--1-{NOON.timestamp():.0f}"
    assert (own.argv[2], Path(own.log).name) == (own.name, f"{own.name}.log")


def test_the_logs_of_the_last_runs_are_kept(tmp_path: Path) -> None:
    async def play(clock: Clock) -> None:
        schedule = clock.set("print('x')")
        for count in range(1, 6):
            named = msgspec.structs.replace(schedule.spec, name=f"app--tidy--{count}")
            clock.scheduler.set("app", (msgspec.structs.replace(schedule, spec=named),))
            await clock.scheduler.tick(minute(count))
            await clock.quiet()

    played(tmp_path, play)
    assert len(list(tmp_path.glob("app--tidy--*.log"))) == 3
