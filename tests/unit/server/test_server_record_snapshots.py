from datetime import UTC, datetime

import msgspec
import pytest
from record_house import KEY, app_folder, everything, journal, record_on, release, silenced, write
from script_machine import ScriptMachine

from webduh_console.errors import WebduhError
from webduh_console.model.names import AppKey
from webduh_console.model.schedules import ScheduledRun
from webduh_console.targets.server.files import RootFolder
from webduh_console.targets.server.layout import Layout
from webduh_console.targets.server.record import RemoteRecord
from webduh_console.targets.server.snapshots import parse, snapshot

OTHER = AppKey("blog", "site", "staging")
NEVER = AppKey("default", "never", "production")
AT = datetime(2030, 1, 1, tzinfo=UTC)


@pytest.fixture
def other(record: RemoteRecord) -> RemoteRecord:
    """A second app on the same server: release 4 serves, and release 5 is being made."""
    other = RemoteRecord(record.folder, OTHER)
    lease = other.acquire("ann", "deploy 01J")
    write(other, lease, 4, 5)
    journal(other, lease, 4, "begin", "end")
    journal(other, lease, 5, "begin")
    other.set_current(lease, 4)
    return other


@pytest.fixture
def served(record: RemoteRecord) -> RemoteRecord:
    """An app of which nobody holds the lease."""
    lease = record.acquire("me", "x")
    write(record, lease, 1)
    journal(record, lease, 1, "begin", "end")
    record.set_current(lease, 1)
    lease.release()
    return record


def test_many_apps_are_seen_in_one_round_trip(
    served: RemoteRecord, other: RemoteRecord, machine: ScriptMachine
) -> None:
    machine.asked.clear()
    seen = snapshot(served.folder)
    assert len(machine.asked) == 1
    assert list(seen) == [OTHER, KEY]
    shown = {key: (one.current, one.kept, one.unfinished, one.holder and one.holder.owner) for key, one in seen.items()}
    assert shown == {OTHER: (4, [4, 5], [5], "ann"), KEY: (1, [1], [], None)}
    assert seen[KEY].releases == [release(1, {})]
    assert seen[OTHER].release(5) == release(5, {}, OTHER)


def test_those_that_are_asked_for_are_all_in_the_answer(
    served: RemoteRecord, other: RemoteRecord, machine: ScriptMachine
) -> None:
    seen = snapshot(served.folder, [NEVER, KEY])
    assert [(key, one.known, one.current) for key, one in seen.items()] == [(NEVER, False, None), (KEY, True, 1)]
    machine.asked.clear()
    assert (snapshot(served.folder, []), len(machine.asked)) == ({}, 0)


def test_an_app_that_was_removed_is_not_among_all(served: RemoteRecord, other: RemoteRecord) -> None:
    lease = served.acquire("me", "remove")
    served.erase(lease)
    assert list(snapshot(served.folder)) == [OTHER, KEY]
    lease.release()
    assert list(snapshot(served.folder)) == [OTHER]


def test_an_app_that_is_being_made_is_among_all_even_before_its_first_release(record: RemoteRecord) -> None:
    record.acquire("me", "deploy 01J")
    assert list(snapshot(record.folder)) == [KEY]
    silenced(record)
    assert list(snapshot(record.folder)) == []


def test_one_record_that_cannot_be_read_spoils_only_itself(served: RemoteRecord, other: RemoteRecord) -> None:
    for name in ("current", "lease.json", "releases/4/release.json"):
        (app_folder(other) / name).write_bytes(b"\xff\x00oops")
    seen = snapshot(served.folder)
    assert (seen[KEY].current, seen[KEY].releases) == (1, [release(1, {})])
    for ask in (
        lambda: seen[OTHER].current,
        lambda: seen[OTHER].holder,
        lambda: seen[OTHER].releases,
        lambda: seen[OTHER].release(4),
    ):
        with pytest.raises(WebduhError, match="cannot be read"):
            ask()
    assert seen[OTHER].release(5) == release(5, {}, OTHER)


