import re
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from record_house import KEY, app_folder, journal, record_on, release, silenced, write
from script_machine import ScriptMachine
from waiting import wait_until

from webduh_console.errors import LeaseHeldError, LeaseLostError, WebduhError
from webduh_console.model.target import Holder
from webduh_console.targets.server.files import RootFolder
from webduh_console.targets.server.layout import Layout
from webduh_console.targets.server.record import RemoteRecord
from webduh_console.targets.server.snapshots import KeptLease, Snapshot
from webduh_console.transport.machine import Answer

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)
RACERS, ROUNDS = 24, 10


def test_a_lease_says_who_holds_it_since_when_and_doing_what(record: RemoteRecord) -> None:
    lease = record.acquire("me@here", "deploy 01J")
    held = record.holder()
    assert held is not None
    assert (held.owner, held.doing, held.epoch, held.since) == ("me@here", "deploy 01J", 1, lease.holder.since)
    assert abs(datetime.now(UTC) - held.beat) < timedelta(seconds=10)


def test_a_held_lease_is_refused_with_its_holder(record: RemoteRecord) -> None:
    record.acquire("ann@laptop", "rollback 01J")
    with pytest.raises(LeaseHeldError) as caught:
        record.acquire("me", "deploy")
    assert re.fullmatch(r"shop is being changed by ann@laptop, since \d s \(rollback 01J\)\.", caught.value.what)
    assert (caught.value.kept, caught.value.hint, caught.value.code) == (
        "Nothing was changed.",
        "Wait until it is done, or watch it: `webduh deployments shop`.",
        4,
    )


@pytest.mark.parametrize("words", ['"token":"x" $(id) \'', "a\nb\x00\x1b", "\udce9", "漢", "", "-n \\c %s"])
def test_any_words_may_stand_in_a_lease(words: str, record: RemoteRecord) -> None:
    lease = record.acquire(words, words)
    lease.check()
    lease.renew()
    held = record.holder()
    assert held is not None
    assert held.doing == words.encode(errors="backslashreplace").decode()
    lease.release()
    assert record.holder() is None


def test_epochs_only_grow(record: RemoteRecord) -> None:
    for epoch in range(1, 5):
        lease = record.acquire("me", "x")
        assert lease.holder.epoch == epoch
        lease.release()
        assert record.holder() is None


def test_a_released_lease_is_lost_and_releasing_it_again_changes_nothing(record: RemoteRecord) -> None:
    first = record.acquire("me", "x")
    first.release()
    with pytest.raises(LeaseLostError, match="given back"):
        first.check()
    second = record.acquire("you", "y")
    first.release()
    second.check()


def test_a_heartbeat_moves_the_beat_alone(record: RemoteRecord) -> None:
    lease = record.acquire("me", "x")
    before = lease.holder
    silenced(record, 30)
    lease.renew()
    held = record.holder()
    assert held is not None
    assert timedelta() <= held.beat - before.beat < timedelta(seconds=10)
    assert held == lease.holder == msgspec.structs.replace(before, beat=held.beat)


def test_a_dead_holders_lease_is_taken_over_under_the_next_epoch(record: RemoteRecord) -> None:
    old = record.acquire("old@here", "x")
    silenced(record)
    assert record.holder() is None
    new = record.acquire("new@here", "y")
    assert new.holder.epoch == 2
    for act in (old.check, old.renew, lambda: write(record, old, 1)):
        with pytest.raises(LeaseLostError) as caught:
            act()
        assert caught.value.as_dict() == {
            "name": "lease-lost",
            "what": "The lease of shop was lost.",
            "why": "new@here holds it now (y).",
            "kept": "Nothing was changed after that.",
            "hint": "`webduh audit shop` says who did what, `webduh status shop` what serves; then deploy again.",
        }
    old.release()
    assert (record.holder(), record.releases()) == (new.holder, [])


def test_a_holder_who_was_silent_and_not_replaced_goes_on(record: RemoteRecord) -> None:
    lease = record.acquire("me", "x")
    silenced(record)
    lease.check()
    lease.renew()
    assert record.holder() == lease.holder


@pytest.mark.parametrize(
    ("ago", "alive"),
    [(0, True), (1, True), (59, True), (60, False), (3600, False), (-59, True), (-60, False), (-3600, False)],
)
def test_a_holder_is_alive_while_the_servers_clock_is_near_its_beat(ago: int, alive: bool) -> None:
    holder = Holder("me", 3, NOON - timedelta(hours=2), NOON - timedelta(hours=2), "x")
    line = msgspec.json.encode(KeptLease(3, holder, "t"))
    beat = NOON - timedelta(seconds=ago)
    seen = Snapshot(KEY, "/f", NOON, contents={"lease.json": line}, beat=beat)
    assert seen.holder == (msgspec.structs.replace(holder, beat=beat) if alive else None)


