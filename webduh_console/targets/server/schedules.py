"""Schedules on a server: the step that writes them beside the release, and what is known of them and their runs."""

import io
import re
import tarfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import msgspec

from webduh_console.clock import now
from webduh_console.errors import TargetError
from webduh_console.model import cron
from webduh_console.model.events import Output
from webduh_console.model.names import AppKey
from webduh_console.model.release import Release
from webduh_console.model.schedules import ScheduledRun, ScheduleState, newest_first, read_runs
from webduh_console.model.target import Run, Work
from webduh_console.targets.scheduling import announced, missing
from webduh_console.targets.server import ticking
from webduh_console.targets.server.containers import Container
from webduh_console.targets.server.engine import Engine
from webduh_console.targets.server.files import OPEN, RootFolder
from webduh_console.targets.server.layout import Layout
from webduh_console.targets.server.lease import RemoteLease
from webduh_console.targets.server.rendering import rendered
from webduh_console.targets.server.snapshots import snapshot
from webduh_console.targets.server.steps import ServerStep, lease_of
from webduh_console.targets.server.tick_setup import write_script

# Words: the release, how many bytes its archive has. They are there whole or not at all.
_PUT = r"""
[ ! -d schedules ] || rm -f schedules/off || exit 74
cd "releases/$1" || exit 77
[ ! -d schedules ] || exit 0
take schedules.tar "$2" || exit 74
rm -rf .schedules.new && mkdir .schedules.new && tar -xof .schedules.tar.new -C .schedules.new || exit 74
chmod -R ug=rwX,o= .schedules.new && rm -f .schedules.tar.new || exit 74
find .schedules.new -type f -exec sync {} + && mv .schedules.new schedules && settle . || exit 74
"""
# From now on nothing is started for this app; what is just being started is waited for.
_OFF = r"""
[ -d schedules ] || exit 0
(cd schedules && lock && : >off && settle .) || exit 74
"""
# Words: root, slugs. Each file of what became of runs: a line with slug and name, then its lines after a space.
_HISTORY = (
    OPEN
    + r"""
shift
cd apps 2>/dev/null || exit 0
for slug; do
  for file in "$slug"/schedules/*.jsonl "$slug"/schedules/*.running; do
    [ -f "$file" ] || continue
    printf '%s\n' "$file"
    tail -n 1000 "$file" 2>/dev/null | sed 's/^/ /'
  done
done
"""
)
_WORDS = re.compile(r"^([a-z0-9-]+)/schedules/([a-z0-9-]+)\.(jsonl|running)$")


@dataclass(frozen=True, kw_only=True)
class Schedules(ServerStep):
    """The schedules of the release are written beside it; they run as soon as it serves. They go with its record."""

    name: str = "schedules"

    def do(self, run: Run) -> Work:
        """Write them. Of several servers only one does, and runs them."""
        own = run.release.spec.schedules
        write_script(self.parts.folder)
        packed = archive(run.release, self.parts.folder.layout)
        lease_of(run).run(_PUT, str(run.release.number), str(len(packed)), stdin=packed, changes=False)
        for line in announced(own, self.place, now()):
            yield Output(text=line)
        return {"schedules": float(len(own))}


def archive(release: Release, layout: Layout) -> bytes:
    """The files of all schedules of a release, as a tar archive."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as packed:
        for schedule in release.spec.schedules:
            for name, text in rendered(release, schedule, layout).files.items():
                content = text.encode()
                entry = tarfile.TarInfo(name)
                entry.size, entry.mode = len(content), 0o660
                packed.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


def unschedule(lease: RemoteLease) -> None:
    """Nothing of the app is started any more: it is being removed."""
    lease.run(_OFF, changes=False)


def states(place: str, folder: RootFolder, engine: Engine, keys: Iterable[AppKey]) -> list[ScheduleState]:
    """The schedules of what serves there; a server of several that does not run them has none."""
    seen = snapshot(folder, list(keys))
    serving = [look.release(look.current) for look in seen.values() if look.current is not None]
    releases = [release for release in serving if release.spec.schedules]
    if not releases:
        return []
    here = _here(folder, releases)
    known = _runs(place, folder, engine, [release.key for release in releases])
    at = now()
    found = []
    for release in releases if here else []:
        if (release.key.slug, release.number) not in here:
            continue
        for schedule in release.spec.schedules:
            own = [run for run in known if run[0] == release.key.slug and run[1].schedule == schedule.name]
            runs = newest_first(run for _, run in own)
            state = ScheduleState(
                key=release.key,
                schedule=schedule,
                release=release.number,
                place=place,
                next=next(iter(cron.upcoming(schedule.cron, schedule.timezone, at)), None),
                last=next((run for run in runs if run.outcome not in ("skipped", "running")), None),
                running=next((run for run in runs if run.outcome == "running"), None),
            )
            found.append(state)
    return found


# Words: root, then SLUG/releases/NUMBER. Those that have schedules written beside them.
_HERE = (
    OPEN
    + r"""
