"""The parts of an app: what it consists of, how each is, and schedules run from there."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
import worlds
from worlds import GUESTBOOK, drawn, opened, until

from webduh_console.clock import now
from webduh_console.commands import api
from webduh_console.commands.context import Context
from webduh_console.commands.language import run_line
from webduh_console.console.app import ConsoleApp
from webduh_console.console.part_cells import part_rows
from webduh_console.console.screens.app_screen import AppScreen
from webduh_console.console.screens.dialogs import ConfirmScreen
from webduh_console.console.screens.parts import PartsPane
from webduh_console.console.screens.result import ListingScreen, LogScreen
from webduh_console.model.build import Mount, Process, Schedule, Volume
from webduh_console.model.release import Instance, Release, Route
from webduh_console.model.schedules import RunOutcome, ScheduledRun, ScheduleState

NOW = datetime(2030, 1, 5, 12, tzinfo=UTC)
TIDY = Schedule(name="tidy", cron="15 3 * * *", command=("sh", "-c", "echo tidy"))


def serving(**spec: object) -> Release:
    """Release 4, with these in its spec."""
    made = worlds.release(GUESTBOOK, 4, NOW)
    return msgspec.structs.replace(made, spec=msgspec.structs.replace(made.spec, **{"routes": (), **spec}))


def instance(process: str, number: int = 4, state: str = "running", restarts: int = 0, place: str = "a") -> Instance:
    return Instance(f"x-{process}", GUESTBOOK, process, number, place, state, restarts=restarts)  # type: ignore[arg-type]


def texts(
    release: Release | None, instances: tuple[Instance, ...] = (), schedules: tuple[ScheduleState, ...] = ()
) -> list[str]:
    """Each row as one line."""
    rows = part_rows(release, instances, schedules, NOW, UTC)
    return [" | ".join("".join(text for text, _ in cell) for cell in row.cells) for row in rows]


def test_nothing_serves_and_there_are_no_parts() -> None:
    assert texts(None) == []


@pytest.mark.parametrize(
    ("instances", "state"),
    [
        ((instance("web"), instance("web")), "● 2 of 2"),
        ((instance("web"),), "◐ 1 of 2"),
        ((instance("web"), instance("web", state="crashing", restarts=3)), "◐ 1 of 2  3 restarts"),
        ((instance("web", 3), instance("web", 3)), "○ 0 of 2"),
        ((instance("web"), instance("web"), instance("web", place="b"), instance("web", place="b")), "● 4 of 4"),
    ],
)
def test_a_process_says_how_many_of_its_instances_run(instances: tuple[Instance, ...], state: str) -> None:
    release = serving(processes=(Process("web", ("python3", "app.py"), instances=2),))
    assert texts(release, instances) == [f"process | web | {state} | python3 app.py"]


def test_what_is_odd_about_a_process_is_said() -> None:
    job = Process("job", ("./job",), overlap=False, restart="on-failure")
    once = Process("release", ("./migrate",))
    assert texts(serving(processes=(job, once)), (instance("job"),))[-2:] == [
        "process | job | ● 1 of 1 | ./job; restarts on-failure; stopped before the new one starts",
        "process | release | once a release | ./migrate",
    ]


def run(outcome: RunOutcome, minutes: int) -> ScheduledRun:
    at = NOW - timedelta(minutes=minutes)
    return ScheduledRun(schedule="tidy", at=at, started=at, outcome=outcome, release=4)


@pytest.mark.parametrize(
    ("last", "running", "state"),
    [
        (None, None, "· never ran"),
        (run("done", 5), None, "✓ done 5 min ago"),
        (run("failed", 120), None, "✗ failed 2 h ago"),
        (run("lost", 1), run("running", 2), "▶ runs, since 2m"),
    ],
)
def test_a_schedule_says_how_it_ended_and_when_it_is_due(
    last: ScheduledRun | None, running: ScheduledRun | None, state: str
) -> None:
    due = NOW + timedelta(hours=15, minutes=15)
    seen = ScheduleState(key=GUESTBOOK, schedule=TIDY, release=4, place="a", next=due, last=last, running=running)
    assert texts(serving(processes=()), (), (seen,))[-1] == (
        f"schedule | tidy | {state} | 15 3 * * *, next 2030-01-06 03:15:00, in 15h on a: echo tidy"
    )


def test_routes_volumes_and_files_are_parts_too() -> None:
    release = serving(
        processes=(),
        routes=(Route("shop.example.com", "/api"), Route(port=20_011)),
        volumes=(Volume("data", "data"),),
        files=(Mount("conf/x", "/etc/x", "sha256:0", 2048),),
        port=8000,
    )
    assert [line for line in texts(release) if not line.startswith("process")] == [
        "route | shop.example.com/api |  | leads to web on 8000",
        "route | *:20011/ |  | leads to web on 8000",
        "volume | data | outlives releases | data",
        "file | conf/x | read-only, 2K | /etc/x",
    ]


async def test_a_schedule_is_run_from_the_console_and_its_runs_are_listed(tmp_path: Path) -> None:
    ctx = worlds.context(tmp_path)
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "index.html").write_text("shop")
    (folder / "webduh.yaml").write_text(
        'name: shop\nschedules:\n  tidy: {cron: "15 3 1 1 *", run: "echo 12 files are gone"}\n'
    )
    plan = api.plan(ctx, str(folder), watch=0, drain=0)
    api.adopt(ctx, plan)
    assert list(api.apply(ctx, plan))[-1].outcome == "done"  # type: ignore[union-attr]
    api.observe(ctx)
    app = ConsoleApp(ctx, clock=now, every=0.5, at="shop:parts")
    try:
        async with opened(app, (140, 36)) as pilot:
            await until(pilot, lambda: bool(app.screen.query(PartsPane)) and "schedule  tidy" in drawn(app))
            assert app.screen.query_one(PartsPane).go_to("schedule tidy")
            await pilot.press("x")
            await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
            await pilot.press("y")
            await until(pilot, lambda: isinstance(app.screen, LogScreen) and "12 files are gone" in drawn(app))
            await pilot.press("escape")
            await until(pilot, lambda: isinstance(app.screen, AppScreen))
            await pilot.press("u")
            await until(pilot, lambda: "✓ done" in drawn(app))
            await pilot.press("enter")
            await until(pilot, lambda: isinstance(app.screen, ListingScreen) and "done" in drawn(app))
    finally:
        run_line(ctx, "target stop local")
        ctx.close()


async def test_any_two_releases_are_compared(released: Context) -> None:
    app = worlds.console(released)
    async with opened(app, (120, 36)) as pilot:
        app.open_app(GUESTBOOK, "releases")
        await until(pilot, lambda: isinstance(app.screen, AppScreen) and len(app.screen.releases) == 4)
        await pilot.press("space", "down", "down", "down")
        await until(pilot, lambda: "= marked" in drawn(app))
        await pilot.press("equals_sign")
        await until(pilot, lambda: "--- v9" in drawn(app) and "+++ v12" in drawn(app))
        await pilot.press("escape", "home", "space", "equals_sign")
        await until(pilot, lambda: "--- v11" in drawn(app) and "+++ v12" in drawn(app))