def test_a_lease_file_that_was_spoiled_by_hand_is_named(record: RemoteRecord) -> None:
    record.acquire("me", "x").release()
    (app_folder(record) / "lease.json").write_text("{oops\n")
    with pytest.raises(WebduhError) as caught:
        record.acquire("me", "x")
    assert caught.value.what == "The lease of shop cannot be read."
    assert caught.value.hint == f"The file is {app_folder(record)}/lease.json."


class Breaking(ScriptMachine):
    """Its connection breaks when the answer to the script with that number is on its way."""

    breaks_at = 0

    def sh(self, script: str, *words: str, stdin: bytes = b"", root: bool = False, timeout: float = 60.0) -> Answer:
        answer = super().sh(script, *words, stdin=stdin)
        if len(self.asked) == self.breaks_at:
            raise WebduhError("The connection to here was lost.")
        return answer


def test_a_lease_whose_taking_was_never_answered_is_ours(root: Path) -> None:
    machine = Breaking()
    machine.breaks_at = 2
    record = record_on(machine, root)
    lease = record.acquire("me", "x")
    lease.check()
    assert record.holder() == lease.holder


def race(record: RemoteRecord, go: threading.Barrier) -> int:
    """The epoch under which the lease was won, 0 when somebody else was first."""
    go.wait()
    try:
        return record.acquire("racer", "race").holder.epoch
    except LeaseHeldError:
        return 0


def test_of_all_that_race_for_a_dead_holders_lease_exactly_one_gets_it(record: RemoteRecord) -> None:
    record.acquire("dead", "x")
    go = threading.Barrier(RACERS)
    with ThreadPoolExecutor(RACERS) as pool:
        for round_ in range(ROUNDS):
            silenced(record)
            won = sorted(pool.map(lambda _: race(record, go), range(RACERS)))
            assert won == [0] * (RACERS - 1) + [round_ + 2]


def test_of_all_that_race_for_an_app_that_is_new_exactly_one_gets_it(machine: ScriptMachine, root: Path) -> None:
    go = threading.Barrier(RACERS)
    record = record_on(machine, root)
    with ThreadPoolExecutor(RACERS) as pool:
        assert sorted(pool.map(lambda _: race(record, go), range(RACERS))) == [0] * (RACERS - 1) + [1]


_COUNT = '[ "$1" != die ] || kill -9 $$\nread -r n <count\necho $((n + 1)) >count\n'


def test_scripts_of_one_app_never_overlap_even_when_some_are_killed(record: RemoteRecord) -> None:
    lease = record.acquire("me", "x")
    (app_folder(record) / "count").write_text("0\n")

    def counted(word: str) -> bool:
        try:
            lease.run(_COUNT, word)
        except WebduhError as error:
            assert "ended with" in error.why  # noqa: PT017 - it is asserted in a thread of a pool
            return False
        return True

    words = ["count", "count", "count", "die"] * 30
    with ThreadPoolExecutor(12) as pool:
        lived = list(pool.map(counted, words))
    assert lived == [word == "count" for word in words]
    assert (app_folder(record) / "count").read_text() == "90\n"


_WAITING = "until [ -e go ]; do sleep 0.02; done\necho old >>order || exit 74\n"


def test_a_takeover_waits_until_the_old_holder_changes_nothing(shells: dict[str, ScriptMachine], root: Path) -> None:
    record, machine = record_on(shells["sh"], root), ScriptMachine()
    other = record_on(machine, root)
    old = record.acquire("old", "x")
    folder = app_folder(record)
    with ThreadPoolExecutor(2) as pool:
        under_way = pool.submit(old.run, _WAITING)
        wait_until(lambda: _locked(folder))
        silenced(record)
        taken = pool.submit(other.acquire, "new", "y")
        wait_until(lambda: len(machine.asked) == 2)
        assert not taken.done()
        (folder / "go").write_text("")
        under_way.result()
        taken.result().run("echo new >>order || exit 74\n")
    assert (folder / "order").read_text() == "old\nnew\n"
    with pytest.raises(LeaseLostError):
        old.check()


def _locked(folder: Path) -> bool:
    """Whether somebody has the lock of an app's folder, as Linux tells."""
    inode = (folder / "mutex").stat().st_ino
    return any(line.split()[5].endswith(f":{inode}") for line in Path("/proc/locks").read_text().splitlines())


def test_two_apps_do_not_wait_for_each_other(machine: ScriptMachine, root: Path) -> None:
    first = record_on(machine, root)
    second = RemoteRecord(RootFolder(machine, Layout(str(root))), msgspec.structs.replace(KEY, environment="staging"))
    leases = first.acquire("a", "x"), second.acquire("b", "y")
    assert (first.holder(), second.holder()) == (leases[0].holder, leases[1].holder)


def test_a_record_is_the_same_whoever_asks(machine: ScriptMachine, root: Path) -> None:
    one, other = record_on(machine, root), record_on(ScriptMachine(), root)
    lease = one.acquire("me", "x")
    write(one, lease, 1)
    lines = journal(one, lease, 1, "begin", "end")
    assert (other.read(1), other.journal(1), other.holder()) == (release(1), lines, one.holder())