shift
for path; do [ ! -d "apps/$path/schedules" ] || printf '%s\n' "$path"; done
"""
)


def _here(folder: RootFolder, releases: Sequence[Release]) -> set[tuple[str, int]]:
    paths = {f"{r.key.slug}/releases/{r.number}": (r.key.slug, r.number) for r in releases}
    return {paths[line] for line in folder.run(_HERE, *paths).text.splitlines() if line in paths}


def runs(place: str, folder: RootFolder, engine: Engine, key: AppKey, name: str | None = None) -> list[ScheduledRun]:
    """What became of the runs of an app, the newest first; an end is known at once, whatever the tick has written."""
    found = (run for _, run in _runs(place, folder, engine, [key]))
    return newest_first(run for run in found if name in (None, run.schedule))


def run_now(place: str, folder: RootFolder, key: AppKey, name: str, by: str) -> ScheduledRun:
    """Start a run of the serving release."""
    accepts = (ticking.RUNS, ticking.NO_SUCH, ticking.NOT_STARTED)
    words = ("run", f"{now().timestamp():.0f}", key.slug, name, by)
    answer = folder.run(ticking.TICK, *words, accepts=accepts)
    if answer.code == ticking.NO_SUCH:
        look = snapshot(folder, [key]).get(key)
        serving = look.release(look.current) if look and look.current is not None else None
        raise missing(key, name, [schedule.name for schedule in serving.spec.schedules] if serving else [])
    if answer.code == ticking.NOT_STARTED:
        hint = f"See `webduh schedule history {key.app} {name}`."
        raise TargetError(f"{name} of {key} could not be started on {place}.", why=answer.err.strip(), hint=hint)
    going = next(iter(read_runs(answer.out)), None)
    if answer.code == ticking.RUNS or going is None:
        raise TargetError(
            f"{name} of {key} runs already.",
            why=f"{going.instance} was started at {going.started:%H:%M:%S} UTC." if going else "",
            kept="Nothing was started.",
            hint="Wait until it has ended; two runs of a schedule never overlap.",
        )
    return msgspec.structs.replace(going, place=place)


def _runs(place: str, folder: RootFolder, engine: Engine, keys: Sequence[AppKey]) -> list[tuple[str, ScheduledRun]]:
    """Every run that is known, with its app's slug: those written down, and those that go on or have just ended."""
    text = folder.run(_HISTORY, *(key.slug for key in keys)).out
    found: list[tuple[str, ScheduledRun]] = []
    slug, kind = "", ""
    ended: set[str] = set()
    going: list[tuple[str, ScheduledRun]] = []
    for line in text.split(b"\n"):
        if not line.startswith(b" "):
            matched = _WORDS.match(line.decode(errors="replace"))
            slug, kind = (matched[1], matched[3]) if matched else ("", "")
            continue
        for run in read_runs(line[1:]) if slug else []:
            placed = msgspec.structs.replace(run, place=place)
            if kind == "running":
                going.append((slug, placed))
            else:
                found.append((slug, placed))
                ended.add(run.instance)
    open_ = [(slug, run) for slug, run in going if run.instance not in ended]
    exact = engine.inspect([run.instance for _, run in open_])
    return [*found, *((slug, _seen(run, exact.get(run.instance))) for slug, run in open_)]


def _seen(run: ScheduledRun, container: Container | None) -> ScheduledRun:
    """A run that has not been written down, as Docker knows it."""
    if container is None:
        return msgspec.structs.replace(run, outcome="lost", why="its container is gone")
    if container.status not in ("exited", "dead"):
        return run
    outcome = "done" if container.exit == 0 else "failed"
    why = "out of memory" if container.oom else ""
    return msgspec.structs.replace(
        run, outcome=outcome, code=container.exit, started=container.started, ended=container.finished, why=why
    )
