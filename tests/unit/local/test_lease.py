import json
import multiprocessing
import os
import re
import socket
from multiprocessing.connection import Connection
from pathlib import Path

import pytest
from waiting import wait_until

from webduh_console.errors import LeaseHeldError, LeaseLostError
from webduh_console.model.names import AppKey
from webduh_console.targets.local.lease import acquire, holder

KEY = AppKey("default", "shop", "production")
FORK = multiprocessing.get_context("fork")


def take(folder: Path, owner: str = "me@here", doing: str = "deploy 01J") -> object:
    return acquire(folder, KEY, owner, doing)


def test_nobody_holds_a_lease_that_was_never_taken(tmp_path: Path) -> None:
    assert holder(tmp_path) is None


def test_a_lease_says_who_holds_it_since_when_and_doing_what(tmp_path: Path) -> None:
    lease = acquire(tmp_path, KEY, "me@here", "deploy 01J")
    held = holder(tmp_path)
    assert held == lease.holder
    assert held is not None
    assert (held.owner, held.doing, held.epoch, held.since == held.beat) == ("me@here", "deploy 01J", 1, True)


def test_a_held_lease_is_refused_with_its_holder(tmp_path: Path) -> None:
    take(tmp_path, "ann@laptop", "rollback 01J")
    with pytest.raises(LeaseHeldError) as caught:
        take(tmp_path)
    assert re.fullmatch(r"shop is being changed by ann@laptop, since \d s \(rollback 01J\)\.", caught.value.what)
    assert (caught.value.kept, caught.value.hint, caught.value.code) == (
        "Nothing was changed.",
        "Wait until it is done, or watch it: `webduh deployments shop`.",
        4,
    )


def test_epochs_only_grow(tmp_path: Path) -> None:
    for epoch in range(1, 5):
        lease = acquire(tmp_path, KEY, "me", "x")
        assert lease.holder.epoch == epoch
        lease.release()
        assert holder(tmp_path) is None


def test_a_released_lease_is_lost_and_releasing_it_again_changes_nothing(tmp_path: Path) -> None:
    first = acquire(tmp_path, KEY, "me", "x")
    first.release()
    with pytest.raises(LeaseLostError, match="given back"):
        first.check()
    second = acquire(tmp_path, KEY, "you", "y")
    first.release()
    second.check()


def test_a_heartbeat_moves_the_beat_alone(tmp_path: Path) -> None:
    lease = acquire(tmp_path, KEY, "me", "x")
    before = lease.holder
    lease.renew()
    assert lease.holder.beat > before.beat
    assert holder(tmp_path) == lease.holder
    assert (lease.holder.epoch, lease.holder.since) == (before.epoch, before.since)


def _take_and_die(folder: Path) -> None:
    acquire(folder, KEY, "dead@here", "deploy")
    os._exit(9)


def _take_and_wait(folder: Path, ready: Connection) -> None:
    acquire(folder, KEY, "live@here", "deploy")
    ready.send(None)
    ready.recv()


def test_a_dead_holders_lease_is_taken_over_at_once_under_the_next_epoch(tmp_path: Path) -> None:
    dead = FORK.Process(target=_take_and_die, args=(tmp_path,))
    dead.start()
    dead.join()
    assert holder(tmp_path) is None
    assert acquire(tmp_path, KEY, "me", "x").holder.epoch == 2


def test_a_killed_holder_that_nobody_has_waited_for_holds_nothing(tmp_path: Path) -> None:
    ours, theirs = FORK.Pipe()
    process = FORK.Process(target=_take_and_wait, args=(tmp_path, theirs))
    process.start()
    ours.recv()
    with pytest.raises(LeaseHeldError, match="live@here"):
        take(tmp_path)
    os.kill(process.pid or 0, 9)
    wait_until(lambda: holder(tmp_path) is None)
    take(tmp_path)
    process.join()


def written(folder: Path, **changes: object) -> None:
    path = folder / "lease.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def test_after_a_takeover_the_old_holder_may_do_nothing_more(tmp_path: Path) -> None:
    old = acquire(tmp_path, KEY, "old@here", "x")
    written(tmp_path, pid=2**22 + 1)
    acquire(tmp_path, KEY, "new@here", "y")
    for act in (old.check, old.renew):
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
    held = holder(tmp_path)
    assert held is not None
    assert (held.owner, held.epoch) == ("new@here", 2)


@pytest.mark.parametrize(("beat", "alive"), [("2000-01-01T00:00:00Z", False), ("2999-01-01T00:00:00Z", True)])
def test_on_another_machine_only_the_heartbeat_tells(beat: str, alive: bool, tmp_path: Path) -> None:
    take(tmp_path)
    held = json.loads((tmp_path / "lease.json").read_text())["holder"]
    written(tmp_path, host=f"not-{socket.gethostname()}", holder={**held, "beat": beat})
    assert (holder(tmp_path) is not None) == alive


def _race(folder: Path, go: Connection, answer: Connection) -> None:
    go.recv()
    try:
        answer.send(acquire(folder, KEY, str(os.getpid()), "race").holder.epoch)
    except LeaseHeldError:
        answer.send(0)
    go.recv()


def test_of_eight_that_race_exactly_one_gets_it(tmp_path: Path) -> None:
    for round_ in range(1, 4):
        gates, answers, racers = [], [], []
        for _ in range(8):
            (gate, go), (answer, says) = FORK.Pipe(), FORK.Pipe()
            racers.append(FORK.Process(target=_race, args=(tmp_path, go, says)))
            racers[-1].start()
            gates.append(gate)
            answers.append(answer)
        for gate in gates:
            gate.send(None)
        assert sorted(answer.recv() for answer in answers) == [0] * 7 + [round_]
        for gate, racer in zip(gates, racers, strict=True):
            gate.send(None)
            racer.join()