def test_what_is_in_a_source_tree_is_no_record(served: RemoteRecord) -> None:
    before = snapshot(served.folder)
    decoy = app_folder(served) / "source" / "releases" / "9"
    decoy.mkdir(parents=True)
    for folder, name in ((decoy, "release.json"), (decoy, "journal.jsonl"), (decoy.parents[1], "current")):
        (folder / name).write_text("decoy\n")
    (app_folder(served) / "releases" / "notes").mkdir()
    (app_folder(served).parent / "lost+found--x").mkdir()
    (app_folder(served).parent / "a--b--c\n1 x--y--z").mkdir()
    after = snapshot(served.folder)
    assert [(one.numbers, one.ended, one.contents) for one in after.values()] == [
        (one.numbers, one.ended, one.contents) for one in before.values()
    ]


def test_a_deployment_that_has_begun_hides_no_release_before_it(record: RemoteRecord) -> None:
    lease = record.acquire("me", "x")
    journal(record, lease, 1, "begin")
    (app_folder(record) / "current").write_text("")
    write(record, lease, 1)
    assert (record.look().kept, record.unfinished()) == ([1], [1])


def test_looking_changes_nothing(served: RemoteRecord) -> None:
    before = everything(app_folder(served))
    snapshot(served.folder)
    assert everything(app_folder(served)) == before


def test_a_hundred_apps_are_one_round_trip(machine: ScriptMachine, root: object) -> None:
    first = record_on(machine, root)  # type: ignore[arg-type]
    lease = first.acquire("me", "x")
    write(first, lease, *range(1, 6))
    first.set_current(lease, 5)
    lease.release()
    keys = [AppKey("default", f"app-{number}", "production") for number in range(99)]
    for key in keys:
        machine.sh('cp -R "$1" "$2"', str(app_folder(first)), first.folder.layout.app(key))
    machine.asked.clear()
    seen = snapshot(first.folder)
    assert len(machine.asked) == 1
    assert sorted(seen) == sorted([KEY, *keys])
    assert {(one.current, len(one.kept)) for one in seen.values()} == {(5, 5)}


@pytest.mark.parametrize(
    "line", [b"", b"x", b"a--b--c/releases/0", b"a--b--c/releases/01", b"12 a--b/lease.json", b"\xff"]
)
def test_a_line_that_says_nothing_is_passed_over(line: bytes, shells: dict[str, ScriptMachine]) -> None:
    folder = RootFolder(shells["sh"], Layout("/srv/w"))
    assert parse(folder, b"1900000000\n" + line + b"\n", None) == {}
    seen = parse(folder, b"1900000000\n" + line + b"\n" + KEY.slug.encode() + b"/releases/3\n", [KEY])
    assert msgspec.to_builtins(seen[KEY].numbers) == [3]


def test_the_last_run_of_each_schedule_that_has_ended_is_seen(served: RemoteRecord) -> None:
    folder = app_folder(served) / "schedules"
    folder.mkdir()
    runs = [
        ScheduledRun(schedule="tidy", at=AT, outcome="failed", release=1, code=7),
        ScheduledRun(schedule="tidy", at=AT, outcome="skipped", release=1, why='"outcome":"done"'),
        ScheduledRun(schedule="skipped", at=AT, outcome="done", release=1, code=0),
    ]
    for name in ("tidy", "skipped"):
        lines = [msgspec.json.encode(run) for run in runs if run.schedule == name]
        (folder / f"{name}.jsonl").write_bytes(b"".join(line + b"\n" for line in lines))
    (folder / "torn.jsonl").write_bytes(b'{"schedule":"torn","at"')
    (folder / ".tidy.jsonl.new").write_bytes(b"x")
    seen = snapshot(served.folder)[KEY].last_runs
    assert sorted(seen, key=lambda run: run.schedule) == [runs[2], runs[0]]
