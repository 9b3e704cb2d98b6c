"""Schedules on this machine: the step that hands them to the supervisor, and what is known of them and their runs."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import msgspec

from webduh_console.clock import now
from webduh_console.errors import NotFoundError
from webduh_console.model.events import Output, Phase
from webduh_console.model.names import AppKey
from webduh_console.model.release import Release
from webduh_console.model.schedules import ScheduledRun, ScheduleState, last_ended, newest_first, read_runs
from webduh_console.model.target import Run, Work
from webduh_console.targets.local import launch
from webduh_console.targets.local.layout import Layout
from webduh_console.targets.local.steps import PLACE, LocalStep, Parts
from webduh_console.targets.local.supervisor.client import Supervisor
from webduh_console.targets.scheduling import announced, missing

ASLEEP = "the local supervisor is not running: `webduh target start local`"


@dataclass(frozen=True, kw_only=True)
class Schedules(LocalStep):
    """The schedules of the new release are those that run; runs of the old one that go on are left to their end."""

    name: str = "schedules"
    phase: Phase = "commit"

    def do(self, run: Run) -> Work:
        """Hand them to the supervisor."""
        run.fence()
        own = run.release.spec.schedules
        self.parts.supervisor.set_schedules(run.release.key.slug, launch.schedules(self.parts.layout, run.release))
        for line in announced(own, PLACE, now()):
            yield Output(text=line)
        if not own:
            yield Output(text="nothing runs on schedule any more")
        return {}

    def undo(self, run: Run) -> Work:
        """Those of the release before run again."""
        if self.parts.supervisor.alive():
            before = launch.schedules(self.parts.layout, run.previous)
            self.parts.supervisor.set_schedules(run.release.key.slug, before)
        yield from ()
        return {}


def states(layout: Layout, supervisor: Supervisor, serving: Iterable[Release]) -> list[ScheduleState]:
    """The schedules of the serving releases."""
    awake = supervisor.alive()
    plans = {(plan.slug, plan.name): plan for plan in supervisor.plans()} if awake else {}
    found = []
    for release in serving:
        for schedule in release.spec.schedules:
            plan = plans.get((release.key.slug, schedule.name))
            ended = newest_first(_history(layout, release.key, schedule.name))
            state = ScheduleState(
                key=release.key,
                schedule=schedule,
                release=release.number,
                place=PLACE,
                next=plan.next if plan else None,
                last=next((run for run in ended if run.outcome != "skipped"), None),
                running=plan.running if plan else None,
                why="" if plan else "it is not on schedule: deploy again" if awake else ASLEEP,
            )
            found.append(state)
    return found


def ended(layout: Layout, release: Release) -> tuple[ScheduledRun, ...]:
    """The last run of each schedule of a release that has ended."""
    own = release.spec.schedules
    return last_ended((run for one in own for run in _history(layout, release.key, one.name)), own)


def runs(layout: Layout, supervisor: Supervisor, key: AppKey, name: str | None = None) -> list[ScheduledRun]:
    """What became of the runs, the newest first; those that go on, too."""
    plans = supervisor.plans() if supervisor.alive() else []
    going = [plan.running for plan in plans if plan.slug == key.slug and plan.running and name in (None, plan.name)]
    names = [name] if name else [path.stem for path in layout.schedules(key).glob("*.jsonl")]
    ended = [run for one in names for run in _history(layout, key, one)]
    return newest_first([*ended, *(msgspec.structs.replace(run, place=PLACE) for run in going)])


def run_now(parts: Parts, serving: Release | None, key: AppKey, name: str, by: str) -> ScheduledRun:
    """Start a run of the serving release."""
    known: Sequence[str] = [schedule.name for schedule in serving.spec.schedules] if serving else []
    if name not in known:
        raise missing(key, name, known)
    for _ in parts.wake():
        pass
    if not any((plan.slug, plan.name) == (key.slug, name) for plan in parts.supervisor.plans()):
        raise NotFoundError(
            f"{name} of {key} is not on schedule.", kept="Nothing was started.", hint=f"webduh deploy {key.app} --force"
        )
    return parts.supervisor.run_now(key.slug, name, by)


def _history(layout: Layout, key: AppKey, name: str) -> list[ScheduledRun]:
    try:
        content = layout.schedule(key, name).read_bytes()
    except FileNotFoundError:
        return []
    return [msgspec.structs.replace(run, place=PLACE) for run in read_runs(content)]
